import FlatbufferReader
import TinyTensorKernels

/// UNIDIRECTIONAL_SEQUENCE_LSTM in float32, with every part that it may have: coupled input gate, peepholes, projection,
/// layer normalization.
struct FloatLSTM: Sendable {
  struct Gate: Sendable {
    let inputWeights: ReadSlot
    let recurrentWeights: ReadSlot
    let peephole: ReadSlot
    let bias: ReadSlot
    let normalization: ReadSlot
  }

  let parameters: FloatLSTMParameters
  let input: ReadSlot
  let gates: LSTMGates<Gate>
  let projection: ReadSlot
  let projectionBias: ReadSlot
  let gateValues: WriteSlot
  let state: WriteSlot
  let cellState: WriteSlot
  let output: WriteSlot
}

extension FloatLSTM {
  /// The two forms of the operator by the type of the input.
  static func translateUnidirectional(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 20...24)
    if try graph.input(0).elementType == .int8 { return try QuantizedLSTM.translate(&graph) }
    let options = try graph.requiredOptions(71) { (table) throws(ReadError) in
      (
        activation: try table.scalar(0, default: Int8(0)), cellClip: try table.scalar(1, default: Float(0)),
        projectionClip: try table.scalar(2, default: Float(0)), isTimeMajor: try table.scalar(3, default: false)
      )
    }
    let input = try graph.input(0, .float32)
    guard input.shape.rank == 3, input.shape.count > 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) does not have three axes with elements")
    }
    let batches = input.shape[options.isTimeMajor ? 1 : 0]
    let steps = input.shape[options.isTimeMajor ? 0 : 1]
    let size = input.shape[2]
    let state = try graph.input(18, .float32)
    let cellState = try graph.input(19, .float32)
    guard state.shape.rank == 2, cellState.shape.rank == 2, state.shape[0] == batches,
      cellState.shape[0] == batches, state.shape.count > 0, cellState.shape.count > 0
    else {
      throw graph.error(
        .invalidOperator, "its states \(state.shape) and \(cellState.shape) are not [\(batches),...]")
    }
    let cells = cellState.shape[1]
    let outputSize = state.shape[1]
    let projection = try graph.optionalInput(16)
    guard projection != nil || outputSize == cells else {
      throw graph.error(
        .invalidOperator, "its output has \(outputSize) elements for \(cells) cells, without projection")
    }
    guard options.cellClip >= 0, options.projectionClip >= 0 else {
      throw graph.error(.invalidOperator, "a clip is negative or not a number")
    }
    _ = try graph.outputType(0, .float32)
    let last = options.isTimeMajor ? [steps, batches, outputSize] : [batches, steps, outputSize]
    guard let shape = Shape(last) else { throw graph.error(.tooLarge, "its output is too large") }
    // An input gate without weights is coupled to the forget gate.
    let couples = try graph.optionalInput(1) == nil
    var gates: [Gate] = []
    for index in 0..<4 {
      let isLeftOut = index == 0 && couples
      gates.append(
        Gate(
          inputWeights: try graph.bindPart(1 + index, [cells, size], isLeftOut: isLeftOut),
          recurrentWeights: try graph.bindPart(5 + index, [cells, outputSize], isLeftOut: isLeftOut),
          // The cell gate has no peephole: inputs 9 to 11 are those of the input, forget and output gate.
          peephole: try graph.bindPart(
            index == 3 ? 11 : 9 + index, [cells], isLeftOut: isLeftOut || index == 2, isOptional: true),
          bias: try graph.bindPart(12 + index, [cells], isLeftOut: isLeftOut),
          normalization: try graph.bindPart(20 + index, [cells], isLeftOut: isLeftOut, isOptional: true)))
    }
    return .floatLSTM(
      FloatLSTM(
        parameters: FloatLSTMParameters(
          batches: batches, steps: steps, inputSize: size, cells: cells, outputSize: outputSize,
          isTimeMajor: options.isTimeMajor, isReversed: false, outputOffset: 0, outputStride: outputSize,
          activation: try graph.recurrentActivation(options.activation), cellClip: options.cellClip,
          projectionClip: options.projectionClip),
        input: try graph.bind(input),
        gates: LSTMGates(input: gates[0], forget: gates[1], cell: gates[2], output: gates[3]),
        projection: try graph.bindPart(16, [outputSize, cells], isLeftOut: false, isOptional: true),
        projectionBias: try graph.bindPart(17, [outputSize], isLeftOut: projection == nil, isOptional: true),
        gateValues: try graph.bindScratch(count: 4 * cells, of: Float.self), state: try graph.bindState(state),
        cellState: try graph.bindState(cellState), output: try graph.bindOutput(shape: shape)))
  }
}

extension FloatLSTM {
  func run(_ memory: OperatorMemory) {
    var values = memory.write(gateValues, as: Float.self)
    var state = memory.write(state, as: Float.self)
    var cellState = memory.write(cellState, as: Float.self)
    var output = memory.write(output, as: Float.self)
    let constants = FloatLSTMConstants(
      inputGate: gates.input.constants(memory), forgetGate: gates.forget.constants(memory),
      cellGate: gates.cell.constants(memory), outputGate: gates.output.constants(memory),
      projection: memory.read(projection), projectionBias: memory.read(projectionBias))
    lstmReference(
      parameters, constants, input: memory.read(input), gates: &values, state: &state, cellState: &cellState,
      output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(
      kernel: "lstm.f32.reference",
      multiplyAccumulates: OperatorFacts.product(
        parameters.batches, parameters.steps, 4, parameters.cells, parameters.inputSize + parameters.outputSize))
  }
}

extension FloatLSTM.Gate {
  @_lifetime(borrow memory)
  fileprivate func constants(_ memory: borrowing OperatorMemory) -> FloatLSTMGate {
    FloatLSTMGate(
      inputWeights: memory.read(inputWeights), recurrentWeights: memory.read(recurrentWeights),
      peephole: memory.read(peephole), bias: memory.read(bias), normalization: memory.read(normalization))
  }
}

extension GraphBuilder {
  /// Has the step read a float32 part of a recurrent layer, or nothing where the part is left out.
  fileprivate mutating func bindPart(
    _ index: Int, _ sizes: [Int], isLeftOut: Bool, isOptional: Bool = false
  ) throws(ModelError) -> ReadSlot {
    if isLeftOut { return try bind(packed: [Float]()) }
    if isOptional, try optionalInput(index) == nil { return try bind(packed: [Float]()) }
    let operand = try input(index, .float32)
    guard operand.shape.array == sizes else {
      throw error(.invalidOperator, "\(operand.name) has the shape \(operand.shape), not \(describeShape(sizes))")
    }
    return try bind(operand)
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
