import FlatbufferReader
import TinyTensorKernels

/// UNIDIRECTIONAL_SEQUENCE_LSTM in int8 with int16 cells.
struct QuantizedLSTM: Sendable {
  struct Gate: Sendable {
    let inputWeights: ReadSlot
    let inputBias: ReadSlot
    let recurrentWeights: ReadSlot
    let recurrentBias: ReadSlot
  }

  let parameters: QuantizedLSTMParameters
  let input: ReadSlot
  let gates: LSTMGates<Gate>
  let hidden: WriteSlot
  let state: WriteSlot
  let cellState: WriteSlot
  let output: WriteSlot
}

extension QuantizedLSTM {
  /// Inputs by their places: input; input weights of the input, forget, cell and output gate (1 to 4); recurrent weights
  /// (5 to 8); peepholes (9 to 11); biases (12 to 15); projection (16, 17); output state and cell state (18, 19); layer
  /// normalization (20 to 23).
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 20...24)
    let options = try graph.requiredOptions(71) { (table) throws(ReadError) in
      (
        activation: try table.scalar(0, default: Int8(0)), cellClip: try table.scalar(1, default: Float(0)),
        isTimeMajor: try table.scalar(3, default: false)
      )
    }
    let input = try graph.input(0, .int8)
    for place in [9, 10, 11, 16, 17, 20, 21, 22, 23] where try graph.optionalInput(place) != nil {
      throw graph.error(
        .unsupportedOperator,
        "quantized, it is supported without peepholes, projection and layer normalization; input \(place) is one")
    }
    guard options.activation == 4 else {
      throw graph.error(.unsupportedOperator, "quantized, it is supported with the activation TANH alone")
    }
    guard input.shape.rank == 3, input.shape.count > 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) does not have three axes with elements")
    }
    let batches = input.shape[options.isTimeMajor ? 1 : 0]
    let steps = input.shape[options.isTimeMajor ? 0 : 1]
    let size = input.shape[2]
    let state = try graph.input(18, .int8)
    let cellState = try graph.input(19, .int16)
    guard state.shape.rank == 2, state.shape[0] == batches, state.shape.count > 0, cellState.shape == state.shape
    else {
      throw graph.error(
        .invalidOperator, "its states \(state.shape) and \(cellState.shape) are not [\(batches),cells]")
    }
    let cells = state.shape[1]
    guard graph.node.intermediates.count == 5 else {
      throw graph.error(.invalidOperator, "it has \(graph.node.intermediates.count) intermediate tensors, not 5")
    }
    let hidden = try graph.intermediateAffine(4)
    let inputAffine = try graph.affine(of: input)
    let stateAffine = try graph.affine(of: state)
    let cellScale = try graph.affine(of: cellState).scale
    guard cellScale.significand == 1, cellScale <= 0x1p-9, cellScale >= 0x1p-14 else {
      throw graph.error(
        .invalidOperator, "its cell state's scale is not a power of two from 2^-14 to 2^-9")
    }
    _ = try graph.outputType(0, .int8)
    let couples = try graph.optionalInput(1) == nil

    // The products of scales and the quotient are taken in single precision.
    func factor(_ weights: Operand, _ scale: Float) throws(ModelError) -> QuantizedMultiplier {
      try graph.multiplier(Double(try graph.affine(of: weights).scale * scale / 0x1p-12))
    }
    var inputFactors: [QuantizedMultiplier] = []
    var recurrentFactors: [QuantizedMultiplier] = []
    var gates: [Gate] = []
    for index in 0..<4 {
      // A coupled input gate has no constants; those of the forget gate stand in its place and are not read.
      let place = index == 0 && couples ? 1 : index
      let inputWeights = try graph.matrix(1 + place, [cells, size])
      let recurrentWeights = try graph.matrix(5 + place, [cells, cells])
      inputFactors.append(try factor(inputWeights, inputAffine.scale))
      recurrentFactors.append(try factor(recurrentWeights, stateAffine.scale))
      let bias = try graph.input(12 + place, .int32)
      guard bias.shape.count == cells else {
        throw graph.error(.invalidOperator, "\(bias.name) has \(bias.shape.count) elements for \(cells) cells")
      }
      let biases = try graph.constantIntegers(bias, what: "a bias")
      gates.append(
        Gate(
          inputWeights: try graph.bind(inputWeights),
          inputBias: try graph.bind(
            packed: graph.effectiveBias(inputWeights, biases, zeroPoint: inputAffine.zeroPoint)),
          recurrentWeights: try graph.bind(recurrentWeights),
          recurrentBias: try graph.bind(
            packed: graph.effectiveBias(
              recurrentWeights, [Int](repeating: 0, count: cells), zeroPoint: stateAffine.zeroPoint))))
    }
    let clip = min(max(options.cellClip / cellScale, 0), 32767)
    guard let shape = Shape(options.isTimeMajor ? [steps, batches, cells] : [batches, steps, cells]) else {
      throw graph.error(.tooLarge, "its output is too large")
    }
    return .quantizedLSTM(
      QuantizedLSTM(
        parameters: QuantizedLSTMParameters(
          batches: batches, steps: steps, inputSize: size, cells: cells, isTimeMajor: options.isTimeMajor,
          couplesInputGate: couples,
          inputFactors: LSTMGates(
            input: inputFactors[0], forget: inputFactors[1], cell: inputFactors[2], output: inputFactors[3]),
          recurrentFactors: LSTMGates(
            input: recurrentFactors[0], forget: recurrentFactors[1], cell: recurrentFactors[2],
            output: recurrentFactors[3]),
          cellScaleLog2: Int32(cellScale.exponent), cellClip: clip.isNaN ? 0 : Int16(clip),
          hiddenFactor: try graph.multiplier(0x1p-30 / Double(hidden.scale)), hiddenZeroPoint: hidden.zeroPoint),
        input: try graph.bind(input),
        gates: LSTMGates(input: gates[0], forget: gates[1], cell: gates[2], output: gates[3]),
        hidden: try graph.bindScratch(count: cells, of: Int8.self), state: try graph.bindState(state),
        cellState: try graph.bindState(cellState), output: try graph.bindOutput(shape: shape)))
  }
}

extension QuantizedLSTM {
  func run(_ memory: OperatorMemory) {
    var hidden = memory.write(hidden, as: Int8.self)
    var state = memory.write(state, as: Int8.self)
    var cellState = memory.write(cellState, as: Int16.self)
    var output = memory.write(output, as: Int8.self)
    lstmReference(
      parameters, input: memory.read(input), inputGate: gates.input.constants(memory),
      forgetGate: gates.forget.constants(memory), cellGate: gates.cell.constants(memory),
      outputGate: gates.output.constants(memory), hidden: &hidden, state: &state, cellState: &cellState,
      output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(
      kernel: "lstm.i8i8.reference",
      multiplyAccumulates: OperatorFacts.product(
        parameters.batches, parameters.steps, parameters.couplesInputGate ? 3 : 4, parameters.cells,
        parameters.inputSize + parameters.cells))
  }
}

extension QuantizedLSTM.Gate {
  @_lifetime(borrow memory)
  fileprivate func constants(_ memory: borrowing OperatorMemory) -> QuantizedLSTMGate {
    QuantizedLSTMGate(
      inputWeights: memory.read(inputWeights), inputBias: memory.read(inputBias),
      recurrentWeights: memory.read(recurrentWeights), recurrentBias: memory.read(recurrentBias))
  }
}

extension GraphBuilder {
  /// The scale and zero point of a tensor that only describes what happens inside the operator.
  fileprivate func intermediateAffine(_ index: Int) throws(ModelError) -> Affine {
    let tensor = subgraph.tensors[node.intermediates[index]]
    return try affine(tensor.quantization, tensor.elementType, tensor.name)
  }

  /// A constant int8 matrix of that shape.
  fileprivate func matrix(_ index: Int, _ sizes: [Int]) throws(ModelError) -> Operand {
    let operand = try input(index, .int8)
    guard operand.shape.array == sizes else {
      throw error(.invalidOperator, "\(operand.name) has the shape \(operand.shape), not \(describeShape(sizes))")
    }
    guard try affine(of: operand).zeroPoint == 0 else {
      throw error(.invalidOperator, "\(operand.name) is not symmetric")
    }
    return operand
  }

  /// A bias less the zero point of what the weights are multiplied with, row by row.
  fileprivate func effectiveBias(
    _ weights: Operand, _ bias: [Int], zeroPoint: Int32
  ) throws(ModelError) -> [Int32] {
    guard let bytes = constantBytes(weights) else {
      throw error(.invalidOperator, "\(weights.name) must be constant")
    }
    let depth = weights.shape[1]
    var result: [Int32] = []
    for row in 0..<weights.shape[0] {
      var sum: Int32 = 0
      for column in 0..<depth { sum &+= Int32(Int8.load(bytes, at: row * depth + column)) }
      result.append(Int32(truncatingIfNeeded: bias[row]) &- zeroPoint &* sum)
    }
    return result
  }
}
