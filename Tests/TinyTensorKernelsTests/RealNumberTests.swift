import Foundation
import Testing

@testable import TinyTensorKernels

@Suite("Real numbers")
struct RealNumberTests {
  #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
    @Test("every 16-bit number becomes the Float that is equal to it")
    func halves() {
      for bits in UInt16.min...UInt16.max {
        let expected = Float(Float16(bitPattern: bits))
        let given = float(fromHalf: bits)
        #expect(given.bitPattern == expected.bitPattern || (given.isNaN && expected.isNaN), "bits \(bits)")
      }
    }
  #endif

  @Test("the hyperbolic tangent agrees with the system's")
  func hyperbolicTangents() {
    for value in [0, 1e-300, 1e-8, 0x1p-10, 0.001, 0.1, 0.5, 1, 3, 19, 700, 1e300, Double.infinity] {
      for signedValue in [value, -value] {
        let given = hyperbolicTangent(signedValue)
        let expected = tanh(signedValue)
        #expect(abs(given - expected) <= 1e-12 * abs(expected), "tanh(\(signedValue))")
      }
    }
    #expect(hyperbolicTangent(.nan).isNaN)
  }

  @Test("64-bit sums are scaled with one rounding, ties up, by 15 bits of the factor")
  func wideSums() {
    #expect(QuantizedMultiplier(0.5).apply(toWide: 3) == 2)
    #expect(QuantizedMultiplier(0.5).apply(toWide: -3) == -1)
    #expect(QuantizedMultiplier(4).apply(toWide: -7) == -28)
    #expect(QuantizedMultiplier(0x1p-20).apply(toWide: 1 << 40) == 1 << 20)
    #expect(QuantizedMultiplier(0x1p-32).apply(toWide: -(1 << 46)) == -(1 << 14))
    // 0.7 is 22938 / 2^15 then, not quite; the largest factor below 1 is 32767 / 2^15.
    #expect(QuantizedMultiplier(0.7).apply(toWide: 1_000_000) == 700_012)
    #expect(QuantizedMultiplier(1 - 0x1p-30).apply(toWide: 1 << 15) == 32767)
    #expect(QuantizedMultiplier(16383.9).isUsableForWideSums)
    #expect(!QuantizedMultiplier(16384).isUsableForWideSums)
  }

  @Test("numbers are quantized around 0, or around a zero point")
  func dynamic() {
    func quantize(_ input: [Float], isAsymmetric: Bool) -> (DynamicScale, [Int8]) {
      var output = [Int8](repeating: 99, count: input.count)
      var span = output.mutableSpan
      let scale = quantizeDynamicallyReference(isAsymmetric: isAsymmetric, input: input.span, output: &span)
      return (scale, output)
    }
    let symmetric = quantize([-254, 3, 127], isAsymmetric: false)
    #expect(symmetric.0 == DynamicScale(scale: 2, zeroPoint: 0))
    #expect(symmetric.1 == [-127, 2, 64])
    let asymmetric = quantize([-155, 100, 0.5], isAsymmetric: true)
    #expect(asymmetric.0 == DynamicScale(scale: 1, zeroPoint: 27))
    #expect(asymmetric.1 == [-128, 127, 28])
    // The range always holds 0.
    #expect(quantize([5, 510], isAsymmetric: true).0 == DynamicScale(scale: 2, zeroPoint: -128))
    for isAsymmetric in [false, true] {
      let zeros = quantize([0, 0], isAsymmetric: isAsymmetric)
      #expect(zeros.0 == DynamicScale(scale: 1, zeroPoint: 0))
      #expect(zeros.1 == [0, 0])
    }
  }

  @Test("the input pixels whose windows hold an output pixel are those that a search finds")
  func transposedWindows() {
    for size in 1...6 {
      for kernel in 1...4 {
        for stride in 1...3 {
          for padding in 0..<kernel {
            for count in 1...6 {
              let geometry = WindowGeometry(
                batches: 1, inputHeight: size, inputWidth: size, inputChannels: 1, outputHeight: count,
                outputWidth: count, outputChannels: 1, kernelHeight: kernel, kernelWidth: kernel,
                strideHeight: stride, strideWidth: stride, dilationHeight: 1, dilationWidth: 1, paddingTop: padding,
                paddingLeft: padding)
              for pixel in 0..<size {
                let expected = (0..<count).filter { (0..<kernel).contains(pixel + padding - $0 * stride) }
                #expect(Array(geometry.outputRows(containingRow: pixel)) == expected)
                #expect(Array(geometry.outputColumns(containingColumn: pixel)) == expected)
              }
            }
          }
        }
      }
    }
  }

  @Test("every 16-bit number survives single precision, and what lies between two goes to the nearest, ties to even")
  func halfPrecision() {
    for bits in UInt16.min...UInt16.max {
      let number = float(fromHalf: bits)
      guard !number.isNaN else {
        #expect(halfBits(of: number) == bits & 0x8000 | 0x7E00)
        continue
      }
      #expect(halfBits(of: number) == bits)
      guard bits & 0x7FFF < 0x7BFF else { continue }
      let middle = (number + float(fromHalf: bits + 1)) / 2
      #expect(halfBits(of: middle) == bits + (bits & 1))
      let (toward, away) = number < 0 ? (middle.nextUp, middle.nextDown) : (middle.nextDown, middle.nextUp)
      // The sign of 0 is no order: the number beside it decides.
      guard number != 0 || bits == 0 else { continue }
      #expect(halfBits(of: toward) == bits)
      #expect(halfBits(of: away) == bits + 1)
    }
    #expect([65519.99, 65520, -65520, .infinity].map { halfBits(of: $0) } == [0x7BFF, 0x7C00, 0xFC00, 0x7C00])
  }
}
