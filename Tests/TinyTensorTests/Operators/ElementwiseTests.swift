import Foundation
import Testing

@testable import TinyTensor

@Suite("Elementwise operators")
struct ElementwiseTests {
  private func binary(
    _ code: BuiltinOperator, _ left: [Int], _ right: [Int], output: [Int], type: ElementType = .int8,
    scales: (Float, Float, Float) = (1, 1, 1), zeroPoints: (Int64, Int64, Int64) = (0, 0, 0), activation: Int8 = 0
  ) -> TestModel {
    var test = TestModel()
    let lhs = test.input("left", left, type, scale: scales.0, zeroPoint: zeroPoints.0)
    let rhs = test.input("right", right, type, scale: scales.1, zeroPoint: zeroPoints.1)
    let result = test.output(output, type, scale: scales.2, zeroPoint: zeroPoints.2)
    test.add(
      code, [lhs, rhs], [result],
      options: code == .add ? Options.add(activation: activation) : Options.multiply(activation: activation))
    return test
  }

  @Test("ADD brings both operands to one scale")
  func add() throws {
    // 10 * 0.5 + (4 - 2) * 0.25 = 5.5; over 0.25 is 22; plus 1.
    let test = binary(.add, [2], [2], output: [2], scales: (0.5, 0.25, 0.25), zeroPoints: (0, 2, 1))
    #expect(signed(try test.run([bits([10, -10]), bits([4, 2])])[0]) == [23, -19])
  }

  @Test("ADD saturates and honours a fused activation")
  func addActivation() throws {
    let test = binary(.add, [3], [3], output: [3], activation: 3)
    #expect(signed(try test.run([bits([100, -5, 2]), bits([100, 1, 2])])[0]) == [6, 0, 4])
    #expect(signed(try binary(.add, [1], [1], output: [1]).run([bits([100]), bits([100])])[0]) == [127])
  }

  @Test("operands are repeated along axes of size 1 and along missing ones")
  func broadcasting() throws {
    let row = binary(.add, [2, 3], [3], output: [2, 3])
    #expect(try row.run([[1, 2, 3, 4, 5, 6], [10, 20, 30]]) == [[11, 22, 33, 14, 25, 36]])
    let column = binary(.add, [2, 1], [1, 3], output: [2, 3])
    #expect(try column.run([[1, 2], [10, 20, 30]]) == [[11, 21, 31, 12, 22, 32]])
    let scalar = binary(.mul, [], [2, 2], output: [2, 2])
    #expect(try scalar.run([[3], [1, 2, 3, 4]]) == [[3, 6, 9, 12]])
    let middle = binary(.mul, [2, 1, 2], [1, 3, 1], output: [2, 3, 2])
    #expect(
      try middle.run([[1, 2, 3, 4], [1, 2, 3]])
        == [[1, 2, 2, 4, 3, 6, 3, 4, 6, 8, 9, 12]])
  }

  @Test("MUL scales the product of differences")
  func multiply() throws {
    // (5 - 1) * (6 - 2) * 0.5 * 0.5 / 2 = 2; (-3 - 1) * 4 / 8 = -2; halves away from zero: 1 * 4 / 8 = 0.5 -> 1.
    let test = binary(.mul, [3], [3], output: [3], scales: (0.5, 0.5, 2), zeroPoints: (1, 2, 0))
    #expect(signed(try test.run([bits([5, -3, 2]), bits([6, 6, 6])])[0]) == [2, -2, 1])
    let unsigned = binary(
      .mul, [2], [2], output: [2], type: .uint8, scales: (1, 1, 1), zeroPoints: (128, 128, 128))
    #expect(try unsigned.run([[130, 120], [133, 129]]) == [[138, 120]])
  }

  @Test("RELU and RELU6 change the scale and clamp")
  func relu() throws {
    let relu = TestModel.unary(
      .relu, input: [4], output: [4], inputScale: 0.5, outputScale: 0.25, outputZeroPoint: -100)
    // Real -1, 0, 1, 50 is 0, 0, 1, 50; over 0.25 from -100 on.
    #expect(signed(try relu.run([bits([-2, 0, 2, 100])])[0]) == [-100, -100, -96, 100])
    let relu6 = TestModel.unary(
      .relu6, .uint8, input: [4], output: [4], inputScale: 0.5, inputZeroPoint: 10, outputScale: 0.5,
      outputZeroPoint: 20)
    #expect(try relu6.run([[0, 10, 14, 255]]) == [[20, 20, 24, 32]])
  }

  @Test("LOGISTIC equals the logistic function to half a step", arguments: [ElementType.int8, .uint8])
  func logistic(type: ElementType) throws {
    let zeroPoint: Int64 = type == .int8 ? -128 : 0
    let middle: Int64 = type == .int8 ? 0 : 128
    let test = TestModel.unary(
      .logistic, type, input: [256], output: [256], inputScale: 1 / 16, inputZeroPoint: middle, outputScale: 1 / 256,
      outputZeroPoint: zeroPoint)
    let input = (0...255).map { UInt8($0) }
    let output = try test.run([input])[0]
    for index in 0..<256 {
      let stored = type == .int8 ? Int(Int8(bitPattern: input[index])) : Int(input[index])
      let value = 1 / (1 + exp(-Double(stored - Int(middle)) / 16))
      let result = type == .int8 ? Int(Int8(bitPattern: output[index])) : Int(output[index])
      let expected = min((value * 256).rounded(.toNearestOrAwayFromZero), 255)
      #expect(abs(Double(result - Int(zeroPoint)) - expected) <= 0, "at \(stored)")
    }
  }

  @Test("QUANTIZE divides in single precision, rounds half away from zero and saturates")
  func quantize() throws {
    var test = TestModel()
    let input = test.input([8], .float32)
    let output = test.output([8], .int8, scale: 0.5, zeroPoint: 3)
    test.add(.quantize, [input], [output])
    let values: [Float] = [0, 0.25, -0.25, 0.24, 1e30, -1e30, .infinity, .nan]
    let model = try Model(bytes: test.bytes)
    var session = try model.makeSession()
    var elements = try session.mutableInput(model.input(at: 0), as: Float.self)
    for index in values.indices { elements[index] = values[index] }
    try session.run()
    #expect(signed(try session.outputArray(model.output(at: 0))) == [3, 4, 2, 3, 127, -128, 127, 3])
  }

  @Test("QUANTIZE between 8-bit types moves the zero point and scales")
  func requantize() throws {
    var test = TestModel()
    let input = test.input([4], .int8, scale: 0.5, zeroPoint: 0)
    let output = test.output([4], .uint8, scale: 1, zeroPoint: 128)
    test.add(.quantize, [input], [output])
    // Halving rounds ties up: 3 / 2 -> 2; -3 / 2 -> -1.
    #expect(try test.run([bits([4, 3, -3, -128])]) == [[130, 130, 127, 64]])
  }

  @Test("QUANTIZE from int16 to int8 and back")
  func requantizeWide() throws {
    var test = TestModel()
    let input = test.input([3], .int16, scale: 0.25)
    let middle = test.tensor("middle", [3], .int8, scale: 1, zeroPoint: 1)
    let output = test.output([3], .int16, scale: 0.5)
    test.add(.quantize, [input], [middle])
    test.add(.quantize, [middle], [output])
    // 40 / 4 + 1 = 11 and back 20; -6 / 4 = -1.5 -> -2 and back -4; 30000 saturates at 127: 126 * 2.
    let bytes: [UInt8] = [40, 0, 0xFA, 0xFF, 0x30, 0x75]
    #expect(try test.run([bytes]) == [[20, 0, 0xFC, 0xFF, 252, 0]])
  }

  @Test("DEQUANTIZE gives scale times difference")
  func dequantize() throws {
    var test = TestModel()
    let input = test.input([3], .uint8, scale: 0.1, zeroPoint: 10)
    let output = test.output([3], .float32)
    test.add(.dequantize, [input], [output])
    let model = try Model(bytes: test.bytes)
    var session = try model.makeSession()
    try session.setInput(model.input(at: 0), bytes: [10, 13, 0].span)
    try session.run()
    let expected = [Float(0), Float(Double(Float(0.1)) * 3), Float(Double(Float(0.1)) * -10)]
    #expect(try session.realOutput(model.output(at: 0)) == expected)
  }
}
