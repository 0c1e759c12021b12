/// Neighbouring bytes of the input that a window reads.
package struct Segment: BitwiseCopyable, Sendable, Hashable {
  /// Where they begin, in bytes from the window's first one.
  package var offset: Int
  /// How many, in groups of 4.
  package var groups: Int

  package init(offset: Int, groups: Int) {
    self.offset = offset
    self.groups = groups
  }
}

/// A layer whose outputs are sums of products of a window of the input with a filter for each channel: convolution and
/// fully connected.
///
/// Outputs are numbered in rows: row `(n * outputHeight + y) * outputWidth + x`. The window of a row begins at
/// `n * imageStride + y * rowStride + x * columnStride` in the input, and consists of the segments. Channels are packed
/// in blocks of `4 * lanes`, the last one in as many vectors as it needs, in panels: first the rows of ``ChannelRow``,
/// then for every group of every segment one int32 of 4 weights a lane. A full block, and a last
/// block of just half as many channels, have the order of ``ChannelOrder`` unless sums are stored; all others have their
/// natural order.
package struct MatrixLayer: BitwiseCopyable, @unchecked Sendable {
  package var segments: UnsafePointer<Segment>
  package var segmentCount: Int
  package var panels: UnsafeRawPointer
  /// Bytes from the panel of a full block to the next one.
  package var panelStride: Int
  package var channels: Int
  package var outputHeight: Int
  package var outputWidth: Int
  package var imageStride: Int
  package var rowStride: Int
  package var columnStride: Int
  /// Bytes from a row of outputs to the next one.
  package var outputStride: Int
  /// What turns 4 input bytes into uint8: `0x80808080` for int8.
  package var inputFlip: Int32
  package var output: OutputBytes
  /// Whether sums are stored as they are, as int32, in place of bytes.
  package var storesSums: Bool

  package init(
    segments: UnsafePointer<Segment>, segmentCount: Int, panels: UnsafeRawPointer, panelStride: Int, channels: Int,
    outputHeight: Int, outputWidth: Int, imageStride: Int, rowStride: Int, columnStride: Int, outputStride: Int,
    inputFlip: Int32, output: OutputBytes, storesSums: Bool
  ) {
    self.segments = segments
    self.segmentCount = segmentCount
    self.panels = panels
    self.panelStride = panelStride
    self.channels = channels
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.imageStride = imageStride
    self.rowStride = rowStride
    self.columnStride = columnStride
    self.outputStride = outputStride
    self.inputFlip = inputFlip
    self.output = output
    self.storesSums = storesSums
  }
}

/// A part of a layer's work.
package struct MatrixTask: BitwiseCopyable, @unchecked Sendable {
  package var layer: MatrixLayer
  /// The first window of the first image; 3 bytes behind the last window may be read.
  package var input: UnsafeRawPointer
  package var output: UnsafeMutableRawPointer
  /// What is added to the sums of every row, where the filter has a zero point.
  package var rowTerms: UnsafePointer<Int32>?
  package var firstRow: Int
  package var endRow: Int
  package var firstBlock: Int
  package var endBlock: Int

  package init(
    layer: MatrixLayer, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, rowTerms: UnsafePointer<Int32>?,
    firstRow: Int, endRow: Int, firstBlock: Int, endBlock: Int
  ) {
    self.layer = layer
    self.input = input
    self.output = output
    self.rowTerms = rowTerms
    self.firstRow = firstRow
    self.endRow = endRow
    self.firstBlock = firstBlock
    self.endBlock = endBlock
  }
}
