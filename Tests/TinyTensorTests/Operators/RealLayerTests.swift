import AllocationCounter
import Testing

@testable import TinyTensor

@Suite("Layers of real numbers, packed weights and hybrid layers")
struct RealLayerTests {
  @Test("float32 convolution, with activations")
  func convolution() throws {
    func run(_ activation: Int8) throws -> [Float] {
      let test = TestModel.pointwise(
        input: .float32, filter: [2, 1, 1, 2], .float32, [Float(0.5), 2, -1, 4].map(\.bitPattern),
        bias: [Float(0.25), -1].map(\.bitPattern), .float32,
        options: Options.convolution(padding: 1, activation: activation))
      return floats(try test.run([bytes([Float(1), 2, -3, 0.5])])[0])
    }
    // 0.5 + 4 + 0.25; -1 + 8 - 1; -1.5 + 1 + 0.25; 3 + 2 - 1.
    #expect(try run(0) == [4.75, 6, -0.25, 4])
    #expect(try run(1) == [4.75, 6, 0, 4])
    #expect(try run(2) == [1, 1, -0.25, 1])
    #expect(try run(3) == [4.75, 6, 0, 4])
  }

  @Test("float32 depthwise and fully connected")
  func layers() throws {
    let depthwise = TestModel.pointwise(
      .depthwiseConv2D, input: .float32, filter: [1, 1, 1, 2], .float32, [Float(2), -0.5].map(\.bitPattern),
      bias: [UInt32]?.none, options: Options.depthwise(padding: 1))
    #expect(floats(try depthwise.run([bytes([Float(1), 2, 3, 4])])[0]) == [2, -1, 6, -2])

    var test = TestModel()
    let input = test.input([1, 2], .float32)
    let weights = test.constant("weights", [2, 2], [1, 2, 0.5, -1])
    let output = test.output([1, 2], .float32)
    test.add(.fullyConnected, [input, weights], [output], options: Options.fullyConnected())
    #expect(floats(try test.run([bytes([Float(3), 4])])[0]) == [11, -2.5])
  }

  @Test("float16 weights become float32 when the model is loaded")
  func half() throws {
    var test = TestModel()
    let input = test.input([1, 2], .float32)
    // 1 and -0.5.
    let packed = test.constant("half", [1, 2], .float16, [UInt16(0x3C00), 0xB800])
    let weights = test.tensor("weights", [1, 2], .float32)
    let output = test.output([1, 1], .float32)
    test.add(.dequantize, [packed], [weights])
    test.add(.fullyConnected, [input, weights], [output], options: Options.fullyConnected())
    #expect(floats(try test.run([bytes([Float(3), 4])])[0]) == [1])
    let reference = Device.cpu(CPUOptions(kernels: .reference))
    let model = try Model(bytes: test.bytes, device: reference)
    #expect(model.operators.map(\.kernel) == ["folded", "fc.f32f32.reference"])
  }

  @Test("pools of real numbers")
  func pools() throws {
    func run(_ code: BuiltinOperator, activation: Int8 = 0) throws -> [Float] {
      var test = TestModel()
      let input = test.input([1, 1, 4, 1], .float32)
      let output = test.output([1, 1, 2, 1], .float32)
      test.add(
        code, [input], [output],
        options: Options.pool(padding: 1, stride: 2, width: 2, height: 1, activation: activation))
      return floats(try test.run([bytes([Float(1), 7, -6, 8])])[0])
    }
    #expect(try run(.averagePool2D) == [4, 1])
    #expect(try run(.maxPool2D) == [7, 8])
    // sqrt((1 + 49) / 2); sqrt((36 + 64) / 2).
    #expect(try run(.l2Pool2D) == [5, Float(50).squareRoot()])
    #expect(try run(.maxPool2D, activation: 3) == [6, 6])
  }

  @Test("4-bit weights: the even element is in the low nibble; 2-bit weights fill bytes from the low bits on")
  func packed() throws {
    // 1, -2, 7, -8, and 3 at the end of an odd count.
    let nibbles = TestModel.pointwise(
      input: .int8, filter: [5, 1, 1, 1], .int4, [UInt8(0xE1), 0x87, 0x03], bias: [Int32(0), 0, 0, 0, 0], .int32)
    #expect(signed(try nibbles.run([bits([1, -2])])[0]) == [1, -2, 7, -8, 3, -2, 4, -14, 16, -6])
    // 0, 1, -2, -1, and 1: 00, 01, 10, 11 from the low bits on.
    let pairs = TestModel.pointwise(
      input: .int8, filter: [5, 1, 1, 1], .int2, [UInt8(0b1110_0100), 0b01], bias: [Int32(0), 0, 0, 0, 0], .int32)
    #expect(signed(try pairs.run([bits([10, 1])])[0]) == [0, 10, -20, -10, 10, 0, 1, -2, -1, 1])
  }

  private func hybrid(isAsymmetric: Bool, activation: Int8 = 0) -> TestModel {
    var test = TestModel()
    let input = test.input([2, 2], .float32)
    let weights = test.constant("weights", [1, 2], .int8, [Int8(2), 1], scales: [0.5])
    let bias = test.constant("bias", [1], [10])
    let output = test.output([2, 1], .float32)
    test.add(
      .fullyConnected, [input, weights, bias], [output],
      options: (8, FlatTable([0: .int8(activation), 3: .bool(isAsymmetric)])))
    return test
  }

  @Test("hybrid layers quantize each row by its own range")
  func hybrid() throws {
    // Symmetric: 127 -> 127 in steps of 1, -63.5 -> -64 (away from zero): (254 - 64) / 2 + 10; zeros give the bias.
    #expect(floats(try hybrid(isAsymmetric: false).run([bytes([Float(127), -63.5, 0, 0])])[0]) == [105, 10])
    // Asymmetric: 0 to 255 in steps of 1 around -128: 255 -> 127, 100.4 -> -27.6 -> -28, which is 100:
    // (510 + 100) / 2 + 10. The second row has steps of 2: 510 and 0: 510 + 10.
    #expect(floats(try hybrid(isAsymmetric: true).run([bytes([Float(255), 100.4, 510, 0])])[0]) == [315, 520])
    // The hyperbolic tangent of 105 and of 10 is 1 in single precision.
    #expect(
      floats(try hybrid(isAsymmetric: false, activation: 4).run([bytes([Float(127), -63.5, 0, 0])])[0]) == [1, 1])
    // Numbers that are no numbers give something, and no trap.
    for isAsymmetric in [false, true] {
      let odd = bytes([Float.nan, .infinity, -.infinity, Float.leastNonzeroMagnitude])
      #expect(try hybrid(isAsymmetric: isAsymmetric).run([odd])[0].count == 8)
    }
  }

  @Test("hybrid convolutions are symmetric with one scale and asymmetric with several")
  func hybridConvolution() throws {
    func run(_ code: BuiltinOperator, _ filter: [Int], scales: [Float]) throws -> [Float] {
      let test = TestModel.pointwise(
        code, input: .float32, filter: filter, .int8, [Int8](repeating: 1, count: 2), bias: [UInt32]?.none,
        scales: scales,
        options: code == .conv2D ? Options.convolution(padding: 1) : Options.depthwise(padding: 1))
      return floats(try test.run([bytes((0..<(2 * filter[3])).map { [Float(255), 100.4, 0, 0][$0] })])[0])
    }
    // Steps of 255 / 127: 100.4 is 50.0 of them, which is 50: 100.39...
    let step = Float(255) / 127
    #expect(try run(.conv2D, [2, 1, 1, 1], scales: [1]) == [255, 255, 50 * step, 50 * step])
    #expect(try run(.conv2D, [2, 1, 1, 1], scales: [1, 0.5]) == [255, 127.5, 100, 50])
    #expect(try run(.depthwiseConv2D, [1, 1, 1, 2], scales: [1, 0.5]) == [255, 50, 0, 0])
  }

  @Test("hybrid products of matrices quantize each row of the left matrix")
  func hybridMatrices() throws {
    for isAsymmetric in [false, true] {
      var test = TestModel()
      let lhs = test.input("left", [2, 2], .float32)
      let rhs = test.constant("right", [2, 1], .int8, [Int8(2), 1], scales: [0.5])
      let output = test.output([2, 1], .float32)
      test.add(.batchMatMul, [lhs, rhs], [output], options: (101, FlatTable([2: .bool(isAsymmetric)])))
      let values = isAsymmetric ? [Float(255), 100.4, 510, 0] : [127, -63.5, 0, 0]
      // As in the fully connected layer above, without its bias of 10.
      #expect(floats(try test.run([bytes(values)])[0]) == (isAsymmetric ? [305, 510] : [95, 0]))
    }
  }

  @Test("convolution of a volume")
  func volume() throws {
    // Two layers of 1 x 2 pixels, a filter over both layers: 1*1 + 10*3; 2*1 + 10*4.
    let test = TestModel.volume(input: [1, 2, 1, 2, 1], filter: [2, 1, 1, 1, 1], [1, 10], output: [1, 1, 1, 2, 1])
    #expect(floats(try test.run([bytes([Float(1), 2, 3, 4])])[0]) == [31, 42])
    // SAME puts the missing layer behind: the second layer sees itself alone.
    let same = TestModel.volume(
      input: [1, 2, 1, 2, 1], filter: [2, 1, 1, 1, 1], [1, 10], output: [1, 2, 1, 2, 1], padding: 0)
    #expect(floats(try same.run([bytes([Float(1), 2, 3, 4])])[0]) == [31, 42, 3, 4])
    // Two channels to two: 1*1 + 2*3, 1*2 + 2*4; a stride of 2 along the width leaves out 3 4.
    let channels = TestModel.volume(
      input: [1, 1, 1, 3, 2], filter: [1, 1, 1, 2, 2], [1, 2, 3, 4], output: [1, 1, 1, 2, 2], strides: [1, 1, 2])
    #expect(floats(try channels.run([bytes([Float(1), 2, 3, 4, 0, -1])])[0]) == [7, 10, -3, -4])
  }

  @Test("DEQUANTIZE with a scale and a zero point for each slice, and of packed constants")
  func dequantize() throws {
    var test = TestModel()
    let input = test.input([2, 2, 2], .int8, scale: 1)
    test.tensors[0].scales = [0.5, 2]
    test.tensors[0].zeroPoints = [0, 1]
    test.tensors[0].axis = 1
    let output = test.output([2, 2, 2], .float32)
    test.add(.dequantize, [input], [output])
    #expect(floats(try test.run([bits([1, 2, 3, 4, -1, -2, -3, -4])])[0]) == [0.5, 1, 4, 6, -0.5, -1, -8, -10])
    test.tensors[0].zeroPoints = []
    #expect(floats(try test.run([bits([1, 2, 3, 4, -1, -2, -3, -4])])[0]) == [0.5, 1, 6, 8, -0.5, -1, -6, -8])

    var packed = TestModel()
    // 1, -1, 7.
    let nibbles = packed.constant("nibbles", [3], .int4, [UInt8(0xF1), 0x07], scales: [0.5])
    let result = packed.output([3], .float32)
    packed.add(.dequantize, [nibbles], [result])
    #expect(floats(try packed.run([])[0]) == [0.5, -0.5, 3.5])
  }

  @Test("a run allocates nothing", .enabled(if: tinytensor_counts_allocations() == 1))
  func allocations() throws {
    let models = [
      hybrid(isAsymmetric: true),
      TestModel.matrices(.float32, [2, 2], [2, 2], [2, 2]),
      TestModel.transposed(input: [1, 1, 2, 1], filter: [1, 2, 3], kernel: [1, 3], output: [1, 1, 4, 1], stride: 2),
      TestModel.resize(.resizeBilinear, .uint8, input: [1, 2, 2, 1], size: [3, 3]),
      TestModel.resize(.resizeNearestNeighbor, .uint8, input: [1, 2, 2, 1], size: [3, 3]),
    ]
    for test in models {
      let model = try Model(bytes: test.bytes)
      var session = try model.makeSession()
      for round in 0..<2 {
        let before = tinytensor_allocation_count()
        for _ in 0..<10 { try session.run() }
        let count = tinytensor_allocation_count() - before
        if round == 1 { #expect(count == 0) }
      }
    }
  }
}
