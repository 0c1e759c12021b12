/// `lhs ^ rhs`, bit by bit.
@specialized(where Element == UInt8)
@specialized(where Element == UInt16)
@specialized(where Element == UInt32)
@specialized(where Element == UInt64)
package func exclusiveOrReference<Element: FixedWidthInteger & BitwiseCopyable>(
  _ broadcast: Broadcast, lhs: Span<Element>, rhs: Span<Element>, output: inout MutableSpan<Element>
) {
  broadcast.forEach { index, left, right in output[index] = lhs[left] ^ rhs[right] }
}

/// `lhs >> rhs` with the sign kept; the shift is clamped to `0 ..< bits`.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
@specialized(where Element == UInt16)
@specialized(where Element == Int32)
@specialized(where Element == UInt32)
package func rightShiftReference<Element: FixedWidthInteger & BitwiseCopyable>(
  _ broadcast: Broadcast, lhs: Span<Element>, rhs: Span<Element>, output: inout MutableSpan<Element>
) {
  let largest = Element(truncatingIfNeeded: Element.bitWidth - 1)
  broadcast.forEach { index, left, right in
    output[index] = lhs[left] &>> min(max(rhs[right], 0), largest)
  }
}

/// `lhs + rhs` or `lhs * rhs`, modulo `2^16`, then inside a range.
package func wrappingReference(
  isSum: Bool, _ broadcast: Broadcast, _ range: NumberRange, lhs: Span<Int16>, rhs: Span<Int16>,
  output: inout MutableSpan<Int16>
) {
  let lowest = range.lower.map { Int16($0) } ?? Int16.min
  let highest = range.upper.map { Int16($0) } ?? Int16.max
  broadcast.forEach { index, left, right in
    let result = isSum ? lhs[left] &+ rhs[right] : lhs[left] &* rhs[right]
    output[index] = min(max(result, lowest), highest)
  }
}

/// `lhs && rhs` or `lhs || rhs`, of truth values that are false where they are 0.
package func logicalReference(
  isAnd: Bool, _ broadcast: Broadcast, lhs: Span<UInt8>, rhs: Span<UInt8>, output: inout MutableSpan<UInt8>
) {
  broadcast.forEach { index, left, right in
    let isLeft = lhs[left] != 0
    let isRight = rhs[right] != 0
    output[index] = (isAnd ? isLeft && isRight : isLeft || isRight) ? 1 : 0
  }
}

/// Whether an operand holds a 0.
@specialized(where Element == Int8)
@specialized(where Element == Int16)
@specialized(where Element == Int32)
@specialized(where Element == Int64)
package func holdsZero<Element: FixedWidthInteger & BitwiseCopyable>(_ elements: Span<Element>) -> Bool {
  for index in elements.indices where elements[index] == 0 { return true }
  return false
}

/// `floor(lhs / rhs)`, or what is left of such a division, which has the divisor's sign.
///
/// Requires that no divisor is 0. The quotient of the lowest integer and -1 wraps.
@specialized(where Element == Int8)
@specialized(where Element == Int16)
@specialized(where Element == Int32)
@specialized(where Element == Int64)
package func floorDivisionReference<Element: FixedWidthInteger & BitwiseCopyable>(
  isRemainder: Bool, _ broadcast: Broadcast, lhs: Span<Element>, rhs: Span<Element>,
  output: inout MutableSpan<Element>
) {
  broadcast.forEach { index, left, right in
    let dividend = lhs[left]
    let divisor = rhs[right]
    let quotient = dividend.dividedReportingOverflow(by: divisor).partialValue
    let remainder = dividend.remainderReportingOverflow(dividingBy: divisor).partialValue
    let isBelow = remainder != 0 && (remainder < 0) != (divisor < 0)
    if isRemainder {
      // Opposite signs: the sum does not overflow.
      output[index] = isBelow ? remainder &+ divisor : remainder
    } else {
      // A remainder means that the quotient is not the lowest integer.
      output[index] = isBelow ? quotient &- 1 : quotient
    }
  }
}

/// The same on real numbers: the quotient is taken in double precision, rounded down and then rounded to single
/// precision; the remainder is exact before the divisor is added.
package func floorDivisionReference(
  isRemainder: Bool, _ broadcast: Broadcast, lhs: Span<Float>, rhs: Span<Float>, output: inout MutableSpan<Float>
) {
  broadcast.forEach { index, left, right in
    let dividend = lhs[left]
    let divisor = rhs[right]
    if isRemainder {
      let remainder = truncatingRemainder(dividend, divisor)
      output[index] = remainder != 0 && (remainder < 0) != (divisor < 0) ? remainder + divisor : remainder
    } else {
      output[index] = Float(roundedDown(Double(dividend) / Double(divisor)))
    }
  }
}

/// The largest integer that is not above `x`; the sign of 0 is kept.
package func roundedDown(_ x: Double) -> Double {
  // From 2^52 on, all are integers; this also lets infinity and not a number pass.
  guard x.magnitude < 0x1p52 else { return x }
  let truncated = Double(Int64(x))
  if truncated > x { return truncated - 1 }
  return truncated == 0 ? Double(signOf: x, magnitudeOf: truncated) : truncated
}

/// What is left of `x` after whole multiples of `y`, with the sign of `x`; exact (C's `fmod`).
package func truncatingRemainder(_ x: Float, _ y: Float) -> Float {
  guard x.isFinite, !y.isNaN, y != 0 else { return .nan }
  guard y.isFinite, x.magnitude >= y.magnitude else { return x }
  // Both as integers below 2^24 times a power of two, with the smallest exponent for subnormal numbers.
  func split(_ value: Float) -> (significand: UInt64, exponent: Int) {
    let fraction = UInt64(value.bitPattern & 0x7F_FFFF)
    let exponent = Int(value.bitPattern >> 23 & 0xFF)
    return exponent == 0 ? (fraction, 1) : (fraction | 0x80_0000, exponent)
  }
  let dividend = split(x)
  let divisor = split(y)
  var remainder = dividend.significand % divisor.significand
  var steps = dividend.exponent - divisor.exponent
  // |x| >= |y| leaves no negative count unless both are subnormal, where it is 0.
  while steps > 0 {
    // The remainder is below 2^24: shifted by 32 it stays below 2^56.
    let shift = min(steps, 32)
    remainder = (remainder &<< UInt64(shift)) % divisor.significand
    steps -= shift
  }
  // remainder * 2^(exponent - 150), exact: it is below y and has at most 24 bits.
  let scale = Double(bitPattern: UInt64(divisor.exponent - 150 + 1023) << 52)
  return Float(signOf: x, magnitudeOf: Float(Double(remainder) * scale))
}
