import FlatbufferReader
import TinyTensorKernels

/// CONV_2D: `output[n, y, x, o] = clamp(zero + scale[o] * (bias[o] + sum (input - zero) * (filter - zero)))`.
struct Convolution: Sendable {
  let geometry: WindowGeometry
  let groups: Int
  let operands: FilterOperands
  let output: WriteSlot
  var packed: Placed<PackedMatrix>?
  let packedReal: Placed<PackedReal>?
  let packedSixteenBit: Placed<PackedSixteenBit>?
}

extension Convolution {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...3)
    let options = try graph.requiredOptions(1) { (table) throws(ReadError) in
      (
        window: WindowOptions(
          padding: try table.scalar(0, default: 0), strideWidth: try table.scalar(1, default: 0),
          strideHeight: try table.scalar(2, default: 0), dilationWidth: try table.scalar(4, default: 1),
          dilationHeight: try table.scalar(5, default: 1)),
        activation: try table.scalar(3, default: Int8(0)),
        biasType: try table.scalar(6, default: Int8(0))
      )
    }
    var input = try graph.input(0, .int8, .uint8, .int16, .float32)
    let filter = try graph.input(1)
    try graph.requireImage(input)
    try graph.requireImage(filter)
    let channels = filter.shape[0]
    guard input.shape[3] % filter.shape[3] == 0 else {
      throw graph.error(
        .invalidOperator,
        "its input has \(input.shape[3]) channels, which is no multiple of the filter's \(filter.shape[3])")
    }
    let groups = input.shape[3] / filter.shape[3]
    guard channels % groups == 0 else {
      throw graph.error(.invalidOperator, "its \(channels) output channels cannot form \(groups) groups")
    }
    var geometry = try graph.window(
      options.window, input: input.shape, kernelHeight: filter.shape[1], kernelWidth: filter.shape[2],
      outputChannels: channels)
    if input.elementType == .float32, filter.elementType != .float32 {
      return try HybridLayer.translateConvolution(
        &graph, input: input, filter: filter, geometry: geometry, groups: groups, activation: options.activation)
    }
    try graph.foldPadding(options.window, &input, &geometry)
    let operands = try graph.filterOperands(
      input: input, filter: filter, bias: 2, axis: 0, activation: options.activation,
      wideBias: .option(options.biasType))
    let output = try graph.bindOutput(shape: graph.outputShape(geometry))
    return try graph.operation(
      Operation.convolution,
      Convolution(
        geometry: geometry, groups: groups, operands: operands, output: output,
        packed: try graph.place(
          ifPresent: graph.packedConvolution(geometry, groups: groups, input: input, operands, output: output)),
        packedReal: try graph.place(
          ifPresent: graph.packedReal(geometry, groups: groups, input: input, operands, output: output)),
        packedSixteenBit: try graph.place(
          ifPresent: graph.packedSixteenBit(geometry, groups: groups, input: input, operands, output: output))))
  }
}

extension Convolution {
  func run(_ memory: OperatorMemory) {
    if let packed { return packed.payload.run(memory) }
    if let packedReal { return packedReal.payload.run(memory) }
    if let packedSixteenBit { return packedSixteenBit.payload.run(memory) }
    switch operands.arithmetic {
    case .int8(let arithmetic): run(memory, arithmetic)
    case .uint8(let arithmetic): run(memory, arithmetic)
    case .int16(let arithmetic): run(memory, arithmetic)
    case .int16Wide(let arithmetic): run(memory, arithmetic)
    case .float32(let arithmetic): run(memory, arithmetic)
    }
  }

  private func run<Arithmetic: LayerArithmetic>(_ memory: OperatorMemory, _ arithmetic: Arithmetic) {
    var output = memory.write(output, as: Arithmetic.Output.self)
    convolveReference(
      arithmetic, geometry, groups: groups, input: memory.read(operands.input), filter: memory.read(operands.filter),
      bias: memory.read(operands.bias), factors: memory.read(operands.factors), output: &output)
  }

  var facts: OperatorFacts {
    let kernel: StaticString =
      switch operands.arithmetic {
      case .int8: "conv2d.i8i8.reference"
      case .uint8: "conv2d.u8u8.reference"
      case .int16: "conv2d.i16i8.reference"
      case .int16Wide: "conv2d.i16i8i64.reference"
      case .float32: "conv2d.f32f32.reference"
      }
    return OperatorFacts(
      kernel: kernel, set: packed?.payload.set ?? packedReal?.payload.set ?? packedSixteenBit?.payload.set,
      multiplyAccumulates: OperatorFacts.product(
        geometry.outputCount, geometry.kernelHeight, geometry.kernelWidth, geometry.inputChannels / groups))
  }
}

extension Convolution {
  /// The same with pixels of the output `stride` bytes apart; `nil` where its kernels cannot write so, or where its
  /// output is not made of `count` pixels of `byteCount` bytes.
  func writingPixels(
    _ count: Int, byteCount: Int, stride: Int, in graph: inout GraphBuilder
  ) throws(ModelError) -> Convolution? {
    // Packed layers give bytes, so that channels and bytes of a pixel are one count.
    guard let packed, byteCount == geometry.outputChannels,
      OperatorFacts.product(geometry.batches, geometry.outputHeight, geometry.outputWidth) == count
    else { return nil }
    var matrix = packed.payload
    matrix.layout.outputStride = stride
    var convolution = self
    convolution.packed = try graph.place(matrix)
    return convolution
  }
}

extension WindowGeometry {
  /// Elements of the output.
  var outputCount: Int { batches * outputHeight * outputWidth * outputChannels }
}
