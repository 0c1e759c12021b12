import FlatbufferReader
import TinyTensorKernels

/// RNN and UNIDIRECTIONAL_SEQUENCE_RNN in float32. Weights may be int8: vectors that meet them are quantized in the
/// run.
struct FloatRNN: Sendable {
  let parameters: FloatRNNParameters
  /// Whether weights are integers.
  let isHybrid: Bool
  let input: ReadSlot
  let weights: RecurrentWeights
  let recurrentWeights: RecurrentWeights
  let bias: ReadSlot
  /// A row's input and state, quantized; empty for real weights.
  let quantized: WriteSlot
  let state: WriteSlot
  let output: WriteSlot
}

extension FloatRNN {
  private struct Options {
    var isTimeMajor = false
    var activation: Int8 = 0
    var isAsymmetric = false
  }

  /// One step: the input is `[batches, size]`.
  static func translateSingle(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let options = try graph.requiredOptions(7) { (table) throws(ReadError) in
      Options(activation: try table.scalar(0, default: 0), isAsymmetric: try table.scalar(1, default: false))
    }
    let input = try graph.input(0, .float32)
    guard input.shape.rank == 2, input.shape.count > 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) does not have two axes with elements")
    }
    return try translate(&graph, input, batches: input.shape[0], steps: 1, size: input.shape[1], options)
  }

  /// A sequence: the input is `[batches, steps, size]`, or steps first.
  static func translateSequence(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let options = try graph.requiredOptions(31) { (table) throws(ReadError) in
      Options(
        isTimeMajor: try table.scalar(0, default: false), activation: try table.scalar(1, default: 0),
        isAsymmetric: try table.scalar(2, default: false))
    }
    let input = try graph.input(0, .float32)
    guard input.shape.rank == 3, input.shape.count > 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) does not have three axes with elements")
    }
    return try translate(
      &graph, input, batches: input.shape[options.isTimeMajor ? 1 : 0], steps: input.shape[options.isTimeMajor ? 0 : 1],
      size: input.shape[2], options)
  }

  private static func translate(
    _ graph: inout GraphBuilder, _ input: Operand, batches: Int, steps: Int, size: Int, _ options: Options
  ) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 5...5)
    let type = try graph.recurrentWeightType(1)
    let weights = try graph.input(1, type)
    let bias = try graph.input(3, .float32)
    let state = try graph.input(4, .float32)
    _ = try graph.outputType(0, .float32)
    guard weights.shape.rank == 2, weights.shape[1] == size, weights.shape.count > 0 else {
      throw graph.error(.invalidOperator, "its weights \(weights.shape) are not [units,\(size)]")
    }
    let units = weights.shape[0]
    guard bias.shape.count == units, state.shape.array == [batches, units] else {
      throw graph.error(
        .invalidOperator, "its bias \(bias.shape) and state \(state.shape) do not fit \(units) units")
    }
    var sizes = input.shape.array
    sizes[sizes.count - 1] = units
    guard let shape = Shape(sizes) else { throw graph.error(.tooLarge, "its output is too large") }
    let parameters = FloatRNNParameters(
      batches: batches, steps: steps, inputSize: size, units: units, isTimeMajor: options.isTimeMajor,
      activation: try graph.recurrentActivation(options.activation), isAsymmetric: options.isAsymmetric)
    let isHybrid = type != .float32
    return try graph.operation(
      Operation.floatRNN,
      FloatRNN(
        parameters: parameters, isHybrid: isHybrid, input: try graph.bind(input),
        weights: try graph.bindMatrix(1, type, [units, size]),
        recurrentWeights: try graph.bindMatrix(2, type, [units, units]), bias: try graph.bind(bias),
        quantized: try graph.bindScratch(count: isHybrid ? size + units : 0, of: Int8.self),
        state: try graph.bindState(state), output: try graph.bindOutput(shape: shape)))
  }
}

extension FloatRNN {
  func run(_ memory: OperatorMemory) {
    var quantized = memory.write(quantized, as: Int8.self)
    var state = memory.write(state, as: Float.self)
    var output = memory.write(output, as: Float.self)
    rnnReference(
      parameters, input: memory.read(input), weights: weights.matrix(memory),
      recurrentWeights: recurrentWeights.matrix(memory), bias: memory.read(bias), quantized: &quantized,
      state: &state, output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(
      kernel: isHybrid ? "rnn.f32i8.reference" : "rnn.f32.reference",
      multiplyAccumulates: OperatorFacts.product(
        parameters.batches, parameters.steps, parameters.units, parameters.inputSize + parameters.units))
  }
}
