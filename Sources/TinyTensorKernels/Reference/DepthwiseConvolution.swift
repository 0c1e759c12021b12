/// Depthwise convolution, NHWC: output channel `c` sees input channel `c / depthMultiplier` alone.
///
/// - Parameters:
///   - arithmetic: what numbers are.
///   - geometry: how the window moves.
///   - depthMultiplier: output channels an input channel.
///   - input: `[batches, inputHeight, inputWidth, inputChannels]`.
///   - filter: `[1, kernelHeight, kernelWidth, outputChannels]`.
///   - bias: one an output channel.
///   - factors: one an output channel.
///   - output: `[batches, outputHeight, outputWidth, outputChannels]`.
@specialized(where Arithmetic == Int8Arithmetic)
@specialized(where Arithmetic == UInt8Arithmetic)
@specialized(where Arithmetic == Int16WideArithmetic)
@specialized(where Arithmetic == RealArithmetic)
@specialized(where Arithmetic == HybridArithmetic)
package func convolveDepthwiseReference<Arithmetic: LayerArithmetic>(
  _ arithmetic: Arithmetic, _ geometry: WindowGeometry, depthMultiplier: Int, input: Span<Arithmetic.Input>,
  filter: Span<Arithmetic.Weight>, bias: Span<Arithmetic.Bias>, factors: Span<Arithmetic.Factor>,
  output: inout MutableSpan<Arithmetic.Output>
) {
  for batch in 0..<geometry.batches {
    for row in 0..<geometry.outputHeight {
      let kernelRows = geometry.kernelRows(outputRow: row)
      for column in 0..<geometry.outputWidth {
        let kernelColumns = geometry.kernelColumns(outputColumn: column)
        let outputPixel = geometry.outputPixel(batch, row, column)
        for inputChannel in 0..<geometry.inputChannels {
          for multiple in 0..<depthMultiplier {
            let channel = inputChannel * depthMultiplier + multiple
            var sum = Arithmetic.emptySum
            for kernelRow in kernelRows {
              let inputRow = geometry.inputRow(row, kernelRow)
              for kernelColumn in kernelColumns {
                let inputPixel = geometry.inputPixel(batch, inputRow, geometry.inputColumn(column, kernelColumn))
                let tap = (kernelRow * geometry.kernelWidth + kernelColumn) * geometry.outputChannels + channel
                arithmetic.add(input[inputPixel + inputChannel], times: filter[tap], to: &sum)
              }
            }
            output[outputPixel + channel] = arithmetic.output(sum, bias: bias[channel], factor: factors[channel])
          }
        }
      }
    }
  }
}
