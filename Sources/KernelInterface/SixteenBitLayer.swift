/// How sums of int16 layers become outputs.
package enum SixteenBitScaling: UInt8, BitwiseCopyable, Sendable, Hashable {
  /// 64-bit biases; a factor of 15 bits and one rounding.
  case wide
  /// 32-bit biases and sums modulo `2^32`; a factor of 31 bits and two roundings.
  case narrow
  /// 64-bit biases; in double precision, rounded half away from zero.
  case wideReal
  /// 32-bit biases and sums modulo `2^32`; in double precision, rounded half away from zero.
  case narrowReal
}

/// A part of a convolution or fully connected layer of int16 activations and int8 weights. No operand has a zero point.
///
/// Taps outside the image are left out. Pixels of the output are numbered `(n * outputHeight + y) * outputWidth + x`.
package struct SixteenBitTask: BitwiseCopyable, @unchecked Sendable {
  package var sizes: WindowSizes
  /// A panel for every block of channels: for every 2 neighbouring elements of a pixel 16 pairs of int16 weights, the
  /// last of an odd depth 0; of a depthwise layer, for every tap 16 weights of int32.
  package var panels: UnsafePointer<Int32>
  /// int32 of a panel.
  package var panelStep: Int
  /// 2 bytes behind it may be read; of a depthwise layer, 30 bytes.
  package var input: UnsafePointer<Int16>
  /// `[pixels, 16 * blocks]`, for the kernel's own use.
  package var sums: UnsafeMutablePointer<Int64>
  package var output: UnsafeMutablePointer<Int16>
  package var scaling: SixteenBitScaling
  /// One a channel.
  package var bias: UnsafeRawPointer
  /// One a channel: a multiplier and a shift of int32, or a finite number of double precision.
  package var factors: UnsafeRawPointer
  package var minimum: Int32
  package var maximum: Int32
  package var firstPixel: Int
  package var endPixel: Int
  package var firstBlock: Int
  package var endBlock: Int

  package init(
    sizes: WindowSizes, panels: UnsafePointer<Int32>, panelStep: Int, input: UnsafePointer<Int16>,
    sums: UnsafeMutablePointer<Int64>, output: UnsafeMutablePointer<Int16>, scaling: SixteenBitScaling,
    bias: UnsafeRawPointer, factors: UnsafeRawPointer, minimum: Int32, maximum: Int32, firstPixel: Int, endPixel: Int,
    firstBlock: Int, endBlock: Int
  ) {
    self.sizes = sizes
    self.panels = panels
    self.panelStep = panelStep
    self.input = input
    self.sums = sums
    self.output = output
    self.scaling = scaling
    self.bias = bias
    self.factors = factors
    self.minimum = minimum
    self.maximum = maximum
    self.firstPixel = firstPixel
    self.endPixel = endPixel
    self.firstBlock = firstBlock
    self.endBlock = endBlock
  }
}
