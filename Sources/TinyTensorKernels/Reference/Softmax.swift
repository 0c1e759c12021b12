/// What a softmax needs beside its operands.
package struct SoftmaxParameters: BitwiseCopyable, Sendable, Hashable {
  package var rows: Int
  package var depth: Int
  /// `beta * inputScale` in Q5.26, as a factor for differences of elements.
  package var inputFactor: QuantizedMultiplier
  /// Differences from the row's maximum below this one give the output's minimum.
  package var smallestDifference: Int32

  /// - Parameters:
  ///   - rows: how many rows there are.
  ///   - depth: elements a row, at least 1.
  ///   - beta: the operator's option, positive.
  ///   - inputScale: the input's scale.
  package init(rows: Int, depth: Int, beta: Float, inputScale: Float) {
    self.rows = rows
    self.depth = depth
    let factor = min(Double(beta) * Double(inputScale) * 0x1p26, Double(Int32.max))
    inputFactor = QuantizedMultiplier(factor)
    // floor(31 * 2^26 / 2^shift): the largest difference whose scaled form still fits Q5.26.
    let shift = inputFactor.shift
    let largest = shift >= 0 ? (31 << 26) >> Int64(shift) : (31 << 26) << Int64(-shift)
    smallestDifference = -Int32(clamping: largest)
  }

  /// `exp(element - largest)` in Q0.31, or `nil` where that is as good as 0.
  @inline(__always)
  func exponential<Element: QuantizedElement>(_ element: Element, _ largest: Element) -> Int32? {
    let difference = Int32(truncatingIfNeeded: element) &- Int32(truncatingIfNeeded: largest)
    guard difference >= smallestDifference else { return nil }
    return exponentialOfNegative(
      saturatingRoundingDoublingHighMultiply(difference &<< inputFactor.shift, inputFactor.multiplier))
  }

  /// Whether the factor can be applied: differences are scaled by a left shift alone.
  package var isUsable: Bool { inputFactor.isUsable && inputFactor.shift >= 0 }
}

/// Softmax over rows, in the reference's fixed point (not a table of floats, as its optimized twin).
///
/// The output stands for 0 to 1: 8-bit results in steps of 1/256, 16-bit ones in steps of 1/65536, both from their type's
/// minimum on.
///
/// - Parameters:
///   - input: `[rows, depth]`.
///   - output: `[rows, depth]`.
///
/// Each exponential is at most 1 in Q12.19, so a sum over fewer than `2^12` elements cannot overflow; the sum wraps
/// beyond that, as in the reference.
@specialized(where Element == Int8, Result == Int8)
@specialized(where Element == UInt8, Result == UInt8)
@specialized(where Element == Int8, Result == Int16)
package func softmaxReference<Element: QuantizedElement, Result: QuantizedElement>(
  _ parameters: SoftmaxParameters, input: Span<Element>, output: inout MutableSpan<Result>
) {
  for row in 0..<parameters.rows {
    let start = row * parameters.depth
    let end = start + parameters.depth
    var largest = Element.min
    for index in start..<end { largest = max(largest, input[index]) }

    var sum: Int32 = 0
    for index in start..<end {
      if let value = parameters.exponential(input[index], largest) { sum &+= roundingDivideByPowerOfTwo(value, 12) }
    }
    let headroom = Int32(truncatingIfNeeded: UInt32(bitPattern: sum).leadingZeroBitCount)
    let reciprocal = reciprocalOfOnePlus(Int32(bitPattern: (UInt32(bitPattern: sum) &<< headroom) &- (1 << 31)))
    let shift = min(12 &- headroom &+ 31 &- Int32(Result.bitWidth), 31)
    let minimum = Int32(truncatingIfNeeded: Result.min)
    let maximum = Int32(truncatingIfNeeded: Result.max)
    for index in start..<end {
      guard let value = parameters.exponential(input[index], largest) else {
        output[index] = Result.min
        continue
      }
      let scaled = roundingDivideByPowerOfTwo(saturatingRoundingDoublingHighMultiply(reciprocal, value), shift)
      output[index] = narrow(clamp(scaled &+ minimum, minimum, maximum), to: Result.self)
    }
  }
}
