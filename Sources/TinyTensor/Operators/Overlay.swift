import FlatbufferReader
import TinyTensorKernels

/// Elements laid over a background: DYNAMIC_UPDATE_SLICE, MATRIX_DIAG and MATRIX_SET_DIAG.
struct Overlay: Sendable {
  let kernel: StaticString
  let copy: StridedCopy
  /// What the output holds before; zeros if there is none.
  let background: ReadSlot?
  let input: ReadSlot
  let output: WriteSlot
}

extension Overlay {
  /// MATRIX_DIAG: the input's last axis on the diagonals of square matrices.
  static func translateDiagonal(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0)
    _ = try graph.outputType(0, input.elementType)
    guard let size = input.shape.array.last, let matrices = input.shape.count(of: 0..<(input.shape.rank - 1)) else {
      throw graph.error(.invalidOperator, "its input \(input.shape) has no last axis")
    }
    let shape = try graph.outputShape(input.shape.array + [size])
    return try translate(
      &graph, "matrix_diag.reference", background: nil, diagonal: input, matrices: matrices, rows: size,
      columns: size, shape: shape)
  }

  /// MATRIX_SET_DIAG: the second input's last axis on the diagonals of the first input's matrices.
  static func translateSetDiagonal(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let input = try graph.input(0)
    let diagonal = try graph.input(1, input.elementType)
    _ = try graph.outputType(0, input.elementType)
    let rank = input.shape.rank
    guard rank >= 2, let matrices = input.shape.count(of: 0..<(rank - 2)),
      diagonal.shape.array
        == input.shape.array.dropLast(2) + [min(input.shape[rank - 2], input.shape[rank - 1])]
    else {
      throw graph.error(
        .invalidOperator, "its diagonal \(diagonal.shape) does not fit its matrices \(input.shape)")
    }
    return try translate(
      &graph, "matrix_set_diag.reference", background: input, diagonal: diagonal, matrices: matrices,
      rows: input.shape[rank - 2], columns: input.shape[rank - 1], shape: input.shape)
  }

  private static func translate(
    _ graph: inout GraphBuilder, _ kernel: StaticString, background: Operand?, diagonal: Operand, matrices: Int,
    rows: Int, columns: Int, shape: Shape
  ) throws(ModelError) -> Operation? {
    let length = min(rows, columns)
    // Steps are below the output's count of elements, or of no use where it has none.
    let axes = [
      StridedCopy.Axis(size: matrices, inputStep: length, outputStep: rows &* columns),
      StridedCopy.Axis(size: length, inputStep: 1, outputStep: columns &+ 1),
    ]
    guard shape.count == 0 || columns < Int(Int32.max),
      let copy = StridedCopy(
        axes: axes, inputStart: 0, outputStart: 0, elementSize: try graph.elementSize(of: diagonal))
    else { throw graph.error(.tooLarge, "its operands are too large") }
    let base = try background.map { (operand) throws(ModelError) in try graph.bind(operand) }
    return try graph.operation(
      Operation.overlay,
      Overlay(
        kernel: kernel, copy: copy, background: base, input: try graph.bind(diagonal),
        output: try graph.bindOutput(shape: shape)))
  }

  func run(_ memory: OperatorMemory) {
    var output = memory.writeBytes(output)
    if let background {
      copyBytes(memory.readBytes(background), to: &output, at: 0)
    } else {
      fill(&output, pattern: 0, elementSize: copy.elementSize)
    }
    copyStrided(copy, from: memory.readBytes(input), to: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel) }
}

/// DYNAMIC_UPDATE_SLICE: the first input with a part replaced by the second one, from where the third one says.
struct UpdateSlice: Sendable {
  let copy: StridedCopy
  let rank: Int
  /// How far apart neighbours along each axis of the output are, in elements, and the last start that is inside.
  let steps: SIMD8<Int32>
  let lastStarts: SIMD8<Int32>
  let indexType: IndexType
  let background: ReadSlot
  let update: ReadSlot
  let starts: ReadSlot
  let output: WriteSlot
}

extension UpdateSlice {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 3...3)
    let input = try graph.input(0)
    let update = try graph.input(1, input.elementType)
    let starts = try graph.input(2, .int32, .int64)
    _ = try graph.outputType(0, input.elementType)
    let rank = input.shape.rank
    guard update.shape.rank == rank, starts.shape.rank == 1, starts.shape[0] == rank else {
      throw graph.error(
        .invalidOperator,
        "its update \(update.shape) and its \(starts.shape) starts do not fit its input \(input.shape)")
    }
    let steps = input.shape.steps
    let updateSteps = update.shape.steps
    var axes: [StridedCopy.Axis] = []
    var packedSteps = SIMD8<Int32>(repeating: 0)
    var lastStarts = SIMD8<Int32>(repeating: 0)
    for axis in 0..<rank {
      guard update.shape[axis] <= input.shape[axis] else {
        throw graph.error(
          .invalidOperator, "its update \(update.shape) is larger than its input \(input.shape) along axis \(axis)")
      }
      axes.append(
        StridedCopy.Axis(size: update.shape[axis], inputStep: updateSteps[axis], outputStep: steps[axis]))
      packedSteps[axis] = Int32(clamping: steps[axis])
      lastStarts[axis] = Int32(clamping: input.shape[axis] - update.shape[axis])
    }
    if update.shape.count == 0 { axes = [StridedCopy.Axis(size: 0, inputStep: 1, outputStep: 1)] }
    guard Int32(exactly: input.shape.count) != nil,
      let copy = StridedCopy(
        axes: axes, inputStart: 0, outputStart: 0, elementSize: try graph.elementSize(of: input))
    else { throw graph.error(.tooLarge, "its operands are too large") }
    return try graph.operation(
      Operation.updateSlice,
      UpdateSlice(
        copy: copy, rank: rank, steps: packedSteps, lastStarts: lastStarts,
        indexType: try graph.indexType(of: starts), background: try graph.bind(input),
        update: try graph.bind(update), starts: try graph.bind(starts),
        output: try graph.bindOutput(shape: input.shape)))
  }

  func run(_ memory: OperatorMemory) {
    switch indexType {
    case .int16: run(memory, Int16.self)
    case .int32: run(memory, Int32.self)
    case .int64: run(memory, Int64.self)
    }
  }

  private func run<Index: IndexElement>(_ memory: OperatorMemory, _: Index.Type) {
    let starts = memory.read(starts, as: Index.self)
    var copy = copy
    for axis in 0..<rank {
      // Clamped to where the update fits, so that it lies inside the output.
      let start = min(max(Int64(starts[axis]), 0), Int64(lastStarts[axis]))
      copy.outputStart += Int(start) * Int(steps[axis])
    }
    var output = memory.writeBytes(output)
    copyBytes(memory.readBytes(background), to: &output, at: 0)
    copyStrided(copy, from: memory.readBytes(update), to: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "dynamic_update_slice.reference") }
}

/// REVERSE_SEQUENCE: the first elements along one axis run backwards, as many as a list says for each position along
/// another axis.
struct ReverseSequence: Sendable {
  let parameters: ReverseSequenceParameters
  let indexType: IndexType
  let input: ReadSlot
  let lengths: ReadSlot
  let output: WriteSlot
}

extension ReverseSequence {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let options = try graph.requiredOptions(87) { (table) throws(ReadError) in
      (sequence: Int(try table.scalar(0, default: Int32(0))), batch: Int(try table.scalar(1, default: Int32(0))))
    }
    let input = try graph.input(0)
    let lengths = try graph.input(1, .int32, .int64)
    _ = try graph.outputType(0, input.elementType)
    let elementSize = try graph.elementSize(of: input)
    let sequence = try graph.axis(options.sequence, of: input)
    let batch = try graph.axis(options.batch, of: input)
    guard sequence != batch, lengths.shape.rank == 1, lengths.shape[0] == input.shape[batch] else {
      throw graph.error(
        .invalidOperator,
        "its \(lengths.shape) lengths do not fit axes \(sequence) and \(batch) of its input \(input.shape)")
    }
    let (first, second) = (min(sequence, batch), max(sequence, batch))
    guard let outer = input.shape.count(of: 0..<first), let middle = input.shape.count(of: (first + 1)..<second),
      let inner = input.shape.count(of: (second + 1)..<input.shape.rank)
    else { throw graph.error(.tooLarge, "its operands are too large") }
    return try graph.operation(
      Operation.reverseSequence,
      ReverseSequence(
        parameters: ReverseSequenceParameters(
          outer: outer, firstSize: input.shape[first], middle: middle, secondSize: input.shape[second],
          innerBytes: input.shape.count == 0 ? 0 : inner * elementSize, isSequenceFirst: sequence < batch),
        indexType: try graph.indexType(of: lengths), input: try graph.bind(input), lengths: try graph.bind(lengths),
        output: try graph.bindOutput(shape: input.shape)))
  }

  func run(_ memory: OperatorMemory) throws(SessionError) {
    switch indexType {
    case .int16: try run(memory, Int16.self)
    case .int32: try run(memory, Int32.self)
    case .int64: try run(memory, Int64.self)
    }
  }

  private func run<Index: IndexElement>(_ memory: OperatorMemory, _: Index.Type) throws(SessionError) {
    let lengths = memory.read(lengths, as: Index.self)
    let size = parameters.isSequenceFirst ? parameters.firstSize : parameters.secondSize
    if let length = firstIndex(outside: size + 1, in: lengths) {
      throw SessionError(
        .invalidData, "a sequence of \(length) elements cannot be reversed along an axis of \(size)")
    }
    var output = memory.writeBytes(output)
    reverseSequenceReference(parameters, input: memory.readBytes(input), lengths: lengths, output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "reverse_sequence.reference") }
}
