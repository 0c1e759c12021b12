import Foundation
import Testing

@testable import TinyTensorKernels

@Suite("Fixed-point arithmetic")
struct FixedPointTests {
  @Test("the doubling high product rounds to nearest, ties up, and saturates once")
  func highProduct() {
    let half = Int32(1) << 30
    #expect(saturatingRoundingDoublingHighMultiply(3, half) == 2)
    #expect(saturatingRoundingDoublingHighMultiply(-3, half) == -1)
    #expect(saturatingRoundingDoublingHighMultiply(5, half) == 3)
    #expect(saturatingRoundingDoublingHighMultiply(.min, .min) == .max)
    #expect(saturatingRoundingDoublingHighMultiply(.min, .max) == -Int32.max)
    #expect(saturatingRoundingDoublingHighMultiply(.max, .max) == Int32.max - 1)
  }

  @Test("a division by a power of two rounds half away from zero")
  func division() {
    for (value, exponent, expected) in [
      (5, 1, 3), (-5, 1, -3), (6, 2, 2), (-6, 2, -2), (7, 2, 2), (1, 2, 0), (-1, 2, 0), (9, 0, 9),
      (Int32.max, 31, 1), (Int32.min, 31, -1), (Int32.min, 30, -2),
    ] as [(Int32, Int32, Int32)] {
      #expect(roundingDivideByPowerOfTwo(value, exponent) == expected, "\(value) / 2^\(exponent)")
    }
  }

  @Test("a real factor becomes 31 bits and a shift")
  func multipliers() {
    #expect(QuantizedMultiplier(0) == QuantizedMultiplier(multiplier: 0, shift: 0))
    #expect(QuantizedMultiplier(0.5) == QuantizedMultiplier(multiplier: 1 << 30, shift: 0))
    #expect(QuantizedMultiplier(1) == QuantizedMultiplier(multiplier: 1 << 30, shift: 1))
    #expect(QuantizedMultiplier(0.75) == QuantizedMultiplier(multiplier: 3 << 29, shift: 0))
    #expect(QuantizedMultiplier(0.125) == QuantizedMultiplier(multiplier: 1 << 30, shift: -2))
    // The significand rounds up to 2^31 and is halved.
    #expect(QuantizedMultiplier(1 - 0x1p-40) == QuantizedMultiplier(multiplier: 1 << 30, shift: 1))
    #expect(QuantizedMultiplier(0x1p-32) == QuantizedMultiplier(multiplier: 1 << 30, shift: -31))
    #expect(QuantizedMultiplier(0x1p-33) == QuantizedMultiplier(multiplier: 0, shift: 0))
    #expect(QuantizedMultiplier(0x1p29).isUsable)
    #expect(!QuantizedMultiplier(0x1p30).isUsable)
    #expect(!QuantizedMultiplier(.infinity).isUsable)
    #expect(!QuantizedMultiplier(.greatestFiniteMagnitude).isUsable)
  }

  @Test("a factor is applied within one of the real product, and exactly for powers of two")
  func application() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let real = Double.random(in: 0.0001...2, using: &generator)
      let value = Int32.random(in: -(1 << 29)...(1 << 29), using: &generator)
      let result = QuantizedMultiplier(real).apply(to: value)
      let error = abs(Double(result) - real * Double(value))
      // Half from each rounding, and the 31 bits of the factor.
      #expect(error <= 1 + abs(Double(value)) * real * 0x1p-30, "\(real) * \(value)")
    }
    #expect(QuantizedMultiplier(4).apply(to: -7) == -28)
    #expect(QuantizedMultiplier(0.25).apply(to: 40) == 10)
  }

  @Test("real numbers round half away from zero and saturate")
  func rounding() {
    for (value, expected) in [
      (0.5, 1), (-0.5, -1), (1.5, 2), (2.5, 3), (-2.5, -3), (0.49999999999999994, 0), (1e300, 1 << 62),
      (-1e300, -(1 << 62)), (.infinity, 1 << 62), (.nan, 0), (4503599627370497.5, 4_503_599_627_370_498),
    ] as [(Double, Int64)] {
      #expect(roundHalfAwayFromZero(value) == expected)
    }
  }

  @Test("clamping takes the lower bound first: the upper one wins")
  func clamping() {
    #expect(clamp(5, 0, 3) == 3)
    #expect(clamp(-5, 0, 3) == 0)
    #expect(clamp(5, 10, 3) == 3)
  }

  @Test("the exponential equals the C library's to one unit, and its rounding to single precision always")
  func exponentials() {
    var generator = SystemRandomNumberGenerator()
    #expect(exponential(0) == 1)
    #expect(exponential(-.infinity) == 0)
    #expect(exponential(.infinity) == .infinity)
    #expect(exponential(.nan).isNaN)
    #expect(exponential(-800) == 0)
    for _ in 0..<20000 {
      let x = Double(Float.random(in: -104...89, using: &generator))
      let given = exponential(x)
      let expected = Foundation.exp(x)
      #expect(abs(given - expected) <= expected.ulp, "exp(\(x))")
      #expect(Float(given) == Float(expected), "exp(\(x))")
    }
  }

  @Test("fixed-point exp and reciprocal are close to the real functions")
  func functions() {
    for step in 0...200 {
      let x = -Double(step) / 8
      let fixed = exponentialOfNegative(Int32(x * 0x1p26))
      #expect(abs(Double(fixed) * 0x1p-31 - Foundation.exp(x)) < 4e-7)
    }
    for step in 0..<200 {
      let x = Double(step) / 200
      let fixed = reciprocalOfOnePlus(Int32(x * 0x1p31))
      #expect(abs(Double(fixed) * 0x1p-31 - 1 / (1 + x)) < 2e-8)
    }
  }

  @Test("a multiplier with ties up rounds 2.5 and -2.5 up, and wraps shifts to the left")
  func tiesUp() {
    // Of 2.25, half is taken first: 4.5 becomes 5, and 2.5 becomes 3.
    let quarter = QuantizedMultiplier(0.25)
    #expect([10, -10, 9, -9, 0].map { quarter.applyWithTiesUp(to: $0) } == [3, -2, 3, -2, 0])
    #expect([10, -10, 9, -9, 0].map { quarter.apply(to: $0) } == [3, -3, 3, -2, 0])
    #expect([3, -3, 1 << 30].map { QuantizedMultiplier(2).applyWithTiesUp(to: $0) } == [6, -6, 0])
    #expect(QuantizedMultiplier(0x1p-31).applyWithTiesUp(to: .max) == 1)
    #expect(QuantizedMultiplier(0).applyWithTiesUp(to: .min) == 0)
  }
}
