/// A depthwise convolution with one output channel an input channel.
///
/// Channels are packed in blocks of `4 * lanes` in the order of ``ChannelOrder``, the last one filled up, in panels:
/// first the rows of ``ChannelRow``, then for every group of 4 kernel rows and every kernel column 4 vectors of int32,
/// each the weights of 4 kernel rows; rows beyond the kernel's height have the weight 0.
package struct DepthwiseLayer: BitwiseCopyable, @unchecked Sendable {
  package var panels: UnsafeRawPointer
  /// Bytes from a panel to the next one.
  package var panelStride: Int
  package var channels: Int
  package var inputHeight: Int
  package var inputWidth: Int
  package var outputHeight: Int
  package var outputWidth: Int
  package var kernelHeight: Int
  package var kernelWidth: Int
  package var strideHeight: Int
  package var strideWidth: Int
  package var dilationHeight: Int
  package var dilationWidth: Int
  package var paddingTop: Int
  package var paddingLeft: Int
  /// What turns 4 input bytes into uint8: `0x80808080` for int8.
  package var inputFlip: Int32
  /// 4 bytes of padding as the input has them: its zero point.
  package var padding: Int32
  /// A row of padding as the input has it, for rows outside the image: `inputWidth * channels` bytes and 64 more.
  package var paddingRow: UnsafeRawPointer
  package var output: OutputBytes

  package init(
    panels: UnsafeRawPointer, panelStride: Int, channels: Int, inputHeight: Int, inputWidth: Int, outputHeight: Int,
    outputWidth: Int, kernelHeight: Int, kernelWidth: Int, strideHeight: Int, strideWidth: Int, dilationHeight: Int,
    dilationWidth: Int, paddingTop: Int, paddingLeft: Int, inputFlip: Int32, padding: Int32,
    paddingRow: UnsafeRawPointer, output: OutputBytes
  ) {
    self.panels = panels
    self.panelStride = panelStride
    self.channels = channels
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.paddingTop = paddingTop
    self.paddingLeft = paddingLeft
    self.inputFlip = inputFlip
    self.padding = padding
    self.paddingRow = paddingRow
    self.output = output
  }
}

/// A part of a depthwise convolution: output rows of all images, numbered `n * outputHeight + y`.
package struct DepthwiseTask: BitwiseCopyable, @unchecked Sendable {
  package var layer: DepthwiseLayer
  /// `[batches, inputHeight, inputWidth, channels]`; 63 bytes behind it may be read.
  package var input: UnsafeRawPointer
  package var output: UnsafeMutableRawPointer
  package var firstRow: Int
  package var endRow: Int

  package init(
    layer: DepthwiseLayer, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, firstRow: Int, endRow: Int
  ) {
    self.layer = layer
    self.input = input
    self.output = output
    self.firstRow = firstRow
    self.endRow = endRow
  }
}
