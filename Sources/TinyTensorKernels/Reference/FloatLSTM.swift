/// A function that a recurrent layer applies to its sums.
package enum RecurrentActivation: UInt8, BitwiseCopyable, Sendable, Hashable {
  case none
  case relu
  case reluN1To1
  case relu6
  case tanh
  case logistic

  /// The function, computed in double precision where it is transcendental.
  package func apply(to x: Float) -> Float {
    switch self {
    case .none: return x
    case .relu: return max(x, 0)
    case .reluN1To1: return min(max(x, -1), 1)
    case .relu6: return min(max(x, 0), 6)
    case .tanh:
      // (1 - e) / (1 + e) with e = exp(-2|x|), which is at most 1.
      let e = exponential(-2 * Double(x.magnitude))
      let magnitude = Float((1 - e) / (1 + e))
      return x < 0 ? -magnitude : magnitude
    case .logistic: return Float(1 / (1 + exponential(-Double(x))))
    }
  }
}

/// What a long short-term memory in single precision needs beside its operands. Its weights may be integers that meet
/// vectors quantized in the run.
package struct FloatLSTMParameters: BitwiseCopyable, Sendable, Hashable {
  package var batches: Int
  package var steps: Int
  package var inputSize: Int
  /// Elements of a second input that joins the first; 0 for none.
  package var auxiliarySize: Int
  package var cells: Int
  /// Elements of the output; differs from `cells` with a projection.
  package var outputSize: Int
  package var isTimeMajor: Bool
  package var isReversed: Bool
  /// Where a row's output begins and how far rows are apart, in elements: two directions may share an output.
  package var outputOffset: Int
  package var outputStride: Int
  package var activation: RecurrentActivation
  /// 0 for none.
  package var cellClip: Float
  package var projectionClip: Float
  /// Whether vectors are quantized around a zero point, where weights are integers.
  package var isAsymmetric: Bool

  /// Elements of the vectors that meet integer weights: a row's inputs, state and cells.
  package var quantizedCount: Int { inputSize + auxiliarySize + outputSize + cells }

  package init(
    batches: Int, steps: Int, inputSize: Int, auxiliarySize: Int = 0, cells: Int, outputSize: Int, isTimeMajor: Bool,
    isReversed: Bool, outputOffset: Int, outputStride: Int, activation: RecurrentActivation, cellClip: Float,
    projectionClip: Float, isAsymmetric: Bool
  ) {
    self.batches = batches
    self.steps = steps
    self.inputSize = inputSize
    self.auxiliarySize = auxiliarySize
    self.cells = cells
    self.outputSize = outputSize
    self.isTimeMajor = isTimeMajor
    self.isReversed = isReversed
    self.outputOffset = outputOffset
    self.outputStride = outputStride
    self.activation = activation
    self.cellClip = cellClip
    self.projectionClip = projectionClip
    self.isAsymmetric = isAsymmetric
  }
}

/// A gate's constants; spans that are empty stand for parts that the layer does not have.
package struct FloatLSTMGate: ~Escapable {
  /// `[cells, inputSize]`; empty for an input gate that is coupled to the forget gate.
  package let inputWeights: RecurrentMatrix
  /// `[cells, auxiliarySize]`, or none.
  package let auxiliaryWeights: RecurrentMatrix
  /// `[cells, outputSize]`.
  package let recurrentWeights: RecurrentMatrix
  /// One a cell, or none.
  package let peephole: Span<Float>
  /// One a cell.
  package let bias: Span<Float>
  /// One a cell, or none.
  package let normalization: Span<Float>

  @_lifetime(
    copy inputWeights, copy auxiliaryWeights, copy recurrentWeights, copy peephole, copy bias, copy normalization)
  package init(
    inputWeights: consuming RecurrentMatrix, auxiliaryWeights: consuming RecurrentMatrix,
    recurrentWeights: consuming RecurrentMatrix, peephole: Span<Float>, bias: Span<Float>, normalization: Span<Float>
  ) {
    self.inputWeights = inputWeights
    self.auxiliaryWeights = auxiliaryWeights
    self.recurrentWeights = recurrentWeights
    self.peephole = peephole
    self.bias = bias
    self.normalization = normalization
  }

  /// Writes the gate's values for all cells of a batch row to `gates`, from `start` on.
  func evaluate(
    input: borrowing RecurrentVector, auxiliary: borrowing RecurrentVector, state: borrowing RecurrentVector,
    cellState: Span<Float>, activation: RecurrentActivation, gates: inout MutableSpan<Float>, start: Int
  ) {
    let cells = bias.count
    let normalizes = normalization.count > 0
    for cell in 0..<cells {
      var sum: Float = normalizes ? 0 : bias[cell]
      sum = inputWeights.addProducts(cell, input, to: sum)
      if !auxiliaryWeights.isEmpty { sum = auxiliaryWeights.addProducts(cell, auxiliary, to: sum) }
      sum = recurrentWeights.addProducts(cell, state, to: sum)
      if peephole.count > 0 { sum += cellState[cell] * peephole[cell] }
      gates[start + cell] = sum
    }
    if normalizes { normalize(&gates, start) }
    for cell in 0..<cells { gates[start + cell] = activation.apply(to: gates[start + cell]) }
  }

  /// Brings the sums to mean 0 and deviation 1, then applies coefficients and bias.
  private func normalize(_ gates: inout MutableSpan<Float>, _ start: Int) {
    let range = start..<(start + bias.count)
    var mean: Float = 0
    for index in range { mean += gates[index] }
    mean /= Float(bias.count)
    var variance: Float = 0
    for index in range { variance += (gates[index] - mean) * (gates[index] - mean) }
    variance /= Float(bias.count)
    // The constant keeps a row of equal sums from a division by 0.
    let factor = 1 / (variance + 1e-8).squareRoot()
    for index in range {
      gates[index] = (gates[index] - mean) * factor * normalization[index - start] + bias[index - start]
    }
  }
}

/// The four gates and the projection.
package struct FloatLSTMConstants: ~Escapable {
  package let inputGate: FloatLSTMGate
  package let forgetGate: FloatLSTMGate
  package let cellGate: FloatLSTMGate
  package let outputGate: FloatLSTMGate
  /// `[outputSize, cells]`, or none.
  package let projection: RecurrentMatrix
  /// One an output element, or none.
  package let projectionBias: Span<Float>

  @_lifetime(
    copy inputGate, copy forgetGate, copy cellGate, copy outputGate, copy projection, copy projectionBias)
  package init(
    inputGate: FloatLSTMGate, forgetGate: FloatLSTMGate, cellGate: FloatLSTMGate, outputGate: FloatLSTMGate,
    projection: consuming RecurrentMatrix, projectionBias: Span<Float>
  ) {
    self.inputGate = inputGate
    self.forgetGate = forgetGate
    self.cellGate = cellGate
    self.outputGate = outputGate
    self.projection = projection
    self.projectionBias = projectionBias
  }
}

/// A long short-term memory over a sequence, in single precision.
///
/// - Parameters:
///   - input: `[batches, steps, inputSize]`, or steps first.
///   - auxiliary: `[batches, steps, auxiliarySize]`, or steps first, as the input is.
///   - gates: room for `4 * cells`.
///   - quantized: room for `quantizedCount` elements if weights are integers, else nothing.
///   - state: `[batches, outputSize]`, the last output.
///   - cellState: `[batches, cells]`.
///   - output: `[batches, steps, ...]` or steps first, each row's elements at `outputOffset`.
package func lstmReference(
  _ parameters: FloatLSTMParameters, _ constants: borrowing FloatLSTMConstants, input: Span<Float>,
  auxiliary: Span<Float>, gates: inout MutableSpan<Float>, quantized: inout MutableSpan<Int8>,
  state: inout MutableSpan<Float>, cellState: inout MutableSpan<Float>, output: inout MutableSpan<Float>
) {
  let cells = parameters.cells
  let size = parameters.inputSize
  let auxiliarySize = parameters.auxiliarySize
  let couples = constants.inputGate.inputWeights.isEmpty
  func room(_ start: Int, _ count: Int) -> RecurrentVectorRoom {
    RecurrentVectorRoom(start: start, count: count, isAsymmetric: parameters.isAsymmetric)
  }
  let inputRoom = room(0, size)
  let auxiliaryRoom = room(size, auxiliarySize)
  let stateRoom = room(size + auxiliarySize, parameters.outputSize)
  let cellRoom = room(size + auxiliarySize + parameters.outputSize, cells)
  for position in 0..<parameters.steps {
    let step = parameters.isReversed ? parameters.steps - 1 - position : position
    for batch in 0..<parameters.batches {
      let row = parameters.isTimeMajor ? step * parameters.batches + batch : batch * parameters.steps + step
      let x = input.extracting((row * size)..<(row * size + size))
      let y = auxiliary.extracting((row * auxiliarySize)..<(row * auxiliarySize + auxiliarySize))
      let stateRange = (batch * parameters.outputSize)..<((batch + 1) * parameters.outputSize)
      let cellRange = (batch * cells)..<((batch + 1) * cells)
      let inputScale = inputRoom.quantize(x, &quantized)
      let auxiliaryScale = auxiliaryRoom.quantize(y, &quantized)
      let stateScale = stateRoom.quantize(state.span.extracting(stateRange), &quantized)
      func evaluate(
        _ gate: borrowing FloatLSTMGate, _ activation: RecurrentActivation, _ index: Int,
        _ quantized: borrowing MutableSpan<Int8>, _ state: borrowing MutableSpan<Float>,
        _ cellState: borrowing MutableSpan<Float>, _ gates: inout MutableSpan<Float>
      ) {
        gate.evaluate(
          input: inputRoom.vector(x, quantized, inputScale),
          auxiliary: auxiliaryRoom.vector(y, quantized, auxiliaryScale),
          state: stateRoom.vector(state.span.extracting(stateRange), quantized, stateScale),
          cellState: cellState.span.extracting(cellRange), activation: activation, gates: &gates,
          start: index * cells)
      }
      if !couples { evaluate(constants.inputGate, .logistic, 0, quantized, state, cellState, &gates) }
      evaluate(constants.forgetGate, .logistic, 1, quantized, state, cellState, &gates)
      evaluate(constants.cellGate, parameters.activation, 2, quantized, state, cellState, &gates)
      for cell in 0..<cells {
        let forget = gates[cells + cell]
        let admit = couples ? 1 - forget : gates[cell]
        var value = forget * cellState[cellRange.lowerBound + cell] + admit * gates[2 * cells + cell]
        if parameters.cellClip > 0 { value = min(max(value, -parameters.cellClip), parameters.cellClip) }
        cellState[cellRange.lowerBound + cell] = value
      }
      evaluate(constants.outputGate, .logistic, 3, quantized, state, cellState, &gates)
      for cell in 0..<cells {
        gates[3 * cells + cell] *= parameters.activation.apply(to: cellState[cellRange.lowerBound + cell])
      }
      let hidden = (3 * cells)..<(4 * cells)
      let projects = !constants.projection.isEmpty
      let cellScale = projects ? cellRoom.quantize(gates.span.extracting(hidden), &quantized) : inputScale
      for index in 0..<parameters.outputSize {
        var value = gates[3 * cells + min(index, cells - 1)]
        if projects {
          let vector = cellRoom.vector(gates.span.extracting(hidden), quantized, cellScale)
          value = constants.projectionBias.count > 0 ? constants.projectionBias[index] : 0
          value = constants.projection.addProducts(index, vector, to: value)
          if parameters.projectionClip > 0 {
            value = min(max(value, -parameters.projectionClip), parameters.projectionClip)
          }
        }
        state[stateRange.lowerBound + index] = value
        output[row * parameters.outputStride + parameters.outputOffset + index] = value
      }
    }
  }
}
