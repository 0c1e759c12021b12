import FlatbufferReader
import TinyTensorKernels

/// Operators whose outputs are known at load, from shapes and constants: folding turns them into constants.
enum ShapeConstants {
  /// SHAPE: an input's sizes; its elements are not read.
  static func translateShape(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let listed = try graph.options(55) { (table) throws(ReadError) in
      ElementType(rawValue: try table.scalar(0, default: Int8(0)))
    }
    let input = try graph.input(0)
    let type = try graph.outputType(0, .int32, .int64)
    guard listed == nil || listed == type else {
      throw graph.error(.invalidOperator, "its options ask for another type than that of its output, \(type)")
    }
    return try constant(&graph, input.shape.array, type, shape: graph.outputShape([input.shape.rank]))
  }

  /// RANK: an input's count of axes.
  static func translateRank(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0)
    return try constant(&graph, [input.shape.rank], graph.outputType(0, .int32), shape: .scalar)
  }

  /// BROADCAST_ARGS: the shape that two constant shapes have together.
  static func translateBroadcast(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let lhs = try graph.input(0, .int32, .int64)
    let rhs = try graph.input(1, lhs.elementType)
    let type = try graph.outputType(0, lhs.elementType)
    let lhsShape = try graph.outputShape(graph.constantIntegers(lhs, what: "the first shape"))
    let rhsShape = try graph.outputShape(graph.constantIntegers(rhs, what: "the second shape"))
    let shape = try graph.broadcast(lhsShape, rhsShape).shape
    return try constant(&graph, shape.array, type, shape: graph.outputShape([shape.rank]))
  }

  /// RANGE: numbers from a start on, by steps, up to a limit; all three are constant.
  static func translateRange(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 3...3)
    let start = try graph.input(0, .int32, .int64, .float32)
    let limit = try graph.input(1, start.elementType)
    let step = try graph.input(2, start.elementType)
    let type = try graph.outputType(0, start.elementType)
    if type == .float32 {
      return try realRange(
        &graph, start: graph.constantReal(start, what: "the start"),
        limit: graph.constantReal(limit, what: "the limit"), step: graph.constantReal(step, what: "the step"))
    }
    let first = try graph.constantInteger(start, what: "the start")
    let last = try graph.constantInteger(limit, what: "the limit")
    let delta = try graph.constantInteger(step, what: "the step")
    let (distance, overflow) = last.subtractingReportingOverflow(first)
    guard delta != 0, !overflow, distance == 0 || (distance > 0) == (delta > 0) else {
      throw graph.error(.invalidOperator, "it cannot go from \(first) to \(last) in steps of \(delta)")
    }
    // At least 1 element lies between them; magnitudes of `Int` cannot overflow when 1 is subtracted.
    let count = distance == 0 ? 0 : (distance.magnitude - 1) / delta.magnitude + 1
    let shape = try graph.outputShape([try elements(graph, count)])
    try graph.spend(bytes: shape.count * MemoryLayout<Int>.stride)
    var values: [Int] = []
    values.reserveCapacity(shape.count)
    for index in 0..<shape.count { values.append(first &+ index &* delta) }
    return try constant(&graph, values, type, shape: shape)
  }

  /// The count, if a tensor may have as many 4-byte elements.
  private static func elements(_ graph: GraphBuilder, _ count: UInt) throws(ModelError) -> Int {
    guard count <= UInt(graph.limits.tensorBytes / 4) else {
      throw graph.error(.tooLarge, "its output of \(count) elements is too large")
    }
    return Int(count)
  }

  /// Steps are added one by one, in single precision, as in the reference.
  private static func realRange(
    _ graph: inout GraphBuilder, start: Float, limit: Float, step: Float
  ) throws(ModelError) -> Operation? {
    let quotient = ((limit - start) / step).magnitude
    guard (start >= limit && step < 0) || (start <= limit && step > 0), quotient.isFinite, quotient < 0x1p30 else {
      throw graph.error(.invalidOperator, "it cannot go from its start to its limit in its steps")
    }
    let whole = UInt(quotient)
    let shape = try graph.outputShape([try elements(graph, Float(whole) < quotient ? whole + 1 : whole)])
    try graph.spend(bytes: shape.count * MemoryLayout<Float>.stride)
    var values: [Float] = []
    values.reserveCapacity(shape.count)
    var value = start
    for _ in 0..<shape.count {
      values.append(value)
      value += step
    }
    return try graph.operation(
      Operation.copy, Copy(input: try graph.bind(packed: values), output: try graph.bindOutput(shape: shape)))
  }

  /// WHERE of a condition that is known: the coordinates of all elements that are not 0. The output's shape depends on
  /// them.
  static func translateWhere(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0, .bool, .float32, .int8, .uint8, .int32, .uint32, .int64)
    _ = try graph.outputType(0, .int64)
    let (coordinates, rows) = try coordinates(graph, input)
    let shape = try graph.outputShape([rows, input.shape.rank])
    return try graph.operation(
      Operation.copy, Copy(input: try graph.bind(packed: coordinates), output: try graph.bindOutput(shape: shape)))
  }

  /// The coordinates of all elements that are not 0, and how many there are.
  private static func coordinates(
    _ graph: GraphBuilder, _ input: Operand
  ) throws(ModelError) -> (coordinates: [Int64], rows: Int) {
    let elementSize = try graph.elementSize(of: input)
    guard let bytes = graph.constantBytes(input) else { throw graph.needsValue(of: input, what: "the condition") }
    // Both zeros of real numbers are 0.
    let lastMask: UInt8 = input.elementType == .float32 ? 0x7F : 0xFF
    var rows = 0
    for index in 0..<input.shape.count where isSet(bytes, index * elementSize, elementSize, lastMask) { rows += 1 }
    try graph.spend(bytes: rows * input.shape.rank * MemoryLayout<Int64>.stride)
    let steps = input.shape.steps
    var coordinates: [Int64] = []
    coordinates.reserveCapacity(rows * input.shape.rank)
    for index in 0..<input.shape.count where isSet(bytes, index * elementSize, elementSize, lastMask) {
      for axis in 0..<input.shape.rank { coordinates.append(Int64(index / steps[axis] % input.shape[axis])) }
    }
    return (coordinates, rows)
  }

  /// Whether one of some bytes is not 0, the last one but for bits that do not count.
  private static func isSet(_ bytes: RawSpan, _ start: Int, _ count: Int, _ lastMask: UInt8) -> Bool {
    for offset in start..<(start + count - 1) where UInt8.load(bytes, at: offset) != 0 { return true }
    return UInt8.load(bytes, at: start + count - 1) & lastMask != 0
  }

  /// The step that writes integers of the operator's own making.
  private static func constant(
    _ graph: inout GraphBuilder, _ values: [Int], _ type: ElementType, shape: Shape
  ) throws(ModelError) -> Operation? {
    let packed: ReadSlot
    if type == .int64 {
      packed = try graph.bind(packed: values.map { Int64($0) })
    } else {
      var narrow: [Int32] = []
      for value in values {
        guard let element = Int32(exactly: value) else {
          throw graph.error(.invalidOperator, "its output cannot hold \(value)")
        }
        narrow.append(element)
      }
      packed = try graph.bind(packed: narrow)
    }
    return try graph.operation(Operation.copy, Copy(input: packed, output: try graph.bindOutput(shape: shape)))
  }
}

extension GraphBuilder {
  /// The bytes of a constant operand's elements as numbers; `nil` if the operand is not constant.
  func constantPatterns(_ operand: Operand) throws(ModelError) -> [UInt64]? {
    let elementSize = try elementSize(of: operand)
    guard let bytes = constantBytes(operand) else { return nil }
    guard operand.shape.count <= Self.longestList else {
      throw error(.tooLarge, "\(operand.name) has \(operand.shape.count) elements; no list may have as many")
    }
    var patterns: [UInt64] = []
    patterns.reserveCapacity(operand.shape.count)
    for index in 0..<operand.shape.count {
      patterns.append(pattern(of: bytes.extracting((index * elementSize)..<((index + 1) * elementSize))))
    }
    return patterns
  }

  /// The one number of a constant float32 input.
  func constantReal(_ operand: Operand, what: String) throws(ModelError) -> Float {
    guard operand.elementType == .float32, operand.shape.count == 1 else {
      throw error(.invalidOperator, "\(what) (\(operand.name)) must be one float32 element")
    }
    guard let bytes = constantBytes(operand) else { throw needsValue(of: operand, what: what) }
    return Float(bitPattern: UInt32(truncatingIfNeeded: pattern(of: bytes.extracting(0..<4))))
  }
}

/// FILL and ZEROS_LIKE: one value in every element.
struct Fill: Sendable {
  let elementSize: Int
  let value: ReadSlot
  let output: WriteSlot
}

extension Fill {
  /// FILL: the value may arrive in a run, the shape is constant.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let sizes = try graph.constantIntegers(graph.input(0, .int32, .int64), what: "the shape")
    let value = try graph.input(1)
    _ = try graph.outputType(0, value.elementType)
    guard value.shape.count == 1 else {
      throw graph.error(.invalidOperator, "its value has \(value.shape.count) elements instead of 1")
    }
    try graph.requireOutputQuantization(of: value)
    return try graph.operation(
      Operation.fill,
      Fill(
        elementSize: try graph.elementSize(of: value), value: try graph.bind(value),
        output: try graph.bindOutput(shape: graph.outputShape(sizes))))
  }

  /// ZEROS_LIKE: zeros in the input's shape; its elements are not read.
  static func translateZeros(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0, .float32, .int32, .int64)
    _ = try graph.outputType(0, input.elementType)
    return try graph.operation(
      Operation.fill,
      Fill(
        elementSize: try graph.elementSize(of: input), value: try graph.bind(packed: [UInt64(0)]),
        output: try graph.bindOutput(shape: input.shape)))
  }

  /// The work of an operator whose output has no elements, as after a selection that nothing passes.
  static func makeEmpty(_ graph: inout GraphBuilder, _ shape: Shape) throws(ModelError) -> Operation? {
    precondition(shape.count == 0)
    return try graph.operation(
      Operation.fill,
      Fill(
        elementSize: 1, value: try graph.bind(packed: [UInt8(0)]), output: try graph.bindOutput(shape: shape)))
  }

  /// What the reference makes of integers where nothing says what they stand for: it scales by a factor of 0.
  static func scaledByZero(_ graph: inout GraphBuilder, _ input: Operand, shape: Shape) throws(ModelError) -> Operation?
  {
    try graph.operation(
      Operation.fill,
      Fill(
        elementSize: try graph.elementSize(of: input), value: try graph.bind(packed: [UInt64(0)]),
        output: try graph.bindOutput(shape: shape)))
  }

  func run(_ memory: OperatorMemory) {
    var output = memory.writeBytes(output)
    TinyTensorKernels.fill(&output, pattern: pattern(of: memory.readBytes(value)), elementSize: elementSize)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "fill.reference") }
}
