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
    .init(.add, newestVersion: 5, types: "float32, float16, int32, int64, int8, uint8, int16", Arithmetic.translateAdd),
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
      .depthToSpace, newestVersion: 2, types: "elements of 1, 2, 4 and 8 bytes",
      Rearrangement.translateDepthToSpace),
    .init(
      .dequantize, newestVersion: 9, types: "int8, uint8, int16, int4, int2, float16 to float32", Dequantize.translate),
    .init(
      .embeddingLookup, newestVersion: 5,
      types: "all of whole bytes; int8, uint8, int4, int2 to float32, float16", Embedding.translate),
    .init(.floor, newestVersion: 1, types: "float32, float16", UnaryFunctions.translateFloor),
    .init(
      .fullyConnected, newestVersion: 14,
      types:
        "int8, uint8, int16, uint8 to int16, float32; weights int8, int4, int2, uint8, float32, or integer with float32, int4 in blocks with float32",
      FullyConnected.translate),
    .init(.l2Normalization, newestVersion: 2, types: "float32, int8, uint8", L2Normalization.translate),
    .init(.l2Pool2D, newestVersion: 1, types: "float32", Pool.translateL2),
    .init(.localResponseNormalization, newestVersion: 1, types: "float32", LocalResponseNormalization.translate),
    .init(.logistic, newestVersion: 3, types: "float32, float16, int8, uint8, int16", Activations.translateLogistic),
    .init(
      .lstm, newestVersion: 4, types: "float32; weights also int8 or uint8; uint8 with an int16 state",
      FloatLSTM.translateStep),
    .init(.maxPool2D, newestVersion: 3, types: "int8, uint8, int16, float32", Pool.translateMax),
    .init(
      .mul, newestVersion: 7, types: "float32, float16, int32, int64, int8, uint8, int16", Arithmetic.translateMultiply),
    .init(.relu, newestVersion: 3, types: "float32, int8, uint8, int16", Activations.translateRelu),
    .init(.reluN1To1, newestVersion: 1, types: "float32, int8, uint8, int16", Activations.translateReluN1To1),
    .init(.relu6, newestVersion: 3, types: "float32, int8, uint8, int16", Activations.translateRelu6),
    .init(.reshape, newestVersion: 1, types: "all", Reshape.translate),
    .init(
      .resizeBilinear, newestVersion: 4, types: "int8, uint8, int16, float32", Resize.translateBilinear),
    .init(.rnn, newestVersion: 3, types: "float32; weights also int8 or uint8", FloatRNN.translateSingle),
    .init(.softmax, newestVersion: 3, types: "float32, float16, int8, uint8, int16, int8 to int16", Softmax.translate),
    .init(
      .spaceToDepth, newestVersion: 2, types: "elements of 1, 2, 4 and 8 bytes",
      Rearrangement.translateSpaceToDepth),
    .init(.svdf, newestVersion: 4, types: "int8, float32; weights int8 or uint8 with float32", SVDF.translate),
    .init(.tanh, newestVersion: 3, types: "float32, float16, int8, uint8, int16", Activations.translateTanh),
    .init(.call, newestVersion: 1, types: "all", Control.translateCall),
    .init(.pad, newestVersion: 6, types: "all of whole bytes", Pad.translate),
    .init(
      .unidirectionalSequenceRNN, newestVersion: 3, types: "float32; weights also int8 or uint8",
      FloatRNN.translateSequence),
    .init(
      .gather, newestVersion: 8, types: "all of whole bytes; int4, int2 by slices of whole bytes", Gather.translate),
    .init(.batchToSpaceND, newestVersion: 4, types: "elements of 1, 2, 4 and 8 bytes", BatchToSpace.translate),
    .init(.spaceToBatchND, newestVersion: 4, types: "elements of 1, 2, 4 and 8 bytes", SpaceToBatch.translate),
    .init(.transpose, newestVersion: 8, types: "elements of 1, 2, 4 and 8 bytes", Rearrangement.translateTranspose),
    .init(.mean, newestVersion: 3, types: "float32, int32, int64, int8, uint8, int16", Reduce.translateMean),
    .init(.sub, newestVersion: 5, types: "float32, int32, int64, int8, uint8, int16", Arithmetic.translateSubtract),
    .init(.div, newestVersion: 2, types: "float32, int32, int8, uint8, int16", Arithmetic.translateDivide),
    .init(.squeeze, newestVersion: 2, types: "all", Squeeze.translate),
    .init(
      .unidirectionalSequenceLSTM, newestVersion: 4, types: "int8, float32; weights int8 or uint8 with float32",
      FloatLSTM.translateUnidirectional),
    .init(.stridedSlice, newestVersion: 8, types: "elements of 1, 2, 4 and 8 bytes", Slice.translateStrided),
    .init(
      .bidirectionalSequenceRNN, newestVersion: 3, types: "float32; weights also int8 or uint8",
      FloatRNN.translateBidirectional),
    .init(.exp, newestVersion: 2, types: "float32, int8, int16", UnaryFunctions.translateExponential),
    .init(.topKV2, newestVersion: 3, types: "float32, int8, uint8, int16, int32, int64", Top.translate),
    .init(.split, newestVersion: 5, types: "all of whole bytes", Split.translate),
    .init(.logSoftmax, newestVersion: 2, types: "float32, int8, uint8", LogSoftmax.translate),
    .init(
      .bidirectionalSequenceLSTM, newestVersion: 3, types: "float32; weights also int8 or uint8",
      FloatLSTM.translateBidirectional),
    .init(
      .cast, newestVersion: 9,
      types: "among int8, uint8, int16, uint16, int32, uint32, int64, float16, float32, float64, bool",
      Cast.translate),
    .init(.prelu, newestVersion: 1, types: "float32, int8, uint8, int16", Arithmetic.translatePrelu),
    .init(
      .maximum, newestVersion: 4, types: "float32, float16, int32, int64, int8, uint8, int16",
      Arithmetic.translateMaximum),
    .init(.argMax, newestVersion: 3, types: "float32, int8, uint8, int32, bool", Extremum.translateLargest),
    .init(
      .minimum, newestVersion: 4, types: "float32, float16, int32, int64, int8, uint8, int16",
      Arithmetic.translateMinimum),
    .init(
      .less, newestVersion: 3, types: "float32, float16, int32, int64, int8, uint8, int16", Comparison.translateLess),
    .init(
      .neg, newestVersion: 1, types: "float32, float16, int32, int64, int8, int16",
      UnaryFunctions.translateNegate),
    .init(.padV2, newestVersion: 6, types: "elements of 1, 2, 4 and 8 bytes", Pad.translateValue),
    .init(
      .greater, newestVersion: 3, types: "float32, float16, int32, int64, int8, uint8, int16",
      Comparison.translateGreater),
    .init(
      .greaterEqual, newestVersion: 3, types: "float32, float16, int32, int64, int8, uint8, int16",
      Comparison.translateGreaterEqual),
    .init(
      .lessEqual, newestVersion: 3, types: "float32, float16, int32, int64, int8, uint8, int16",
      Comparison.translateLessEqual),
    .init(.select, newestVersion: 4, types: "elements of 1, 2, 4 and 8 bytes", Select.translateRows),
    .init(.slice, newestVersion: 8, types: "elements of 1, 2, 4 and 8 bytes", Slice.translate),
    .init(.sin, newestVersion: 1, types: "float32, float16", UnaryFunctions.translateSine),
    .init(
      .transposeConv, newestVersion: 5, types: "int8, uint8, int16, float32; weights int8, int4, int2, uint8, float32",
      TransposeConvolution.translate),
    .init(.sparseToDense, newestVersion: 3, types: "elements of 1, 2, 4 and 8 bytes", SparseToDense.translate),
    .init(.tile, newestVersion: 3, types: "elements of 1, 2, 4 and 8 bytes", Rearrangement.translateTile),
    .init(.expandDims, newestVersion: 1, types: "all", ExpandDimensions.translate),
    .init(
      .equal, newestVersion: 5, types: "float32, float16, int32, int64, int8, uint8, int16, bool",
      Comparison.translateEqual),
    .init(
      .notEqual, newestVersion: 4, types: "float32, float16, int32, int64, int8, uint8, int16, bool",
      Comparison.translateNotEqual),
    .init(.log, newestVersion: 2, types: "float32, int8, int16", UnaryFunctions.translateLogarithm),
    .init(.sum, newestVersion: 2, types: "float32, int32, int64, int8, uint8, int16, bool", Reduce.translateSum),
    .init(.sqrt, newestVersion: 2, types: "float32, int8, int16", UnaryFunctions.translateSquareRoot),
    .init(.rsqrt, newestVersion: 3, types: "float32, int8, int16", UnaryFunctions.translateInverseSquareRoot),
    .init(.shape, newestVersion: 1, types: "all, to int32 and int64", ShapeConstants.translateShape),
    .init(.pow, newestVersion: 1, types: "float32, int32", Arithmetic.translatePower),
    .init(.argMin, newestVersion: 3, types: "float32, int8, uint8, int32, bool", Extremum.translateSmallest),
    .init(.fakeQuant, newestVersion: 2, types: "float32", UnaryFunctions.translateFakeQuantize),
    .init(.reduceProd, newestVersion: 2, types: "float32, int32, int64, int8, int16, bool", Reduce.translateProduct),
    .init(
      .reduceMax, newestVersion: 3, types: "float32, int32, int64, int8, uint8, int16, bool",
      Reduce.translateMaximum),
    .init(.pack, newestVersion: 5, types: "all of whole bytes", Concatenation.translatePack),
    .init(.logicalOr, newestVersion: 1, types: "bool", IntegerOperation.translateOr),
    .init(.oneHot, newestVersion: 1, types: "elements of 1, 2, 4 and 8 bytes", OneHot.translate),
    .init(.logicalAnd, newestVersion: 1, types: "bool", IntegerOperation.translateAnd),
    .init(.logicalNot, newestVersion: 1, types: "bool", LookUp.translateNot),
    .init(.unpack, newestVersion: 6, types: "all of whole bytes", Split.translateUnpack),
    .init(
      .reduceMin, newestVersion: 3, types: "float32, int32, int64, int8, uint8, int16, bool",
      Reduce.translateMinimum),
    .init(
      .floorDiv, newestVersion: 3, types: "int8, int16, int32, int64, float32",
      IntegerOperation.translateFloorQuotient),
    .init(.reduceAny, newestVersion: 1, types: "bool", Reduce.translateAny),
    .init(.square, newestVersion: 1, types: "float32, int32, int64", UnaryFunctions.translateSquare),
    .init(.zerosLike, newestVersion: 1, types: "float32, int32, int64", Fill.translateZeros),
    .init(.fill, newestVersion: 5, types: "elements of 1, 2, 4 and 8 bytes", Fill.translate),
    .init(
      .floorMod, newestVersion: 2, types: "int8, int16, int32, int64, float32",
      IntegerOperation.translateFloorRemainder),
    .init(.range, newestVersion: 2, types: "int32, int64, float32", ShapeConstants.translateRange),
    .init(
      .resizeNearestNeighbor, newestVersion: 4, types: "all of whole bytes", Resize.translateNearest),
    .init(.leakyRelu, newestVersion: 2, types: "float32, int8, uint8, int16", Activations.translateLeakyRelu),
    .init(
      .squaredDifference, newestVersion: 2, types: "float32, int32, int64, int8",
      Arithmetic.translateSquaredDifference),
    .init(.mirrorPad, newestVersion: 3, types: "elements of 1, 2, 4 and 8 bytes", MirrorPad.translate),
    .init(.abs, newestVersion: 5, types: "float32, int32, int64, int8, int16", UnaryFunctions.translateAbsolute),
    .init(.splitV, newestVersion: 3, types: "all of whole bytes", Split.translateListed),
    .init(.ceil, newestVersion: 1, types: "float32", UnaryFunctions.translateCeiling),
    .init(
      .unique, newestVersion: 1, types: "float32, int8, uint8, int16, int32, int64; positions int32, int64",
      Unique.translate),
    .init(.reverseV2, newestVersion: 4, types: "elements of 1, 2, 4 and 8 bytes", Rearrangement.translateReverse),
    .init(.addN, newestVersion: 1, types: "float32, int32", SumOfTensors.translate),
    .init(.gatherND, newestVersion: 6, types: "elements of 1, 2, 4 and 8 bytes", GatherCoordinates.translate),
    .init(.cos, newestVersion: 1, types: "float32, float16", UnaryFunctions.translateCosine),
    .init(
      .where, newestVersion: 2, types: "bool, float32, int8, uint8, int32, uint32, int64",
      ShapeConstants.translateWhere),
    .init(.rank, newestVersion: 1, types: "all", ShapeConstants.translateRank),
    .init(.elu, newestVersion: 1, types: "float32, int8", Activations.translateElu),
    .init(.reverseSequence, newestVersion: 1, types: "elements of 1, 2, 4 and 8 bytes", ReverseSequence.translate),
    .init(.matrixDiag, newestVersion: 1, types: "elements of 1, 2, 4 and 8 bytes", Overlay.translateDiagonal),
    .init(
      .quantize, newestVersion: 6, types: "float32, int8, uint8, int16, int32 to int8, uint8, int16, int32",
      Quantize.translate),
    .init(.matrixSetDiag, newestVersion: 1, types: "elements of 1, 2, 4 and 8 bytes", Overlay.translateSetDiagonal),
    .init(.round, newestVersion: 1, types: "float32", UnaryFunctions.translateRound),
    .init(.hardSwish, newestVersion: 1, types: "float32, int8, uint8", Activations.translateHardSwish),
    .init(.if, newestVersion: 1, types: "all", Control.translateIf),
    .init(.while, newestVersion: 1, types: "all", Control.translateWhile),
    .init(.nonMaxSuppressionV4, newestVersion: 1, types: "float32", Suppression.translate),
    .init(.nonMaxSuppressionV5, newestVersion: 1, types: "float32", Suppression.translateSoft),
    .init(.scatterND, newestVersion: 1, types: "float32, int8, uint8, int32, int64", Scatter.translate),
    .init(.selectV2, newestVersion: 2, types: "elements of 1, 2, 4 and 8 bytes", Select.translate),
    .init(.densify, newestVersion: 1, types: "float32, float16, int8; constant", Densify.translate),
    .init(.segmentSum, newestVersion: 1, types: "float32, int32; constant segments", Scatter.translateSegments),
    .init(
      .batchMatMul, newestVersion: 4, types: "int8, int16, float32; int16 and float32 with int8",
      BatchMatrixMultiply.translate),
    .init(.cumsum, newestVersion: 1, types: "float32, int32, int64", CumulativeSum.translate),
    .init(.callOnce, newestVersion: 1, types: "all", Control.translateCallOnce),
    .init(.broadcastTo, newestVersion: 3, types: "elements of 1, 2, 4 and 8 bytes", Rearrangement.translateBroadcast),
    .init(.rfft2D, newestVersion: 1, types: "float32 to complex64", Spectrum.translate),
    .init(.conv3D, newestVersion: 1, types: "float32", Convolution3D.translate),

    .init(
      .imag, newestVersion: 1, types: "complex64 to float32, complex128 to float64", ComplexNumbers.translateImaginary),
    .init(.real, newestVersion: 1, types: "complex64 to float32, complex128 to float64", ComplexNumbers.translateReal),
    .init(
      .complexAbs, newestVersion: 1, types: "complex64 to float32, complex128 to float64",
      ComplexNumbers.translateMagnitude),
    .init(.reduceAll, newestVersion: 1, types: "bool", Reduce.translateAll),
    .init(.conv3DTranspose, newestVersion: 1, types: "float32", TransposeConvolution3D.translate),
    .init(.varHandle, newestVersion: 1, types: "resource", Variable.translateHandle),
    .init(.readVariable, newestVersion: 1, types: "all", Variable.translateRead),
    .init(.assignVariable, newestVersion: 1, types: "all", Variable.translateAssign),
    .init(.broadcastArgs, newestVersion: 1, types: "int32, int64; constant", ShapeConstants.translateBroadcast),
    .init(.randomStandardNormal, newestVersion: 1, types: "float32", Random.translateNormal),
    .init(.bucketize, newestVersion: 1, types: "float32, float64, int32, int64", Buckets.translate),
    .init(.randomUniform, newestVersion: 1, types: "float32", Random.translateUniform),
    .init(.multinomial, newestVersion: 1, types: "float32 to int32, int64", Random.translateClasses),
    .init(.gelu, newestVersion: 2, types: "float32, float16, int8, uint8, int16", Activations.translateGelu),
    .init(.dynamicUpdateSlice, newestVersion: 6, types: "elements of 1, 2, 4 and 8 bytes", UpdateSlice.translate),
    .init(.relu0To1, newestVersion: 1, types: "float32, int8, uint8, int16", Activations.translateRelu0To1),
    .init(.unsortedSegmentProd, newestVersion: 1, types: "float32, int32", Segments.translateProduct),
    .init(.unsortedSegmentMax, newestVersion: 1, types: "float32, int32", Segments.translateLargest),
    .init(.unsortedSegmentSum, newestVersion: 1, types: "float32, int32", Segments.translateSum),
    .init(.atan2, newestVersion: 1, types: "float32, float16", Arithmetic.translateArcTangent),
    .init(.unsortedSegmentMin, newestVersion: 1, types: "float32, int32", Segments.translateSmallest),
    .init(.sign, newestVersion: 2, types: "float32, int32, int64", UnaryFunctions.translateSign),
    .init(.bitcast, newestVersion: 1, types: "elements of 1, 2, 4 and 8 bytes", Copy.translateBitcast),
    .init(
      .bitwiseXor, newestVersion: 1, types: "int8, uint8, int16, uint16, int32, uint32",
      IntegerOperation.translateExclusiveOr),
    .init(
      .rightShift, newestVersion: 1, types: "int8, uint8, int16, uint16, int32, uint32",
      IntegerOperation.translateRightShift),
    .init(.stablehloAdd, newestVersion: 1, types: "float32, float16, int32, int64", Arithmetic.translateStableAdd),
    .init(
      .stablehloMultiply, newestVersion: 1, types: "float32, float16, int32, int64", Arithmetic.translateStableMultiply),
    .init(
      .stablehloMaximum, newestVersion: 1, types: "float32, float16, int32, int64", Arithmetic.translateStableMaximum),
    .init(
      .stablehloMinimum, newestVersion: 1, types: "float32, float16, int32, int64", Arithmetic.translateStableMinimum),
    .init(.stablehloPad, newestVersion: 1, types: "elements of 1, 2, 4 and 8 bytes", Dilation.translatePad),
    .init(.stablehloReduceWindow, newestVersion: 1, types: "float32, int32, int64", WindowReduction.translateStable),
    .init(.stablehloGather, newestVersion: 1, types: "elements of 1, 2, 4 and 8 bytes", SlicePick.translate),
    .init(.dilate, newestVersion: 1, types: "elements of 1, 2, 4 and 8 bytes", Dilation.translate),
    .init(.reduceWindow, newestVersion: 1, types: "float32, int32, int64", WindowReduction.translate),
    .init(.stablehloComposite, newestVersion: 1, types: "all", Control.translateComposite),
    .init(.custom, "PosenetDecoderOp", newestVersion: 1, types: "float32, uint8 to float32", PoseDecoder.translate),
    .init(
      .custom, "TFLite_Detection_PostProcess", newestVersion: 1, types: "float32, int8, uint8 to float32",
      DetectionPostProcess.translate),
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
