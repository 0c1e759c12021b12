/// `exp(x)`, within one unit in the last place of a `Double`.
///
/// Written out so that results do not depend on the system's mathematics library and the core needs none. Rounded to
/// `Float` it equals the correctly rounded `expf` but for about one argument in `2^28`.
package func exponential(_ x: Double) -> Double {
  if x.isNaN { return x }
  if x > 709.8 { return .infinity }
  if x < -745.2 { return 0 }
  // x = k * ln 2 + r with |r| <= 0.3466; ln 2 in two parts, of which k times the first is exact.
  let k = roundHalfAwayFromZero(x * 1.4426950408889634)
  let r = (x - Double(k) * 0x1.62e42fee00000p-1) - Double(k) * 0x1.a39ef35793c76p-33
  // Taylor series; the first term left out is below r^14 / 14! < 4e-18.
  var sum = 1.0
  var divisor = 13.0
  while divisor >= 1 {
    sum = 1 + r * sum / divisor
    divisor -= 1
  }
  // 2^k in two factors, each in range.
  let half = k / 2
  return sum * powerOfTwo(half) * powerOfTwo(k - half)
}

/// `2^exponent` for `-1022 <= exponent <= 1023`.
private func powerOfTwo(_ exponent: Int64) -> Double {
  Double(bitPattern: UInt64(bitPattern: exponent + 1023) << 52)
}

/// `exp(x) - 1`, within a few units in the last place also where `x` is near 0.
package func exponentialMinusOne(_ x: Double) -> Double {
  guard x > -0.5 && x < 0.5 else { return exponential(x) - 1 }
  // Taylor series; the first term left out is below 0.5^17 / 18! < 2e-21 of the result.
  var sum = 1.0
  var divisor = 17.0
  while divisor >= 2 {
    sum = 1 + x * sum / divisor
    divisor -= 1
  }
  return x * sum
}

/// The hyperbolic tangent, within a few units in the last place.
package func hyperbolicTangent(_ x: Double) -> Double {
  if x.isNaN { return x }
  // 1 - tanh(20) < 2^-56.
  if x > 20 { return 1 }
  if x < -20 { return -1 }
  let growth = exponentialMinusOne(2 * x.magnitude)
  let result = growth / (growth + 2)
  return x.sign == .minus ? -result : result
}
