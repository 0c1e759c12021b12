import KernelInterface
import TinyTensorKernels

/// SLICE of a fixed size, and STRIDED_SLICE of a fixed shape, at a place that arrives in a run.
struct MovingSlice: Sendable {
  let kernel: StaticString
  let copy: StridedCopy
  let movement: MovementLayout?
  let indexType: IndexType
  /// Whether a place outside is moved inside, as STRIDED_SLICE does with an index.
  let isClamped: Bool
  /// How many axes the place moves along, and for each: its entry of the list, its size and that of the slice, and how
  /// far apart its neighbours are, in elements.
  let rank: Int
  let entries: SIMD8<Int32>
  let sizes: SIMD8<Int32>
  let counts: SIMD8<Int32>
  let steps: SIMD8<Int32>
  let input: ReadSlot
  let begin: ReadSlot
  let output: WriteSlot
}

extension MovingSlice {
  private typealias Axis = (entry: Int, size: Int, count: Int, step: Int)

  /// SLICE; `nil` where its begin is constant or its size is not: `-1` makes the shape depend on the begin.
  static func translate(
    _ graph: inout GraphBuilder, _ input: Operand, _ begin: Operand
  ) throws(ModelError) -> Operation? {
    let size = try graph.input(2, .int32, .int64)
    guard begin.constant == nil, size.constant != nil, begin.shape.count == input.shape.rank else { return nil }
    let counts = try graph.constantIntegers(size, what: "the size")
    guard counts.count == input.shape.rank, counts.allSatisfy({ $0 >= 0 }) else { return nil }
    let steps = input.shape.steps
    var axes: [Axis] = []
    for axis in counts.indices {
      guard counts[axis] <= input.shape[axis] else {
        throw graph.error(
          .invalidOperator, "its slice of \(counts[axis]) elements is larger than axis \(axis) of \(input.shape)")
      }
      axes.append((axis, input.shape[axis], counts[axis], steps[axis]))
    }
    let shape = try graph.outputShape(counts)
    let copied = zip(counts, steps).map { (size: $0, step: $1) }
    return try make(
      &graph, "slice.moving.reference", input, begin, shape, copied, start: 0, axes, isClamped: false)
  }

  /// STRIDED_SLICE; `nil` where its begin is constant, or its shape follows from what arrives: an entry may arrive if it
  /// is an index.
  static func translate(
    _ graph: inout GraphBuilder, _ input: Operand, _ begin: Operand, _ options: Slice.StridedOptions
  ) throws(ModelError) -> Operation? {
    let end = try graph.input(2, .int32)
    let stride = try graph.input(3, .int32)
    let count = begin.shape.count
    guard begin.constant == nil, stride.constant != nil, count < 32, stride.shape.count == count,
      end.shape.count == count
    else { return nil }
    let strides = try graph.constantIntegers(stride, what: "the strides")
    let ends = end.constant == nil ? nil : try graph.constantIntegers(end, what: "the end")
    let steps = input.shape.steps
    var moving: [Axis] = []
    var copied: [Rearrangement.Axis] = []
    var sizes: [Int] = []
    var start = 0
    var next = 0
    func takeWhole(_ axes: Range<Int>) {
      for axis in axes {
        copied.append((input.shape[axis], steps[axis]))
        sizes.append(input.shape[axis])
      }
      next = axes.upperBound
    }
    for (entry, meaning) in try Slice.entries(graph, options, count: count, rank: input.shape.rank).enumerated() {
      switch meaning {
      case .ellipsis(let axes): takeWhole(axes)
      case .newAxis: sizes.append(1)
      case .index(let axis):
        guard strides[entry] > 0, input.shape[axis] > 0 else { return nil }
        if options.beginMask >> UInt32(entry) & 1 == 0 {
          moving.append((entry, input.shape[axis], 1, steps[axis]))
        }
        next = axis + 1
      case .range(let axis):
        let hasEnd = options.endMask >> UInt32(entry) & 1 == 0
        guard options.beginMask >> UInt32(entry) & 1 == 1, !hasEnd || ends != nil else { return nil }
        let range = try Slice.bounds(
          graph, begin: nil, end: hasEnd ? ends?[entry] : nil, stride: strides[entry], isOffset: options.isOffset,
          isShrunk: false, size: input.shape[axis], axis: axis)
        // Inside the input, or of no use where the slice is empty.
        start = start &+ range.first &* steps[axis]
        copied.append((range.count, strides[entry] &* steps[axis]))
        sizes.append(range.count)
        next = axis + 1
      }
    }
    takeWhole(next..<input.shape.rank)
    let shape = try graph.outputShape(sizes)
    return try make(
      &graph, "strided_slice.moving.reference", input, begin, shape, copied, start: shape.count == 0 ? 0 : start,
      moving, isClamped: true)
  }

  private static func make(
    _ graph: inout GraphBuilder, _ kernel: StaticString, _ input: Operand, _ begin: Operand, _ shape: Shape,
    _ copied: [Rearrangement.Axis], start: Int, _ axes: [Axis], isClamped: Bool
  ) throws(ModelError) -> Operation? {
    let copy = try graph.stridedCopy(
      copied, start: start, count: shape.count, elementSize: graph.elementSize(of: input))
    guard Int32(exactly: input.shape.count) != nil else {
      throw graph.error(.tooLarge, "its input \(input.shape) is too large")
    }
    var entries = SIMD8<Int32>(repeating: 0)
    var (sizes, counts, steps) = (entries, entries, entries)
    for (number, axis) in axes.enumerated() {
      entries[number] = Int32(clamping: axis.entry)
      sizes[number] = Int32(clamping: axis.size)
      counts[number] = Int32(clamping: axis.count)
      // Of no use where the slice is empty.
      steps[number] = shape.count == 0 ? 0 : Int32(clamping: axis.step)
    }
    return try graph.operation(
      Operation.movingSlice,
      MovingSlice(
        kernel: kernel, copy: copy,
        movement: graph.movement(
          copy, inputBytes: input.shape.count * copy.elementSize, outputBytes: shape.count * copy.elementSize),
        indexType: try graph.indexType(of: begin), isClamped: isClamped, rank: axes.count, entries: entries,
        sizes: sizes, counts: counts, steps: steps, input: try graph.bind(input), begin: try graph.bind(begin),
        output: try graph.bindOutput(shape: shape)))
  }

  func run(_ memory: OperatorMemory) throws(SessionError) {
    switch indexType {
    case .int16: try run(memory, Int16.self)
    case .int32: try run(memory, Int32.self)
    case .int64: try run(memory, Int64.self)
    }
  }

  private func run<Index: IndexElement>(_ memory: OperatorMemory, _: Index.Type) throws(SessionError) {
    let begins = memory.read(begin, as: Index.self)
    var offset = 0
    for number in 0..<rank {
      var begin = Int64(begins[Int(entries[number])])
      let size = Int64(sizes[number])
      if isClamped {
        begin = min(max(begin < 0 ? begin &+ size : begin, 0), size - 1)
      } else if begin < 0 || begin > size - Int64(counts[number]) {
        throw SessionError(
          .invalidData, "its slice of \(counts[number]) elements from \(begin) on is outside an axis of \(size)")
      }
      // Inside the input, whose count of elements fits 32 bits.
      offset += Int(begin) * Int(steps[number])
    }
    if let movement {
      // Sound: the layout was made for these operands, and its last element stays inside the input.
      return unsafe movement.run(
        memory, from: memory.pointer(input) + offset * copy.elementSize, to: memory.pointer(output))
    }
    var copy = copy
    copy.inputStart += offset
    var output = memory.writeBytes(output)
    copyStrided(copy, from: memory.readBytes(input), to: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel, set: movement == nil ? nil : .portable) }
}
