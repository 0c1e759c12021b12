/// A number that tensors store as it is. Integers wrap on overflow, as in the reference.
package protocol NumberElement: BitwiseCopyable, Comparable, Sendable {
  static var zero: Self { get }
  static var one: Self { get }
  /// The smallest finite value.
  static var lowest: Self { get }
  /// The largest finite value.
  static var highest: Self { get }

  init(small value: Int8)
  func sum(_ other: Self) -> Self
  func difference(_ other: Self) -> Self
  func product(_ other: Self) -> Self
  /// Truncated for integers; `nil` if an integer is divided by 0.
  func quotient(_ other: Self) -> Self?
  /// `nil` for integers to a negative power.
  func power(_ exponent: Self) -> Self?
  /// The angle of the point `(x, self)`; `nil` for integers.
  func angle(_ x: Self) -> Self?
}

extension Float: NumberElement {
  package static var one: Float { 1 }
  package static var lowest: Float { -.greatestFiniteMagnitude }
  package static var highest: Float { .greatestFiniteMagnitude }

  @inline(__always)
  package init(small value: Int8) { self.init(value) }
  @inline(__always)
  package func sum(_ other: Float) -> Float { self + other }
  @inline(__always)
  package func difference(_ other: Float) -> Float { self - other }
  @inline(__always)
  package func product(_ other: Float) -> Float { self * other }
  @inline(__always)
  package func quotient(_ other: Float) -> Float? { self / other }
  @inline(__always)
  package func power(_ exponent: Float) -> Float? { Float(TinyTensorKernels.power(Double(self), Double(exponent))) }
  @inline(__always)
  package func angle(_ x: Float) -> Float? { Float(arcTangent(Double(self), Double(x))) }
}

extension NumberElement where Self: FixedWidthInteger {
  package static var one: Self { 1 }
  package static var lowest: Self { min }
  package static var highest: Self { max }

  @inline(__always)
  package init(small value: Int8) { self.init(truncatingIfNeeded: value) }
  @inline(__always)
  package func sum(_ other: Self) -> Self { self &+ other }
  @inline(__always)
  package func difference(_ other: Self) -> Self { self &- other }
  @inline(__always)
  package func product(_ other: Self) -> Self { self &* other }
  @inline(__always)
  package func quotient(_ other: Self) -> Self? {
    if other == 0 { return nil }
    // The one overflow, the smallest value by -1, wraps.
    return other == -1 ? 0 &- self : self / other
  }
  package func power(_ exponent: Self) -> Self? {
    guard exponent >= 0 else { return nil }
    var result: Self = 1
    var square = self
    var rest = exponent
    while rest > 0 {
      if rest & 1 != 0 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }
  package func angle(_ x: Self) -> Self? { nil }
}

extension Int32: NumberElement {}
extension Int64: NumberElement {}
