import FlatbufferReader
import TinyTensorKernels

/// DEPTHWISE_CONV_2D: output channel `c` sees input channel `c / depthMultiplier` alone.
struct DepthwiseConvolution: Sendable {
  let geometry: WindowGeometry
  let depthMultiplier: Int
  let operands: FilterOperands
  let output: WriteSlot
  let packed: Placed<PackedDepthwise>?
  /// Of an image with one channel, for which it is an ordinary convolution.
  let packedMatrix: Placed<PackedMatrix>?
  let packedReal: Placed<PackedReal>?
  let packedSixteenBit: Placed<PackedSixteenBit>?
}

extension DepthwiseConvolution {
  /// The multiplier follows from the filter; the option of that name is not read, as in the reference.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...3)
    let options = try graph.requiredOptions(2) { (table) throws(ReadError) in
      (
        window: WindowOptions(
          padding: try table.scalar(0, default: 0), strideWidth: try table.scalar(1, default: 0),
          strideHeight: try table.scalar(2, default: 0), dilationWidth: try table.scalar(5, default: 1),
          dilationHeight: try table.scalar(6, default: 1)),
        activation: try table.scalar(4, default: Int8(0))
      )
    }
    var input = try graph.input(0, .int8, .uint8, .int16, .float32)
    let filter = try graph.input(1)
    try graph.requireImage(input)
    try graph.requireImage(filter)
    guard filter.shape[0] == 1 else {
      throw graph.error(.invalidOperator, "its filter begins with \(filter.shape[0]) instead of 1")
    }
    let channels = filter.shape[3]
    guard channels % input.shape[3] == 0 else {
      throw graph.error(
        .invalidOperator,
        "its filter has \(channels) channels, which is no multiple of the input's \(input.shape[3])")
    }
    var geometry = try graph.window(
      options.window, input: input.shape, kernelHeight: filter.shape[1], kernelWidth: filter.shape[2],
      outputChannels: channels)
    if input.elementType == .float32, filter.elementType != .float32 {
      return try HybridLayer.translateDepthwise(
        &graph, input: input, filter: filter, geometry: geometry, activation: options.activation)
    }
    try graph.foldPadding(options.window, &input, &geometry)
    let operands = try graph.filterOperands(
      input: input, filter: filter, bias: 2, axis: 3, activation: options.activation, wideBias: .int64Only)
    let output = try graph.bindOutput(shape: graph.outputShape(geometry))
    let packedMatrix =
      input.shape[3] == 1
      ? try graph.packedConvolution(
        geometry, groups: 1, input: input, operands, output: output, isTransposed: true) : nil
    return try graph.operation(
      Operation.depthwiseConvolution,
      DepthwiseConvolution(
        geometry: geometry, depthMultiplier: channels / input.shape[3], operands: operands, output: output,
        packed: packedMatrix == nil
          ? try graph.place(ifPresent: graph.packedDepthwise(geometry, input: input, operands, output: output)) : nil,
        packedMatrix: try graph.place(ifPresent: packedMatrix),
        packedReal: try graph.place(
          ifPresent: graph.packedReal(geometry, groups: 1, input: input, operands, output: output, isDepthwise: true)),
        packedSixteenBit: try graph.place(
          ifPresent: graph.packedSixteenBit(
            geometry, groups: 1, input: input, operands, output: output, isDepthwise: true))))
  }
}

extension DepthwiseConvolution {
  func run(_ memory: OperatorMemory) {
    if let packed { return packed.payload.run(memory) }
    if let packedMatrix { return packedMatrix.payload.run(memory) }
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
    convolveDepthwiseReference(
      arithmetic, geometry, depthMultiplier: depthMultiplier, input: memory.read(operands.input),
      filter: memory.read(operands.filter), bias: memory.read(operands.bias), factors: memory.read(operands.factors),
      output: &output)
  }

  var facts: OperatorFacts {
    let kernel: StaticString =
      switch operands.arithmetic {
      case .int8: "dwconv2d.i8i8.reference"
      case .uint8: "dwconv2d.u8u8.reference"
      case .int16: "dwconv2d.i16i8.reference"
      case .int16Wide: "dwconv2d.i16i8i64.reference"
      case .float32: "dwconv2d.f32f32.reference"
      }
    return OperatorFacts(
      kernel: kernel,
      set: packed?.payload.set ?? packedMatrix?.payload.set ?? packedReal?.payload.set ?? packedSixteenBit?.payload.set,
      multiplyAccumulates: OperatorFacts.product(geometry.outputCount, geometry.kernelHeight, geometry.kernelWidth))
  }
}
