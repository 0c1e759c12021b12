/// How a window moves through a volume.
package struct VolumeGeometry: BitwiseCopyable, Sendable, Hashable {
  /// Along height and width; its batches are planes of the input or of the output, as it is asked for.
  package var plane: WindowGeometry
  /// Along the depth, whose sizes are this one's heights.
  package var depth: WindowGeometry

  package init(plane: WindowGeometry, depth: WindowGeometry) {
    self.plane = plane
    self.depth = depth
  }
}

/// Convolution of volumes, NDHWC, in single precision and natural order.
///
/// - Parameters:
///   - geometry: how the window moves.
///   - activation: the activation.
///   - input: `[batches, inputDepth, inputHeight, inputWidth, inputChannels]`.
///   - filter: `[kernelDepth, kernelHeight, kernelWidth, inputChannels, outputChannels]`.
///   - bias: one an output channel.
///   - output: `[batches, outputDepth, outputHeight, outputWidth, outputChannels]`.
package func convolve3DReference(
  _ geometry: VolumeGeometry, activation: RealActivation, input: Span<Float>, filter: Span<Float>,
  bias: Span<Float>, output: inout MutableSpan<Float>
) {
  let plane = geometry.plane
  let depth = geometry.depth
  let channels = plane.outputChannels
  for batch in 0..<plane.batches {
    for layer in 0..<depth.outputHeight {
      for row in 0..<plane.outputHeight {
        for column in 0..<plane.outputWidth {
          let target = plane.outputPixel(batch * depth.outputHeight + layer, row, column)
          for channel in 0..<channels { output[target + channel] = 0 }
          for kernelLayer in depth.kernelRows(outputRow: layer) {
            let inputLayer = batch * depth.inputHeight + depth.inputRow(layer, kernelLayer)
            for kernelRow in plane.kernelRows(outputRow: row) {
              for kernelColumn in plane.kernelColumns(outputColumn: column) {
                let source = plane.inputPixel(
                  inputLayer, plane.inputRow(row, kernelRow), plane.inputColumn(column, kernelColumn))
                let tap =
                  ((kernelLayer * plane.kernelHeight + kernelRow) * plane.kernelWidth + kernelColumn)
                  * plane.inputChannels
                for inputChannel in 0..<plane.inputChannels {
                  let value = input[source + inputChannel]
                  let weights = (tap + inputChannel) * channels
                  for channel in 0..<channels { output[target + channel] += value * filter[weights + channel] }
                }
              }
            }
          }
          for channel in 0..<channels {
            output[target + channel] = activation.apply(to: output[target + channel] + bias[channel])
          }
        }
      }
    }
  }
}

/// Transposed convolution of volumes, NDHWC, in single precision: every place of the input adds its product with the
/// filter to a window of the output.
///
/// - Parameters:
///   - geometry: the window of the convolution that this one transposes; so its input is this one's output.
///   - activation: the activation.
///   - input: `[batches, outputDepth, outputHeight, outputWidth, outputChannels]` of the geometry.
///   - filter: `[kernelDepth, kernelHeight, kernelWidth, inputChannels, outputChannels]` of the geometry.
///   - bias: one an output channel.
///   - output: `[batches, inputDepth, inputHeight, inputWidth, inputChannels]` of the geometry.
package func convolve3DTransposedReference(
  _ geometry: VolumeGeometry, activation: RealActivation, input: Span<Float>, filter: Span<Float>,
  bias: Span<Float>, output: inout MutableSpan<Float>
) {
  let plane = geometry.plane
  let depth = geometry.depth
  for index in output.indices { output[index] = 0 }
  for batch in 0..<plane.batches {
    for layer in 0..<depth.outputHeight {
      for row in 0..<plane.outputHeight {
        for column in 0..<plane.outputWidth {
          let source = plane.outputPixel(batch * depth.outputHeight + layer, row, column)
          for kernelLayer in depth.kernelRows(outputRow: layer) {
            let outputLayer = batch * depth.inputHeight + depth.inputRow(layer, kernelLayer)
            for kernelRow in plane.kernelRows(outputRow: row) {
              for kernelColumn in plane.kernelColumns(outputColumn: column) {
                let target = plane.inputPixel(
                  outputLayer, plane.inputRow(row, kernelRow), plane.inputColumn(column, kernelColumn))
                let tap =
                  ((kernelLayer * plane.kernelHeight + kernelRow) * plane.kernelWidth + kernelColumn)
                  * plane.inputChannels
                for inputChannel in 0..<plane.outputChannels {
                  let value = input[source + inputChannel]
                  for channel in 0..<plane.inputChannels {
                    output[target + channel] += value * filter[(tap + channel) * plane.outputChannels + inputChannel]
                  }
                }
              }
            }
          }
        }
      }
    }
  }
  for index in output.indices {
    output[index] = activation.apply(to: output[index] + bias[index % plane.inputChannels])
  }
}
