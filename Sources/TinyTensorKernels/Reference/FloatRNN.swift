/// What a plain recurrent layer in single precision needs beside its operands.
package struct FloatRNNParameters: BitwiseCopyable, Sendable, Hashable {
  package var batches: Int
  package var steps: Int
  package var inputSize: Int
  package var units: Int
  package var isTimeMajor: Bool
  package var activation: RecurrentActivation

  package init(
    batches: Int, steps: Int, inputSize: Int, units: Int, isTimeMajor: Bool, activation: RecurrentActivation
  ) {
    self.batches = batches
    self.steps = steps
    self.inputSize = inputSize
    self.units = units
    self.isTimeMajor = isTimeMajor
    self.activation = activation
  }
}

/// `output = state = activation(bias + weights * input + recurrentWeights * state)`, step by step.
///
/// - Parameters:
///   - input: `[batches, steps, inputSize]`, or steps first.
///   - weights: `[units, inputSize]`.
///   - recurrentWeights: `[units, units]`.
///   - bias: one a unit.
///   - state: `[batches, units]`.
///   - output: `[batches, steps, units]`, or steps first.
package func rnnReference(
  _ parameters: FloatRNNParameters, input: Span<Float>, weights: Span<Float>, recurrentWeights: Span<Float>,
  bias: Span<Float>, state: inout MutableSpan<Float>, output: inout MutableSpan<Float>
) {
  let units = parameters.units
  let size = parameters.inputSize
  for step in 0..<parameters.steps {
    for batch in 0..<parameters.batches {
      let row = parameters.isTimeMajor ? step * parameters.batches + batch : batch * parameters.steps + step
      for unit in 0..<units {
        var sum = bias[unit]
        for index in 0..<size { sum += input[row * size + index] * weights[unit * size + index] }
        for index in 0..<units { sum += state[batch * units + index] * recurrentWeights[unit * units + index] }
        output[row * units + unit] = parameters.activation.apply(to: sum)
      }
      for unit in 0..<units { state[batch * units + unit] = output[row * units + unit] }
    }
  }
}
