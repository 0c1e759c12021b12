/// An operator, checked and ready to run: its facts, without references.
enum Operation: Sendable {
  case arithmetic(Arithmetic)
  case comparison(Comparison)
  case concatenation(Concatenation)
  case convolution(Convolution)
  case copy(Copy)
  case cumulativeSum(CumulativeSum)
  case depthwiseConvolution(DepthwiseConvolution)
  case dequantize(Dequantize)
  case extreme(Extreme)
  case floatSoftmax(FloatSoftmax)
  case fullyConnected(FullyConnected)
  case l2Normalization(L2Normalization)
  case localResponseNormalization(LocalResponseNormalization)
  case logSoftmax(LogSoftmax)
  case lookUp(LookUp)
  case pad(Pad)
  case pool(Pool)
  case quantize(Quantize)
  case quantizedArithmetic(QuantizedArithmetic)
  case quantizedComparison(QuantizedComparison)
  case quantizedMean(QuantizedMean)
  case quantizedProduct(QuantizedProduct)
  case quantizedQuotient(QuantizedQuotient)
  case reduce(Reduce)
  case requantize(Requantize)
  case softmax(Softmax)
  case sumOfTensors(SumOfTensors)
  case unaryFloat(UnaryFloat)
  case unaryInteger(UnaryInteger)
  case unaryWide(UnaryWide)
  case wideSoftmax(WideSoftmax)
}

extension Operation {
  /// Does the operator's work on its operands, without allocation.
  ///
  /// - Throws: ``SessionError`` where data that arrives in a run, such as an index, is not what the operator can use.
  @inline(always)
  func run(_ memory: OperatorMemory) throws(SessionError) {
    switch self {
    case .arithmetic(let operation): try operation.run(memory)
    case .comparison(let operation): operation.run(memory)
    case .concatenation(let operation): operation.run(memory)
    case .convolution(let operation): operation.run(memory)
    case .copy(let operation): operation.run(memory)
    case .cumulativeSum(let operation): operation.run(memory)
    case .depthwiseConvolution(let operation): operation.run(memory)
    case .dequantize(let operation): operation.run(memory)
    case .extreme(let operation): operation.run(memory)
    case .floatSoftmax(let operation): operation.run(memory)
    case .fullyConnected(let operation): operation.run(memory)
    case .l2Normalization(let operation): operation.run(memory)
    case .localResponseNormalization(let operation): operation.run(memory)
    case .logSoftmax(let operation): operation.run(memory)
    case .lookUp(let operation): try operation.run(memory)
    case .pad(let operation): operation.run(memory)
    case .pool(let operation): operation.run(memory)
    case .quantize(let operation): operation.run(memory)
    case .quantizedArithmetic(let operation): operation.run(memory)
    case .quantizedComparison(let operation): operation.run(memory)
    case .quantizedMean(let operation): operation.run(memory)
    case .quantizedProduct(let operation): operation.run(memory)
    case .quantizedQuotient(let operation): try operation.run(memory)
    case .reduce(let operation): operation.run(memory)
    case .requantize(let operation): operation.run(memory)
    case .softmax(let operation): operation.run(memory)
    case .sumOfTensors(let operation): operation.run(memory)
    case .unaryFloat(let operation): operation.run(memory)
    case .unaryInteger(let operation): operation.run(memory)
    case .unaryWide(let operation): try operation.run(memory)
    case .wideSoftmax(let operation): operation.run(memory)
    }
  }

  /// Whether the outputs depend on the inputs alone, so that an operator with constant inputs can run at load.
  var isPure: Bool { true }

  /// What a profile says of the operator.
  var facts: OperatorFacts {
    switch self {
    case .arithmetic(let operation): operation.facts
    case .comparison(let operation): operation.facts
    case .concatenation(let operation): operation.facts
    case .convolution(let operation): operation.facts
    case .copy(let operation): operation.facts
    case .cumulativeSum(let operation): operation.facts
    case .depthwiseConvolution(let operation): operation.facts
    case .dequantize(let operation): operation.facts
    case .extreme(let operation): operation.facts
    case .floatSoftmax(let operation): operation.facts
    case .fullyConnected(let operation): operation.facts
    case .l2Normalization(let operation): operation.facts
    case .localResponseNormalization(let operation): operation.facts
    case .logSoftmax(let operation): operation.facts
    case .lookUp(let operation): operation.facts
    case .pad(let operation): operation.facts
    case .pool(let operation): operation.facts
    case .quantize(let operation): operation.facts
    case .quantizedArithmetic(let operation): operation.facts
    case .quantizedComparison(let operation): operation.facts
    case .quantizedMean(let operation): operation.facts
    case .quantizedProduct(let operation): operation.facts
    case .quantizedQuotient(let operation): operation.facts
    case .reduce(let operation): operation.facts
    case .requantize(let operation): operation.facts
    case .softmax(let operation): operation.facts
    case .sumOfTensors(let operation): operation.facts
    case .unaryFloat(let operation): operation.facts
    case .unaryInteger(let operation): operation.facts
    case .unaryWide(let operation): operation.facts
    case .wideSoftmax(let operation): operation.facts
    }
  }
}

/// What a profile says of an operator.
struct OperatorFacts: Sendable {
  /// `<operator>.<types>.<kernel set>`.
  var kernel: StaticString
  /// Multiplications that are added to a sum; 0 for operators of another kind.
  var multiplyAccumulates = 0
}

extension OperatorFacts {
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
  default: Int32.min...Int32.max
  }
}
