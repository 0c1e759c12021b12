/// What a plain recurrent layer in single precision needs beside its operands. Its weights may be integers that meet
/// vectors quantized in the run.
package struct FloatRNNParameters: BitwiseCopyable, Sendable, Hashable {
  package var batches: Int
  package var steps: Int
  package var inputSize: Int
  package var units: Int
  package var isTimeMajor: Bool
  package var activation: RecurrentActivation
  /// Whether vectors are quantized around a zero point, where weights are integers.
  package var isAsymmetric: Bool
  /// Whether the steps are taken from the last one on.
  package var isReversed = false
  /// How often all steps are taken, the state going on from one time to the next.
  package var passes = 1
  /// Where in a row of the output the units' numbers begin, and how long a row is.
  package var outputOffset = 0
  package var outputStride: Int

  package init(
    batches: Int, steps: Int, inputSize: Int, units: Int, isTimeMajor: Bool, activation: RecurrentActivation,
    isAsymmetric: Bool
  ) {
    self.batches = batches
    self.steps = steps
    self.inputSize = inputSize
    self.units = units
    self.isTimeMajor = isTimeMajor
    self.activation = activation
    self.isAsymmetric = isAsymmetric
    outputStride = units
  }
}

/// `output = state = activation(bias + weights * input + recurrentWeights * state)`, step by step.
///
/// - Parameters:
///   - input: `[batches, steps, inputSize]`, or steps first.
///   - weights: `[units, inputSize]`.
///   - recurrentWeights: `[units, units]`.
///   - bias: one a unit.
///   - quantized: room for `inputSize + units` elements if weights are integers, else nothing.
///   - state: `[batches, units]`.
///   - output: `[batches, steps, outputStride]`, or steps first.
package func rnnReference(
  _ parameters: FloatRNNParameters, input: Span<Float>, weights: borrowing RecurrentMatrix,
  recurrentWeights: borrowing RecurrentMatrix, bias: Span<Float>, quantized: inout MutableSpan<Int8>,
  state: inout MutableSpan<Float>, output: inout MutableSpan<Float>
) {
  let units = parameters.units
  let size = parameters.inputSize
  let inputRoom = RecurrentVectorRoom(start: 0, count: size, isAsymmetric: parameters.isAsymmetric)
  let stateRoom = RecurrentVectorRoom(start: size, count: units, isAsymmetric: parameters.isAsymmetric)
  for turn in 0..<(parameters.steps * parameters.passes) {
    let step = parameters.isReversed ? parameters.steps - 1 - turn % parameters.steps : turn % parameters.steps
    for batch in 0..<parameters.batches {
      let row = parameters.isTimeMajor ? step * parameters.batches + batch : batch * parameters.steps + step
      let stateRange = (batch * units)..<(batch * units + units)
      let target = row * parameters.outputStride + parameters.outputOffset
      let x = input.extracting((row * size)..<(row * size + size))
      let inputScale = inputRoom.quantize(x, &quantized)
      let stateScale = stateRoom.quantize(state.span.extracting(stateRange), &quantized)
      for unit in 0..<units {
        var sum = bias[unit]
        sum = weights.addProducts(unit, inputRoom.vector(x, quantized, inputScale), to: sum)
        sum = recurrentWeights.addProducts(
          unit, stateRoom.vector(state.span.extracting(stateRange), quantized, stateScale), to: sum)
        output[target + unit] = parameters.activation.apply(to: sum)
      }
      for unit in 0..<units { state[batch * units + unit] = output[target + unit] }
    }
  }
}
