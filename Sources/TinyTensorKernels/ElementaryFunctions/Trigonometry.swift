/// The sine of `x` radians, within a few units in the last place.
///
/// Requires `|x| < 2^128`, as every `Float` is; beyond, and for infinities, the result is not a number.
package func sine(_ x: Double) -> Double {
  guard let angle = QuarterTurns(x) else { return .nan }
  return angle.sine(quartersAhead: 0)
}

/// The cosine of `x` radians, within a few units in the last place.
///
/// Requires `|x| < 2^128`, as every `Float` is; beyond, and for infinities, the result is not a number.
package func cosine(_ x: Double) -> Double {
  guard let angle = QuarterTurns(x) else { return .nan }
  return angle.sine(quartersAhead: 1)
}

/// The angle of the point `(x, y)` from the positive x axis, in radians from minus pi to pi; special values as IEEE
/// 754's `atan2` has them.
package func arcTangent(_ y: Double, _ x: Double) -> Double {
  if x.isNaN || y.isNaN { return .nan }
  let height = y.magnitude
  let width = x.magnitude
  var angle: Double
  if height == 0 {
    angle = 0
  } else if height == width {
    angle = 0.7853981633974483
  } else if height < width {
    angle = arcTangentBelowOne(height / width)
  } else {
    angle = 1.5707963267948966 - arcTangentBelowOne(width / height)
  }
  if x.sign == .minus { angle = 3.141592653589793 - angle }
  return y.sign == .minus ? -angle : angle
}

/// The arc tangent for `0 <= t <= 1`.
private func arcTangentBelowOne(_ t: Double) -> Double {
  // Beyond tan(pi / 8): arctan t = pi / 4 + arctan((t - 1) / (t + 1)).
  let isLarge = t > 0.4142135623730951
  let reduced = isLarge ? (t - 1) / (t + 1) : t
  let square = reduced * reduced
  // Alternating series; the first term left out is below 0.1716^22 / 45 < 4e-19 of the result.
  var sum = 0.0
  var divisor = 43.0
  while divisor >= 3 {
    sum = square * (1 / divisor - sum)
    divisor -= 2
  }
  let angle = reduced - reduced * sum
  return isLarge ? 0.7853981633974483 + angle : angle
}

/// An angle as quarter turns and a rest of at most an eighth of a turn.
private struct QuarterTurns {
  /// Modulo 4.
  var quarters: Int
  /// In radians, from minus pi/4 to pi/4.
  var rest: Double

  /// `nil` for arguments out of range.
  init?(_ x: Double) {
    guard x.magnitude < 0x1p128 else { return nil }
    quarters = 0
    rest = x
    if x.magnitude > 0.7853981633974483 { reduce(x) }
  }

  /// The reduction of Payne and Hanek: `x * 2/pi` modulo 4, with only those 192 bits of `2/pi` that matter.
  private mutating func reduce(_ x: Double) {
    // |x| = m * 2^e with m of 53 bits. Bits of 2/pi of weight 2^-k with k <= e - 2 contribute multiples of 4.
    let e = Int(x.exponent) - 52
    let m = x.magnitude.significandBitPattern | (1 << 52)
    let firstBit = e - 1
    // The product modulo 2^192: two bits of quarter turns, then 190 bits of fraction; limbs of 32 bits, lowest first.
    var limbs = SIMD8<UInt32>(repeating: 0)
    let low = m & 0xFFFF_FFFF
    let high = m >> 32
    var carry: UInt64 = 0
    var previous: UInt64 = 0
    for index in 0..<6 {
      let digit = UInt64(twoOverPi(fromBit: firstBit + 32 * (5 - index)))
      // low * digit < 2^64 - 2^33 + 1, so two 32-bit numbers can be added.
      let first = low * digit + UInt64(limbs[index]) + carry
      limbs[index] = UInt32(truncatingIfNeeded: first)
      carry = first >> 32
      let second = high * previous
      previous = digit
      // second < 2^53 and belongs at this limb, as the digit before was one limb lower.
      let sum = UInt64(limbs[index]) + (second & 0xFFFF_FFFF)
      limbs[index] = UInt32(truncatingIfNeeded: sum)
      carry += (sum >> 32) + (second >> 32)
    }
    let top = UInt64(limbs[5]) << 32 | UInt64(limbs[4])
    let middle = UInt64(limbs[3]) << 32 | UInt64(limbs[2])
    let bottom = UInt64(limbs[1]) << 32 | UInt64(limbs[0])
    quarters = Int(top >> 62)
    // The fraction as 128 bits and more: drop the two bits of quarter turns.
    var upper = top << 2 | middle >> 62
    var lower = middle << 2 | bottom >> 62
    var isNegative = false
    if upper >> 63 != 0 {
      // Above one half: one more quarter turn less the complement. The bits below 2^-128 do not matter.
      quarters += 1
      isNegative = true
      upper = ~upper
      lower = ~lower
    }
    let leading = upper.leadingZeroBitCount
    var scale = 0x1p-64
    if leading > 0 && leading < 64 {
      upper = upper << UInt64(leading) | lower >> UInt64(64 - leading)
      scale *= Double(sign: .plus, exponent: -leading, significand: 1)
    } else if leading == 64 {
      upper = lower
      scale = 0x1p-128
    }
    rest = Double(upper) * scale * 1.5707963267948966
    if isNegative { rest = -rest }
    if x.sign == .minus {
      quarters = -quarters
      rest = -rest
    }
    quarters &= 3
  }

  /// The sine of the angle with some quarter turns added.
  func sine(quartersAhead: Int) -> Double {
    let square = rest * rest
    let turns = (quarters + quartersAhead) & 3
    var sum = 1.0
    // Taylor series; the first terms left out are below (pi/4)^20 / 21! < 2e-22 of the result.
    var divisor = 18.0
    let neighbour = turns & 1 == 0 ? 1.0 : -1.0
    while divisor > 1 {
      sum = 1 - square * sum / (divisor * (divisor + neighbour))
      divisor -= 2
    }
    let result = turns & 1 == 0 ? rest * sum : sum
    return turns & 2 == 0 ? result : -result
  }
}

/// 32 bits of `2/pi`: those of weight `2^-bit` to `2^-(bit + 31)`, the first one highest.
private func twoOverPi(fromBit bit: Int) -> UInt32 {
  // Bit 1, of weight one half, is the first bit of word 0.
  let start = bit - 1
  let word = start >> 5
  let shift = UInt64(start & 31)
  let pair = UInt64(twoOverPiWord(word)) << 32 | UInt64(twoOverPiWord(word + 1))
  return UInt32(truncatingIfNeeded: pair >> (32 - shift))
}

/// The binary digits of `2/pi` in words of 32; enough of them for arguments below `2^128`.
private func twoOverPiWord(_ index: Int) -> UInt32 {
  switch index {
  case 0: 0xA2F9_836E
  case 1: 0x4E44_1529
  case 2: 0xFC27_57D1
  case 3: 0xF534_DDC0
  case 4: 0xDB62_9599
  case 5: 0x3C43_9041
  case 6: 0xFE51_63AB
  case 7: 0xDEBB_C561
  case 8: 0xB724_6E3A
  default: 0
  }
}
