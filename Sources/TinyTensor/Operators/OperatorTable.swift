/// An operator that this library has: the one list that dispatch, error messages and documentation are made from.
struct OperatorEntry: Sendable {
  let code: BuiltinOperator
  /// The name of a custom operator; `nil` for those of the schema.
  let customName: StaticString?
  /// The newest version of its definition that is understood.
  let newestVersion: Int
  /// The types it runs on, for the documentation.
  let types: StaticString
  /// Checks the builder's current operator and turns it into an operation, or into a view (`nil`).
  let translate: @Sendable (inout GraphBuilder) throws(ModelError) -> Operation?

  init(
    _ code: BuiltinOperator, _ customName: StaticString? = nil, newestVersion: Int, types: StaticString,
    _ translate: @escaping @Sendable (inout GraphBuilder) throws(ModelError) -> Operation?
  ) {
    self.code = code
    self.customName = customName
    self.newestVersion = newestVersion
    self.types = types
    self.translate = translate
  }

  /// All of them, by the schema's numbers.
  static let all: [OperatorEntry] = [
    .init(.add, newestVersion: 5, types: "int8, uint8", Add.translate),
    .init(.averagePool2D, newestVersion: 3, types: "int8, uint8", Pool.translateAverage),
    .init(.concatenation, newestVersion: 7, types: "all of whole bytes; uint8 requantized", Concatenation.translate),
    .init(.conv2D, newestVersion: 8, types: "int8, uint8", Convolution.translate),
    .init(.depthwiseConv2D, newestVersion: 7, types: "int8, uint8", DepthwiseConvolution.translate),
    .init(.dequantize, newestVersion: 9, types: "int8, uint8, int16 to float32", Dequantize.translate),
    .init(.fullyConnected, newestVersion: 14, types: "int8, uint8", FullyConnected.translate),
    .init(.logistic, newestVersion: 3, types: "int8, uint8", LookUp.translateLogistic),
    .init(.maxPool2D, newestVersion: 3, types: "int8, uint8", Pool.translateMax),
    .init(.mul, newestVersion: 7, types: "int8, uint8", Multiply.translate),
    .init(.relu, newestVersion: 3, types: "int8, uint8", LookUp.translateRelu),
    .init(.relu6, newestVersion: 3, types: "int8, uint8", LookUp.translateRelu6),
    .init(.reshape, newestVersion: 1, types: "all", Reshape.translate),
    .init(.softmax, newestVersion: 3, types: "int8, uint8, int8 to int16", Softmax.translate),
    .init(.svdf, newestVersion: 4, types: "int8, float32", SVDF.translate),
    .init(.unidirectionalSequenceLSTM, newestVersion: 4, types: "int8, float32", FloatLSTM.translateUnidirectional),
    .init(.bidirectionalSequenceLSTM, newestVersion: 3, types: "float32", FloatLSTM.translateBidirectional),
    .init(.rnn, newestVersion: 3, types: "float32", FloatRNN.translateSingle),
    .init(.unidirectionalSequenceRNN, newestVersion: 3, types: "float32", FloatRNN.translateSequence),
    .init(.call, newestVersion: 1, types: "all", Control.translateCall),
    .init(.custom, "PosenetDecoderOp", newestVersion: 1, types: "float32, uint8 to float32", PoseDecoder.translate),
    .init(
      .custom, "TFLite_Detection_PostProcess", newestVersion: 1, types: "float32, int8, uint8 to float32",
      DetectionPostProcess.translate),
    .init(.pad, newestVersion: 6, types: "all of whole bytes", Pad.translate),
    .init(.mean, newestVersion: 3, types: "int8, uint8", Mean.translate),
    .init(.squeeze, newestVersion: 2, types: "all", Squeeze.translate),
    .init(
      .quantize, newestVersion: 6, types: "float32, int8, uint8, int16, int32 to int8, uint8, int16, int32",
      Quantize.translate),
    .init(.if, newestVersion: 1, types: "all", Control.translateIf),
    .init(.while, newestVersion: 1, types: "all", Control.translateWhile),
    .init(.callOnce, newestVersion: 1, types: "all", Control.translateCallOnce),
    .init(.varHandle, newestVersion: 1, types: "resource", Variable.translateHandle),
    .init(.readVariable, newestVersion: 1, types: "all", Variable.translateRead),
    .init(.assignVariable, newestVersion: 1, types: "all", Variable.translateAssign),
  ]

  /// The entry for an operator, or `nil` if this library does not have it.
  static func entry(for code: ModelFile.OperatorCode) -> OperatorEntry? {
    for entry in all where entry.code == code.builtin {
      guard let name = entry.customName else { return entry }
      if name.description == code.customName { return entry }
    }
    return nil
  }

  /// The operator's name.
  var name: String { customName?.description ?? code.name }
}
