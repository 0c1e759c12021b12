/// A 16-bit IEEE 754 number, by its bits, as a `Float`: exact, also for subnormal numbers.
///
/// Written out because not every platform has a 16-bit type.
package func float(fromHalf bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) &<< 16
  let exponent = UInt32(bits &>> 10) & 0x1F
  let fraction = UInt32(bits & 0x3FF)
  switch exponent {
  case 0:
    // Subnormal: fraction * 2^-24, exact as both are small.
    let magnitude = Float(fraction) * 0x1p-24
    return sign == 0 ? magnitude : -magnitude
  case 0x1F:
    return Float(bitPattern: sign | 0x7F80_0000 | (fraction &<< 13))
  default:
    // The exponents' biases are 15 and 127.
    return Float(bitPattern: sign | ((exponent &+ 112) &<< 23) | (fraction &<< 13))
  }
}

/// The bits of the 16-bit IEEE 754 number nearest to a `Float`, ties to even. Beyond the largest it is infinity; not a
/// number keeps its sign alone.
package func halfBits(of x: Float) -> UInt16 {
  let sign = UInt16(truncatingIfNeeded: x.bitPattern &>> 16) & 0x8000
  let magnitude = x.magnitude
  guard !x.isNaN else { return sign | 0x7E00 }
  // Half a step above the largest number, 65504, whose last bit is odd.
  guard magnitude < 65520 else { return sign | 0x7C00 }
  guard magnitude >= 0x1p-14 else {
    // Subnormal: from 1/2 to 1, a step of `Float` is 2^-24, as it is here. Rounded up to 2^-14, the bits are right too.
    return sign | UInt16(truncatingIfNeeded: (magnitude + 0.5).bitPattern &- Float(0.5).bitPattern)
  }
  // The exponents' biases are 15 and 127; 13 bits of the fraction are dropped. A carry into the exponent is right.
  let bits = magnitude.bitPattern &- (112 &<< 23)
  let rounded = bits &+ 0xFFF &+ ((bits &>> 13) & 1)
  return sign | UInt16(truncatingIfNeeded: rounded &>> 13)
}

/// 16-bit numbers to `Float`, one by one.
package func dequantizeHalfReference(input: Span<UInt16>, output: inout MutableSpan<Float>) {
  for index in input.indices { output[index] = float(fromHalf: input[index]) }
}
