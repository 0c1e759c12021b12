/// What a mean needs beside its operands.
package struct MeanParameters: BitwiseCopyable, Sendable, Hashable {
  /// Axes of the input in use, at least 1, the last one innermost.
  package var rank: Int
  package var sizes: SIMD8<Int32>
  /// How far the output moves along each axis of the input, in elements; 0 along a reduced axis.
  package var outputStrides: SIMD8<Int32>
  /// `inputZeroPoint` times the elements that one output element sums up.
  package var sumOffset: Int32
  /// `inputScale / outputScale` over the count of elements summed.
  package var factor: QuantizedMultiplier
  package var output: OutputStage

  package init(
    rank: Int, sizes: SIMD8<Int32>, outputStrides: SIMD8<Int32>, sumOffset: Int32, factor: QuantizedMultiplier,
    output: OutputStage
  ) {
    self.rank = rank
    self.sizes = sizes
    self.outputStrides = outputStrides
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

/// Mean over some axes.
///
/// - Parameters:
///   - sums: room for one sum an output element; what it holds before does not matter.
///   - input: in row-major order over `parameters.sizes`.
///   - output: the axes that are kept, in their order.
///
/// Requires that `2^8` times the count of elements summed is below `2^31`: no sum overflows.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
package func meanReference<Element: QuantizedElement>(
  _ parameters: MeanParameters, input: Span<Element>, sums: inout MutableSpan<Int32>,
  output: inout MutableSpan<Element>
) {
  for index in 0..<output.count { sums[index] = 0 }
  let inner = parameters.rank - 1
  let length = Int(parameters.sizes[inner])
  let innerStep = Int(parameters.outputStrides[inner])
  var outer = 1
  for axis in 0..<inner { outer *= Int(parameters.sizes[axis]) }
  var position = SIMD8<Int32>(repeating: 0)
  var start = 0
  for block in 0..<outer {
    for index in 0..<length {
      sums[start + index * innerStep] &+= Int32(truncatingIfNeeded: input[block * length + index])
    }
    var axis = inner - 1
    while axis >= 0 {
      start += Int(parameters.outputStrides[axis])
      position[axis] += 1
      if position[axis] < parameters.sizes[axis] { break }
      start -= Int(parameters.outputStrides[axis]) * Int(parameters.sizes[axis])
      position[axis] = 0
      axis -= 1
    }
  }
  for index in 0..<output.count {
    output[index] = parameters.output.finish(
      parameters.factor.apply(to: sums[index] &- parameters.sumOffset), as: Element.self)
  }
}
