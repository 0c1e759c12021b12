/// An operator, checked and ready to run: its facts, without references.
enum Operation: Sendable {
  case add(Add)
  case batchMatrixMultiply(BatchMatrixMultiply)
  case batchMatrixMultiplyHybrid(BatchMatrixMultiplyHybrid)
  case concatenation(Concatenation)
  case convolution(Convolution)
  case convolution3D(Convolution3D)
  case copy(Copy)
  case depthwiseConvolution(DepthwiseConvolution)
  case dequantize(Dequantize)
  case fullyConnected(FullyConnected)
  case hybridLayer(HybridLayer)
  case lookUp(LookUp)
  case mean(Mean)
  case multiply(Multiply)
  case pad(Pad)
  case pool(Pool)
  case quantize(Quantize)
  case requantize(Requantize)
  case resize(Resize)
  case softmax(Softmax)
  case transposeConvolution(TransposeConvolution)
}

extension Operation {
  /// Does the operator's work on its operands, without allocation.
  ///
  /// - Throws: ``SessionError`` where data that arrives in a run, such as an index, is not what the operator can use.
  @inline(always)
  func run(_ memory: OperatorMemory) throws(SessionError) {
    switch self {
    case .add(let operation): operation.run(memory)
    case .batchMatrixMultiply(let operation): operation.run(memory)
    case .batchMatrixMultiplyHybrid(let operation): operation.run(memory)
    case .concatenation(let operation): operation.run(memory)
    case .convolution(let operation): operation.run(memory)
    case .convolution3D(let operation): operation.run(memory)
    case .copy(let operation): operation.run(memory)
    case .depthwiseConvolution(let operation): operation.run(memory)
    case .dequantize(let operation): operation.run(memory)
    case .fullyConnected(let operation): operation.run(memory)
    case .hybridLayer(let operation): operation.run(memory)
    case .lookUp(let operation): operation.run(memory)
    case .mean(let operation): operation.run(memory)
    case .multiply(let operation): operation.run(memory)
    case .pad(let operation): operation.run(memory)
    case .pool(let operation): operation.run(memory)
    case .quantize(let operation): operation.run(memory)
    case .requantize(let operation): operation.run(memory)
    case .resize(let operation): operation.run(memory)
    case .softmax(let operation): operation.run(memory)
    case .transposeConvolution(let operation): operation.run(memory)
    }
  }

  /// Whether the outputs depend on the inputs alone, so that an operator with constant inputs can run at load.
  var isPure: Bool { true }

  /// What a profile says of the operator.
  var facts: OperatorFacts {
    switch self {
    case .add(let operation): operation.facts
    case .batchMatrixMultiply(let operation): operation.facts
    case .batchMatrixMultiplyHybrid(let operation): operation.facts
    case .concatenation(let operation): operation.facts
    case .convolution(let operation): operation.facts
    case .convolution3D(let operation): operation.facts
    case .copy(let operation): operation.facts
    case .depthwiseConvolution(let operation): operation.facts
    case .dequantize(let operation): operation.facts
    case .fullyConnected(let operation): operation.facts
    case .hybridLayer(let operation): operation.facts
    case .lookUp(let operation): operation.facts
    case .mean(let operation): operation.facts
    case .multiply(let operation): operation.facts
    case .pad(let operation): operation.facts
    case .pool(let operation): operation.facts
    case .quantize(let operation): operation.facts
    case .requantize(let operation): operation.facts
    case .resize(let operation): operation.facts
    case .softmax(let operation): operation.facts
    case .transposeConvolution(let operation): operation.facts
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
  case .int4: -8...7
  case .int2: -2...1
  default: Int32.min...Int32.max
  }
}
