/// A real value as a stored element: `round(value / scale) + zeroPoint`, clamped to the type. The quotient is taken in
/// single precision and rounded half away from zero; values out of range saturate and not a number becomes the zero
/// point.
package func quantized<Element: QuantizedElement>(
  _ value: Float, scale: Float, zeroPoint: Int32, as: Element.Type
) -> Element {
  let rounded = roundHalfAwayFromZero(Double(value / scale)) &+ Int64(zeroPoint)
  return Element(clamping: rounded)
}

/// Real values to elements, one by one.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
package func quantizeReference<Element: QuantizedElement>(
  scale: Float, zeroPoint: Int32, input: Span<Float>, output: inout MutableSpan<Element>
) {
  for index in input.indices {
    output[index] = quantized(input[index], scale: scale, zeroPoint: zeroPoint, as: Element.self)
  }
}

/// A stored element as a real value: the product is exact in double precision and rounded once.
package func dequantized<Element: QuantizedElement>(_ element: Element, scale: Float, zeroPoint: Int32) -> Float {
  Float(Double(scale) * Double(Int32(truncatingIfNeeded: element) &- zeroPoint))
}

/// Elements to real values, one by one.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
package func dequantizeReference<Element: QuantizedElement>(
  scale: Float, zeroPoint: Int32, input: Span<Element>, output: inout MutableSpan<Float>
) {
  for index in input.indices {
    output[index] = dequantized(input[index], scale: scale, zeroPoint: zeroPoint)
  }
}
