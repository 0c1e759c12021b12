@testable import TinyTensor

extension TestModel {
  /// CONV_2D 2x2, SAME, one output channel more than inputs, with a bias: small, and valid.
  static func convolution() -> TestModel {
    var model = TestModel()
    let input = model.input([1, 4, 4, 2], .int8, scale: 0.1)
    let filter = model.constant(
      "filter", [3, 2, 2, 2], .int8, [Int8](repeating: 1, count: 24), scales: [0.01, 0.02, 0.03])
    let bias = model.constant("bias", [3], .int32, [Int32(0), 10, -10], scales: [0.001, 0.002, 0.003])
    let output = model.output([1, 4, 4, 3], .int8, scale: 0.1)
    model.add(.conv2D, [input, filter, bias], [output], options: Options.convolution())
    return model
  }

  /// RELU from one tensor to the next: `count` operators in a chain.
  static func chain(_ count: Int, elements: Int = 4) -> TestModel {
    var model = TestModel()
    var last = model.input([1, elements], .int8, scale: 0.1)
    for index in 0..<count {
      let next =
        index == count - 1
        ? model.output([1, elements], .int8, scale: 0.1)
        : model.tensor("step \(index)", [1, elements], .int8, scale: 0.1)
      model.add(.relu, [last], [next])
      last = next
    }
    return model
  }

  /// One operator on one input of bytes.
  static func unary(
    _ code: BuiltinOperator, _ type: ElementType = .int8, input: [Int], output: [Int],
    inputScale: Float = 0.5, inputZeroPoint: Int64 = 0, outputScale: Float = 0.5, outputZeroPoint: Int64 = 0,
    options: (type: UInt8, table: FlatTable)? = nil
  ) -> TestModel {
    var model = TestModel()
    let source = model.input(input, type, scale: inputScale, zeroPoint: inputZeroPoint)
    let target = model.output(output, type, scale: outputScale, zeroPoint: outputZeroPoint)
    model.add(code, [source], [target], options: options)
    return model
  }
}

/// Options of operators, as tables of the schema.
enum Options {
  static func convolution(
    padding: Int8 = 0, strideWidth: Int32 = 1, strideHeight: Int32 = 1, activation: Int8 = 0,
    dilationWidth: Int32 = 1, dilationHeight: Int32 = 1
  ) -> (type: UInt8, table: FlatTable) {
    (
      1,
      FlatTable([
        0: .int8(padding), 1: .int32(strideWidth), 2: .int32(strideHeight), 3: .int8(activation),
        4: .int32(dilationWidth), 5: .int32(dilationHeight),
      ])
    )
  }

  static func depthwise(
    padding: Int8 = 0, strideWidth: Int32 = 1, strideHeight: Int32 = 1, activation: Int8 = 0,
    dilationWidth: Int32 = 1, dilationHeight: Int32 = 1
  ) -> (type: UInt8, table: FlatTable) {
    (
      2,
      FlatTable([
        0: .int8(padding), 1: .int32(strideWidth), 2: .int32(strideHeight), 3: .int32(1), 4: .int8(activation),
        5: .int32(dilationWidth), 6: .int32(dilationHeight),
      ])
    )
  }

  static func pool(
    padding: Int8 = 0, stride: Int32 = 1, width: Int32 = 2, height: Int32 = 2, activation: Int8 = 0
  ) -> (type: UInt8, table: FlatTable) {
    (
      5,
      FlatTable([
        0: .int8(padding), 1: .int32(stride), 2: .int32(stride), 3: .int32(width), 4: .int32(height),
        5: .int8(activation),
      ])
    )
  }

  static func fullyConnected(activation: Int8 = 0, keepsAxes: Bool = false) -> (type: UInt8, table: FlatTable) {
    (8, FlatTable([0: .int8(activation), 2: .bool(keepsAxes)]))
  }

  static func softmax(beta: Float = 1) -> (type: UInt8, table: FlatTable) { (9, FlatTable([0: .float(beta)])) }

  static func concatenation(axis: Int32, activation: Int8 = 0) -> (type: UInt8, table: FlatTable) {
    (10, FlatTable([0: .int32(axis), 1: .int8(activation)]))
  }

  static func add(activation: Int8 = 0) -> (type: UInt8, table: FlatTable) { (11, FlatTable([0: .int8(activation)])) }

  static func multiply(activation: Int8 = 0) -> (type: UInt8, table: FlatTable) {
    (21, FlatTable([0: .int8(activation)]))
  }

  static func reshape(_ shape: [Int32]) -> (type: UInt8, table: FlatTable) { (17, FlatTable([0: .int32s(shape)])) }

  static func reduce(keepsAxes: Bool) -> (type: UInt8, table: FlatTable) { (27, FlatTable([0: .bool(keepsAxes)])) }

  static func squeeze(_ axes: [Int32]) -> (type: UInt8, table: FlatTable) { (30, FlatTable([0: .int32s(axes)])) }
}
