@testable import TinyTensor

// Operators that choose elements by indices or truth values, make them of nothing, or sum up axes.

extension GraphMaker {
  static let selection: [Family] = [
    { $0.gather() }, { $0.gather() }, { $0.gatherCoordinates() }, { $0.look() }, { $0.select() }, { $0.select() },
    { $0.oneHot() }, { $0.fill() }, { $0.scatter() }, { $0.sparseToDense() }, { $0.shapeOf() }, { $0.diagonal() },
    { $0.setDiagonal() }, { $0.updateSlice() }, { $0.reverseSequence() }, { $0.segmentSum() }, { $0.rangeOf() },
    { $0.places() }, { $0.joinedShape() }, { $0.suppression() },
  ]

  static let reductions: [Family] = [
    { $0.mean() }, { $0.mean() }, { $0.reduction() }, { $0.reduction() }, { $0.reduction() }, { $0.extremumIndex() },
    { $0.extremumIndex() }, { $0.largest() }, { $0.cumulativeSum() }, { $0.softmax() }, { $0.softmax() },
    { $0.normalization() },
  ]

  // MARK: Indices

  /// Indices below a size: what an operator has computed, or a constant.
  private mutating func indices(below size: Int, shape: [Int]) -> GraphTensor? {
    if random.chance(40),
      let found = pick(
        [.int32, .int64],
        {
          $0.rank <= 2 && $0.count <= 64 && ($0.range?.lowerBound ?? -1) >= 0
            && ($0.range?.upperBound ?? .infinity) < Double(size)
        })
    {
      return found
    }
    guard size > 0 else { return nil }
    return constant(random.chance(25) ? .int64 : .int32, shape, range: 0...Double(size - 1))
  }

  mutating func gather() {
    guard let input = pick(Self.movable, { $0.rank > 0 && $0.rank <= 4 && $0.count > 0 }) else { return }
    let axis = random.below(input.rank)
    guard let indices = indices(below: input.shape[axis], shape: random.pick([[], [1], [2], [3], [2, 2]])) else {
      return
    }
    let shape = input.shape[..<axis] + indices.shape + input.shape[(axis + 1)...]
    guard fits(Array(shape)) else { return }
    add(
      .gather, [input.index, indices.index], [tensor(like: input, Array(shape))],
      options(23, [0: .int32(Int32(axis)), 1: .int32(0)]))
  }

  mutating func gatherCoordinates() {
    guard let input = pick(Self.numbers, { $0.rank > 0 && $0.rank <= 4 && $0.count > 0 }) else { return }
    let depth = random.integer(1...input.rank)
    let count = random.pick([1, 2, 4])
    let places = (0..<count).flatMap { _ in (0..<depth).map { random.below(input.shape[$0]) } }
    let shape = [count] + input.shape[depth...]
    add(
      .gatherND, [input.index, list(places, shape: [count, depth])], [tensor(like: input, shape)], options(83))
  }

  mutating func look() {
    guard let table = pick([.float32, .int8], { $0.rank >= 2 && $0.count > 0 && !$0.isQuantized }) else { return }
    let places = constant(.int32, [random.pick([1, 2, 3])], range: 0...Double(table.shape[0] - 1))
    add(.embeddingLookup, [places.index, table.index], [tensor(like: table, places.shape + table.shape.dropFirst())])
  }

  mutating func select() {
    guard let first = pick(Self.movable, { $0.rank <= 4 }) else { return }
    guard let other = pick({ $0.matches(first) && $0.shape == first.shape }) else { return }
    let condition = pick([.bool]) { $0.shape == first.shape } ?? constant(.bool, first.shape, range: nil)
    var output = tensor(like: first)
    if let a = first.range, let b = other.range {
      output.range = min(a.lowerBound, b.lowerBound)...max(a.upperBound, b.upperBound)
    } else {
      output.range = nil
    }
    output.isRounded = first.isRounded || other.isRounded
    if random.chance(50) {
      add(.select, [condition.index, first.index, other.index], [output], options(47))
    } else {
      add(.selectV2, [condition.index, first.index, other.index], [output], options(98))
    }
  }

  mutating func oneHot() {
    guard let indices = indices(below: 6, shape: random.pick([[2], [3], [2, 2]])), indices.rank <= 3 else { return }
    let type = random.pick([.float32, .int32, .bool, .int64] as [ElementType])
    let depth = random.pick([1, 3, 5])
    let axis = random.chance(60) ? -1 : random.integer(0...indices.rank)
    var shape = indices.shape
    shape.insert(depth, at: axis < 0 ? indices.rank : axis)
    let on = constant(type, [], range: nil)
    let off = constant(type, [], range: nil)
    add(
      .oneHot, [indices.index, scalar(depth), on.index, off.index],
      [tensor(type, shape, range: ordinaryRange(type))], options(61, [0: .int32(Int32(axis))]))
  }

  mutating func fill() {
    let type = random.pick([.float32, .int32, .int64, .bool, mainType] as [ElementType])
    let shape = random.chance(60) ? random.pick(live).shape : randomShape()
    guard shape.count > 0, fits(shape) else { return }
    let value = constant(type, [], range: nil)
    add(.fill, [list(shape), value.index], [tensor(like: value, shape)], options(68))
  }

  mutating func scatter() {
    guard
      let updates = pick([.float32, .int8, .uint8, .int32, .int64], { $0.rank > 0 && $0.rank <= 3 && $0.count > 0 })
    else { return }
    let size = updates.shape[0] + random.pick([0, 1, 3])
    var places = Array(0..<size)
    random.shuffle(&places)
    let shape = [size] + updates.shape.dropFirst()
    guard fits(shape) else { return }
    var output = tensor(like: updates, shape)
    output.range = output.range.map { min($0.lowerBound, 0)...max($0.upperBound, 0) }
    add(
      .scatterND,
      [list(Array(places.prefix(updates.shape[0])), shape: [updates.shape[0], 1]), updates.index, list(shape)],
      [output], options(97))
  }

  mutating func sparseToDense() {
    let type = random.pick([.float32, .int32, .int64] as [ElementType])
    guard let values = pick([type], { $0.rank == 1 && $0.count > 0 && $0.count <= 5 }) else { return }
    let size = values.count + random.pick([0, 2])
    let places = Array(0..<size).prefix(values.count)
    let standard = constant(type, [], range: nil)
    var output = tensor(like: values, [size])
    output.range = nil
    add(
      .sparseToDense, [list(Array(places)), list([size]), values.index, standard.index], [output],
      options(50, [0: .bool(true)]))
  }

  mutating func shapeOf() {
    guard let input = pick() else { return }
    if random.chance(70) {
      let type: ElementType = random.chance(30) ? .int64 : .int32
      let largest = Double(input.shape.max() ?? 0)
      add(
        .shape, [input.index], [tensor(type, [input.rank], range: 0...largest)],
        options(55, [0: .int8(type.rawValue)]))
    } else {
      add(.rank, [input.index], [tensor(.int32, [], range: 0...6)], options(85))
    }
  }

  mutating func rangeOf() {
    let count = random.integer(1...5)
    let start = random.below(4)
    add(
      .range, [scalar(start), scalar(start + count), scalar(1)],
      [tensor(.int32, [count], range: Double(start)...Double(start + count))], options(73))
  }

  mutating func diagonal() {
    guard let input = pick(Self.numbers, { $0.rank > 0 && $0.rank <= 3 && $0.count > 0 }) else { return }
    let shape = input.shape + [input.shape[input.rank - 1]]
    guard fits(shape) else { return }
    var output = tensor(like: input, shape)
    output.range = output.range.map { min($0.lowerBound, 0)...max($0.upperBound, 0) }
    add(.matrixDiag, [input.index], [output], options(88))
  }

  mutating func setDiagonal() {
    guard let input = pick(Self.numbers, { $0.rank >= 2 && $0.rank <= 4 && $0.count > 0 }) else { return }
    let shape = Array(input.shape.dropLast(2)) + [min(input.shape[input.rank - 1], input.shape[input.rank - 2])]
    let diagonal =
      pick({ $0.matches(input) && $0.shape == shape && !$0.isRounded })
      ?? constant(input.type, shape, range: input.range, quantization: (input.scale, input.zeroPoint))
    var output = tensor(like: input)
    output.range = nil
    add(.matrixSetDiag, [input.index, diagonal.index], [output], options(90))
  }

  mutating func updateSlice() {
    guard let input = pick([.float32, .int8, .int32, .int64, .bool], { $0.rank > 0 && $0.count > 0 }) else { return }
    let shape = input.shape.map { random.integer(1...$0) }
    let update =
      pick({ $0.matches(input) && $0.shape == shape })
      ?? constant(input.type, shape, range: input.range, quantization: (input.scale, input.zeroPoint))
    var output = tensor(like: input)
    output.range = nil
    output.isRounded = input.isRounded || update.isRounded
    // Starts outside are moved inside.
    let starts = input.shape.map { random.below($0 + 2) }
    add(.dynamicUpdateSlice, [input.index, update.index, list(starts)], [output], options(117))
  }

  mutating func reverseSequence() {
    guard
      let input = pick([.float32, .int32, .int64, .uint8, .int16], { $0.rank >= 2 && $0.rank <= 4 && $0.count > 0 })
    else { return }
    let sequence = random.integer(1...(input.rank - 1))
    let lengths = (0..<input.shape[0]).map { _ in random.integer(1...input.shape[sequence]) }
    add(
      .reverseSequence, [input.index, list(lengths)], [tensor(like: input)],
      options(87, [0: .int32(Int32(sequence)), 1: .int32(0)]))
  }

  mutating func segmentSum() {
    // LiteRT's reference kernels have no SEGMENT_SUM.
    guard !profile.isForReference,
      let input = pick([.float32, .int32], { $0.rank > 0 && $0.count > 0 && !$0.isRounded && $0.range != nil })
    else { return }
    var segments: [Int] = []
    for row in 0..<input.shape[0] { segments.append(row == 0 ? 0 : segments[row - 1] + random.below(2)) }
    let shape = [segments[segments.count - 1] + 1] + input.shape.dropFirst()
    let rows = Double(input.shape[0])
    let largest = rows * input.largest
    guard largest < 0x1p30 else { return }
    add(
      .segmentSum, [input.index, list(segments)], [tensor(input.type, shape, range: -largest...largest)], options(100))
  }

  /// WHERE of a constant: its result's size is known.
  mutating func places() {
    let condition = constant(.bool, random.pick([[3], [2, 3], [2, 1, 2]]), range: nil)
    let count = (graph.tensors[Int(condition.index)].data ?? []).count { $0 != 0 }
    guard count > 0 else { return }
    add(
      .where, [condition.index], [tensor(.int64, [count, condition.rank], range: 0...2)], options(85))
  }

  /// BROADCAST_ARGS of constant shapes, as a shape for a FILL.
  mutating func joinedShape() {
    let shape = [random.pick([1, 2]), random.pick([1, 3])]
    let joined = tensor(.int32, [2], range: 1...3)
    add(.broadcastArgs, [list(shape), list([1, 1])], [joined])
    let value = constant(.float32, [], range: nil)
    add(.fill, [joined.index, value.index], [tensor(like: value, shape)], options(68))
  }

  /// NON_MAX_SUPPRESSION_V4 and V5 of constant boxes by scores that are computed.
  mutating func suppression() {
    guard let scores = pick([.float32], { $0.rank == 1 && $0.count > 1 && $0.count < 40 && !$0.isRounded }) else {
      return
    }
    let boxes = constant(.float32, [scores.count, 4], range: 0...3)
    let most = random.integer(1...scores.count)
    let overlap = graph.constant("overlap\(graph.tensors.count)", [], [0.5])
    let least = graph.constant("least\(graph.tensors.count)", [], [-1])
    if random.chance(50) {
      // Without a decay: its scores are those that are chosen.
      let decay = graph.constant("decay\(graph.tensors.count)", [], [0])
      add(
        .nonMaxSuppressionV5, [boxes.index, scores.index, scalar(most), overlap, least, decay],
        [
          tensor(.int32, [most], range: 0...Double(scores.count - 1)), tensor(.float32, [most], range: scores.range),
          tensor(.int32, [], range: 0...Double(most)),
        ], options(96))
      return
    }
    add(
      .nonMaxSuppressionV4, [boxes.index, scores.index, scalar(most), overlap, least],
      [
        tensor(.int32, [most], range: 0...Double(scores.count - 1)), tensor(.int32, [], range: 0...Double(most)),
      ], options(95))
  }

  // MARK: Axes

  /// Some axes of a tensor, and what is left without them.
  private mutating func axes(_ input: GraphTensor) -> (axes: [Int], keeps: Bool, shape: [Int]) {
    var axes = input.shape.indices.filter { _ in random.chance(45) }
    if axes.isEmpty { axes = [random.below(input.rank)] }
    if input.rank == 4, random.chance(40) { axes = [1, 2] }
    let keeps = random.chance(50)
    var shape: [Int] = []
    for axis in input.shape.indices {
      if !axes.contains(axis) { shape.append(input.shape[axis]) } else if keeps { shape.append(1) }
    }
    return (axes, keeps, shape)
  }

  mutating func mean() {
    guard
      let input = pick(
        [.int8, .uint8, .int16, .float32], { $0.rank > 0 && $0.rank <= 4 && $0.count > 0 && !$0.isRounded })
    else { return }
    let (axes, keeps, shape) = axes(input)
    // LiteRT's reference SUM reads signed elements as if they had no sign.
    let isSum = random.chance(35) && (!profile.isForReference || input.type == .uint8 || input.type == .float32)
    let output = tensor(input.type, shape, isRounded: true)
    add(
      isSum ? .sum : .mean, [input.index, list(axes)], [output], Options.reduce(keepsAxes: keeps))
  }

  mutating func reduction() {
    guard let input = pick({ $0.rank > 0 && $0.rank <= 4 && $0.count > 0 }) else { return }
    let (axes, keeps, shape) = axes(input)
    if input.type == .int32, let range = input.range, random.chance(40) {
      let largest = max(abs(range.lowerBound), abs(range.upperBound), 1)
      var bound = 1.0
      let factors = axes.reduce(1) { $0 * input.shape[$1] }
      for _ in 0..<factors { bound = min(bound * largest, 0x1p40) }
      guard bound < 0x1p30 else { return }
      add(
        .reduceProd, [input.index, list(axes)], [tensor(.int32, shape, range: -bound...bound)],
        Options.reduce(keepsAxes: keeps))
      return
    }
    let code: BuiltinOperator =
      input.type == .bool ? random.pick([.reduceAny, .reduceAll]) : random.pick([.reduceMax, .reduceMin])
    add(code, [input.index, list(axes)], [tensor(like: input, shape)], Options.reduce(keepsAxes: keeps))
  }

  mutating func extremumIndex() {
    guard let input = pick([.float32, .int8, .uint8, .int32, .bool], { $0.rank > 0 && $0.count > 0 && !$0.isRounded })
    else { return }
    let axis = random.below(input.rank)
    var shape = input.shape
    shape.remove(at: axis)
    let type: ElementType = random.chance(30) ? .int64 : .int32
    let isLargest = random.chance(60)
    add(
      isLargest ? .argMax : .argMin, [input.index, scalar(axis)],
      [tensor(type, shape, range: 0...Double(input.shape[axis] - 1))],
      options(isLargest ? 40 : 57, [0: .int8(type.rawValue)]))
  }

  mutating func largest() {
    guard
      let input = pick(
        [.float32, .int8, .uint8, .int16, .int32, .int64], { $0.rank > 0 && $0.count > 0 && !$0.isRounded })
    else { return }
    let width = input.shape[input.rank - 1]
    let count = random.integer(1...width)
    let shape = Array(input.shape.dropLast()) + [count]
    add(
      .topKV2, [input.index, scalar(count)],
      [tensor(like: input, shape), tensor(.int32, shape, range: 0...Double(width - 1))], options(34))
  }

  mutating func cumulativeSum() {
    guard
      let input = pick([.float32, .int32, .int64], { $0.rank > 0 && $0.count > 0 && !$0.isRounded && $0.range != nil })
    else { return }
    let axis = random.below(input.rank)
    let largest = Double(input.shape[axis]) * input.largest
    guard largest < 0x1p30 else { return }
    add(
      .cumsum, [input.index, scalar(axis)],
      [tensor(input.type, input.shape, range: -largest...largest, isRounded: true)],
      options(102, [0: .bool(random.chance(40)), 1: .bool(random.chance(40))]))
  }

  mutating func softmax() {
    guard
      let input = pick(
        [.int8, .uint8, .int16, .float32], { $0.rank > 0 && $0.rank <= 4 && $0.count > 0 && !$0.isRounded })
    else { return }
    if random.chance(25), input.type != .int16 {
      let scale: (scale: Float?, zeroPoint: Int) =
        input.type == .float32 ? (nil, 0) : (16 / 256, input.type == .int8 ? 127 : 255)
      guard input.type != .float32 || (input.range?.upperBound ?? .infinity) < 100 else { return }
      add(
        .logSoftmax, [input.index], [tensor(input.type, input.shape, isRounded: true, quantization: scale)], options(36)
      )
      return
    }
    let scale: (scale: Float?, zeroPoint: Int)
    switch input.type {
    case .int8: scale = (0x1p-8, -128)
    case .uint8: scale = (0x1p-8, 0)
    case .int16: scale = (0x1p-15, 0)
    default: scale = (nil, 0)
    }
    add(
      .softmax, [input.index], [tensor(input.type, input.shape, range: 0...1, isRounded: true, quantization: scale)],
      Options.softmax(beta: random.pick([1, 0.5])))
  }

  mutating func normalization() {
    guard let input = pick([.int8, .uint8, .float32], { $0.rank > 1 && $0.rank <= 4 && $0.count > 0 && !$0.isRounded })
    else { return }
    if input.type == .float32, input.rank == 4, random.chance(50) {
      add(
        .localResponseNormalization, [input.index], [tensor(.float32, input.shape, isRounded: true)],
        options(13, [0: .int32(2), 1: .float(1), 2: .float(0.5), 3: .float(0.5)]))
      return
    }
    let scale: (scale: Float?, zeroPoint: Int) =
      input.type == .float32 ? (nil, 0) : (0x1p-7, input.type == .int8 ? 0 : 128)
    add(
      .l2Normalization, [input.index],
      [tensor(input.type, input.shape, range: -1...1, isRounded: true, quantization: scale)],
      options(12, [0: .int8(0)]))
  }
}
