/// A pool of bytes over windows of an image. Heights and widths in pixels.
package struct PoolLayer: BitwiseCopyable, Sendable, Hashable {
  package var channels: Int
  package var inputHeight: Int
  package var inputWidth: Int
  package var outputHeight: Int
  package var outputWidth: Int
  package var kernelHeight: Int
  package var kernelWidth: Int
  package var strideHeight: Int
  package var strideWidth: Int
  package var paddingTop: Int
  package var paddingLeft: Int
  /// The largest element of a window; its average otherwise.
  package var isMaximum: Bool
  /// Whether bytes are uint8; int8 otherwise.
  package var isUnsigned: Bool
  /// The activation's bounds, as the bytes have them.
  package var minimum: Int32
  package var maximum: Int32

  package init(
    channels: Int, inputHeight: Int, inputWidth: Int, outputHeight: Int, outputWidth: Int, kernelHeight: Int,
    kernelWidth: Int, strideHeight: Int, strideWidth: Int, paddingTop: Int, paddingLeft: Int, isMaximum: Bool,
    isUnsigned: Bool, minimum: Int32, maximum: Int32
  ) {
    self.channels = channels
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.paddingTop = paddingTop
    self.paddingLeft = paddingLeft
    self.isMaximum = isMaximum
    self.isUnsigned = isUnsigned
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// A part of a pool: output rows of all images, numbered `n * outputHeight + y`.
package struct PoolTask: BitwiseCopyable, @unchecked Sendable {
  package var layer: PoolLayer
  /// `[batches, inputHeight, inputWidth, channels]`; 63 bytes behind it may be read.
  package var input: UnsafeRawPointer
  package var output: UnsafeMutableRawPointer
  package var firstRow: Int
  package var endRow: Int

  package init(
    layer: PoolLayer, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, firstRow: Int, endRow: Int
  ) {
    self.layer = layer
    self.input = input
    self.output = output
    self.firstRow = firstRow
    self.endRow = endRow
  }
}
