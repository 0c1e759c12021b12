import Testing

@testable import TinyTensor

/// Each operator with wrong counts, ranks, types, axes, options and quantization.
@Suite("Refusals by operator")
struct OperatorRefusalTests {
  private func expectRefusal(
    _ test: TestModel, _ code: ModelError.Code = .invalidOperator, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = test.loadError()
    #expect(error?.code == code, "\(error?.message ?? "accepted")", sourceLocation: sourceLocation)
  }

  private func changed(_ test: TestModel, _ change: (inout TestModel) -> Void) -> TestModel {
    var test = test
    change(&test)
    #expect(test.operators.count > 0)
    return test
  }

  @Test("depthwise convolution")
  func depthwise() {
    var test = TestModel()
    let input = test.input([1, 4, 4, 2], .int8, scale: 1)
    let filter = test.constant(
      "filter", [1, 2, 2, 4], .int8, [Int8](repeating: 1, count: 16), scales: [1, 1, 1, 1], axis: 3)
    let output = test.output([1, 4, 4, 4], .int8, scale: 1)
    test.add(.depthwiseConv2D, [input, filter], [output], options: Options.depthwise())
    #expect(test.loadError() == nil)
    expectRefusal(changed(test) { $0.tensors[0].shape[3] = 3 })
    expectRefusal(changed(test) { $0.tensors[1].shape = [2, 2, 1, 4] })
    expectRefusal(changed(test) { $0.tensors[1].axis = 0 })
    expectRefusal(changed(test) { $0.tensors[1].shape = [16] })
    expectRefusal(changed(test) { $0.operators[0].options = Options.depthwise(strideHeight: 0) })
    expectRefusal(changed(test) { $0.operators[0].options = Options.convolution() })
    expectRefusal(changed(test) { $0.operators[0].options = nil })
    expectRefusal(changed(test) { $0.operators[0].inputs = [0] })
    expectRefusal(changed(test) { $0.tensors[2].type = .uint8 })
  }

  @Test("fully connected")
  func fullyConnected() {
    var test = TestModel()
    let input = test.input([2, 6], .int8, scale: 1)
    let weights = test.constant("weights", [2, 3], .int8, [Int8](repeating: 1, count: 6), scales: [1])
    let output = test.output([4, 2], .int8, scale: 1)
    test.add(.fullyConnected, [input, weights, -1], [output], options: Options.fullyConnected())
    #expect(test.loadError() == nil)
    expectRefusal(changed(test) { $0.tensors[0].shape = [2, 5] })
    #expect(changed(test) { $0.tensors[0].shape = [0, 6] }.loadError() == nil)
    expectRefusal(changed(test) { $0.tensors[1].shape = [2, 0] })
    expectRefusal(changed(test) { $0.tensors[1].shape = [6] })
    expectRefusal(changed(test) { $0.tensors[1].shape = [1, 2, 3] })
    expectRefusal(changed(test) { $0.tensors[1].scales = [1, 1, 1] })
    expectRefusal(changed(test) { $0.operators[0].options = Options.fullyConnected(keepsAxes: true) })
    expectRefusal(changed(test) { $0.operators[0].options = Options.fullyConnected(activation: 9) })
    expectRefusal(changed(test) { $0.operators[0].options = (8, FlatTable([1: .int8(1)])) }, .unsupportedOperator)
    expectRefusal(
      changed(test) {
        for index in $0.tensors.indices { $0.tensors[index].type = .uint8 }
        $0.tensors[1].scales = [1, 1]
        $0.tensors[1].zeroPoints = [0, 0]
      })
  }

  @Test("pools", arguments: [BuiltinOperator.averagePool2D, .maxPool2D])
  func pools(code: BuiltinOperator) {
    let test = TestModel.unary(code, input: [1, 4, 4, 2], output: [1, 4, 4, 2], options: Options.pool())
    #expect(test.loadError() == nil)
    expectRefusal(changed(test) { $0.operators[0].options = Options.pool(stride: 0) })
    expectRefusal(changed(test) { $0.operators[0].options = Options.pool(width: 0) })
    expectRefusal(changed(test) { $0.operators[0].options = Options.pool(height: -3) })
    expectRefusal(changed(test) { $0.operators[0].options = Options.pool(height: .max) })
    expectRefusal(changed(test) { $0.operators[0].options = Options.pool(width: 5000, height: 5000) })
    expectRefusal(changed(test) { $0.operators[0].options = Options.pool(padding: 1, width: 5) })
    expectRefusal(changed(test) { $0.operators[0].options = nil })
    expectRefusal(changed(test) { $0.tensors[0].shape = [4, 4] })
    expectRefusal(changed(test) { $0.tensors[0].type = .int32 })
    expectRefusal(changed(test) { $0.tensors[1].type = .uint8 })
    expectRefusal(changed(test) { $0.operators[0].inputs = [0, 0] })
  }

  @Test("softmax")
  func softmax() {
    let test = TestModel.unary(
      .softmax, input: [1, 4], output: [1, 4], outputScale: 1 / 256, outputZeroPoint: -128, options: Options.softmax())
    #expect(test.loadError() == nil)
    expectRefusal(changed(test) { $0.tensors[1].scales = [0.5] })
    expectRefusal(changed(test) { $0.tensors[1].zeroPoints = [0] })
    expectRefusal(changed(test) { $0.operators[0].options = Options.softmax(beta: 0) })
    expectRefusal(changed(test) { $0.operators[0].options = Options.softmax(beta: -1) })
    expectRefusal(changed(test) { $0.operators[0].options = Options.softmax(beta: .nan) })
    expectRefusal(changed(test) { $0.operators[0].options = nil })
    expectRefusal(changed(test) { $0.tensors[0].shape = [] })
    expectRefusal(changed(test) { $0.tensors[0].shape = [4, 0] })
    expectRefusal(changed(test) { $0.tensors[0].scales = [1e-12] })
    expectRefusal(changed(test) { $0.tensors[1].type = .int32 })
  }

  @Test("ADD and MUL", arguments: [BuiltinOperator.add, .mul])
  func binary(code: BuiltinOperator) {
    var test = TestModel()
    let lhs = test.input("left", [2, 3], .int8, scale: 1)
    let rhs = test.input("right", [2, 3], .int8, scale: 1)
    let output = test.output([2, 3], .int8, scale: 1)
    test.add(code, [lhs, rhs], [output])
    #expect(test.loadError() == nil)
    expectRefusal(changed(test) { $0.tensors[1].shape = [2, 2] })
    expectRefusal(changed(test) { $0.tensors[1].shape = [2] })
    expectRefusal(changed(test) { $0.tensors[1].type = .uint8 })
    expectRefusal(changed(test) { $0.tensors[2].type = .uint8 })
    expectRefusal(changed(test) { $0.tensors[1].scales = nil })
    if code == .add { expectRefusal(changed(test) { $0.tensors[2].scales = [1e-30] }) }
    expectRefusal(changed(test) { $0.operators[0].inputs = [0] })
    expectRefusal(changed(test) { $0.operators[0].options = Options.softmax() })
  }

  @Test("RELU, RELU6, LOGISTIC", arguments: [BuiltinOperator.relu, .relu6, .logistic])
  func tables(code: BuiltinOperator) {
    let test = TestModel.unary(code, input: [4], output: [4], outputScale: 1 / 256, outputZeroPoint: -128)
    #expect(test.loadError() == nil)
    expectRefusal(changed(test) { $0.tensors[0].scales = nil })
    expectRefusal(changed(test) { $0.tensors[1].type = .uint8 })
    expectRefusal(changed(test) { $0.tensors[0].type = .float32 })
    expectRefusal(changed(test) { $0.operators[0].inputs = [] })
    expectRefusal(changed(test) { $0.operators[0].outputs = [1, 1] })
    if code == .logistic { expectRefusal(changed(test) { $0.tensors[1].scales = [0.5] }) }
  }

  @Test("QUANTIZE and DEQUANTIZE")
  func quantize() {
    let test = TestModel.unary(.quantize, input: [4], output: [4])
    #expect(test.loadError() == nil)
    expectRefusal(changed(test) { $0.tensors[0].type = .int64 })
    expectRefusal(changed(test) { $0.tensors[1].type = .float32 })
    expectRefusal(
      changed(test) {
        $0.tensors[0].type = .uint8
        $0.tensors[1].type = .int32
      })
    var back = TestModel.unary(.dequantize, input: [4], output: [4])
    back.tensors[1].type = .float32
    #expect(back.loadError() == nil)
    expectRefusal(changed(back) { $0.tensors[1].type = .int8 })
    expectRefusal(changed(back) { $0.tensors[0].scales = [.infinity] })
  }

  @Test("MEAN")
  func mean() {
    func model(_ axes: [Int32], shape: [Int] = [2, 3]) -> TestModel {
      var test = TestModel()
      let input = test.input(shape, .int8, scale: 1)
      let list = test.constant("axes", [axes.count], .int32, axes)
      let output = test.output([1], .int8, scale: 1)
      test.add(.mean, [input, list], [output], options: Options.reduce(keepsAxes: true))
      return test
    }
    #expect(model([1]).loadError() == nil)
    for axis in [2, -3, .max, .min] as [Int32] { expectRefusal(model([axis])) }
    expectRefusal(model([0], shape: [0, 3]))
    expectRefusal(changed(model([1])) { $0.tensors[1].type = .float32 })
    expectRefusal(changed(model([1])) { $0.operators[0].inputs = [0] })
    expectRefusal(
      changed(model([1])) {
        $0.tensors[1].data = nil
        $0.inputs.append(1)
        $0 = $0.unbounded
      })
    expectRefusal(model([0], shape: [1 << 24, 1]))
  }

  @Test("PAD")
  func pad() {
    func model(_ amounts: [Int32], rank: Int = 2) -> TestModel {
      var test = TestModel()
      let input = test.input([2, 2], .int8, scale: 1)
      let paddings = test.constant("paddings", [rank, 2], .int32, amounts)
      let output = test.output([2, 2], .int8, scale: 1)
      test.add(.pad, [input, paddings], [output])
      return test
    }
    #expect(model([0, 1, 1, 0]).loadError() == nil)
    expectRefusal(model([0, -1, 0, 0]))
    expectRefusal(model([.max, .max, 0, 0]), .tooLarge)
    expectRefusal(model([100_000, 0, 100_000, 0]), .tooLarge)
    expectRefusal(model([1, 1], rank: 1))
    expectRefusal(changed(model([0, 1, 1, 0])) { $0.tensors[1].type = .float32 })
    expectRefusal(changed(model([0, 1, 1, 0])) { $0.tensors[1].shape = [4] })
    expectRefusal(changed(model([0, 1, 1, 0])) { $0.tensors[0].type = .int4 })
  }

  @Test("CONCATENATION")
  func concatenation() {
    var test = TestModel()
    let lhs = test.input("left", [2, 3], .int8, scale: 1)
    let rhs = test.input("right", [2, 4], .int8, scale: 1)
    let output = test.output([2, 7], .int8, scale: 1)
    test.add(.concatenation, [lhs, rhs], [output], options: Options.concatenation(axis: 1))
    #expect(test.loadError() == nil)
    for axis in [0, 2, -3, .max, .min] as [Int32] {
      expectRefusal(changed(test) { $0.operators[0].options = Options.concatenation(axis: axis) })
    }
    expectRefusal(changed(test) { $0.tensors[1].shape = [2, 4, 1] })
    expectRefusal(changed(test) { $0.tensors[1].type = .uint8 })
    expectRefusal(changed(test) { $0.tensors[1].scales = [2] })
    expectRefusal(changed(test) { $0.operators[0].inputs = [] })
    expectRefusal(
      changed(test) { $0.operators[0].options = Options.concatenation(axis: 1, activation: 1) }, .unsupportedOperator)
  }

  @Test("RESHAPE and SQUEEZE")
  func reshape() {
    func model(_ shape: [Int32]) -> TestModel {
      TestModel.unary(.reshape, input: [2, 6], output: [12], options: Options.reshape(shape))
    }
    #expect(model([3, -1]).loadError() == nil)
    for shape in [[5, 2], [-1, -1], [0, -1], [-3, 4], [.max, .max], [5, -1], [Int32](repeating: 1, count: 9)] {
      expectRefusal(model(shape))
    }
    expectRefusal(model([Int32](repeating: 1, count: 100)), .malformedFile)
    expectRefusal(changed(model([12])) { $0.tensors[1].type = .uint8 })
    let squeeze = TestModel.unary(.squeeze, input: [1, 2], output: [2], options: Options.squeeze([0]))
    #expect(squeeze.loadError() == nil)
    for axis in [1, 2, -3, .max, .min] as [Int32] {
      expectRefusal(changed(squeeze) { $0.operators[0].options = Options.squeeze([axis]) })
    }
  }
}
