import FlatbufferReader
import TinyTensorKernels

/// UNIDIRECTIONAL_SEQUENCE_LSTM, the halves of BIDIRECTIONAL_SEQUENCE_LSTM, and LSTM of the kernel type FULL in
/// float32, with every part that they may have: coupled input gate, peepholes, projection, layer normalization,
/// auxiliary input. Weights may be int8: vectors that meet them are quantized in the run.
struct FloatLSTM: Sendable {
  struct Gate: Sendable {
    let inputWeights: RecurrentWeights
    let auxiliaryWeights: RecurrentWeights
    let recurrentWeights: RecurrentWeights
    let peephole: ReadSlot
    let bias: ReadSlot
    let normalization: ReadSlot
  }

  let parameters: FloatLSTMParameters
  /// Whether weights are integers.
  let isHybrid: Bool
  let input: ReadSlot
  /// Empty where there is no second input.
  let auxiliary: ReadSlot
  let gates: LSTMGates<Gate>
  let projection: RecurrentWeights
  let projectionBias: ReadSlot
  let gateValues: WriteSlot
  /// A row's vectors, quantized; empty for real weights.
  let quantized: WriteSlot
  let state: WriteSlot
  let cellState: WriteSlot
  let output: WriteSlot
}

extension FloatLSTM {
  private struct Options {
    var activation: Int8 = 0
    var cellClip: Float = 0
    var projectionClip: Float = 0
    var mergesOutputs = false
    var isTimeMajor = false
    var isAsymmetric = false
  }

  /// Which of the operator's inputs are the parts of a layer: the first of four, or of three peepholes.
  private struct Places {
    var inputWeights: Int
    var recurrentWeights: Int
    var peepholes: Int
    var biases: Int
    var projection: Int
    var state: Int
    var cellState: Int
    /// `nil` where there is no layer normalization.
    var normalization: Int?
    /// `nil` where there are no weights of an auxiliary input.
    var auxiliaryWeights: Int?

    /// UNIDIRECTIONAL_SEQUENCE_LSTM and LSTM.
    static let single = Places(
      inputWeights: 1, recurrentWeights: 5, peepholes: 9, biases: 12, projection: 16, state: 18, cellState: 19,
      normalization: 20)
    /// BIDIRECTIONAL_SEQUENCE_LSTM. The auxiliary input is input 39, its weights end before `count`.
    static let forward = Places(
      inputWeights: 1, recurrentWeights: 5, peepholes: 9, biases: 12, projection: 16, state: 35, cellState: 36,
      auxiliaryWeights: 40)
    static let backward = Places(
      inputWeights: 18, recurrentWeights: 22, peepholes: 26, biases: 29, projection: 33, state: 37, cellState: 38,
      auxiliaryWeights: 44)
    static let auxiliary = 39
    static let count = 48
  }

  /// What a layer is fed.
  private struct Feed {
    var input: Operand
    var auxiliary: Operand?
    var batches: Int
    var steps: Int
  }

  /// Where a layer writes.
  private struct Target {
    var output: WriteSlot
    var offset: Int
    var stride: Int
  }

  /// The two forms of the operator by the type of the input.
  static func translateUnidirectional(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 20...24)
    if try graph.input(0).elementType == .int8 { return try QuantizedLSTM.translate(&graph) }
    let options = try graph.requiredOptions(71) { (table) throws(ReadError) in
      Options(
        activation: try table.scalar(0, default: 0), cellClip: try table.scalar(1, default: 0),
        projectionClip: try table.scalar(2, default: 0), isTimeMajor: try table.scalar(3, default: false),
        isAsymmetric: try table.scalar(4, default: false))
    }
    return try translateSingle(&graph, options, rank: 3)
  }

  /// LSTM: one step of the other operator, or a cell of another kind.
  static func translateStep(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let (options, kernel) = try graph.requiredOptions(14) { (table) throws(ReadError) in
      let options = Options(
        activation: try table.scalar(0, default: 0), cellClip: try table.scalar(1, default: 0),
        projectionClip: try table.scalar(2, default: 0), isAsymmetric: try table.scalar(4, default: false))
      return (options, try table.scalar(3, default: Int8(0)))
    }
    switch kernel {
    case 0:
      try graph.requireOperands(inputs: 20...24)
      return try translateSingle(&graph, options, rank: 2)
    case 1: return try LSTMCell.translate(&graph)
    default: throw graph.error(.invalidOperator, "its kernel type \(kernel) is not in the schema")
    }
  }

  private static func translateSingle(
    _ graph: inout GraphBuilder, _ options: Options, rank: Int
  ) throws(ModelError) -> Operation? {
    let feed = try checkedFeed(graph, options, rank: rank)
    let size = try graph.input(Places.single.state, .float32).shape
    guard size.rank == 2 else { throw graph.error(.invalidOperator, "its state \(size) does not have two axes") }
    let shape = try outputShape(graph, feed, size[1])
    let target = Target(output: try graph.bindOutput(shape: shape), offset: 0, stride: size[1])
    return try graph.operation(Operation.floatLSTM, try make(&graph, feed, .single, options, isReversed: false, target))
  }

  /// Two layers over one input, the second one from the end on.
  static func translateBidirectional(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let options = try graph.requiredOptions(69) { (table) throws(ReadError) in
      Options(
        activation: try table.scalar(0, default: 0), cellClip: try table.scalar(1, default: 0),
        projectionClip: try table.scalar(2, default: 0), mergesOutputs: try table.scalar(3, default: false),
        isTimeMajor: try table.scalar(4, default: true), isAsymmetric: try table.scalar(5, default: false))
    }
    try graph.requireOperands(inputs: Places.auxiliary...Places.count, outputs: options.mergesOutputs ? 1 : 2)
    let feeds = try bidirectionalFeeds(graph, checkedFeed(graph, options, rank: 3))
    let first = try graph.input(Places.forward.state, .float32).shape
    let second = try graph.input(Places.backward.state, .float32).shape
    guard first.rank == 2, second.rank == 2 else {
      throw graph.error(.invalidOperator, "its states \(first) and \(second) do not have two axes")
    }
    let firstTarget: Target
    let secondTarget: Target
    if options.mergesOutputs {
      let width = first[1] + second[1]
      let output = try graph.bindOutput(shape: outputShape(graph, feeds.forward, width))
      firstTarget = Target(output: output, offset: 0, stride: width)
      secondTarget = Target(output: output, offset: first[1], stride: width)
    } else {
      _ = try graph.outputType(1, .float32)
      let shapes = [
        try outputShape(graph, feeds.forward, first[1]), try outputShape(graph, feeds.forward, second[1]),
      ]
      firstTarget = Target(output: try graph.bindOutput(0, shape: shapes[0]), offset: 0, stride: first[1])
      secondTarget = Target(output: try graph.bindOutput(1, shape: shapes[1]), offset: 0, stride: second[1])
    }
    let layer = try make(&graph, feeds.forward, .forward, options, isReversed: false, firstTarget)
    let reversed = try make(&graph, feeds.backward, .backward, options, isReversed: true, secondTarget)
    graph.emit(try graph.operation(Operation.floatLSTM, layer))
    return try graph.operation(Operation.floatLSTM, reversed)
  }

  /// What the two layers are fed: with weights of an auxiliary input, both have that beside the input; without such
  /// weights, it is the second layer's only input.
  private static func bidirectionalFeeds(
    _ graph: GraphBuilder, _ feed: Feed
  ) throws(ModelError) -> (forward: Feed, backward: Feed) {
    var hasWeights = false
    for place in (Places.auxiliary + 1)..<Places.count where try graph.optionalInput(place) != nil {
      hasWeights = true
    }
    if try graph.optionalInput(Places.auxiliary) == nil, !hasWeights { return (feed, feed) }
    let auxiliary = try graph.input(Places.auxiliary, .float32)
    let sizes = feed.input.shape.array
    guard auxiliary.shape.rank == 3, auxiliary.shape[0] == sizes[0], auxiliary.shape[1] == sizes[1],
      hasWeights ? auxiliary.shape[2] > 0 : auxiliary.shape[2] == sizes[2]
    else {
      throw graph.error(
        .invalidOperator, "its auxiliary input \(auxiliary.shape) does not fit the input \(feed.input.shape)")
    }
    var other = feed
    if hasWeights {
      other.auxiliary = auxiliary
      return (other, other)
    }
    other.input = auxiliary
    return (feed, other)
  }

  private static func checkedFeed(
    _ graph: GraphBuilder, _ options: Options, rank: Int
  ) throws(ModelError) -> Feed {
    let input = try graph.input(0, .float32)
    guard input.shape.rank == rank, input.shape.count > 0 else {
      throw graph.error(
        .invalidOperator, "its input \(input.shape) does not have \(rank == 3 ? "three" : "two") axes with elements")
    }
    guard options.cellClip >= 0, options.projectionClip >= 0 else {
      throw graph.error(.invalidOperator, "a clip is negative or not a number")
    }
    _ = try graph.outputType(0, .float32)
    guard rank == 3 else { return Feed(input: input, batches: input.shape[0], steps: 1) }
    return Feed(
      input: input, batches: input.shape[options.isTimeMajor ? 1 : 0],
      steps: input.shape[options.isTimeMajor ? 0 : 1])
  }

  private static func outputShape(
    _ graph: GraphBuilder, _ feed: Feed, _ width: Int
  ) throws(ModelError) -> Shape {
    var sizes = feed.input.shape.array
    sizes[sizes.count - 1] = width
    guard let shape = Shape(sizes) else { throw graph.error(.tooLarge, "its output is too large") }
    return shape
  }

  private static func make(
    _ graph: inout GraphBuilder, _ feed: Feed, _ places: Places, _ options: Options, isReversed: Bool,
    _ target: Target
  ) throws(ModelError) -> FloatLSTM {
    let batches = feed.batches
    let size = feed.input.shape[feed.input.shape.rank - 1]
    let auxiliarySize = feed.auxiliary?.shape[2] ?? 0
    let state = try graph.input(places.state, .float32)
    let cellState = try graph.input(places.cellState, .float32)
    guard state.shape.rank == 2, cellState.shape.rank == 2, state.shape[0] == batches,
      cellState.shape[0] == batches, state.shape.count > 0, cellState.shape.count > 0
    else {
      throw graph.error(
        .invalidOperator, "its states \(state.shape) and \(cellState.shape) are not [\(batches),...]")
    }
    let cells = cellState.shape[1]
    let outputSize = state.shape[1]
    let projection = try graph.optionalInput(places.projection)
    guard projection != nil || outputSize == cells else {
      throw graph.error(
        .invalidOperator, "its output has \(outputSize) elements for \(cells) cells, without projection")
    }
    // An input gate without weights is coupled to the forget gate.
    let couples = try graph.optionalInput(places.inputWeights) == nil
    let type = try graph.recurrentWeightType(places.inputWeights + 3)
    var gates: [Gate] = []
    for index in 0..<4 {
      let isLeftOut = index == 0 && couples
      gates.append(
        Gate(
          inputWeights: try graph.bindMatrix(places.inputWeights + index, type, [cells, size], isLeftOut: isLeftOut),
          auxiliaryWeights: try graph.bindMatrix(
            (places.auxiliaryWeights ?? 0) + index, type, [cells, auxiliarySize],
            isLeftOut: isLeftOut || auxiliarySize == 0),
          recurrentWeights: try graph.bindMatrix(
            places.recurrentWeights + index, type, [cells, outputSize], isLeftOut: isLeftOut),
          // The cell gate has no peephole: there are those of the input, forget and output gate.
          peephole: try graph.bindPeephole(
            places.peepholes + min(index, 2), type, cells, isLeftOut: isLeftOut || index == 2),
          bias: try graph.bindPart(places.biases + index, [cells], isLeftOut: isLeftOut),
          normalization: try graph.bindPart(
            (places.normalization ?? 0) + index, [cells], isLeftOut: isLeftOut || places.normalization == nil,
            isOptional: true)))
    }
    let parameters = FloatLSTMParameters(
      batches: batches, steps: feed.steps, inputSize: size, auxiliarySize: auxiliarySize, cells: cells,
      outputSize: outputSize, isTimeMajor: options.isTimeMajor, isReversed: isReversed, outputOffset: target.offset,
      outputStride: target.stride, activation: try graph.recurrentActivation(options.activation),
      cellClip: options.cellClip, projectionClip: options.projectionClip, isAsymmetric: options.isAsymmetric)
    return FloatLSTM(
      parameters: parameters, isHybrid: type != .float32,
      input: try graph.bind(feed.input), auxiliary: try bindAuxiliary(&graph, feed),
      gates: LSTMGates(input: gates[0], forget: gates[1], cell: gates[2], output: gates[3]),
      projection: try graph.bindMatrix(places.projection, type, [outputSize, cells], isLeftOut: projection == nil),
      projectionBias: try graph.bindPart(
        places.projection + 1, [outputSize], isLeftOut: projection == nil, isOptional: true),
      gateValues: try graph.bindScratch(count: 4 * cells, of: Float.self),
      quantized: try graph.bindScratch(count: type == .float32 ? 0 : parameters.quantizedCount, of: Int8.self),
      state: try graph.bindState(state),
      cellState: try graph.bindState(cellState), output: target.output)
  }

  private static func bindAuxiliary(_ graph: inout GraphBuilder, _ feed: Feed) throws(ModelError) -> ReadSlot {
    guard let auxiliary = feed.auxiliary else { return try graph.bind(packed: [Float]()) }
    return try graph.bind(auxiliary)
  }
}

extension FloatLSTM {
  func run(_ memory: OperatorMemory) {
    var values = memory.write(gateValues, as: Float.self)
    var quantized = memory.write(quantized, as: Int8.self)
    var state = memory.write(state, as: Float.self)
    var cellState = memory.write(cellState, as: Float.self)
    var output = memory.write(output, as: Float.self)
    let constants = FloatLSTMConstants(
      inputGate: gates.input.constants(memory), forgetGate: gates.forget.constants(memory),
      cellGate: gates.cell.constants(memory), outputGate: gates.output.constants(memory),
      projection: projection.matrix(memory), projectionBias: memory.read(projectionBias))
    lstmReference(
      parameters, constants, input: memory.read(input), auxiliary: memory.read(auxiliary), gates: &values,
      quantized: &quantized, state: &state, cellState: &cellState, output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(
      kernel: isHybrid ? "lstm.f32i8.reference" : "lstm.f32.reference",
      multiplyAccumulates: OperatorFacts.product(
        parameters.batches, parameters.steps, 4, parameters.cells,
        parameters.inputSize + parameters.auxiliarySize + parameters.outputSize))
  }
}

extension FloatLSTM.Gate {
  @_lifetime(borrow memory)
  fileprivate func constants(_ memory: borrowing OperatorMemory) -> FloatLSTMGate {
    FloatLSTMGate(
      inputWeights: inputWeights.matrix(memory), auxiliaryWeights: auxiliaryWeights.matrix(memory),
      recurrentWeights: recurrentWeights.matrix(memory), peephole: memory.read(peephole), bias: memory.read(bias),
      normalization: memory.read(normalization))
  }
}
