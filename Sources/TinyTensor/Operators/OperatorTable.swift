/// An operator that this library has: the one list that dispatch, error messages and documentation are made from.
struct OperatorEntry: Sendable {
  let code: BuiltinOperator
  /// The newest version of its definition that is understood.
  let newestVersion: Int
  /// The types it runs on, for the documentation.
  let types: StaticString
  /// Checks the builder's current operator and turns it into an operation, or into a view (`nil`).
  let translate: @Sendable (inout GraphBuilder) throws(ModelError) -> Operation?

  init(
    _ code: BuiltinOperator, newestVersion: Int, types: StaticString,
    _ translate: @escaping @Sendable (inout GraphBuilder) throws(ModelError) -> Operation?
  ) {
    self.code = code
    self.newestVersion = newestVersion
    self.types = types
    self.translate = translate
  }

  /// All of them, by the schema's numbers.
  static let all: [OperatorEntry] = [
    .init(.add, newestVersion: 5, types: "float32, int32, int64, int8, uint8, int16", Arithmetic.translateAdd),
    .init(.averagePool2D, newestVersion: 3, types: "int8, uint8", Pool.translateAverage),
    .init(.concatenation, newestVersion: 7, types: "all of whole bytes; uint8 requantized", Concatenation.translate),
    .init(.conv2D, newestVersion: 8, types: "int8, uint8", Convolution.translate),
    .init(.depthwiseConv2D, newestVersion: 7, types: "int8, uint8", DepthwiseConvolution.translate),
    .init(.dequantize, newestVersion: 9, types: "int8, uint8, int16 to float32", Dequantize.translate),
    .init(.floor, newestVersion: 1, types: "float32", UnaryFunctions.translateFloor),
    .init(.fullyConnected, newestVersion: 14, types: "int8, uint8", FullyConnected.translate),
    .init(.l2Normalization, newestVersion: 2, types: "float32, int8, uint8", L2Normalization.translate),
    .init(.localResponseNormalization, newestVersion: 1, types: "float32", LocalResponseNormalization.translate),
    .init(.logistic, newestVersion: 3, types: "float32, int8, uint8, int16", Activations.translateLogistic),
    .init(.maxPool2D, newestVersion: 3, types: "int8, uint8", Pool.translateMax),
    .init(.mul, newestVersion: 7, types: "float32, int32, int64, int8, uint8, int16", Arithmetic.translateMultiply),
    .init(.relu, newestVersion: 3, types: "float32, int8, uint8, int16", Activations.translateRelu),
    .init(.reluN1To1, newestVersion: 1, types: "float32, int8, uint8, int16", Activations.translateReluN1To1),
    .init(.relu6, newestVersion: 3, types: "float32, int8, uint8, int16", Activations.translateRelu6),
    .init(.reshape, newestVersion: 1, types: "all", Reshape.translate),
    .init(.softmax, newestVersion: 3, types: "float32, int8, uint8, int16, int8 to int16", Softmax.translate),
    .init(.tanh, newestVersion: 3, types: "float32, int8, uint8, int16", Activations.translateTanh),
    .init(.pad, newestVersion: 6, types: "all of whole bytes", Pad.translate),
    .init(.mean, newestVersion: 3, types: "float32, int32, int64, int8, uint8, int16", Reduce.translateMean),
    .init(.sub, newestVersion: 5, types: "float32, int32, int64, int8, uint8, int16", Arithmetic.translateSubtract),
    .init(.div, newestVersion: 2, types: "float32, int32, uint8", Arithmetic.translateDivide),
    .init(.squeeze, newestVersion: 2, types: "all", Squeeze.translate),
    .init(.exp, newestVersion: 2, types: "float32, int8, int16", UnaryFunctions.translateExponential),
    .init(.logSoftmax, newestVersion: 2, types: "float32, int8, uint8", LogSoftmax.translate),
    .init(.prelu, newestVersion: 1, types: "float32, int8, uint8", Arithmetic.translatePrelu),
    .init(.maximum, newestVersion: 4, types: "float32, int32, int64, int8, uint8, int16", Arithmetic.translateMaximum),
    .init(.minimum, newestVersion: 4, types: "float32, int32, int64, int8, uint8, int16", Arithmetic.translateMinimum),
    .init(.less, newestVersion: 3, types: "float32, int32, int64, int8, uint8, int16", Comparison.translateLess),
    .init(.neg, newestVersion: 1, types: "float32, int32, int64", UnaryFunctions.translateNegate),
    .init(.greater, newestVersion: 3, types: "float32, int32, int64, int8, uint8, int16", Comparison.translateGreater),
    .init(
      .greaterEqual, newestVersion: 3, types: "float32, int32, int64, int8, uint8, int16",
      Comparison.translateGreaterEqual),
    .init(
      .lessEqual, newestVersion: 3, types: "float32, int32, int64, int8, uint8, int16",
      Comparison.translateLessEqual),
    .init(.sin, newestVersion: 1, types: "float32", UnaryFunctions.translateSine),
    .init(
      .equal, newestVersion: 5, types: "float32, int32, int64, int8, uint8, int16, bool",
      Comparison.translateEqual),
    .init(
      .notEqual, newestVersion: 4, types: "float32, int32, int64, int8, uint8, int16, bool",
      Comparison.translateNotEqual),
    .init(.log, newestVersion: 2, types: "float32, int8, int16", UnaryFunctions.translateLogarithm),
    .init(.sum, newestVersion: 2, types: "float32, int32, int64, int8, uint8, int16", Reduce.translateSum),
    .init(.sqrt, newestVersion: 2, types: "float32", UnaryFunctions.translateSquareRoot),
    .init(.rsqrt, newestVersion: 3, types: "float32, int8, int16", UnaryFunctions.translateInverseSquareRoot),
    .init(.pow, newestVersion: 1, types: "float32, int32", Arithmetic.translatePower),
    .init(.fakeQuant, newestVersion: 2, types: "float32", UnaryFunctions.translateFakeQuantize),
    .init(.reduceProd, newestVersion: 2, types: "float32, int32, int64, int8, int16", Reduce.translateProduct),
    .init(.reduceMax, newestVersion: 3, types: "float32, int32, int64, int8, uint8, int16", Reduce.translateMaximum),
    .init(.reduceMin, newestVersion: 3, types: "float32, int32, int64, int8, uint8, int16", Reduce.translateMinimum),
    .init(.reduceAny, newestVersion: 1, types: "bool", Reduce.translateAny),
    .init(.square, newestVersion: 1, types: "float32, int32, int64", UnaryFunctions.translateSquare),
    .init(.leakyRelu, newestVersion: 2, types: "float32, int8, uint8, int16", Activations.translateLeakyRelu),
    .init(
      .squaredDifference, newestVersion: 2, types: "float32, int32, int64, int8",
      Arithmetic.translateSquaredDifference),
    .init(.abs, newestVersion: 5, types: "float32, int32, int64, int8, int16", UnaryFunctions.translateAbsolute),
    .init(.ceil, newestVersion: 1, types: "float32", UnaryFunctions.translateCeiling),
    .init(.addN, newestVersion: 1, types: "float32, int32", SumOfTensors.translate),
    .init(.cos, newestVersion: 1, types: "float32", UnaryFunctions.translateCosine),
    .init(.elu, newestVersion: 1, types: "float32, int8", Activations.translateElu),
    .init(
      .quantize, newestVersion: 6, types: "float32, int8, uint8, int16, int32 to int8, uint8, int16, int32",
      Quantize.translate),
    .init(.round, newestVersion: 1, types: "float32", UnaryFunctions.translateRound),
    .init(.hardSwish, newestVersion: 1, types: "float32, int8, uint8", Activations.translateHardSwish),
    .init(.cumsum, newestVersion: 1, types: "float32, int32, int64", CumulativeSum.translate),
    .init(.reduceAll, newestVersion: 1, types: "bool", Reduce.translateAll),
    .init(.gelu, newestVersion: 2, types: "float32, int8, uint8", Activations.translateGelu),
    .init(.relu0To1, newestVersion: 1, types: "float32, int8, uint8, int16", Activations.translateRelu0To1),
    .init(.atan2, newestVersion: 1, types: "float32", Arithmetic.translateArcTangent),
    .init(.sign, newestVersion: 2, types: "float32, int32, int64", UnaryFunctions.translateSign),
  ]

  /// The entry for an operator, or `nil` if this library does not have it.
  static func entry(for code: BuiltinOperator) -> OperatorEntry? {
    for entry in all where entry.code == code { return entry }
    return nil
  }
}
