/// The fixed-point logarithm and inverse square root of the reference, restated from LiteRT `kernels/internal/common.h`;
/// the constants are its own. See `FixedPointFunctions.swift` for the notation.

/// `x * 2^exponent`, saturating. Requires `0 <= exponent <= 31`.
@inline(__always)
func saturatingShiftLeft(_ x: Int32, _ exponent: Int32) -> Int32 {
  if exponent == 0 { return x }
  let threshold = (Int32(1) &<< (31 &- exponent)) &- 1
  if x > threshold { return Int32.max }
  if x < 0 &- threshold { return Int32.min }
  return x &<< exponent
}

@inline(__always)
private func saturatingSum(_ a: Int32, _ b: Int32) -> Int32 {
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? (a < 0 ? Int32.min : Int32.max) : sum
}

/// The product of two fixed-point numbers, of which one is in Q0.31.
@inline(__always)
private func times(_ a: Int32, _ b: Int32) -> Int32 { saturatingRoundingDoublingHighMultiply(a, b) }

/// `log(x)` in Q5.26 for `x >= 1` in Q12.19.
///
/// Two estimates of the exponent, one of them for `x * sqrt(1/2)`, leave a mantissa near `2^(-1/4)`, for which a rational
/// function gives the rest.
func logarithmQ5(ofQ12 x: Int32) -> Int32 {
  let logarithmOfTwo: Int32 = 1_488_522_236
  let fourthRootOfHalf: Int32 = 1_805_811_301
  let squareRootOfHalf: Int32 = 1_518_500_250
  let alphaN: Int32 = 117_049_297
  let alphaD: Int32 = 127_690_142
  let alphaI: Int32 = 1_057_819_769
  let alphaF: Int32 = 638_450_708
  // Exponents are sums in Q6.25.
  let quarter: Int32 = 1 << 23

  let headroom = Int32(truncatingIfNeeded: x.leadingZeroBitCount)
  let firstMantissa = saturatingShiftLeft(
    times(saturatingShiftLeft(x, headroom &- 1), squareRootOfHalf), 1)
  let firstExponent = saturatingSum(saturatingShiftLeft(12 &- headroom, 25), quarter)

  let scaled = times(x, squareRootOfHalf)
  let scaledHeadroom = Int32(truncatingIfNeeded: scaled.leadingZeroBitCount) &- 1
  let secondMantissa = saturatingShiftLeft(x, scaledHeadroom)
  let secondExponent = saturatingSum(saturatingShiftLeft(12 &- scaledHeadroom, 25), 0 &- quarter)

  let mantissa = min(firstMantissa, secondMantissa)
  let exponent = max(firstExponent, secondExponent)
  // Half the sum, rounded half away from zero.
  let sum = Int64(mantissa) &+ Int64(fourthRootOfHalf)
  let p = Int32(truncatingIfNeeded: (sum &+ (sum >= 0 ? 1 : -1)) / 2)
  let difference = mantissa &- fourthRootOfHalf
  let q = difference &+ difference
  let square = times(q, q)
  let numerator = times(q, mantissa) &+ times(times(q, square), alphaN)
  let denominator = times(p, alphaI &+ q &+ times(alphaD, square)) &+ times(alphaF, q)
  let quotient = times(roundingDivideByPowerOfTwo(numerator, 6), reciprocalOfOnePlus(denominator))
  return saturatingShiftLeft(times(exponent, logarithmOfTwo) &+ quotient, 1)
}

extension QuantizedMultiplier {
  /// `1 / sqrt(x)` for `x >= 0`, by five Newton steps; 0 counts as 1. The shift is at most 0.
  package init(inverseSquareRootOf x: Int32) {
    if x <= 1 {
      self.init(multiplier: Int32.max, shift: 0)
      return
    }
    var value = x
    var right: Int32 = 11
    while value >= 1 << 29 {
      value /= 4
      right &+= 1
    }
    // value < 2^29, so there are at least 3 leading zeros and one pair; after the shift it is in 2^27 ..< 2^29.
    let pairs = (Int32(truncatingIfNeeded: value.leadingZeroBitCount) &- 1) / 2 &- 1
    right &-= pairs
    value = value &<< (2 &* pairs)
    // Q3.28.
    let half = roundingDivideByPowerOfTwo(value &>> 1, 1)
    let oneAndHalf: Int32 = (1 << 28) + (1 << 27)
    var estimate: Int32 = 1 << 28
    for _ in 0..<5 {
      let cube = rescale(times(times(estimate, estimate), estimate), from: 9, to: 3)
      estimate = rescale(times(oneAndHalf, estimate) &- times(half, cube), from: 6, to: 3)
    }
    estimate = times(estimate, 1_518_500_250)
    if right < 0 {
      estimate = estimate &<< (0 &- right)
      right = 0
    }
    self.init(multiplier: estimate, shift: 0 &- right)
  }
}
