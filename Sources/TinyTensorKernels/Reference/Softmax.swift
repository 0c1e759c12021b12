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

  /// `exp` of all differences of bytes from 0 down, in Q0.31; 0 where that is as good as 0.
  package func exponentialTable() -> [Int32] {
    var table: [Int32] = []
    table.reserveCapacity(256)
    for difference in UInt8.min...UInt8.max { table.append(exponential(UInt8.max - difference, UInt8.max) ?? 0) }
    return table
  }

  /// Whether the factor can be applied: differences are scaled by a left shift alone. With 31, the largest, no difference
  /// but 0 is.
  package var isUsable: Bool { inputFactor.shift >= 0 }
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

/// What a softmax of 16-bit elements needs beside its operands and tables.
package struct WideSoftmaxParameters: BitwiseCopyable, Sendable, Hashable {
  package var rows: Int
  /// Elements a row, from 1 to 65535.
  package var depth: Int
  /// Takes differences of elements to steps of 10/65535.
  package var inputFactor: QuantizedMultiplier

  package init(rows: Int, depth: Int, inputFactor: QuantizedMultiplier) {
    self.rows = rows
    self.depth = depth
    self.inputFactor = inputFactor
  }

  /// The table of `exp(x)` for `x` from -10 to 0, in Q0.15.
  package static func exponentialTable() -> [Int32] {
    interpolationTable(
      inputScale: 10 / 65535, inputZeroPoint: 32767, outputScale: 2 / 65535, isSingle: false
    ) { TinyTensorKernels.exponential($0) }
  }

  /// The table of `1 / (1 + x)` for `x` from 0 to 1, in Q0.15.
  package static func reciprocalTable() -> [Int32] {
    interpolationTable(inputScale: 1 / 65535, inputZeroPoint: -32768, outputScale: 2 / 65535, isSingle: false) {
      1 / (1 + $0)
    }
  }

  /// `exp(element - largest)` in Q0.15. The left shift wraps, as in the reference.
  @inline(__always)
  func exponential(_ element: Int16, _ largest: Int16, _ table: Span<Int32>) -> Int32 {
    let difference = inputFactor.apply(to: Int32(element) &- Int32(largest))
    return interpolated(Int16(truncatingIfNeeded: clamp(difference &+ 32767, -32768, 32767)), table)
  }
}

/// Softmax of 16-bit elements over rows, by two interpolated tables; the output stands for 0 to 1 in steps of 1/32768.
package func softmaxReference(
  _ parameters: WideSoftmaxParameters, exponentials: Span<Int32>, reciprocals: Span<Int32>, input: Span<Int16>,
  output: inout MutableSpan<Int16>
) {
  for row in 0..<parameters.rows {
    let start = row * parameters.depth
    let end = start + parameters.depth
    var largest = Int16.min
    for index in start..<end { largest = max(largest, input[index]) }
    // Fewer than 2^16 numbers below 2^15.
    var sum: Int32 = 0
    for index in start..<end {
      let value = parameters.exponential(input[index], largest, exponentials)
      sum &+= value
      output[index] = Int16(truncatingIfNeeded: value)
    }
    // The sum scaled to 1 up to 2 is 1 + x; x from 0 to 1 is what the table's elements stand for. The largest element
    // alone contributes about 2^15, so there are at most 17 leading zeros.
    let headroom = Int32(truncatingIfNeeded: UInt32(bitPattern: sum).leadingZeroBitCount)
    let scaled = ((Int64(sum) << Int64(headroom - 1)) &+ (1 << 13)) >> 14
    let argument = clamp(Int32(truncatingIfNeeded: scaled) &- (1 << 15) &- (1 << 16), -32768, 32767)
    let reciprocal = interpolated(Int16(truncatingIfNeeded: argument), reciprocals)
    let shift = Int64(31 - headroom)
    for index in start..<end {
      let product = Int64(output[index]) &* Int64(reciprocal) &+ (1 << (shift - 1))
      output[index] = Int16(truncatingIfNeeded: clamp(Int32(truncatingIfNeeded: product >> shift), 0, 32767))
    }
  }
}

/// Softmax of float32 rows: `exp(beta * (x - largest))` over the sum.
package func softmaxReference(
  rows: Int, depth: Int, beta: Float, input: Span<Float>, output: inout MutableSpan<Float>
) {
  for row in 0..<rows {
    let start = row * depth
    let end = start + depth
    let largest = largestElement(input.extracting(start..<end))
    var sum: Float = 0
    for index in start..<end {
      let value = Float(exponential(Double((input[index] - largest) * beta)))
      sum += value
      output[index] = value
    }
    for index in start..<end { output[index] /= sum }
  }
}

/// LOG_SOFTMAX of float32 rows: `x - largest - log(sum of exp(x - largest))`.
package func logSoftmaxReference(rows: Int, depth: Int, input: Span<Float>, output: inout MutableSpan<Float>) {
  for row in 0..<rows {
    let start = row * depth
    let end = start + depth
    let largest = largestElement(input.extracting(start..<end))
    var sum: Float = 0
    for index in start..<end { sum += Float(exponential(Double(input[index] - largest))) }
    let logarithmOfSum = Float(logarithm(Double(sum)))
    for index in start..<end { output[index] = input[index] - largest - logarithmOfSum }
  }
}

/// The largest element, leaving out what is not a number.
private func largestElement(_ elements: Span<Float>) -> Float {
  var largest = -Float.greatestFiniteMagnitude
  for index in elements.indices where elements[index] > largest { largest = elements[index] }
  return largest
}

/// What a logarithm of softmax of bytes needs beside its operands.
package struct LogSoftmaxParameters: BitwiseCopyable, Sendable, Hashable {
  package var softmax: SoftmaxParameters
  /// From Q5.26 back to differences of elements.
  package var outputFactor: QuantizedMultiplier

  /// - Parameters:
  ///   - rows: how many rows there are.
  ///   - depth: elements a row, at least 1.
  ///   - inputScale: the input's scale.
  package init(rows: Int, depth: Int, inputScale: Float) {
    softmax = SoftmaxParameters(rows: rows, depth: depth, beta: 1, inputScale: inputScale)
    let factor = softmax.inputFactor
    guard softmax.isUsable, factor.shift > 0, factor.multiplier > 0 else {
      outputFactor = QuantizedMultiplier(0)
      return
    }
    outputFactor = QuantizedMultiplier(Double(Int64(1) << Int64(31 - factor.shift)) / Double(factor.multiplier))
  }

  /// Whether the factors can be applied.
  package var isUsable: Bool { softmax.isUsable && outputFactor.multiplier > 0 }
}

/// LOG_SOFTMAX of bytes over rows, in fixed point; the output stands for -16 to 0 in steps of 1/16, up to its type's
/// maximum.
///
/// Sums of exponentials are in Q12.19 as those of ``softmaxReference``.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
package func logSoftmaxReference<Element: QuantizedElement>(
  _ parameters: LogSoftmaxParameters, input: Span<Element>, output: inout MutableSpan<Element>
) {
  let softmax = parameters.softmax
  let minimum = Int32(truncatingIfNeeded: Element.min)
  let maximum = Int32(truncatingIfNeeded: Element.max)
  for row in 0..<softmax.rows {
    let start = row * softmax.depth
    let end = start + softmax.depth
    var largest = Element.min
    for index in start..<end { largest = max(largest, input[index]) }
    var sum: Int32 = 0
    for index in start..<end {
      if let value = softmax.exponential(input[index], largest) { sum &+= roundingDivideByPowerOfTwo(value, 12) }
    }
    let logarithmOfSum = logarithmQ5(ofQ12: sum)
    // Differences up to this one give the output's minimum; the smallest of Q5.26 less the logarithm is out of range.
    let smallest = max(
      softmax.smallestDifference &- 1, parameters.outputFactor.apply(to: logarithmOfSum &+ Int32.min))
    for index in start..<end {
      let difference = Int32(truncatingIfNeeded: input[index]) &- Int32(truncatingIfNeeded: largest)
      guard difference > smallest else {
        output[index] = Element.min
        continue
      }
      let scaled = softmax.inputFactor.apply(to: difference) &- logarithmOfSum
      // From Q5.26 to steps of 1/16.
      output[index] = narrow(
        clamp(roundingDivideByPowerOfTwo(scaled, 22) &+ maximum, minimum, maximum), to: Element.self)
    }
  }
}
