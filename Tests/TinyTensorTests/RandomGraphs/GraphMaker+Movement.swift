@testable import TinyTensor

// Operators that move elements.

extension GraphMaker {
  static let movement: [Family] = [
    { $0.concatenation() }, { $0.concatenation() }, { $0.concatenation() }, { $0.concatenation() },
    { $0.joinOfJoins() }, { $0.joinOfJoins() }, { $0.pack() }, { $0.pack() }, { $0.reshape() }, { $0.reshape() },
    { $0.reshape() },
    { $0.squeeze() }, { $0.expandDimensions() }, { $0.split() }, { $0.split() }, { $0.splitListed() },
    { $0.unpack() }, { $0.slice() }, { $0.slice() }, { $0.stridedSlice() }, { $0.stridedSlice() }, { $0.pad() },
    { $0.pad() }, { $0.mirrorPad() }, { $0.transpose() }, { $0.transpose() }, { $0.tile() }, { $0.reverse() },
    { $0.broadcast() }, { $0.spaceToDepth() }, { $0.depthToSpace() }, { $0.spaceToBatch() }, { $0.batchToSpace() },
    { $0.bitcast() },
  ]

  /// Types whose elements every operator that moves them takes.
  static let movable: [ElementType] = [.int8, .uint8, .int16, .int32, .int64, .float32, .bool]
  /// Those that some reference kernels lack.
  static let numbers: [ElementType] = [.int8, .uint8, .int16, .int32, .int64, .float32]

  private func union(_ tensors: [GraphTensor]) -> ClosedRange<Double>? {
    var result = tensors[0].range
    for tensor in tensors.dropFirst() {
      guard let a = result, let b = tensor.range else { return nil }
      result = min(a.lowerBound, b.lowerBound)...max(a.upperBound, b.upperBound)
    }
    return result
  }

  mutating func concatenation() {
    guard let first = pick({ $0.rank > 0 }) else { return }
    let axis = first.rank == 4 && random.chance(50) ? 3 : random.below(first.rank)
    func fits(_ other: GraphTensor) -> Bool {
      first.matches(other) && first.rank == other.rank
        && (0..<first.rank).allSatisfy { $0 == axis || first.shape[$0] == other.shape[$0] }
    }
    var inputs = [first]
    for _ in 0..<random.pick([0, 1, 1, 1, 2, 3]) {
      if random.chance(18) {
        var shape = first.shape
        shape[axis] = random.pick([1, 1, 2, 3])
        inputs.append(
          constant(first.type, shape, range: first.range, quantization: (first.scale, first.zeroPoint)))
      } else if let other = pick(fits) {
        inputs.append(other)
      }
    }
    random.shuffle(&inputs)
    var shape = first.shape
    shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
    guard self.fits(shape) else { return }
    var output = tensor(like: first, shape)
    output.range = union(inputs)
    output.isRounded = inputs.contains { $0.isRounded }
    add(
      .concatenation, inputs.map(\.index), [output],
      Options.concatenation(axis: Int32(random.chance(20) ? axis - first.rank : axis)))
  }

  /// Concatenations inside each other, of what operators write for them alone, of others' results and of constants.
  mutating func joinOfJoins() {
    guard let first = pick({ $0.rank > 0 && $0.count > 0 && $0.count <= 200 }) else { return }
    let axis = random.chance(70) ? first.shape.firstIndex { $0 != 1 } ?? 0 : random.below(first.rank)
    var inner = written(from: first)
    for _ in 0..<random.pick([1, 2, 2, 3]) {
      var inputs = [inner]
      for _ in 0..<random.pick([1, 1, 2]) {
        switch random.below(3) {
        case 0: inputs.append(written(from: first))
        case 1: inputs.append(first)
        default:
          inputs.append(
            constant(first.type, first.shape, range: first.range, quantization: (first.scale, first.zeroPoint)))
        }
      }
      random.shuffle(&inputs)
      var shape = first.shape
      shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
      guard fits(shape) else { break }
      var output = tensor(like: first, shape)
      output.range = union(inputs)
      output.isRounded = inputs.contains { $0.isRounded }
      add(.concatenation, inputs.map(\.index), [output], Options.concatenation(axis: Int32(axis)))
      live.removeLast()
      inner = output
    }
    live.append(inner)
  }

  /// What an operator writes that leaves shape and quantization as they are; other operators cannot read it yet.
  private mutating func written(from input: GraphTensor) -> GraphTensor {
    var output = tensor(like: input)
    output.range = input.range.map { min($0.lowerBound, -$0.upperBound)...max($0.upperBound, -$0.lowerBound) }
    switch input.type {
    case .bool: add(.logicalNot, [input.index], [output], options(63))
    case .float32, .int32, .int64: add(.neg, [input.index], [output], options(42))
    default: add(.relu, [input.index], [output])
    }
    live.removeLast()
    return output
  }

  mutating func pack() {
    guard let first = pick(types(Self.movable, reference: [.bool]), { $0.rank < 5 }) else { return }
    var inputs = [first]
    for _ in 0..<random.pick([0, 1, 1, 2]) {
      if random.chance(18) {
        inputs.append(
          constant(first.type, first.shape, range: first.range, quantization: (first.scale, first.zeroPoint)))
      } else if let other = pick({ $0.matches(first) && $0.shape == first.shape }) {
        inputs.append(other)
      }
    }
    random.shuffle(&inputs)
    let axis = random.integer(0...first.rank)
    var shape = first.shape
    shape.insert(inputs.count, at: axis)
    guard fits(shape) else { return }
    var output = tensor(like: first, shape)
    output.range = union(inputs)
    output.isRounded = inputs.contains { $0.isRounded }
    add(
      .pack, inputs.map(\.index), [output],
      options(59, [0: .int32(Int32(inputs.count)), 1: .int32(Int32(axis))]))
  }

  mutating func reshape() {
    guard let input = pick({ $0.count > 0 }) else { return }
    let count = input.count
    let divisors = (1...count).filter { count % $0 == 0 }
    let first = random.pick(divisors)
    let rest = count / first
    let second = random.pick((1...rest).filter { rest % $0 == 0 })
    let shape = random.pick([
      [first, rest], [count], [1, first, rest], [first, second, rest / second], [1, first, second, rest / second],
    ])
    var written = shape
    if random.chance(20) { written[random.below(written.count)] = -1 }
    let output = tensor(like: input, shape)
    if random.chance(70) {
      add(.reshape, [input.index, list(written)], [output], Options.reshape(shape.map { Int32($0) }))
    } else {
      add(.reshape, [input.index], [output], Options.reshape(shape.map { Int32($0) }))
    }
  }

  mutating func squeeze() {
    guard let input = pick({ $0.shape.contains(1) }) else { return }
    let ones = input.shape.indices.filter { input.shape[$0] == 1 }
    let removed = random.chance(30) ? ones : [random.pick(ones)]
    let shape = input.shape.indices.filter { !removed.contains($0) }.map { input.shape[$0] }
    let named = removed.count == ones.count && random.chance(50) ? [] : removed.map { Int32($0) }
    add(.squeeze, [input.index], [tensor(like: input, shape)], Options.squeeze(named))
  }

  mutating func expandDimensions() {
    guard let input = pick({ $0.rank < 5 }) else { return }
    let axis = random.integer(0...input.rank)
    var shape = input.shape
    shape.insert(1, at: axis)
    add(.expandDims, [input.index, scalar(axis)], [tensor(like: input, shape)], options(52))
  }

  mutating func split() {
    guard let input = pick(types(Self.movable, reference: [.bool, .int64]), { $0.rank > 0 && $0.count > 0 })
    else { return }
    let axis = random.below(input.rank)
    let count = random.pick((1...input.shape[axis]).filter { input.shape[axis] % $0 == 0 && $0 <= 8 })
    var shape = input.shape
    shape[axis] /= count
    let outputs = (0..<count).map { _ in tensor(like: input, shape) }
    add(.split, [scalar(axis), input.index], outputs, options(35, [0: .int32(Int32(count))]))
  }

  mutating func splitListed() {
    guard let input = pick(types(Self.movable, reference: [.bool]), { $0.rank > 0 && $0.count > 0 }) else { return }
    let axis = random.below(input.rank)
    var sizes: [Int] = []
    var rest = input.shape[axis]
    while rest > 0, sizes.count < 3 {
      let size = random.integer(0...rest)
      if size == 0, !random.chance(10) { continue }
      sizes.append(size)
      rest -= size
    }
    if rest > 0 { sizes.append(rest) }
    var outputs: [GraphTensor] = []
    for size in sizes {
      var shape = input.shape
      shape[axis] = size
      outputs.append(tensor(like: input, shape))
    }
    add(
      .splitV, [input.index, list(sizes), scalar(axis)], outputs, options(79, [0: .int32(Int32(sizes.count))]))
  }

  mutating func unpack() {
    guard let input = pick(types(Self.movable, reference: [.int64]), { $0.rank > 0 && $0.count > 0 })
    else { return }
    let axes = input.shape.indices.filter { input.shape[$0] <= 6 }
    guard !axes.isEmpty else { return }
    let axis = random.pick(axes)
    var shape = input.shape
    shape.remove(at: axis)
    let outputs = (0..<input.shape[axis]).map { _ in tensor(like: input, shape) }
    add(
      .unpack, [input.index], outputs,
      options(64, [0: .int32(Int32(outputs.count)), 1: .int32(Int32(random.chance(20) ? axis - input.rank : axis))]))
  }

  mutating func slice() {
    guard let input = pick({ $0.rank > 0 && $0.rank <= 5 }) else { return }
    var begins: [Int] = []
    var sizes: [Int] = []
    var written: [Int] = []
    for size in input.shape {
      let begin = random.chance(40) || size == 0 ? 0 : random.below(size)
      let length = random.chance(40) ? size - begin : size - begin == 0 ? 0 : random.integer(1...(size - begin))
      begins.append(begin)
      sizes.append(length)
      written.append(length == size - begin && random.chance(40) ? -1 : length)
    }
    let type: ElementType = random.chance(20) ? .int64 : .int32
    add(
      .slice, [input.index, list(begins, as: type), list(written, as: type)], [tensor(like: input, sizes)],
      options(48))
  }

  mutating func stridedSlice() {
    guard let input = pick({ $0.rank > 0 && $0.rank <= 4 && $0.count > 0 }) else { return }
    var begins: [Int] = []
    var ends: [Int] = []
    var strides: [Int] = []
    var shape: [Int] = []
    var (beginMask, endMask, shrinkMask) = (0, 0, 0)
    for (axis, size) in input.shape.enumerated() {
      let stride = random.pick([1, 1, 1, 2, 3, -1, -2])
      let first = random.below(size)
      if random.chance(12) {
        begins.append(random.chance(30) ? first - size : first)
        ends.append(first + 1)
        strides.append(1)
        shrinkMask |= 1 << axis
      } else if stride > 0 {
        let hasMask = random.chance(25)
        if hasMask { beginMask |= 1 << axis }
        let begin = hasMask ? 0 : first
        let hasEnd = random.chance(30)
        if hasEnd { endMask |= 1 << axis }
        let end = hasEnd ? size : random.integer((begin + 1)...size)
        begins.append(hasMask ? random.below(size) : begin)
        ends.append(end)
        strides.append(stride)
        shape.append((end - begin + stride - 1) / stride)
      } else {
        endMask |= 1 << axis
        begins.append(first)
        ends.append(0)
        strides.append(stride)
        shape.append(first / -stride + 1)
      }
    }
    add(
      .stridedSlice, [input.index, list(begins), list(ends), list(strides)], [tensor(like: input, shape)],
      options(
        32, [0: .int32(Int32(beginMask)), 1: .int32(Int32(endMask)), 4: .int32(Int32(shrinkMask))]))
  }

  mutating func pad() {
    guard let input = pick(Self.numbers, { $0.rank > 0 && $0.rank <= 4 }) else { return }
    let isImage = input.rank == 4 && random.chance(60)
    let padding = input.shape.indices.map { axis -> [Int] in
      if isImage, axis == 0 || axis == 3 { return [0, 0] }
      return [random.pick([0, 0, 1, 1, 2]), random.pick([0, 0, 1, 2, 3])]
    }
    let shape = zip(input.shape, padding).map { $0 + $1[0] + $1[1] }
    guard fits(shape) else { return }
    var output = tensor(like: input, shape)
    output.range = output.range.map { min($0.lowerBound, 0)...max($0.upperBound, 0) }
    let sizes = list(padding.flatMap { $0 }, shape: [input.rank, 2], as: random.chance(15) ? .int64 : .int32)
    if random.chance(25) {
      let value = constant(input.type, [1], range: input.range, quantization: (input.scale, input.zeroPoint))
      add(.padV2, [input.index, sizes, value.index], [output], options(43))
    } else {
      add(.pad, [input.index, sizes], [output], options(22))
    }
  }

  mutating func mirrorPad() {
    guard let input = pick({ $0.rank > 0 && $0.rank <= 4 && $0.count > 0 }) else { return }
    let isSymmetric = random.chance(50)
    let padding = input.shape.map { size -> [Int] in
      let most = min(isSymmetric ? size : size - 1, 2)
      return [random.integer(0...most), random.integer(0...most)]
    }
    let shape = zip(input.shape, padding).map { $0 + $1[0] + $1[1] }
    guard fits(shape) else { return }
    add(
      .mirrorPad, [input.index, list(padding.flatMap { $0 }, shape: [input.rank, 2])],
      [tensor(like: input, shape)], options(77, [0: .int8(isSymmetric ? 1 : 0)]))
  }

  mutating func transpose() {
    guard let input = pick({ $0.rank > 0 && $0.rank <= 5 }) else { return }
    var axes = Array(0..<input.rank)
    random.shuffle(&axes)
    add(
      .transpose, [input.index, list(axes)], [tensor(like: input, axes.map { input.shape[$0] })], options(26))
  }

  mutating func tile() {
    guard let input = pick({ $0.rank > 0 }) else { return }
    let multiples = input.shape.map { _ in random.pick([1, 1, 1, 2, 3]) }
    let shape = zip(input.shape, multiples).map { $0 * $1 }
    guard fits(shape) else { return }
    add(.tile, [input.index, list(multiples)], [tensor(like: input, shape)], options(51))
  }

  mutating func reverse() {
    guard let input = pick({ $0.rank > 0 }) else { return }
    let first = random.below(input.rank)
    // The reference takes axes that lie beside each other.
    let last = random.integer(first...(input.rank - 1))
    add(.reverseV2, [input.index, list(Array(first...last))], [tensor(like: input)], options(81))
  }

  mutating func broadcast() {
    guard let input = pick({ $0.rank <= 4 }) else { return }
    var shape = input.shape.map { $0 == 1 ? random.pick([1, 2, 3]) : $0 }
    if random.chance(30) { shape.insert(random.pick([1, 2, 3]), at: 0) }
    guard !shape.isEmpty, fits(shape) else { return }
    add(.broadcastTo, [input.index, list(shape)], [tensor(like: input, shape)], options(104))
    graph.operators[graph.operators.count - 1].version = 2
  }

  mutating func spaceToDepth() {
    let blocks = [2, 3].filter { block in
      live.contains { $0.rank == 4 && $0.shape[1] % block == 0 && $0.shape[2] % block == 0 }
    }
    guard !blocks.isEmpty else { return }
    let block = random.pick(blocks)
    guard
      let input = pick(
        types(Self.numbers, reference: [.int16]),
        { $0.rank == 4 && $0.shape[1] % block == 0 && $0.shape[2] % block == 0 && $0.count > 0 })
    else { return }
    let shape = [input.shape[0], input.shape[1] / block, input.shape[2] / block, input.shape[3] * block * block]
    add(.spaceToDepth, [input.index], [tensor(like: input, shape)], options(19, [0: .int32(Int32(block))]))
  }

  mutating func depthToSpace() {
    let numbers = types(Self.numbers, reference: [.int16])
    guard let input = pick(numbers, { $0.rank == 4 && $0.shape[3] % 4 == 0 && $0.count > 0 }) else { return }
    let shape = [input.shape[0], input.shape[1] * 2, input.shape[2] * 2, input.shape[3] / 4]
    add(.depthToSpace, [input.index], [tensor(like: input, shape)], options(94, [0: .int32(2)]))
  }

  mutating func spaceToBatch() {
    guard let input = pick(Self.numbers, { $0.rank == 4 && $0.count > 0 }) else { return }
    let blocks = [random.pick([1, 2]), random.pick([1, 2, 3])]
    let padding = (0..<2).map { axis -> [Int] in
      let missing = (blocks[axis] - input.shape[axis + 1] % blocks[axis]) % blocks[axis]
      let before = random.integer(0...missing)
      return [before, missing - before + blocks[axis] * random.pick([0, 0, 1])]
    }
    let shape = [
      input.shape[0] * blocks[0] * blocks[1], (input.shape[1] + padding[0][0] + padding[0][1]) / blocks[0],
      (input.shape[2] + padding[1][0] + padding[1][1]) / blocks[1], input.shape[3],
    ]
    guard fits(shape) else { return }
    var output = tensor(like: input, shape)
    output.range = output.range.map { min($0.lowerBound, 0)...max($0.upperBound, 0) }
    add(
      .spaceToBatchND, [input.index, list(blocks), list(padding.flatMap { $0 }, shape: [2, 2])], [output],
      options(25))
  }

  mutating func batchToSpace() {
    guard let input = pick(Self.numbers, { $0.rank == 4 && $0.shape[0] % 2 == 0 && $0.count > 0 }) else { return }
    let blocks = random.pick([[1, 2], [2, 1]])
    let crops = (0..<2).map { axis -> [Int] in
      let size = input.shape[axis + 1] * blocks[axis]
      let before = size > 1 ? random.pick([0, 0, 1]) : 0
      return [before, size - before > 1 ? random.pick([0, 0, 1]) : 0]
    }
    let shape = [
      input.shape[0] / 2, input.shape[1] * blocks[0] - crops[0][0] - crops[0][1],
      input.shape[2] * blocks[1] - crops[1][0] - crops[1][1], input.shape[3],
    ]
    add(
      .batchToSpaceND, [input.index, list(blocks), list(crops.flatMap { $0 }, shape: [2, 2])],
      [tensor(like: input, shape)], options(24))
  }

  mutating func bitcast() {
    // Patterns of numbers would be integers of any size.
    guard let input = pick([.int8]) else { return }
    add(.bitcast, [input.index], [tensor(.uint8, input.shape)], options(124))
  }
}
