import FlatbufferReader
import TinyTensorKernels

/// How an operator pads an image.
enum Padding: Sendable, Hashable {
  case same
  case valid
}

/// The options that say how a window moves.
struct WindowOptions: Sendable {
  var padding: Int8
  var strideWidth: Int32
  var strideHeight: Int32
  var dilationWidth: Int32 = 1
  var dilationHeight: Int32 = 1
}

extension GraphBuilder {
  /// Works out where a window goes; refuses windows that do not fit the image.
  ///
  /// Padding in front is half of what is missing, the odd element goes behind, with either kind of padding.
  func window(
    _ options: WindowOptions, input: Shape, kernelHeight: Int, kernelWidth: Int, outputChannels: Int
  ) throws(ModelError) -> WindowGeometry {
    let padding: Padding
    switch options.padding {
    case 0: padding = .same
    case 1: padding = .valid
    default: throw error(.invalidOperator, "the padding \(options.padding) is not in the schema")
    }
    let vertical = try extent(
      padding, size: input[1], kernel: kernelHeight, stride: options.strideHeight, dilation: options.dilationHeight)
    let horizontal = try extent(
      padding, size: input[2], kernel: kernelWidth, stride: options.strideWidth, dilation: options.dilationWidth)
    return WindowGeometry(
      batches: input[0], inputHeight: input[1], inputWidth: input[2], inputChannels: input[3],
      outputHeight: vertical.output, outputWidth: horizontal.output, outputChannels: outputChannels,
      kernelHeight: kernelHeight, kernelWidth: kernelWidth, strideHeight: Int(options.strideHeight),
      strideWidth: Int(options.strideWidth), dilationHeight: Int(options.dilationHeight),
      dilationWidth: Int(options.dilationWidth), paddingTop: vertical.before, paddingLeft: horizontal.before)
  }

  private func extent(
    _ padding: Padding, size: Int, kernel: Int, stride: Int32, dilation: Int32
  ) throws(ModelError) -> (output: Int, before: Int) {
    let largest = 1 << 16
    guard stride > 0, stride < largest else {
      throw error(.invalidOperator, "the stride \(stride) is not between 1 and \(largest - 1)")
    }
    guard dilation > 0, dilation < largest else {
      throw error(.invalidOperator, "the dilation \(dilation) is not between 1 and \(largest - 1)")
    }
    guard kernel > 0, kernel < largest else {
      throw error(.invalidOperator, "the window size \(kernel) is not between 1 and \(largest - 1)")
    }
    guard size > 0 else { throw error(.invalidOperator, "its input is empty") }
    // Below 2^32 + 2^31: no overflow in 64 bits.
    let reach = Int64(kernel - 1) * Int64(dilation) + 1
    guard reach < 1 << 28, size < 1 << 30 else {
      throw error(.invalidOperator, "its window reaches over \(reach) elements, more than can be handled")
    }
    let output: Int64 =
      switch padding {
      case .same: (Int64(size) + Int64(stride) - 1) / Int64(stride)
      case .valid: (Int64(size) + Int64(stride) - reach) / Int64(stride)
      }
    guard output > 0 else {
      throw error(.invalidOperator, "its window of \(reach) elements is larger than its input of \(size)")
    }
    let missing = max((output - 1) * Int64(stride) + reach - Int64(size), 0)
    return (Int(output), Int(missing / 2))
  }

  /// A shape of an image, which has four axes.
  func requireImage(_ operand: Operand) throws(ModelError) {
    guard operand.shape.rank == 4 else {
      throw error(.invalidOperator, "\(operand.name) has \(operand.shape.rank) axes instead of 4")
    }
    guard operand.shape.count > 0 else { throw error(.invalidOperator, "\(operand.name) is empty") }
  }

  /// The shape of a window operator's output.
  func outputShape(_ geometry: WindowGeometry) throws(ModelError) -> Shape {
    let sizes = [geometry.batches, geometry.outputHeight, geometry.outputWidth, geometry.outputChannels]
    guard let shape = Shape(sizes) else { throw error(.tooLarge, "its output \(describeShape(sizes)) is too large") }
    return shape
  }
}
