import FlatbufferReader
import TinyTensorKernels

// Constants that leave out zeros, as TACO (Kjolstad and others, 2017) stores them: the tensor's axes and blocks along
// some of them are levels, each of which stores all of its places or lists those that it has.

extension GraphBuilder {
  /// Gives a constant that is stored sparsely its zeros back.
  ///
  /// Everything that the file says of it is checked before memory is taken. The work is bounded by what the file holds:
  /// each place of a level needs an entry of a list, or leads to a value of its own.
  mutating func densify(_ tensor: Int) throws(ModelError) {
    let description = subgraph.tensors[tensor]
    guard let sparsity = description.sparsity, case .constant(.file(let range)) = values[tensor].source else { return }
    func refuse(_ code: ModelError.Code, _ message: String) -> ModelError {
      ModelError(code, "tensor \(description.name) is stored sparsely: \(message)", tensorName: description.name)
    }
    guard let shape = values[tensor].shape, let bits = description.elementType.bitWidth,
      [8, 16, 32, 64].contains(bits),
      let byteCount = description.elementType.byteCount(of: shape.count), byteCount <= limits.tensorBytes
    else {
      throw refuse(
        .unsupportedFile,
        "\(description.elementType) \(describeShape(description.shape)) is too large or has no elements of whole bytes")
    }
    let layout: [SparseAxis]
    do throws(ReadError) {
      layout = try sparseAxes(at: sparsity.position)
    } catch {
      throw refuse(.malformedFile, "its description is damaged at byte \(error.position): \(error.message)")
    }
    let levels: [SparseLevel]
    switch Self.sparseLevels(sparsity, layout, shape, values: range.count / (bits / 8)) {
    case .levels(let checked): levels = checked
    case .fault(let message): throw refuse(.invalidGraph, message)
    }
    try context.reserveDense(byteCount, of: description.name)
    guard let memory = AlignedMemory(byteCount: byteCount, isResident: false) else { throw .outOfMemory(byteCount) }
    if shape.count > 0 {
      // Sound: the memory is zeroed, has this size, and nothing else uses it yet.
      var output = unsafe MutableRawSpan(_unsafeStart: memory.base, byteCount: byteCount)
      TinyTensorKernels.densify(
        levels, values: file.bytes.extracting(range), elementSize: bits / 8, output: &output)
    }
    replaceConstant(tensor, by: .block(addBlock(memory)))
  }

  /// An axis of the storage, as the file has it.
  private struct SparseAxis {
    var denseSize: Int
    var stored: SparseLevel.Stored?
  }

  /// The axes of a sparsity table, with copies of their lists. Lists that several tensors share are paid for each time.
  private func sparseAxes(at position: Int) throws(ReadError) -> [SparseAxis] {
    let table = try Table(revisiting: file.bytes, at: position, &context.sparseBudget)
    var axes: [SparseAxis] = []
    guard let tables = try table.tables(2) else { return axes }
    guard tables.count <= 2 * Shape.maximumRank else {
      throw ReadError(.outOfBounds, at: position, "a tensor with \(tables.count) stored axes")
    }
    for index in 0..<tables.count {
      let axis = try tables.table(at: index, &context.sparseBudget)
      var stored: SparseLevel.Stored?
      if try axis.scalar(0, default: Int8(0)) != 0 {
        stored = .init(
          segments: try Self.numbers(axis, 2, &context.sparseBudget),
          indices: try Self.numbers(axis, 4, &context.sparseBudget))
      }
      axes.append(SparseAxis(denseSize: Int(try axis.scalar(1, default: Int32(0))), stored: stored))
    }
    return axes
  }

  /// A list of 32-bit numbers, or of 16- or 8-bit ones without a sign.
  private static func numbers(
    _ axis: borrowing Table, _ slot: Int, _ budget: inout ReadBudget
  ) throws(ReadError) -> [Int32] {
    guard let union = try axis.union(slot, &budget) else { return [] }
    switch union.type {
    case 1: return try union.table.vector(0, of: Int32.self)?.array(&budget) ?? []
    case 2: return (try union.table.vector(0, of: UInt16.self)?.array(&budget) ?? []).map { Int32($0) }
    case 3: return (try union.table.vector(0, of: UInt8.self)?.array(&budget) ?? []).map { Int32($0) }
    default: throw ReadError(.outOfBounds, at: axis.position, "a list of places of the unknown kind \(union.type)")
    }
  }

  private enum CheckedLevels {
    case levels([SparseLevel])
    case fault(String)
  }

  /// The levels of a sparse tensor, checked so that every value has a place of its own.
  private static func sparseLevels(
    _ sparsity: ModelFile.Sparsity, _ axes: [SparseAxis], _ shape: Shape, values: Int
  ) -> CheckedLevels {
    let order = sparsity.traversalOrder
    let blocks = sparsity.blockMap
    let rank = shape.rank
    guard blocks.count <= rank, order.count == rank + blocks.count, axes.count == order.count else {
      return .fault("\(axes.count) stored axes in an order of \(order.count) do not fit \(rank) axes and their blocks")
    }
    var isSeen = [Bool](repeating: false, count: order.count)
    for (position, axis) in order.enumerated() {
      guard axis >= 0, axis < order.count, !isSeen[axis], (axis < rank) == (position < rank) else {
        return .fault("its order of axes is none")
      }
      isSeen[axis] = true
    }
    // The size of the block along each axis, 1 where there is none.
    var blockSizes = [Int](repeating: 1, count: rank)
    for (number, axis) in blocks.enumerated() {
      guard axis >= 0, axis < rank, number == 0 || axis > blocks[number - 1],
        let position = order.firstIndex(of: rank + number)
      else { return .fault("its blocks are not along rising axes") }
      let size = axes[position].denseSize
      guard size > 0, shape[axis] % size == 0 else {
        return .fault("axis \(axis) of \(shape) cannot be divided into blocks of \(size)")
      }
      blockSizes[axis] = size
    }
    if shape.count == 0 { return .levels([]) }
    let steps = shape.steps
    var levels: [SparseLevel] = []
    var places = 1
    for (position, axis) in order.enumerated() {
      let isBlock = axis >= rank
      let original = isBlock ? blocks[axis - rank] : axis
      let size = isBlock ? blockSizes[original] : shape[original] / blockSizes[original]
      let step = isBlock ? steps[original] : steps[original] * blockSizes[original]
      if let stored = axes[position].stored {
        if let fault = fault(of: stored, parents: places, size: size) { return .fault(fault) }
        places = Int(stored.segments[places])
      } else {
        guard axes[position].denseSize == size else {
          return .fault("stored axis \(position) has \(axes[position].denseSize) places instead of \(size)")
        }
        // At most the tensor's count of elements, since no place is listed twice.
        places *= size
      }
      levels.append(SparseLevel(size: size, step: step, stored: axes[position].stored))
    }
    guard places <= values else {
      return .fault("it has \(values) values for \(places) places")
    }
    return .levels(levels)
  }

  /// What is wrong with lists of places, or `nil`.
  private static func fault(of stored: SparseLevel.Stored, parents: Int, size: Int) -> String? {
    guard stored.segments.count > parents, stored.segments[0] == 0 else {
      return "\(stored.segments.count) ends of lists do not fit \(parents) places"
    }
    for parent in 0..<parents {
      let start = Int(stored.segments[parent])
      let end = Int(stored.segments[parent + 1])
      guard start <= end, end <= stored.indices.count else {
        return "a list of places goes from \(start) to \(end) of \(stored.indices.count)"
      }
      var last: Int32 = -1
      for index in start..<end {
        guard stored.indices[index] > last, Int(stored.indices[index]) < size else {
          return "the listed place \(stored.indices[index]) does not follow \(last) among \(size)"
        }
        last = stored.indices[index]
      }
    }
    return nil
  }
}

/// DENSIFY: its input has its zeros back by now; nothing runs.
enum Densify {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0, .float32, .float16, .int8)
    _ = try graph.outputType(0, input.elementType)
    guard input.constant != nil, graph.subgraph.tensors[input.tensor].sparsity != nil else {
      throw graph.error(.invalidOperator, "its input (\(input.name)) is not a constant that is stored sparsely")
    }
    return try Copy.view(&graph, of: input, shape: input.shape)
  }
}
