import Testing

@testable import TinyTensor

/// Numbers small enough to check by hand; scales are powers of two.
@Suite("Layers with 16-bit activations, and matrices")
struct WideLayerTests {
  private func run(_ test: TestModel, _ input: [Int16]) throws -> [Int16] {
    integers(try test.run([bytes(input)])[0])
  }

  @Test("convolution: a 64-bit bias is summed in 64 bits and scaled with one rounding, ties up")
  func wide() throws {
    let test = TestModel.pointwise(
      filter: [2, 1, 1, 2], .int8, [Int8(1), 2, 3, -4], bias: [Int64(1), 0], outputScale: 2)
    // (1*300 + 2*100 + 1) / 2 = 250.5 -> 251; (900 - 400) / 2; (-3 - 200 + 1) / 2 = -101; (-9 + 400) / 2 = 195.5 -> 196.
    #expect(try run(test, [300, 100, -3, -100]) == [251, 250, -101, 196])
    // A bias that 32 bits do not hold: 2^33 - 2^33 + small numbers would be 0 in 32 bits, too; a factor of 2^-20 shows it.
    let large = TestModel.pointwise(
      filter: [1, 1, 1, 1], .int8, [Int8(1)], bias: [Int64(1) << 33], outputScale: 0x1p20)
    #expect(try run(large, [0, 5]) == [8192, 8192])
  }

  @Test("convolution: a 32-bit bias is summed in 32 bits and scaled with two roundings")
  func narrow() throws {
    // -20/8 = -2.5 -> -3 by the second rounding, away from zero; 3/8 -> 2/4 -> 1 by the first and the second.
    for biasType in [Int8(0), 2] {
      let test = TestModel.pointwise(
        filter: [1, 1, 1, 1], .int8, [Int8(1)], bias: [Int32(0)], .int32, outputScale: 8,
        options: (1, FlatTable([0: .int8(1), 1: .int32(1), 2: .int32(1), 6: .int8(biasType)])))
      #expect(try run(test, [-20, 3]) == [-3, 1])
    }
    // With 64 bits: -2.5 rounds up to -2; 0.375 to 0.
    let wide = TestModel.pointwise(
      filter: [1, 1, 1, 1], .int8, [Int8(1)], bias: [Int64(0)], outputScale: 8)
    #expect(try run(wide, [-20, 3]) == [-2, 0])
    // Without a bias the option decides.
    let unbiased = TestModel.pointwise(
      filter: [1, 1, 1, 1], .int8, [Int8(1)], bias: [Int64]?.none, outputScale: 8)
    #expect(try run(unbiased, [-20, 3]) == [-2, 0])
  }

  @Test("results beyond 16 bits are clamped")
  func clamped() throws {
    let test = TestModel.pointwise(filter: [1, 1, 1, 1], .int8, [Int8(2)], bias: [Int64(0)])
    #expect(try run(test, [20000, -20000]) == [32767, -32768])
  }

  @Test("depthwise: each channel has its own filter and 64-bit bias")
  func depthwise() throws {
    let test = TestModel.pointwise(
      .depthwiseConv2D, filter: [1, 1, 1, 2], .int8, [Int8(3), -1], bias: [Int64(10), 20], scales: [1, 0.5],
      options: Options.depthwise(padding: 1))
    // 3*100 + 10; (-200 + 20) / 2; 3*-5 + 10; (-7 + 20) / 2 = 6.5 -> 7.
    #expect(try run(test, [100, 200, -5, 7]) == [310, -90, -5, 7])
  }

  private func fullyConnected(_ biasType: ElementType, outputScale: Float = 2) -> TestModel {
    var test = TestModel()
    let input = test.input([2, 1], .int16, scale: 1)
    let weights = test.constant("weights", [1, 1], .int8, [Int8(1)], scales: [1])
    let bias =
      biasType == .int64
      ? test.constant("bias", [1], .int64, [Int64(0)]) : test.constant("bias", [1], .int32, [Int32(0)])
    let output = test.output([2, 1], .int16, scale: outputScale)
    test.add(.fullyConnected, [input, weights, bias], [output], options: Options.fullyConnected())
    return test
  }

  @Test("fully connected: LiteRT rounds halves away from zero in double precision, tflite-micro up in fixed point")
  func arithmetics() throws {
    let micro = ModelOptions(fullyConnectedArithmetic: .micro)
    for type in [ElementType.int64, .int32] {
      let test = fullyConnected(type)
      #expect(integers(try test.run([bytes([Int16(-3), 3])])[0]) == [Int16(-2), 2])
      #expect(integers(try test.run([bytes([Int16(-3), 3])], options: micro)[0]) == [Int16(-1), 2])
    }
    var bytewise = fullyConnected(.int32)
    bytewise.tensors[0].type = .int8
    bytewise.tensors[3].type = .int8
    #expect(signed(try bytewise.run([bits([-3, 3])])[0]) == [-2, 2])
    #expect(signed(try bytewise.run([bits([-3, 3])], options: micro)[0]) == [-1, 2])
    // uint8 has no negative sums here but for its zero point.
    bytewise.tensors[0] = .init(name: "input", shape: [2, 1], type: .uint8, scales: [1], zeroPoints: [100])
    bytewise.tensors[1].type = .uint8
    bytewise.tensors[3] = .init(name: "output", shape: [2, 1], type: .uint8, scales: [2], zeroPoints: [50])
    #expect(try bytewise.run([[97, 103]]) == [[48, 52]])
    #expect(try bytewise.run([[97, 103]], options: micro) == [[49, 52]])
    // From uint8 to int16.
    bytewise.tensors[3] = .init(name: "output", shape: [2, 1], type: .int16, scales: [2], zeroPoints: [0])
    #expect(integers(try bytewise.run([[97, 103]])[0]) == [Int16(-2), 2])
    #expect(integers(try bytewise.run([[97, 103]], options: micro)[0]) == [Int16(-1), 2])
  }

  @Test("transposed convolution: every pixel adds a window, which padding cuts")
  func transposed() throws {
    // A row 1 2 with the window 1 2 3 and stride 2, SAME: the whole is 1 2 3+2 4 6; of 5, one goes to padding behind.
    let test = TestModel.transposed(
      input: [1, 1, 2, 1], filter: [1, 2, 3], kernel: [1, 3], output: [1, 1, 4, 1], stride: 2)
    #expect(try test.run([[1, 2]]) == [[1, 2, 5, 4]])
    let valid = TestModel.transposed(
      input: [1, 1, 2, 1], filter: [1, 2, 3], kernel: [1, 3], output: [1, 1, 5, 1], stride: 2, padding: 1)
    #expect(try valid.run([[1, 2]]) == [[1, 2, 5, 4, 6]])
    let wide = TestModel.transposed(
      input: [1, 1, 2, 1], filter: [1, 2, 3], kernel: [1, 3], output: [1, 1, 5, 1], stride: 2, padding: 1, type: .int16)
    #expect(integers(try wide.run([bytes([Int16(1000), -2000])])[0]) == [Int16(1000), 2000, 1000, -4000, -6000])
    // Two rows: 1 * (1 2 / 3 4) in the corner of 2 x 2 blocks.
    let square = TestModel.transposed(
      input: [1, 1, 2, 1], filter: [1, 2, 3, 4], kernel: [2, 2], output: [1, 2, 4, 1], stride: 2)
    #expect(try square.run([[1, 10]]) == [[1, 2, 10, 20, 3, 4, 30, 40]])
  }

  @Test("products of matrices, transposed and broadcast")
  func matrices() throws {
    // (1 2 / 3 4) (5 6 / 7 8) = (19 22 / 43 50).
    let plain = TestModel.matrices(.int8, [2, 2], [2, 2], [2, 2])
    #expect(try plain.run([[1, 2, 3, 4], [5, 6, 7, 8]]) == [[19, 22, 43, 50]])
    let both = TestModel.matrices(.int8, [2, 2], [2, 2], [2, 2], isLhsTransposed: true, isRhsTransposed: true)
    #expect(try both.run([[1, 3, 2, 4], [5, 7, 6, 8]]) == [[19, 22, 43, 50]])
    // Zero points 1, 2, -10: (0 1) (3 / 4) - 10.
    let shifted = TestModel.matrices(.int8, [1, 2], [2, 1], [1, 1], zeroPoints: (1, 2, -10))
    #expect(signed(try shifted.run([[1, 2], [5, 6]])[0]) == [-6])
    // One row with two matrices of [2, 1].
    let broadcast = TestModel.matrices(.int8, [1, 1, 2], [2, 2, 1], [2, 1, 1])
    #expect(try broadcast.run([[1, 2], [3, 4, 5, 6]]) == [[11, 17]])
    // 2000 * 2000 * 2 / 1024 = 7812.5 -> 7813.
    let wide = TestModel.matrices(.int16, [1, 2], [2, 1], [1, 1], outputScale: 1024)
    #expect(
      integers(try wide.run([bytes([Int16(2000), 2000]), bytes([Int16(2000), 2000])])[0]) == [Int16(7813)])
    let real = TestModel.matrices(.float32, [1, 2], [2, 1], [1, 1])
    #expect(floats(try real.run([bytes([Float(0.5), 2]), bytes([Float(3), -1])])[0]) == [-0.5])
  }

  @Test("pools of 16 bits")
  func pools() throws {
    var average = TestModel.unary(
      .averagePool2D, .int16, input: [1, 1, 4, 1], output: [1, 1, 2, 1],
      options: Options.pool(padding: 1, stride: 2, width: 2, height: 1))
    // 501 / 2 -> 251, away from zero; -501 / 2 -> -251.
    #expect(try run(average, [500, 1, -500, -1]) == [251, -251])
    average.operators[0].code = .maxPool2D
    #expect(try run(average, [500, 1, -500, -1]) == [500, -1])
  }
}
