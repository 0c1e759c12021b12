import Testing

@testable import TinyTensor

/// Numbers small enough to check by hand: scales are powers of two, so that no product is rounded unless it is said.
@Suite("Convolutions and fully connected layers")
struct ConvolutionTests {
  /// One image of one channel, one filter of one channel.
  private func model(
    size: Int, filter: [Int8], kernel: Int, output: Int, bias: Int32, inputZeroPoint: Int64 = 0,
    outputZeroPoint: Int64 = 0, outputScale: Float = 1, options: (type: UInt8, table: FlatTable)
  ) -> TestModel {
    var model = TestModel()
    let input = model.input([1, size, size, 1], .int8, scale: 1, zeroPoint: inputZeroPoint)
    let weights = model.constant("filter", [1, kernel, kernel, 1], .int8, filter, scales: [1])
    let biases = model.constant("bias", [1], .int32, [bias])
    let result = model.output([1, output, output, 1], .int8, scale: outputScale, zeroPoint: outputZeroPoint)
    model.add(.conv2D, [input, weights, biases], [result], options: options)
    return model
  }

  @Test("a 2 x 2 filter with VALID padding")
  func valid() throws {
    // 1*1 + 2*2 + 4*3 + 5*4 + 1 = 38; 2*1 + 3*2 + 5*3 + 6*4 + 1 = 48; and so on.
    let test = model(
      size: 3, filter: [1, 2, 3, 4], kernel: 2, output: 2, bias: 1, options: Options.convolution(padding: 1))
    #expect(try test.run([[1, 2, 3, 4, 5, 6, 7, 8, 9]]) == [[38, 48, 68, 78]])
  }

  @Test("SAME padding puts the odd row and column behind, and padding counts as the real value 0")
  func same() throws {
    // The zero point 1 makes the image 0 1 / 2 3; what lies outside is 0.
    let test = model(
      size: 2, filter: [1, 2, 3, 4], kernel: 2, output: 2, bias: 0, inputZeroPoint: 1, options: Options.convolution())
    // 0*1 + 1*2 + 2*3 + 3*4 = 20; 1*1 + 3*3 = 10; 2*1 + 3*2 = 8; 3*1 = 3.
    #expect(try test.run([[1, 2, 3, 4]]) == [[20, 10, 8, 3]])
  }

  @Test("strides and dilations")
  func strides() throws {
    let strided = model(
      size: 3, filter: [1, 0, 0, 1], kernel: 2, output: 2, bias: 0,
      options: Options.convolution(padding: 0, strideWidth: 2, strideHeight: 2))
    // Windows at (0, 0), (0, 2), (2, 0), (2, 2): 1+5, 3, 7, 9.
    #expect(try strided.run([[1, 2, 3, 4, 5, 6, 7, 8, 9]]) == [[6, 3, 7, 9]])
    let dilated = model(
      size: 3, filter: [1, 2, 3, 4], kernel: 2, output: 1, bias: 0,
      options: Options.convolution(padding: 1, dilationWidth: 2, dilationHeight: 2))
    // The corners: 1 + 2*3 + 3*7 + 4*9 = 64.
    #expect(try dilated.run([[1, 2, 3, 4, 5, 6, 7, 8, 9]]) == [[64]])
  }

  @Test("the output is scaled, rounded, shifted and clamped")
  func requantization() throws {
    // Halved by a doubling high multiplication, which rounds ties up: 3 -> 1.5 -> 2, -3 -> -1.5 -> -1, then + 10.
    let test = model(
      size: 2, filter: [1], kernel: 1, output: 2, bias: 0, outputZeroPoint: 10, outputScale: 2,
      options: Options.convolution())
    #expect(signed(try test.run([bits([3, -3, 127, -128])])[0]) == [12, 9, 74, -54])
    // A factor of 1/8 is a multiplication by 1/2 and a shift by 2, which rounds ties away from zero:
    // -20 -> -10 -> -2.5 -> -3; 20 -> 10 -> 2.5 -> 3; 3 -> 2 -> 0.5 -> 1, where the real 0.375 is nearer to 0.
    let eighth = model(
      size: 2, filter: [1], kernel: 1, output: 2, bias: 0, outputScale: 8, options: Options.convolution())
    #expect(signed(try eighth.run([bits([-20, 20, 3, -4])])[0]) == [-3, 3, 1, -1])
    let clamped = model(
      size: 2, filter: [127], kernel: 1, output: 2, bias: 0, options: Options.convolution())
    #expect(signed(try clamped.run([bits([3, -3, 1, -1])])[0]) == [127, -128, 127, -127])
  }

  @Test(
    "fused activations clamp to their real range",
    arguments: zip([Int8(0), 1, 2, 3], [[Int8(-20), 2, 40], [4, 4, 40], [2, 2, 6], [4, 4, 16]]))
  func activations(activation: Int8, expected: [Int8]) throws {
    // Output scale 1/2, zero point 4: RELU from 4, RELU6 up to 4 + 12, RELU_N1_TO_1 from 2 to 6.
    var test = TestModel()
    let input = test.input([1, 1, 3, 1], .int8, scale: 0.5)
    let filter = test.constant("filter", [1, 1, 1, 1], .int8, [Int8(1)], scales: [1])
    let output = test.output([1, 1, 3, 1], .int8, scale: 0.5, zeroPoint: 4)
    test.add(.conv2D, [input, filter], [output], options: Options.convolution(activation: activation))
    #expect(signed(try test.run([bits([-24, -2, 36])])[0]) == expected)
  }

  @Test("each channel has its own scale, and the bias may be left out")
  func channels() throws {
    var test = TestModel()
    let input = test.input([1, 1, 1, 2], .int8, scale: 1)
    let filter = test.constant(
      "filter", [3, 1, 1, 2], .int8, [Int8(1), 1, 2, -1, -3, 0], scales: [1, 0.5, 0.25])
    let output = test.output([1, 1, 1, 3], .int8, scale: 1)
    test.add(.conv2D, [input, filter, -1], [output], options: Options.convolution())
    // (8 + 4) * 1; (16 - 4) / 2; -24 / 4.
    #expect(signed(try test.run([[8, 4]])[0]) == [12, 6, -6])
    test.operators[0].inputs.removeLast()
    #expect(signed(try test.run([[8, 4]])[0]) == [12, 6, -6])
  }

  @Test("groups see their own channels")
  func groups() throws {
    var test = TestModel()
    let input = test.input([1, 1, 1, 4], .int8, scale: 1)
    let filter = test.constant("filter", [4, 1, 1, 2], .int8, [Int8(1), 0, 0, 1, 1, 1, 2, 3], scales: [1])
    let output = test.output([1, 1, 1, 4], .int8, scale: 1)
    test.add(.conv2D, [input, filter], [output], options: Options.convolution())
    // Outputs 0 and 1 see 1, 2; outputs 2 and 3 see 3, 4.
    #expect(try test.run([[1, 2, 3, 4]]) == [[1, 2, 7, 18]])
  }

  @Test("uint8 filters have a zero point too")
  func unsigned() throws {
    var test = TestModel()
    let input = test.input([1, 1, 1, 2], .uint8, scale: 1, zeroPoint: 128)
    let filter = test.constant(
      "filter", [1, 1, 1, 2], .uint8, [UInt8(130), 125], scales: [0.5], zeroPoints: [128])
    let output = test.output([1, 1, 1, 1], .uint8, scale: 0.5, zeroPoint: 3)
    test.add(.conv2D, [input, filter], [output], options: Options.convolution())
    // (138 - 128) * 2 + (118 - 128) * -3 = 50; times 1/2 over 1/2; plus 3.
    #expect(try test.run([[138, 118]]) == [[53]])
  }

  @Test("depthwise: output channel c sees input channel c / multiplier")
  func depthwise() throws {
    var test = TestModel()
    let input = test.input([1, 1, 2, 2], .int8, scale: 1)
    let filter = test.constant(
      "filter", [1, 1, 2, 4], .int8, [Int8(1), 2, 3, 4, 10, 20, 30, -1], scales: [1, 1, 1, 0.5], axis: 3)
    let bias = test.constant("bias", [4], .int32, [Int32(0), 0, 1, 0])
    let output = test.output([1, 1, 1, 4], .int8, scale: 1)
    test.add(.depthwiseConv2D, [input, filter, bias], [output], options: Options.depthwise(padding: 1))
    // Channel 0 holds 1, 3; channel 1 holds 2, 4: 1 + 30; 2 + 60; 6 + 120 + 1; (8 - 4) / 2.
    #expect(signed(try test.run([[1, 2, 3, 4]])[0]) == [31, 62, 127, 2])
  }

  @Test("fully connected: rows times weights, requantized in double precision")
  func fullyConnected() throws {
    var test = TestModel()
    let input = test.input([2, 3], .int8, scale: 1, zeroPoint: -1)
    let weights = test.constant("weights", [2, 3], .int8, [Int8(1), 2, 3, -1, 0, 1], scales: [0.5])
    let bias = test.constant("bias", [2], .int32, [Int32(1), 1])
    let output = test.output([2, 2], .int8, scale: 1, zeroPoint: 5)
    test.add(.fullyConnected, [input, weights, bias], [output], options: Options.fullyConnected())
    // Rows are 1 2 3 and 0 0 -1 above the zero point: (14 + 1) / 2 = 7.5 -> 8; (2 + 1) / 2 -> 2; (-3 + 1) / 2; 0 / 2.
    #expect(signed(try test.run([bits([0, 1, 2, -1, -1, -2])])[0]) == [13, 7, 4, 5])
  }

  @Test("fully connected: the leading axes are joined, or kept when it is asked for")
  func fullyConnectedShapes() throws {
    func shape(keepsAxes: Bool) throws -> [Int] {
      var test = TestModel()
      let input = test.input([2, 1, 2], .uint8, scale: 1, zeroPoint: 0)
      let weights = test.constant("weights", [1, 2], .uint8, [UInt8(1), 1], scales: [1], zeroPoints: [0])
      let output = test.output([9, 9], .uint8, scale: 1)
      test.add(.fullyConnected, [input, weights, -1], [output], options: Options.fullyConnected(keepsAxes: keepsAxes))
      #expect(try test.run([[1, 2, 3, 4]]) == [[3, 7]])
      return try Model(bytes: test.bytes).outputs[0].shape
    }
    #expect(try shape(keepsAxes: false) == [2, 1])
    #expect(try shape(keepsAxes: true) == [2, 1, 1])
  }

  @Test("weights that an earlier operator computes are read in the run")
  func computedWeights() throws {
    var test = TestModel()
    let input = test.input([1, 2], .int8, scale: 1)
    let raw = test.input("weights", [1, 2], .int8, scale: 1)
    let weights = test.tensor("clamped", [1, 2], .int8, scale: 1)
    test.add(.relu, [raw], [weights])
    let output = test.output([1, 1], .int8, scale: 1)
    test.add(.fullyConnected, [input, weights], [output], options: Options.fullyConnected())
    #expect(try test.run([[3, 4], bits([5, -6])]) == [[15]])
  }
}
