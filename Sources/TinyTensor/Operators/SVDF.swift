import FlatbufferReader
import TinyTensorKernels

/// SVDF: a filter over features and time that remembers the last steps.
struct SVDF: Sendable {
  enum Kind: Sendable {
    case int8
    /// With the activation's range.
    case float32(minimum: Float, maximum: Float)
  }

  let kind: Kind
  let parameters: SVDFParameters
  let input: ReadSlot
  let featureWeights: ReadSlot
  let timeWeights: ReadSlot
  let bias: ReadSlot
  let state: WriteSlot
  let output: WriteSlot
}

extension SVDF {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 5...5)
    let options = try graph.requiredOptions(6) { (table) throws(ReadError) in
      (rank: Int(try table.scalar(0, default: Int32(0))), activation: try table.scalar(1, default: Int8(0)))
    }
    let input = try graph.input(0, .int8, .float32)
    let isFloat = input.elementType == .float32
    let featureWeights = try graph.input(1, input.elementType)
    let timeWeights = try graph.input(2, isFloat ? .float32 : .int16)
    let state = try graph.input(4, isFloat ? .float32 : .int16)
    _ = try graph.outputType(0, input.elementType)
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
    let units = filters / options.rank
    guard let shape = Shape([input.shape[0], units]) else {
      throw graph.error(.tooLarge, "its output is too large")
    }
    var parameters = SVDFParameters(
      batches: input.shape[0], inputSize: input.shape[1], units: units, rank: options.rank, memory: memory)
    let kind: Kind
    let bias: ReadSlot
    if isFloat {
      let range = try graph.realActivation(options.activation)
      kind = .float32(minimum: range.minimum, maximum: range.maximum)
      bias = try graph.bindBias(3, .float32, channels: units)
    } else {
      kind = .int8
      // The reference takes no other activation, and does not apply it.
      guard options.activation == 1 else {
        throw graph.error(.unsupportedOperator, "quantized, it is supported with the activation RELU alone")
      }
      let inputAffine = try graph.affine(of: input)
      let featureScale = try graph.affine(of: featureWeights).scale
      let timeScale = try graph.affine(of: timeWeights).scale
      let stateScale = try graph.affine(of: state).scale
      let outputAffine = try graph.outputAffine()
      parameters.inputZeroPoint = Int16(inputAffine.zeroPoint)
      // Products and quotients are taken in single precision, from left to right.
      parameters.stateFactor = try graph.multiplier(Double(inputAffine.scale * featureScale / stateScale))
      parameters.outputFactor = try graph.multiplier(Double(stateScale * timeScale / outputAffine.scale))
      parameters.output = OutputStage(zeroPoint: outputAffine.zeroPoint, minimum: -128, maximum: 127)
      bias = try graph.bindBias(3, .int32, channels: units)
    }
    return .svdf(
      SVDF(
        kind: kind, parameters: parameters, input: try graph.bind(input),
        featureWeights: try graph.bind(featureWeights), timeWeights: try graph.bind(timeWeights), bias: bias,
        state: try graph.bindState(state), output: try graph.bindOutput(shape: shape)))
  }
}

extension SVDF {
  func run(_ memory: OperatorMemory) {
    switch kind {
    case .int8:
      var state = memory.write(state, as: Int16.self)
      var output = memory.write(output, as: Int8.self)
      svdfReference(
        parameters, input: memory.read(input), featureWeights: memory.read(featureWeights),
        timeWeights: memory.read(timeWeights), bias: memory.read(bias), state: &state, output: &output)
    case .float32(let minimum, let maximum):
      var state = memory.write(state, as: Float.self)
      var output = memory.write(output, as: Float.self)
      svdfReference(
        parameters, input: memory.read(input), featureWeights: memory.read(featureWeights),
        timeWeights: memory.read(timeWeights), bias: memory.read(bias), state: &state, output: &output)
      for index in 0..<output.count { output[index] = min(max(output[index], minimum), maximum) }
    }
  }

  var facts: OperatorFacts {
    let count = OperatorFacts.product(
      parameters.batches, parameters.filters, parameters.inputSize + parameters.memory)
    switch kind {
    case .int8: return OperatorFacts(kernel: "svdf.i8i8.reference", multiplyAccumulates: count)
    case .float32: return OperatorFacts(kernel: "svdf.f32.reference", multiplyAccumulates: count)
    }
  }
}
