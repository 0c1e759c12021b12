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
@specialized(where Element == Int16)
@specialized(where Element == Int32)
package func quantizeReference<Element: QuantizedElement>(
  scale: Float, zeroPoint: Int32, input: Span<Float>, output: inout MutableSpan<Element>
) {
  for index in input.indices {
    output[index] = quantized(input[index], scale: scale, zeroPoint: zeroPoint, as: Element.self)
  }
}

/// Real values to elements, with a scale and a zero point for each slice along an axis.
///
/// - Parameters:
///   - inner: elements that follow each other in one slice.
///   - scales: one a slice.
///   - zeroPoints: one a slice.
///   - input: whole rounds of slices.
///   - output: as many elements.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
package func quantizeChannelsReference<Element: QuantizedElement>(
  inner: Int, scales: Span<Float>, zeroPoints: Span<Int32>, input: Span<Float>, output: inout MutableSpan<Element>
) {
  for index in input.indices {
    let channel = index / inner % scales.count
    output[index] = quantized(
      input[index], scale: scales[channel], zeroPoint: zeroPoints[channel], as: Element.self)
  }
}

/// How stored elements change their scale and zero point.
package struct RequantizeParameters: BitwiseCopyable, Sendable, Hashable {
  package var factor: QuantizedMultiplier
  package var inputZeroPoint: Int32
  package var output: OutputStage

  package init(factor: QuantizedMultiplier, inputZeroPoint: Int32, output: OutputStage) {
    self.factor = factor
    self.inputZeroPoint = inputZeroPoint
    self.output = output
  }

  /// A stored value with the new scale and zero point. The difference wraps for 32-bit values, as in the reference.
  @inline(__always)
  package func apply(to value: Int32) -> Int32 {
    clamp(factor.apply(to: value &- inputZeroPoint) &+ output.zeroPoint, output.minimum, output.maximum)
  }
}

/// Elements to elements of another type, scale and zero point, in fixed point.
@specialized(where Element == Int8, Result == Int16)
@specialized(where Element == UInt8, Result == Int16)
@specialized(where Element == Int16, Result == Int8)
@specialized(where Element == Int16, Result == Int16)
@specialized(where Element == Int16, Result == Int32)
@specialized(where Element == Int32, Result == Int8)
@specialized(where Element == Int32, Result == Int16)
package func requantizeReference<Element: QuantizedElement, Result: QuantizedElement>(
  _ parameters: RequantizeParameters, input: Span<Element>, output: inout MutableSpan<Result>
) {
  for index in input.indices {
    output[index] = narrow(parameters.apply(to: Int32(truncatingIfNeeded: input[index])), to: Result.self)
  }
}

/// A stored element as a real value: the product is exact in double precision and rounded once.
package func dequantized<Element: QuantizedElement>(_ element: Element, scale: Float, zeroPoint: Int32) -> Float {
  // The difference of two 32-bit numbers and its product with a 24-bit one: exact for elements of up to 16 bits.
  Float(Double(scale) * (Double(Int32(truncatingIfNeeded: element)) - Double(zeroPoint)))
}

/// Elements to real values, one by one.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
@specialized(where Element == Int32)
package func dequantizeReference<Element: QuantizedElement>(
  scale: Float, zeroPoint: Int32, input: Span<Element>, output: inout MutableSpan<Float>
) {
  for index in input.indices {
    output[index] = dequantized(input[index], scale: scale, zeroPoint: zeroPoint)
  }
}

/// Elements to real values, with a scale and a zero point for each slice along an axis.
///
/// - Parameters:
///   - inner: elements that follow each other in one slice.
///   - scales: one a slice.
///   - zeroPoints: one a slice.
///   - input: whole rounds of slices.
///   - output: as many elements.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
package func dequantizeChannelsReference<Element: QuantizedElement>(
  inner: Int, scales: Span<Float>, zeroPoints: Span<Int32>, input: Span<Element>, output: inout MutableSpan<Float>
) {
  var start = 0
  while start < input.count {
    for channel in scales.indices {
      for index in start..<(start + inner) {
        output[index] = dequantized(input[index], scale: scales[channel], zeroPoint: zeroPoints[channel])
      }
      start += inner
    }
  }
}

/// `output = scale * input`, in single precision.
package func scaleReference(_ scale: Float, input: Span<Float>, output: inout MutableSpan<Float>) {
  for index in input.indices { output[index] = input[index] * scale }
}
