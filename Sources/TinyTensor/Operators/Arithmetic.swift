import FlatbufferReader
import TinyTensorKernels

/// An operation on two tensors of plain numbers, with broadcasting; integers wrap.
struct Arithmetic: Sendable {
  let kernel: StaticString
  let type: NumberType
  let kind: ArithmeticKind
  let broadcast: Broadcast
  let range: NumberRange
  let packed: PackedRealPairs?
  let lhs: ReadSlot
  let rhs: ReadSlot
  let output: WriteSlot
}

extension Arithmetic {
  static func translateAdd(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(
      float32: "add.f32.reference", int32: "add.i32.reference", int64: "add.i64.reference",
      int8: "add.i8.reference", uint8: "add.u8.reference", int16: "add.i16.reference")
    let pair = try graph.operandPair(names.types)
    if let type = IntegerType(pair.type) {
      return try QuantizedArithmetic.translateSum(&graph, pair, type, isDifference: false, options: 11, names)
    }
    return try translate(&graph, pair, .add, names, graph.fusedActivation(11))
  }

  static func translateSubtract(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(
      float32: "sub.f32.reference", int32: "sub.i32.reference", int64: "sub.i64.reference",
      int8: "sub.i8.reference", uint8: "sub.u8.reference", int16: "sub.i16.reference")
    let pair = try graph.operandPair(names.types)
    if let type = IntegerType(pair.type) {
      return try QuantizedArithmetic.translateSum(&graph, pair, type, isDifference: true, options: 28, names)
    }
    return try translate(&graph, pair, .subtract, names, graph.fusedActivation(28))
  }

  static func translateMultiply(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(
      float32: "mul.f32.reference", int32: "mul.i32.reference", int64: "mul.i64.reference",
      int8: "mul.i8.reference", uint8: "mul.u8.reference", int16: "mul.i16.reference")
    let pair = try graph.operandPair(names.types)
    let activation = try graph.fusedActivation(21)
    if let type = IntegerType(pair.type) {
      return try QuantizedArithmetic.translateProduct(&graph, pair, type, activation, names)
    }
    return try translate(&graph, pair, .multiply, names, activation)
  }

  static func translateDivide(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(
      float32: "div.f32.reference", int32: "div.i32.reference", int8: "div.i8.reference", uint8: "div.u8.reference",
      int16: "div.i16.reference")
    let pair = try graph.operandPair(names.types)
    let activation = try graph.fusedActivation(29)
    if let type = IntegerType(pair.type) { return try QuantizedQuotient.translate(&graph, pair, type, activation) }
    return try translate(&graph, pair, .divide, names, activation)
  }

  static func translateSquaredDifference(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(
      float32: "squared_difference.f32.reference", int32: "squared_difference.i32.reference",
      int64: "squared_difference.i64.reference", int8: "squared_difference.i8.reference")
    let pair = try graph.operandPair(names.types)
    if pair.type == .int8 { return try QuantizedArithmetic.translateSquaredDifference(&graph, pair, names) }
    return try translate(&graph, pair, .squaredDifference, names)
  }

  static func translateMaximum(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(
      float32: "maximum.f32.reference", int32: "maximum.i32.reference", int64: "maximum.i64.reference",
      int8: "maximum.i8.reference", uint8: "maximum.u8.reference", int16: "maximum.i16.reference")
    return try translateExtreme(&graph, .maximum, names)
  }

  static func translateMinimum(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(
      float32: "minimum.f32.reference", int32: "minimum.i32.reference", int64: "minimum.i64.reference",
      int8: "minimum.i8.reference", uint8: "minimum.u8.reference", int16: "minimum.i16.reference")
    return try translateExtreme(&graph, .minimum, names)
  }

  private static func translateExtreme(
    _ graph: inout GraphBuilder, _ kind: ArithmeticKind, _ names: KernelNames
  ) throws(ModelError) -> Operation? {
    let pair = try graph.operandPair(names.types)
    guard let type = IntegerType(pair.type) else { return try translate(&graph, pair, kind, names) }
    _ = try graph.outputType(0, pair.type)
    let packed = try graph.packedExtremes(
      isMaximum: kind == .maximum, type, pair.broadcast, count: pair.shape.count)
    return try graph.operation(
      Operation.extreme,
      Extreme(
        kernel: names[pair.type], type: type, isMaximum: kind == .maximum, broadcast: pair.broadcast, packed: packed,
        lhs: packed == nil ? try graph.bind(pair.lhs) : try graph.bindPadded(pair.lhs),
        rhs: packed == nil ? try graph.bind(pair.rhs) : try graph.bindPadded(pair.rhs),
        output: try graph.bindOutput(shape: pair.shape)))
  }

  static func translatePower(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(float32: "pow.f32.reference", int32: "pow.i32.reference")
    return try translate(&graph, graph.operandPair(names.types), .power, names)
  }

  static func translateArcTangent(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(float32: "atan2.f32.reference")
    return try translate(&graph, graph.operandPair(names.types), .angle, names)
  }

  /// The slopes are repeated to the input's shape, never the input to theirs.
  static func translatePrelu(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(
      float32: "prelu.f32.reference", int8: "prelu.i8.reference", uint8: "prelu.u8.reference",
      int16: "prelu.i16.reference")
    let pair = try graph.operandPair(names.types, sixteenBitRhs: .int8)
    guard pair.shape == pair.lhs.shape else {
      throw graph.error(
        .invalidOperator, "its slopes \(pair.rhs.shape) do not fit the input \(pair.lhs.shape)")
    }
    if let type = IntegerType(pair.type) { return try QuantizedArithmetic.translatePrelu(&graph, pair, type, names) }
    return try translate(&graph, pair, .slope, names)
  }

  static func translateStableAdd(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translateStable(&graph, .add)
  }

  static func translateStableMultiply(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translateStable(&graph, .multiply)
  }

  static func translateStableMaximum(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translateStable(&graph, .maximum)
  }

  static func translateStableMinimum(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translateStable(&graph, .minimum)
  }

  /// STABLEHLO_ADD, _MULTIPLY, _MAXIMUM and _MINIMUM: stored numbers of two tensors of one shape.
  private static func translateStable(_ graph: inout GraphBuilder, _ kind: ArithmeticKind) throws(ModelError)
    -> Operation?
  {
    let names =
      switch kind {
      case .add: KernelNames(float32: "add.f32.reference", int32: "add.i32.reference", int64: "add.i64.reference")
      case .multiply: KernelNames(float32: "mul.f32.reference", int32: "mul.i32.reference", int64: "mul.i64.reference")
      case .maximum:
        KernelNames(float32: "maximum.f32.reference", int32: "maximum.i32.reference", int64: "maximum.i64.reference")
      default:
        KernelNames(float32: "minimum.f32.reference", int32: "minimum.i32.reference", int64: "minimum.i64.reference")
      }
    let pair = try graph.operandPair(names.types)
    guard pair.lhs.shape == pair.rhs.shape else {
      throw graph.error(.invalidOperator, "its inputs \(pair.lhs.shape) and \(pair.rhs.shape) differ in shape")
    }
    return try translate(&graph, pair, kind, names)
  }

  private static func translate(
    _ graph: inout GraphBuilder, _ pair: OperandPair, _ kind: ArithmeticKind, _ names: KernelNames,
    _ activation: Activation = .none
  ) throws(ModelError) -> Operation? {
    guard let type = NumberType(try graph.outputType(0, pair.type)) else {
      throw graph.error(.invalidOperator, "its output must be \(pair.type)")
    }
    let packed = type == .float32 ? graph.packedRealPairs(kind, pair, activation.range) : nil
    return try graph.operation(
      Operation.arithmetic,
      Arithmetic(
        kernel: names[pair.type], type: type, kind: kind, broadcast: pair.broadcast, range: activation.range,
        packed: packed, lhs: packed == nil ? try graph.bind(pair.lhs) : try graph.bindPadded(pair.lhs),
        rhs: packed == nil ? try graph.bind(pair.rhs) : try graph.bindPadded(pair.rhs),
        output: try graph.bindOutput(shape: pair.shape)))
  }
}

extension Arithmetic {
  func run(_ memory: OperatorMemory) throws(SessionError) {
    if let packed { return packed.run(memory, lhs: lhs, rhs: rhs, output: output) }
    switch type {
    case .float32: try run(memory, Float.self)
    case .int32: try run(memory, Int32.self)
    case .int64: try run(memory, Int64.self)
    }
  }

  private func run<Element: NumberElement>(_ memory: OperatorMemory, _: Element.Type) throws(SessionError) {
    var output = memory.write(output, as: Element.self)
    guard
      arithmeticReference(kind, broadcast, range, lhs: memory.read(lhs), rhs: memory.read(rhs), output: &output)
    else {
      throw SessionError(
        .invalidData,
        kind == .divide ? "an integer is divided by 0" : "an integer is raised to a negative power")
    }
  }

  var facts: OperatorFacts {
    let isFunction = kind == .power || kind == .angle
    return OperatorFacts(
      kernel: kernel, set: packed?.set,
      furtherSteps: isFunction ? OperatorFacts.product(OperatorFacts.functionSteps, broadcast.count) : 0)
  }
}

/// MAXIMUM or MINIMUM of two quantized tensors: of stored values, whatever these stand for, as in the reference.
struct Extreme: Sendable {
  let kernel: StaticString
  let type: IntegerType
  let isMaximum: Bool
  let broadcast: Broadcast
  let packed: PackedPairs?
  let lhs: ReadSlot
  let rhs: ReadSlot
  let output: WriteSlot
}

extension Extreme {
  func run(_ memory: OperatorMemory) {
    if let packed { return packed.run(memory, lhs: lhs, rhs: rhs, output: output) }
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    case .int16: run(memory, Int16.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    extremeReference(
      isMaximum: isMaximum, broadcast, lhs: memory.read(lhs), rhs: memory.read(rhs), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel, set: packed?.set) }
}
