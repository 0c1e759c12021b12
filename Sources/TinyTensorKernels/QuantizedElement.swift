/// An integer type that quantized tensors store.
package protocol QuantizedElement: FixedWidthInteger, BitwiseCopyable, Sendable {}

extension Int8: QuantizedElement {}
extension UInt8: QuantizedElement {}
extension Int16: QuantizedElement {}
extension Int32: QuantizedElement {}

/// From accumulator to output element: add the zero point, then clamp.
package struct OutputStage: BitwiseCopyable, Sendable, Hashable {
  package var zeroPoint: Int32
  /// The activation's range, inside the element's range.
  package var minimum: Int32
  package var maximum: Int32

  package init(zeroPoint: Int32, minimum: Int32, maximum: Int32) {
    self.zeroPoint = zeroPoint
    self.minimum = minimum
    self.maximum = maximum
  }

  /// `value + zeroPoint`, clamped. The sum wraps, as in the reference.
  @inline(__always)
  func finish<Element: QuantizedElement>(_ value: Int32, as: Element.Type) -> Element {
    narrow(clamp(value &+ zeroPoint, minimum, maximum), to: Element.self)
  }
}
