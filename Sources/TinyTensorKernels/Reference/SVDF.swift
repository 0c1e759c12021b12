/// What a singular value decomposition filter needs beside its operands.
package struct SVDFParameters: BitwiseCopyable, Sendable, Hashable {
  package var batches: Int
  package var inputSize: Int
  package var units: Int
  package var rank: Int
  /// Time steps that are remembered.
  package var memory: Int
  package var inputZeroPoint: Int16
  /// From sums of products to the state.
  package var stateFactor: QuantizedMultiplier
  package var outputFactor: QuantizedMultiplier
  package var output: OutputStage
  /// Whether real input is quantized around a zero point, where feature weights are integers.
  package var isAsymmetric: Bool

  package init(
    batches: Int, inputSize: Int, units: Int, rank: Int, memory: Int, inputZeroPoint: Int16 = 0,
    stateFactor: QuantizedMultiplier = QuantizedMultiplier(multiplier: 0, shift: 0),
    outputFactor: QuantizedMultiplier = QuantizedMultiplier(multiplier: 0, shift: 0),
    output: OutputStage = OutputStage(zeroPoint: 0, minimum: 0, maximum: 0), isAsymmetric: Bool = false
  ) {
    self.batches = batches
    self.inputSize = inputSize
    self.units = units
    self.rank = rank
    self.memory = memory
    self.inputZeroPoint = inputZeroPoint
    self.stateFactor = stateFactor
    self.outputFactor = outputFactor
    self.output = output
    self.isAsymmetric = isAsymmetric
  }

  package var filters: Int { units * rank }
}

/// Moves all states one step back; the last one of each filter is then written anew.
private func shiftState<Element: BitwiseCopyable>(_ state: inout MutableSpan<Element>) {
  for index in 0..<max(state.count - 1, 0) { state[index] = state[index + 1] }
}

/// SVDF with int8 input and output and int16 state.
///
/// - Parameters:
///   - input: `[batches, inputSize]`.
///   - featureWeights: `[units * rank, inputSize]`.
///   - timeWeights: `[units * rank, memory]`.
///   - bias: one a unit.
///   - state: `[batches, units * rank, memory]`.
///   - output: `[batches, units]`.
///
/// Sums wrap modulo `2^32`, as in the reference.
package func svdfReference(
  _ parameters: SVDFParameters, input: Span<Int8>, featureWeights: Span<Int8>, timeWeights: Span<Int16>,
  bias: Span<Int32>, state: inout MutableSpan<Int16>, output: inout MutableSpan<Int8>
) {
  shiftState(&state)
  let size = parameters.inputSize
  for batch in 0..<parameters.batches {
    let row = input.extracting((batch * size)..<(batch * size + size))
    for unit in 0..<parameters.units {
      var sum = bias[unit]
      for filter in (unit * parameters.rank)..<((unit + 1) * parameters.rank) {
        let weights = featureWeights.extracting((filter * size)..<(filter * size + size))
        let feature = parameters.stateFactor.apply(to: dotProduct(row, parameters.inputZeroPoint, weights, 0))
        let start = (batch * parameters.filters + filter) * parameters.memory
        state[start + parameters.memory - 1] = narrow(clamp(feature, -32768, 32767), to: Int16.self)
        for step in 0..<parameters.memory {
          sum &+= Int32(state[start + step]) &* Int32(timeWeights[filter * parameters.memory + step])
        }
      }
      output[batch * parameters.units + unit] = parameters.output.finish(
        parameters.outputFactor.apply(to: sum), as: Int8.self)
    }
  }
}

/// SVDF in single precision. Shapes are those of the other form.
///
/// - Parameters:
///   - featureWeights: real numbers, or integers that meet a batch's input quantized.
///   - quantized: room for `inputSize` elements if the feature weights are integers, else nothing.
package func svdfReference(
  _ parameters: SVDFParameters, activation: RecurrentActivation, input: Span<Float>,
  featureWeights: borrowing RecurrentMatrix, timeWeights: Span<Float>, bias: Span<Float>,
  quantized: inout MutableSpan<Int8>, state: inout MutableSpan<Float>, output: inout MutableSpan<Float>
) {
  shiftState(&state)
  let size = parameters.inputSize
  let room = RecurrentVectorRoom(start: 0, count: size, isAsymmetric: parameters.isAsymmetric)
  for batch in 0..<parameters.batches {
    let row = input.extracting((batch * size)..<(batch * size + size))
    let scale = room.quantize(row, &quantized)
    for unit in 0..<parameters.units {
      var sum = bias[unit]
      for filter in (unit * parameters.rank)..<((unit + 1) * parameters.rank) {
        let start = (batch * parameters.filters + filter) * parameters.memory
        state[start + parameters.memory - 1] = featureWeights.addProducts(
          filter, room.vector(row, quantized, scale), to: 0)
        for step in 0..<parameters.memory {
          sum += state[start + step] * timeWeights[filter * parameters.memory + step]
        }
      }
      output[batch * parameters.units + unit] = activation.apply(to: sum)
    }
  }
}
