/// A depthwise convolution with one output channel an input channel.
///
/// Channels are packed in blocks of `4 * lanes` in the order of ``ChannelOrder``, in panels. The last of several blocks
/// begins so that it is full, and repeats channels of the one before; a single one is filled up. A panel has
/// first the rows of ``ChannelRow``, then, for each part of the weights, for every group of 4 kernel rows and every
/// kernel column 4 vectors of int32, each the weights of 4 kernel rows; rows beyond the kernel's height have the weight
/// 0. A weight is the sum of its parts.
///
/// Of a kernel of 5 rows and columns whose fifth row is joined, a part of the weights has 7 times 4 vectors instead: for
/// every column the weights of 4 kernel rows, then those of the fifth row's first 4 columns, and then that of its last
/// column, which lies where that column is in the 4 columns that the next output begins with.
///
/// Where the channels of several neighbouring pixels fit one block, a pixel may stand for them: `channels` are then those
/// of all, and the window moves by as many columns.
package struct DepthwiseLayer: BitwiseCopyable, @unchecked Sendable {
  package var panels: UnsafeRawPointer
  /// Bytes from a panel to the next one.
  package var panelStride: Int
  package var sizes: DepthwiseSizes
  /// What turns 4 input bytes into uint8: `0x80808080` for int8.
  package var inputFlip: Int32
  /// 4 bytes of padding as the input has them: its zero point.
  package var padding: Int32
  /// A row of padding as the input has it, for rows outside the image: `inputWidth * inputStep` bytes and 64 more.
  package var paddingRow: UnsafeRawPointer
  package var output: OutputBytes

  package init(
    panels: UnsafeRawPointer, panelStride: Int, sizes: DepthwiseSizes, inputFlip: Int32, padding: Int32,
    paddingRow: UnsafeRawPointer, output: OutputBytes
  ) {
    self.panels = panels
    self.panelStride = panelStride
    self.sizes = sizes
    self.inputFlip = inputFlip
    self.padding = padding
    self.paddingRow = paddingRow
    self.output = output
  }
}

/// The sizes of a depthwise convolution; strides of the window and padding in columns and rows of the input.
package struct DepthwiseSizes: BitwiseCopyable, Sendable, Hashable {
  package var batches: Int
  /// Channels of a pixel of the output: at most one block where pixels are joined.
  package var channels: Int
  /// Channels of the last pixel of an output row: fewer where pixels are joined and their count is odd.
  package var lastChannels: Int
  package var inputHeight: Int
  package var inputWidth: Int
  /// Bytes from a column of the input to the next one.
  package var inputStep: Int
  package var outputHeight: Int
  /// Pixels of an output row, joined ones counted once.
  package var outputWidth: Int
  /// Bytes of an output row.
  package var outputRowBytes: Int
  package var kernelHeight: Int
  package var kernelWidth: Int
  package var strideHeight: Int
  package var strideWidth: Int
  package var dilationHeight: Int
  package var dilationWidth: Int
  package var paddingTop: Int
  package var paddingLeft: Int
  /// Parts of the weights: 2 where they have a zero point and need 9 bits, else 1.
  package var parts: Int
  /// Whether the panels have the fifth row of a kernel joined. Requires 5 kernel rows and columns, steps of 1 or 2
  /// columns, a dilation of 1, and that sums are not scaled in the general way.
  package var joinsFifthRow: Bool

  package init(
    batches: Int, channels: Int, inputHeight: Int, inputWidth: Int, outputHeight: Int, outputWidth: Int,
    kernelHeight: Int, kernelWidth: Int, strideHeight: Int, strideWidth: Int, dilationHeight: Int, dilationWidth: Int,
    paddingTop: Int, paddingLeft: Int, parts: Int
  ) {
    self.batches = batches
    self.channels = channels
    lastChannels = channels
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    inputStep = channels
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    outputRowBytes = outputWidth * channels
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.paddingTop = paddingTop
    self.paddingLeft = paddingLeft
    self.parts = parts
    joinsFifthRow = false
  }

  /// The same convolution with `count` pixels of the output joined.
  ///
  /// Requires that the window moves by one column and meets no padding to the left and right.
  package func joining(_ count: Int) -> DepthwiseSizes {
    var joined = self
    joined.channels = count * channels
    joined.lastChannels = ((outputWidth - 1) % count + 1) * channels
    joined.outputWidth = (outputWidth + count - 1) / count
    joined.strideWidth = count
    return joined
  }
}

/// A part of a depthwise convolution: output rows of all images, numbered `n * outputHeight + y`.
package struct DepthwiseTask: BitwiseCopyable, @unchecked Sendable {
  package var layer: DepthwiseLayer
  /// `[batches, inputHeight, inputWidth, inputStep]`; 63 bytes behind it may be read.
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
