/// The complementary error function, `1 - erf(x)`, within a few units in the last place.
package func complementaryErrorFunction(_ x: Double) -> Double {
  if x.isNaN { return x }
  if x < 0 { return 2 - complementaryErrorFunction(-x) }
  // erfc(27.3) is below the smallest number.
  if x > 27.3 { return 0 }
  if x < 0.4375 { return 1 - errorFunctionNearZero(x) }
  // exp(-x * x) with the square in two parts, of which the first is exact.
  let head = Double(Float(x))
  let decay = exponential(-head * head) * exponential(-(x - head) * (x + head))
  return decay * scaledComplement(x)
}

/// The error function for `0 <= x < 1/2`, by its Taylor series.
private func errorFunctionNearZero(_ x: Double) -> Double {
  let square = x * x
  var power = 1.0
  var sum = 1.0
  var index = 1.0
  // 0.25^14 / 14! < 1e-19.
  while index < 14 {
    power *= -square / index
    sum += power / (2 * index + 1)
    index += 1
  }
  return 1.1283791670955126 * x * sum
}

/// `exp(x * x) * erfc(x)` for `x >= 0.4375`.
private func scaledComplement(_ x: Double) -> Double {
  if x < 3.125 {
    // Taylor series about the nearest quarter c. With y' = 2 x y - 2 / sqrt(pi), the coefficients follow from
    // (n + 1) a[n + 1] = 2 c a[n] + 2 a[n - 1]; the step is at most 1/8.
    let quarters = roundHalfAwayFromZero(4 * x)
    let center = Double(quarters) / 4
    let step = x - center
    var previous = scaledComplement(quarters: Int(quarters))
    var coefficient = 2 * center * previous - 1.1283791670955126
    var power = step
    var sum = previous + coefficient * power
    var index = 1.0
    while index < 18 {
      let next = (2 * center * coefficient + 2 * previous) / (index + 1)
      previous = coefficient
      coefficient = next
      power *= step
      sum += coefficient * power
      index += 1
    }
    return sum
  }
  // Continued fraction, from the inside: x + (1/2) / (x + 1 / (x + (3/2) / (x + ...))).
  var denominator = x
  var numerator = 15.0
  while numerator > 0 {
    denominator = x + numerator / denominator
    numerator -= 0.5
  }
  return 0.5641895835477563 / denominator
}

/// `exp(c * c) * erfc(c)` for `c` a quarter of 2 to 12.
private func scaledComplement(quarters: Int) -> Double {
  switch quarters {
  case 2: 0x1.3b3bc3c98b0f3p-1
  case 3: 0x1.038d54ea3d834p-1
  case 4: 0x1.b5d8780f956b2p-2
  case 5: 0x1.78a692138767ap-2
  case 6: 0x1.494daffa2ad68p-2
  case 7: 0x1.23cfc2f1dc7e0p-2
  case 8: 0x1.058671b52c776p-2
  case 9: 0x1.d94446d627932p-3
  case 10: 0x1.afbb3f3b7343bp-3
  case 11: 0x1.8c9eb68ff27d7p-3
  default: 0x1.6e9827d229d2dp-3
  }
}
