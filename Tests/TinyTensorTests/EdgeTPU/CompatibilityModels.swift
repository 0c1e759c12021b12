@testable import TinyTensor

/// Small models for the rules of compatibility with the Edge TPU's compiler.
enum Compatibility {
  /// One operator from an input of int8 to an output of int8, with constants behind the input.
  static func unary(
    _ code: BuiltinOperator, input: [Int], output: [Int], version: Int32 = 1, integers: [([Int], [Int32])] = [],
    options: (type: UInt8, table: FlatTable)? = nil
  ) -> TestModel {
    var model = TestModel.unary(code, input: input, output: output, options: options)
    for (index, (shape, elements)) in integers.enumerated() {
      model.operators[0].inputs.append(model.constant("integers \(index)", shape, .int32, elements))
    }
    model.operators[0].version = version
    return model
  }

  /// One operator on two inputs of int8 with a shape like the output's.
  static func binary(_ code: BuiltinOperator, _ shape: [Int]) -> TestModel {
    var model = unary(code, input: shape, output: shape)
    model.operators[0].inputs.append(model.input("second", shape, .int8, scale: 0.5))
    return model
  }

  /// A reduction of [1,4,4,8], or of another shape, along axes.
  static func reduction(_ code: BuiltinOperator, _ axes: [Int32], input: [Int] = [1, 4, 4, 8]) -> TestModel {
    unary(
      code, input: input,
      output: input.enumerated().map { axis, size in
        axes.contains(Int32(axis)) || axes.contains(Int32(axis - input.count)) ? 1 : size
      }, integers: [([axes.count], axes)], options: Options.reduce(keepsAxes: true))
  }

  /// PAD of [1,4,4,2] by sizes in front of and behind each axis.
  static func pad(_ sizes: [Int32]) -> TestModel {
    let input = [1, 4, 4, 2]
    return unary(
      .pad, input: input, output: input.indices.map { input[$0] + Int(sizes[2 * $0] + sizes[2 * $0 + 1]) },
      integers: [([4, 2], sizes)])
  }

  static func depthwise(dilation: (Int32, Int32) = (1, 1)) -> TestModel {
    var model = TestModel()
    let input = model.input([1, 8, 8, 2], .int8, scale: 0.1)
    let filter = model.constant(
      "filter", [1, 3, 3, 2], .int8, [Int8](repeating: 1, count: 18), scales: [0.01, 0.02], axis: 3)
    let output = model.output([1, 8, 8, 2], .int8, scale: 0.1)
    model.add(
      .depthwiseConv2D, [input, filter], [output],
      options: Options.depthwise(dilationWidth: dilation.0, dilationHeight: dilation.1))
    return model
  }

  static func fullyConnected(rows: Int = 1, weightsFormat: Int8 = 0) -> TestModel {
    var model = TestModel()
    let input = model.input([rows, 4], .int8, scale: 0.1)
    let weights = model.constant("weights", [2, 4], .int8, [Int8](repeating: 1, count: 8), scales: [0.01])
    let output = model.output([rows, 2], .int8, scale: 0.1)
    model.add(
      .fullyConnected, [input, weights], [output],
      options: (8, FlatTable([0: .int8(0), 1: .int8(weightsFormat)])))
    return model
  }

  /// CONCATENATION of inputs, and of a constant of that byte if one is given.
  static func concatenation(inputs: Int, constant: Int8? = nil, zeroPoint: Int64 = 0, activation: Int8 = 0) -> TestModel
  {
    var model = TestModel()
    var operands = (0..<inputs).map { model.input("input \($0)", [1, 4], .int8, scale: 0.5, zeroPoint: zeroPoint) }
    if let constant {
      operands.append(
        model.constant(
          "constant", [1, 4], .int8, [Int8](repeating: constant, count: 4), scales: [0.5], zeroPoints: [zeroPoint]))
    }
    let output = model.output([1, 4 * operands.count], .int8, scale: 0.5, zeroPoint: zeroPoint)
    model.add(.concatenation, operands, [output], options: Options.concatenation(axis: 1, activation: activation))
    return model
  }

  static func pack(axis: Int32) -> TestModel {
    var model = TestModel()
    let operands = (0..<2).map { model.input("input \($0)", [1, 3, 4], .int8, scale: 0.5) }
    let output = model.output(axis == 0 ? [2, 1, 3, 4] : [1, 3, 4, 2], .int8, scale: 0.5)
    // The batch of the output has to stay 1 for the rank alone not to decide.
    if axis == 0 { model.tensors[Int(output)].shape = [1, 1, 3, 4] }
    model.add(.pack, operands, [output], options: (59, FlatTable([0: .int32(2), 1: .int32(axis)])))
    return model
  }

  static func split(axis: Int32) -> TestModel {
    var model = TestModel()
    let dimension = model.constant("axis", [], .int32, [axis])
    let input = model.input([1, 2, 2, 4], .int8, scale: 0.5)
    let outputs = (0..<2).map { model.output("output \($0)", [1, 2, 2, 2], .int8, scale: 0.5) }
    model.add(.split, [dimension, input], outputs, options: (35, FlatTable([0: .int32(2)])))
    return model
  }

  static func prelu(slopes: [Int]) -> TestModel {
    var model = unary(.prelu, input: [1, 4, 4, 2], output: [1, 4, 4, 2])
    let count = slopes.reduce(1, *)
    model.operators[0].inputs.append(
      model.constant("slopes", slopes, .int8, [Int8](repeating: 3, count: count), scales: [0.1]))
    return model
  }

  static func stridedSlice(stride: Int32 = 1, ellipsis: Int32 = 0, newAxis: Int32 = 0) -> TestModel {
    unary(
      .stridedSlice, input: [1, 4], output: [1, 2], integers: [([2], [0, 0]), ([2], [1, 2]), ([2], [1, stride])],
      options: (32, FlatTable([2: .int32(ellipsis), 3: .int32(newAxis)])))
  }

  static func resize(
    _ code: BuiltinOperator = .resizeBilinear, from input: [Int], to output: [Int], version: Int32 = 1
  ) -> TestModel {
    unary(
      code, input: input, output: output, version: version, integers: [([2], [Int32(output[1]), Int32(output[2])])])
  }

  static func transposeConvolution() -> TestModel {
    var model = TestModel()
    let shape = model.constant("shape", [4], .int32, [Int32(1), 8, 8, 1])
    let filter = model.constant("filter", [1, 2, 2, 2], .int8, [Int8](repeating: 1, count: 8), scales: [0.1])
    let input = model.input([1, 4, 4, 2], .int8, scale: 0.1)
    let output = model.output([1, 8, 8, 1], .int8, scale: 0.1)
    model.add(.transposeConv, [shape, filter, input], [output])
    return model
  }

  /// A layer of that kind with an input, weights and a state, as many operands as matter to the rules.
  static func recurrent(_ code: BuiltinOperator) -> TestModel {
    var model = unary(code, input: [1, 3, 4], output: [1, 3, 4])
    for index in 1...8 {
      model.operators[0].inputs.append(
        model.constant("weights \(index)", [4, 4], .int8, [Int8](repeating: 1, count: 16), scales: [0.1]))
    }
    let state = model.tensor("cell", [1, 4], .int16, scale: 0.001)
    model.tensors[Int(state)].isVariable = true
    model.operators[0].inputs.append(state)
    return model
  }
}

extension TestModel {
  /// What the compiler would probably say of the first operator, for that runtime.
  func status(_ runtime: Int = 14) throws -> EdgeTPUCompatibility.Status {
    try compatibility(runtime).operators[0].status
  }

  func compatibility(_ runtime: Int = 14) throws -> EdgeTPUCompatibility {
    try ModelFile(bytes: bytes).edgeTPUCompatibility(runtimeVersion: runtime)
  }
}
