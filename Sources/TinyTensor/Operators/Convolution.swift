import FlatbufferReader
import TinyTensorKernels

/// CONV_2D: `output[n, y, x, o] = clamp(zero + scale[o] * (bias[o] + sum (input - zero) * (filter - zero)))`.
struct Convolution: Sendable {
  let type: ByteType
  let parameters: ConvolutionParameters
  let input: ReadSlot
  let filter: ReadSlot
  let bias: ReadSlot
  let multipliers: ReadSlot
  let output: WriteSlot
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
        activation: try table.scalar(3, default: Int8(0))
      )
    }
    let input = try graph.input(0, .int8, .uint8)
    let filter = try graph.input(1, input.elementType)
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
    let geometry = try graph.window(
      options.window, input: input.shape, kernelHeight: filter.shape[1], kernelWidth: filter.shape[2],
      outputChannels: channels)
    let scaling = try graph.filterScaling(input: input, filter: filter, axis: 0, channels: channels)
    let type = scaling.type
    let stage = try graph.outputStage(graph.activation(options.activation), type, graph.outputAffine())
    return .convolution(
      Convolution(
        type: type,
        parameters: ConvolutionParameters(
          geometry: geometry, groups: groups, inputZeroPoint: scaling.inputZeroPoint,
          filterZeroPoint: scaling.filterZeroPoint, output: stage),
        input: try graph.bind(input),
        filter: try graph.bind(filter),
        bias: try graph.bindBias(2, channels: channels),
        multipliers: try graph.bind(packed: scaling.multipliers),
        output: try graph.bindOutput(shape: graph.outputShape(geometry))))
  }
}

extension Convolution {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    convolveReference(
      parameters, input: memory.read(input), filter: memory.read(filter), bias: memory.read(bias),
      multipliers: memory.read(multipliers), output: &output)
  }

  var facts: OperatorFacts {
    let geometry = parameters.geometry
    return OperatorFacts(
      kernel: type == .int8 ? "conv2d.i8i8.reference" : "conv2d.u8u8.reference",
      multiplyAccumulates: OperatorFacts.product(
        geometry.outputCount, geometry.kernelHeight, geometry.kernelWidth, geometry.inputChannels / parameters.groups))
  }
}

extension WindowGeometry {
  /// Elements of the output.
  var outputCount: Int { batches * outputHeight * outputWidth * outputChannels }
}

/// How sums of products of a layer's input and its weights become its output.
struct FilterScaling {
  var type: ByteType
  var inputZeroPoint: Int16
  /// 0 for int8.
  var filterZeroPoint: Int16
  /// One an output channel.
  var multipliers: [QuantizedMultiplier]
}

extension GraphBuilder {
  /// The scaling of a convolution. For int8 the product of the scales is taken in double precision, one a channel; for
  /// uint8, which has one scale, in single precision, as the reference does.
  func filterScaling(
    input: Operand, filter: Operand, axis: Int, channels: Int
  ) throws(ModelError) -> FilterScaling {
    guard let type = ByteType(try outputType(0, input.elementType)) else {
      throw error(.invalidOperator, "its output must be int8 or uint8")
    }
    let inputAffine = try affine(of: input)
    let outputAffine = try outputAffine()
    var multipliers: [QuantizedMultiplier] = []
    multipliers.reserveCapacity(channels)
    var filterZeroPoint: Int16 = 0
    switch type {
    case .int8:
      let scales = try channelScales(of: filter, axis: axis, channels: channels)
      for channel in 0..<channels {
        let scale = scales[scales.count == 1 ? 0 : channel]
        multipliers.append(
          try multiplier(Double(inputAffine.scale) * Double(scale) / Double(outputAffine.scale)))
      }
    case .uint8:
      let filterAffine = try affine(of: filter)
      filterZeroPoint = Int16(filterAffine.zeroPoint)
      let product = inputAffine.scale * filterAffine.scale
      multipliers = [QuantizedMultiplier](
        repeating: try multiplier(Double(product) / Double(outputAffine.scale)), count: channels)
    }
    return FilterScaling(
      type: type, inputZeroPoint: Int16(inputAffine.zeroPoint), filterZeroPoint: filterZeroPoint,
      multipliers: multipliers)
  }

  /// Has the step read a layer's int32 bias, one a channel; zeros where it is left out.
  mutating func bindBias(_ index: Int, channels: Int) throws(ModelError) -> ReadSlot {
    guard try optionalInput(index) != nil else {
      return try bind(packed: [Int32](repeating: 0, count: channels))
    }
    let bias = try input(index, .int32)
    guard bias.shape.count == channels else {
      throw error(.invalidOperator, "its bias has \(bias.shape.count) elements for \(channels) channels")
    }
    return try bind(bias)
  }
}
