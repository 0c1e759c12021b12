/// Transposed convolution, NHWC: every input pixel adds its product with the filter to a window of the output.
///
/// Computed from the output's side: an output pixel sums over the input pixels whose windows hold it, in their order.
///
/// - Parameters:
///   - arithmetic: what numbers are.
///   - geometry: the window of the convolution that this one transposes; so its input is this one's output. Dilations
///     are 1.
///   - input: `[batches, outputHeight, outputWidth, outputChannels]` of the geometry.
///   - filter: `[inputChannels, kernelHeight, kernelWidth, outputChannels]` of the geometry.
///   - bias: one an output channel.
///   - factors: one an output channel.
///   - output: `[batches, inputHeight, inputWidth, inputChannels]` of the geometry.
@specialized(where Arithmetic == Int8Arithmetic)
@specialized(where Arithmetic == UInt8Arithmetic)
@specialized(where Arithmetic == Int16Arithmetic)
@specialized(where Arithmetic == Int16WideArithmetic)
@specialized(where Arithmetic == RealArithmetic)
package func convolveTransposedReference<Arithmetic: LayerArithmetic>(
  _ arithmetic: Arithmetic, _ geometry: WindowGeometry, input: Span<Arithmetic.Input>,
  filter: Span<Arithmetic.Weight>, bias: Span<Arithmetic.Bias>, factors: Span<Arithmetic.Factor>,
  output: inout MutableSpan<Arithmetic.Output>
) {
  let depth = geometry.outputChannels
  for batch in 0..<geometry.batches {
    for row in 0..<geometry.inputHeight {
      let rows = geometry.outputRows(containingRow: row)
      for column in 0..<geometry.inputWidth {
        let columns = geometry.outputColumns(containingColumn: column)
        let outputPixel = geometry.inputPixel(batch, row, column)
        for channel in 0..<geometry.inputChannels {
          var sum = Arithmetic.emptySum
          for inputRow in rows {
            let kernelRow = row + geometry.paddingTop - inputRow * geometry.strideHeight
            for inputColumn in columns {
              let kernelColumn = column + geometry.paddingLeft - inputColumn * geometry.strideWidth
              let inputStart = geometry.outputPixel(batch, inputRow, inputColumn)
              let filterStart =
                ((channel * geometry.kernelHeight + kernelRow) * geometry.kernelWidth + kernelColumn) * depth
              arithmetic.add(
                input.extracting(inputStart..<(inputStart + depth)),
                times: filter.extracting(filterStart..<(filterStart + depth)), to: &sum)
            }
          }
          output[outputPixel + channel] = arithmetic.output(sum, bias: bias[channel], factor: factors[channel])
        }
      }
    }
  }
}
