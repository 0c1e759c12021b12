/// What a cell of a long short-term memory with one matrix for all gates needs beside its operands.
package struct LSTMCellParameters: BitwiseCopyable, Sendable, Hashable {
  package var batches: Int
  package var inputSize: Int
  package var cells: Int
  /// Of the quantized form: the weights' zero point, from 0 to 255.
  package var weightsZeroPoint: Int16
  /// Of the quantized form: from sums of products to Q3.12.
  package var factor: QuantizedMultiplier

  package init(
    batches: Int, inputSize: Int, cells: Int, weightsZeroPoint: Int16 = 0,
    factor: QuantizedMultiplier = QuantizedMultiplier(multiplier: 0, shift: 0)
  ) {
    self.batches = batches
    self.inputSize = inputSize
    self.cells = cells
    self.weightsZeroPoint = weightsZeroPoint
    self.factor = factor
  }

  /// Elements of a row of the input with the last activation behind it.
  package var joinedSize: Int { inputSize + cells }
}

/// Writes each batch's input, with the last activation behind it.
private func join<Element: BitwiseCopyable>(
  _ parameters: LSTMCellParameters, _ input: Span<Element>, _ lastActivation: Span<Element>,
  to joined: inout MutableSpan<Element>
) {
  let (size, cells) = (parameters.inputSize, parameters.cells)
  for batch in 0..<parameters.batches {
    let start = batch * parameters.joinedSize
    for index in 0..<size { joined[start + index] = input[batch * size + index] }
    for index in 0..<cells { joined[start + size + index] = lastActivation[batch * cells + index] }
  }
}

/// One step of a cell in single precision. A sum is that of one row of the weights with the joined vector; rows are
/// those of the input, cell, forget and output gate, `cells` each.
///
/// - Parameters:
///   - input: `[batches, inputSize]`.
///   - weights: `[4 * cells, joinedSize]`.
///   - bias: one a row of the weights.
///   - lastActivation, lastState: `[batches, cells]`; become the new ones.
///   - activation, state: `[batches, cells]`.
///   - joined: `[batches, joinedSize]`.
///   - sums: `[batches, 4 * cells]`.
package func lstmCellReference(
  _ parameters: LSTMCellParameters, input: Span<Float>, weights: Span<Float>, bias: Span<Float>,
  lastActivation: inout MutableSpan<Float>, lastState: inout MutableSpan<Float>,
  activation: inout MutableSpan<Float>, state: inout MutableSpan<Float>, joined: inout MutableSpan<Float>,
  sums: inout MutableSpan<Float>
) {
  join(parameters, input, lastActivation.span, to: &joined)
  let cells = parameters.cells
  let size = parameters.joinedSize
  for batch in 0..<parameters.batches {
    for row in 0..<(4 * cells) {
      var sum = bias[row]
      for index in 0..<size { sum += joined[batch * size + index] * weights[row * size + index] }
      sums[batch * 4 * cells + row] = min(max(sum, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
    }
    for cell in 0..<cells {
      let start = batch * 4 * cells + cell
      let index = batch * cells + cell
      let admit = RecurrentActivation.logistic.apply(to: sums[start])
      let update = RecurrentActivation.tanh.apply(to: sums[start + cells])
      let forget = RecurrentActivation.logistic.apply(to: sums[start + 2 * cells])
      let gate = RecurrentActivation.logistic.apply(to: sums[start + 3 * cells])
      let value = admit * update + forget * lastState[index]
      state[index] = value
      activation[index] = gate * RecurrentActivation.tanh.apply(to: value)
      lastState[index] = state[index]
      lastActivation[index] = activation[index]
    }
  }
}

/// One step of a cell with uint8 input, activation and weights and an int16 state in Q4.11. Shapes are those of the
/// other form. The zero point of input and activation is 128; sums of products wrap modulo `2^32`, as in the reference.
///
/// Source: the quantized `LstmCell` of LiteRT's `optimized/optimized_ops.h`, restated: its BUILTIN_REF kernels call it
/// in place of that of `reference/lstm_cell.h`, which rounds the sums' ties away from zero.
package func lstmCellReference(
  _ parameters: LSTMCellParameters, input: Span<UInt8>, weights: Span<UInt8>, bias: Span<Int32>,
  lastActivation: inout MutableSpan<UInt8>, lastState: inout MutableSpan<Int16>,
  activation: inout MutableSpan<UInt8>, state: inout MutableSpan<Int16>, joined: inout MutableSpan<UInt8>,
  sums: inout MutableSpan<Int16>
) {
  join(parameters, input, lastActivation.span, to: &joined)
  let cells = parameters.cells
  let size = parameters.joinedSize
  for batch in 0..<parameters.batches {
    for row in 0..<(4 * cells) {
      let products = dotProduct(
        joined.span.extracting((batch * size)..<(batch * size + size)), 128,
        weights.extracting((row * size)..<(row * size + size)), parameters.weightsZeroPoint)
      sums[batch * 4 * cells + row] = saturate(parameters.factor.applyWithTiesUp(to: bias[row] &+ products))
    }
    for cell in 0..<cells {
      let start = batch * 4 * cells + cell
      let index = batch * cells + cell
      let admit = logistic16(sums[start])
      let update = tanh16(sums[start + cells], integerBits: 3)
      let forget = logistic16(sums[start + 2 * cells])
      let gate = logistic16(sums[start + 3 * cells])
      // From Q0.15 to Q4.11, and back to the Q3.12 that the hyperbolic tangent takes.
      let added = shiftRight(highProduct(admit, update), 4)
      let value = saturate(Int32(added) + Int32(highProduct(forget, lastState[index])))
      let squashed = tanh16(shiftLeft(value, 1), integerBits: 3)
      let result = clamp(Int32(shiftRight(highProduct(gate, squashed), 8)), -128, 127)
      state[index] = value
      activation[index] = UInt8(truncatingIfNeeded: result + 128)
      lastState[index] = state[index]
      lastActivation[index] = activation[index]
    }
  }
}
