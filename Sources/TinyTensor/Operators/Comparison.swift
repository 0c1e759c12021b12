import FlatbufferReader
import TinyTensorKernels

/// EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER and GREATER_EQUAL of elements as they are stored.
struct Comparison: Sendable {
  enum StoredType: Sendable {
    case float32
    case int64
    case int32
    case int16
    case int8
    /// Truth values too.
    case uint8
  }

  let kernel: StaticString
  let type: StoredType
  let kind: ComparisonKind
  let broadcast: Broadcast
  let lhs: ReadSlot
  let rhs: ReadSlot
  let output: WriteSlot
}

/// A comparison of quantized elements, whose scales may differ.
struct QuantizedComparison: Sendable {
  let kernel: StaticString
  let type: IntegerType
  let kind: ComparisonKind
  let parameters: QuantizedComparisonParameters
  let lhs: ReadSlot
  let rhs: ReadSlot
  let output: WriteSlot
}

extension Comparison {
  static func translateEqual(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .equal, ("equal.reference", "equal.requantize.reference"), isEquality: true)
  }

  static func translateNotEqual(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .notEqual, ("not_equal.reference", "not_equal.requantize.reference"), isEquality: true)
  }

  static func translateLess(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .less, ("less.reference", "less.requantize.reference"))
  }

  static func translateLessEqual(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .lessEqual, ("less_equal.reference", "less_equal.requantize.reference"))
  }

  static func translateGreater(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .greater, ("greater.reference", "greater.requantize.reference"))
  }

  static func translateGreaterEqual(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .greaterEqual, ("greater_equal.reference", "greater_equal.requantize.reference"))
  }

  /// - Parameter isEquality: whether order does not matter, so that truth values can be compared.
  private static func translate(
    _ graph: inout GraphBuilder, _ kind: ComparisonKind, _ kernels: (plain: StaticString, quantized: StaticString),
    isEquality: Bool = false
  ) throws(ModelError) -> Operation? {
    var types: [ElementType] = [.float32, .int64, .int32, .int16, .int8, .uint8]
    if isEquality { types.append(.bool) }
    let pair = try graph.operandPair(types)
    _ = try graph.outputType(0, .bool)
    // The reference orders 16-bit elements as they are stored, whatever their scales.
    if let type = IntegerType(pair.type), isEquality || type != .int16,
      pair.lhs.quantization?.isPresent == true || pair.rhs.quantization?.isPresent == true
    {
      let lhs = try graph.affine(of: pair.lhs)
      let rhs = try graph.affine(of: pair.rhs)
      let parameters = QuantizedComparisonParameters(
        broadcast: pair.broadcast, lhsZeroPoint: lhs.zeroPoint, rhsZeroPoint: rhs.zeroPoint,
        lhsFactor: try graph.multiplier(Double(lhs.scale)), rhsFactor: try graph.multiplier(Double(rhs.scale)))
      let highestShift: Int32 = type == .int16 ? 6 : 14
      guard parameters.lhsFactor.shift <= highestShift, parameters.rhsFactor.shift <= highestShift else {
        throw graph.error(
          .invalidOperator, "its inputs' scales must be below 2^\(highestShift) for a comparison in 32 bits")
      }
      return try graph.operation(
        Operation.quantizedComparison,
        QuantizedComparison(
          kernel: kernels.quantized, type: type, kind: kind, parameters: parameters, lhs: try graph.bind(pair.lhs),
          rhs: try graph.bind(pair.rhs), output: try graph.bindOutput(shape: pair.shape)))
    }
    let type: StoredType =
      switch pair.type {
      case .float32: .float32
      case .int64: .int64
      case .int32: .int32
      case .int16: .int16
      case .int8: .int8
      default: .uint8
      }
    return try graph.operation(
      Operation.comparison,
      Comparison(
        kernel: kernels.plain, type: type, kind: kind, broadcast: pair.broadcast, lhs: try graph.bind(pair.lhs),
        rhs: try graph.bind(pair.rhs), output: try graph.bindOutput(shape: pair.shape)))
  }
}

extension Comparison {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .float32: run(memory, Float.self)
    case .int64: run(memory, Int64.self)
    case .int32: run(memory, Int32.self)
    case .int16: run(memory, Int16.self)
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    }
  }

  private func run<Element: Comparable & BitwiseCopyable>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: UInt8.self)
    compareReference(
      kind, broadcast, lhs: memory.read(lhs, as: Element.self), rhs: memory.read(rhs, as: Element.self),
      output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel) }
}

extension QuantizedComparison {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    case .int16: run(memory, Int16.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: UInt8.self)
    quantizedCompareReference(
      kind, parameters, lhs: memory.read(lhs, as: Element.self), rhs: memory.read(rhs, as: Element.self),
      output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel) }
}
