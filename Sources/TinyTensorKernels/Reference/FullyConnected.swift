/// What a fully connected layer needs beside its operands.
package struct FullyConnectedParameters: BitwiseCopyable, Sendable, Hashable {
  package var rows: Int
  package var depth: Int
  package var units: Int
  package var inputZeroPoint: Int16
  package var weightsZeroPoint: Int16
  package var output: OutputStage

  package init(
    rows: Int, depth: Int, units: Int, inputZeroPoint: Int16, weightsZeroPoint: Int16, output: OutputStage
  ) {
    self.rows = rows
    self.depth = depth
    self.units = units
    self.inputZeroPoint = inputZeroPoint
    self.weightsZeroPoint = weightsZeroPoint
    self.output = output
  }
}

/// Fully connected layer: `output[r, u] = stage(round(factor[u] * (bias[u] + sum_k (input - zero) * (weights - zero))))`.
///
/// The current LiteRT reference requantizes here in double precision, half away from zero, and not in fixed point.
///
/// - Parameters:
///   - input: `[rows, depth]`.
///   - weights: `[units, depth]`.
///   - bias: one a unit.
///   - factors: one a unit: `inputScale * weightsScale / outputScale`.
///   - output: `[rows, units]`.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
package func fullyConnectedReference<Element: QuantizedElement>(
  _ parameters: FullyConnectedParameters, input: Span<Element>, weights: Span<Element>, bias: Span<Int32>,
  factors: Span<Double>, output: inout MutableSpan<Element>
) {
  let depth = parameters.depth
  let stage = parameters.output
  for row in 0..<parameters.rows {
    let rowElements = input.extracting((row * depth)..<(row * depth + depth))
    for unit in 0..<parameters.units {
      // Modulo 2^32, as in the reference.
      let sum =
        bias[unit]
        &+ dotProduct(
          rowElements, parameters.inputZeroPoint,
          weights.extracting((unit * depth)..<(unit * depth + depth)), parameters.weightsZeroPoint)
      // |rounded| <= 2^62 and the zero point is a byte: no overflow in 64 bits.
      let rounded = roundHalfAwayFromZero(Double(sum) * factors[unit]) &+ Int64(stage.zeroPoint)
      let clamped = min(max(rounded, Int64(stage.minimum)), Int64(stage.maximum))
      output[row * parameters.units + unit] = Element(truncatingIfNeeded: clamped)
    }
  }
}
