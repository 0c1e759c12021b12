import FlatbufferReader
import TinyTensorKernels

/// Activations as operators of their own.
enum Activations {
  static func translateRelu(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(
      &graph, .relu,
      KernelNames(
        float32: "relu.f32.reference", int8: "relu.8.reference", uint8: "relu.8.reference",
        int16: "relu.i16.reference"))
  }

  static func translateRelu6(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(
      &graph, .relu6,
      KernelNames(
        float32: "relu6.f32.reference", int8: "relu6.8.reference", uint8: "relu6.8.reference",
        int16: "relu6.i16.reference"))
  }

  static func translateReluN1To1(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(
      &graph, .reluN1To1,
      KernelNames(
        float32: "relu_n1_to_1.f32.reference", int8: "relu_n1_to_1.8.reference", uint8: "relu_n1_to_1.8.reference",
        int16: "relu_n1_to_1.i16.reference"))
  }

  static func translateRelu0To1(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(
      &graph, .relu0To1,
      KernelNames(
        float32: "relu_0_to_1.f32.reference", int8: "relu_0_to_1.8.reference", uint8: "relu_0_to_1.8.reference",
        int16: "relu_0_to_1.i16.reference"))
  }

  private static func translate(
    _ graph: inout GraphBuilder, _ activation: Activation, _ names: KernelNames
  ) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(graph, names)
    guard let type = IntegerType(operand.type) else {
      return try operand.float(
        &graph, .clamp,
        FloatFunctionParameters(
          lower: activation.range.lower.map { Float($0) } ?? -.infinity,
          upper: activation.range.upper.map { Float($0) } ?? .infinity))
    }
    if graph.lacksQuantization(operand.input) { return try operand.scaledByZero(&graph) }
    let from = try graph.affine(of: operand.input)
    let to = try graph.outputAffine()
    let factor = try graph.multiplier(Double(from.scale / to.scale))
    let stage = graph.outputStage(activation, type, to)
    if type == .int16 {
      return try operand.wide(
        &graph, .rescale, WideFunctionParameters(inputZeroPoint: from.zeroPoint, factor: factor, output: stage))
    }
    return try operand.lookUp(&graph) { value in
      clamp(factor.apply(to: value - from.zeroPoint) &+ stage.zeroPoint, stage.minimum, stage.maximum)
    }
  }

  static func translateLeakyRelu(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(
      graph,
      KernelNames(
        float32: "leaky_relu.f32.reference", int8: "leaky_relu.8.reference", uint8: "leaky_relu.8.reference",
        int16: "leaky_relu.i16.reference"))
    let alpha = try graph.requiredOptions(75) { (table) throws(ReadError) in try table.scalar(0, default: Float(0)) }
    guard let type = IntegerType(operand.type) else {
      return try operand.float(&graph, .leakyRelu, FloatFunctionParameters(factor: alpha))
    }
    guard alpha.isFinite else { throw graph.error(.invalidOperator, "its option alpha is not a finite number") }
    if graph.lacksQuantization(operand.input) { return try operand.scaledByZero(&graph) }
    let from = try graph.affine(of: operand.input)
    let to = try graph.outputAffine()
    let slope = from.scale * alpha / to.scale
    let parameters = WideFunctionParameters(
      inputZeroPoint: from.zeroPoint, factor: try graph.multiplier(Double(from.scale / to.scale)),
      slope: try graph.multiplier(Double(slope.magnitude)), slopeIsNegative: slope < 0,
      output: graph.outputStage(.none, type, to))
    if type == .int16 { return try operand.wide(&graph, .leakyRelu, parameters) }
    let range = type.storedRange
    return try operand.lookUp(&graph) { value in
      clamp(
        parameters.leakyRelu(value - from.zeroPoint) &+ to.zeroPoint, range.lowerBound, range.upperBound)
    }
  }

  static func translateElu(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(graph, KernelNames(float32: "elu.f32.reference", int8: "elu.8.reference"))
    if operand.type == .float32 { return try operand.float(&graph, .elu) }
    return try operand.lookUp(&graph, real: { $0 < 0 ? Float(exponentialMinusOne(Double($0))) : $0 })
  }

  static func translateGelu(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(
      graph,
      KernelNames(
        float32: "gelu.f32.reference", int8: "gelu.8.reference", uint8: "gelu.8.reference",
        int16: "gelu.i16.reference"))
    let isApproximate =
      try graph.options(116) { (table) throws(ReadError) in try table.scalar(0, default: false) } ?? false
    if operand.type == .float32 { return try operand.float(&graph, isApproximate ? .geluByTangent : .gelu) }
    if operand.type != .int16, graph.lacksQuantization(operand.input) { return try operand.scaledByZero(&graph) }
    func function(_ x: Float) -> Float { isApproximate ? FloatFunction.geluByTangent(x) : FloatFunction.gelu(x) }
    return operand.type == .int16
      ? try operand.interpolate(&graph, real: function) : try operand.lookUp(&graph, real: function)
  }

  static func translateHardSwish(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(
      graph,
      KernelNames(
        float32: "hard_swish.f32.reference", int8: "hard_swish.8.reference", uint8: "hard_swish.8.reference"))
    guard let type = IntegerType(operand.type) else { return try operand.float(&graph, .hardSwish) }
    if graph.lacksQuantization(operand.input) { return try operand.scaledByZero(&graph) }
    let from = try graph.affine(of: operand.input)
    let to = try graph.outputAffine()
    let parameters = HardSwishParameters(
      inputScale: from.scale, inputZeroPoint: from.zeroPoint, outputScale: to.scale,
      output: graph.outputStage(.none, type, to))
    guard parameters.isUsable else {
      throw graph.error(
        .invalidOperator, "its input's scale is too large, or its output's is below 1/128 of it")
    }
    return try operand.lookUp(&graph) { parameters.apply(to: $0) }
  }

  /// Bytes as the reference computes them, in single precision: the argument, the exponential, the sum, the quotient
  /// and the product with the output's inverse scale, 256, are each rounded to it. 16-bit elements by a table.
  static func translateLogistic(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(
      graph,
      KernelNames(
        float32: "logistic.f32.reference", int8: "logistic.8.reference", uint8: "logistic.8.reference",
        int16: "logistic.i16.reference"))
    if operand.type == .float32 { return try operand.float(&graph, .logistic) }
    if operand.type == .int16 { return try translateWide(&graph, operand, .logistic) }
    guard try graph.outputAffine().scale == 1 / 256 else {
      throw graph.error(.invalidOperator, "its output must have the scale 1/256")
    }
    return try operand.lookUp(&graph, real: { 1 / (1 + Float(exponential(Double(-$0)))) })
  }

  static func translateTanh(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let operand = try UnaryOperand(
      graph,
      KernelNames(
        float32: "tanh.f32.reference", int8: "tanh.8.reference", uint8: "tanh.8.reference",
        int16: "tanh.i16.reference"))
    switch operand.type {
    case .float32: return try operand.float(&graph, .hyperbolicTangent)
    case .int16: return try translateWide(&graph, operand, .hyperbolicTangent)
    default:
      if graph.lacksQuantization(operand.input) { return try operand.scaledByZero(&graph) }
      return try operand.lookUp(&graph, real: { Float(hyperbolicTangent(Double($0))) })
    }
  }

  /// LOGISTIC and TANH of 16-bit elements.
  private static func translateWide(
    _ graph: inout GraphBuilder, _ operand: UnaryOperand, _ kind: WideFunctionKind
  ) throws(ModelError) -> Operation? {
    let (from, to) = try graph.symmetricPair(operand.input)
    guard to.scale == 1 / 32768 else {
      throw graph.error(.invalidOperator, "its output must have the scale 1/32768")
    }
    var parameters = WideFunctionParameters()
    let largestShift: Int32 = kind == .logistic ? 0 : 1
    if let exponent = graph.binaryLogarithm(of: from.scale), (0...largestShift).contains(12 + exponent) {
      parameters.inputMultiplier = 3 << Int64(12 + exponent)
    } else {
      var multiplier = Double(from.scale) * 4096 * 3
      while multiplier <= 32767.0 / 2, parameters.inputShift <= 30 {
        parameters.inputShift += 1
        multiplier *= 2
      }
      // Beyond 2^31 the first step from 0 saturates already.
      parameters.inputMultiplier = Int64(min(multiplier, 0x1p31))
    }
    return try operand.wide(&graph, kind, parameters, table: logisticTable)
  }

  /// The logistic function of `i / 24` in Q0.16, as the reference has it: not everywhere the nearest number.
  private static var logisticTable: [Int32] {
    [
      32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794, 41432,
      42064, 42688, 43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443, 48964, 49475,
      49975, 50464, 50942, 51409, 51865, 52311, 52745, 53169, 53581, 53983, 54374, 54755, 55125, 55485,
      55834, 56174, 56503, 56823, 57133, 57433, 57724, 58007, 58280, 58544, 58800, 59048, 59288, 59519,
      59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110, 61279, 61441, 61599, 61750, 61896, 62036,
      62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990, 63090, 63186, 63279, 63368, 63454, 63536,
      63615, 63691, 63765, 63835, 63903, 63968, 64030, 64090, 64148, 64204, 64257, 64308, 64357, 64405,
      64450, 64494, 64536, 64576, 64614, 64652, 64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900,
      64926, 64950, 64974, 64997, 65019, 65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179,
      65194, 65208, 65221, 65234, 65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337,
      65345, 65352, 65360, 65367, 65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425,
      65429, 65433, 65438, 65442, 65445, 65449, 65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474,
      65476, 65479, 65481, 65483, 65485, 65488, 65489, 65491, 65493, 65495, 65497, 65498, 65500, 65501,
      65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513, 65514, 65515, 65516, 65517,
      65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524, 65525, 65525,
      65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529, 65529, 65530, 65530,
      65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532, 65532, 65532, 65532, 65533,
      65533, 65533, 65533, 65533, 65533, 65533, 65533, 65534, 65534, 65534, 65534, 65534, 65534, 65534,
      65534, 65534, 65534, 65535,
    ]
  }
}
