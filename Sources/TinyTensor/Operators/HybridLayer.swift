import FlatbufferReader
import KernelInterface
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
  let activation: RealActivation
  let input: ReadSlot
  let weights: ReadSlot
  let bias: ReadSlot
  /// The weights' scales, one a channel.
  let scales: ReadSlot
  /// One batch, quantized.
  let quantized: WriteSlot
  let output: WriteSlot
  let packed: PackedHybrid?
}

/// One batch's sums by the kernels of an instruction set.
struct PackedHybrid: Sendable {
  let matrix: PackedMatrix
  let weightSums: ReadSlot
  let channels: Int
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
    let input = (slot: try graph.bind(input), count: input.shape.count / batches)
    let weights = try graph.bindWeights(weights)
    let quantized = try graph.bindScratch(count: input.count, of: Int8.self)
    return .hybridLayer(
      HybridLayer(
        kind: kind, batches: batches, isAsymmetric: isAsymmetric, activation: activation,
        input: input.slot, weights: weights,
        bias: try graph.bindBias(2, .float32, channels: scales.count), scales: try graph.bind(packed: scales),
        quantized: quantized, output: try graph.bindOutput(shape: shape),
        packed: activation.isHyperbolicTangent ? nil : try graph.packedHybrid(kind, weights, quantized)))
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
        inputScale: scale.scale, inputZeroPoint: scale.zeroPoint, activation: activation)
      if let packed {
        packed.run(memory, self, scale, from: batch * outputCount)
        continue
      }
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
        kernel: "conv2d.f32i8.reference",
        multiplyAccumulates: OperatorFacts.product(
          batches, geometry.outputCount, geometry.kernelHeight, geometry.kernelWidth, geometry.inputChannels / groups))
    case .depthwise(let geometry, _):
      OperatorFacts(
        kernel: "dwconv2d.f32i8.reference",
        multiplyAccumulates: OperatorFacts.product(
          batches, geometry.outputCount, geometry.kernelHeight, geometry.kernelWidth))
    case .fullyConnected(let sizes):
      OperatorFacts(
        kernel: "fc.f32i8.reference", set: packed?.matrix.set,
        multiplyAccumulates: OperatorFacts.product(batches, sizes.depth, sizes.units))
    }
  }
}

extension GraphBuilder {
  /// A fully connected layer's sums of one row; `nil` where the reference kernels have to run.
  fileprivate mutating func packedHybrid(
    _ kind: HybridLayer.Kind, _ weights: ReadSlot, _ quantized: WriteSlot
  ) throws(ModelError) -> PackedHybrid? {
    guard case .fullyConnected(let sizes) = kind, context.instructionSet != nil,
      let weightSums = sumsOfRows(weights, sizes)
    else { return nil }
    let stage = OutputStage(zeroPoint: 0, minimum: 0, maximum: 0)
    // The zero point is only known in the run, when it is taken off with the sums of weights.
    let numbers = ByteLayer(
      FullyConnectedInt8(inputZeroPoint: 0, weightZeroPoint: 0, stage: stage), isUnsigned: false)
    let sums = try bindScratch(count: sizes.units, of: Int32.self)
    let matrix = try packedMatrix(
      numbers,
      FullyConnectedOperands(sizes: sizes, input: ReadSlot(index: quantized.index), weights: weights), output: sums)
    guard let matrix else { return nil }
    return PackedHybrid(matrix: matrix, weightSums: try bind(packed: weightSums), channels: sizes.units)
  }

  private func sumsOfRows(_ weights: ReadSlot, _ sizes: FullyConnectedSizes) -> [Int32]? {
    guard let bytes = constantBytes(weights) else { return nil }
    var sums: [Int32] = []
    sums.reserveCapacity(sizes.units)
    for unit in 0..<sizes.units {
      var sum: Int32 = 0
      for place in (unit * sizes.depth)..<(unit * sizes.depth + sizes.depth) {
        sum &+= Int32(Int8(bitPattern: UInt8.load(bytes, at: place)))
      }
      sums.append(sum)
    }
    return sums
  }
}

extension PackedHybrid {
  /// Multiplies the batch that is quantized, and makes its sums real numbers from `place` in the output on.
  fileprivate func run(_ memory: OperatorMemory, _ layer: HybridLayer, _ scale: DynamicScale, from place: Int) {
    matrix.run(memory)
    unsafe matrix.set.scaleSums(
      RealScalingTask(
        sums: UnsafePointer(memory.pointer(matrix.output).assumingMemoryBound(to: Int32.self)),
        weightSums: memory.pointer(weightSums).assumingMemoryBound(to: Int32.self),
        factors: memory.pointer(layer.scales).assumingMemoryBound(to: Float.self),
        bias: memory.pointer(layer.bias).assumingMemoryBound(to: Float.self),
        output: memory.pointer(layer.output).assumingMemoryBound(to: Float.self) + place, rows: 1,
        channels: channels, inputScale: scale.scale, inputZeroPoint: Int32(scale.zeroPoint),
        minimum: layer.activation.minimum, maximum: layer.activation.maximum))
  }
}
