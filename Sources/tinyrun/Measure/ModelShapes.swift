@_spi(Kernels) import TinyTensor

/// The shapes of a model's layers, as `tinyrun kernels` takes them: what the layers are as products of matrices, and
/// depthwise convolutions without dilation.
enum ModelShapes {
  /// The distinct shapes in the order of their first layers, each with how often it is there.
  static func all(_ model: Model) -> [(shape: LayerShape, count: Int)] {
    var shapes: [(shape: LayerShape, count: Int)] = []
    for operation in model.operators {
      guard let shape = shape(operation, model.tensors) else { continue }
      if let known = shapes.firstIndex(where: { $0.shape == shape }) {
        shapes[known].count += 1
      } else {
        shapes.append((shape, 1))
      }
    }
    return shapes
  }

  private static func shape(_ operation: OperatorInfo, _ tensors: [TensorInfo]) -> LayerShape? {
    guard operation.inputs.count >= 2, operation.outputs.count == 1, !operation.isFolded,
      (operation.inputs.prefix(2) + operation.outputs).allSatisfy({ tensors.indices.contains($0) })
    else { return nil }
    let input = tensors[operation.inputs[0]].shape
    let filter = tensors[operation.inputs[1]].shape
    let output = tensors[operation.outputs[0]].shape
    guard (input + filter + output).allSatisfy({ $0 > 0 }) else { return nil }
    switch operation.name {
    case "CONV_2D" where output.count == 4 && filter.count == 4:
      return .matrix(
        rows: output[0] * output[1] * output[2], depth: filter[1] * filter[2] * filter[3], channels: filter[0])
    case "DEPTHWISE_CONV_2D" where input.count == 4 && input[3] == 1 && filter.count == 4 && output.count == 4:
      // Of an image with one channel it is an ordinary convolution.
      return .matrix(rows: output[0] * output[1] * output[2], depth: filter[1] * filter[2], channels: filter[3])
    case "DEPTHWISE_CONV_2D" where input.count == 4 && filter.count == 4 && output.count == 4:
      // Whatever the padding, a stride is about the quotient of the sizes.
      let stride = max(1, (input[1] + output[1] / 2) / output[1])
      return .depthwise(
        height: input[1], width: input[2], channels: filter[3], windowHeight: filter[1], windowWidth: filter[2],
        stride: stride)
    case "FULLY_CONNECTED" where filter.count == 2:
      return .matrix(rows: input.reduce(1, *) / filter[1], depth: filter[1], channels: filter[0])
    default:
      return nil
    }
  }
}
