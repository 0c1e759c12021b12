/// Functions of one quantized 16-bit element.
package enum WideFunctionKind: Sendable, Hashable {
  /// Scale, clamp: RELU and its kin.
  case rescale
  /// LEAKY_RELU.
  case leakyRelu
  case absolute
  /// From the table of the logistic function.
  case logistic
  case hyperbolicTangent
  /// A table of 513 values with straight lines between them.
  case interpolate
  /// Of elements from 0 on.
  case squareRoot
}

/// What a function of 16-bit elements needs beside its input and its table.
package struct WideFunctionParameters: BitwiseCopyable, Sendable, Hashable {
  package var inputZeroPoint: Int32
  /// For elements from 0 on.
  package var factor: QuantizedMultiplier
  /// Of `leakyRelu`, for elements below 0: a magnitude and a sign.
  package var slope: QuantizedMultiplier
  package var slopeIsNegative: Bool
  /// Of `logistic` and `hyperbolicTangent`: what takes an element to steps of 1/12288, times `2^inputShift`.
  package var inputMultiplier: Int64
  package var inputShift: Int64
  package var output: OutputStage
  /// Of `squareRoot`.
  package var inputScale: Float = 1
  package var outputScale: Float = 1

  package init(inputScale: Float, outputScale: Float) {
    self.init()
    self.inputScale = inputScale
    self.outputScale = outputScale
  }

  package init(
    inputZeroPoint: Int32 = 0, factor: QuantizedMultiplier = QuantizedMultiplier(0),
    slope: QuantizedMultiplier = QuantizedMultiplier(0), slopeIsNegative: Bool = false, inputMultiplier: Int64 = 0,
    inputShift: Int64 = 0, output: OutputStage = OutputStage(zeroPoint: 0, minimum: -32768, maximum: 32767)
  ) {
    self.inputZeroPoint = inputZeroPoint
    self.factor = factor
    self.slope = slope
    self.slopeIsNegative = slopeIsNegative
    self.inputMultiplier = inputMultiplier
    self.inputShift = inputShift
    self.output = output
  }

  /// The element's real value in steps of 1/12288. The multiplier is below `2^31`: no overflow in 64 bits.
  @inline(__always)
  func scaled(_ element: Int16) -> Int64 {
    (Int64(element) &* inputMultiplier &+ (inputShift > 0 ? 1 << (inputShift &- 1) : 0)) >> inputShift
  }

  /// `factor` times a difference from 0 on, `slope` times one below 0. The slope's sign is applied after rounding, as in
  /// the reference.
  @inline(__always)
  package func leakyRelu(_ difference: Int32) -> Int32 {
    if difference >= 0 { return factor.apply(to: difference) }
    let scaled = slope.apply(to: difference)
    return slopeIsNegative ? 0 &- scaled : scaled
  }
}

/// `output[i] = function(input[i])`.
///
/// - Parameter table: 256 values of the logistic function in Q0.16 in steps of 1/24 for `logistic` and
///   `hyperbolicTangent`, 513 values for `interpolate`; not read by the others.
package func wideFunctionReference(
  _ kind: WideFunctionKind, _ parameters: WideFunctionParameters, table: Span<Int32>, input: Span<Int16>,
  output: inout MutableSpan<Int16>
) {
  let stage = parameters.output
  let zeroPoint = parameters.inputZeroPoint
  switch kind {
  case .rescale:
    for index in input.indices {
      output[index] = stage.finish(parameters.factor.apply(to: Int32(input[index]) &- zeroPoint), as: Int16.self)
    }
  case .leakyRelu:
    for index in input.indices {
      output[index] = stage.finish(parameters.leakyRelu(Int32(input[index]) &- zeroPoint), as: Int16.self)
    }
  case .absolute:
    for index in input.indices {
      let difference = Int32(input[index]) &- zeroPoint
      output[index] = stage.finish(
        parameters.factor.apply(to: difference < 0 ? 0 &- difference : difference), as: Int16.self)
    }
  case .logistic:
    for index in input.indices {
      let value = parameters.scaled(input[index])
      let magnitude = value < 0 ? 0 &- value : value
      let step = Int(truncatingIfNeeded: magnitude >> 9)
      // Q0.25.
      var result = Int32(0x7FFF << 10)
      if magnitude >> 9 < 255 {
        result = (table[step] &<< 9) &+ Int32(truncatingIfNeeded: magnitude & 511) &* (table[step + 1] &- table[step])
      }
      result = value >= 0 ? result &+ 512 : (1 << 25) &- result &+ 511
      output[index] = Int16(truncatingIfNeeded: result >> 10)
    }
  case .hyperbolicTangent:
    for index in input.indices {
      let value = parameters.scaled(input[index])
      let magnitude = value < 0 ? 0 &- value : value
      let step = Int(truncatingIfNeeded: magnitude >> 8)
      // Twice the logistic function of twice the value, in Q1.23; less 1 it is the result.
      var result = Int32(0xFFFF << 8)
      if magnitude >> 8 < 255 {
        result = (table[step] &<< 8) &+ Int32(truncatingIfNeeded: magnitude & 255) &* (table[step + 1] &- table[step])
      }
      result = value >= 0 ? result &- (1 << 23) &+ 128 : (1 << 23) &- result &+ 127
      output[index] = Int16(truncatingIfNeeded: result >> 8)
    }
  case .interpolate:
    for index in input.indices {
      output[index] = Int16(truncatingIfNeeded: interpolated(input[index], table))
    }
  case .squareRoot:
    for index in input.indices {
      let root = truncatedSquareRoot(
        Int32(input[index]), inputScale: parameters.inputScale, outputScale: parameters.outputScale)
      output[index] = stage.finish(root, as: Int16.self)
    }
  }
}

/// The square root of a scaled difference in steps of an output's scale, in single precision, its fraction dropped; 0 for
/// differences below 0. Numbers beyond 24 bits saturate.
@inline(__always)
package func truncatedSquareRoot(_ difference: Int32, inputScale: Float, outputScale: Float) -> Int32 {
  let real = inputScale * Float(difference)
  guard real > 0 else { return 0 }
  return Int32(min(real.squareRoot() / outputScale, 0x1p24))
}

/// The value of a function of 16-bit elements that is known at every 128th.
@inline(__always)
func interpolated(_ element: Int16, _ table: Span<Int32>) -> Int32 {
  let value = Int32(element)
  // From 0 to 511.
  let index = 256 + Int(value >> 7)
  let slope = table[index + 1] &- table[index]
  // |slope| < 2^16 and the rest is below 2^7.
  return table[index] &+ ((Int32(Int16(truncatingIfNeeded: slope)) &* (value & 127) &+ 64) >> 7)
}

/// The 513 values from which `interpolated` gives a function of 16-bit elements: at every 128th element, moved by half of
/// what a straight line misses in the middle.
///
/// - Parameters:
///   - inputScale: how far neighbouring elements are apart.
///   - inputZeroPoint: the element that stands for 0.
///   - outputScale: how far neighbouring results are apart; their zero point is 0.
///   - isSingle: whether each operation is rounded to single precision.
///   - function: the function of real numbers.
package func interpolationTable(
  inputScale: Double, inputZeroPoint: Int32, outputScale: Double, isSingle: Bool, _ function: (Double) -> Double
) -> [Int32] {
  // An operation on single-precision numbers in double precision, rounded once more, is the single-precision operation.
  func real(_ x: Double) -> Double { isSingle ? Double(Float(x)) : x }
  func whole(_ x: Double) -> Double { Double(roundHalfAwayFromZero(x)) }
  func stored(_ x: Double) -> Int32 { Int32(truncatingIfNeeded: roundHalfAwayFromZero(min(max(x, -32768), 32767))) }
  let smallest = real(inputScale * Double(-32768 - inputZeroPoint))
  let largest = real(inputScale * Double(32767 - inputZeroPoint))
  let step = real(real(largest - smallest) / 512)
  let halfStep = step / 2
  let inverse = real(65536 / real(real(outputScale * 32767) - real(outputScale * -32768)))
  var table: [Int32] = []
  table.reserveCapacity(513)
  for index in 0..<512 {
    let position = real(smallest + real(Double(index) * step))
    let here = real(function(position))
    let middle = real(function(real(position + halfStep)))
    let next = real(function(real(smallest + real(Double(index + 1) * step))))
    let sample = whole(real(here * inverse))
    let line = whole(real(real(next * inverse) + sample) / 2)
    let miss = whole((line - whole(real(middle * inverse))) / 2)
    table.append(stored(sample - miss))
  }
  table.append(stored(whole(real(real(function(largest)) * inverse))))
  return table
}
