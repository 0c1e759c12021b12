import Testing

@testable import TinyTensor

/// Elementwise operators, softmaxes and reductions with wrong counts, shapes, types, options and quantization.
@Suite("Refusals of elementwise operators and reductions")
struct ElementwiseRefusalTests {
  private func expectRefusal(
    _ test: TestModel, _ code: ModelError.Code = .invalidOperator, _ change: (inout TestModel) -> Void = { _ in },
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var test = test
    change(&test)
    let error = test.loadError()
    #expect(error?.code == code, "\(error?.message ?? "accepted")", sourceLocation: sourceLocation)
  }

  private static let pairOperators: [BuiltinOperator] = [
    .add, .sub, .mul, .div, .maximum, .minimum, .squaredDifference, .pow, .atan2, .prelu,
  ]

  @Test("operators on two tensors of numbers", arguments: pairOperators)
  func pairsOfNumbers(code: BuiltinOperator) {
    let test = TestModel.elementwise(code, .float32, [[2, 3], [2, 3]], output: [2, 3])
    #expect(test.loadError() == nil)
    expectRefusal(test) { $0.tensors[1].shape = [2, 2] }
    expectRefusal(test) { $0.tensors[1].type = .int32 }
    expectRefusal(test) { $0.tensors[2].type = .int32 }
    expectRefusal(test) { $0.operators[0].inputs = [0] }
    expectRefusal(test) { $0.operators[0].outputs = [2, 2] }
    for type in [ElementType.bfloat16, .bool, .complex64, .int4] {
      expectRefusal(test) { model in
        for index in model.tensors.indices { model.tensors[index].type = type }
      }
    }
  }

  @Test("fused activations of sums, products and quotients")
  func activations() {
    for (code, table) in [(BuiltinOperator.add, UInt8(11)), (.sub, 28), (.mul, 21), (.div, 29)] {
      for type in [ElementType.float32, .uint8] {
        for (activation, error) in [
          (Int8(4), ModelError.Code.unsupportedOperator), (5, .unsupportedOperator), (77, .invalidOperator),
        ] {
          expectRefusal(
            TestModel.elementwise(
              code, type, [[2], [2]], output: [2], scales: type == .uint8 ? [1, 1, 1] : nil,
              options: (table, FlatTable([0: .int8(activation)]))), error)
        }
        expectRefusal(
          TestModel.elementwise(
            code, type, [[2], [2]], output: [2], scales: type == .uint8 ? [1, 1, 1] : nil, options: (9, FlatTable())))
      }
    }
  }

  @Test("quantized sums, products and quotients whose scales do not fit")
  func scales() {
    func test(
      _ code: BuiltinOperator, _ type: ElementType, _ scales: [Float], zeroPoints: [Int64]? = nil
    ) -> TestModel {
      .elementwise(code, type, [[2], [2]], output: [2], scales: scales, zeroPoints: zeroPoints)
    }
    #expect(test(.add, .int16, [0.5, 0.25, 0.5]).loadError() == nil)
    // Powers of two: neither is the output's; the output's is smaller; zero points.
    expectRefusal(test(.add, .int16, [0.25, 0.25, 0.5]))
    expectRefusal(test(.sub, .int16, [0.5, 0.5, 0.25]))
    expectRefusal(test(.add, .int16, [0.5, 0.25, 0.5], zeroPoints: [0, 1, 0]))
    expectRefusal(test(.add, .int16, [0.3, 0.3, 1e-10]))
    expectRefusal(test(.sub, .int8, [0.3, 0.3, 1e-30]))
    expectRefusal(test(.mul, .int16, [1e30, 1e30, 1]))
    #expect(test(.mul, .int16, [1, 1, 1e-20]).loadError() == nil)
    expectRefusal(test(.squaredDifference, .int8, [1, 1, 1e-5]))
    #expect(test(.div, .uint8, [1, 1, 1e-9]).loadError() == nil)
    expectRefusal(test(.div, .uint8, [1e30, 1e-20, 1e-20]))
    expectRefusal(test(.prelu, .int8, [1e30, 1, 1e-20]))
    #expect(test(.prelu, .int8, [1, 1, 1e-20]).loadError() == nil)
    for code in [BuiltinOperator.add, .sub, .mul, .div, .prelu] {
      expectRefusal(test(code, .uint8, [1, 1, 1])) { $0.tensors[0].scales = nil }
      expectRefusal(test(code, .uint8, [1, 1, 1])) { $0.tensors[2].scales = [0] }
      expectRefusal(test(code, .uint8, [1, 1, 1])) { $0.tensors[1].zeroPoints = [256] }
    }
    for code in [BuiltinOperator.maximum, .minimum] {
      // Stored values are compared, whatever they stand for.
      #expect(test(code, .int8, [1, 2, 1], zeroPoints: [0, 0, 1]).loadError() == nil)
      expectRefusal(test(code, .int8, [1, 1, 1])) { $0.tensors[1].type = .uint8 }
    }
    // A slope cannot widen the input.
    expectRefusal(TestModel.elementwise(.prelu, .float32, [[2, 1], [2, 3]], output: [2, 3]))
  }

  private static let comparisonOperators: [BuiltinOperator] = [
    .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual,
  ]

  @Test("comparisons", arguments: comparisonOperators)
  func comparisons(code: BuiltinOperator) {
    let test = TestModel.elementwise(code, .int8, [[2], [2]], output: [2], outputType: .bool, scales: [0.5, 0.25])
    #expect(test.loadError() == nil)
    expectRefusal(test) { $0.tensors[2].type = .uint8 }
    expectRefusal(test) { $0.tensors[1].shape = [3] }
    expectRefusal(test) { $0.tensors[1].type = .uint8 }
    expectRefusal(test) { $0.tensors[1].scales = nil }
    expectRefusal(test) { $0.tensors[1].scales = [1e6] }
    expectRefusal(test) { $0.operators[0].inputs = [0, -1] }
    let truth = TestModel.elementwise(code, .bool, [[2], [2]], output: [2], outputType: .bool)
    if code == .equal || code == .notEqual {
      #expect(truth.loadError() == nil)
    } else {
      expectRefusal(truth)
    }
  }

  private static let functionOperators: [BuiltinOperator] = [
    .relu, .relu6, .reluN1To1, .relu0To1, .elu, .gelu, .hardSwish, .logistic, .tanh, .exp, .log, .sqrt, .rsqrt, .square,
    .sin, .cos, .abs, .neg, .floor, .ceil, .round, .sign,
  ]

  @Test("functions of one element", arguments: functionOperators)
  func functions(code: BuiltinOperator) {
    let test = TestModel.elementwise(code, .float32, [[4]], output: [4])
    #expect(test.loadError() == nil)
    expectRefusal(test) { $0.tensors[1].type = .int8 }
    expectRefusal(test) { $0.operators[0].inputs = [0, 0] }
    expectRefusal(test) { $0.operators[0].inputs = [-1] }
    for type in [ElementType.bfloat16, .bool, .int4] {
      expectRefusal(test) {
        $0.tensors[0].type = type
        $0.tensors[1].type = type
      }
    }
  }

  @Test("quantized functions whose scales or zero points do not fit")
  func quantizedFunctions() {
    func test(
      _ code: BuiltinOperator, _ type: ElementType, _ from: (Float, Int64), _ to: (Float, Int64),
      options: (type: UInt8, table: FlatTable)? = nil
    ) -> TestModel {
      .unary(
        code, type, input: [4], output: [4], inputScale: from.0, inputZeroPoint: from.1, outputScale: to.0,
        outputZeroPoint: to.1, options: options)
    }
    #expect(test(.logistic, .int16, (0.1, 0), (1 / 32768, 0)).loadError() == nil)
    expectRefusal(test(.logistic, .int16, (0.1, 0), (1 / 256, 0)))
    expectRefusal(test(.tanh, .int16, (0.1, 3), (1 / 32768, 0)))
    expectRefusal(test(.tanh, .int16, (0.1, 0), (1 / 32768, 3)))
    for code in [BuiltinOperator.exp, .log, .rsqrt] {
      #expect(test(code, .int16, (0.1, 0), (0.1, 0)).loadError() == nil)
      expectRefusal(test(code, .int16, (0.1, 1), (0.1, 0)))
      expectRefusal(test(code, .uint8, (0.1, 1), (0.1, 0)))
      expectRefusal(test(code, .int8, (0.1, 1), (0.1, 0))) { $0.tensors[0].scales = nil }
    }
    expectRefusal(test(.rsqrt, .int8, (1, 0), (1e9, 0)))
    #expect(test(.rsqrt, .int8, (1e-20, 0), (1e-9, 0)).loadError() == nil)
    expectRefusal(test(.hardSwish, .int8, (1, 0), (0.001, 0)))
    expectRefusal(test(.hardSwish, .int8, (1e6, 0), (1e6, 0)))
    expectRefusal(test(.abs, .int16, (1e30, 0), (1e-20, 0)))
    #expect(test(.abs, .int16, (1, 0), (1e-20, 0)).loadError() == nil)
    let alpha = (type: UInt8(75), table: FlatTable([0: .float(0.1)]))
    #expect(test(.leakyRelu, .int8, (1, 0), (1, 0), options: alpha).loadError() == nil)
    expectRefusal(test(.leakyRelu, .int8, (1, 0), (1, 0)))
    expectRefusal(test(.leakyRelu, .int16, (1e30, 0), (1e-20, 0), options: alpha))
    #expect(test(.leakyRelu, .int16, (1, 0), (1e-20, 0), options: alpha).loadError() == nil)
    expectRefusal(test(.leakyRelu, .int8, (1, 0), (1, 0), options: (75, FlatTable([0: .float(.nan)]))))
    expectRefusal(test(.relu6, .int16, (1e30, 0), (1e-30, 0)))
    #expect(test(.relu6, .int16, (1, 0), (1e-30, 0)).loadError() == nil)
  }

  @Test("FAKE_QUANT")
  func fakeQuantize() {
    func test(_ minimum: Float, _ maximum: Float, _ bits: Int32) -> TestModel {
      .elementwise(
        .fakeQuant, .float32, [[4]], output: [4],
        options: (58, FlatTable([0: .float(minimum), 1: .float(maximum), 2: .int32(bits)])))
    }
    #expect(test(-1, 1, 8).loadError() == nil)
    for bits in [0, 1, 17, 64, .max, .min] as [Int32] { expectRefusal(test(-1, 1, bits)) }
    expectRefusal(test(1, 1, 8))
    expectRefusal(test(1, -1, 8))
    expectRefusal(test(.nan, 1, 8))
    expectRefusal(test(-.infinity, 1, 8))
    expectRefusal(test(-3e38, 3e38, 8))
    expectRefusal(test(0, .leastNonzeroMagnitude, 16))
    expectRefusal(test(-1, 1, 8)) { $0.operators[0].options = nil }
  }

  @Test("SOFTMAX of int16 and float32, LOG_SOFTMAX")
  func softmax() {
    let wide = TestModel.unary(
      .softmax, .int16, input: [1, 4], output: [1, 4], outputScale: 1 / 32768, options: Options.softmax())
    #expect(wide.loadError() == nil)
    expectRefusal(wide) { $0.tensors[1].scales = [1 / 256] }
    expectRefusal(wide) { $0.tensors[1].zeroPoints = [1] }
    expectRefusal(wide) { $0.tensors[1].type = .int8 }
    expectRefusal(wide) { $0.tensors[0].shape = [1, 70_000] }
    expectRefusal(wide) { $0.tensors[0].scales = [1e30] }
    let float = TestModel.elementwise(.softmax, .float32, [[4]], output: [4], options: Options.softmax())
    #expect(float.loadError() == nil)
    expectRefusal(float) { $0.tensors[0].shape = [] }
    expectRefusal(float) { $0.tensors[1].type = .int8 }
    let logarithm = TestModel.unary(
      .logSoftmax, input: [1, 4], output: [1, 4], outputScale: 1 / 16, outputZeroPoint: 127)
    #expect(logarithm.loadError() == nil)
    expectRefusal(logarithm) { $0.tensors[1].zeroPoints = [0] }
    expectRefusal(logarithm) { $0.tensors[1].scales = [1 / 256] }
    expectRefusal(logarithm) { $0.tensors[0].scales = [1e-12] }
    expectRefusal(logarithm) { $0.tensors[0].shape = [4, 0] }
    expectRefusal(logarithm) { $0.tensors[1].type = .uint8 }
  }

  @Test("L2_NORMALIZATION and LOCAL_RESPONSE_NORMALIZATION")
  func normalizations() {
    let test = TestModel.unary(.l2Normalization, input: [1, 4], output: [1, 4], outputScale: 1 / 128)
    #expect(test.loadError() == nil)
    expectRefusal(test) { $0.tensors[1].scales = [1 / 256] }
    expectRefusal(test) { $0.tensors[1].zeroPoints = [5] }
    expectRefusal(test) { $0.tensors[0].shape = [1, 40_000] }
    expectRefusal(test) { $0.tensors[0].shape = [] }
    expectRefusal(test, .unsupportedOperator) { $0.operators[0].options = (12, FlatTable([0: .int8(1)])) }
    let response = TestModel.elementwise(
      .localResponseNormalization, .float32, [[1, 1, 1, 4]], output: [1, 1, 1, 4],
      options: (13, FlatTable([0: .int32(1)])))
    #expect(response.loadError() == nil)
    expectRefusal(response) { $0.operators[0].options = (13, FlatTable([0: .int32(-1)])) }
    expectRefusal(response) { $0.operators[0].options = nil }
    expectRefusal(response) { $0.tensors[0].shape = [] }
    expectRefusal(response) { $0.tensors[0].type = .int8 }
  }

  private static let reductionOperators: [BuiltinOperator] = [.mean, .sum, .reduceProd, .reduceMax, .reduceMin]

  @Test("reductions", arguments: reductionOperators)
  func reductions(code: BuiltinOperator) {
    let test = TestModel.reduction(code, .int16, [2, 3], axes: [1], output: [2], scales: (1, 1))
    #expect(test.loadError() == nil)
    for axis in [2, -3, .max, .min] as [Int32] {
      expectRefusal(TestModel.reduction(code, .float32, [2, 3], axes: [axis], output: [2]))
    }
    expectRefusal(test) { $0.tensors[2].type = .int8 }
    expectRefusal(test) { $0.tensors[1].type = .float32 }
    expectRefusal(test) { $0.operators[0].inputs = [0] }
    expectRefusal(test) { $0.operators[0].options = Options.softmax() }
    expectRefusal(test) { $0.tensors[2].scales = nil }
    expectRefusal(test) {
      $0.tensors[1].data = nil
      $0.inputs.append(1)
      $0 = $0.unbounded
    }
    if code == .reduceMax || code == .reduceMin {
      expectRefusal(test) { $0.tensors[2].scales = [2] }
    } else {
      if code == .reduceProd { expectRefusal(test) { $0.tensors[2].scales = [1e-30] } }
      expectRefusal(test) { $0.tensors[0].shape = [0, 3] }
    }
    if code == .mean || code == .sum { expectRefusal(test) { $0.tensors[0].shape = [1, 70_000] } }
    if code == .mean { expectRefusal(TestModel.reduction(code, .float32, [2, 0], axes: [1], output: [2])) }
    if code == .mean { expectRefusal(TestModel.reduction(code, .bool, [2, 3], axes: [1], output: [2])) }
    // Without elements, the product of the other sizes is bounded, too.
    let huge = Int(Int32.max)
    if code != .mean {
      expectRefusal(
        TestModel.reduction(code, .float32, [0, huge, huge, huge], axes: [1, 2, 3], output: [0]), .invalidGraph)
      expectRefusal(
        TestModel.reduction(code, .float32, [0, huge, huge, huge], axes: [0], output: [huge]), .invalidGraph)
    }
  }

  @Test("REDUCE_ANY and REDUCE_ALL", arguments: [BuiltinOperator.reduceAny, .reduceAll])
  func truth(code: BuiltinOperator) {
    #expect(TestModel.reduction(code, .bool, [2, 3], axes: [1], output: [2]).loadError() == nil)
    expectRefusal(TestModel.reduction(code, .uint8, [2, 3], axes: [1], output: [2]))
    expectRefusal(TestModel.reduction(code, .bool, [2, 3], axes: [2], output: [2]))
  }

  @Test("CUMSUM and ADD_N")
  func sums() {
    func cumulative(_ axis: [Int32]) -> TestModel {
      var test = TestModel()
      let input = test.input([2, 3], .int32)
      let list = test.constant("axis", axis.count == 1 ? [] : [axis.count], .int32, axis)
      let output = test.output([2, 3], .int32)
      test.add(.cumsum, [input, list], [output])
      return test
    }
    #expect(cumulative([1]).loadError() == nil)
    for axis in [2, -3, .max, .min] as [Int32] { expectRefusal(cumulative([axis])) }
    expectRefusal(cumulative([0, 1]))
    expectRefusal(cumulative([]))
    expectRefusal(cumulative([1])) { $0.tensors[2].type = .int64 }
    expectRefusal(cumulative([1])) { $0.tensors[0].type = .int8 }
    let sum = TestModel.elementwise(.addN, .float32, [[2], [2], [2]], output: [2])
    #expect(sum.loadError() == nil)
    expectRefusal(sum) { $0.tensors[1].shape = [1] }
    expectRefusal(sum) { $0.tensors[1].type = .int32 }
    expectRefusal(sum) { $0.tensors[3].type = .int32 }
    expectRefusal(sum) { $0.operators[0].inputs = [] }
    expectRefusal(sum) { $0.operators[0].inputs = [0, -1] }
  }

  @Test("data that is known at load is refused at load")
  func constants() {
    func quotient(_ divisor: Int32) -> TestModel {
      var test = TestModel()
      let dividend = test.constant("dividend", [2], .int32, [6, 8] as [Int32])
      let constant = test.constant("divisor", [2], .int32, [2, divisor])
      let output = test.output([2], .int32)
      test.add(.div, [dividend, constant], [output])
      return test
    }
    #expect(quotient(4).loadError() == nil)
    expectRefusal(quotient(0))
    func root(_ element: Int8) -> TestModel {
      var test = TestModel()
      let input = test.constant("input", [1], .int8, [element], scales: [0.1])
      let output = test.output([1], .int8, scale: 0.1)
      test.add(.rsqrt, [input], [output])
      return test
    }
    #expect(root(4).loadError() == nil)
    expectRefusal(root(-4))
  }
}
