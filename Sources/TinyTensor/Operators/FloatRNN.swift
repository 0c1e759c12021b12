import FlatbufferReader
import TinyTensorKernels

/// RNN, UNIDIRECTIONAL_SEQUENCE_RNN and BIDIRECTIONAL_SEQUENCE_RNN in float32. Weights may be int8: vectors that meet
/// them are quantized in the run.
struct FloatRNN: Sendable {
  var parameters: FloatRNNParameters
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
    var mergesOutputs = false
  }

  /// What a layer is fed.
  private struct Feed {
    let input: Operand
    let batches: Int
    let steps: Int
    let size: Int
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
    try graph.requireOperands(inputs: 5...5)
    return try translate(
      &graph, Feed(input: input, batches: input.shape[0], steps: 1, size: input.shape[1]), options)
  }

  /// A sequence: the input is `[batches, steps, size]`, or steps first.
  static func translateSequence(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let options = try graph.requiredOptions(31) { (table) throws(ReadError) in
      Options(
        isTimeMajor: try table.scalar(0, default: false), activation: try table.scalar(1, default: 0),
        isAsymmetric: try table.scalar(2, default: false))
    }
    try graph.requireOperands(inputs: 5...5)
    return try translate(&graph, sequence(graph, options), options)
  }

  private static func sequence(_ graph: GraphBuilder, _ options: Options) throws(ModelError) -> Feed {
    let input = try graph.input(0, .float32)
    guard input.shape.rank == 3, input.shape.count > 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) does not have three axes with elements")
    }
    return Feed(
      input: input, batches: input.shape[options.isTimeMajor ? 1 : 0],
      steps: input.shape[options.isTimeMajor ? 0 : 1], size: input.shape[2])
  }

  private static func translate(
    _ graph: inout GraphBuilder, _ feed: Feed, _ options: Options
  ) throws(ModelError) -> Operation? {
    let units = try units(graph, feed, first: 1)
    let output = try graph.bindOutput(shape: outputShape(graph, feed, units))
    return try graph.operation(
      Operation.floatRNN, try layer(&graph, feed, first: 1, units: units, options, output: output))
  }

  /// Two layers over one input, the second one from the end on. Auxiliary inputs are not supported.
  static func translateBidirectional(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let options = try graph.requiredOptions(70) { (table) throws(ReadError) in
      Options(
        isTimeMajor: try table.scalar(0, default: false), activation: try table.scalar(1, default: 0),
        isAsymmetric: try table.scalar(3, default: false), mergesOutputs: try table.scalar(2, default: false))
    }
    try graph.requireOperands(inputs: 9...12, outputs: options.mergesOutputs ? 1 : 2)
    for index in 9..<12 where try graph.optionalInput(index) != nil {
      throw graph.error(.unsupportedOperator, "an auxiliary input (input \(index)) is not supported")
    }
    let feed = try sequence(graph, options)
    let first = try units(graph, feed, first: 1)
    let second = try units(graph, feed, first: 5)
    let (width, overflow) = first.addingReportingOverflow(second)
    guard !overflow else { throw graph.error(.tooLarge, "its output is too large") }
    let output = try graph.bindOutput(
      0, shape: outputShape(graph, feed, options.mergesOutputs ? width : first))
    var forward = try layer(&graph, feed, first: 1, units: first, options, output: output)
    var backwardOutput = output
    if !options.mergesOutputs {
      _ = try graph.outputType(1, .float32)
      backwardOutput = try graph.bindOutput(1, shape: outputShape(graph, feed, second))
    }
    var backward = try layer(&graph, feed, first: 5, units: second, options, output: backwardOutput)
    backward.parameters.isReversed = true
    if options.mergesOutputs {
      forward.parameters.outputStride = width
      backward.parameters.outputStride = width
      backward.parameters.outputOffset = first
    }
    // With integer weights and steps first the reference goes through the sequence as often as it has steps.
    if options.isTimeMajor, forward.isHybrid {
      forward.parameters.passes = feed.steps
      backward.parameters.passes = feed.steps
    }
    graph.emit(try graph.operation(Operation.floatRNN, forward))
    return try graph.operation(Operation.floatRNN, backward)
  }

  /// The units of a layer whose weights are input `first`.
  private static func units(_ graph: GraphBuilder, _ feed: Feed, first: Int) throws(ModelError) -> Int {
    let weights = try graph.input(first, graph.recurrentWeightType(1))
    guard weights.shape.rank == 2, weights.shape[1] == feed.size, weights.shape.count > 0 else {
      throw graph.error(.invalidOperator, "its weights \(weights.shape) are not [units,\(feed.size)]")
    }
    return weights.shape[0]
  }

  private static func outputShape(_ graph: GraphBuilder, _ feed: Feed, _ width: Int) throws(ModelError) -> Shape {
    _ = try graph.outputType(0, .float32)
    var sizes = feed.input.shape.array
    sizes[sizes.count - 1] = width
    guard let shape = Shape(sizes) else { throw graph.error(.tooLarge, "its output is too large") }
    return shape
  }

  /// A layer: weights, recurrent weights, bias and state are the inputs from `first` on.
  private static func layer(
    _ graph: inout GraphBuilder, _ feed: Feed, first: Int, units: Int, _ options: Options, output: WriteSlot
  ) throws(ModelError) -> FloatRNN {
    let type = try graph.recurrentWeightType(1)
    let bias = try graph.input(first + 2, .float32)
    let state = try graph.input(first + 3, .float32)
    guard bias.shape.count == units, state.shape.array == [feed.batches, units] else {
      throw graph.error(
        .invalidOperator, "its bias \(bias.shape) and state \(state.shape) do not fit \(units) units")
    }
    let isHybrid = type != .float32
    return FloatRNN(
      parameters: FloatRNNParameters(
        batches: feed.batches, steps: feed.steps, inputSize: feed.size, units: units, isTimeMajor: options.isTimeMajor,
        activation: try graph.recurrentActivation(options.activation), isAsymmetric: options.isAsymmetric),
      isHybrid: isHybrid, input: try graph.bind(feed.input),
      weights: try graph.bindMatrix(first, type, [units, feed.size]),
      recurrentWeights: try graph.bindMatrix(first + 1, type, [units, units]), bias: try graph.bind(bias),
      quantized: try graph.bindScratch(count: isHybrid ? feed.size + units : 0, of: Int8.self),
      state: try graph.bindState(state), output: output)
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
