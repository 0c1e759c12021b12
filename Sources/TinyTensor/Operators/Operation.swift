/// An operator, checked and ready to run: its facts, without references.
enum Operation: Sendable {
  case arithmetic(Placed<Arithmetic>)
  case batchMatrixMultiply(Placed<BatchMatrixMultiply>)
  case batchMatrixMultiplyHybrid(Placed<BatchMatrixMultiplyHybrid>)
  case batchToSpace(Placed<BatchToSpace>)
  case buckets(Placed<Buckets>)
  case cast(Placed<Cast>)
  case comparison(Placed<Comparison>)
  case complexNumbers(Placed<ComplexNumbers>)
  case concatenation(Placed<Concatenation>)
  case control(Placed<Control>)
  case convolution(Placed<Convolution>)
  case convolution3D(Placed<Convolution3D>)
  case copy(Placed<Copy>)
  case cumulativeSum(Placed<CumulativeSum>)
  case custom(Placed<Custom>)
  case depthwiseConvolution(Placed<DepthwiseConvolution>)
  case dequantize(Placed<Dequantize>)
  case detectionPostProcess(Placed<DetectionPostProcess>)
  case dilation(Placed<Dilation>)
  case embedding(Placed<Embedding>)
  case extreme(Placed<Extreme>)
  case extremum(Placed<Extremum>)
  case fill(Placed<Fill>)
  case floatLSTM(Placed<FloatLSTM>)
  case floatRNN(Placed<FloatRNN>)
  case floatSoftmax(Placed<FloatSoftmax>)
  case fullyConnected(Placed<FullyConnected>)
  case gather(Placed<Gather>)
  case gatherCoordinates(Placed<GatherCoordinates>)
  case half(Placed<HalfOperation>)
  case hybridLayer(Placed<HybridLayer>)
  case integerArithmetic(Placed<IntegerOperation>)
  case l2Normalization(Placed<L2Normalization>)
  case localResponseNormalization(Placed<LocalResponseNormalization>)
  case logSoftmax(Placed<LogSoftmax>)
  case lookUp(Placed<LookUp>)
  case lstmCell(Placed<LSTMCell>)
  case mirrorPad(Placed<MirrorPad>)
  case movingSlice(Placed<MovingSlice>)
  case oneHot(Placed<OneHot>)
  case overlay(Placed<Overlay>)
  case pad(Placed<Pad>)
  case pool(Placed<Pool>)
  case poseDecoder(Placed<PoseDecoder>)
  case quantize(Placed<Quantize>)
  case quantizedArithmetic(Placed<QuantizedArithmetic>)
  case quantizedComparison(Placed<QuantizedComparison>)
  case quantizedLSTM(Placed<QuantizedLSTM>)
  case quantizedMean(Placed<QuantizedMean>)
  case quantizedProduct(Placed<QuantizedProduct>)
  case quantizedQuotient(Placed<QuantizedQuotient>)
  case random(Placed<Random>)
  case rearrangement(Placed<Rearrangement>)
  case reduce(Placed<Reduce>)
  case requantize(Placed<Requantize>)
  case resize(Placed<Resize>)
  case reverseSequence(Placed<ReverseSequence>)
  case scatter(Placed<Scatter>)
  case segments(Placed<Segments>)
  case select(Placed<Select>)
  case slicePick(Placed<SlicePick>)
  case softmax(Placed<Softmax>)
  case spaceToBatch(Placed<SpaceToBatch>)
  case sparseToDense(Placed<SparseToDense>)
  case spectrum(Placed<Spectrum>)
  case split(Placed<Split>)
  case staged(Placed<Staged>)
  case sumOfTensors(Placed<SumOfTensors>)
  case suppression(Placed<Suppression>)
  case svdf(Placed<SVDF>)
  case top(Placed<Top>)
  case transposeConvolution(Placed<TransposeConvolution>)
  case transposeConvolution3D(Placed<TransposeConvolution3D>)
  case unaryFloat(Placed<UnaryFloat>)
  case unaryInteger(Placed<UnaryInteger>)
  case unaryWide(Placed<UnaryWide>)
  case updateSlice(Placed<UpdateSlice>)
  case wideSoftmax(Placed<WideSoftmax>)
  case windowReduction(Placed<WindowReduction>)
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
    case .arithmetic(let operation): try operation.payload.run(memory)
    case .batchMatrixMultiply(let operation): operation.payload.run(memory)
    case .batchMatrixMultiplyHybrid(let operation): operation.payload.run(memory)
    case .batchToSpace(let operation): operation.payload.run(memory)
    case .buckets(let operation): operation.payload.run(memory)
    case .cast(let operation): operation.payload.run(memory)
    case .comparison(let operation): operation.payload.run(memory)
    case .complexNumbers(let operation): operation.payload.run(memory)
    case .concatenation(let operation): operation.payload.run(memory)
    case .control(let operation): try operation.payload.run(memory, in: graph)
    case .convolution(let operation): operation.payload.run(memory)
    case .convolution3D(let operation): operation.payload.run(memory)
    case .copy(let operation): operation.payload.run(memory)
    case .cumulativeSum(let operation): operation.payload.run(memory)
    case .custom(let operation): try operation.payload.run(memory, in: graph)
    case .depthwiseConvolution(let operation): operation.payload.run(memory)
    case .dequantize(let operation): operation.payload.run(memory)
    case .detectionPostProcess(let operation): try operation.payload.run(memory)
    case .dilation(let operation): operation.payload.run(memory)
    case .embedding(let operation): try operation.payload.run(memory)
    case .extreme(let operation): operation.payload.run(memory)
    case .extremum(let operation): operation.payload.run(memory)
    case .fill(let operation): operation.payload.run(memory)
    case .floatLSTM(let operation): operation.payload.run(memory)
    case .floatRNN(let operation): operation.payload.run(memory)
    case .floatSoftmax(let operation): operation.payload.run(memory)
    case .fullyConnected(let operation): operation.payload.run(memory)
    case .gather(let operation): try operation.payload.run(memory)
    case .gatherCoordinates(let operation): try operation.payload.run(memory)
    case .half(let operation): try operation.payload.run(memory, in: graph)
    case .hybridLayer(let operation): operation.payload.run(memory)
    case .integerArithmetic(let operation): try operation.payload.run(memory)
    case .l2Normalization(let operation): operation.payload.run(memory)
    case .localResponseNormalization(let operation): operation.payload.run(memory)
    case .logSoftmax(let operation): operation.payload.run(memory)
    case .lookUp(let operation): try operation.payload.run(memory)
    case .lstmCell(let operation): operation.payload.run(memory)
    case .mirrorPad(let operation): operation.payload.run(memory)
    case .movingSlice(let operation): try operation.payload.run(memory)
    case .oneHot(let operation): operation.payload.run(memory)
    case .overlay(let operation): operation.payload.run(memory)
    case .pad(let operation): operation.payload.run(memory)
    case .pool(let operation): operation.payload.run(memory)
    case .poseDecoder(let operation): operation.payload.run(memory)
    case .quantize(let operation): operation.payload.run(memory)
    case .quantizedArithmetic(let operation): operation.payload.run(memory)
    case .quantizedComparison(let operation): operation.payload.run(memory)
    case .quantizedLSTM(let operation): operation.payload.run(memory)
    case .quantizedMean(let operation): operation.payload.run(memory)
    case .quantizedProduct(let operation): operation.payload.run(memory)
    case .quantizedQuotient(let operation): try operation.payload.run(memory)
    case .random(let operation): operation.payload.run(memory)
    case .rearrangement(let operation): operation.payload.run(memory)
    case .reduce(let operation): operation.payload.run(memory)
    case .requantize(let operation): operation.payload.run(memory)
    case .resize(let operation): operation.payload.run(memory)
    case .reverseSequence(let operation): try operation.payload.run(memory)
    case .scatter(let operation): try operation.payload.run(memory)
    case .segments(let operation): try operation.payload.run(memory)
    case .select(let operation): operation.payload.run(memory)
    case .slicePick(let operation): operation.payload.run(memory)
    case .softmax(let operation): operation.payload.run(memory)
    case .spaceToBatch(let operation): operation.payload.run(memory)
    case .sparseToDense(let operation): try operation.payload.run(memory)
    case .spectrum(let operation): operation.payload.run(memory)
    case .split(let operation): operation.payload.run(memory)
    case .staged(let operation): try operation.payload.run(memory, in: graph)
    case .sumOfTensors(let operation): operation.payload.run(memory)
    case .suppression(let operation): try operation.payload.run(memory)
    case .svdf(let operation): operation.payload.run(memory)
    case .top(let operation): operation.payload.run(memory)
    case .transposeConvolution(let operation): operation.payload.run(memory)
    case .transposeConvolution3D(let operation): operation.payload.run(memory)
    case .unaryFloat(let operation): operation.payload.run(memory)
    case .unaryInteger(let operation): operation.payload.run(memory)
    case .unaryWide(let operation): try operation.payload.run(memory)
    case .updateSlice(let operation): operation.payload.run(memory)
    case .wideSoftmax(let operation): operation.payload.run(memory)
    case .windowReduction(let operation): operation.payload.run(memory)
    }
  }

  /// Whether the outputs depend on the inputs alone, so that an operator with constant inputs can run at load.
  var isPure: Bool {
    switch self {
    case .control, .custom, .floatLSTM, .floatRNN, .lstmCell, .quantizedLSTM, .random, .staged, .svdf: false
    default: true
    }
  }

  /// Whether it draws random numbers that no input has a part in: another time others, but as much work as from constants.
  var drawsAlone: Bool {
    guard case .random(let operation) = self else { return false }
    if case .classes = operation.payload.kind { return false }
    return true
  }

  /// Whether a run may leave the operator out where all that it writes is without elements.
  var isSkippable: Bool {
    switch self {
    case .control, .custom: false
    default: true
    }
  }

  /// What a profile says of the operator.
  var facts: OperatorFacts {
    switch self {
    case .arithmetic(let operation): operation.payload.facts
    case .batchMatrixMultiply(let operation): operation.payload.facts
    case .batchMatrixMultiplyHybrid(let operation): operation.payload.facts
    case .batchToSpace(let operation): operation.payload.facts
    case .buckets(let operation): operation.payload.facts
    case .cast(let operation): operation.payload.facts
    case .comparison(let operation): operation.payload.facts
    case .complexNumbers(let operation): operation.payload.facts
    case .concatenation(let operation): operation.payload.facts
    case .control(let operation): operation.payload.facts
    case .convolution(let operation): operation.payload.facts
    case .convolution3D(let operation): operation.payload.facts
    case .copy(let operation): operation.payload.facts
    case .cumulativeSum(let operation): operation.payload.facts
    case .custom(let operation): operation.payload.facts
    case .depthwiseConvolution(let operation): operation.payload.facts
    case .dequantize(let operation): operation.payload.facts
    case .detectionPostProcess(let operation): operation.payload.facts
    case .dilation(let operation): operation.payload.facts
    case .embedding(let operation): operation.payload.facts
    case .extreme(let operation): operation.payload.facts
    case .extremum(let operation): operation.payload.facts
    case .fill(let operation): operation.payload.facts
    case .floatLSTM(let operation): operation.payload.facts
    case .floatRNN(let operation): operation.payload.facts
    case .floatSoftmax(let operation): operation.payload.facts
    case .fullyConnected(let operation): operation.payload.facts
    case .gather(let operation): operation.payload.facts
    case .gatherCoordinates(let operation): operation.payload.facts
    case .half(let operation): operation.payload.facts
    case .hybridLayer(let operation): operation.payload.facts
    case .integerArithmetic(let operation): operation.payload.facts
    case .l2Normalization(let operation): operation.payload.facts
    case .localResponseNormalization(let operation): operation.payload.facts
    case .logSoftmax(let operation): operation.payload.facts
    case .lookUp(let operation): operation.payload.facts
    case .lstmCell(let operation): operation.payload.facts
    case .mirrorPad(let operation): operation.payload.facts
    case .movingSlice(let operation): operation.payload.facts
    case .oneHot(let operation): operation.payload.facts
    case .overlay(let operation): operation.payload.facts
    case .pad(let operation): operation.payload.facts
    case .pool(let operation): operation.payload.facts
    case .poseDecoder(let operation): operation.payload.facts
    case .quantize(let operation): operation.payload.facts
    case .quantizedArithmetic(let operation): operation.payload.facts
    case .quantizedComparison(let operation): operation.payload.facts
    case .quantizedLSTM(let operation): operation.payload.facts
    case .quantizedMean(let operation): operation.payload.facts
    case .quantizedProduct(let operation): operation.payload.facts
    case .quantizedQuotient(let operation): operation.payload.facts
    case .random(let operation): operation.payload.facts
    case .rearrangement(let operation): operation.payload.facts
    case .reduce(let operation): operation.payload.facts
    case .requantize(let operation): operation.payload.facts
    case .resize(let operation): operation.payload.facts
    case .reverseSequence(let operation): operation.payload.facts
    case .scatter(let operation): operation.payload.facts
    case .segments(let operation): operation.payload.facts
    case .select(let operation): operation.payload.facts
    case .slicePick(let operation): operation.payload.facts
    case .softmax(let operation): operation.payload.facts
    case .spaceToBatch(let operation): operation.payload.facts
    case .sparseToDense(let operation): operation.payload.facts
    case .spectrum(let operation): operation.payload.facts
    case .split(let operation): operation.payload.facts
    case .staged(let operation): operation.payload.facts
    case .sumOfTensors(let operation): operation.payload.facts
    case .suppression(let operation): operation.payload.facts
    case .svdf(let operation): operation.payload.facts
    case .top(let operation): operation.payload.facts
    case .transposeConvolution(let operation): operation.payload.facts
    case .transposeConvolution3D(let operation): operation.payload.facts
    case .unaryFloat(let operation): operation.payload.facts
    case .unaryInteger(let operation): operation.payload.facts
    case .unaryWide(let operation): operation.payload.facts
    case .updateSlice(let operation): operation.payload.facts
    case .wideSoftmax(let operation): operation.payload.facts
    case .windowReduction(let operation): operation.payload.facts
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
  /// Elementary steps of a run beside those products and the bytes of operands, for operators that look at an element
  /// many times.
  var furtherSteps = 0
  /// Whether a run may do all that as often as its data say: loops, and operators of the program's.
  var isOpenEnded = false
}

extension OperatorFacts {
  /// `<operator>.<types>.<kernel set>`.
  var kernelName: String {
    let name = kernel.description
    guard let set, let dot = name.lastIndex(of: ".") else { return name }
    return String(name[...dot]) + set.name
  }

  /// Elementary steps of a function of a real number that is no single operation of the processor.
  static let functionSteps = 128

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
