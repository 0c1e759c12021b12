import FlatbufferReader
import TinyTensorKernels

/// The numbers of a convolution.
enum FilterArithmetic: Sendable {
  case int8(Int8Arithmetic)
  case uint8(UInt8Arithmetic)
  case int16(Int16Arithmetic)
  case int16Wide(Int16WideArithmetic)
  case float32(RealArithmetic)
}

/// What all convolutions read, and how they compute with it.
struct FilterOperands: Sendable {
  let arithmetic: FilterArithmetic
  let input: ReadSlot
  let filter: ReadSlot
  /// One a channel, in the type of the arithmetic's sums.
  let bias: ReadSlot
  /// One a channel. Not read for float32, for which it is the bias.
  let factors: ReadSlot
  /// Whether a factor is negative: then the reference kernels run.
  var hasNegativeFactors = false
}

/// The types that a bias for int16 activations may have.
enum WideBias: Sendable {
  /// As the option `quantized_bias_type` says; int32, or int64 where there is neither option nor bias.
  case option(Int8)
  case int64Only
}

extension GraphBuilder {
  /// Decides how a convolution computes, by the type of its input, and has the step read its operands.
  ///
  /// - Parameters:
  ///   - input: the activations: int8, uint8, int16 or float32.
  ///   - filter: the weights.
  ///   - bias: the index of the bias among the inputs; it may be left out.
  ///   - axis: the filter's axis of output channels.
  ///   - activation: the fused activation's number in the schema.
  ///   - wideBias: the types that a bias for int16 activations may have.
  mutating func filterOperands(
    input: Operand, filter: Operand, bias: Int, axis: Int, activation: Int8, wideBias: WideBias
  ) throws(ModelError) -> FilterOperands {
    let channels = filter.shape[axis]
    _ = try outputType(0, input.elementType)
    if input.elementType == .float32 {
      try require(filter, .float32)
      let biasSlot = try bindBias(bias, .float32, channels: channels)
      return FilterOperands(
        arithmetic: .float32(RealArithmetic(activation: try realActivation(activation))), input: try bind(input),
        filter: try bind(filter), bias: biasSlot, factors: biasSlot)
    }
    let inputAffine = try affine(of: input)
    let stage = try outputStage(activation, input.elementType)
    // A zero point of 8 bits.
    let inputZeroPoint = Int16(truncatingIfNeeded: inputAffine.zeroPoint)
    let sumType = try self.sumType(input, bias: bias, wideBias)
    let arithmetic: FilterArithmetic
    switch (input.elementType, sumType) {
    case (.uint8, _):
      try require(filter, .uint8)
      arithmetic = .uint8(
        UInt8Arithmetic(
          inputZeroPoint: inputZeroPoint,
          weightZeroPoint: Int16(truncatingIfNeeded: try affine(of: filter).zeroPoint), stage: stage))
    case (.int16, .int64):
      try requireSymmetric(input)
      arithmetic = .int16Wide(Int16WideArithmetic(inputZeroPoint: 0, weightZeroPoint: 0, stage: stage))
    case (.int16, _):
      try requireSymmetric(input)
      arithmetic = .int16(Int16Arithmetic(inputZeroPoint: 0, weightZeroPoint: 0, stage: stage))
    default:
      arithmetic = .int8(Int8Arithmetic(inputZeroPoint: inputZeroPoint, weightZeroPoint: 0, stage: stage))
    }
    let multipliers = try channelMultipliers(
      input: input, filter: filter, axis: axis, isWide: sumType == .int64)
    return try filterOperands(
      arithmetic, input: bind(input), filter: bindWeights(filter), bias: bindBias(bias, sumType, channels: channels),
      multipliers, inner: filter.shape.count(of: (axis + 1)..<filter.shape.rank) ?? 1, isWide: sumType == .int64)
  }

  /// Operands whose factors are not negative, if possible: where a channel's factor is, its weights and its bias change
  /// their sign with it, which changes no result. That is possible where both are constant and no number lacks an
  /// opposite; otherwise the reference kernels run.
  private mutating func filterOperands(
    _ arithmetic: FilterArithmetic, input: ReadSlot, filter: ReadSlot, bias: ReadSlot,
    _ multipliers: [QuantizedMultiplier], inner: Int, isWide: Bool
  ) throws(ModelError) -> FilterOperands {
    let isNegative = multipliers.map { $0.multiplier < 0 }
    guard isNegative.contains(true) else {
      return FilterOperands(
        arithmetic: arithmetic, input: input, filter: filter, bias: bias, factors: try bind(packed: multipliers))
    }
    var negatedBias: ReadSlot?
    if isWide, let elements = negated(bias, of: Int64.self, isNegative, inner: 1) {
      negatedBias = try bind(packed: elements)
    } else if !isWide, let elements = negated(bias, of: Int32.self, isNegative, inner: 1) {
      negatedBias = try bind(packed: elements)
    }
    guard let negatedBias, let weights = negated(filter, of: Int8.self, isNegative, inner: inner) else {
      return FilterOperands(
        arithmetic: arithmetic, input: input, filter: filter, bias: bias, factors: try bind(packed: multipliers),
        hasNegativeFactors: true)
    }
    let magnitudes = multipliers.map { QuantizedMultiplier(multiplier: abs($0.multiplier), shift: $0.shift) }
    return FilterOperands(
      arithmetic: arithmetic, input: input, filter: try bind(packed: weights), bias: negatedBias,
      factors: try bind(packed: magnitudes))
  }

  /// A constant whose elements have the opposite sign in some channels, each of which has `inner` neighbouring elements;
  /// `nil` if it is not constant or an element has no opposite.
  private func negated<Element: FixedWidthInteger & SignedInteger & FlatScalar & BitwiseCopyable>(
    _ constant: ReadSlot, of: Element.Type, _ isNegative: [Bool], inner: Int
  ) -> [Element]? {
    guard let bytes = constantBytes(constant) else { return nil }
    let size = MemoryLayout<Element>.size
    var elements: [Element] = []
    elements.reserveCapacity(bytes.byteCount / size)
    for index in 0..<(bytes.byteCount / size) {
      let element = Element.load(bytes, at: index * size)
      guard isNegative[index / inner % isNegative.count] else {
        elements.append(element)
        continue
      }
      guard element != Element.min else { return nil }
      elements.append(0 - element)
    }
    return elements
  }

  /// What a layer with an output of that integer type does after it has scaled its sum.
  func outputStage(_ activation: Int8, _ type: ElementType) throws(ModelError) -> OutputStage {
    guard let integer = IntegerType(type) else {
      throw error(.invalidOperator, "its output must be int8, uint8 or int16")
    }
    return try outputStage(self.activation(activation), integer, outputAffine())
  }

  /// The type that a layer's products are summed in, which is that of its bias.
  func sumType(_ input: Operand, bias index: Int, _ wideBias: WideBias) throws(ModelError) -> ElementType {
    guard input.elementType == .int16 else { return .int32 }
    let bias = try optionalInput(index)
    guard case .option(let number) = wideBias else { return .int64 }
    // The option's default is the number of float32.
    switch ElementType(rawValue: number) {
    case .float32: return bias?.elementType == .int32 ? .int32 : .int64
    case .int32: return .int32
    case .int64: return .int64
    case let type: throw error(.invalidOperator, "the bias type \(type) is not int32 or int64")
    }
  }

  /// A factor for every output channel. For symmetric weights the product of the scales is taken in double precision;
  /// for uint8, which has one scale, in single precision, as the reference does.
  private func channelMultipliers(
    input: Operand, filter: Operand, axis: Int, isWide: Bool
  ) throws(ModelError) -> [QuantizedMultiplier] {
    let channels = filter.shape[axis]
    try spend(bytes: channels * MemoryLayout<QuantizedMultiplier>.stride)
    let inputScale = try affine(of: input).scale
    let output = Double(try outputAffine().scale)
    if input.elementType == .uint8 {
      let product = inputScale * (try affine(of: filter)).scale
      return [QuantizedMultiplier](repeating: try multiplier(Double(product) / output), count: channels)
    }
    try requireWeights(filter)
    let scales = try channelScales(of: filter, axis: axis, channels: channels)
    var multipliers: [QuantizedMultiplier] = []
    multipliers.reserveCapacity(channels)
    for channel in 0..<channels {
      let scale = scales[scales.count == 1 ? 0 : channel]
      let real = Double(inputScale) * Double(scale) / output
      multipliers.append(isWide ? try wideMultiplier(real) : try multiplier(real))
    }
    return multipliers
  }

  /// A real factor in the form that 64-bit sums are multiplied with.
  func wideMultiplier(_ real: Double) throws(ModelError) -> QuantizedMultiplier {
    let multiplier = QuantizedMultiplier(real)
    guard multiplier.isUsableForWideSums else {
      throw error(.invalidOperator, "the scales of its tensors are too far apart: their ratio is 2^14 or more")
    }
    return multiplier
  }

  // MARK: Weights

  /// Refuses weights that are not symmetric integers of at most 8 bits.
  func requireWeights(_ operand: Operand) throws(ModelError) {
    guard [.int8, .int4, .int2].contains(operand.elementType) else {
      throw error(
        .invalidOperator, "its weights (\(operand.name)) are \(operand.elementType); supported here: int8, int4, int2")
    }
  }

  /// Refuses weights of another type.
  func require(_ operand: Operand, _ type: ElementType) throws(ModelError) {
    guard operand.elementType == type else {
      throw error(
        .invalidOperator, "its weights (\(operand.name)) are \(operand.elementType); supported here: \(type)")
    }
  }

  /// Refuses an int16 operand, or an int16 output beside it, whose zero point is not 0.
  func requireSymmetric(_ operand: Operand) throws(ModelError) {
    guard try affine(of: operand).zeroPoint == 0, try outputAffine().zeroPoint == 0 else {
      throw error(.invalidOperator, "its int16 tensors must have the zero point 0")
    }
  }

  /// Has the step read weights; those of fewer than 8 bits are unpacked to int8 now.
  mutating func bindWeights(_ operand: Operand) throws(ModelError) -> ReadSlot {
    guard let bits = operand.elementType.bitWidth, bits < 8 else { return try bind(operand) }
    return try bind(packed: try unpackedWeights(operand, bits: bits))
  }

  private func unpackedWeights(_ operand: Operand, bits: Int) throws(ModelError) -> [Int8] {
    guard let bytes = constantBytes(operand) else {
      throw error(.invalidOperator, "\(operand.name) of \(operand.elementType) must be constant")
    }
    return unpackSigned(bytes, bits: bits, count: operand.shape.count)
  }

  /// Has the step read a layer's bias of that type, one a channel; zeros where it is left out.
  mutating func bindBias(_ index: Int, _ type: ElementType, channels: Int) throws(ModelError) -> ReadSlot {
    guard try optionalInput(index) != nil else {
      try spend(bytes: channels * MemoryLayout<Int64>.stride)
      switch type {
      case .int64: return try bind(packed: [Int64](repeating: 0, count: channels))
      case .float32: return try bind(packed: [Float](repeating: 0, count: channels))
      default: return try bind(packed: [Int32](repeating: 0, count: channels))
      }
    }
    let bias = try input(index, type)
    guard bias.shape.count == channels else {
      throw error(.invalidOperator, "its bias has \(bias.shape.count) elements for \(channels) channels")
    }
    return try bind(bias)
  }
}
