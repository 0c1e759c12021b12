/// An operator, checked and ready to run: its facts, without references.
enum Operation: Sendable {
  case arithmetic(Arithmetic)
  case batchMatrixMultiply(BatchMatrixMultiply)
  case batchMatrixMultiplyHybrid(BatchMatrixMultiplyHybrid)
  case batchToSpace(BatchToSpace)
  case cast(Cast)
  case comparison(Comparison)
  case concatenation(Concatenation)
  case control(Control)
  case convolution(Convolution)
  case convolution3D(Convolution3D)
  case copy(Copy)
  case cumulativeSum(CumulativeSum)
  case custom(Custom)
  case depthwiseConvolution(DepthwiseConvolution)
  case dequantize(Dequantize)
  case detectionPostProcess(DetectionPostProcess)
  case extreme(Extreme)
  case extremum(Extremum)
  case fill(Fill)
  case floatLSTM(FloatLSTM)
  case floatRNN(FloatRNN)
  case floatSoftmax(FloatSoftmax)
  case fullyConnected(FullyConnected)
  case gather(Gather)
  case gatherCoordinates(GatherCoordinates)
  case hybridLayer(HybridLayer)
  case integerArithmetic(IntegerOperation)
  case l2Normalization(L2Normalization)
  case localResponseNormalization(LocalResponseNormalization)
  case logSoftmax(LogSoftmax)
  case lookUp(LookUp)
  case lstmCell(LSTMCell)
  case mirrorPad(MirrorPad)
  case oneHot(OneHot)
  case overlay(Overlay)
  case pad(Pad)
  case pool(Pool)
  case poseDecoder(PoseDecoder)
  case quantize(Quantize)
  case quantizedArithmetic(QuantizedArithmetic)
  case quantizedComparison(QuantizedComparison)
  case quantizedLSTM(QuantizedLSTM)
  case quantizedMean(QuantizedMean)
  case quantizedProduct(QuantizedProduct)
  case quantizedQuotient(QuantizedQuotient)
  case rearrangement(Rearrangement)
  case reduce(Reduce)
  case requantize(Requantize)
  case resize(Resize)
  case reverseSequence(ReverseSequence)
  case scatter(Scatter)
  case select(Select)
  case softmax(Softmax)
  case spaceToBatch(SpaceToBatch)
  case sparseToDense(SparseToDense)
  case split(Split)
  case sumOfTensors(SumOfTensors)
  case suppression(Suppression)
  case svdf(SVDF)
  case top(Top)
  case transposeConvolution(TransposeConvolution)
  case unaryFloat(UnaryFloat)
  case unaryInteger(UnaryInteger)
  case unaryWide(UnaryWide)
  case updateSlice(UpdateSlice)
  case wideSoftmax(WideSoftmax)
}

extension Operation {
  /// Does the operator's work on its operands, without allocation.
  ///
  /// - Parameters:
  ///   - memory: the operands.
  ///   - graph: the graph that the operator is part of; `nil` while a model is loaded, for pure operators alone.
  /// - Throws: ``SessionError`` where data that arrives in a run, such as an index, is not what the operator can use.
  @inline(always)
  func run(_ memory: OperatorMemory, in graph: GraphInstance?) throws(SessionError) {
    switch self {
    case .arithmetic(let operation): try operation.run(memory)
    case .batchMatrixMultiply(let operation): operation.run(memory)
    case .batchMatrixMultiplyHybrid(let operation): operation.run(memory)
    case .batchToSpace(let operation): operation.run(memory)
    case .cast(let operation): operation.run(memory)
    case .comparison(let operation): operation.run(memory)
    case .concatenation(let operation): operation.run(memory)
    case .control(let operation): try operation.run(memory, in: graph)
    case .convolution(let operation): operation.run(memory)
    case .convolution3D(let operation): operation.run(memory)
    case .copy(let operation): operation.run(memory)
    case .cumulativeSum(let operation): operation.run(memory)
    case .custom(let operation): try operation.run(memory, in: graph)
    case .depthwiseConvolution(let operation): operation.run(memory)
    case .dequantize(let operation): operation.run(memory)
    case .detectionPostProcess(let operation): try operation.run(memory)
    case .extreme(let operation): operation.run(memory)
    case .extremum(let operation): operation.run(memory)
    case .fill(let operation): operation.run(memory)
    case .floatLSTM(let operation): operation.run(memory)
    case .floatRNN(let operation): operation.run(memory)
    case .floatSoftmax(let operation): operation.run(memory)
    case .fullyConnected(let operation): operation.run(memory)
    case .gather(let operation): try operation.run(memory)
    case .gatherCoordinates(let operation): try operation.run(memory)
    case .hybridLayer(let operation): operation.run(memory)
    case .integerArithmetic(let operation): try operation.run(memory)
    case .l2Normalization(let operation): operation.run(memory)
    case .localResponseNormalization(let operation): operation.run(memory)
    case .logSoftmax(let operation): operation.run(memory)
    case .lookUp(let operation): try operation.run(memory)
    case .lstmCell(let operation): operation.run(memory)
    case .mirrorPad(let operation): operation.run(memory)
    case .oneHot(let operation): operation.run(memory)
    case .overlay(let operation): operation.run(memory)
    case .pad(let operation): operation.run(memory)
    case .pool(let operation): operation.run(memory)
    case .poseDecoder(let operation): operation.run(memory)
    case .quantize(let operation): operation.run(memory)
    case .quantizedArithmetic(let operation): operation.run(memory)
    case .quantizedComparison(let operation): operation.run(memory)
    case .quantizedLSTM(let operation): operation.run(memory)
    case .quantizedMean(let operation): operation.run(memory)
    case .quantizedProduct(let operation): operation.run(memory)
    case .quantizedQuotient(let operation): try operation.run(memory)
    case .rearrangement(let operation): operation.run(memory)
    case .reduce(let operation): operation.run(memory)
    case .requantize(let operation): operation.run(memory)
    case .resize(let operation): operation.run(memory)
    case .reverseSequence(let operation): try operation.run(memory)
    case .scatter(let operation): try operation.run(memory)
    case .select(let operation): operation.run(memory)
    case .softmax(let operation): operation.run(memory)
    case .spaceToBatch(let operation): operation.run(memory)
    case .sparseToDense(let operation): try operation.run(memory)
    case .split(let operation): operation.run(memory)
    case .sumOfTensors(let operation): operation.run(memory)
    case .suppression(let operation): try operation.run(memory)
    case .svdf(let operation): operation.run(memory)
    case .top(let operation): operation.run(memory)
    case .transposeConvolution(let operation): operation.run(memory)
    case .unaryFloat(let operation): operation.run(memory)
    case .unaryInteger(let operation): operation.run(memory)
    case .unaryWide(let operation): try operation.run(memory)
    case .updateSlice(let operation): operation.run(memory)
    case .wideSoftmax(let operation): operation.run(memory)
    }
  }

  /// Whether the outputs depend on the inputs alone, so that an operator with constant inputs can run at load.
  var isPure: Bool {
    switch self {
    case .control, .custom, .floatLSTM, .floatRNN, .lstmCell, .quantizedLSTM, .svdf: false
    default: true
    }
  }

  /// What a profile says of the operator.
  var facts: OperatorFacts {
    switch self {
    case .arithmetic(let operation): operation.facts
    case .batchMatrixMultiply(let operation): operation.facts
    case .batchMatrixMultiplyHybrid(let operation): operation.facts
    case .batchToSpace(let operation): operation.facts
    case .cast(let operation): operation.facts
    case .comparison(let operation): operation.facts
    case .concatenation(let operation): operation.facts
    case .control(let operation): operation.facts
    case .convolution(let operation): operation.facts
    case .convolution3D(let operation): operation.facts
    case .copy(let operation): operation.facts
    case .cumulativeSum(let operation): operation.facts
    case .custom(let operation): operation.facts
    case .depthwiseConvolution(let operation): operation.facts
    case .dequantize(let operation): operation.facts
    case .detectionPostProcess(let operation): operation.facts
    case .extreme(let operation): operation.facts
    case .extremum(let operation): operation.facts
    case .fill(let operation): operation.facts
    case .floatLSTM(let operation): operation.facts
    case .floatRNN(let operation): operation.facts
    case .floatSoftmax(let operation): operation.facts
    case .fullyConnected(let operation): operation.facts
    case .gather(let operation): operation.facts
    case .gatherCoordinates(let operation): operation.facts
    case .hybridLayer(let operation): operation.facts
    case .integerArithmetic(let operation): operation.facts
    case .l2Normalization(let operation): operation.facts
    case .localResponseNormalization(let operation): operation.facts
    case .logSoftmax(let operation): operation.facts
    case .lookUp(let operation): operation.facts
    case .lstmCell(let operation): operation.facts
    case .mirrorPad(let operation): operation.facts
    case .oneHot(let operation): operation.facts
    case .overlay(let operation): operation.facts
    case .pad(let operation): operation.facts
    case .pool(let operation): operation.facts
    case .poseDecoder(let operation): operation.facts
    case .quantize(let operation): operation.facts
    case .quantizedArithmetic(let operation): operation.facts
    case .quantizedComparison(let operation): operation.facts
    case .quantizedLSTM(let operation): operation.facts
    case .quantizedMean(let operation): operation.facts
    case .quantizedProduct(let operation): operation.facts
    case .quantizedQuotient(let operation): operation.facts
    case .rearrangement(let operation): operation.facts
    case .reduce(let operation): operation.facts
    case .requantize(let operation): operation.facts
    case .resize(let operation): operation.facts
    case .reverseSequence(let operation): operation.facts
    case .scatter(let operation): operation.facts
    case .select(let operation): operation.facts
    case .softmax(let operation): operation.facts
    case .spaceToBatch(let operation): operation.facts
    case .sparseToDense(let operation): operation.facts
    case .split(let operation): operation.facts
    case .sumOfTensors(let operation): operation.facts
    case .suppression(let operation): operation.facts
    case .svdf(let operation): operation.facts
    case .top(let operation): operation.facts
    case .transposeConvolution(let operation): operation.facts
    case .unaryFloat(let operation): operation.facts
    case .unaryInteger(let operation): operation.facts
    case .unaryWide(let operation): operation.facts
    case .updateSlice(let operation): operation.facts
    case .wideSoftmax(let operation): operation.facts
    }
  }
}

/// What a profile says of an operator.
struct OperatorFacts: Sendable {
  /// `<operator>.<types>.reference`.
  var kernel: StaticString
  /// The instruction set whose kernel runs in place of the reference.
  var set: InstructionSet?
  /// Multiplications that are added to a sum; 0 for operators of another kind.
  var multiplyAccumulates = 0
}

extension OperatorFacts {
  /// `<operator>.<types>.<kernel set>`.
  var kernelName: String {
    let name = kernel.description
    guard let set, let dot = name.lastIndex(of: ".") else { return name }
    return String(name[...dot]) + set.name
  }

  /// The product of counts, or the largest `Int` where that is too small.
  static func product(_ factors: Int...) -> Int {
    var product = 1
    for factor in factors {
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      if overflow { return Int.max }
      product = next
    }
    return product
  }
}

/// The two types of 8-bit tensors, for operators that have a kernel for each.
enum ByteType: Sendable, Hashable {
  case int8
  case uint8

  /// `nil` for other types.
  init?(_ type: ElementType) {
    switch type {
    case .int8: self = .int8
    case .uint8: self = .uint8
    default: return nil
    }
  }
}

/// The types of quantized tensors, for operators that have a kernel for each.
enum IntegerType: Sendable, Hashable {
  case int8
  case uint8
  case int16

  /// `nil` for other types.
  init?(_ type: ElementType) {
    switch type {
    case .int8: self = .int8
    case .uint8: self = .uint8
    case .int16: self = .int16
    default: return nil
    }
  }
}

/// The values that a quantized tensor of a type can store; those of int32 for types of other kinds.
func storedRange(of type: ElementType) -> ClosedRange<Int32> {
  switch type {
  case .int8: -128...127
  case .uint8: 0...255
  case .int16: -32768...32767
  case .int4: -8...7
  case .int2: -2...1
  default: Int32.min...Int32.max
  }
}
