import Foundation
import Testing

@testable import TinyTensorKernels

@Suite("Elementary functions")
struct ElementaryFunctionTests {
  /// The largest relative difference over arguments spread evenly over a range.
  private func largestDifference(
    _ range: ClosedRange<Double>, _ given: (Double) -> Double, _ expected: (Double) -> Double
  ) -> Double {
    var largest = 0.0
    for index in 0...20_000 {
      let x = range.lowerBound + (range.upperBound - range.lowerBound) * Double(index) / 20_000
      let right = expected(x)
      largest = max(largest, (given(x) - right).magnitude / max(right.magnitude, .leastNormalMagnitude))
    }
    return largest
  }

  @Test("exponentials")
  func exponentials() {
    #expect(largestDifference(-700...700, exponential, { exp($0) }) < 1e-15)
    #expect(largestDifference(-3...3, exponentialMinusOne, { expm1($0) }) < 1e-15)
    #expect(largestDifference(-1e-6...1e-6, exponentialMinusOne, { expm1($0) }) < 1e-15)
    #expect(largestDifference(-25...25, hyperbolicTangent, { tanh($0) }) < 1e-15)
    #expect(largestDifference(-1e-3...1e-3, hyperbolicTangent, { tanh($0) }) < 1e-15)
    #expect(hyperbolicTangent(.infinity) == 1 && hyperbolicTangent(-.infinity) == -1)
    #expect(hyperbolicTangent(.nan).isNaN && exponentialMinusOne(.nan).isNaN)
    #expect(exponentialMinusOne(-.infinity) == -1 && exponentialMinusOne(.infinity) == .infinity)
  }

  @Test("logarithms")
  func logarithms() {
    #expect(largestDifference(0.5...2, logarithm, { log($0) }) < 1e-15)
    #expect(largestDifference(1e-3...1e3, logarithm, { log($0) }) < 1e-15)
    #expect(largestDifference(-300...300, { logarithm(pow(10, $0)) }, { log(pow(10, $0)) }) < 1e-15)
    #expect(logarithm(.leastNonzeroMagnitude) == log(.leastNonzeroMagnitude))
    #expect(logarithm(0) == -.infinity && logarithm(.infinity) == .infinity)
    #expect(logarithm(-1).isNaN && logarithm(.nan).isNaN && logarithm(-.infinity).isNaN)
  }

  @Test("sine and cosine of small arguments and of those up to the largest Float")
  func trigonometry() {
    // Near multiples of pi the result is small: a relative bound holds because the reduction is exact.
    #expect(largestDifference(-0.7...0.7, sine, { sin($0) }) < 1e-15)
    #expect(largestDifference(-100...100, sine, { sin($0) }) < 1e-15)
    #expect(largestDifference(-100...100, cosine, { cos($0) }) < 1e-15)
    #expect(largestDifference(-1e9...1e9, sine, { sin($0) }) < 1e-15)
    for exponent in stride(from: -30.0, through: 38.0, by: 0.125) {
      let x = Double(Float(pow(10, exponent)))
      for x in [x, -x] {
        #expect((sine(x) - sin(x)).magnitude <= 1e-15 * sin(x).magnitude, "at \(x)")
        #expect((cosine(x) - cos(x)).magnitude <= 1e-15 * cos(x).magnitude, "at \(x)")
      }
    }
    // Doubles nearest to zeros: the results are below 2e-16.
    for x in [1.5707963267948966, 3.141592653589793, 6.283185307179586] {
      #expect((cosine(x) - cos(x)).magnitude <= 1e-15 * cos(x).magnitude)
      #expect((sine(x) - sin(x)).magnitude <= 1e-15 * sin(x).magnitude)
    }
    #expect(sine(0) == 0 && sine(-0.0).sign == .minus && cosine(0) == 1)
    #expect(sine(.infinity).isNaN && cosine(-.infinity).isNaN && sine(.nan).isNaN && cosine(0x1p128).isNaN)
    #expect(sine(Double(Float.greatestFiniteMagnitude)) == sin(Double(Float.greatestFiniteMagnitude)))
  }

  @Test("arc tangents in all quadrants")
  func arcTangents() {
    #expect(largestDifference(-10...10, { arcTangent($0, 1) }, { atan2($0, 1) }) < 1e-15)
    #expect(largestDifference(-10...10, { arcTangent($0, -1) }, { atan2($0, -1) }) < 1e-15)
    #expect(largestDifference(-10...10, { arcTangent(2, $0) }, { atan2(2, $0) }) < 1e-15)
    let special: [Double] = [0, -0.0, 1, -1, .infinity, -.infinity, 1e-300, .nan]
    for y in special {
      for x in special {
        let (given, right) = (arcTangent(y, x), atan2(y, x))
        #expect(given == right && given.sign == right.sign || given.isNaN && right.isNaN, "\(y) \(x)")
      }
    }
  }

  @Test("the complementary error function")
  func errorFunction() {
    #expect(largestDifference(-6...0.5, complementaryErrorFunction, { erfc($0) }) < 1e-15)
    #expect(largestDifference(0.4...3.2, complementaryErrorFunction, { erfc($0) }) < 3e-15)
    #expect(largestDifference(3...26, complementaryErrorFunction, { erfc($0) }) < 3e-15)
    #expect(complementaryErrorFunction(.infinity) == 0 && complementaryErrorFunction(-.infinity) == 2)
    #expect(complementaryErrorFunction(.nan).isNaN && complementaryErrorFunction(0) == 1)
  }

  @Test("powers")
  func powers() {
    #expect(largestDifference(0.01...20, { power($0, 1.7) }, { pow($0, 1.7) }) < 2e-15)
    #expect(largestDifference(-40...40, { power(3.5, $0) }, { pow(3.5, $0) }) < 2e-14)
    let special: [Double] = [
      0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 1e300, -1e300, 0x1p60, .infinity, -.infinity, .nan,
    ]
    for base in special {
      for exponent in special {
        let (given, right) = (power(base, exponent), pow(base, exponent))
        let isNear = given == right || (given - right).magnitude <= 1e-13 * right.magnitude
        #expect(
          given.isNaN && right.isNaN || isNear && given.sign == right.sign,
          "\(base) to \(exponent): \(given) instead of \(right)")
      }
    }
  }

  @Test("rounding to whole numbers")
  func rounding() {
    let values: [Float] = [
      0, -0.0, 0.3, -0.3, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 7, -7, 8_388_607.5, -8_388_607.5, 1e30, .infinity,
      -.infinity, 0.49999997, -0.49999997,
    ]
    for value in values {
      for (direction, rule) in [
        (RoundingDirection.down, FloatingPointRoundingRule.down), (.up, .up), (.nearestEven, .toNearestOrEven),
      ] {
        let given = rounded(value, direction)
        #expect(given == value.rounded(rule) && given.sign == value.rounded(rule).sign, "\(value)")
      }
    }
    #expect(rounded(.nan, .down).isNaN)
  }

  @Test("the fixed-point logarithm and inverse square root are near the real ones")
  func fixedPoint() {
    for x in stride(from: Int32(1 << 19), to: Int32.max - 100_003, by: 100_003) {
      let real = log(Double(x) * 0x1p-19)
      #expect((Double(logarithmQ5(ofQ12: x)) * 0x1p-26 - real).magnitude < 1e-6)
    }
    for x in [1, 2, 3, 4, 5, 100, 255, 65025, 1 << 20, 1 << 29, Int32.max] {
      let factor = QuantizedMultiplier(inverseSquareRootOf: x)
      let value = Double(factor.multiplier) * pow(2, Double(factor.shift) - 31)
      #expect((value * Double(x).squareRoot() - 1).magnitude < 2e-6)
    }
  }
}
