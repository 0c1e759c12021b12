/// How the window of a layer of sums of products moves: steps in elements, all else in pixels, channels or taps.
package struct WindowSizes: BitwiseCopyable, Sendable, Hashable {
  package var inputHeight: Int
  package var inputWidth: Int
  /// From a pixel of the input to the next one.
  package var inputStep: Int
  package var outputHeight: Int
  package var outputWidth: Int
  /// From a pixel of the output to the next one.
  package var outputStep: Int
  package var kernelHeight: Int
  package var kernelWidth: Int
  package var strideHeight: Int
  package var strideWidth: Int
  package var dilationHeight: Int
  package var dilationWidth: Int
  package var paddingTop: Int
  package var paddingLeft: Int
  /// Elements of a pixel that each output sees: 1 in a depthwise layer.
  package var depth: Int
  /// Channels of the output, of one group.
  package var channels: Int
  /// Whether each channel sees its own channel of the input alone.
  package var isDepthwise: Bool

  package init(
    inputHeight: Int, inputWidth: Int, inputStep: Int, outputHeight: Int, outputWidth: Int, outputStep: Int,
    kernelHeight: Int, kernelWidth: Int, strideHeight: Int, strideWidth: Int, dilationHeight: Int, dilationWidth: Int,
    paddingTop: Int, paddingLeft: Int, depth: Int, channels: Int, isDepthwise: Bool
  ) {
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.inputStep = inputStep
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.outputStep = outputStep
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.paddingTop = paddingTop
    self.paddingLeft = paddingLeft
    self.depth = depth
    self.channels = channels
    self.isDepthwise = isDepthwise
  }

  /// Channels of a block: the same for all instruction sets.
  package static var blockChannels: Int { 16 }
  package var blocks: Int { (channels + Self.blockChannels - 1) / Self.blockChannels }
  package var taps: Int { kernelHeight * kernelWidth * depth }
  /// Elements of a panel: a row of 16 of the channels' own numbers, and one for every tap.
  package var panelStep: Int { (1 + taps) * Self.blockChannels }
}

/// A part of a convolution or fully connected layer of real numbers:
/// `bias + sum of products`, every product and sum rounded, in the order of the taps, inside bounds.
///
/// Taps outside the image are left out. Pixels of the output are numbered `(n * outputHeight + y) * outputWidth + x`.
package struct RealTask: BitwiseCopyable, @unchecked Sendable {
  package var sizes: WindowSizes
  /// A panel for every block of channels: first the 16 biases, then for every tap the weights of 16 channels.
  package var panels: UnsafePointer<Float>
  /// Of a depthwise layer, 60 bytes behind it may be read.
  package var input: UnsafePointer<Float>
  package var output: UnsafeMutablePointer<Float>
  package var minimum: Float
  package var maximum: Float
  package var firstPixel: Int
  package var endPixel: Int
  package var firstBlock: Int
  package var endBlock: Int

  package init(
    sizes: WindowSizes, panels: UnsafePointer<Float>, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    minimum: Float, maximum: Float, firstPixel: Int, endPixel: Int, firstBlock: Int, endBlock: Int
  ) {
    self.sizes = sizes
    self.panels = panels
    self.input = input
    self.output = output
    self.minimum = minimum
    self.maximum = maximum
    self.firstPixel = firstPixel
    self.endPixel = endPixel
    self.firstBlock = firstBlock
    self.endBlock = endBlock
  }
}
