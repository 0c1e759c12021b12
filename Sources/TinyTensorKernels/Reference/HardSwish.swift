/// HARD_SWISH of bytes, as the reference computes it in 16 bits.
package struct HardSwishParameters: BitwiseCopyable, Sendable, Hashable {
  /// The input's scale over 128, in steps of the output, as a 16-bit multiplier and an exponent of at most 0.
  package var outputMultiplier: Int32
  package var outputExponent: Int32
  /// The same in steps of 3/32768.
  package var reluMultiplier: Int32
  package var reluExponent: Int32
  package var inputZeroPoint: Int32
  package var output: OutputStage

  package init(inputScale: Float, inputZeroPoint: Int32, outputScale: Float, output: OutputStage) {
    let fine = Float(1) / 128 * inputScale
    let outputFactor = QuantizedMultiplier(Double(fine / outputScale))
    let reluFactor = QuantizedMultiplier(Double(fine / (Float(3) / 32768)))
    outputMultiplier = Self.narrow(outputFactor.multiplier)
    outputExponent = outputFactor.shift
    reluMultiplier = Self.narrow(reluFactor.multiplier)
    reluExponent = reluFactor.shift
    self.inputZeroPoint = inputZeroPoint
    self.output = output
  }

  /// Whether the exponents are in the range that 16 bits allow.
  package var isUsable: Bool { outputExponent <= 0 && reluExponent <= 15 }

  private static func narrow(_ multiplier: Int32) -> Int32 {
    multiplier >= 0x7FFF_0000 ? 0x7FFF : (multiplier + (1 << 15)) >> 16
  }

  /// The stored result for a stored value.
  ///
  /// Requires ``isUsable``.
  package func apply(to value: Int32) -> Int32 {
    // A difference of bytes, of 9 bits, can wrap here in 16 bits, as in the reference.
    let fine = Int32(Int16(truncatingIfNeeded: (value - inputZeroPoint) * 128))
    let scaled = multiply(fine, outputMultiplier)
    var relu = fine
    if reluExponent > 0 { relu = clamp(relu &<< (reluExponent - 1), -32768, 32767) }
    relu = multiply(relu, reluMultiplier)
    if reluExponent > 0 { relu = clamp(relu &<< 1, -32768, 32767) }
    if reluExponent < 0 { relu = roundingDivideByPowerOfTwo(relu, -reluExponent) }
    // From -1 ... 1 to 0 ... 1.
    relu = (relu + 32768) >> 1
    let product = relu == -32768 && scaled == -32768 ? 32767 : relu * scaled / 32768
    let result = Int32(
      Int16(truncatingIfNeeded: roundingDivideByPowerOfTwo(product, -outputExponent) &+ output.zeroPoint))
    return clamp(result, output.minimum, output.maximum)
  }

  /// The saturating rounding doubling high product of two 16-bit numbers.
  private func multiply(_ a: Int32, _ b: Int32) -> Int32 {
    a == -32768 && b == -32768 ? 32767 : (a * b + (1 << 14)) >> 15
  }
}
