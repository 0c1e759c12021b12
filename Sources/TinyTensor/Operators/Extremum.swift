import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// The types whose elements are put in order.
enum OrderedType: Sendable, Hashable {
  case int8
  case uint8
  case int16
  case int32
  case int64
  case float32

  /// `nil` for other types. Truth values are ordered as bytes.
  init?(_ type: ElementType) {
    switch type {
    case .int8: self = .int8
    case .uint8, .bool: self = .uint8
    case .int16: self = .int16
    case .int32: self = .int32
    case .int64: self = .int64
    case .float32: self = .float32
    default: return nil
    }
  }
}

/// ARG_MAX and ARG_MIN: where the largest or smallest element along an axis stands; the first one of equal ones.
struct Extremum: Sendable {
  let isLargest: Bool
  let type: OrderedType
  let isWide: Bool
  let outer: Int
  let size: Int
  let inner: Int
  /// The instruction set whose kernel runs in place of the reference: for bytes.
  let set: InstructionSet?
  let input: ReadSlot
  let output: WriteSlot
}

extension Extremum {
  static func translateLargest(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, isLargest: true, options: 40)
  }

  static func translateSmallest(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, isLargest: false, options: 57)
  }

  private static func translate(
    _ graph: inout GraphBuilder, isLargest: Bool, options: UInt8
  ) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let resultType = try graph.requiredOptions(options) { (table) throws(ReadError) in
      ElementType(rawValue: try table.scalar(0, default: Int8(0)))
    }
    let input = try graph.input(0, .float32, .int8, .uint8, .int32, .bool)
    let axis = try graph.axis(graph.constantInteger(graph.input(1, .int32, .int64), what: "the axis"), of: input)
    let outputType = try graph.outputType(0, .int32, .int64)
    guard resultType == outputType else {
      throw graph.error(.invalidOperator, "its options ask for \(resultType) but its output is \(outputType)")
    }
    guard let type = OrderedType(input.elementType) else {
      throw graph.error(.invalidOperator, "elements of \(input.elementType) have no order")
    }
    var sizes = input.shape.array
    let size = sizes.remove(at: axis)
    guard size > 0, let outer = input.shape.count(of: 0..<axis),
      let inner = input.shape.count(of: (axis + 1)..<input.shape.rank)
    else { throw graph.error(.invalidOperator, "axis \(axis) of its input \(input.shape) is empty") }
    return try graph.operation(
      Operation.extremum,
      Extremum(
        isLargest: isLargest, type: type, isWide: outputType == .int64, outer: outer, size: size, inner: inner,
        set: Int32(exactly: size) != nil ? graph.byteInstructionSet(for: input) : nil, input: try graph.bind(input),
        output: try graph.bindOutput(shape: graph.outputShape(sizes))))
  }

  func run(_ memory: OperatorMemory) {
    if let set {
      return unsafe VectorWork.run(
        set,
        .extremum(
          ExtremumTask(
            input: memory.pointer(input), output: memory.pointer(output), size: size, inner: inner, firstRow: 0,
            endRow: outer,
            flip: (type == .int8 ? 0x80 : 0) ^ (isLargest ? 0 : 0xFF), isWide: isWide)), memory.workers)
    }
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    case .int16: run(memory, Int16.self)
    case .int32: run(memory, Int32.self)
    case .int64: run(memory, Int64.self)
    case .float32: run(memory, Float.self)
    }
  }

  private func run<Element: OrderedElement>(_ memory: OperatorMemory, _: Element.Type) {
    let input = memory.read(input, as: Element.self)
    if isWide {
      var output = memory.write(output, as: Int64.self)
      extremumReference(
        isLargest: isLargest, outer: outer, size: size, inner: inner, input: input, output: &output)
    } else {
      var output = memory.write(output, as: Int32.self)
      extremumReference(
        isLargest: isLargest, outer: outer, size: size, inner: inner, input: input, output: &output)
    }
  }

  var facts: OperatorFacts {
    OperatorFacts(kernel: isLargest ? "arg_max.reference" : "arg_min.reference", set: set)
  }
}

/// TOPK_V2: the largest elements of each row in falling order, and where they stand.
struct Top: Sendable {
  let type: OrderedType
  let isNarrow: Bool
  let rows: Int
  let length: Int
  let count: Int
  let input: ReadSlot
  let values: WriteSlot
  let positions: WriteSlot
}

extension Top {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2, outputs: 2)
    let input = try graph.input(0, .float32, .int8, .uint8, .int16, .int32, .int64)
    let listed = try graph.constantInteger(graph.input(1, .int16, .int32), what: "the count")
    _ = try graph.outputType(0, input.elementType)
    let isNarrow = try graph.outputType(1, .int16, .int32) == .int16
    guard let length = input.shape.array.last, let type = OrderedType(input.elementType) else {
      throw graph.error(.invalidOperator, "its input \(input.elementType) \(input.shape) has no rows")
    }
    // The reference takes a negative count for 0.
    let count = max(listed, 0)
    guard count <= length else {
      throw graph.error(.invalidOperator, "it looks for \(count) elements in rows of \(length)")
    }
    guard !isNarrow || length <= Int(Int16.max) + 1 else {
      throw graph.error(.invalidOperator, "its rows of \(length) elements are too long for int16 positions")
    }
    let shape = try graph.outputShape(input.shape.array.dropLast() + [count])
    let source = try graph.bind(input)
    let values = try graph.bindOutput(0, shape: shape)
    let positions = try graph.bindOutput(1, shape: shape)
    return try graph.operation(
      Operation.top,
      Top(
        type: type, isNarrow: isNarrow, rows: count == 0 ? 0 : shape.count / count, length: length, count: count,
        input: source, values: values, positions: positions))
  }

  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    case .int16: run(memory, Int16.self)
    case .int32: run(memory, Int32.self)
    case .int64: run(memory, Int64.self)
    case .float32: run(memory, Float.self)
    }
  }

  private func run<Element: OrderedElement>(_ memory: OperatorMemory, _: Element.Type) {
    if isNarrow { run(memory, Element.self, Int16.self) } else { run(memory, Element.self, Int32.self) }
  }

  private func run<Element: OrderedElement, Index: IndexElement>(
    _ memory: OperatorMemory, _: Element.Type, _: Index.Type
  ) {
    var values = memory.write(values, as: Element.self)
    var positions = memory.write(positions, as: Index.self)
    topReference(
      rows: rows, length: length, count: count, input: memory.read(input), values: &values, positions: &positions)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "topk.reference") }
}
