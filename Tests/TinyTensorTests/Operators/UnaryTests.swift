import Foundation
import Testing

@testable import TinyTensor

@Suite("Functions of one element")
struct UnaryTests {
  private func unary(
    _ code: BuiltinOperator, _ type: ElementType, _ count: Int, scales: (Float, Float)? = nil,
    zeroPoints: (Int64, Int64) = (0, 0), options: (type: UInt8, table: FlatTable)? = nil
  ) -> TestModel {
    var test = TestModel()
    let source = test.input([count], type, scale: scales?.0, zeroPoint: zeroPoints.0)
    let target = test.output([count], type, scale: scales?.1, zeroPoint: zeroPoints.1)
    test.add(code, [source], [target], options: options)
    return test
  }

  private func floats(
    _ code: BuiltinOperator, _ values: [Float], options: (type: UInt8, table: FlatTable)? = nil
  ) throws -> [Float] {
    try unary(code, .float32, values.count, options: options).compute([values])
  }

  @Test("float32: rounding, signs and roots")
  func floatRounding() throws {
    let values: [Float] = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 1e30, -.infinity]
    #expect(try floats(.floor, values) == [-3, -2, -1, 0, 1, 2, 1e30, -.infinity])
    #expect(try floats(.ceil, values) == [-2, -1, 0, 1, 2, 3, 1e30, -.infinity])
    #expect(try floats(.round, values) == [-2, -2, 0, 0, 2, 2, 1e30, -.infinity])
    #expect(try floats(.sign, [-3, 0, 2]) == [-1, 0, 1])
    #expect(try floats(.neg, [-3, 0, 2]) == [3, 0, -2])
    #expect(try floats(.abs, [-3, 0, .infinity]) == [3, 0, .infinity])
    #expect(try floats(.square, [-3, 0.5]) == [9, 0.25])
    #expect(try floats(.sqrt, [16, 2]) == [4, 1.4142135])
    #expect(try floats(.rsqrt, [16, 0]) == [0.25, .infinity])
    #expect(try floats(.sqrt, [-1])[0].isNaN)
  }

  @Test("float32: activations keep what is not a number")
  func floatActivations() throws {
    let values: [Float] = [-4, -0.5, 0.5, 4, 10]
    #expect(try floats(.relu, values) == [0, 0, 0.5, 4, 10])
    #expect(try floats(.relu6, values) == [0, 0, 0.5, 4, 6])
    #expect(try floats(.reluN1To1, values) == [-1, -0.5, 0.5, 1, 1])
    #expect(try floats(.relu0To1, values) == [0, 0, 0.5, 1, 1])
    #expect(try floats(.hardSwish, values) == [0, -0.5 * 2.5 / 6, 0.5 * 3.5 / 6, 4, 10])
    #expect(try floats(.leakyRelu, values, options: (75, FlatTable([0: .float(0.25)]))) == [-1, -0.125, 0.5, 4, 10])
    #expect(try floats(.elu, [-1, 2, -1e-8]) == [Float(expm1(-1.0)), 2, -1e-8])
    for code in [BuiltinOperator.relu, .relu6, .hardSwish, .elu, .gelu, .logistic, .tanh, .exp, .sin, .floor, .sign] {
      #expect(try floats(code, [.nan])[0].isNaN, "\(code)")
    }
    #expect(try floats(.relu, [.infinity, -.infinity]) == [.infinity, 0])
  }

  @Test("float32: mathematical functions equal the correctly rounded ones to the last place")
  func floatFunctions() throws {
    let values = (0..<400).map { Float($0 - 200) / 16 }
    let functions: [(BuiltinOperator, (Double) -> Double)] = [
      (.exp, { exp($0) }), (.sin, { sin($0) }), (.cos, { cos($0) }), (.tanh, { tanh($0) }),
      (.logistic, { 1 / (1 + exp(-$0)) }),
    ]
    for (code, function) in functions {
      for (value, given) in zip(values, try floats(code, values)) {
        let expected = Float(function(Double(value)))
        #expect((given - expected).magnitude <= expected.ulp, "\(code) of \(value)")
      }
    }
    for (value, given) in zip(values, try floats(.gelu, values)) {
      let expected = 0.5 * Double(value) * erfc(-Double(value) / 2.0.squareRoot())
      #expect((Double(given) - expected).magnitude <= 1e-6, "GELU of \(value)")
    }
    for (value, given) in zip(values, try floats(.log, values.map { $0 + 13 })) {
      #expect((given - Float(log(Double(value + 13)))).magnitude <= given.ulp)
    }
  }

  @Test("functions of integers wrap")
  func integers() throws {
    #expect(try unary(.abs, .int32, 3).compute([[.min, -5, 5]] as [[Int32]]) == [.min, 5, 5] as [Int32])
    #expect(try unary(.neg, .int64, 2).compute([[.min, 5]] as [[Int64]]) == [.min, -5] as [Int64])
    #expect(try unary(.square, .int32, 2).compute([[-3, 1 << 16]] as [[Int32]]) == [9, 0] as [Int32])
    #expect(try unary(.sign, .int32, 3).compute([[.min, 0, 9]] as [[Int32]]) == [-1, 0, 1] as [Int32])
    #expect(try unary(.abs, .int16, 2).compute([[-32768, -3]] as [[Int16]]) == [-32768, 3] as [Int16])
  }

  @Test("int16: RELU and LEAKY_RELU change the scale and clamp, ABS saturates")
  func wideActivations() throws {
    let scales: (Float, Float) = (0.5, 0.25)
    let data: [[Int16]] = [[-100, 0, 7, 30_000]]
    #expect(try unary(.relu, .int16, 4, scales: scales).compute(data) == [0, 0, 14, 32767] as [Int16])
    #expect(try unary(.relu6, .int16, 4, scales: scales).compute(data) == [0, 0, 14, 24] as [Int16])
    #expect(try unary(.relu0To1, .int16, 4, scales: scales).compute(data) == [0, 0, 4, 4] as [Int16])
    // -100 * 0.5 * 0.25 over 0.25.
    let leaky = unary(.leakyRelu, .int16, 4, scales: scales, options: (75, FlatTable([0: .float(0.25)])))
    #expect(try leaky.compute(data) == [-50, 0, 14, 32767] as [Int16])
    let turned = unary(.leakyRelu, .int16, 4, scales: scales, options: (75, FlatTable([0: .float(-0.25)])))
    #expect(try turned.compute(data) == [50, 0, 14, 32767] as [Int16])
    #expect(try unary(.abs, .int16, 2, scales: (1, 1)).compute([[-32768, -3]] as [[Int16]]) == [32767, 3] as [Int16])
  }

  @Test("int16: LOGISTIC and TANH are within two steps of the real functions", arguments: [Float(1.0 / 4096), 0.0007])
  func wideTables(scale: Float) throws {
    let values = stride(from: -32768, through: 32767, by: 97).map { Int16($0) }
    let logistic: [Int16] = try unary(.logistic, .int16, values.count, scales: (scale, 1 / 32768)).compute([values])
    let tanh: [Int16] = try unary(.tanh, .int16, values.count, scales: (scale, 1 / 32768)).compute([values])
    for (index, value) in values.enumerated() {
      let real = Double(value) * Double(scale)
      #expect((Double(logistic[index]) - 32768 / (1 + exp(-real))).magnitude <= 4, "at \(real)")
      #expect((Double(tanh[index]) - 32768 * Foundation.tanh(real)).magnitude <= 8, "at \(real)")
    }
    // A scale so large that one step saturates.
    #expect(
      try unary(.tanh, .int16, 3, scales: (1e30, 1 / 32768)).compute([[-1, 0, 1]] as [[Int16]])
        == [-32767, 0, 32767] as [Int16])
  }

  @Test("int16: EXP, LOG and RSQRT by tables with lines between")
  func wideLines() throws {
    // exp(1) over 0.001 = 2718.
    let exponential: [Int16] = try unary(.exp, .int16, 2, scales: (0.0001, 0.001)).compute([[10_000, 0]] as [[Int16]])
    #expect((Int(exponential[0]) - 2718).magnitude <= 1 && (Int(exponential[1]) - 1000).magnitude <= 1)
    // log(e) = 1; that of a number below 0 is the lowest.
    let logarithm: [Int16] = try unary(.log, .int16, 2, scales: (0.0001, 0.001))
      .compute([[27_183, -20_000]] as [[Int16]])
    #expect((Int(logarithm[0]) - 1000).magnitude <= 1 && logarithm[1] == -32768)
    let root = unary(.rsqrt, .int16, 1, scales: (0.001, 0.001))
    let roots: [Int16] = try root.compute([[16_000]] as [[Int16]])
    #expect((Int(roots[0]) - 250).magnitude <= 1)
    #expect(try root.runError([[-1]] as [[Int16]])?.code == .invalidData)
  }

  @Test("int8: ABS, RSQRT, EXP, LOG, ELU, TANH")
  func bytes() throws {
    #expect(
      try unary(.abs, .int8, 3, scales: (1, 1), zeroPoints: (2, 0)).compute([[-128, 0, 5]] as [[Int8]])
        == [127, 2, 3] as [Int8])
    #expect(try unary(.abs, .int8, 2, scales: (1, 0.5)).compute([[-10, 7]] as [[Int8]]) == [20, 14] as [Int8])
    // 1 / sqrt(16 * 0.25) = 0.5 over 0.1 = 5; of 0 the largest.
    let root = unary(.rsqrt, .int8, 2, scales: (0.25, 0.1), zeroPoints: (-100, 0))
    #expect(try root.compute([[-84, -100]] as [[Int8]]) == [5, 127] as [Int8])
    #expect(try root.runError([[0, -101]] as [[Int8]])?.code == .invalidData)
    // exp(1) over 0.1 = 27; exp(12) saturates.
    #expect(try unary(.exp, .int8, 2, scales: (0.1, 0.1)).compute([[10, 120]] as [[Int8]]) == [27, 127] as [Int8])
    // log(7.4) = 2.0 over 0.1 = 20; of -1 the lowest.
    #expect(try unary(.log, .int8, 2, scales: (0.1, 0.1)).compute([[74, -10]] as [[Int8]]) == [20, -128] as [Int8])
    // exp(-1) - 1 = -0.632 over 0.01 = -63.
    #expect(try unary(.elu, .int8, 2, scales: (0.1, 0.01)).compute([[-10, 5]] as [[Int8]]) == [-63, 50] as [Int8])
    // tanh(0.5) = 0.462 times 128 = 59.2.
    #expect(try unary(.tanh, .int8, 1, scales: (0.1, 1 / 128)).compute([[5]] as [[Int8]]) == [59] as [Int8])
  }

  @Test("int8: HARD_SWISH, GELU, LEAKY_RELU and the clamping activations")
  func byteActivations() throws {
    // x * clamp(x + 3, 0, 6) / 6: 4, -0.375 and 0, in steps of 0.125 from 10 on.
    #expect(
      try unary(.hardSwish, .int8, 3, scales: (0.125, 0.125), zeroPoints: (0, 10))
        .compute([[32, -12, -40]] as [[Int8]]) == [42, 7, 10] as [Int8])
    // gelu(1) = 0.8413, gelu(-1) = -0.1587.
    for isApproximate in [false, true] {
      #expect(
        try unary(.gelu, .int8, 2, scales: (0.1, 0.01), options: (116, FlatTable([0: .bool(isApproximate)])))
          .compute([[10, -10]] as [[Int8]]) == [84, -16] as [Int8])
    }
    #expect(
      try unary(
        .leakyRelu, .uint8, 2, scales: (1, 1), zeroPoints: (100, 50), options: (75, FlatTable([0: .float(0.5)]))
      )
      .compute([[90, 110]] as [[UInt8]]) == [45, 60] as [UInt8])
    #expect(
      try unary(.reluN1To1, .int8, 3, scales: (0.5, 0.25)).compute([[-9, 1, 9]] as [[Int8]]) == [-4, 2, 4] as [Int8])
    #expect(
      try unary(.relu0To1, .int8, 3, scales: (0.5, 0.25)).compute([[-9, 1, 9]] as [[Int8]]) == [0, 2, 4] as [Int8])
  }

  @Test("FAKE_QUANT rounds to the steps of a range moved onto 0")
  func fakeQuantize() throws {
    // 15 steps from -1 to 1 of 2 / 15; 0 is at 7.4999995, moved to 7: from -14/15 to 16/15.
    let options = (type: UInt8(58), table: FlatTable([0: .float(-1), 1: .float(1), 2: .int32(4)]))
    let given = try floats(.fakeQuant, [-2, 0, 0.1, 5], options: options)
    for (value, expected) in zip(given, [-14.0 / 15, 0, 2.0 / 15, 16.0 / 15]) {
      #expect((Double(value) - expected).magnitude < 1e-6)
    }
  }
}
