import FlatbufferReader
import TinyTensorKernels

/// SLICE and STRIDED_SLICE. Where the place of a slice of a fixed size arrives in a run, see ``MovingSlice``.
enum Slice {
  /// SLICE: `size` elements from `begin` on along each axis; the size -1 takes the rest.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 3...3)
    let input = try graph.input(0)
    _ = try graph.outputType(0, input.elementType)
    let rank = input.shape.rank
    let begin = try graph.input(1, .int32, .int64)
    if let operation = try MovingSlice.translate(&graph, input, begin) { return operation }
    let begins = try graph.constantIntegers(begin, what: "the begin")
    let counts = try graph.constantIntegers(graph.input(2, .int32, .int64), what: "the size")
    guard begins.count == rank, counts.count == rank else {
      throw graph.error(
        .invalidOperator, "it has \(begins.count) begins and \(counts.count) sizes for an input \(input.shape)")
    }
    let steps = input.shape.steps
    var axes: [Rearrangement.Axis] = []
    var start = 0
    for axis in 0..<rank {
      let size = input.shape[axis]
      guard begins[axis] >= 0, begins[axis] <= size, counts[axis] >= -1, counts[axis] <= size - begins[axis] else {
        throw graph.error(
          .invalidOperator,
          "its slice of \(counts[axis]) elements from \(begins[axis]) on is outside axis \(axis) of \(input.shape)")
      }
      let count = counts[axis] == -1 ? size - begins[axis] : counts[axis]
      // Inside the input, or of no use where the slice is empty.
      start = start &+ begins[axis] &* steps[axis]
      axes.append((count, steps[axis]))
    }
    let shape = try graph.outputShape(axes.map { $0.size })
    return try Rearrangement.translate(
      &graph, "slice.reference", of: input, shape: shape, axes: axes, start: shape.count == 0 ? 0 : start)
  }

  struct StridedOptions {
    var beginMask: UInt32
    var endMask: UInt32
    var ellipsisMask: UInt32
    var newAxisMask: UInt32
    var shrinkMask: UInt32
    var isOffset: Bool
  }

  /// What an entry of STRIDED_SLICE's lists stands for.
  enum Entry {
    /// Axes that no other entry names, all of them whole.
    case ellipsis(Range<Int>)
    case newAxis
    case range(axis: Int)
    case index(axis: Int)
  }

  /// What each entry of the lists stands for; axes behind the last one are taken whole.
  ///
  /// An ellipsis stands for all axes that no entry names, which may be none; without one, the last axes are taken whole.
  /// (The reference takes an ellipsis for at least one axis, and then reads past the input's shape.)
  static func entries(
    _ graph: GraphBuilder, _ options: StridedOptions, count: Int, rank: Int
  ) throws(ModelError) -> [Entry] {
    func isSet(_ mask: UInt32, _ entry: Int) -> Bool { mask >> UInt32(entry) & 1 == 1 }
    var named = 0
    var ellipses = 0
    for entry in 0..<count {
      if isSet(options.ellipsisMask, entry) {
        ellipses += 1
      } else if !isSet(options.newAxisMask, entry) {
        named += 1
      }
    }
    guard ellipses <= 1 else { throw graph.error(.invalidOperator, "it has more than one ellipsis") }
    guard named <= rank else {
      throw graph.error(.invalidOperator, "it has \(named) indices for an input of \(rank) axes")
    }
    var axis = 0
    var entries: [Entry] = []
    for entry in 0..<count {
      if isSet(options.ellipsisMask, entry) {
        entries.append(.ellipsis(axis..<(axis + rank - named)))
        axis += rank - named
      } else if isSet(options.newAxisMask, entry) {
        entries.append(.newAxis)
      } else {
        entries.append(isSet(options.shrinkMask, entry) ? .index(axis: axis) : .range(axis: axis))
        axis += 1
      }
    }
    return entries
  }

  /// The largest shape that the current operator, a STRIDED_SLICE, can give, whatever its lists hold.
  static func stridedBound(_ graph: GraphBuilder) throws(ModelError) -> Shape? {
    let options = try stridedOptions(graph)
    let input = try graph.input(0)
    let count = try graph.input(1, .int32).shape.count
    guard count < 32 else { return nil }
    var sizes: [Int] = []
    var axis = 0
    for entry in try entries(graph, options, count: count, rank: input.shape.rank) {
      switch entry {
      case .ellipsis(let axes):
        for whole in axes { sizes.append(input.shape[whole]) }
        axis = axes.upperBound
      case .newAxis: sizes.append(1)
      case .range(let named):
        sizes.append(input.shape[named])
        axis = named + 1
      case .index(let named): axis = named + 1
      }
    }
    for whole in axis..<input.shape.rank { sizes.append(input.shape[whole]) }
    return Shape(sizes)
  }

  static func stridedOptions(_ graph: GraphBuilder) throws(ModelError) -> StridedOptions {
    try graph.requiredOptions(32) { (table) throws(ReadError) in
      func mask(_ slot: Int) throws(ReadError) -> UInt32 {
        UInt32(bitPattern: try table.scalar(slot, default: Int32(0)))
      }
      return StridedOptions(
        beginMask: try mask(0), endMask: try mask(1), ellipsisMask: try mask(2), newAxisMask: try mask(3),
        shrinkMask: try mask(4), isOffset: try table.scalar(5, default: false))
    }
  }

  /// STRIDED_SLICE: Python's indexing, an entry of the lists for each index between the brackets.
  static func translateStrided(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 4...4)
    let options = try stridedOptions(graph)
    let input = try graph.input(0)
    _ = try graph.outputType(0, input.elementType)
    let begin = try graph.input(1, .int32)
    if let operation = try MovingSlice.translate(&graph, input, begin, options) { return operation }
    let begins = try graph.constantIntegers(begin, what: "the begin")
    let ends = try graph.constantIntegers(graph.input(2, .int32), what: "the end")
    let strides = try graph.constantIntegers(graph.input(3, .int32), what: "the strides")
    guard begins.count == ends.count, begins.count == strides.count, begins.count < 32 else {
      throw graph.error(
        .invalidOperator, "it has \(begins.count) begins, \(ends.count) ends and \(strides.count) strides")
    }
    func isSet(_ mask: UInt32, _ entry: Int) -> Bool { mask >> UInt32(entry) & 1 == 1 }

    let steps = input.shape.steps
    var axis = 0
    var start = 0
    var axes: [Rearrangement.Axis] = []
    var sizes: [Int] = []
    func takeWhole(_ count: Int) {
      for _ in 0..<count {
        axes.append((input.shape[axis], steps[axis]))
        sizes.append(input.shape[axis])
        axis += 1
      }
    }
    for (entry, meaning) in try entries(graph, options, count: begins.count, rank: input.shape.rank).enumerated() {
      switch meaning {
      case .ellipsis(let axes):
        takeWhole(axes.count)
        continue
      case .newAxis:
        sizes.append(1)
        continue
      case .range, .index: break
      }
      let range = try bounds(
        graph, begin: isSet(options.beginMask, entry) ? nil : begins[entry],
        end: isSet(options.endMask, entry) ? nil : ends[entry], stride: strides[entry],
        isOffset: options.isOffset, isShrunk: isSet(options.shrinkMask, entry), size: input.shape[axis], axis: axis)
      // Inside the input, or of no use where the slice is empty.
      start = start &+ range.first &* steps[axis]
      axes.append((range.count, strides[entry] &* steps[axis]))
      if !isSet(options.shrinkMask, entry) { sizes.append(range.count) }
      axis += 1
    }
    takeWhole(input.shape.rank - axis)
    let shape = try graph.outputShape(sizes)
    return try Rearrangement.translate(
      &graph, "strided_slice.reference", of: input, shape: shape, axes: axes, start: shape.count == 0 ? 0 : start)
  }

  /// The first index of a slice along an axis and how many there are.
  ///
  /// Indices come from 32-bit integers: their sums fit 64 bits.
  static func bounds(
    _ graph: GraphBuilder, begin: Int?, end: Int?, stride: Int, isOffset: Bool, isShrunk: Bool, size: Int, axis: Int
  ) throws(ModelError) -> (first: Int, count: Int) {
    guard stride != 0, stride > Int(Int32.min) else {
      throw graph.error(.invalidOperator, "its stride along axis \(axis) is \(stride)")
    }
    guard !isShrunk || size > 0 else {
      throw graph.error(.invalidOperator, "it takes one index of axis \(axis), which is empty")
    }
    guard size > 0 else { return (0, 0) }
    let isForward = stride > 0
    let extent = Int64(size)
    /// An index counted from the front, and clamped to where a walk may begin or end.
    func clamped(_ index: Int64) -> Int64 {
      let fromFront = index < 0 ? index + extent : index
      return isForward ? min(max(fromFront, 0), extent) : min(max(fromFront, -1), extent - 1)
    }
    let wanted = begin.map { Int64($0) } ?? (isForward ? 0 : extent - 1)
    if isShrunk {
      // The reference clamps such an index to the axis.
      return (Int(min(max(wanted < 0 ? wanted + extent : wanted, 0), extent - 1)), 1)
    }
    let first = clamped(wanted)
    let last: Int64
    if let end {
      let moved = first + Int64(end)
      last = isOffset ? (isForward ? min(moved, extent) : max(moved, -1)) : clamped(Int64(end))
    } else {
      last = isForward ? extent : -1
    }
    let distance = isForward ? last - first : first - last
    guard distance > 0 else { return (0, 0) }
    let width = Int64(stride.magnitude)
    return (Int(first), Int((distance + width - 1) / width))
  }
}
