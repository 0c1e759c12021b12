import TinyTensorKernels

/// The sizes of a layer of int8 numbers, for measurements of kernels.
///
/// As text, a product of matrices is `rows,depth,channels`, and a depthwise convolution
/// `dw:HEIGHTxWIDTHxCHANNELS,HEIGHTxWIDTH,stride` with the image's sizes and then the window's.
@_spi(Kernels)
public enum LayerShape: Sendable, Hashable {
  /// A product of matrices, as convolutions and fully connected layers are: as many windows as there are `rows`, each
  /// of `depth` numbers, with a filter for each of the `channels`.
  case matrix(rows: Int, depth: Int, channels: Int)
  /// A depthwise convolution of an image, padded so that an output is a `stride`-th as high and wide, rounded up.
  case depthwise(height: Int, width: Int, channels: Int, windowHeight: Int, windowWidth: Int, stride: Int)

  /// Multiplications that are added to a sum; in a depthwise convolution those with padding are counted too.
  public var multiplyAccumulates: Int {
    switch self {
    case .matrix(let rows, let depth, let channels): OperatorFacts.product(rows, depth, channels)
    case .depthwise:
      OperatorFacts.product(geometry.outputCount, geometry.kernelHeight, geometry.kernelWidth)
    }
  }
}

extension LayerShape: LosslessStringConvertible {
  /// The shape that a text stands for; `nil` for any other text, and for sizes below 1 or beyond 32 bits.
  public init?(_ text: String) {
    if text.hasPrefix("dw:") {
      let parts = text.dropFirst(3).split(separator: ",", omittingEmptySubsequences: false)
      guard parts.count == 3, let image = Self.sizes(parts[0], "x", 3), let window = Self.sizes(parts[1], "x", 2),
        let stride = Self.sizes(parts[2], "x", 1)
      else { return nil }
      self = .depthwise(
        height: image[0], width: image[1], channels: image[2], windowHeight: window[0], windowWidth: window[1],
        stride: stride[0])
      return
    }
    guard let sizes = Self.sizes(text[...], ",", 3) else { return nil }
    self = .matrix(rows: sizes[0], depth: sizes[1], channels: sizes[2])
  }

  private static func sizes(_ text: Substring, _ separator: Character, _ count: Int) -> [Int]? {
    let parts = text.split(separator: separator, omittingEmptySubsequences: false)
    guard parts.count == count else { return nil }
    var sizes: [Int] = []
    for part in parts {
      guard let size = Int32(part), size > 0 else { return nil }
      sizes.append(Int(size))
    }
    return sizes
  }

  /// The text that stands for the shape.
  public var description: String {
    switch self {
    case .matrix(let rows, let depth, let channels): "\(rows),\(depth),\(channels)"
    case .depthwise(let height, let width, let channels, let windowHeight, let windowWidth, let stride):
      "dw:\(height)x\(width)x\(channels),\(windowHeight)x\(windowWidth),\(stride)"
    }
  }
}

extension LayerShape {
  /// The layer as a window that moves over an image: a product of matrices is one row of pixels.
  var geometry: WindowGeometry {
    switch self {
    case .matrix(let rows, let depth, let channels):
      return WindowGeometry(
        batches: 1, inputHeight: 1, inputWidth: rows, inputChannels: depth, outputHeight: 1, outputWidth: rows,
        outputChannels: channels, kernelHeight: 1, kernelWidth: 1, strideHeight: 1, strideWidth: 1, dilationHeight: 1,
        dilationWidth: 1, paddingTop: 0, paddingLeft: 0)
    case .depthwise(let height, let width, let channels, let windowHeight, let windowWidth, let stride):
      let outputHeight = (height + stride - 1) / stride
      let outputWidth = (width + stride - 1) / stride
      return WindowGeometry(
        batches: 1, inputHeight: height, inputWidth: width, inputChannels: channels, outputHeight: outputHeight,
        outputWidth: outputWidth, outputChannels: channels, kernelHeight: windowHeight, kernelWidth: windowWidth,
        strideHeight: stride, strideWidth: stride, dilationHeight: 1, dilationWidth: 1,
        paddingTop: max(0, (outputHeight - 1) * stride + windowHeight - height) / 2,
        paddingLeft: max(0, (outputWidth - 1) * stride + windowWidth - width) / 2)
    }
  }

  /// Products that make one output.
  var taps: Int {
    switch self {
    case .matrix(_, let depth, _): depth
    case .depthwise(_, _, _, let windowHeight, let windowWidth, _): OperatorFacts.product(windowHeight, windowWidth)
    }
  }

  private static let mostNumbers = 1 << 28
  private static let mostChannels = 1 << 20
  /// Sums of so many products stay below `2^30`.
  private static let mostTaps = 1 << 15

  /// Refuses sizes whose operands could exhaust the machine's memory.
  func check() throws(ModelError) {
    let counts: [Int]
    let channels: Int
    switch self {
    case .matrix(let rows, let depth, let units):
      channels = units
      counts = [
        OperatorFacts.product(rows, depth), OperatorFacts.product(depth, units), OperatorFacts.product(rows, units),
      ]
    case .depthwise(let height, let width, let count, let windowHeight, let windowWidth, let stride):
      channels = count
      counts = [
        OperatorFacts.product(height + 2, width + 2, count), OperatorFacts.product(windowHeight, windowWidth, count),
        stride,
      ]
    }
    guard channels <= Self.mostChannels, taps <= Self.mostTaps, counts.allSatisfy({ $0 <= Self.mostNumbers }) else {
      throw ModelError(
        .tooLarge,
        "\(description) is too large to be measured: an operand may have \(Self.mostNumbers) numbers, a layer "
          + "\(Self.mostChannels) channels, an output \(Self.mostTaps) products")
    }
  }
}
