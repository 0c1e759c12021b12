import FlatbufferReader
import TinyTensorKernels

/// UNIDIRECTIONAL_SEQUENCE_LSTM in int8 with int16 cells, with every part that it may have: coupled input gate,
/// peepholes, projection, layer normalization.
struct QuantizedLSTM: Sendable {
  /// Constants of a gate, empty for a part that is left out.
  struct Gate: Sendable {
    let inputWeights: ReadSlot
    let inputBias: ReadSlot
    let recurrentWeights: ReadSlot
    let recurrentBias: ReadSlot
    let peephole: ReadSlot
    let normalization: ReadSlot
    /// Read with normalization; without it the bias is part of `inputBias`.
    let bias: ReadSlot
  }

  let parameters: QuantizedLSTMParameters
  let couplesInputGate: Bool
  let projects: Bool
  let input: ReadSlot
  let gates: LSTMGates<Gate>
  let projection: ReadSlot
  let projectionBias: ReadSlot
  let gateValues: WriteSlot
  let hidden: WriteSlot
  let state: WriteSlot
  let cellState: WriteSlot
  let output: WriteSlot
}

extension QuantizedLSTM {
  private struct Options {
    var activation: Int8
    var cellClip: Float
    var projectionClip: Float
    var isTimeMajor: Bool
  }

  /// Which parts a layer has.
  private struct Parts {
    var couplesInputGate: Bool
    var hasPeepholes: Bool
    var projects: Bool
    var normalizes: Bool
  }

  /// The sizes and scales that all gates share.
  private struct Layer {
    var parts: Parts
    var inputSize: Int
    var cells: Int
    var outputSize: Int
    var input: Affine
    var state: Affine
    var cellScale: Float
  }

  /// Inputs by their places: input; input weights of the input, forget, cell and output gate (1 to 4); recurrent weights
  /// (5 to 8); peepholes (9 to 11); biases (12 to 15); projection (16, 17); output state and cell state (18, 19); layer
  /// normalization (20 to 23).
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 20...24)
    let options = try options(graph)
    let parts = try parts(graph)
    let input = try graph.input(0, .int8)
    guard input.shape.rank == 3, input.shape.count > 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) does not have three axes with elements")
    }
    let batches = input.shape[options.isTimeMajor ? 1 : 0]
    let steps = input.shape[options.isTimeMajor ? 0 : 1]
    let state = try graph.input(18, .int8)
    let cellState = try graph.input(19, .int16)
    guard state.shape.rank == 2, cellState.shape.rank == 2, state.shape[0] == batches,
      cellState.shape[0] == batches, state.shape.count > 0, cellState.shape.count > 0
    else {
      throw graph.error(
        .invalidOperator, "its states \(state.shape) and \(cellState.shape) are not [\(batches),...]")
    }
    let layer = Layer(
      parts: parts, inputSize: input.shape[2], cells: cellState.shape[1], outputSize: state.shape[1],
      input: try graph.affine(of: input), state: try graph.affine(of: state),
      cellScale: try graph.affine(of: cellState).scale)
    try check(graph, layer)
    let hidden = try graph.intermediateAffine(4)
    _ = try graph.outputType(0, .int8)

    var factors: [QuantizedLSTMFactors] = []
    var gates: [Gate] = []
    for index in 0..<4 {
      factors.append(try gateFactors(graph, layer, index))
      gates.append(try bindGate(&graph, layer, index))
    }
    let projection = try bindProjection(&graph, layer, hidden)
    let (outputSize, cellClip) = (layer.outputSize, options.cellClip / layer.cellScale)
    guard let shape = Shape(options.isTimeMajor ? [steps, batches, outputSize] : [batches, steps, outputSize]) else {
      throw graph.error(.tooLarge, "its output is too large")
    }
    return try graph.operation(
      Operation.quantizedLSTM,
      QuantizedLSTM(
        parameters: QuantizedLSTMParameters(
          batches: batches, steps: steps, inputSize: layer.inputSize, cells: layer.cells, outputSize: outputSize,
          isTimeMajor: options.isTimeMajor,
          factors: LSTMGates(input: factors[0], forget: factors[1], cell: factors[2], output: factors[3]),
          cellScaleLog2: Int32(layer.cellScale.exponent), cellClip: Int16(min(cellClip, 32767)),
          // A quotient in single precision, as all of them.
          hiddenFactor: try graph.boundedMultiplier(Double(0x1p-30 / hidden.scale)),
          hiddenOffset: parts.projects ? 0 &- hidden.zeroPoint : hidden.zeroPoint,
          projectionFactor: try projectionFactor(graph, layer, hidden), projectionOffset: layer.state.zeroPoint,
          projectionClip: try projectionClip(graph, parts, options)),
        couplesInputGate: parts.couplesInputGate, projects: parts.projects, input: try graph.bind(input),
        gates: LSTMGates(input: gates[0], forget: gates[1], cell: gates[2], output: gates[3]),
        projection: projection.weights, projectionBias: projection.bias,
        gateValues: try graph.bindScratch(count: 4 * layer.cells, of: Int16.self),
        hidden: try graph.bindScratch(count: layer.cells, of: Int8.self), state: try graph.bindState(state),
        cellState: try graph.bindState(cellState), output: try graph.bindOutput(shape: shape)))
  }

  private static func options(_ graph: GraphBuilder) throws(ModelError) -> Options {
    let options = try graph.requiredOptions(71) { (table) throws(ReadError) in
      Options(
        activation: try table.scalar(0, default: 0), cellClip: try table.scalar(1, default: 0),
        projectionClip: try table.scalar(2, default: 0), isTimeMajor: try table.scalar(3, default: false))
    }
    guard options.activation == 4 else {
      throw graph.error(.unsupportedOperator, "quantized, it is supported with the activation TANH alone")
    }
    guard options.cellClip >= 0, options.projectionClip >= 0 else {
      throw graph.error(.invalidOperator, "a clip is negative or not a number")
    }
    return options
  }

  /// Refuses parts of which only some operands are there.
  private static func parts(_ graph: GraphBuilder) throws(ModelError) -> Parts {
    let parts = Parts(
      couplesInputGate: try graph.optionalInput(1) == nil, hasPeepholes: try graph.optionalInput(11) != nil,
      projects: try graph.optionalInput(16) != nil, normalizes: try graph.optionalInput(21) != nil)
    if parts.couplesInputGate {
      for place in [5, 12, 20] where try graph.optionalInput(place) != nil {
        throw graph.error(
          .invalidOperator, "its input gate has no input weights, so input \(place) must be left out too")
      }
    }
    // Whether the input gate has a peephole of no use does not matter.
    for place in [9, 10] where place > 9 || !parts.couplesInputGate {
      guard try (graph.optionalInput(place) != nil) == parts.hasPeepholes else {
        throw graph.error(.invalidOperator, "it has a part of its peepholes (inputs 9 to 11) alone")
      }
    }
    for place in [20, 22, 23] where place > 20 || !parts.couplesInputGate {
      guard try (graph.optionalInput(place) != nil) == parts.normalizes else {
        throw graph.error(.invalidOperator, "it has a part of its layer normalization (inputs 20 to 23) alone")
      }
    }
    let projectionBias = try graph.optionalInput(17)
    guard parts.projects || projectionBias == nil else {
      throw graph.error(.invalidOperator, "it has the bias of a projection (input 17) without its weights (input 16)")
    }
    return parts
  }

  private static func check(_ graph: GraphBuilder, _ layer: Layer) throws(ModelError) {
    let (cells, outputs) = (layer.cells, layer.outputSize)
    guard layer.parts.projects || outputs == cells else {
      throw graph.error(
        .invalidOperator, "its output has \(outputs) elements for \(cells) cells, without projection")
    }
    // The reference reads as many peepholes as there are outputs.
    guard !layer.parts.hasPeepholes || outputs <= cells else {
      throw graph.error(
        .unsupportedOperator,
        "quantized, peepholes are not supported with more outputs (\(outputs)) than cells (\(cells))")
    }
    guard graph.node.intermediates.count != 12 else {
      throw graph.error(
        .unsupportedOperator,
        "it has the 12 intermediate tensors of the form with int8 sums, which is not supported; convert the model to "
          + "the form with int16 sums, which has 5")
    }
    guard graph.node.intermediates.count == 5 else {
      throw graph.error(.invalidOperator, "it has \(graph.node.intermediates.count) intermediate tensors, not 5")
    }
    guard layer.cellScale.significand == 1, layer.cellScale <= 0x1p-9, layer.cellScale >= 0x1p-14 else {
      throw graph.error(
        .invalidOperator, "its cell state's scale is not a power of two from 2^-14 to 2^-9")
    }
  }
}

// MARK: Gates and projection

extension QuantizedLSTM {
  /// Whether a layer has no such gate: a coupled input gate.
  private static func isLeftOut(_ layer: Layer, _ gate: Int) -> Bool { gate == 0 && layer.parts.couplesInputGate }

  /// Where a gate's peephole is among the inputs, if it has one; the cell gate, 2, has none.
  private static func peephole(_ layer: Layer, _ gate: Int) -> Int? {
    layer.parts.hasPeepholes && gate != 2 ? 9 + min(gate, 2) : nil
  }

  /// The products of scales and the quotients are taken in single precision, from left to right.
  private static func gateFactors(
    _ graph: GraphBuilder, _ layer: Layer, _ gate: Int
  ) throws(ModelError) -> QuantizedLSTMFactors {
    var factors = QuantizedLSTMFactors()
    // With normalization the scale of the sums is the file's, else they are in Q3.12.
    let sumScale = layer.parts.normalizes ? try graph.intermediateAffine(gate).scale : 0x1p-12
    if isLeftOut(layer, gate) { return factors }
    factors.input = try graph.boundedMultiplier(
      Double(graph.affine(of: graph.input(1 + gate, .int8)).scale * layer.input.scale / sumScale))
    factors.recurrent = try graph.boundedMultiplier(
      Double(graph.affine(of: graph.input(5 + gate, .int8)).scale * layer.state.scale / sumScale))
    if let place = peephole(layer, gate) {
      factors.peephole = try graph.boundedMultiplier(
        Double(layer.cellScale * graph.affine(of: graph.input(place, .int16)).scale / sumScale))
    }
    if layer.parts.normalizes {
      let coefficients = try graph.input(20 + gate, .int16)
      let scale = try graph.affine(of: coefficients).scale
      // Keeps 10000 times the scale below 2^31, and the shift at most 29.
      guard scale < 0x1p17 else {
        throw graph.error(.invalidOperator, "\(coefficients.name) has a scale of 2^17 or more")
      }
      factors.normalization = try graph.boundedMultiplier(Double(scale))
      factors.normalization.shift += 12
      factors.leastVariance = max(1, Int32(clamping: Int64(min(10000 * scale, 0x1p31))))
    }
    return factors
  }

  private static func bindGate(
    _ graph: inout GraphBuilder, _ layer: Layer, _ gate: Int
  ) throws(ModelError) -> Gate {
    let none = (bytes: try graph.bind(packed: [Int8]()), shorts: try graph.bind(packed: [Int16]()))
    let words = try graph.bind(packed: [Int32]())
    if isLeftOut(layer, gate) {
      return Gate(
        inputWeights: none.bytes, inputBias: words, recurrentWeights: none.bytes, recurrentBias: words,
        peephole: none.shorts, normalization: none.shorts, bias: words)
    }
    let (cells, normalizes) = (layer.cells, layer.parts.normalizes)
    let inputWeights = try graph.weights(1 + gate, .int8, [cells, layer.inputSize])
    let recurrentWeights = try graph.weights(5 + gate, .int8, [cells, layer.outputSize])
    let bias = try graph.bias(12 + gate, cells)
    var (peephole, normalization) = (none.shorts, none.shorts)
    if let place = self.peephole(layer, gate) {
      peephole = try graph.bind(graph.weights(place, .int16, [cells]))
    }
    if normalizes { normalization = try graph.bind(graph.weights(20 + gate, .int16, [cells])) }
    return Gate(
      inputWeights: try graph.bind(inputWeights),
      inputBias: try graph.bind(
        packed: graph.effectiveBias(inputWeights, normalizes ? nil : bias, zeroPoint: layer.input.zeroPoint)),
      recurrentWeights: try graph.bind(recurrentWeights),
      recurrentBias: try graph.bind(
        packed: graph.effectiveBias(recurrentWeights, nil, zeroPoint: layer.state.zeroPoint)),
      peephole: peephole, normalization: normalization, bias: normalizes ? try graph.bind(bias) : words)
  }

  private static func bindProjection(
    _ graph: inout GraphBuilder, _ layer: Layer, _ hidden: Affine
  ) throws(ModelError) -> (weights: ReadSlot, bias: ReadSlot) {
    guard layer.parts.projects else {
      return (try graph.bind(packed: [Int8]()), try graph.bind(packed: [Int32]()))
    }
    let weights = try graph.weights(16, .int8, [layer.outputSize, layer.cells])
    let bias = try graph.optionalInput(17) == nil ? nil : try graph.bias(17, layer.outputSize)
    // What a cell gives is stored less the zero point, not plus it.
    let effective = try graph.effectiveBias(weights, bias, zeroPoint: 0 &- hidden.zeroPoint)
    return (try graph.bind(weights), try graph.bind(packed: effective))
  }

  private static func projectionFactor(
    _ graph: GraphBuilder, _ layer: Layer, _ hidden: Affine
  ) throws(ModelError) -> QuantizedMultiplier {
    guard layer.parts.projects else { return QuantizedMultiplier(0) }
    let scale = try graph.affine(of: graph.input(16, .int8)).scale
    return try graph.boundedMultiplier(Double(scale * hidden.scale / layer.state.scale))
  }

  /// The clip in steps of the output, rounded down.
  private static func projectionClip(
    _ graph: GraphBuilder, _ parts: Parts, _ options: Options
  ) throws(ModelError) -> Int8 {
    guard parts.projects, options.projectionClip > 0 else { return 0 }
    return Int8(min(options.projectionClip / (try graph.outputAffine().scale), 127))
  }
}

extension QuantizedLSTM {
  func run(_ memory: OperatorMemory) {
    var gateValues = memory.write(gateValues, as: Int16.self)
    var hidden = memory.write(hidden, as: Int8.self)
    var state = memory.write(state, as: Int8.self)
    var cellState = memory.write(cellState, as: Int16.self)
    var output = memory.write(output, as: Int8.self)
    let constants = QuantizedLSTMConstants(
      inputGate: gates.input.constants(memory), forgetGate: gates.forget.constants(memory),
      cellGate: gates.cell.constants(memory), outputGate: gates.output.constants(memory),
      projection: memory.read(projection), projectionBias: memory.read(projectionBias))
    lstmReference(
      parameters, constants, input: memory.read(input), gates: &gateValues, hidden: &hidden, state: &state,
      cellState: &cellState, output: &output)
  }

  var facts: OperatorFacts {
    let gateWeights = OperatorFacts.product(
      couplesInputGate ? 3 : 4, parameters.cells, parameters.inputSize + parameters.outputSize)
    let projectionWeights = projects ? OperatorFacts.product(parameters.outputSize, parameters.cells) : 0
    let (weights, overflow) = gateWeights.addingReportingOverflow(projectionWeights)
    return OperatorFacts(
      kernel: "lstm.i8i8.reference",
      multiplyAccumulates: OperatorFacts.product(
        parameters.batches, parameters.steps, overflow ? Int.max : weights))
  }
}

extension QuantizedLSTM.Gate {
  @_lifetime(borrow memory)
  fileprivate func constants(_ memory: borrowing OperatorMemory) -> QuantizedLSTMGate {
    QuantizedLSTMGate(
      inputWeights: memory.read(inputWeights), inputBias: memory.read(inputBias),
      recurrentWeights: memory.read(recurrentWeights), recurrentBias: memory.read(recurrentBias),
      peephole: memory.read(peephole), normalization: memory.read(normalization), bias: memory.read(bias))
  }
}

extension GraphBuilder {
  /// The scale and zero point of a tensor that only describes what happens inside the operator.
  fileprivate func intermediateAffine(_ index: Int) throws(ModelError) -> Affine {
    let tensor = subgraph.tensors[node.intermediates[index]]
    return try affine(tensor.quantization, tensor.elementType, tensor.name)
  }

  /// Symmetric weights of that type and shape.
  fileprivate func weights(_ index: Int, _ type: ElementType, _ sizes: [Int]) throws(ModelError) -> Operand {
    let operand = try input(index, type)
    guard operand.shape.array == sizes else {
      throw error(.invalidOperator, "\(operand.name) has the shape \(operand.shape), not \(describeShape(sizes))")
    }
    guard try affine(of: operand).zeroPoint == 0 else {
      throw error(.invalidOperator, "\(operand.name) is not symmetric")
    }
    return operand
  }

  /// A bias of that many elements.
  fileprivate func bias(_ index: Int, _ count: Int) throws(ModelError) -> Operand {
    let operand = try input(index, .int32)
    guard operand.shape.array == [count] else {
      throw error(.invalidOperator, "\(operand.name) has the shape \(operand.shape), not \(describeShape([count]))")
    }
    return operand
  }

  /// A bias less the zero point of what the weights are multiplied with, row by row; it wraps as the reference's does.
  fileprivate func effectiveBias(
    _ weights: Operand, _ bias: Operand?, zeroPoint: Int32
  ) throws(ModelError) -> [Int32] {
    guard let bytes = constantBytes(weights) else {
      throw error(.invalidOperator, "\(weights.name) must be constant")
    }
    var biases: [Int] = []
    if let bias { biases = try constantIntegers(bias, what: "a bias") }
    let depth = weights.shape[1]
    var result: [Int32] = []
    for row in 0..<weights.shape[0] {
      var sum: Int32 = 0
      for column in 0..<depth { sum &+= Int32(Int8.load(bytes, at: row * depth + column)) }
      let start = bias == nil ? 0 : Int32(truncatingIfNeeded: biases[row])
      result.append(start &- zeroPoint &* sum)
    }
    return result
  }
}
