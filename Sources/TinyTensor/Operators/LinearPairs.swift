import KernelInterface
import TinyTensorKernels

/// How the search for a ``LinearSum`` stands.
///
/// The reference scales both differences, rounds them, and scales and rounds their sum. Let `ideal` be the real number
/// that comes out without roundings but the last. A difference is rounded by at most 1/2 twice, the two of them make at
/// most 2 of the sum's units, and the sum's product is rounded by 1/2 before its shift right: the number that is rounded
/// last is at most `2 * factor + 2^(shift - 1)` from `ideal`. The weighted sum has weights that are rounded by 1/2, times
/// 255 * 256 each. Where `ideal` is farther than both together, ``reach``, from any number with a fraction of 1/2, both
/// round to the same integer. What is left are few pairs of bytes of 65,536: for each the reference's result says
/// whether the sum must reach the next integer, which bounds the term that can be added to all sums.
struct LinearSumSearch {
  /// The binary point of a sum.
  private let point: Int64
  /// 256 times the weights, the right one's with its sign.
  private let lhsStep: Int64
  private let rhsStep: Int64
  /// Half a unit, less what zero points add.
  private let term: Int64
  private let reach: Int64
  private let parameters: QuantizedArithmeticParameters
  private let isDifference: Bool
  /// 128 for uint8, whose bytes are taken as int8.
  private let offset: Int64

  /// `nil` where the weights have no good place among 32-bit numbers.
  ///
  /// Requires bytes, an operation whose operands' factors do not shift left, and `parameters.leftShift <= 20`.
  init?(_ parameters: QuantizedArithmeticParameters, isDifference: Bool, isUnsigned: Bool) {
    let output = parameters.outputFactor
    guard output.shift <= 0, output.multiplier > 0 else { return nil }
    self.parameters = parameters
    self.isDifference = isDifference
    offset = isUnsigned ? 128 : 0
    // The finest weights that fit: their sum is at least half of the largest possible one.
    for point in (Self.leastPoint...Self.greatestPoint).reversed() {
      guard let lhs = Self.weight(parameters.lhsFactor, output, parameters.leftShift, point),
        let rhs = Self.weight(parameters.rhsFactor, output, parameters.leftShift, point),
        Self.fits(lhs, rhs, point)
      else { continue }
      let rounding = Int64(1) << (point - 1)
      // The weights fit, and one operand's factor is 1/2: `point + output.shift` is at most 21. It is at least 3.
      let doubled = point + 1 + Int64(output.shift)
      guard (0...31).contains(doubled) else { return nil }
      self.point = point
      lhsStep = 256 * lhs
      rhsStep = isDifference ? -256 * rhs : 256 * rhs
      term =
        rounding - (Int64(parameters.lhsZeroPoint) - offset) * lhsStep
        - (Int64(parameters.rhsZeroPoint) - offset) * rhsStep
      reach = (Int64(output.multiplier) << doubled) >> 31 + (1 << doubled) >> 2 + 255 * 256 + 2
      return
    }
    return nil
  }

  /// From here on a sum's low part, below `2^31`, says nothing of the sign of a sum next to a half.
  private static let leastPoint: Int64 = 34
  /// 15 more than the largest shift.
  private static let greatestPoint: Int64 = 46

  /// The output's step for a step of an operand, times `2^(point - 8)`, rounded; `nil` where that is too large.
  private static func weight(
    _ factor: QuantizedMultiplier, _ output: QuantizedMultiplier, _ leftShift: Int32, _ point: Int64
  ) -> Int64? {
    // Below 2^62.
    let product = Int64(factor.multiplier) * Int64(output.multiplier)
    let right = 70 - point - Int64(factor.shift) - Int64(output.shift) - Int64(leftShift)
    guard right > 0 else { return nil }
    return right > 62 ? 0 : (product + 1 << (right - 1)) >> right
  }

  /// Whether sums stay inside 32 bits, and weights' high parts inside 16.
  ///
  /// A difference of bytes times 256 is at most 255 * 256 in magnitude; besides there are the rounding's half, the low
  /// parts, which give less than `2^16`, and a term below `2^15`.
  private static func fits(_ lhs: Int64, _ rhs: Int64, _ point: Int64) -> Bool {
    let (left, right) = (split(lhs).high, split(rhs).high)
    guard left <= 32767, right <= 32767 else { return false }
    return 255 * 256 * (left + right + 2) + 1 << (point - 16) + 1 << 17 < 1 << 31
  }

  /// `2^15 * high + low`, with `low` from `-2^14` to `2^14 - 1`.
  private static func split(_ weight: Int64) -> (high: Int64, low: Int64) {
    let high = (weight + 1 << 14) >> 15
    return (high, weight - high << 15)
  }

  /// The weighted sum that equals the reference for all pairs of bytes; `nil` where there is none.
  func sum() -> LinearSum? {
    // Pairs that are not close to a half keep their integer.
    var lower = 1 - reach
    var upper = reach - 1
    let pairs = pairsNearHalves(term: term, lhsStep: lhsStep, rhsStep: rhsStep, point: point, reach: reach)
    for (lhs, rhs) in pairs {
      // Below 2^47.
      let raised = term + lhs * lhsStep + reach + rhs * rhsStep
      let integer = raised >> point
      guard let reaches = reaches(integer, lhs + offset, rhs + offset) else { continue }
      let sum = raised - reach
      let isNegative = sum < Int64(1) << (point - 1)
      let missing = integer << point - sum + (isNegative ? 1 : 0)
      if reaches { lower = max(lower, missing) } else { upper = min(upper, missing - 1) }
      if lower > upper { return nil }
    }
    let constant = term + min(max(0, lower), upper)
    let (left, right) = (Self.split(lhsStep / 256), Self.split(rhsStep / 256))
    return LinearSum(
      highWeights: Self.pair(left.high, right.high), lowWeights: Self.pair(left.low, right.low),
      highTerm: Int32(truncatingIfNeeded: constant >> 15), lowTerm: Int32(truncatingIfNeeded: constant & 0x7FFF),
      shift: Int32(truncatingIfNeeded: point - 15))
  }

  /// Whether the reference's result for stored elements is at least `integer`, before the zero point is added; `nil`
  /// where the activation's range leaves no difference.
  private func reaches(_ integer: Int64, _ lhs: Int64, _ rhs: Int64) -> Bool? {
    let stage = parameters.output
    let (lowest, highest) = (Int64(stage.minimum - stage.zeroPoint), Int64(stage.maximum - stage.zeroPoint))
    guard integer > lowest, integer <= highest else { return nil }
    let left = Int32(truncatingIfNeeded: lhs) - parameters.lhsZeroPoint
    let right = Int32(truncatingIfNeeded: rhs) - parameters.rhsZeroPoint
    let scaledLeft = parameters.lhsFactor.apply(to: left << parameters.leftShift)
    let scaledRight = parameters.rhsFactor.apply(to: right << parameters.leftShift)
    let sum = isDifference ? scaledLeft &- scaledRight : scaledLeft &+ scaledRight
    return Int64(parameters.outputFactor.apply(to: sum)) >= integer
  }

  private static func pair(_ low: Int64, _ high: Int64) -> Int32 {
    Int32(truncatingIfNeeded: (low & 0xFFFF) | (high << 16))
  }
}
