import FlatbufferReader
import TinyTensorKernels

/// Operators on float32 elements that are one mathematical function, and those on integers without a scale.
enum UnaryFunctions {
  static func translateSine(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try UnaryOperand(graph, KernelNames(float32: "sin.f32.reference")).float(&graph, .sine)
  }

  static func translateCosine(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try UnaryOperand(graph, KernelNames(float32: "cos.f32.reference")).float(&graph, .cosine)
  }

  /// Quantized roots are truncated to stored values, as in the reference; elements that stand for numbers below 0 end a
  /// run.
  static func translateSquareRoot(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(
      graph, KernelNames(float32: "sqrt.f32.reference", int8: "sqrt.i8.reference", int16: "sqrt.i16.reference"))
    if operand.type == .float32 { return try operand.float(&graph, .squareRoot) }
    if operand.type == .int16 {
      let (from, to) = try graph.symmetricPair(operand.input)
      return try operand.wide(
        &graph, .squareRoot, WideFunctionParameters(inputScale: from.scale, outputScale: to.scale),
        refusesNegative: true)
    }
    let from = try graph.affine(of: operand.input)
    let to = try graph.outputAffine()
    return try operand.lookUp(&graph, smallestInput: from.zeroPoint) { value in
      clamp(
        truncatedSquareRoot(value - from.zeroPoint, inputScale: from.scale, outputScale: to.scale) &+ to.zeroPoint,
        -128, 127)
    }
  }

  static func translateFloor(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try UnaryOperand(graph, KernelNames(float32: "floor.f32.reference")).float(&graph, .floor)
  }

  static func translateCeiling(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try UnaryOperand(graph, KernelNames(float32: "ceil.f32.reference")).float(&graph, .ceiling)
  }

  /// To nearest, ties to even.
  static func translateRound(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try UnaryOperand(graph, KernelNames(float32: "round.f32.reference")).float(&graph, .round)
  }

  /// Of quantized elements, the stored values are negated, whatever the scales and zero points, as in the reference.
  static func translateNegate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(
      graph,
      KernelNames(
        float32: "neg.f32.reference", int32: "neg.i32.reference", int64: "neg.i64.reference",
        int8: "neg.i8.reference", int16: "neg.i16.reference"))
    return operand.type == .float32 ? try operand.float(&graph, .negate) : try operand.integer(&graph, .negate)
  }

  static func translateSign(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(
      graph,
      KernelNames(float32: "sign.f32.reference", int32: "sign.i32.reference", int64: "sign.i64.reference"))
    return operand.type == .float32 ? try operand.float(&graph, .sign) : try operand.integer(&graph, .sign)
  }

  static func translateSquare(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(
      graph,
      KernelNames(float32: "square.f32.reference", int32: "square.i32.reference", int64: "square.i64.reference"))
    return operand.type == .float32 ? try operand.float(&graph, .square) : try operand.integer(&graph, .square)
  }

  /// Quantized elements are scaled only if input and output have different scales. 16-bit integers may have none.
  static func translateAbsolute(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(
      graph,
      KernelNames(
        float32: "abs.f32.reference", int32: "abs.i32.reference", int64: "abs.i64.reference",
        int8: "abs.i8.reference", int16: "abs.i16.reference"))
    switch operand.type {
    case .float32: return try operand.float(&graph, .absolute)
    case .int32, .int64: return try operand.integer(&graph, .absolute)
    default: break
    }
    if operand.type == .int16, operand.input.quantization?.isPresent != true {
      return try operand.integer(&graph, .absolute)
    }
    let from = try graph.affine(of: operand.input)
    let to = try graph.outputAffine()
    let factor = try graph.multiplier(Double(from.scale / to.scale))
    if operand.type == .int16 {
      let stage = graph.outputStage(.none, IntegerType.int16, to)
      return try operand.wide(
        &graph, .absolute, WideFunctionParameters(inputZeroPoint: from.zeroPoint, factor: factor, output: stage))
    }
    return try operand.lookUp(&graph) { value in
      let difference = abs(value - from.zeroPoint)
      return clamp((from.scale == to.scale ? difference : factor.apply(to: difference)) &+ to.zeroPoint, -128, 127)
    }
  }

  static func translateExponential(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(
      graph,
      KernelNames(float32: "exp.f32.reference", int8: "exp.i8.reference", int16: "exp.i16.reference"))
    func function(_ x: Float) -> Float { Float(exponential(Double(x))) }
    switch operand.type {
    case .float32: return try operand.float(&graph, .exponential)
    case .int8: return try operand.lookUp(&graph, real: function)
    default: return try operand.interpolate(&graph, real: function)
    }
  }

  /// Quantized logarithms of 0 and less are the smallest number that the output has.
  static func translateLogarithm(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(
      graph,
      KernelNames(float32: "log.f32.reference", int8: "log.i8.reference", int16: "log.i16.reference"))
    if operand.type == .float32 { return try operand.float(&graph, .logarithm) }
    let to = try graph.outputAffine()
    let smallest = Float(storedRange(of: operand.type).lowerBound - to.zeroPoint) * to.scale
    func function(_ x: Float) -> Float { x <= 0 ? smallest : Float(logarithm(Double(x))) }
    return operand.type == .int8
      ? try operand.lookUp(&graph, real: function) : try operand.interpolate(&graph, real: function)
  }

  /// Quantized, the inverse root of 0 is the largest number that the output has; elements that stand for numbers below
  /// 0 end a run.
  static func translateInverseSquareRoot(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(
      graph,
      KernelNames(float32: "rsqrt.f32.reference", int8: "rsqrt.i8.reference", int16: "rsqrt.i16.reference"))
    if operand.type == .float32 { return try operand.float(&graph, .inverseSquareRoot) }
    let from = try graph.affine(of: operand.input)
    let to = try graph.outputAffine()
    if operand.type == .int16 {
      return try operand.interpolate(&graph, refusesNegative: true) { x in
        x <= 0 ? 32767 * to.scale : 1 / x.squareRoot()
      }
    }
    let factor = try graph.finiteMultiplier(1 / Double(from.scale.squareRoot() * to.scale))
    // The root is kept with 20 bits of fraction.
    guard factor.shift >= -11 else {
      throw graph.error(.invalidOperator, "its output's scale is too large for an inverse square root of its input")
    }
    let last = QuantizedMultiplier(multiplier: factor.multiplier, shift: factor.shift - 20).wrapped
    return try operand.lookUp(&graph, smallestInput: from.zeroPoint) { value in
      let difference = value - from.zeroPoint
      if difference <= 0 { return 127 }
      let root = QuantizedMultiplier(inverseSquareRootOf: difference)
      let fine = QuantizedMultiplier(multiplier: root.multiplier, shift: root.shift + 20).apply(to: 1)
      return clamp(last.apply(to: fine) &+ to.zeroPoint, -128, 127)
    }
  }

  /// FAKE_QUANT: float32 elements rounded to those that a quantization of a range could store.
  static func translateFakeQuantize(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(graph, KernelNames(float32: "fake_quant.f32.reference"))
    let options = try graph.requiredOptions(58) { (table) throws(ReadError) in
      (
        minimum: try table.scalar(0, default: Float(0)), maximum: try table.scalar(1, default: Float(0)),
        bits: try table.scalar(2, default: Int32(0)), isNarrow: try table.scalar(3, default: false)
      )
    }
    guard (2...16).contains(options.bits) else {
      throw graph.error(.invalidOperator, "it quantizes to \(options.bits) bits instead of 2 to 16")
    }
    guard options.minimum < options.maximum, (options.maximum - options.minimum).isFinite else {
      throw graph.error(.invalidOperator, "its range is empty or not finite")
    }
    let lowest: Float = options.isNarrow ? 1 : 0
    let highest = Float((1 << options.bits) - 1)
    let scale = (options.maximum - options.minimum) / (highest - lowest)
    guard scale > 0 else { throw graph.error(.invalidOperator, "its range is too small for its steps") }
    // The stored number of 0, moved to a whole one in the range.
    let zeroPoint = Float(roundHalfAwayFromZero(Double(clamp(lowest - options.minimum / scale, lowest, highest))))
    return try operand.float(
      &graph, .fakeQuantize,
      FloatFunctionParameters(
        lower: (lowest - zeroPoint) * scale, upper: (highest - zeroPoint) * scale, factor: scale))
  }
}
