/// Convolution, NHWC: `output[n, y, x, o]` is the sum, over a window of the input and over the channels of `o`'s group,
/// of `input * filter`, made an output by the arithmetic.
///
/// - Parameters:
///   - arithmetic: what numbers are.
///   - geometry: how the window moves.
///   - groups: divides the input's and the output's channels.
///   - input: `[batches, inputHeight, inputWidth, inputChannels]`.
///   - filter: `[outputChannels, kernelHeight, kernelWidth, inputChannels / groups]`.
///   - bias: one an output channel.
///   - factors: one an output channel.
///   - output: `[batches, outputHeight, outputWidth, outputChannels]`.
///
/// Taps outside the image are left out, which equals an image padded with the input's zero point.
@specialized(where Arithmetic == Int8Arithmetic)
@specialized(where Arithmetic == UInt8Arithmetic)
@specialized(where Arithmetic == Int16Arithmetic)
@specialized(where Arithmetic == Int16WideArithmetic)
@specialized(where Arithmetic == RealArithmetic)
@specialized(where Arithmetic == HybridArithmetic)
package func convolveReference<Arithmetic: LayerArithmetic>(
  _ arithmetic: Arithmetic, _ geometry: WindowGeometry, groups: Int, input: Span<Arithmetic.Input>,
  filter: Span<Arithmetic.Weight>, bias: Span<Arithmetic.Bias>, factors: Span<Arithmetic.Factor>,
  output: inout MutableSpan<Arithmetic.Output>
) {
  let groupInputs = geometry.inputChannels / groups
  let groupOutputs = geometry.outputChannels / groups
  let filterStride = geometry.kernelHeight * geometry.kernelWidth * groupInputs
  // With one group and neighbouring columns, the taps of a kernel row are one run of elements in both operands.
  let joinsColumns = groups == 1 && geometry.dilationWidth == 1
  for batch in 0..<geometry.batches {
    for row in 0..<geometry.outputHeight {
      let kernelRows = geometry.kernelRows(outputRow: row)
      for column in 0..<geometry.outputWidth {
        let kernelColumns = geometry.kernelColumns(outputColumn: column)
        let outputPixel = geometry.outputPixel(batch, row, column)
        for channel in 0..<geometry.outputChannels {
          let inputChannel = channel / groupOutputs * groupInputs
          var sum = Arithmetic.emptySum
          for kernelRow in kernelRows {
            let inputRow = geometry.inputRow(row, kernelRow)
            let step = joinsColumns ? max(kernelColumns.count, 1) : 1
            var kernelColumn = kernelColumns.lowerBound
            while kernelColumn < kernelColumns.upperBound {
              let inputStart =
                geometry.inputPixel(batch, inputRow, geometry.inputColumn(column, kernelColumn)) + inputChannel
              let filterStart =
                channel * filterStride + (kernelRow * geometry.kernelWidth + kernelColumn) * groupInputs
              let length = step * groupInputs
              arithmetic.add(
                input.extracting(inputStart..<(inputStart + length)),
                times: filter.extracting(filterStart..<(filterStart + length)), to: &sum)
              kernelColumn += step
            }
          }
          output[outputPixel + channel] = arithmetic.output(sum, bias: bias[channel], factor: factors[channel])
        }
      }
    }
  }
}
