/// Depthwise convolution, NHWC: output channel `c` sees input channel `c / depthMultiplier` alone.
///
/// - Parameters:
///   - parameters: geometry and zero points; `groups` is not used.
///   - depthMultiplier: output channels an input channel.
///   - input: `[batches, inputHeight, inputWidth, inputChannels]`.
///   - filter: `[1, kernelHeight, kernelWidth, outputChannels]`.
///   - bias: one an output channel.
///   - multipliers: one an output channel.
///   - output: `[batches, outputHeight, outputWidth, outputChannels]`.
///
/// Sums wrap modulo `2^32`, as in the reference.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
package func convolveDepthwiseReference<Element: QuantizedElement>(
  _ parameters: ConvolutionParameters, depthMultiplier: Int, input: Span<Element>, filter: Span<Element>,
  bias: Span<Int32>, multipliers: Span<QuantizedMultiplier>, output: inout MutableSpan<Element>
) {
  let geometry = parameters.geometry
  let inputZeroPoint = Int32(parameters.inputZeroPoint)
  let filterZeroPoint = Int32(parameters.filterZeroPoint)
  for batch in 0..<geometry.batches {
    for row in 0..<geometry.outputHeight {
      let kernelRows = geometry.kernelRows(outputRow: row)
      for column in 0..<geometry.outputWidth {
        let kernelColumns = geometry.kernelColumns(outputColumn: column)
        let outputPixel = geometry.outputPixel(batch, row, column)
        for inputChannel in 0..<geometry.inputChannels {
          for multiple in 0..<depthMultiplier {
            let channel = inputChannel * depthMultiplier + multiple
            var sum = bias[channel]
            for kernelRow in kernelRows {
              let inputRow = geometry.inputRow(row, kernelRow)
              for kernelColumn in kernelColumns {
                let inputPixel = geometry.inputPixel(batch, inputRow, geometry.inputColumn(column, kernelColumn))
                let tap = (kernelRow * geometry.kernelWidth + kernelColumn) * geometry.outputChannels + channel
                let value = Int32(truncatingIfNeeded: input[inputPixel + inputChannel]) &- inputZeroPoint
                sum &+= value &* (Int32(truncatingIfNeeded: filter[tap]) &- filterZeroPoint)
              }
            }
            output[outputPixel + channel] =
              parameters.output.finish(multipliers[channel].apply(to: sum), as: Element.self)
          }
        }
      }
    }
  }
}
