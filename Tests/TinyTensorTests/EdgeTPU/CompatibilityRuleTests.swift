import Testing

@testable import TinyTensor

@Suite("What the Edge TPU's compiler takes")
struct CompatibilityRuleTests {
  @Test(
    "operators without limits are taken by every runtime",
    arguments: [
      BuiltinOperator.add, .l2Normalization, .logistic, .maximum, .minimum, .mul, .relu, .relu6, .reluN1To1, .reshape,
      .spaceToDepth, .sub, .tanh,
    ])
  func free(_ code: BuiltinOperator) throws {
    let model =
      [.add, .maximum, .minimum, .mul, .sub].contains(code)
      ? Compatibility.binary(code, [1, 4, 4, 2])
      : Compatibility.unary(code, input: [1, 4, 4, 2], output: [1, 4, 4, 2])
    for runtime in 12...14 { #expect(try model.status(runtime) == .mapped) }
  }

  /// Operators that came with a runtime, each in a form that its limits allow.
  static var late: [(BuiltinOperator, Int, TestModel)] {
    [
      (.expandDims, 13, Compatibility.unary(.expandDims, input: [4], output: [1, 4], integers: [([], [0])])),
      (.pack, 13, Compatibility.pack(axis: 3)),
      (.prelu, 13, Compatibility.prelu(slopes: [1, 1, 2])),
      (.quantize, 13, Compatibility.unary(.quantize, input: [1, 4], output: [1, 4])),
      (.reduceMax, 14, Compatibility.reduction(.reduceMax, [1, 2])),
      (.reduceMin, 14, Compatibility.reduction(.reduceMin, [-1])),
      (.rsqrt, 14, Compatibility.unary(.rsqrt, input: [1, 4], output: [1, 4])),
      (.squaredDifference, 14, Compatibility.binary(.squaredDifference, [1, 4])),
      (.sum, 13, Compatibility.reduction(.sum, [1, 2])),
      (.transpose, 14, Compatibility.unary(.transpose, input: [2, 3], output: [3, 2], integers: [([2], [1, 0])])),
      (.transposeConv, 13, Compatibility.transposeConvolution()),
      (.lstm, 14, Compatibility.recurrent(.lstm)),
      (.unidirectionalSequenceLSTM, 14, Compatibility.recurrent(.unidirectionalSequenceLSTM)),
    ]
  }

  @Test("operators that came with a runtime are taken from it on", arguments: late.indices)
  func firstRuntime(_ index: Int) throws {
    let (code, first, model) = Self.late[index]
    for runtime in 10...14 {
      let status = try model.status(runtime)
      #expect(status == (runtime >= first ? .mapped : .notSupported), "\(code) at \(runtime)")
    }
  }

  @Test("operators that the table lacks are not supported, and each is told what to change")
  func unsupported() throws {
    for code in BuiltinOperator.all where CompatibilityRule.of(code) == nil {
      let op = try Compatibility.unary(code, input: [1, 4], output: [1, 4]).compatibility().operators[0]
      #expect(op.status == .notSupported, "\(code)")
      #expect(!op.advice.isEmpty)
    }
    #expect(CompatibilityRule.of(.custom) == nil)
    #expect(CompatibilityRule.of(.bidirectionalSequenceLSTM) == nil)
    #expect(Set(CompatibilityRule.all.map(\.code)).count == CompatibilityRule.all.count)
  }

  @Test("versions that the compiler does not know are not supported")
  func versions() throws {
    var model = TestModel.convolution()
    for (version, status) in [(Int32(1), EdgeTPUCompatibility.Status.mapped), (5, .mapped), (6, .versionNotSupported)] {
      model.operators[0].version = version
      #expect(try model.status() == status)
    }
  }

  @Test("tensors have to be of 8 bits with a scale, constants aside, and int8 needs runtime 12")
  func types() throws {
    let model = TestModel.convolution()
    #expect(try model.status(12) == .mapped)
    #expect(try model.status(11) == .unsupportedType)
    #expect(try TestModel.unary(.relu, .uint8, input: [1, 4], output: [1, 4]).status(10) == .mapped)
    #expect(try TestModel.unary(.relu, .float32, input: [1, 4], output: [1, 4]).status() == .unsupportedType)
    #expect(try TestModel.unary(.relu, .int16, input: [1, 4], output: [1, 4]).status() == .unsupportedType)
    var unscaled = model
    unscaled.tensors[3].scales = nil
    #expect(try unscaled.status() == .unsupportedType)
    var real = model
    real.tensors[1].type = .float32
    #expect(try real.status() == .unsupportedType)
  }

  @Test("axes beyond the three innermost ones have to be 1")
  func ranks() throws {
    #expect(try TestModel.unary(.relu, input: [1, 1, 2, 3, 4], output: [1, 1, 2, 3, 4]).status() == .mapped)
    #expect(try TestModel.unary(.relu, input: [2, 3, 4], output: [2, 3, 4]).status() == .mapped)
    #expect(try TestModel.unary(.relu, input: [2, 2, 3, 4], output: [2, 2, 3, 4]).status() == .unsupportedRank)
    #expect(try TestModel.unary(.relu, input: [0, 4], output: [0, 4]).status() == .unspecifiedLimitation)
  }

  @Test("weights, axes and sizes have to be constant")
  func constants() throws {
    var model = TestModel.convolution()
    model.tensors[1].data = nil
    #expect(try model.status() == .unspecifiedLimitation)
    var mean = Compatibility.reduction(.mean, [1, 2])
    mean.tensors[2].data = nil
    #expect(try mean.status() == .unspecifiedLimitation)
  }

  @Test("windows: dilation is the same along x and y, and of depthwise ones needs runtime 13")
  func windows() throws {
    for (dilation, status) in [
      ((2, 2), EdgeTPUCompatibility.Status.mapped), ((1, 2), .unspecifiedLimitation),
    ] as [((Int32, Int32), EdgeTPUCompatibility.Status)] {
      var model = TestModel.convolution()
      model.operators[0].options = Options.convolution(dilationWidth: dilation.0, dilationHeight: dilation.1)
      for runtime in 12...14 { #expect(try model.status(runtime) == status) }
      #expect(try Compatibility.depthwise(dilation: dilation).status(13) == status)
      #expect(try Compatibility.depthwise(dilation: dilation).status(14) == status)
      #expect(try Compatibility.depthwise(dilation: dilation).status(12) == .unspecifiedLimitation)
    }
    #expect(try Compatibility.depthwise().status(12) == .mapped)
  }

  @Test("pools and CONCATENATION have no fused activation", arguments: [BuiltinOperator.averagePool2D, .maxPool2D])
  func activations(_ code: BuiltinOperator) throws {
    for (activation, status) in [(Int8(0), EdgeTPUCompatibility.Status.mapped), (1, .unspecifiedLimitation)] {
      let pool = TestModel.unary(
        code, input: [1, 4, 4, 2], output: [1, 3, 3, 2], options: Options.pool(padding: 1, activation: activation))
      #expect(try pool.status() == status)
      #expect(try Compatibility.concatenation(inputs: 2, activation: activation).status() == status)
    }
  }

  @Test("CONCATENATION takes a constant beside one input if it stands for zeros")
  func concatenation() throws {
    #expect(try Compatibility.concatenation(inputs: 3).status() == .mapped)
    #expect(try Compatibility.concatenation(inputs: 1, constant: 0).status() == .mapped)
    #expect(try Compatibility.concatenation(inputs: 1, constant: -7, zeroPoint: -7).status() == .mapped)
    #expect(try Compatibility.concatenation(inputs: 1, constant: 0, zeroPoint: -7).status() == .unspecifiedLimitation)
    #expect(try Compatibility.concatenation(inputs: 1, constant: 1).status() == .unspecifiedLimitation)
    #expect(try Compatibility.concatenation(inputs: 2, constant: 0).status() == .unspecifiedLimitation)
  }

  @Test("FULLY_CONNECTED has one row and weights in the default format")
  func fullyConnected() throws {
    #expect(try Compatibility.fullyConnected().status() == .mapped)
    #expect(try Compatibility.fullyConnected(rows: 2).status() == .unspecifiedLimitation)
    #expect(try Compatibility.fullyConnected(weightsFormat: 1).status() == .unspecifiedLimitation)
  }

  @Test("SOFTMAX has one row of at most 16,000 elements")
  func softmax() throws {
    for (shape, status) in [
      ([1, 16_000], EdgeTPUCompatibility.Status.mapped), ([1, 16_001], .unspecifiedLimitation),
      ([2, 4], .unspecifiedLimitation), ([1, 1, 1, 10], .mapped),
    ] {
      #expect(try Compatibility.unary(.softmax, input: shape, output: shape).status() == status)
    }
  }

  @Test("PRELU shares its slopes along y and x")
  func prelu() throws {
    #expect(try Compatibility.prelu(slopes: [1, 1, 2]).status(13) == .mapped)
    #expect(try Compatibility.prelu(slopes: [4, 4, 2]).status(13) == .unspecifiedLimitation)
  }
}
