/// What the Edge TPU's compiler takes of one kind of operator: the one list that the check is made from.
///
/// Limits are those of Coral's table of supported operations, first runtimes those of its later copies as they are
/// remembered. Newest versions are those of TensorFlow Lite 2.5, as they are remembered, which compiler 16 seems to be
/// built with: its refusal of CONV_2D version 6 is reported in google-coral/edgetpu issue 631.
struct CompatibilityRule: Sendable {
  let code: BuiltinOperator
  /// The first `RuntimeVersion` of libedgetpu that has it.
  let firstRuntime: Int
  /// The newest version of its definition that the compiler knows.
  let newestVersion: Int
  /// Positions of inputs that must be constant: weights, axes, sizes.
  let constants: [Int]
  /// Further limits; `nil` where there are none.
  let limit: (@Sendable (borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding?)?

  init(
    _ code: BuiltinOperator, runtime: Int = 10, version: Int, constants: [Int] = [],
    _ limit: (@Sendable (borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding?)? = nil
  ) {
    self.code = code
    firstRuntime = runtime
    newestVersion = version
    self.constants = constants
    self.limit = limit
  }

  /// All operators that the compiler takes.
  static let all: [CompatibilityRule] = [
    .init(.add, version: 3),
    .init(.averagePool2D, version: 3, CompatibilityLimits.pool),
    .init(.concatenation, version: 3, CompatibilityLimits.concatenation),
    .init(.conv2D, version: 5, constants: [1, 2], CompatibilityLimits.convolution),
    .init(.depthwiseConv2D, version: 6, constants: [1, 2], CompatibilityLimits.depthwiseConvolution),
    .init(.expandDims, runtime: 13, version: 1, constants: [1]),
    .init(.fullyConnected, version: 9, constants: [1, 2], CompatibilityLimits.fullyConnected),
    .init(.l2Normalization, version: 2),
    .init(.logistic, version: 3),
    .init(.lstm, runtime: 14, version: 4, constants: [1, 2, 3, 4, 5, 6, 7, 8]),
    .init(.maxPool2D, version: 3, CompatibilityLimits.pool),
    .init(.maximum, version: 4),
    .init(.mean, version: 3, constants: [1], CompatibilityLimits.mean),
    .init(.minimum, version: 4),
    .init(.mul, version: 4),
    .init(.pack, runtime: 13, version: 4, CompatibilityLimits.pack),
    .init(.pad, version: 2, constants: [1], CompatibilityLimits.pad),
    .init(.prelu, runtime: 13, version: 1, constants: [1], CompatibilityLimits.prelu),
    .init(.quantize, runtime: 13, version: 2),
    .init(.reduceMax, runtime: 14, version: 3, constants: [1], CompatibilityLimits.reduction),
    .init(.reduceMin, runtime: 14, version: 3, constants: [1], CompatibilityLimits.reduction),
    .init(.relu, version: 3),
    .init(.relu6, version: 3),
    .init(.reluN1To1, version: 1),
    // Coral: large ones may not be mapped. What is large is not said, so none is refused here.
    .init(.reshape, version: 1),
    .init(.resizeBilinear, version: 3, constants: [1], CompatibilityLimits.resize),
    .init(.resizeNearestNeighbor, version: 3, constants: [1], CompatibilityLimits.resize),
    .init(.rsqrt, runtime: 14, version: 2),
    .init(.slice, version: 5, constants: [1, 2]),
    .init(.softmax, version: 3, CompatibilityLimits.softmax),
    .init(.spaceToDepth, version: 2),
    .init(.split, version: 4, constants: [0], CompatibilityLimits.split),
    .init(.squaredDifference, runtime: 14, version: 2),
    .init(.squeeze, version: 2, CompatibilityLimits.squeeze),
    .init(.stridedSlice, version: 5, constants: [1, 2, 3], CompatibilityLimits.stridedSlice),
    .init(.sub, version: 5),
    .init(.sum, runtime: 13, version: 2, constants: [1], CompatibilityLimits.reduction),
    .init(.tanh, version: 3),
    .init(.transpose, runtime: 14, version: 5, constants: [1]),
    .init(.transposeConv, runtime: 13, version: 3, constants: [0, 1, 3]),
    .init(
      .unidirectionalSequenceLSTM, runtime: 14, version: 3, constants: [1, 2, 3, 4, 5, 6, 7, 8]),
  ]

  static func of(_ code: BuiltinOperator) -> CompatibilityRule? { all.first { $0.code == code } }
}

extension CompatibilityRule {
  /// Why an operator would not be mapped, types first, then what is not constant, ranks and further limits; `nil`
  /// if it probably would be.
  static func finding(_ node: borrowing CompatibilityNode) throws(ModelError) -> CompatibilityFinding? {
    guard node.code.builtin != .custom, let rule = of(node.code.builtin) else {
      return CompatibilityFinding(
        .notSupported, "the Edge TPU has no such operator", advice(forUnsupported: node.code))
    }
    guard node.runtime >= rule.firstRuntime else {
      return CompatibilityFinding(
        .notSupported, "it needs runtime \(rule.firstRuntime)", "compile for runtime \(rule.firstRuntime) or later")
    }
    guard node.code.version <= rule.newestVersion else {
      return CompatibilityFinding(
        .versionNotSupported, "version \(node.code.version) is newer than \(rule.newestVersion)",
        "convert the model with an older TensorFlow, at best 2.5")
    }
    if let finding = types(node, rule) { return finding }
    for position in rule.constants {
      if let tensor = node.input(position), !node.isConstant(tensor) {
        return .limit("input \(position) is not constant", "make weights, axes and sizes constants of the model")
      }
    }
    if let finding = ranks(node) { return finding }
    return try rule.limit?(node)
  }

  private static func types(
    _ node: borrowing CompatibilityNode, _ rule: CompatibilityRule
  ) -> CompatibilityFinding? {
    let isRecurrent = rule.code == .lstm || rule.code == .unidirectionalSequenceLSTM
    for position in node.node.inputs.indices {
      guard let tensor = node.input(position) else { continue }
      let isConstant = node.isConstant(tensor)
      // What has to be constant and is not is told as that.
      if !isConstant, rule.constants.contains(position) { continue }
      if tensor.isEightBit {
        if let finding = signed(tensor, node) { return finding }
        continue
      }
      // Biases, axes and sizes are whole numbers; an LSTM layer keeps its cells, and has weights, of 16 bits.
      if isConstant, tensor.elementType == .int32 || tensor.elementType == .int64 { continue }
      if isRecurrent, tensor.elementType == .int16 { continue }
      return wrongType(tensor, "input \(position)")
    }
    for position in node.node.outputs.indices {
      guard let tensor = node.output(position) else { continue }
      guard tensor.isEightBit else { return wrongType(tensor, "output \(position)") }
      if let finding = signed(tensor, node) { return finding }
    }
    return nil
  }

  /// int8 came with runtime 12: for 10 and 11 the compiler maps nothing of an int8 model (google-coral/edgetpu issue
  /// 222). Weights are counted too; those of a uint8 model are uint8.
  private static func signed(
    _ tensor: ModelFile.Tensor, _ node: borrowing CompatibilityNode
  ) -> CompatibilityFinding? {
    guard tensor.elementType == .int8, node.runtime < 12 else { return nil }
    return CompatibilityFinding(.unsupportedType, "int8 needs runtime 12", "compile for runtime 12 or later")
  }

  private static func wrongType(_ tensor: ModelFile.Tensor, _ what: String) -> CompatibilityFinding {
    let isStored = tensor.elementType == .int8 || tensor.elementType == .uint8
    return CompatibilityFinding(
      .unsupportedType, "\(what) is \(tensor.elementType)\(isStored ? " without a scale" : "")",
      "quantize it to 8 bits (full integer quantization)")
  }

  private static func ranks(_ node: borrowing CompatibilityNode) -> CompatibilityFinding? {
    for index in node.node.inputs + node.node.outputs where index >= 0 {
      let tensor = node.tensors[index]
      if node.isConstant(tensor) { continue }
      // Longer shapes are not looked through, nor written out for every operator that has them.
      guard tensor.shape.count <= Shape.maximumRank else {
        return CompatibilityFinding(
          .unsupportedRank, "a tensor has \(tensor.shape.count) axes", "reshape to the 3 innermost axes")
      }
      if tensor.shape.contains(where: { $0 < 1 }) || tensor.elementCount == nil {
        return .limit("the shape \(describeShape(tensor.shape)) is empty or impossible", "give every tensor a size")
      }
      if tensor.shape.dropLast(3).contains(where: { $0 != 1 }) {
        return CompatibilityFinding(
          .unsupportedRank, "\(describeShape(tensor.shape)) has more than 3 axes above 1",
          "use a batch of 1, or reshape so that only the 3 innermost axes exceed 1")
      }
    }
    return nil
  }

  /// What to use in place of an operator that the compiler lacks.
  private static func advice(forUnsupported code: ModelFile.OperatorCode) -> String {
    switch code.builtin {
    case .padV2, .mirrorPad: "use PAD, which fills with zeros"
    case .splitV: "use SPLIT into equal parts"
    case .leakyRelu, .elu, .hardSwish, .gelu, .relu0To1: "use RELU, RELU6 or PRELU"
    case .div: "multiply by the inverse (MUL)"
    case .bidirectionalSequenceLSTM: "use a unidirectional LSTM"
    case .depthToSpace, .batchToSpaceND, .spaceToBatchND: "use SPACE_TO_DEPTH, RESHAPE or a dilated convolution"
    case .gather, .gatherND, .unpack: "use SLICE, STRIDED_SLICE or SPLIT"
    case .argMax, .argMin, .topKV2, .nonMaxSuppressionV4, .nonMaxSuppressionV5, .custom:
      "leave it to the CPU as the model's end, or to the program"
    case .cast, .dequantize: "keep the model in 8 bits; convert at its ends alone"
    case .varHandle, .readVariable, .assignVariable, .callOnce, .if, .while, .call:
      "convert without state and control flow; pass state as inputs and outputs"
    default: "replace it by operators that are supported, or move it to the model's end"
    }
  }
}
