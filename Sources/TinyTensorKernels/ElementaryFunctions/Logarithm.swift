/// The natural logarithm, within a few units in the last place; not a number below 0, minus infinity at 0.
package func logarithm(_ x: Double) -> Double {
  guard x > 0 else { return x == 0 ? -.infinity : .nan }
  guard x < .infinity else { return x }
  // x = m * 2^k with m from sqrt(1/2) up to sqrt(2).
  var m = x.significand
  var k = Double(x.exponent)
  if m > 1.4142135623730951 {
    m /= 2
    k += 1
  }
  // log m = 2 artanh f with |f| <= 0.1716; the first term left out is below f^22 / 23 < 1e-18 of the result.
  let f = (m - 1) / (m + 1)
  let square = f * f
  var sum = 0.0
  var divisor = 21.0
  while divisor >= 3 {
    sum = square * (sum + 1 / divisor)
    divisor -= 2
  }
  let fraction = 2 * f + 2 * f * sum
  // ln 2 in two parts, of which k times the first is exact.
  return k * 0x1.62e42fee00000p-1 + (k * 0x1.a39ef35793c76p-33 + fraction)
}

/// `base` to the power `exponent`, with a relative error below `2^-52 * (3 + |exponent * log base|)`; special values as
/// IEEE 754's `pow` has them.
package func power(_ base: Double, _ exponent: Double) -> Double {
  if exponent == 0 || base == 1 { return 1 }
  if base.isNaN || exponent.isNaN { return .nan }
  // Every finite number from 2^53 on is even.
  let isHuge = exponent.magnitude >= 0x1p53
  let isInteger = isHuge || Double(Int64(exponent)) == exponent
  let isOdd = !isHuge && isInteger && Int64(exponent) & 1 != 0
  let isNegative = base.sign == .minus && isOdd
  let magnitude = base.magnitude
  if magnitude == 1 { return isInteger ? (isNegative ? -1 : 1) : .nan }
  if exponent.isInfinite {
    return (magnitude > 1) == (exponent > 0) ? .infinity : 0
  }
  if magnitude == 0 || magnitude.isInfinite {
    let result: Double = (magnitude == 0) == (exponent < 0) ? .infinity : 0
    return isNegative ? -result : result
  }
  guard base > 0 || isInteger else { return .nan }
  let result = exponential(exponent * logarithm(magnitude))
  return isNegative ? -result : result
}
