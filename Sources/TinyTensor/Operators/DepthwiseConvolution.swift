import FlatbufferReader
import TinyTensorKernels

/// DEPTHWISE_CONV_2D: output channel `c` sees input channel `c / depthMultiplier` alone.
struct DepthwiseConvolution: Sendable {
  let type: ByteType
  let parameters: ConvolutionParameters
  let depthMultiplier: Int
  let input: ReadSlot
  let filter: ReadSlot
  let bias: ReadSlot
  let multipliers: ReadSlot
  let output: WriteSlot
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
    let input = try graph.input(0, .int8, .uint8)
    let filter = try graph.input(1, input.elementType)
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
    let geometry = try graph.window(
      options.window, input: input.shape, kernelHeight: filter.shape[1], kernelWidth: filter.shape[2],
      outputChannels: channels)
    let scaling = try graph.filterScaling(input: input, filter: filter, axis: 3, channels: channels)
    let type = scaling.type
    let stage = try graph.outputStage(graph.activation(options.activation), type, graph.outputAffine())
    return .depthwiseConvolution(
      DepthwiseConvolution(
        type: type,
        parameters: ConvolutionParameters(
          geometry: geometry, groups: 1, inputZeroPoint: scaling.inputZeroPoint,
          filterZeroPoint: scaling.filterZeroPoint, output: stage),
        depthMultiplier: channels / input.shape[3],
        input: try graph.bind(input),
        filter: try graph.bind(filter),
        bias: try graph.bindBias(2, channels: channels),
        multipliers: try graph.bind(packed: scaling.multipliers),
        output: try graph.bindOutput(shape: graph.outputShape(geometry))))
  }
}

extension DepthwiseConvolution {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    convolveDepthwiseReference(
      parameters, depthMultiplier: depthMultiplier, input: memory.read(input), filter: memory.read(filter),
      bias: memory.read(bias), multipliers: memory.read(multipliers), output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(
      kernel: type == .int8 ? "dwconv2d.i8i8.reference" : "dwconv2d.u8u8.reference",
      multiplyAccumulates: OperatorFacts.product(
        parameters.geometry.outputCount, parameters.geometry.kernelHeight, parameters.geometry.kernelWidth))
  }
}
