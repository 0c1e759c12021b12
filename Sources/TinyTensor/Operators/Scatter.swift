import FlatbufferReader
import TinyTensorKernels

/// The types whose elements are summed up where several fall on one place.
enum AccumulatedType: Sendable, Hashable {
  case int8
  case uint8
  case int16
  case int32
  case int64
  case float32

  /// `nil` for other types.
  init?(_ type: ElementType) {
    switch type {
    case .int8: self = .int8
    case .uint8: self = .uint8
    case .int16: self = .int16
    case .int32: self = .int32
    case .int64: self = .int64
    case .float32: self = .float32
    default: return nil
    }
  }
}

/// SCATTER_ND and SEGMENT_SUM: slices added to places of an output of zeros.
struct Scatter: Sendable {
  let type: AccumulatedType
  let parameters: CoordinateParameters
  let kernel: StaticString
  let indices: ReadSlot
  let updates: ReadSlot
  let output: WriteSlot
}

extension Scatter {
  /// SCATTER_ND, whose shape is constant; coordinates may arrive in a run. Stored values are added, not real ones.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 3...3)
    let indices = try graph.input(0, .int32)
    let updates = try graph.input(1, .float32, .int8, .uint8, .int32, .int64)
    _ = try graph.outputType(0, updates.elementType)
    let shape = try graph.outputShape(graph.constantIntegers(graph.input(2, .int32), what: "the shape"))
    let outer = indices.shape.rank - 1
    var updateSizes = Array(indices.shape.array.dropLast())
    if outer >= 0, indices.shape[outer] <= shape.rank { updateSizes += shape.array[indices.shape[outer]...] }
    guard outer >= 0, indices.shape[outer] <= shape.rank, updates.shape.array == updateSizes else {
      throw graph.error(
        .invalidOperator,
        "its indices \(indices.shape) and its updates \(updates.shape) do not fit its output \(shape)")
    }
    let parameters = try graph.coordinates(
      depth: indices.shape[outer], sizes: shape, rows: indices.shape.count(of: 0..<outer))
    return try translate(&graph, "scatter_nd.reference", indices, updates, parameters, shape)
  }

  /// SEGMENT_SUM: rows of equal numbers are summed up. The numbers are constant, since the output's shape depends on
  /// the last one.
  static func translateSegments(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let input = try graph.input(0, .float32, .int32)
    let segments = try graph.input(1, .int32)
    _ = try graph.outputType(0, input.elementType)
    guard segments.shape.rank == 1, input.shape.rank >= 1, segments.shape[0] == input.shape[0] else {
      throw graph.error(
        .invalidOperator, "its \(segments.shape) segment numbers do not fit its input \(input.shape)")
    }
    var last = -1
    for number in try graph.constantIntegers(segments, what: "the segment numbers") {
      guard number >= max(last, 0), number < 1 << 30 else {
        throw graph.error(.invalidOperator, "its segment numbers do not rise: \(number) follows \(last)")
      }
      last = number
    }
    let shape = try graph.outputShape([last + 1] + input.shape.array.dropFirst())
    let parameters = try graph.coordinates(depth: 1, sizes: shape, rows: segments.shape.count)
    return try translate(&graph, "segment_sum.reference", segments, input, parameters, shape)
  }

  private static func translate(
    _ graph: inout GraphBuilder, _ kernel: StaticString, _ indices: Operand, _ updates: Operand,
    _ parameters: CoordinateParameters, _ shape: Shape
  ) throws(ModelError) -> Operation? {
    guard let type = AccumulatedType(updates.elementType) else {
      throw graph.error(.invalidOperator, "elements of \(updates.elementType) cannot be summed up")
    }
    return try graph.operation(
      Operation.scatter,
      Scatter(
        type: type, parameters: parameters, kernel: kernel, indices: try graph.bind(indices),
        updates: try graph.bind(updates), output: try graph.bindOutput(shape: shape)))
  }

  func run(_ memory: OperatorMemory) throws(SessionError) {
    let indices = memory.read(indices, as: Int32.self)
    if let row = firstRowOutside(parameters, indices: indices) { throw .outside(row, "a scatter") }
    switch type {
    case .int8: run(memory, indices, Int8.self)
    case .uint8: run(memory, indices, UInt8.self)
    case .int16: run(memory, indices, Int16.self)
    case .int32: run(memory, indices, Int32.self)
    case .int64: run(memory, indices, Int64.self)
    case .float32: run(memory, indices, Float.self)
    }
  }

  private func run<Element: AccumulatedElement>(
    _ memory: OperatorMemory, _ indices: Span<Int32>, _: Element.Type
  ) {
    var output = memory.write(output, as: Element.self)
    scatterReference(parameters, indices: indices, updates: memory.read(updates), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel) }
}

/// SPARSE_TO_DENSE: values at listed places, a default value elsewhere.
struct SparseToDense: Sendable {
  let parameters: CoordinateParameters
  let elementSize: Int
  let isSingleValue: Bool
  let indexType: IndexType
  let indices: ReadSlot
  let values: ReadSlot
  let defaultValue: ReadSlot
  let output: WriteSlot
}

extension SparseToDense {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 4...4)
    let indices = try graph.input(0, .int32, .int64)
    let shape = try graph.outputShape(
      graph.constantIntegers(graph.input(1, .int32, .int64), what: "the output's shape"))
    let values = try graph.input(2)
    let defaultValue = try graph.input(3, values.elementType)
    _ = try graph.outputType(0, values.elementType)
    let depth = indices.shape.rank == 2 ? indices.shape[1] : 1
    let rows = indices.shape.rank == 0 ? 1 : indices.shape[0]
    guard indices.shape.rank <= 2, depth == shape.rank else {
      throw graph.error(
        .invalidOperator, "its indices \(indices.shape) cannot name places in its output \(shape)")
    }
    guard defaultValue.shape.count == 1 else {
      throw graph.error(.invalidOperator, "its default value has \(defaultValue.shape.count) elements instead of 1")
    }
    guard values.shape.rank == 0 || (values.shape.rank == 1 && values.shape[0] == rows) else {
      throw graph.error(.invalidOperator, "it has \(values.shape) values for \(rows) places")
    }
    return try graph.operation(
      Operation.sparseToDense,
      SparseToDense(
        parameters: try graph.coordinates(depth: depth, sizes: shape, rows: rows),
        elementSize: try graph.elementSize(of: values), isSingleValue: values.shape.rank == 0,
        indexType: try graph.indexType(of: indices), indices: try graph.bind(indices), values: try graph.bind(values),
        defaultValue: try graph.bind(defaultValue), output: try graph.bindOutput(shape: shape)))
  }

  func run(_ memory: OperatorMemory) throws(SessionError) {
    switch indexType {
    case .int16: try run(memory, Int16.self)
    case .int32: try run(memory, Int32.self)
    case .int64: try run(memory, Int64.self)
    }
  }

  private func run<Index: IndexElement>(_ memory: OperatorMemory, _: Index.Type) throws(SessionError) {
    let indices = memory.read(indices, as: Index.self)
    if let row = firstRowOutside(parameters, indices: indices) { throw .outside(row, "a conversion to dense form") }
    var output = memory.writeBytes(output)
    fill(&output, pattern: pattern(of: memory.readBytes(defaultValue)), elementSize: elementSize)
    placeCoordinatesReference(
      parameters, elementSize: elementSize, indices: indices, updates: memory.readBytes(values),
      isSingleUpdate: isSingleValue, output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "sparse_to_dense.reference") }
}
