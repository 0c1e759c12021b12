/// How a real number becomes whole. Numbers from `2^23` on, infinities and not a number stay as they are.
package enum RoundingDirection: Sendable {
  case down
  case up
  /// To nearest, ties to even.
  case nearestEven
}

/// `x` made whole, with its sign kept also where the result is 0.
package func rounded(_ x: Float, _ direction: RoundingDirection) -> Float {
  guard x.magnitude < 0x1p23 else { return x }
  let whole = Int32(x)
  // Exact, and below 1 in magnitude.
  let rest = x - Float(whole)
  var result = whole
  switch direction {
  case .down: if rest < 0 { result -= 1 }
  case .up: if rest > 0 { result += 1 }
  case .nearestEven:
    if rest > 0.5 || (rest == 0.5 && whole & 1 != 0) { result += 1 }
    if rest < -0.5 || (rest == -0.5 && whole & 1 != 0) { result -= 1 }
  }
  return result == 0 && x.sign == .minus ? -0.0 : Float(result)
}
