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
    .init(.add, newestVersion: 5, types: "int8, uint8", Add.translate),
    .init(.averagePool2D, newestVersion: 3, types: "int8, uint8, int16, float32", Pool.translateAverage),
    .init(.concatenation, newestVersion: 7, types: "all of whole bytes; uint8 requantized", Concatenation.translate),
    .init(
      .conv2D, newestVersion: 8,
      types: "int8, uint8, int16, float32; weights int8, int4, int2, uint8, float32; float32 with integer weights",
      Convolution.translate),
    .init(
      .depthwiseConv2D, newestVersion: 7,
      types: "int8, uint8, int16, float32; weights int8, int4, int2, uint8, float32; float32 with integer weights",
      DepthwiseConvolution.translate),
    .init(
      .dequantize, newestVersion: 9, types: "int8, uint8, int16, int4, int2, float16 to float32", Dequantize.translate),
    .init(
      .fullyConnected, newestVersion: 14,
      types:
        "int8, uint8, int16, uint8 to int16, float32; weights int8, int4, int2, uint8, float32, or integer with float32",
      FullyConnected.translate),
    .init(.l2Pool2D, newestVersion: 1, types: "float32", Pool.translateL2),
    .init(.logistic, newestVersion: 3, types: "int8, uint8", LookUp.translateLogistic),
    .init(.maxPool2D, newestVersion: 3, types: "int8, uint8, int16, float32", Pool.translateMax),
    .init(.mul, newestVersion: 7, types: "int8, uint8", Multiply.translate),
    .init(.relu, newestVersion: 3, types: "int8, uint8", LookUp.translateRelu),
    .init(.relu6, newestVersion: 3, types: "int8, uint8", LookUp.translateRelu6),
    .init(.reshape, newestVersion: 1, types: "all", Reshape.translate),
    .init(
      .resizeBilinear, newestVersion: 4, types: "int8, uint8, int16, float32", Resize.translateBilinear),
    .init(.softmax, newestVersion: 3, types: "int8, uint8, int8 to int16", Softmax.translate),
    .init(.pad, newestVersion: 6, types: "all of whole bytes", Pad.translate),
    .init(.mean, newestVersion: 3, types: "int8, uint8", Mean.translate),
    .init(.squeeze, newestVersion: 2, types: "all", Squeeze.translate),
    .init(
      .transposeConv, newestVersion: 5, types: "int8, uint8, int16, float32; weights int8, int4, int2, uint8, float32",
      TransposeConvolution.translate),
    .init(
      .resizeNearestNeighbor, newestVersion: 4, types: "all of whole bytes", Resize.translateNearest),
    .init(
      .quantize, newestVersion: 6, types: "float32, int8, uint8, int16, int32 to int8, uint8, int16, int32",
      Quantize.translate),
    .init(
      .batchMatMul, newestVersion: 4, types: "int8, int16, float32, float32 with int8", BatchMatrixMultiply.translate),
    .init(.conv3D, newestVersion: 1, types: "float32", Convolution3D.translate),
  ]

  /// The entry for an operator, or `nil` if this library does not have it.
  static func entry(for code: BuiltinOperator) -> OperatorEntry? {
    for entry in all where entry.code == code { return entry }
    return nil
  }
}
