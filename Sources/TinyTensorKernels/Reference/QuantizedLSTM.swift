/// What a long short-term memory of int8 with int16 cells needs beside its operands.
package struct QuantizedLSTMParameters: BitwiseCopyable, Sendable, Hashable {
  package var batches: Int
  package var steps: Int
  package var inputSize: Int
  package var cells: Int
  /// Whether the input's first axis is time.
  package var isTimeMajor: Bool
  /// The input gate is what the forget gate leaves.
  package var couplesInputGate: Bool
  /// From the sum of a gate's products with the input: input, forget, cell, output gate.
  package var inputFactors: LSTMGates<QuantizedMultiplier>
  /// The same for the products with the last output.
  package var recurrentFactors: LSTMGates<QuantizedMultiplier>
  /// Base-2 logarithm of the cell state's scale, at most -9.
  package var cellScaleLog2: Int32
  /// In stored values; 0 for none.
  package var cellClip: Int16
  package var hiddenFactor: QuantizedMultiplier
  package var hiddenZeroPoint: Int32

  package init(
    batches: Int, steps: Int, inputSize: Int, cells: Int, isTimeMajor: Bool, couplesInputGate: Bool,
    inputFactors: LSTMGates<QuantizedMultiplier>, recurrentFactors: LSTMGates<QuantizedMultiplier>,
    cellScaleLog2: Int32, cellClip: Int16, hiddenFactor: QuantizedMultiplier, hiddenZeroPoint: Int32
  ) {
    self.batches = batches
    self.steps = steps
    self.inputSize = inputSize
    self.cells = cells
    self.isTimeMajor = isTimeMajor
    self.couplesInputGate = couplesInputGate
    self.inputFactors = inputFactors
    self.recurrentFactors = recurrentFactors
    self.cellScaleLog2 = cellScaleLog2
    self.cellClip = cellClip
    self.hiddenFactor = hiddenFactor
    self.hiddenZeroPoint = hiddenZeroPoint
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

/// A gate's constants.
package struct QuantizedLSTMGate: ~Escapable {
  /// `[cells, inputSize]`.
  package let inputWeights: Span<Int8>
  /// The bias less the input's zero point times the weights.
  package let inputBias: Span<Int32>
  /// `[cells, cells]`.
  package let recurrentWeights: Span<Int8>
  /// Less the output state's zero point times the weights.
  package let recurrentBias: Span<Int32>

  @_lifetime(copy inputWeights, copy inputBias, copy recurrentWeights, copy recurrentBias)
  package init(
    inputWeights: Span<Int8>, inputBias: Span<Int32>, recurrentWeights: Span<Int8>, recurrentBias: Span<Int32>
  ) {
    self.inputWeights = inputWeights
    self.inputBias = inputBias
    self.recurrentWeights = recurrentWeights
    self.recurrentBias = recurrentBias
  }

  /// The gate's sum for one cell, in Q3.12: each part is scaled and saturated by itself.
  @inline(__always)
  func sum(
    _ cell: Int, _ input: Span<Int8>, _ inputFactor: QuantizedMultiplier, _ state: Span<Int8>,
    _ recurrentFactor: QuantizedMultiplier
  ) -> Int16 {
    let fromInput =
      inputBias[cell]
      &+ dotProduct(input, 0, inputWeights.extracting((cell * input.count)..<((cell + 1) * input.count)), 0)
    let first = clamp(inputFactor.apply(to: fromInput), -32768, 32767)
    let fromState =
      recurrentBias[cell]
      &+ dotProduct(state, 0, recurrentWeights.extracting((cell * state.count)..<((cell + 1) * state.count)), 0)
    return Int16(truncatingIfNeeded: clamp(recurrentFactor.apply(to: fromState) &+ first, -32768, 32767))
  }
}

/// UNIDIRECTIONAL_SEQUENCE_LSTM with int8 input, output and state and int16 cells, without peepholes, projection or
/// layer normalization.
///
/// - Parameters:
///   - input: `[batches, steps, inputSize]`, or steps first.
///   - inputGate, forgetGate, cellGate, outputGate: the gates' constants; the input gate's are not used when it is
///     coupled.
///   - hidden: room for one `cells`.
///   - state: `[batches, cells]`, the last output.
///   - cellState: `[batches, cells]`.
///   - output: `[batches, steps, cells]`, or steps first.
package func lstmReference(
  _ parameters: QuantizedLSTMParameters, input: Span<Int8>, inputGate: borrowing QuantizedLSTMGate,
  forgetGate: borrowing QuantizedLSTMGate, cellGate: borrowing QuantizedLSTMGate,
  outputGate: borrowing QuantizedLSTMGate, hidden: inout MutableSpan<Int8>, state: inout MutableSpan<Int8>,
  cellState: inout MutableSpan<Int16>, output: inout MutableSpan<Int8>
) {
  let cells = parameters.cells
  let size = parameters.inputSize
  let inputs = parameters.inputFactors
  let recurrents = parameters.recurrentFactors
  for step in 0..<parameters.steps {
    for batch in 0..<parameters.batches {
      let row =
        parameters.isTimeMajor ? step * parameters.batches + batch : batch * parameters.steps + step
      let x = input.extracting((row * size)..<(row * size + size))
      for cell in 0..<cells {
        let last = state.span.extracting((batch * cells)..<(batch * cells + cells))
        let forget = logistic16(forgetGate.sum(cell, x, inputs.forget, last, recurrents.forget))
        let update = tanh16(cellGate.sum(cell, x, inputs.cell, last, recurrents.cell), integerBits: 3)
        let admit =
          parameters.couplesInputGate
          ? Int16.max &- forget : logistic16(inputGate.sum(cell, x, inputs.input, last, recurrents.input))
        let kept = roundingDivideByPowerOfTwo(Int32(forget) &* Int32(cellState[batch * cells + cell]), 15)
        let added = roundingDivideByPowerOfTwo(
          Int32(admit) &* Int32(update), 30 &+ parameters.cellScaleLog2)
        // Each part is stored in 16 bits before they are added.
        var value = clamp(
          Int32(Int16(truncatingIfNeeded: kept)) &+ Int32(Int16(truncatingIfNeeded: added)), -32768, 32767)
        if parameters.cellClip > 0 {
          value = clamp(value, -Int32(parameters.cellClip), Int32(parameters.cellClip))
        }
        cellState[batch * cells + cell] = Int16(truncatingIfNeeded: value)
        let gate = logistic16(outputGate.sum(cell, x, inputs.output, last, recurrents.output))
        let squashed = tanh16(
          Int16(truncatingIfNeeded: value), integerBits: 15 &+ parameters.cellScaleLog2)
        let scaled =
          parameters.hiddenFactor.apply(to: Int32(gate) &* Int32(squashed)) &+ parameters.hiddenZeroPoint
        hidden[cell] = narrow(clamp(scaled, -128, 127), to: Int8.self)
      }
      for cell in 0..<cells {
        state[batch * cells + cell] = hidden[cell]
        output[row * cells + cell] = hidden[cell]
      }
    }
  }
}
