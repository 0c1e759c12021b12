/// Integer arithmetic as TFLite's reference kernels define it (double rounding, `TFLITE_SINGLE_ROUNDING` off).
///
/// Source: LiteRT `kernels/internal/common.h` and gemmlowp's fixed-point notes, restated. Where the reference lets a
/// 32-bit value wrap, so does this: `&+`, `&*` and `&<<` are then the specification.

/// `a * b / 2^31`, rounded to nearest with ties toward plus infinity; the one overflow, `(-2^31)^2`, saturates.
@inline(__always)
package func saturatingRoundingDoublingHighMultiply(_ a: Int32, _ b: Int32) -> Int32 {
  if a == b && a == Int32.min { return Int32.max }
  // |a * b| < 2^62 and the nudge is 2^30: no overflow in 64 bits.
  return Int32(truncatingIfNeeded: (Int64(a) &* Int64(b) &+ (1 << 30)) >> 31)
}

/// `x / 2^exponent`, rounded to nearest with ties away from zero.
///
/// Requires `0 <= exponent <= 31`.
@inline(__always)
package func roundingDivideByPowerOfTwo(_ x: Int32, _ exponent: Int32) -> Int32 {
  let mask = (Int32(1) &<< exponent) &- 1
  let remainder = x & mask
  let threshold = (mask &>> 1) &+ (x < 0 ? 1 : 0)
  return (x &>> exponent) &+ (remainder > threshold ? 1 : 0)
}

/// The same for exponents from 0 to 62. Beyond 31 the reference's shift is undefined; this is what x86-64 makes of it: the
/// shift is taken modulo 32, and 1 is added to what is not negative.
@inline(__always)
func roundingDivideByAnyPowerOfTwo(_ x: Int32, _ exponent: Int32) -> Int32 {
  let mask = Int32(truncatingIfNeeded: (Int64(1) &<< Int64(exponent)) &- 1)
  let threshold = (mask &>> 1) &+ (x < 0 ? 1 : 0)
  return (x &>> exponent) &+ (x & mask > threshold ? 1 : 0)
}

/// A real factor as the reference applies it to integers: `multiplier * 2^(shift - 31)`.
package struct QuantizedMultiplier: BitwiseCopyable, Sendable, Hashable {
  /// Its magnitude is in `2^30 ... 2^31 - 1`, or it is 0 for the factor 0.
  package var multiplier: Int32
  /// Positive shifts left. At least -31; ``isUsable`` tells whether it is at most 30.
  package var shift: Int32

  package init(multiplier: Int32, shift: Int32) {
    self.multiplier = multiplier
    self.shift = shift
  }

  /// The nearest representable factor; factors below `2^-32` in magnitude become 0, and so does what is not a number.
  ///
  /// Infinities and magnitudes of `2^31` and more give a multiplier that is not ``isUsable``.
  package init(_ real: Double) {
    guard real.magnitude > 0 else {
      self.init(multiplier: 0, shift: 0)
      return
    }
    guard real.isFinite else {
      self.init(multiplier: real < 0 ? -Int32.max : Int32.max, shift: 2048)
      return
    }
    var shift = Int32(truncatingIfNeeded: real.exponent) + 1
    // significand / 2 is in [0.5, 1), so the product is in [2^30, 2^31].
    var quantized = roundHalfAwayFromZero(real.significand * 0x1p30)
    if quantized == 1 << 31 {
      quantized /= 2
      shift += 1
    }
    if shift < -31 {
      self.init(multiplier: 0, shift: 0)
      return
    }
    self.init(multiplier: Int32(truncatingIfNeeded: real < 0 ? 0 &- quantized : quantized), shift: shift)
  }

  /// Whether the shift is in the range that 32-bit arithmetic allows, -31 to 30.
  package var isUsable: Bool { shift <= 30 }

  /// The factor that the reference applies in place of one of `2^31` and more: its left shift is undefined, and on x86-64
  /// it is taken modulo 32.
  package var wrapped: QuantizedMultiplier {
    isUsable ? self : QuantizedMultiplier(multiplier: multiplier, shift: shift & 31)
  }

  /// `x` times the factor, rounded twice as the reference does (`MultiplyByQuantizedMultiplier`).
  ///
  /// Requires a shift of at most 31. The left shift wraps in 32 bits.
  @inline(__always)
  package func apply(to x: Int32) -> Int32 {
    let left = max(shift, 0)
    let right = max(0 &- shift, 0)
    return roundingDivideByPowerOfTwo(
      saturatingRoundingDoublingHighMultiply(x &<< left, multiplier), right)
  }
}

extension QuantizedMultiplier {
  /// `x` times the factor, rounded twice, with ties up both times, as ruy does it: the matrix library that computes the
  /// sums of LiteRT's uint8 LSTM cell.
  ///
  /// Requires ``isUsable``. The left shift wraps in 32 bits.
  @inline(__always)
  func applyWithTiesUp(to x: Int32) -> Int32 {
    let left = max(shift, 0)
    let right = Int64(max(0 &- shift, 0))
    let product = saturatingRoundingDoublingHighMultiply(x &<< left, multiplier)
    // At most 2^31 + 2^30 before the shift: no overflow in 64 bits, and the result is no larger than the product.
    return Int32(truncatingIfNeeded: (Int64(product) &+ ((1 &<< right) &>> 1)) &>> right)
  }

  /// Whether the shift is in the range that 64-bit sums allow, -31 to 14.
  package var isUsableForWideSums: Bool { shift < 15 }

  /// `x` times the factor, of which 15 bits count, rounded once with ties up (`MultiplyByQuantizedMultiplier` of a
  /// 64-bit number).
  ///
  /// Requires ``isUsableForWideSums``. Exact for `|x| < 2^47`; the product of a larger one wraps, and so does a result
  /// beyond 32 bits.
  @inline(__always)
  package func apply(toWide x: Int64) -> Int32 {
    let reduced = multiplier < 0x7FFF_0000 ? (multiplier &+ (1 << 15)) &>> 16 : 0x7FFF
    // 1 to 46.
    let total = Int64(15 &- shift)
    return Int32(truncatingIfNeeded: (x &* Int64(reduced) &+ (Int64(1) &<< (total &- 1))) &>> total)
  }
}

/// `x` rounded to the nearest integer, ties away from zero (C's `round`), saturating at plus and minus `2^62`; not a
/// number gives 0.
package func roundHalfAwayFromZero(_ x: Double) -> Int64 {
  guard x > -0x1p62 else { return x.isNaN ? 0 : -(1 << 62) }
  guard x < 0x1p62 else { return 1 << 62 }
  let truncated = Int64(x)
  // Exact: both have the same exponent range and the difference is below 1.
  let rest = x - Double(truncated)
  if rest >= 0.5 { return truncated &+ 1 }
  if rest <= -0.5 { return truncated &- 1 }
  return truncated
}

/// `value` inside `lower ... upper`; where `lower > upper`, `upper` wins, as in the reference.
@inline(__always)
package func clamp(_ value: Int32, _ lower: Int32, _ upper: Int32) -> Int32 {
  min(max(value, lower), upper)
}

/// `value` as a stored element.
///
/// Requires that it is in the element's range, as a value clamped to an activation range is.
@inline(__always)
package func narrow<Element: QuantizedElement>(_ value: Int32, to: Element.Type) -> Element {
  Element(truncatingIfNeeded: value)
}
