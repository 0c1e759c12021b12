import FlatbufferReader
import TinyTensorKernels

/// SVDF: a filter over features and time that remembers the last steps. In float32, weights may be int8: the input that
/// meets them is quantized in the run.
struct SVDF: Sendable {
  enum Kind: Sendable {
    case int8
    case float32(RecurrentActivation)
  }

  let kind: Kind
  /// Whether the input is real and weights are integers.
  let isHybrid: Bool
  let parameters: SVDFParameters
  let input: ReadSlot
  /// Of integers without their scale for int8 input, which has it in its factors.
  let featureWeights: RecurrentWeights
  let timeWeights: ReadSlot
  let bias: ReadSlot
  /// A batch's input, quantized; empty but for a real input and integer weights.
  let quantized: WriteSlot
  let state: WriteSlot
  let output: WriteSlot
}

extension SVDF {
  private struct Options {
    var rank: Int
    var activation: Int8
    var isAsymmetric: Bool
  }

  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 5...5)
    let options = try graph.requiredOptions(6) { (table) throws(ReadError) in
      Options(
        rank: Int(try table.scalar(0, default: Int32(0))), activation: try table.scalar(1, default: 0),
        isAsymmetric: try table.scalar(2, default: false))
    }
    let input = try graph.input(0, .int8, .float32)
    let isFloat = input.elementType == .float32
    let featureType = isFloat ? try graph.recurrentWeightType(1) : .int8
    let featureWeights = try graph.input(1, featureType)
    let timeWeights = try graph.input(2, isFloat ? featureType : .int16)
    let state = try graph.input(4, isFloat ? .float32 : .int16)
    _ = try graph.outputType(0, input.elementType)
    let parameters = try parameters(graph, options, input, featureWeights, timeWeights, state)
    guard let shape = Shape([parameters.batches, parameters.units]) else {
      throw graph.error(.tooLarge, "its output is too large")
    }
    if isFloat {
      let isHybrid = featureType != .float32
      return try graph.operation(
        Operation.svdf,
        SVDF(
          kind: .float32(try graph.recurrentActivation(options.activation)), isHybrid: isHybrid,
          parameters: parameters, input: try graph.bind(input),
          featureWeights: try graph.bindMatrix(1, featureType, featureWeights.shape.array),
          timeWeights: isHybrid
            ? try graph.bind(packed: graph.realElements(timeWeights)) : try graph.bind(timeWeights),
          bias: try graph.bindBias(3, .float32, channels: parameters.units),
          quantized: try graph.bindScratch(count: isHybrid ? parameters.inputSize : 0, of: Int8.self),
          state: try graph.bindState(state), output: try graph.bindOutput(shape: shape)))
    }
    // The reference takes no other activation, and does not apply it.
    guard options.activation == 1 else {
      throw graph.error(.unsupportedOperator, "quantized, it is supported with the activation RELU alone")
    }
    return try graph.operation(
      Operation.svdf,
      SVDF(
        kind: .int8, isHybrid: false,
        parameters: try quantized(graph, parameters, input, featureWeights, timeWeights, state),
        input: try graph.bind(input),
        featureWeights: RecurrentWeights(
          reals: try graph.bind(packed: [Float]()), integers: try graph.bind(featureWeights), scale: 1),
        timeWeights: try graph.bind(timeWeights),
        bias: try graph.bindBias(3, .int32, channels: parameters.units),
        quantized: try graph.bindScratch(count: 0, of: Int8.self), state: try graph.bindState(state),
        output: try graph.bindOutput(shape: shape)))
  }

  /// The sizes, which must agree.
  private static func parameters(
    _ graph: GraphBuilder, _ options: Options, _ input: Operand, _ featureWeights: Operand, _ timeWeights: Operand,
    _ state: Operand
  ) throws(ModelError) -> SVDFParameters {
    guard input.shape.rank == 2, featureWeights.shape.rank == 2, timeWeights.shape.rank == 2, state.shape.rank == 2,
      input.shape.count > 0, featureWeights.shape.count > 0, timeWeights.shape.count > 0
    else {
      throw graph.error(.invalidOperator, "its inputs do not all have two axes with elements")
    }
    let filters = featureWeights.shape[0]
    let memory = timeWeights.shape[1]
    guard options.rank > 0, filters % options.rank == 0 else {
      throw graph.error(.invalidOperator, "its rank \(options.rank) does not divide its \(filters) filters")
    }
    guard featureWeights.shape[1] == input.shape[1], timeWeights.shape[0] == filters,
      state.shape[0] == input.shape[0], state.shape[1] == memory * filters
    else {
      throw graph.error(
        .invalidOperator,
        "its shapes \(input.shape), \(featureWeights.shape), \(timeWeights.shape), \(state.shape) do not agree")
    }
    return SVDFParameters(
      batches: input.shape[0], inputSize: input.shape[1], units: filters / options.rank, rank: options.rank,
      memory: memory, isAsymmetric: options.isAsymmetric)
  }

  /// The parameters with the factors of the int8 form.
  private static func quantized(
    _ graph: GraphBuilder, _ sizes: SVDFParameters, _ input: Operand, _ featureWeights: Operand,
    _ timeWeights: Operand, _ state: Operand
  ) throws(ModelError) -> SVDFParameters {
    var parameters = sizes
    let inputAffine = try graph.affine(of: input)
    let featureScale = try graph.affine(of: featureWeights).scale
    let timeScale = try graph.affine(of: timeWeights).scale
    let stateScale = try graph.affine(of: state).scale
    let outputAffine = try graph.outputAffine()
    parameters.inputZeroPoint = Int16(inputAffine.zeroPoint)
    // Products and quotients are taken in single precision, from left to right.
    parameters.stateFactor = try graph.boundedMultiplier(Double(inputAffine.scale * featureScale / stateScale))
    parameters.outputFactor = try graph.boundedMultiplier(Double(stateScale * timeScale / outputAffine.scale))
    parameters.output = OutputStage(zeroPoint: outputAffine.zeroPoint, minimum: -128, maximum: 127)
    return parameters
  }
}

extension SVDF {
  func run(_ memory: OperatorMemory) {
    switch kind {
    case .int8:
      var state = memory.write(state, as: Int16.self)
      var output = memory.write(output, as: Int8.self)
      svdfReference(
        parameters, input: memory.read(input), featureWeights: memory.read(featureWeights.integers),
        timeWeights: memory.read(timeWeights), bias: memory.read(bias), state: &state, output: &output)
    case .float32(let activation):
      var quantized = memory.write(quantized, as: Int8.self)
      var state = memory.write(state, as: Float.self)
      var output = memory.write(output, as: Float.self)
      svdfReference(
        parameters, activation: activation, input: memory.read(input),
        featureWeights: featureWeights.matrix(memory), timeWeights: memory.read(timeWeights),
        bias: memory.read(bias), quantized: &quantized, state: &state, output: &output)
    }
  }

  var facts: OperatorFacts {
    let count = OperatorFacts.product(
      parameters.batches, parameters.filters, parameters.inputSize + parameters.memory)
    switch kind {
    case .int8: return OperatorFacts(kernel: "svdf.i8i8.reference", multiplyAccumulates: count)
    case .float32:
      return OperatorFacts(
        kernel: isHybrid ? "svdf.f32i8.reference" : "svdf.f32.reference", multiplyAccumulates: count)
    }
  }
}
