import FlatbufferReader
import TinyTensorKernels

/// BITWISE_XOR, RIGHT_SHIFT, FLOOR_DIV and FLOOR_MOD of stored values, LOGICAL_AND and LOGICAL_OR, and ADD and MUL of
/// int16 without quantization; with broadcasting.
struct IntegerOperation: Sendable {
  enum Kind: Sendable {
    case exclusiveOr
    case rightShift
    case floorQuotient
    case floorRemainder
    case and
    case or
    /// Modulo 2^16.
    case sum
    /// Modulo 2^16.
    case product
  }

  /// The types of elements, by what the operators tell apart.
  enum Element: Sendable {
    case int8
    case uint8
    case int16
    case uint16
    case int32
    case uint32
    case int64
    case float32

    /// `nil` for other types. Truth values are bytes.
    init?(_ type: ElementType) {
      switch type {
      case .int8: self = .int8
      case .uint8, .bool: self = .uint8
      case .int16: self = .int16
      case .uint16: self = .uint16
      case .int32: self = .int32
      case .uint32: self = .uint32
      case .int64: self = .int64
      case .float32: self = .float32
      default: return nil
      }
    }
  }

  let kind: Kind
  let element: Element
  /// Of `sum` and `product`.
  var range = NumberRange.unbounded
  let broadcast: Broadcast
  let lhs: ReadSlot
  let rhs: ReadSlot
  let output: WriteSlot
}

extension IntegerOperation {
  static func translateExclusiveOr(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .exclusiveOr, graph.input(0, .int8, .uint8, .int16, .uint16, .int32, .uint32))
  }

  static func translateRightShift(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .rightShift, graph.input(0, .int8, .uint8, .int16, .uint16, .int32, .uint32))
  }

  static func translateFloorQuotient(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .floorQuotient, graph.input(0, .int8, .int16, .int32, .int64, .float32))
  }

  static func translateFloorRemainder(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .floorRemainder, graph.input(0, .int8, .int16, .int32, .int64, .float32))
  }

  static func translateAnd(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .and, graph.input(0, .bool))
  }

  static func translateOr(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .or, graph.input(0, .bool))
  }

  /// ADD or MUL of int16 without quantization.
  static func translatePlain(
    _ graph: inout GraphBuilder, _ pair: OperandPair, _ kind: Kind, _ activation: Activation
  ) throws(ModelError) -> Operation? {
    try translate(&graph, kind, pair.lhs, activation.range)
  }

  private static func translate(
    _ graph: inout GraphBuilder, _ kind: Kind, _ lhs: Operand, _ range: NumberRange = .unbounded
  ) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let rhs = try graph.input(1, lhs.elementType)
    _ = try graph.outputType(0, lhs.elementType)
    guard let element = Element(lhs.elementType) else {
      throw graph.error(.invalidOperator, "tensors of \(lhs.elementType) are not supported here")
    }
    let (shape, broadcast) = try graph.broadcast(lhs.shape, rhs.shape)
    return try graph.operation(
      Operation.integerArithmetic,
      IntegerOperation(
        kind: kind, element: element, range: range, broadcast: broadcast, lhs: try graph.bind(lhs),
        rhs: try graph.bind(rhs),
        output: try graph.bindOutput(shape: shape)))
  }
}

extension IntegerOperation {
  func run(_ memory: OperatorMemory) throws(SessionError) {
    switch kind {
    case .exclusiveOr: runExclusiveOr(memory)
    case .rightShift: runRightShift(memory)
    case .floorQuotient: try runFloorDivision(memory, isRemainder: false)
    case .floorRemainder: try runFloorDivision(memory, isRemainder: true)
    case .and: runLogical(memory, isAnd: true)
    case .or: runLogical(memory, isAnd: false)
    case .sum: runPlain(memory, isSum: true)
    case .product: runPlain(memory, isSum: false)
    }
  }

  private func runPlain(_ memory: OperatorMemory, isSum: Bool) {
    var output = memory.write(output, as: Int16.self)
    wrappingReference(isSum: isSum, broadcast, range, lhs: memory.read(lhs), rhs: memory.read(rhs), output: &output)
  }

  private func runExclusiveOr(_ memory: OperatorMemory) {
    func run<Bits: FixedWidthInteger & BitwiseCopyable>(_: Bits.Type) {
      var output = memory.write(output, as: Bits.self)
      exclusiveOrReference(broadcast, lhs: memory.read(lhs), rhs: memory.read(rhs), output: &output)
    }
    switch element {
    case .int8, .uint8: run(UInt8.self)
    case .int16, .uint16: run(UInt16.self)
    case .int32, .uint32, .float32: run(UInt32.self)
    case .int64: run(UInt64.self)
    }
  }

  private func runRightShift(_ memory: OperatorMemory) {
    func run<Integer: FixedWidthInteger & BitwiseCopyable>(_: Integer.Type) {
      var output = memory.write(output, as: Integer.self)
      rightShiftReference(broadcast, lhs: memory.read(lhs), rhs: memory.read(rhs), output: &output)
    }
    switch element {
    case .int8: run(Int8.self)
    case .uint8: run(UInt8.self)
    case .int16: run(Int16.self)
    case .uint16: run(UInt16.self)
    case .int32, .float32: run(Int32.self)
    case .uint32: run(UInt32.self)
    case .int64: run(Int64.self)
    }
  }

  private func runFloorDivision(_ memory: OperatorMemory, isRemainder: Bool) throws(SessionError) {
    switch element {
    case .int8, .uint8: try divide(memory, isRemainder, Int8.self)
    case .int16, .uint16: try divide(memory, isRemainder, Int16.self)
    case .int32, .uint32: try divide(memory, isRemainder, Int32.self)
    case .int64: try divide(memory, isRemainder, Int64.self)
    case .float32:
      let divisors = memory.read(rhs, as: Float.self)
      // The reference refuses a quotient by 0 of any type, a remainder only of integers.
      if !isRemainder {
        for index in divisors.indices where divisors[index] == 0 { throw Self.divisionByZero }
      }
      var output = memory.write(output, as: Float.self)
      floorDivisionReference(
        isRemainder: isRemainder, broadcast, lhs: memory.read(lhs), rhs: divisors, output: &output)
    }
  }

  private func divide<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ memory: OperatorMemory, _ isRemainder: Bool, _: Integer.Type
  ) throws(SessionError) {
    let divisors = memory.read(rhs, as: Integer.self)
    if holdsZero(divisors) { throw Self.divisionByZero }
    var output = memory.write(output, as: Integer.self)
    floorDivisionReference(
      isRemainder: isRemainder, broadcast, lhs: memory.read(lhs), rhs: divisors, output: &output)
  }

  private static var divisionByZero: SessionError {
    SessionError(.invalidData, "an operator is asked to divide by 0")
  }

  private func runLogical(_ memory: OperatorMemory, isAnd: Bool) {
    var output = memory.write(output, as: UInt8.self)
    logicalReference(isAnd: isAnd, broadcast, lhs: memory.read(lhs), rhs: memory.read(rhs), output: &output)
  }

  var facts: OperatorFacts {
    switch kind {
    case .exclusiveOr: OperatorFacts(kernel: "bitwise_xor.reference")
    case .rightShift: OperatorFacts(kernel: "right_shift.reference")
    case .floorQuotient: OperatorFacts(kernel: "floor_div.reference")
    case .floorRemainder: OperatorFacts(kernel: "floor_mod.reference")
    case .and: OperatorFacts(kernel: "logical_and.reference")
    case .or: OperatorFacts(kernel: "logical_or.reference")
    case .sum: OperatorFacts(kernel: "add.plain.i16.reference")
    case .product: OperatorFacts(kernel: "mul.plain.i16.reference")
    }
  }
}

extension LookUp {
  /// LOGICAL_NOT: 1 for the byte 0, 0 for others.
  static func translateNot(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0, .bool)
    _ = try graph.outputType(0, .bool)
    return try translate(&graph, input, byteTable(.uint8) { $0 == 0 ? 1 : 0 }, "logical_not.reference")
  }
}
