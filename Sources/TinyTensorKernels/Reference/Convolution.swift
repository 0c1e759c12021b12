/// What a convolution needs beside its operands.
package struct ConvolutionParameters: BitwiseCopyable, Sendable, Hashable {
  package var geometry: WindowGeometry
  /// Divides the input's and the output's channels.
  package var groups: Int
  package var inputZeroPoint: Int16
  package var filterZeroPoint: Int16
  package var output: OutputStage

  package init(
    geometry: WindowGeometry, groups: Int, inputZeroPoint: Int16, filterZeroPoint: Int16, output: OutputStage
  ) {
    self.geometry = geometry
    self.groups = groups
    self.inputZeroPoint = inputZeroPoint
    self.filterZeroPoint = filterZeroPoint
    self.output = output
  }
}

/// Convolution, NHWC: `output[n, y, x, o] = stage(bias[o] + sum (input - zero) * (filter - zero))`.
///
/// - Parameters:
///   - input: `[batches, inputHeight, inputWidth, inputChannels]`.
///   - filter: `[outputChannels, kernelHeight, kernelWidth, inputChannels / groups]`.
///   - bias: one a output channel.
///   - multipliers: one an output channel.
///   - output: `[batches, outputHeight, outputWidth, outputChannels]`.
///
/// Taps outside the image are left out, which equals an image padded with the input's zero point.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
package func convolveReference<Element: QuantizedElement>(
  _ parameters: ConvolutionParameters, input: Span<Element>, filter: Span<Element>, bias: Span<Int32>,
  multipliers: Span<QuantizedMultiplier>, output: inout MutableSpan<Element>
) {
  let geometry = parameters.geometry
  let groupInputs = geometry.inputChannels / parameters.groups
  let groupOutputs = geometry.outputChannels / parameters.groups
  let filterStride = geometry.kernelHeight * geometry.kernelWidth * groupInputs
  // With one group and neighbouring columns, the taps of a kernel row are one run of elements in both operands.
  let joinsColumns = parameters.groups == 1 && geometry.dilationWidth == 1
  for batch in 0..<geometry.batches {
    for row in 0..<geometry.outputHeight {
      let kernelRows = geometry.kernelRows(outputRow: row)
      for column in 0..<geometry.outputWidth {
        let kernelColumns = geometry.kernelColumns(outputColumn: column)
        let outputPixel = geometry.outputPixel(batch, row, column)
        for channel in 0..<geometry.outputChannels {
          let inputChannel = channel / groupOutputs * groupInputs
          var sum = bias[channel]
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
              sum &+= dotProduct(
                input.extracting(inputStart..<(inputStart + length)), parameters.inputZeroPoint,
                filter.extracting(filterStart..<(filterStart + length)), parameters.filterZeroPoint)
              kernelColumn += step
            }
          }
          output[outputPixel + channel] =
            parameters.output.finish(multipliers[channel].apply(to: sum), as: Element.self)
        }
      }
    }
  }
}
