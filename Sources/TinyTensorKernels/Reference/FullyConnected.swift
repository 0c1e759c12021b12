/// The sizes of a fully connected layer.
package struct FullyConnectedSizes: BitwiseCopyable, Sendable, Hashable {
  package var rows: Int
  package var depth: Int
  package var units: Int

  package init(rows: Int, depth: Int, units: Int) {
    self.rows = rows
    self.depth = depth
    self.units = units
  }
}

/// int8 activations and weights, scaled in double precision.
package typealias FullyConnectedInt8 = IntegerArithmetic<Int8, Int8, Int32, Double, Int8>
/// uint8 activations and weights, scaled in double precision.
package typealias FullyConnectedUInt8 = IntegerArithmetic<UInt8, UInt8, Int32, Double, UInt8>
/// uint8 activations and weights to int16, scaled in double precision.
package typealias FullyConnectedUInt8To16 = IntegerArithmetic<UInt8, UInt8, Int32, Double, Int16>
/// uint8 activations and weights to int16, scaled in fixed point.
package typealias UInt8To16Arithmetic = IntegerArithmetic<UInt8, UInt8, Int32, QuantizedMultiplier, Int16>
/// int16 activations and int8 weights, summed in 32 bits, scaled in double precision.
package typealias FullyConnectedInt16 = IntegerArithmetic<Int16, Int8, Int32, Double, Int16>
/// int16 activations and int8 weights, summed in 64 bits, scaled in double precision.
package typealias FullyConnectedInt16Wide = IntegerArithmetic<Int16, Int8, Int64, Double, Int16>

/// Fully connected layer: `output[r, u]` is the sum over `k` of `input[r, k] * weights[u, k]`, made an output by the
/// arithmetic.
///
/// The current LiteRT reference scales sums in double precision, half away from zero; tflite-micro, and LiteRT before,
/// scale in fixed point.
///
/// - Parameters:
///   - arithmetic: what numbers are.
///   - sizes: of the operands.
///   - input: `[rows, depth]`.
///   - weights: `[units, depth]`.
///   - bias: one a unit.
///   - factors: one a unit.
///   - output: `[rows, units]`.
@specialized(where Arithmetic == FullyConnectedInt8)
@specialized(where Arithmetic == FullyConnectedUInt8)
@specialized(where Arithmetic == FullyConnectedUInt8To16)
@specialized(where Arithmetic == FullyConnectedInt16)
@specialized(where Arithmetic == FullyConnectedInt16Wide)
@specialized(where Arithmetic == Int8Arithmetic)
@specialized(where Arithmetic == UInt8Arithmetic)
@specialized(where Arithmetic == UInt8To16Arithmetic)
@specialized(where Arithmetic == Int16Arithmetic)
@specialized(where Arithmetic == Int16WideArithmetic)
@specialized(where Arithmetic == RealArithmetic)
@specialized(where Arithmetic == HybridArithmetic)
package func fullyConnectedReference<Arithmetic: LayerArithmetic>(
  _ arithmetic: Arithmetic, _ sizes: FullyConnectedSizes, input: Span<Arithmetic.Input>,
  weights: Span<Arithmetic.Weight>, bias: Span<Arithmetic.Bias>, factors: Span<Arithmetic.Factor>,
  output: inout MutableSpan<Arithmetic.Output>
) {
  let depth = sizes.depth
  for row in 0..<sizes.rows {
    let rowElements = input.extracting((row * depth)..<(row * depth + depth))
    for unit in 0..<sizes.units {
      var sum = Arithmetic.emptySum
      arithmetic.add(
        rowElements, times: weights.extracting((unit * depth)..<(unit * depth + depth)), to: &sum)
      output[row * sizes.units + unit] = arithmetic.output(sum, bias: bias[unit], factor: factors[unit])
    }
  }
}
