/// Functions of 16-bit fixed-point numbers as gemmlowp computes them. `Qm.n` has m integer and n fractional bits in an
/// `Int16`; constants are the 32-bit ones rounded to their upper half.
///
/// Source: gemmlowp `fixedpoint/fixedpoint.h`, restated. Sums wrap in 16 bits but where it is said that they saturate.

/// `a * b / 2^15`, rounded to nearest with ties toward plus infinity; `(-2^15)^2` saturates.
@inline(__always)
func highProduct(_ a: Int16, _ b: Int16) -> Int16 {
  if a == b && a == Int16.min { return Int16.max }
  return Int16(truncatingIfNeeded: (Int32(a) &* Int32(b) &+ (1 << 14)) >> 15)
}

@inline(__always)
func shiftRight(_ x: Int16, _ exponent: Int32) -> Int16 {
  Int16(truncatingIfNeeded: roundingDivideByPowerOfTwo(Int32(x), exponent))
}

@inline(__always)
func saturate(_ x: Int32) -> Int16 { Int16(truncatingIfNeeded: clamp(x, -32768, 32767)) }

/// `x * 2^exponent`, saturating; `exponent` is from 0 to 15.
@inline(__always)
func shiftLeft(_ x: Int16, _ exponent: Int32) -> Int16 { saturate(Int32(x) << exponent) }

/// A Q0.31 constant in Q0.15.
@inline(__always)
private func upperHalf(_ constant: Int32) -> Int16 {
  Int16(truncatingIfNeeded: roundingDivideByPowerOfTwo(constant, 16))
}

/// `exp(x)` in Q0.15 for `x` in Q0.15 from -1/4 up to 0.
private func exponentialNearZero(_ x: Int16) -> Int16 {
  let constant = upperHalf(1_895_147_668)
  let third = upperHalf(715_827_883)
  let t = x &+ (1 << 12)
  let t2 = highProduct(t, t)
  let t3 = highProduct(t2, t)
  let t4 = highProduct(t2, t2)
  let inner = highProduct(shiftRight(t4, 2) &+ t3, third) &+ t2
  let tail = shiftRight(inner, 1)
  return saturate(Int32(constant) + Int32(highProduct(constant, t &+ tail)))
}

/// `exp(x)` in Q0.15 for `x <= 0` with that many integer bits, from 1 to 12.
private func exponentialOfNegative(_ x: Int16, integerBits: Int32) -> Int16 {
  if x == 0 { return Int16.max }
  let fractionBits = 15 &- integerBits
  let quarter = Int16(truncatingIfNeeded: Int32(1) << (fractionBits &- 2))
  let nearZero = (x & (quarter &- 1)) &- quarter
  var result = exponentialNearZero(shiftLeft(nearZero, integerBits))
  let remainder = Int32(nearZero &- x)

  func multiply(ifBit exponent: Int32, by factor: Int32) {
    guard integerBits > exponent else { return }
    if remainder & (1 << (fractionBits &+ exponent)) != 0 { result = highProduct(result, upperHalf(factor)) }
  }
  multiply(ifBit: -2, by: 1_672_461_947)
  multiply(ifBit: -1, by: 1_302_514_674)
  multiply(ifBit: 0, by: 790_015_084)
  multiply(ifBit: 1, by: 290_630_308)
  multiply(ifBit: 2, by: 39_332_535)
  multiply(ifBit: 3, by: 720_401)
  multiply(ifBit: 4, by: 242)
  // Below -32 the result is 0.
  if integerBits > 5, x < upperHalf(-(Int32(1) << (36 &- integerBits))) { result = 0 }
  return result
}

/// Newton's estimate of `2 / (1 + x)` in Q2.13 for `x` in Q0.15 from 0 to 1.
private func twiceReciprocalOfOnePlus(_ x: Int16) -> Int16 {
  let sum = Int32(x) + Int32(Int16.max)
  let halfDenominator = Int16(truncatingIfNeeded: (sum + (sum >= 0 ? 1 : -1)) / 2)
  var estimate = upperHalf(1_515_870_810) &+ highProduct(halfDenominator, upperHalf(-1_010_580_540))
  for _ in 0..<3 {
    let error = (1 << 13) &- highProduct(halfDenominator, estimate)
    estimate = estimate &+ shiftLeft(highProduct(estimate, error), 2)
  }
  return estimate
}

/// The logistic function of `x` in Q3.12, in Q0.15.
package func logistic16(_ x: Int16) -> Int16 {
  if x == 0 { return 1 << 14 }
  let exponential = exponentialOfNegative(x > 0 ? 0 &- x : x, integerBits: 3)
  let positive = shiftLeft(twiceReciprocalOfOnePlus(exponential), 1)
  return x > 0 ? positive : Int16.max &- positive
}

/// The hyperbolic tangent of `x` with that many integer bits, from 1 to 11, in Q0.15.
package func tanh16(_ x: Int16, integerBits: Int32) -> Int16 {
  if x == 0 { return 0 }
  let exponential = exponentialOfNegative(x < 0 ? x : 0 &- x, integerBits: integerBits &+ 1)
  let negative = shiftLeft(twiceReciprocalOfOnePlus(exponential) &- (1 << 13), 2)
  return x < 0 ? 0 &- negative : negative
}
