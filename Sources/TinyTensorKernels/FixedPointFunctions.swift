/// Functions of fixed-point numbers as gemmlowp computes them. `Qm.n` has m integer and n fractional bits in an `Int32`.
///
/// Source: gemmlowp `fixedpoint/fixedpoint.h`, restated; the constants are its own. All sums wrap in 32 bits as they do
/// there.

/// `x` in Q`from` moved to Q`to` integer bits: a rounding shift right, or a saturating shift left.
@inline(__always)
func rescale(_ x: Int32, from: Int32, to: Int32) -> Int32 {
  let exponent = from &- to
  if exponent == 0 { return x }
  if exponent < 0 { return roundingDivideByPowerOfTwo(x, 0 &- exponent) }
  let threshold = (Int32(1) &<< (31 &- exponent)) &- 1
  if x > threshold { return Int32.max }
  if x < 0 &- threshold { return Int32.min }
  return x &<< exponent
}

/// `exp(x)` in Q0.31 for `x` in Q0.31 from -1/4 up to 0, by a Taylor polynomial around -1/8.
@inline(__always)
private func exponentialNearZero(_ x: Int32) -> Int32 {
  let exponentialOfMinusEighth: Int32 = 1_895_147_668
  let third: Int32 = 715_827_883
  let t = x &+ (1 << 28)
  let t2 = saturatingRoundingDoublingHighMultiply(t, t)
  let t3 = saturatingRoundingDoublingHighMultiply(t2, t)
  let t4 = saturatingRoundingDoublingHighMultiply(t2, t2)
  let t4Quarter = roundingDivideByPowerOfTwo(t4, 2)
  let inner = saturatingRoundingDoublingHighMultiply(t4Quarter &+ t3, third) &+ t2
  let tail = roundingDivideByPowerOfTwo(inner, 1)
  return exponentialOfMinusEighth
    &+ saturatingRoundingDoublingHighMultiply(exponentialOfMinusEighth, t &+ tail)
}

/// `exp(x)` in Q0.31 for `x <= 0` in Q5.26.
@inline(__always)
func exponentialOfNegative(_ x: Int32) -> Int32 {
  if x == 0 { return Int32.max }
  let fractionBits: Int32 = 26
  let quarter: Int32 = 1 << 24
  // In [-1/4, 0).
  let nearZero = (x & (quarter &- 1)) &- quarter
  var result = exponentialNearZero(rescale(nearZero, from: 5, to: 0))
  let remainder = nearZero &- x

  @inline(__always)
  func multiply(ifBit exponent: Int32, by factor: Int32) {
    if remainder & (Int32(1) &<< (fractionBits &+ exponent)) != 0 {
      result = saturatingRoundingDoublingHighMultiply(result, factor)
    }
  }
  // exp(-1/4), exp(-1/2), ... exp(-16) in Q0.31.
  multiply(ifBit: -2, by: 1_672_461_947)
  multiply(ifBit: -1, by: 1_302_514_674)
  multiply(ifBit: 0, by: 790_015_084)
  multiply(ifBit: 1, by: 290_630_308)
  multiply(ifBit: 2, by: 39_332_535)
  multiply(ifBit: 3, by: 720_401)
  multiply(ifBit: 4, by: 242)
  return result
}

/// `1 / (1 + x)` in Q0.31 for `x` in Q0.31 from 0 up to 1, by three Newton steps.
@inline(__always)
func reciprocalOfOnePlus(_ x: Int32) -> Int32 {
  // (1 + x) / 2 in Q0.31, rounded half away from zero; the sum needs 33 bits.
  let sum = Int64(x) &+ Int64(Int32.max)
  let halfDenominator = Int32(truncatingIfNeeded: (sum &+ (sum >= 0 ? 1 : -1)) / 2)
  let fortyEightSeventeenths: Int32 = 1_515_870_810
  let minusThirtyTwoSeventeenths: Int32 = -1_010_580_540
  // Q2.29.
  var estimate =
    fortyEightSeventeenths
    &+ saturatingRoundingDoublingHighMultiply(halfDenominator, minusThirtyTwoSeventeenths)
  for _ in 0..<3 {
    let product = saturatingRoundingDoublingHighMultiply(halfDenominator, estimate)
    let error = (1 << 29) &- product
    estimate =
      estimate
      &+ rescale(saturatingRoundingDoublingHighMultiply(estimate, error), from: 4, to: 2)
  }
  return rescale(estimate, from: 1, to: 0)
}
