import FlatbufferReader
import TinyTensorKernels

/// CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED of float32 activations with integer weights: the activations of each
/// batch are quantized to int8 in the run, and sums of products become real numbers again.
struct HybridLayer: Sendable {
  /// Sizes of one batch.
  enum Kind: Sendable {
    case convolution(WindowGeometry, groups: Int)
    case depthwise(WindowGeometry, depthMultiplier: Int)
    case fullyConnected(FullyConnectedSizes)
  }

  let kind: Kind
  let batches: Int
  let isAsymmetric: Bool
  /// Whether the reference multiplies sums with the weights' scale before the input's, not with the product of both.
  var isFactorFirst: Bool {
    if case .convolution = kind { return isAsymmetric }
    return false
  }
  let activation: RealActivation
  let input: ReadSlot
  let weights: ReadSlot
  let bias: ReadSlot
  /// The weights' scales, one a channel.
  let scales: ReadSlot
  /// One batch, quantized; all of them for the kernels of an instruction set.
  let quantized: WriteSlot
  let output: WriteSlot
  var packed: PackedHybrid?
}

extension HybridLayer {
  /// The reference quantizes activations around a zero point where a filter has several scales or groups.
  static func translateConvolution(
    _ graph: inout GraphBuilder, input: Operand, filter: Operand, geometry: WindowGeometry, groups: Int,
    activation: Int8
  ) throws(ModelError) -> Operation? {
    var image = geometry
    image.batches = 1
    let scales = try scales(graph, filter, axis: 0)
    var isAsymmetric = groups > 1
    for scale in scales where scale != scales[0] { isAsymmetric = true }
    return try translate(
      &graph, .convolution(image, groups: groups), input: input, weights: filter, scales: scales,
      batches: geometry.batches, isAsymmetric: isAsymmetric, activation: graph.realActivation(activation),
      shape: graph.outputShape(geometry))
  }

  static func translateDepthwise(
    _ graph: inout GraphBuilder, input: Operand, filter: Operand, geometry: WindowGeometry, activation: Int8
  ) throws(ModelError) -> Operation? {
    var image = geometry
    image.batches = 1
    return try translate(
      &graph, .depthwise(image, depthMultiplier: geometry.outputChannels / geometry.inputChannels), input: input,
      weights: filter, scales: scales(graph, filter, axis: 3), batches: geometry.batches, isAsymmetric: true,
      activation: graph.realActivation(activation), shape: graph.outputShape(geometry))
  }

  /// Of all layers this one alone applies a hyperbolic tangent in the reference.
  static func translateFullyConnected(
    _ graph: inout GraphBuilder, input: Operand, weights: Operand, _ sizes: FullyConnectedSizes, shape: Shape,
    isAsymmetric: Bool, activation: Int8
  ) throws(ModelError) -> Operation? {
    var row = sizes
    row.rows = 1
    return try translate(
      &graph, .fullyConnected(row), input: input, weights: weights, scales: scales(graph, weights, axis: 0),
      batches: sizes.rows, isAsymmetric: isAsymmetric,
      activation: graph.realActivation(activation, allowsHyperbolicTangent: true), shape: shape)
  }

  private static func translate(
    _ graph: inout GraphBuilder, _ kind: Kind, input: Operand, weights: Operand, scales: [Float], batches: Int,
    isAsymmetric: Bool, activation: RealActivation, shape: Shape
  ) throws(ModelError) -> Operation? {
    _ = try graph.outputType(0, .float32)
    let count = graph.context.instructionSet == nil ? input.shape.count / batches : input.shape.count
    let input = try graph.bind(input)
    let weights = try graph.bindWeights(weights)
    var layer = HybridLayer(
      kind: kind, batches: batches, isAsymmetric: isAsymmetric, activation: activation, input: input,
      weights: weights, bias: try graph.bindBias(2, .float32, channels: scales.count),
      scales: try graph.bind(packed: scales), quantized: try graph.bindScratch(count: count, of: Int8.self),
      output: try graph.bindOutput(shape: shape))
    layer.packed = try graph.packedHybrid(layer)
    return try graph.operation(Operation.hybridLayer, layer)
  }

  /// A scale for every channel. Old files declare int8 weights as uint8: the reference takes their bits as int8.
  private static func scales(_ graph: GraphBuilder, _ weights: Operand, axis: Int) throws(ModelError) -> [Float] {
    if weights.elementType != .uint8 || axis == 3 { try graph.requireWeights(weights) }
    let channels = weights.shape[axis]
    let scales = try graph.channelScales(of: weights, axis: axis, channels: channels)
    return scales.count == 1 ? [Float](repeating: scales[0], count: channels) : scales
  }
}

extension HybridLayer {
  func run(_ memory: OperatorMemory) {
    if let packed { return packed.run(memory, self) }
    let input = memory.read(input, as: Float.self)
    var output = memory.write(output, as: Float.self)
    var quantized = memory.write(quantized, as: Int8.self)
    let inputCount = input.count / batches
    let outputCount = output.count / batches
    for batch in 0..<batches {
      let scale = quantizeDynamicallyReference(
        isAsymmetric: isAsymmetric, input: input.extracting((batch * inputCount)..<(batch * inputCount + inputCount)),
        output: &quantized)
      let arithmetic = HybridArithmetic(
        inputScale: scale.scale, inputZeroPoint: scale.zeroPoint, isFactorFirst: isFactorFirst,
        activation: activation)
      var part = output._mutatingExtracting((batch * outputCount)..<(batch * outputCount + outputCount))
      switch kind {
      case .convolution(let geometry, let groups):
        convolveReference(
          arithmetic, geometry, groups: groups, input: quantized.span, filter: memory.read(weights),
          bias: memory.read(bias), factors: memory.read(scales), output: &part)
      case .depthwise(let geometry, let depthMultiplier):
        convolveDepthwiseReference(
          arithmetic, geometry, depthMultiplier: depthMultiplier, input: quantized.span,
          filter: memory.read(weights), bias: memory.read(bias), factors: memory.read(scales), output: &part)
      case .fullyConnected(let sizes):
        fullyConnectedReference(
          arithmetic, sizes, input: quantized.span, weights: memory.read(weights), bias: memory.read(bias),
          factors: memory.read(scales), output: &part)
      }
    }
  }

  var facts: OperatorFacts {
    switch kind {
    case .convolution(let geometry, let groups):
      OperatorFacts(
        kernel: "conv2d.f32i8.reference", set: packed?.set,
        multiplyAccumulates: OperatorFacts.product(
          batches, geometry.outputCount, geometry.kernelHeight, geometry.kernelWidth, geometry.inputChannels / groups))
    case .depthwise(let geometry, _):
      OperatorFacts(
        kernel: "dwconv2d.f32i8.reference", set: packed?.set,
        multiplyAccumulates: OperatorFacts.product(
          batches, geometry.outputCount, geometry.kernelHeight, geometry.kernelWidth))
    case .fullyConnected(let sizes):
      OperatorFacts(
        kernel: "fc.f32i8.reference", set: packed?.set,
        multiplyAccumulates: OperatorFacts.product(batches, sizes.depth, sizes.units))
    }
  }
}
