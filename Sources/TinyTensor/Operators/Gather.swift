import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// The types that indices are stored in.
enum IndexType: Sendable, Hashable {
  case int16
  case int32
  case int64

  /// `nil` for other types.
  init?(_ type: ElementType) {
    switch type {
    case .int16: self = .int16
    case .int32: self = .int32
    case .int64: self = .int64
    default: return nil
    }
  }
}

extension GraphBuilder {
  /// The type of an operand that holds indices.
  func indexType(of operand: Operand) throws(ModelError) -> IndexType {
    guard let type = IndexType(operand.elementType) else {
      throw error(.invalidOperator, "\(operand.name) is \(operand.elementType), which holds no indices")
    }
    return type
  }
}

/// GATHER and EMBEDDING_LOOKUP: slices picked along an axis by indices that may arrive in a run.
struct Gather: Sendable {
  let parameters: GatherParameters
  let indexType: IndexType
  /// Whether the kernels that move bytes run, in place of the reference.
  let hasKernels: Bool
  let input: ReadSlot
  let indices: ReadSlot
  let output: WriteSlot
}

extension Gather {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let options =
      try graph.options(23) { (table) throws(ReadError) in
        (axis: Int(try table.scalar(0, default: Int32(0))), batches: Int(try table.scalar(1, default: Int32(0))))
      } ?? (axis: 0, batches: 0)
    return try translate(
      &graph, input: graph.input(0), indices: graph.input(1, .int16, .int32, .int64), axis: options.axis,
      batchAxes: options.batches)
  }

  static func translate(
    _ graph: inout GraphBuilder, input: Operand, indices: Operand, axis listedAxis: Int, batchAxes listedBatchAxes: Int
  ) throws(ModelError) -> Operation? {
    _ = try graph.outputType(0, input.elementType)
    guard let bits = input.elementType.bitWidth else {
      throw graph.error(.invalidOperator, "elements of \(input.elementType) cannot be gathered")
    }
    let axis = try graph.axis(listedAxis, of: input)
    let batchAxes = listedBatchAxes < 0 ? listedBatchAxes + indices.shape.rank : listedBatchAxes
    guard batchAxes >= 0, batchAxes <= axis, batchAxes <= indices.shape.rank else {
      throw graph.error(
        .invalidOperator, "\(listedBatchAxes) batch axes do not fit axis \(axis) and the indices \(indices.shape)")
    }
    for batch in 0..<batchAxes where input.shape[batch] != indices.shape[batch] {
      throw graph.error(
        .invalidOperator, "its input \(input.shape) and its indices \(indices.shape) differ along batch axis \(batch)")
    }
    let sizes = input.shape.array
    let indexSizes = indices.shape.array
    var outputSizes = Array(sizes[..<axis])
    outputSizes += indexSizes[batchAxes...]
    outputSizes += sizes[(axis + 1)...]
    let shape = try graph.outputShape(outputSizes)
    guard let batches = input.shape.count(of: 0..<batchAxes), let outer = input.shape.count(of: batchAxes..<axis),
      let inner = input.shape.count(of: (axis + 1)..<sizes.count),
      let indexCount = indices.shape.count(of: batchAxes..<indexSizes.count),
      let sliceBytes = input.elementType.byteCount(of: inner)
    else { throw graph.error(.tooLarge, "its operands are too large") }
    // Elements of fewer than 8 bits are packed from one end of the tensor to the other.
    guard bits % 8 == 0 || inner % (8 / bits) == 0 else {
      throw graph.error(
        .unsupportedOperator,
        "slices of \(inner) elements of \(input.elementType) do not fill whole bytes, which is not supported")
    }
    if indices.constant != nil {
      for index in try graph.constantIntegers(indices, what: "the indices") where index < 0 || index >= sizes[axis] {
        throw graph.error(
          .invalidOperator, "the index \(index) is outside axis \(axis) of its input \(input.shape)")
      }
    }
    return try graph.operation(
      Operation.gather,
      Gather(
        parameters: GatherParameters(
          batches: batches, outer: outer, axisSize: sizes[axis], sliceBytes: sliceBytes, indexCount: indexCount),
        indexType: try graph.indexType(of: indices), hasKernels: graph.context.instructionSet != nil,
        input: try graph.bind(input), indices: try graph.bind(indices), output: try graph.bindOutput(shape: shape)))
  }
}

extension Gather {
  func run(_ memory: OperatorMemory) throws(SessionError) {
    switch indexType {
    case .int16: try run(memory, Int16.self)
    case .int32: try run(memory, Int32.self)
    case .int64: try run(memory, Int64.self)
    }
  }

  private func run<Index: IndexElement>(_ memory: OperatorMemory, _: Index.Type) throws(SessionError) {
    let indices = memory.read(indices, as: Index.self)
    if let index = firstIndex(outside: parameters.axisSize, in: indices) {
      throw SessionError(
        .invalidData, "a gather is asked for index \(index) of an axis of \(parameters.axisSize) elements")
    }
    if hasKernels { return pick(memory, indexBytes: MemoryLayout<Index>.size) }
    var output = memory.writeBytes(output)
    gatherReference(parameters, input: memory.readBytes(input), indices: indices, output: &output)
  }

  /// By the kernels that move bytes; all indices are inside the axis.
  private func pick(_ memory: OperatorMemory, indexBytes: Int) {
    // An axis without elements has no index inside it.
    let slices = parameters.axisSize == 0 ? 0 : parameters.batches * parameters.outer * parameters.indexCount
    guard slices > 0 else { return }
    unsafe MovementWork.run(
      .pick(
        PickTask(
          indexCount: parameters.indexCount, sliceBytes: parameters.sliceBytes,
          axisBytes: parameters.axisSize * parameters.sliceBytes, outer: parameters.outer,
          indices: memory.pointer(indices), indexBytes: indexBytes, input: memory.pointer(input),
          output: memory.pointer(output), firstSlice: 0, endSlice: slices)), memory.workers)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "gather.reference", set: hasKernels ? .portable : nil) }
}

/// GATHER_ND: slices named by rows of coordinates, which may arrive in a run.
struct GatherCoordinates: Sendable {
  let parameters: CoordinateParameters
  let elementSize: Int
  let indexType: IndexType
  let input: ReadSlot
  let indices: ReadSlot
  let output: WriteSlot
}

extension GatherCoordinates {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let input = try graph.input(0)
    let indices = try graph.input(1, .int16, .int32, .int64)
    _ = try graph.outputType(0, input.elementType)
    let elementSize = try graph.elementSize(of: input)
    guard input.shape.rank >= 1, let depth = indices.shape.array.last, depth <= input.shape.rank else {
      throw graph.error(
        .invalidOperator, "its indices \(indices.shape) cannot name places in its input \(input.shape)")
    }
    var outputSizes = Array(indices.shape.array.dropLast())
    outputSizes += input.shape.array[depth...]
    let shape = try graph.outputShape(outputSizes)
    let parameters = try graph.coordinates(
      depth: depth, sizes: input.shape, rows: indices.shape.count(of: 0..<(indices.shape.rank - 1)))
    return try graph.operation(
      Operation.gatherCoordinates,
      GatherCoordinates(
        parameters: parameters, elementSize: elementSize, indexType: try graph.indexType(of: indices),
        input: try graph.bind(input), indices: try graph.bind(indices), output: try graph.bindOutput(shape: shape)))
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
    if let row = firstRowOutside(parameters, indices: indices) { throw .outside(row, "a gather") }
    var output = memory.writeBytes(output)
    gatherCoordinatesReference(
      parameters, elementSize: elementSize, input: memory.readBytes(input), indices: indices, output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "gather_nd.reference") }
}

extension SessionError {
  /// Row `row` of the coordinates that an operator was given names no place.
  static func outside(_ row: Int, _ what: String) -> SessionError {
    SessionError(.invalidData, "row \(row) of the coordinates that \(what) is asked for lies outside its tensor")
  }
}

extension GraphBuilder {
  /// Coordinates along the first `depth` axes of a shape, where a slice is what the other axes hold.
  func coordinates(depth: Int, sizes: Shape, rows: Int?) throws(ModelError) -> CoordinateParameters {
    guard let rows, let sliceCount = sizes.count(of: depth..<sizes.rank) else {
      throw error(.tooLarge, "its operands are too large")
    }
    return CoordinateParameters(depth: depth, sizes: sizes.sizes, rows: rows, sliceCount: sliceCount)
  }
}
