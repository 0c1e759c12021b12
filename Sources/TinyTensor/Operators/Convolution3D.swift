import FlatbufferReader
import TinyTensorKernels

/// CONV_3D of float32 volumes.
struct Convolution3D: Sendable {
  let geometry: VolumeGeometry
  let activation: RealActivation
  let input: ReadSlot
  let filter: ReadSlot
  let bias: ReadSlot
  let output: WriteSlot
}

extension Convolution3D {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...3)
    let options = try graph.requiredOptions(106) { (table) throws(ReadError) in
      let padding = try table.scalar(0, default: Int8(0))
      return (
        plane: WindowOptions(
          padding: padding, strideWidth: try table.scalar(2, default: 0), strideHeight: try table.scalar(3, default: 0),
          dilationWidth: try table.scalar(6, default: 1), dilationHeight: try table.scalar(7, default: 1)),
        depth: WindowOptions(
          padding: padding, strideWidth: 1, strideHeight: try table.scalar(1, default: 0),
          dilationHeight: try table.scalar(5, default: 1)),
        activation: try table.scalar(4, default: Int8(0))
      )
    }
    let input = try graph.input(0, .float32)
    let filter = try graph.input(1, .float32)
    _ = try graph.outputType(0, .float32)
    for operand in [input, filter] {
      guard operand.shape.rank == 5, operand.shape.count > 0 else {
        throw graph.error(
          .invalidOperator, "\(operand.name) has the shape \(operand.shape) instead of 5 axes above 0")
      }
    }
    guard filter.shape[3] == input.shape[4] else {
      throw graph.error(
        .invalidOperator, "its input has \(input.shape[4]) channels, its filter \(filter.shape[3])")
    }
    // Slices of a shape that is valid.
    guard let plane = Shape([input.shape[0], input.shape[2], input.shape[3], input.shape[4]]),
      let line = Shape([1, input.shape[1], 1, 1])
    else { throw graph.error(.tooLarge, "its input \(input.shape) is too large") }
    let geometry = VolumeGeometry(
      plane: try graph.window(
        options.plane, input: plane, kernelHeight: filter.shape[1], kernelWidth: filter.shape[2],
        outputChannels: filter.shape[4]),
      depth: try graph.window(
        options.depth, input: line, kernelHeight: filter.shape[0], kernelWidth: 1, outputChannels: 1))
    let sizes = [
      input.shape[0], geometry.depth.outputHeight, geometry.plane.outputHeight, geometry.plane.outputWidth,
      filter.shape[4],
    ]
    guard let shape = Shape(sizes) else {
      throw graph.error(.tooLarge, "its output \(describeShape(sizes)) is too large")
    }
    return try graph.operation(
      Operation.convolution3D,
      Convolution3D(
        geometry: geometry, activation: try graph.realActivation(options.activation), input: try graph.bind(input),
        filter: try graph.bind(filter), bias: try graph.bindBias(2, .float32, channels: filter.shape[4]),
        output: try graph.bindOutput(shape: shape)))
  }
}

extension Convolution3D {
  func run(_ memory: OperatorMemory) {
    var output = memory.write(output, as: Float.self)
    convolve3DReference(
      geometry, activation: activation, input: memory.read(input), filter: memory.read(filter),
      bias: memory.read(bias), output: &output)
  }

  var facts: OperatorFacts {
    let plane = geometry.plane
    return OperatorFacts(
      kernel: "conv3d.f32f32.reference",
      multiplyAccumulates: OperatorFacts.product(
        plane.outputCount, geometry.depth.outputHeight, geometry.depth.kernelHeight, plane.kernelHeight,
        plane.kernelWidth, plane.inputChannels))
  }
}
