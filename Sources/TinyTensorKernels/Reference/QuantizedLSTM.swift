/// What a long short-term memory of int8 with int16 cells needs beside its operands.
package struct QuantizedLSTMParameters: BitwiseCopyable, Sendable, Hashable {
  package var batches: Int
  package var steps: Int
  package var inputSize: Int
  package var cells: Int
  /// Elements of the output; differs from `cells` with a projection.
  package var outputSize: Int
  /// Whether the input's first axis is time.
  package var isTimeMajor: Bool
  package var factors: LSTMGates<QuantizedLSTMFactors>
  /// Base-2 logarithm of the cell state's scale, at most -9.
  package var cellScaleLog2: Int32
  /// In stored values; 0 for none.
  package var cellClip: Int16
  package var hiddenFactor: QuantizedMultiplier
  /// Added to what a cell gives: a zero point, or with a projection its negative.
  package var hiddenOffset: Int32
  package var projectionFactor: QuantizedMultiplier
  /// The output state's zero point, which a projection adds.
  package var projectionOffset: Int32
  /// In stored values; 0 for none.
  package var projectionClip: Int8

  package init(
    batches: Int, steps: Int, inputSize: Int, cells: Int, outputSize: Int, isTimeMajor: Bool,
    factors: LSTMGates<QuantizedLSTMFactors>, cellScaleLog2: Int32, cellClip: Int16,
    hiddenFactor: QuantizedMultiplier, hiddenOffset: Int32, projectionFactor: QuantizedMultiplier,
    projectionOffset: Int32, projectionClip: Int8
  ) {
    self.batches = batches
    self.steps = steps
    self.inputSize = inputSize
    self.cells = cells
    self.outputSize = outputSize
    self.isTimeMajor = isTimeMajor
    self.factors = factors
    self.cellScaleLog2 = cellScaleLog2
    self.cellClip = cellClip
    self.hiddenFactor = hiddenFactor
    self.hiddenOffset = hiddenOffset
    self.projectionFactor = projectionFactor
    self.projectionOffset = projectionOffset
    self.projectionClip = projectionClip
  }
}

/// Something for each of the four gates.
package struct LSTMGates<Value> {
  package var input: Value
  package var forget: Value
  package var cell: Value
  package var output: Value

  package init(input: Value, forget: Value, cell: Value, output: Value) {
    self.input = input
    self.forget = forget
    self.cell = cell
    self.output = output
  }
}

extension LSTMGates: Sendable where Value: Sendable {}
extension LSTMGates: BitwiseCopyable where Value: BitwiseCopyable {}
extension LSTMGates: Equatable where Value: Equatable {}
extension LSTMGates: Hashable where Value: Hashable {}

/// The four gates and the projection.
package struct QuantizedLSTMConstants: ~Escapable {
  package let inputGate: QuantizedLSTMGate
  package let forgetGate: QuantizedLSTMGate
  package let cellGate: QuantizedLSTMGate
  package let outputGate: QuantizedLSTMGate
  /// `[outputSize, cells]`, or none.
  package let projection: Span<Int8>
  /// One an output element with a projection: the bias plus what cells have in excess times the weights.
  package let projectionBias: Span<Int32>

  @_lifetime(
    copy inputGate, copy forgetGate, copy cellGate, copy outputGate, copy projection, copy projectionBias)
  package init(
    inputGate: QuantizedLSTMGate, forgetGate: QuantizedLSTMGate, cellGate: QuantizedLSTMGate,
    outputGate: QuantizedLSTMGate, projection: Span<Int8>, projectionBias: Span<Int32>
  ) {
    self.inputGate = inputGate
    self.forgetGate = forgetGate
    self.cellGate = cellGate
    self.outputGate = outputGate
    self.projection = projection
    self.projectionBias = projectionBias
  }
}

/// UNIDIRECTIONAL_SEQUENCE_LSTM with int8 input, output and state and int16 cells.
///
/// - Parameters:
///   - input: `[batches, steps, inputSize]`, or steps first.
///   - gates: room for `4 * cells`.
///   - hidden: room for one `cells`.
///   - state: `[batches, outputSize]`, the last output.
///   - cellState: `[batches, cells]`.
///   - output: `[batches, steps, outputSize]`, or steps first.
package func lstmReference(
  _ parameters: QuantizedLSTMParameters, _ constants: borrowing QuantizedLSTMConstants, input: Span<Int8>,
  gates: inout MutableSpan<Int16>, hidden: inout MutableSpan<Int8>, state: inout MutableSpan<Int8>,
  cellState: inout MutableSpan<Int16>, output: inout MutableSpan<Int8>
) {
  let cells = parameters.cells
  let size = parameters.inputSize
  let outputSize = parameters.outputSize
  let factors = parameters.factors
  // The input gate is what the forget gate leaves.
  let couples = constants.inputGate.inputWeights.count == 0
  for step in 0..<parameters.steps {
    for batch in 0..<parameters.batches {
      let row =
        parameters.isTimeMajor ? step * parameters.batches + batch : batch * parameters.steps + step
      let x = input.extracting((row * size)..<(row * size + size))
      let stateRange = (batch * outputSize)..<((batch + 1) * outputSize)
      let cellRange = (batch * cells)..<((batch + 1) * cells)
      let order = PeepholeOrder(parameters, batch: batch)
      func evaluate(
        _ gate: borrowing QuantizedLSTMGate, _ factors: QuantizedLSTMFactors, _ index: Int,
        _ state: borrowing MutableSpan<Int8>, _ cellState: borrowing MutableSpan<Int16>,
        _ gates: inout MutableSpan<Int16>
      ) {
        gate.evaluate(
          factors, input: x, state: state.span.extracting(stateRange), cellState: cellState.span.extracting(cellRange),
          order: order, gates: &gates, start: index * cells)
      }
      if !couples { evaluate(constants.inputGate, factors.input, 0, state, cellState, &gates) }
      evaluate(constants.forgetGate, factors.forget, 1, state, cellState, &gates)
      evaluate(constants.cellGate, factors.cell, 2, state, cellState, &gates)
      for cell in 0..<cells {
        let forget = logistic16(gates[cells + cell])
        let update = tanh16(gates[2 * cells + cell], integerBits: 3)
        let admit = couples ? Int16.max &- forget : logistic16(gates[cell])
        let place = cellRange.lowerBound + cell
        let kept = roundingDivideByPowerOfTwo(Int32(forget) &* Int32(cellState[place]), 15)
        let added = roundingDivideByPowerOfTwo(
          Int32(admit) &* Int32(update), 30 &+ parameters.cellScaleLog2)
        // Each part is stored in 16 bits before they are added.
        var value = clamp(
          Int32(Int16(truncatingIfNeeded: kept)) &+ Int32(Int16(truncatingIfNeeded: added)), -32768, 32767)
        if parameters.cellClip > 0 {
          value = clamp(value, -Int32(parameters.cellClip), Int32(parameters.cellClip))
        }
        cellState[place] = Int16(truncatingIfNeeded: value)
      }
      // Its peepholes meet the new cell state.
      evaluate(constants.outputGate, factors.output, 3, state, cellState, &gates)
      for cell in 0..<cells {
        let gate = logistic16(gates[3 * cells + cell])
        let squashed = tanh16(cellState[cellRange.lowerBound + cell], integerBits: 15 &+ parameters.cellScaleLog2)
        let scaled =
          parameters.hiddenFactor.apply(to: Int32(gate) &* Int32(squashed)) &+ parameters.hiddenOffset
        hidden[cell] = narrow(clamp(scaled, -128, 127), to: Int8.self)
      }
      let projects = constants.projection.count > 0
      for index in 0..<outputSize {
        let value: Int8
        if projects {
          value = project(parameters, constants, hidden.span, index)
        } else {
          value = hidden[index]
        }
        state[stateRange.lowerBound + index] = value
        output[row * outputSize + index] = value
      }
    }
  }
}

/// One element of the projection of what the cells give.
@inline(__always)
private func project(
  _ parameters: QuantizedLSTMParameters, _ constants: borrowing QuantizedLSTMConstants, _ hidden: Span<Int8>,
  _ index: Int
) -> Int8 {
  let weights = constants.projection.extracting((index * hidden.count)..<((index + 1) * hidden.count))
  let sum = constants.projectionBias[index] &+ dotProduct(hidden, 0, weights, 0)
  var value = clamp(parameters.projectionFactor.apply(to: sum) &+ parameters.projectionOffset, -128, 127)
  if parameters.projectionClip > 0 {
    // Around the stored 0, not around the zero point, as in the reference.
    value = clamp(value, -Int32(parameters.projectionClip), Int32(parameters.projectionClip))
  }
  return narrow(value, to: Int8.self)
}
