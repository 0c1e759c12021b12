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
    let options = try volumeOptions(graph)
    let input = try graph.input(0, .float32)
    let filter = try graph.input(1, .float32)
    _ = try graph.outputType(0, .float32)
    try requireVolumes(graph, [input, filter])
    guard filter.shape[3] == input.shape[4] else {
      throw graph.error(
        .invalidOperator, "its input has \(input.shape[4]) channels, its filter \(filter.shape[3])")
    }
    let geometry = try volumeGeometry(
      graph, options, input: input.shape, filter: filter.shape, channels: filter.shape[4])
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
  fileprivate struct Options {
    var plane: WindowOptions
    var depth: WindowOptions
    var activation: Int8
  }

  fileprivate static func volumeOptions(_ graph: GraphBuilder) throws(ModelError) -> Options {
    try graph.requiredOptions(106) { (table) throws(ReadError) in
      let padding = try table.scalar(0, default: Int8(0))
      return Options(
        plane: WindowOptions(
          padding: padding, strideWidth: try table.scalar(2, default: 0), strideHeight: try table.scalar(3, default: 0),
          dilationWidth: try table.scalar(6, default: 1), dilationHeight: try table.scalar(7, default: 1)),
        depth: WindowOptions(
          padding: padding, strideWidth: 1, strideHeight: try table.scalar(1, default: 0),
          dilationHeight: try table.scalar(5, default: 1)),
        activation: try table.scalar(4, default: Int8(0)))
    }
  }

  fileprivate static func requireVolumes(_ graph: GraphBuilder, _ operands: [Operand]) throws(ModelError) {
    for operand in operands where operand.shape.rank != 5 || operand.shape.count == 0 {
      throw graph.error(
        .invalidOperator, "\(operand.name) has the shape \(operand.shape) instead of 5 axes above 0")
    }
  }

  /// How the filter's window moves through a volume of 5 axes.
  fileprivate static func volumeGeometry(
    _ graph: GraphBuilder, _ options: Options, input: Shape, filter: Shape, channels: Int
  ) throws(ModelError) -> VolumeGeometry {
    // Slices of a shape that is valid.
    guard let plane = Shape([input[0], input[2], input[3], input[4]]), let line = Shape([1, input[1], 1, 1]) else {
      throw graph.error(.tooLarge, "its volume \(input) is too large")
    }
    return VolumeGeometry(
      plane: try graph.window(
        options.plane, input: plane, kernelHeight: filter[1], kernelWidth: filter[2], outputChannels: channels),
      depth: try graph.window(
        options.depth, input: line, kernelHeight: filter[0], kernelWidth: 1, outputChannels: 1))
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

/// CONV_3D_TRANSPOSE of float32 volumes: the input is what a convolution would make of the output.
struct TransposeConvolution3D: Sendable {
  /// That convolution's window.
  let geometry: VolumeGeometry
  let activation: RealActivation
  let input: ReadSlot
  let filter: ReadSlot
  let bias: ReadSlot
  let output: WriteSlot
}

extension TransposeConvolution3D {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 3...4)
    let options = try Convolution3D.volumeOptions(graph)
    let sizes = try graph.input(0, .int32)
    let filter = try graph.input(1, .float32)
    let input = try graph.input(2, .float32)
    _ = try graph.outputType(0, .float32)
    try Convolution3D.requireVolumes(graph, [input, filter])
    guard sizes.shape.rank == 1, sizes.shape[0] == 5,
      let shape = Shape(try graph.constantIntegers(sizes, what: "the output shape")), shape.count > 0
    else {
      throw graph.error(.invalidOperator, "its output shape is not a list of 5 positive sizes")
    }
    guard shape[0] == input.shape[0], shape[4] == filter.shape[3], filter.shape[4] == input.shape[4] else {
      throw graph.error(
        .invalidOperator,
        "its input \(input.shape), filter \(filter.shape) and output shape \(shape) do not belong together")
    }
    let geometry = try Convolution3D.volumeGeometry(
      graph, options, input: shape, filter: filter.shape, channels: input.shape[4])
    guard geometry.depth.outputHeight == input.shape[1], geometry.plane.outputHeight == input.shape[2],
      geometry.plane.outputWidth == input.shape[3]
    else {
      throw graph.error(
        .invalidOperator,
        "its input \(input.shape) is not what a convolution of its output shape \(shape) would give")
    }
    return try graph.operation(
      Operation.transposeConvolution3D,
      TransposeConvolution3D(
        geometry: geometry, activation: try graph.realActivation(options.activation), input: try graph.bind(input),
        filter: try graph.bind(filter), bias: try graph.bindBias(3, .float32, channels: filter.shape[3]),
        output: try graph.bindOutput(shape: shape)))
  }

  func run(_ memory: OperatorMemory) {
    var output = memory.write(output, as: Float.self)
    convolve3DTransposedReference(
      geometry, activation: activation, input: memory.read(input), filter: memory.read(filter),
      bias: memory.read(bias), output: &output)
  }

  var facts: OperatorFacts {
    let plane = geometry.plane
    return OperatorFacts(
      kernel: "tconv3d.f32f32.reference",
      multiplyAccumulates: OperatorFacts.product(
        plane.outputCount, geometry.depth.outputHeight, geometry.depth.kernelHeight, plane.kernelHeight,
        plane.kernelWidth, plane.inputChannels))
  }
}
