/// How a tensor shrinks when it is reduced over some of its axes.
package struct ReductionGeometry: BitwiseCopyable, Sendable, Hashable {
  /// Axes of the input in use, at least 1, the last one innermost.
  package var rank: Int
  package var sizes: SIMD8<Int32>
  /// How far the output moves along each axis of the input, in elements; 0 along a reduced axis.
  package var outputStrides: SIMD8<Int32>

  package init(rank: Int, sizes: SIMD8<Int32>, outputStrides: SIMD8<Int32>) {
    self.rank = rank
    self.sizes = sizes
    self.outputStrides = outputStrides
  }

  /// Calls `body` for every input element in order, with its index and that of the output element it belongs to.
  @inline(__always)
  func forEach(_ body: (_ input: Int, _ output: Int) -> Void) {
    let inner = rank - 1
    let length = Int(sizes[inner])
    let innerStep = Int(outputStrides[inner])
    var outer = 1
    for axis in 0..<inner { outer *= Int(sizes[axis]) }
    var position = SIMD8<Int32>(repeating: 0)
    var start = 0
    for block in 0..<outer {
      for index in 0..<length { body(block * length + index, start + index * innerStep) }
      var axis = inner - 1
      while axis >= 0 {
        start += Int(outputStrides[axis])
        position[axis] += 1
        if position[axis] < sizes[axis] { break }
        start -= Int(outputStrides[axis]) * Int(sizes[axis])
        position[axis] = 0
        axis -= 1
      }
    }
  }
}

/// What a mean or a sum needs beside its operands.
package struct MeanParameters: BitwiseCopyable, Sendable, Hashable {
  package var geometry: ReductionGeometry
  /// `inputZeroPoint` times the elements that one output element sums up.
  package var sumOffset: Int32
  /// `inputScale / outputScale`, for a mean over the count of elements summed.
  package var factor: QuantizedMultiplier
  package var output: OutputStage

  package init(
    geometry: ReductionGeometry, sumOffset: Int32, factor: QuantizedMultiplier, output: OutputStage
  ) {
    self.geometry = geometry
    self.sumOffset = sumOffset
    self.factor = factor
    self.output = output
  }
}

extension QuantizedMultiplier {
  /// The factor divided by `count`, as the reference divides it: with as many bits of precision as 32-bit arithmetic
  /// leaves.
  ///
  /// Requires `count >= 1`.
  package func divided(byCount count: Int) -> QuantizedMultiplier {
    let bits = Int32(truncatingIfNeeded: Int.bitWidth - 1 - count.leadingZeroBitCount)
    let precision = min(bits, 32, 31 &+ shift)
    let scaled = (Int64(multiplier) << Int64(precision)) / Int64(count)
    return QuantizedMultiplier(multiplier: Int32(truncatingIfNeeded: scaled), shift: shift &- precision)
  }
}

/// Mean or sum over some axes.
///
/// - Parameters:
///   - sums: room for one sum an output element; what it holds before does not matter.
///   - input: in row-major order over the geometry's sizes.
///   - output: the axes that are kept, in their order.
///
/// Requires that the count of elements summed times the type's largest magnitude is at most `2^31`: no sum overflows. The
/// difference from the offset is then below `2^32` and wraps, as in the reference.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
package func meanReference<Element: QuantizedElement>(
  _ parameters: MeanParameters, input: Span<Element>, sums: inout MutableSpan<Int32>,
  output: inout MutableSpan<Element>
) {
  for index in 0..<output.count { sums[index] = 0 }
  parameters.geometry.forEach { index, target in
    sums[target] &+= Int32(truncatingIfNeeded: input[index])
  }
  for index in 0..<output.count {
    output[index] = parameters.output.finish(
      parameters.factor.apply(to: sums[index] &- parameters.sumOffset), as: Element.self)
  }
}

/// What a product of quantized elements needs beside its operands.
package struct QuantizedProductParameters: BitwiseCopyable, Sendable, Hashable {
  package var geometry: ReductionGeometry
  package var inputZeroPoint: Int32
  /// The input's scale over the output's, of which the `n`th root is taken for `n` factors. Its shift is from -31 to 7.
  package var factor: QuantizedMultiplier
  package var output: OutputStage

  package init(
    geometry: ReductionGeometry, inputZeroPoint: Int32, factor: QuantizedMultiplier, output: OutputStage
  ) {
    self.geometry = geometry
    self.inputZeroPoint = inputZeroPoint
    self.factor = factor
    self.output = output
  }

  /// `x` times the factor, of which 15 bits count, rounded once, half up; the result wraps in 32 bits.
  ///
  /// Requires `|x| < 2^47`.
  @inline(__always)
  func scaled(_ x: Int64) -> Int32 {
    let multiplier = factor.multiplier < 0x7FFF_0000 ? Int64(factor.multiplier &+ (1 << 15)) >> 16 : 0x7FFF
    let shift = Int64(15 &- factor.shift)
    return Int32(truncatingIfNeeded: (x &* multiplier &+ (1 << (shift &- 1))) >> shift)
  }
}

/// REDUCE_PROD of quantized elements: the product is scaled after each factor but the first, and once more at the end.
///
/// A product of a 32-bit number and a 17-bit difference is below `2^48`; where it exceeds what `scaled` takes, it wraps.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
package func quantizedProductReference<Element: QuantizedElement>(
  _ parameters: QuantizedProductParameters, input: Span<Element>, products: inout MutableSpan<Int64>,
  output: inout MutableSpan<Element>
) {
  // Products are of 32 bits; a number beyond them marks those that have no factor yet.
  let none = Int64.min
  for index in 0..<output.count { products[index] = none }
  parameters.geometry.forEach { index, target in
    let difference = Int64(Int32(truncatingIfNeeded: input[index]) &- parameters.inputZeroPoint)
    let product = products[target]
    products[target] = product == none ? difference : Int64(parameters.scaled(product &* difference))
  }
  for index in 0..<output.count {
    output[index] = parameters.output.finish(parameters.scaled(products[index]), as: Element.self)
  }
}

/// Reductions of plain numbers.
package enum ReductionKind: Sendable, Hashable {
  case sum
  case product
  case maximum
  case minimum
}

/// Reduces plain numbers over some axes; of no numbers, sums are 0, products 1, extremes the opposite end of the type.
@specialized(where Element == Float)
@specialized(where Element == Int32)
@specialized(where Element == Int64)
package func reduceReference<Element: NumberElement>(
  _ kind: ReductionKind, _ geometry: ReductionGeometry, input: Span<Element>, output: inout MutableSpan<Element>
) {
  let initial: Element =
    switch kind {
    case .sum: .zero
    case .product: .one
    case .maximum: .lowest
    case .minimum: .highest
    }
  for index in 0..<output.count { output[index] = initial }
  switch kind {
  case .sum: geometry.forEach { index, target in output[target] = output[target].sum(input[index]) }
  case .product: geometry.forEach { index, target in output[target] = output[target].product(input[index]) }
  case .maximum:
    geometry.forEach { index, target in if input[index] > output[target] { output[target] = input[index] } }
  case .minimum:
    geometry.forEach { index, target in if input[index] < output[target] { output[target] = input[index] } }
  }
}

/// The largest or smallest stored elements over some axes, for types of which nothing else is computed.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
package func extremeReference<Element: QuantizedElement>(
  isMaximum: Bool, _ geometry: ReductionGeometry, input: Span<Element>, output: inout MutableSpan<Element>
) {
  for index in 0..<output.count { output[index] = isMaximum ? Element.min : Element.max }
  if isMaximum {
    geometry.forEach { index, target in output[target] = max(output[target], input[index]) }
  } else {
    geometry.forEach { index, target in output[target] = min(output[target], input[index]) }
  }
}

/// Products of stored elements over some axes, modulo their type's range; of no elements 1.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
package func wrappingProductReference<Element: QuantizedElement>(
  _ geometry: ReductionGeometry, input: Span<Element>, output: inout MutableSpan<Element>
) {
  for index in 0..<output.count { output[index] = 1 }
  geometry.forEach { index, target in output[target] = output[target] &* input[index] }
}

/// Whether any or all truth values over some axes are not 0, as 1 or 0.
package func truthReference(
  isAll: Bool, _ geometry: ReductionGeometry, input: Span<UInt8>, output: inout MutableSpan<UInt8>
) {
  for index in 0..<output.count { output[index] = isAll ? 1 : 0 }
  if isAll {
    geometry.forEach { index, target in if input[index] == 0 { output[target] = 0 } }
  } else {
    geometry.forEach { index, target in if input[index] != 0 { output[target] = 1 } }
  }
}

/// Divides sums by their count. Requires `count >= 1`.
package func divideReference(_ output: inout MutableSpan<Float>, by count: Int) {
  for index in 0..<output.count { output[index] /= Float(count) }
}

/// Divides sums by their count, truncated. Requires `count >= 1`.
package func divideReference(_ output: inout MutableSpan<Int64>, by count: Int) {
  for index in 0..<output.count { output[index] /= Int64(count) }
}

/// Means of int32 elements, truncated; the sums are of 64 bits. Requires `count >= 1`.
package func meanReference(
  _ geometry: ReductionGeometry, count: Int, input: Span<Int32>, sums: inout MutableSpan<Int64>,
  output: inout MutableSpan<Int32>
) {
  for index in 0..<output.count { sums[index] = 0 }
  geometry.forEach { index, target in sums[target] &+= Int64(input[index]) }
  // A mean of 32-bit numbers fits 32 bits unless the sum wrapped.
  for index in 0..<output.count { output[index] = Int32(truncatingIfNeeded: sums[index] / Int64(count)) }
}
