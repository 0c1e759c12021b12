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

/// 16-bit numbers to `Float`, one by one.
package func dequantizeHalfReference(input: Span<UInt16>, output: inout MutableSpan<Float>) {
  for index in input.indices { output[index] = float(fromHalf: input[index]) }
}
