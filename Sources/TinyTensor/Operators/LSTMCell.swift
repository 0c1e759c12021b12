import TinyTensorKernels

/// LSTM of the kernel type BASIC: one step of a long short-term memory with one matrix for all gates, in float32, or in
/// uint8 with an int16 state.
struct LSTMCell: Sendable {
  enum Kind: Sendable {
    case float32
    case uint8
  }

  let kind: Kind
  let parameters: LSTMCellParameters
  let input: ReadSlot
  let weights: ReadSlot
  let bias: ReadSlot
  let lastActivation: WriteSlot
  let lastState: WriteSlot
  let activation: WriteSlot
  let state: WriteSlot
  /// The input with the last activation behind it.
  let joined: WriteSlot
  /// The gates' sums.
  let sums: WriteSlot
}

extension LSTMCell {
  /// The operator's inputs are input, last activation, weights, bias and last state; its outputs are activation, state,
  /// the joined vector and the gates' sums. Its options do not matter: the reference reads none of them.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 5...5, outputs: 4)
    let input = try graph.input(0, .float32, .uint8)
    let isFloat = input.elementType == .float32
    let stateType: ElementType = isFloat ? .float32 : .int16
    let lastActivation = try graph.input(1, input.elementType)
    let weights = try graph.input(2, input.elementType)
    let bias = try graph.input(3, isFloat ? .float32 : .int32)
    let lastState = try graph.input(4, stateType)
    for index in 0..<4 { _ = try graph.outputType(index, index % 2 == 0 ? input.elementType : stateType) }
    guard input.shape.rank == 2, input.shape.count > 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) does not have two axes with elements")
    }
    guard lastActivation.shape.rank == 2, lastActivation.shape.count > 0, lastActivation.shape[0] == input.shape[0],
      lastState.shape == lastActivation.shape
    else {
      throw graph.error(
        .invalidOperator,
        "its states \(lastActivation.shape) and \(lastState.shape) are not [\(input.shape[0]),cells]")
    }
    var parameters = LSTMCellParameters(
      batches: input.shape[0], inputSize: input.shape[1], cells: lastActivation.shape[1])
    let (batches, cells) = (parameters.batches, parameters.cells)
    guard weights.shape.array == [4 * cells, parameters.joinedSize], bias.shape.array == [4 * cells] else {
      throw graph.error(
        .invalidOperator,
        "its weights \(weights.shape) and bias \(bias.shape) are not [\(4 * cells),\(parameters.joinedSize)] and "
          + "[\(4 * cells)]")
    }
    if !isFloat {
      // The reference computes with a state of four integer bits alone.
      guard try graph.outputAffine(1).scale == 0x1p-11 else {
        throw graph.error(.unsupportedOperator, "quantized, it is supported with a state of the scale 2^-11 alone")
      }
      parameters.weightsZeroPoint = Int16(try graph.affine(of: weights).zeroPoint)
      parameters.factor = try graph.boundedMultiplier(0x1p12 * Double(graph.affine(of: bias).scale))
    }
    guard let joined = Shape([batches, parameters.joinedSize]), let sums = Shape([batches, 4 * cells]) else {
      throw graph.error(.tooLarge, "its output is too large")
    }
    return try graph.operation(
      Operation.lstmCell,
      LSTMCell(
        kind: isFloat ? .float32 : .uint8, parameters: parameters, input: try graph.bind(input),
        weights: try graph.bind(weights), bias: try graph.bind(bias),
        lastActivation: try graph.bindState(lastActivation), lastState: try graph.bindState(lastState),
        activation: try graph.bindOutput(0, shape: lastActivation.shape),
        state: try graph.bindOutput(1, shape: lastState.shape), joined: try graph.bindOutput(2, shape: joined),
        sums: try graph.bindOutput(3, shape: sums)))
  }
}

extension LSTMCell {
  func run(_ memory: OperatorMemory) {
    switch kind {
    case .float32:
      var lastActivation = memory.write(lastActivation, as: Float.self)
      var lastState = memory.write(lastState, as: Float.self)
      var activation = memory.write(activation, as: Float.self)
      var state = memory.write(state, as: Float.self)
      var joined = memory.write(joined, as: Float.self)
      var sums = memory.write(sums, as: Float.self)
      lstmCellReference(
        parameters, input: memory.read(input), weights: memory.read(weights), bias: memory.read(bias),
        lastActivation: &lastActivation, lastState: &lastState, activation: &activation, state: &state,
        joined: &joined, sums: &sums)
    case .uint8:
      var lastActivation = memory.write(lastActivation, as: UInt8.self)
      var lastState = memory.write(lastState, as: Int16.self)
      var activation = memory.write(activation, as: UInt8.self)
      var state = memory.write(state, as: Int16.self)
      var joined = memory.write(joined, as: UInt8.self)
      var sums = memory.write(sums, as: Int16.self)
      lstmCellReference(
        parameters, input: memory.read(input), weights: memory.read(weights), bias: memory.read(bias),
        lastActivation: &lastActivation, lastState: &lastState, activation: &activation, state: &state,
        joined: &joined, sums: &sums)
    }
  }

  var facts: OperatorFacts {
    let count = OperatorFacts.product(parameters.batches, 4, parameters.cells, parameters.joinedSize)
    switch kind {
    case .float32: return OperatorFacts(kernel: "lstmcell.f32.reference", multiplyAccumulates: count)
    case .uint8: return OperatorFacts(kernel: "lstmcell.u8u8.reference", multiplyAccumulates: count)
    }
  }
}
