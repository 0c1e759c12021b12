import FlatbufferReader
import TinyTensorKernels

/// FULLY_CONNECTED: `output[r, u] = clamp(zero + scale[u] * (bias[u] + sum (input - zero) * (weights - zero)))`.
struct FullyConnected: Sendable {
  /// The numbers of a layer; those with `FixedPoint` scale sums as tflite-micro does.
  enum Arithmetic: Sendable {
    case int8(FullyConnectedInt8)
    case int8FixedPoint(Int8Arithmetic)
    case uint8(FullyConnectedUInt8)
    case uint8FixedPoint(UInt8Arithmetic)
    case uint8To16(FullyConnectedUInt8To16)
    case uint8To16FixedPoint(UInt8To16Arithmetic)
    case int16(FullyConnectedInt16)
    case int16FixedPoint(Int16Arithmetic)
    case int16Wide(FullyConnectedInt16Wide)
    case int16WideFixedPoint(Int16WideArithmetic)
    case float32(RealArithmetic)
  }

  let arithmetic: Arithmetic
  let sizes: FullyConnectedSizes
  let input: ReadSlot
  let weights: ReadSlot
  let bias: ReadSlot
  /// One a unit. Not read for float32, for which it is the bias.
  let factors: ReadSlot
  let output: WriteSlot
  let packed: Placed<PackedFullyConnected>?
  var packedReal: Placed<PackedReal>?
  var packedSixteenBit: Placed<PackedSixteenBit>?
}

extension FullyConnected {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...3)
    let options =
      try graph.options(8) { (table) throws(ReadError) in
        (
          activation: try table.scalar(0, default: Int8(0)), weightsFormat: try table.scalar(1, default: Int8(0)),
          keepsAxes: try table.scalar(2, default: false), isAsymmetric: try table.scalar(3, default: false),
          biasType: try table.scalar(4, default: Int8(0))
        )
      } ?? (activation: 0, weightsFormat: 0, keepsAxes: false, isAsymmetric: false, biasType: 0)
    guard options.weightsFormat == 0 else {
      throw graph.error(.unsupportedOperator, "the shuffled weights format is not supported")
    }
    let input = try graph.input(0, .int8, .uint8, .int16, .float32)
    let weights = try graph.input(1)
    guard weights.shape.rank == 2, weights.shape.count > 0 else {
      throw graph.error(
        .invalidOperator, "its weights have the shape \(weights.shape) instead of [units, depth] above 0")
    }
    let units = weights.shape[0]
    let depth = weights.shape[1]
    guard input.shape.count % depth == 0 else {
      throw graph.error(
        .invalidOperator, "its input \(input.shape) is not a whole number of rows of \(depth) elements")
    }
    let sizes = FullyConnectedSizes(rows: input.shape.count / depth, depth: depth, units: units)
    let shape = try outputShape(graph, input: input, sizes, keepsAxes: options.keepsAxes)
    if sizes.rows == 0 { return try Fill.makeEmpty(&graph, shape) }
    if input.elementType == .float32, case .blockwise? = weights.quantization?.details {
      return try translateReal(
        &graph, input: input, weights: try realWeights(&graph, weights), sizes, shape: shape,
        activation: options.activation)
    }
    if input.elementType == .float32, weights.elementType != .float32 {
      return try HybridLayer.translateFullyConnected(
        &graph, input: input, weights: weights, sizes, shape: shape, isAsymmetric: options.isAsymmetric,
        activation: options.activation)
    }
    if input.elementType == .float32 {
      return try translateReal(
        &graph, input: input, weights: try graph.bind(weights), sizes, shape: shape, activation: options.activation)
    }
    return try translateQuantized(
      &graph, input: input, weights: weights, sizes, shape: shape, activation: options.activation,
      wideBias: .option(options.biasType))
  }

  private static func translateReal(
    _ graph: inout GraphBuilder, input: Operand, weights: ReadSlot, _ sizes: FullyConnectedSizes, shape: Shape,
    activation: Int8
  ) throws(ModelError) -> Operation? {
    _ = try graph.outputType(0, .float32)
    let arithmetic = RealArithmetic(activation: try graph.realActivation(activation))
    let bias = try graph.bindBias(2, .float32, channels: sizes.units)
    var layer = FullyConnected(
      arithmetic: .float32(arithmetic), sizes: sizes, input: try graph.bind(input), weights: weights, bias: bias,
      factors: bias, output: try graph.bindOutput(shape: shape), packed: nil)
    layer.packedReal = try graph.place(ifPresent: graph.packedReal(layer, arithmetic))
    return try graph.operation(Operation.fullyConnected, layer)
  }

  /// Has the step read weights that are quantized in blocks as the real numbers that they stand for.
  private static func realWeights(
    _ graph: inout GraphBuilder, _ weights: Operand
  ) throws(ModelError) -> ReadSlot {
    try graph.bind(packed: unpackedBlocks(graph, weights))
  }

  private static func unpackedBlocks(_ graph: GraphBuilder, _ weights: Operand) throws(ModelError) -> [Float] {
    let blocks = try graph.blockScales(of: weights)
    guard let bytes = graph.constantBytes(weights) else {
      throw graph.error(.invalidOperator, "its weights (\(weights.name)) must be constant")
    }
    guard weights.shape.count <= graph.limits.tensorBytes / 4 else {
      throw graph.error(.tooLarge, "its weights \(weights.shape) are too large as real numbers")
    }
    var real = [Float](repeating: 0, count: weights.shape.count)
    var elements = real.mutableSpan
    unpackBlocks(bytes, bits: 4, scales: blocks.scales.span, blockSize: blocks.size, to: &elements)
    return real
  }

  /// The leading axes joined, or kept.
  private static func outputShape(
    _ graph: GraphBuilder, input: Operand, _ layer: FullyConnectedSizes, keepsAxes: Bool
  ) throws(ModelError) -> Shape {
    var sizes = [layer.rows, layer.units]
    if keepsAxes {
      guard input.shape.rank > 0, input.shape[input.shape.rank - 1] == layer.depth else {
        throw graph.error(.invalidOperator, "its input \(input.shape) does not end with the depth \(layer.depth)")
      }
      sizes = input.shape.array
      sizes[sizes.count - 1] = layer.units
    }
    guard let shape = Shape(sizes) else {
      throw graph.error(.tooLarge, "its output \(describeShape(sizes)) is too large")
    }
    return shape
  }

  private static func translateQuantized(
    _ graph: inout GraphBuilder, input: Operand, weights: Operand, _ sizes: FullyConnectedSizes, shape: Shape,
    activation: Int8, wideBias: WideBias
  ) throws(ModelError) -> Operation? {
    let outputType =
      input.elementType == .uint8
      ? try graph.outputType(0, .uint8, .int16) : try graph.outputType(0, input.elementType)
    if input.elementType == .uint8 {
      try graph.require(weights, .uint8)
    } else {
      try graph.requireWeights(weights)
    }
    if input.elementType == .int16 { try graph.requireSymmetric(input) }
    let inputAffine = try graph.affine(of: input)
    let stage = try graph.outputStage(activation, outputType)
    // A zero point of weights counts where they have a single scale. Both zero points are of 8 bits, or 0.
    let inputZeroPoint = Int16(truncatingIfNeeded: inputAffine.zeroPoint)
    let scales = try scales(graph, weights, units: sizes.units)
    let weightZeroPoint = Int16(truncatingIfNeeded: scales.zeroPoint)
    let sumType = try graph.sumType(input, bias: 2, wideBias)
    guard weightZeroPoint == 0 || input.elementType != .int16 else {
      throw graph.error(.invalidOperator, "weights for int16 must have the zero point 0")
    }
    let isFixedPoint = graph.options.fullyConnectedArithmetic == .micro
    func make<Input, Weight, Sum, Factor, Output>(
      _: IntegerArithmetic<Input, Weight, Sum, Factor, Output>.Type
    ) -> IntegerArithmetic<Input, Weight, Sum, Factor, Output> {
      IntegerArithmetic(inputZeroPoint: inputZeroPoint, weightZeroPoint: weightZeroPoint, stage: stage)
    }
    let arithmetic: Arithmetic =
      switch (input.elementType, outputType, sumType) {
      case (.int8, _, _):
        isFixedPoint ? .int8FixedPoint(make(Int8Arithmetic.self)) : .int8(make(FullyConnectedInt8.self))
      case (.uint8, .uint8, _):
        isFixedPoint ? .uint8FixedPoint(make(UInt8Arithmetic.self)) : .uint8(make(FullyConnectedUInt8.self))
      case (.uint8, _, _):
        isFixedPoint
          ? .uint8To16FixedPoint(make(UInt8To16Arithmetic.self)) : .uint8To16(make(FullyConnectedUInt8To16.self))
      case (_, _, .int64):
        isFixedPoint
          ? .int16WideFixedPoint(make(Int16WideArithmetic.self)) : .int16Wide(make(FullyConnectedInt16Wide.self))
      default:
        isFixedPoint ? .int16FixedPoint(make(Int16Arithmetic.self)) : .int16(make(FullyConnectedInt16.self))
      }
    var operands = FullyConnectedOperands(
      sizes: sizes, input: try graph.bind(input), weights: try graph.bindWeights(weights))
    let bias = try graph.bindBias(2, sumType, channels: sizes.units)
    operands.bias = bias
    let factors = try bindFactors(
      &graph, input: inputAffine, scales: scales.scales, units: sizes.units, isFixedPoint: isFixedPoint,
      isWide: sumType == .int64)
    let output = try graph.bindOutput(shape: shape)
    var layer = FullyConnected(
      arithmetic: arithmetic, sizes: sizes, input: operands.input, weights: operands.weights, bias: bias,
      factors: factors, output: output,
      packed: try graph.place(ifPresent: packed(&graph, arithmetic, input, operands, factors: factors, output: output)))
    layer.packedSixteenBit = try graph.place(ifPresent: graph.packedSixteenBit(layer, input: input))
    return try graph.operation(Operation.fullyConnected, layer)
  }

  /// The vector kernels' form of a layer of bytes.
  private static func packed(
    _ graph: inout GraphBuilder, _ arithmetic: Arithmetic, _ input: Operand, _ operands: FullyConnectedOperands,
    factors: ReadSlot, output: WriteSlot
  ) throws(ModelError) -> PackedFullyConnected? {
    var fixed = operands
    fixed.multipliers = factors
    switch arithmetic {
    case .int8(let arithmetic):
      return try graph.packedFullyConnected(
        arithmetic, input: input, isUnsigned: false, operands, factors: factors, output: output)
    case .uint8(let arithmetic):
      return try graph.packedFullyConnected(
        arithmetic, input: input, isUnsigned: true, operands, factors: factors, output: output)
    case .int8FixedPoint(let arithmetic):
      return try graph.packedFullyConnected(arithmetic, input: input, isUnsigned: false, fixed, output: output)
    case .uint8FixedPoint(let arithmetic):
      return try graph.packedFullyConnected(arithmetic, input: input, isUnsigned: true, fixed, output: output)
    default: return nil
    }
  }

  private static func scales(
    _ graph: GraphBuilder, _ weights: Operand, units: Int
  ) throws(ModelError) -> (scales: [Float], zeroPoint: Int32) {
    if weights.elementType == .uint8 || (weights.elementType == .int8 && weights.quantization?.scales.count == 1) {
      let affine = try graph.affine(of: weights)
      return ([affine.scale], affine.zeroPoint)
    }
    return (try graph.channelScales(of: weights, axis: 0, channels: units), 0)
  }

  /// In fixed point, the product of the scales of a layer with a single one is taken in single precision.
  private static func bindFactors(
    _ graph: inout GraphBuilder, input: Affine, scales: [Float], units: Int, isFixedPoint: Bool, isWide: Bool
  ) throws(ModelError) -> ReadSlot {
    let output = Double(try graph.outputAffine().scale)
    try graph.spend(bytes: units * MemoryLayout<Double>.stride)
    var factors: [Double] = []
    var multipliers: [QuantizedMultiplier] = []
    for unit in 0..<units {
      let scale = scales[scales.count == 1 ? 0 : unit]
      if isFixedPoint {
        guard scale >= 0 else {
          throw graph.error(
            .unsupportedOperator, "negative scales are not supported in the fixed-point arithmetic of tflite-micro")
        }
        let product = scales.count == 1 ? Double(input.scale * scale) : Double(input.scale) * Double(scale)
        multipliers.append(isWide ? try graph.wideMultiplier(product / output) : try graph.multiplier(product / output))
      } else {
        factors.append(Double(input.scale) * Double(scale) / output)
      }
    }
    return isFixedPoint ? try graph.bind(packed: multipliers) : try graph.bind(packed: factors)
  }
}

extension FullyConnected {
  func run(_ memory: OperatorMemory) {
    if let packed { return packed.payload.run(memory) }
    if let packedReal { return packedReal.payload.run(memory) }
    if let packedSixteenBit { return packedSixteenBit.payload.run(memory) }
    switch arithmetic {
    case .int8(let arithmetic): run(memory, arithmetic)
    case .int8FixedPoint(let arithmetic): run(memory, arithmetic)
    case .uint8(let arithmetic): run(memory, arithmetic)
    case .uint8FixedPoint(let arithmetic): run(memory, arithmetic)
    case .uint8To16(let arithmetic): run(memory, arithmetic)
    case .uint8To16FixedPoint(let arithmetic): run(memory, arithmetic)
    case .int16(let arithmetic): run(memory, arithmetic)
    case .int16FixedPoint(let arithmetic): run(memory, arithmetic)
    case .int16Wide(let arithmetic): run(memory, arithmetic)
    case .int16WideFixedPoint(let arithmetic): run(memory, arithmetic)
    case .float32(let arithmetic): run(memory, arithmetic)
    }
  }

  private func run<Numbers: LayerArithmetic>(_ memory: OperatorMemory, _ arithmetic: Numbers) {
    var output = memory.write(output, as: Numbers.Output.self)
    fullyConnectedReference(
      arithmetic, sizes, input: memory.read(input), weights: memory.read(weights), bias: memory.read(bias),
      factors: memory.read(factors), output: &output)
  }

  var facts: OperatorFacts {
    let kernel: StaticString =
      switch arithmetic {
      case .int8: "fc.i8i8.reference"
      case .int8FixedPoint: "fc.i8i8.fixed.reference"
      case .uint8: "fc.u8u8.reference"
      case .uint8FixedPoint: "fc.u8u8.fixed.reference"
      case .uint8To16: "fc.u8u8i16.reference"
      case .uint8To16FixedPoint: "fc.u8u8i16.fixed.reference"
      case .int16: "fc.i16i8.reference"
      case .int16FixedPoint: "fc.i16i8.fixed.reference"
      case .int16Wide: "fc.i16i8i64.reference"
      case .int16WideFixedPoint: "fc.i16i8i64.fixed.reference"
      case .float32: "fc.f32f32.reference"
      }
    return OperatorFacts(
      kernel: kernel, set: packed?.payload.matrix.set ?? packedReal?.payload.set ?? packedSixteenBit?.payload.set,
      multiplyAccumulates: OperatorFacts.product(sizes.rows, sizes.depth, sizes.units))
  }
}
