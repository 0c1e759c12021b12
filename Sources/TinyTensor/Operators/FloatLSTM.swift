import FlatbufferReader
import TinyTensorKernels

/// UNIDIRECTIONAL_SEQUENCE_LSTM and the halves of BIDIRECTIONAL_SEQUENCE_LSTM in float32, with every part that they may
/// have: coupled input gate, peepholes, projection, layer normalization. Weights may be int8: vectors that meet them are
/// quantized in the run.
struct FloatLSTM: Sendable {
  /// Weights of one of the two types, the other one is empty; both are for a part that is left out.
  struct Matrix: Sendable {
    let reals: ReadSlot
    let integers: ReadSlot
    let scale: Float
  }

  struct Gate: Sendable {
    let inputWeights: Matrix
    let recurrentWeights: Matrix
    let peephole: ReadSlot
    let bias: ReadSlot
    let normalization: ReadSlot
  }

  let parameters: FloatLSTMParameters
  /// Whether weights are integers.
  let isHybrid: Bool
  let input: ReadSlot
  let gates: LSTMGates<Gate>
  let projection: Matrix
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
    let places = Places(
      inputWeights: 1, recurrentWeights: 5, peepholes: 9, biases: 12, projection: 16, state: 18, cellState: 19,
      normalization: 20)
    let input = try checkedInput(graph, options)
    let size = try graph.input(places.state, .float32).shape
    guard size.rank == 2 else { throw graph.error(.invalidOperator, "its state \(size) does not have two axes") }
    let shape = try outputShape(graph, input, size[1])
    let target = Target(output: try graph.bindOutput(shape: shape), offset: 0, stride: size[1])
    return .floatLSTM(try make(&graph, input, places, options, isReversed: false, target))
  }

  /// Two layers over one input, the second one from the end on.
  static func translateBidirectional(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let options = try graph.requiredOptions(69) { (table) throws(ReadError) in
      Options(
        activation: try table.scalar(0, default: 0), cellClip: try table.scalar(1, default: 0),
        projectionClip: try table.scalar(2, default: 0), mergesOutputs: try table.scalar(3, default: false),
        isTimeMajor: try table.scalar(4, default: true), isAsymmetric: try table.scalar(5, default: false))
    }
    try graph.requireOperands(inputs: 39...48, outputs: options.mergesOutputs ? 1 : 2)
    let input = try checkedInput(graph, options)
    for place in 39..<48 where try graph.optionalInput(place) != nil {
      throw graph.error(.unsupportedOperator, "an auxiliary input is not supported; input \(place) is part of one")
    }
    let forward = Places(
      inputWeights: 1, recurrentWeights: 5, peepholes: 9, biases: 12, projection: 16, state: 35, cellState: 36)
    let backward = Places(
      inputWeights: 18, recurrentWeights: 22, peepholes: 26, biases: 29, projection: 33, state: 37, cellState: 38)
    let first = try graph.input(forward.state, .float32).shape
    let second = try graph.input(backward.state, .float32).shape
    guard first.rank == 2, second.rank == 2 else {
      throw graph.error(.invalidOperator, "its states \(first) and \(second) do not have two axes")
    }
    let firstTarget: Target
    let secondTarget: Target
    if options.mergesOutputs {
      let width = first[1] + second[1]
      let output = try graph.bindOutput(shape: outputShape(graph, input, width))
      firstTarget = Target(output: output, offset: 0, stride: width)
      secondTarget = Target(output: output, offset: first[1], stride: width)
    } else {
      _ = try graph.outputType(1, .float32)
      let shapes = [try outputShape(graph, input, first[1]), try outputShape(graph, input, second[1])]
      firstTarget = Target(output: try graph.bindOutput(0, shape: shapes[0]), offset: 0, stride: first[1])
      secondTarget = Target(output: try graph.bindOutput(1, shape: shapes[1]), offset: 0, stride: second[1])
    }
    let layer = try make(&graph, input, forward, options, isReversed: false, firstTarget)
    let reversed = try make(&graph, input, backward, options, isReversed: true, secondTarget)
    graph.emit(.floatLSTM(layer))
    return .floatLSTM(reversed)
  }

  private static func checkedInput(_ graph: GraphBuilder, _ options: Options) throws(ModelError) -> Operand {
    let input = try graph.input(0, .float32)
    guard input.shape.rank == 3, input.shape.count > 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) does not have three axes with elements")
    }
    guard options.cellClip >= 0, options.projectionClip >= 0 else {
      throw graph.error(.invalidOperator, "a clip is negative or not a number")
    }
    _ = try graph.outputType(0, .float32)
    return input
  }

  private static func outputShape(
    _ graph: GraphBuilder, _ input: Operand, _ width: Int
  ) throws(ModelError) -> Shape {
    guard let shape = Shape([input.shape[0], input.shape[1], width]) else {
      throw graph.error(.tooLarge, "its output is too large")
    }
    return shape
  }

  private static func make(
    _ graph: inout GraphBuilder, _ input: Operand, _ places: Places, _ options: Options, isReversed: Bool,
    _ target: Target
  ) throws(ModelError) -> FloatLSTM {
    let batches = input.shape[options.isTimeMajor ? 1 : 0]
    let steps = input.shape[options.isTimeMajor ? 0 : 1]
    let size = input.shape[2]
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
    let type = try weightType(graph, places)
    var gates: [Gate] = []
    for index in 0..<4 {
      let isLeftOut = index == 0 && couples
      gates.append(
        Gate(
          inputWeights: try graph.bindMatrix(places.inputWeights + index, type, [cells, size], isLeftOut: isLeftOut),
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
      batches: batches, steps: steps, inputSize: size, cells: cells, outputSize: outputSize,
      isTimeMajor: options.isTimeMajor, isReversed: isReversed, outputOffset: target.offset,
      outputStride: target.stride, activation: try graph.recurrentActivation(options.activation),
      cellClip: options.cellClip, projectionClip: options.projectionClip, isAsymmetric: options.isAsymmetric)
    return FloatLSTM(
      parameters: parameters, isHybrid: type != .float32,
      input: try graph.bind(input),
      gates: LSTMGates(input: gates[0], forget: gates[1], cell: gates[2], output: gates[3]),
      projection: try graph.bindMatrix(places.projection, type, [outputSize, cells], isLeftOut: projection == nil),
      projectionBias: try graph.bindPart(
        places.projection + 1, [outputSize], isLeftOut: projection == nil, isOptional: true),
      gateValues: try graph.bindScratch(count: 4 * cells, of: Float.self),
      quantized: try graph.bindScratch(count: type == .float32 ? 0 : parameters.quantizedCount, of: Int8.self),
      state: try graph.bindState(state),
      cellState: try graph.bindState(cellState), output: target.output)
  }

  /// The type of all weights. Old files declare int8 as uint8: the reference takes their bits as int8.
  private static func weightType(_ graph: GraphBuilder, _ places: Places) throws(ModelError) -> ElementType {
    try graph.input(places.inputWeights + 3, .float32, .int8, .uint8).elementType
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
      projection: projection.constants(memory), projectionBias: memory.read(projectionBias))
    lstmReference(
      parameters, constants, input: memory.read(input), gates: &values, quantized: &quantized, state: &state,
      cellState: &cellState, output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(
      kernel: isHybrid ? "lstm.f32i8.reference" : "lstm.f32.reference",
      multiplyAccumulates: OperatorFacts.product(
        parameters.batches, parameters.steps, 4, parameters.cells, parameters.inputSize + parameters.outputSize))
  }
}

extension FloatLSTM.Gate {
  @_lifetime(borrow memory)
  fileprivate func constants(_ memory: borrowing OperatorMemory) -> FloatLSTMGate {
    FloatLSTMGate(
      inputWeights: inputWeights.constants(memory), recurrentWeights: recurrentWeights.constants(memory),
      peephole: memory.read(peephole), bias: memory.read(bias), normalization: memory.read(normalization))
  }
}

extension FloatLSTM.Matrix {
  @_lifetime(borrow memory)
  fileprivate func constants(_ memory: borrowing OperatorMemory) -> RecurrentMatrix {
    RecurrentMatrix(reals: memory.read(reals), integers: memory.read(integers), scale: scale)
  }
}

extension GraphBuilder {
  /// Has the step read weights of that type, or nothing where the part is left out.
  fileprivate mutating func bindMatrix(
    _ index: Int, _ type: ElementType, _ sizes: [Int], isLeftOut: Bool
  ) throws(ModelError) -> FloatLSTM.Matrix {
    guard type != .float32, !isLeftOut else {
      return FloatLSTM.Matrix(
        reals: try bindPart(index, sizes, isLeftOut: isLeftOut), integers: try bind(packed: [Int8]()), scale: 1)
    }
    let operand = try part(index, type, sizes)
    return FloatLSTM.Matrix(
      reals: try bind(packed: [Float]()), integers: try bind(operand),
      scale: try channelScales(of: operand, axis: 0, channels: 1)[0])
  }

  /// Has the step read a peephole, if there is one, as real numbers.
  fileprivate mutating func bindPeephole(
    _ index: Int, _ type: ElementType, _ cells: Int, isLeftOut: Bool
  ) throws(ModelError) -> ReadSlot {
    guard type != .float32, !isLeftOut, try optionalInput(index) != nil else {
      return try bindPart(index, [cells], isLeftOut: isLeftOut, isOptional: true)
    }
    let operand = try part(index, type, [cells])
    return try bind(packed: try realElements(operand))
  }

  /// What the elements of constant int8 weights with one scale stand for.
  private func realElements(_ operand: Operand) throws(ModelError) -> [Float] {
    let scale = try channelScales(of: operand, axis: 0, channels: 1)[0]
    guard let bytes = constantBytes(operand) else {
      throw error(.invalidOperator, "\(operand.name) of \(operand.elementType) must be constant")
    }
    var reals: [Float] = []
    for index in 0..<operand.shape.count { reals.append(scale * Float(Int8.load(bytes, at: index))) }
    return reals
  }

  /// A part of a recurrent layer, checked.
  private func part(_ index: Int, _ type: ElementType, _ sizes: [Int]) throws(ModelError) -> Operand {
    let operand = try input(index, type)
    guard operand.shape.array == sizes else {
      throw error(.invalidOperator, "\(operand.name) has the shape \(operand.shape), not \(describeShape(sizes))")
    }
    return operand
  }

  /// Has the step read a float32 part of a recurrent layer, or nothing where the part is left out.
  fileprivate mutating func bindPart(
    _ index: Int, _ sizes: [Int], isLeftOut: Bool, isOptional: Bool = false
  ) throws(ModelError) -> ReadSlot {
    if isLeftOut { return try bind(packed: [Float]()) }
    if isOptional, try optionalInput(index) == nil { return try bind(packed: [Float]()) }
    return try bind(part(index, .float32, sizes))
  }

  /// The activation of a recurrent layer by its number in the schema.
  func recurrentActivation(_ number: Int8) throws(ModelError) -> RecurrentActivation {
    switch number {
    case 0: return .none
    case 1: return .relu
    case 2: return .reluN1To1
    case 3: return .relu6
    case 4: return .tanh
    default: throw error(.invalidOperator, "the activation \(number) is not one of a recurrent layer")
    }
  }
}
