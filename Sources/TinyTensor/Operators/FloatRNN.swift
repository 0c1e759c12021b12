import FlatbufferReader
import TinyTensorKernels

/// RNN and UNIDIRECTIONAL_SEQUENCE_RNN in float32.
struct FloatRNN: Sendable {
  let parameters: FloatRNNParameters
  let input: ReadSlot
  let weights: ReadSlot
  let recurrentWeights: ReadSlot
  let bias: ReadSlot
  let state: WriteSlot
  let output: WriteSlot
}

extension FloatRNN {
  /// One step: the input is `[batches, size]`.
  static func translateSingle(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let activation = try graph.requiredOptions(7) { (table) throws(ReadError) in
      try table.scalar(0, default: Int8(0))
    }
    let input = try graph.input(0, .float32)
    guard input.shape.rank == 2, input.shape.count > 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) does not have two axes with elements")
    }
    return try translate(
      &graph, input, batches: input.shape[0], steps: 1, size: input.shape[1], isTimeMajor: false, activation)
  }

  /// A sequence: the input is `[batches, steps, size]`, or steps first.
  static func translateSequence(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let options = try graph.requiredOptions(31) { (table) throws(ReadError) in
      (isTimeMajor: try table.scalar(0, default: false), activation: try table.scalar(1, default: Int8(0)))
    }
    let input = try graph.input(0, .float32)
    guard input.shape.rank == 3, input.shape.count > 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) does not have three axes with elements")
    }
    return try translate(
      &graph, input, batches: input.shape[options.isTimeMajor ? 1 : 0], steps: input.shape[options.isTimeMajor ? 0 : 1],
      size: input.shape[2], isTimeMajor: options.isTimeMajor, options.activation)
  }

  private static func translate(
    _ graph: inout GraphBuilder, _ input: Operand, batches: Int, steps: Int, size: Int, isTimeMajor: Bool,
    _ activation: Int8
  ) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 5...5)
    let weights = try graph.input(1, .float32)
    let recurrentWeights = try graph.input(2, .float32)
    let bias = try graph.input(3, .float32)
    let state = try graph.input(4, .float32)
    _ = try graph.outputType(0, .float32)
    guard weights.shape.rank == 2, weights.shape[1] == size, weights.shape.count > 0 else {
      throw graph.error(.invalidOperator, "its weights \(weights.shape) are not [units,\(size)]")
    }
    let units = weights.shape[0]
    guard recurrentWeights.shape.array == [units, units], bias.shape.count == units,
      state.shape.array == [batches, units]
    else {
      throw graph.error(
        .invalidOperator,
        "its recurrent weights \(recurrentWeights.shape), bias \(bias.shape) and state \(state.shape) do not fit "
          + "\(units) units")
    }
    var sizes = input.shape.array
    sizes[sizes.count - 1] = units
    guard let shape = Shape(sizes) else { throw graph.error(.tooLarge, "its output is too large") }
    return .floatRNN(
      FloatRNN(
        parameters: FloatRNNParameters(
          batches: batches, steps: steps, inputSize: size, units: units, isTimeMajor: isTimeMajor,
          activation: try graph.recurrentActivation(activation)),
        input: try graph.bind(input), weights: try graph.bind(weights),
        recurrentWeights: try graph.bind(recurrentWeights), bias: try graph.bind(bias),
        state: try graph.bindState(state), output: try graph.bindOutput(shape: shape)))
  }
}

extension FloatRNN {
  func run(_ memory: OperatorMemory) {
    var state = memory.write(state, as: Float.self)
    var output = memory.write(output, as: Float.self)
    rnnReference(
      parameters, input: memory.read(input), weights: memory.read(weights),
      recurrentWeights: memory.read(recurrentWeights), bias: memory.read(bias), state: &state, output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(
      kernel: "rnn.f32.reference",
      multiplyAccumulates: OperatorFacts.product(
        parameters.batches, parameters.steps, parameters.units, parameters.inputSize + parameters.units))
  }
}
