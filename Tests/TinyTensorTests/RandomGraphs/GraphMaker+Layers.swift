@testable import TinyTensor

// Layers on images, and products of matrices.

extension GraphMaker {
  static let images: [Family] = [
    { $0.convolution() }, { $0.convolution() }, { $0.convolution() }, { $0.depthwise() }, { $0.depthwise() },
    { $0.joinImages() }, { $0.joinImages() }, { $0.joinLayers() }, { $0.joinLayers() }, { $0.padImage() },
    { $0.padImage() }, { $0.pool() },
    { $0.pool() }, { $0.resize() }, { $0.resize() }, { $0.transposedConvolution() }, { $0.convolution3D() },
  ]

  static let matrices: [Family] = [
    { $0.fullyConnected() }, { $0.fullyConnected() }, { $0.fullyConnected() }, { $0.batchProduct() },
  ]

  /// An image that a layer may read.
  private mutating func image(_ types: [ElementType] = [.int8, .uint8, .int16, .float32]) -> GraphTensor? {
    pick(types) { $0.rank == 4 && $0.count > 0 && !$0.isRounded }
  }

  /// Weights for an input, with a scale for each channel where the type has that, and the sums' scales.
  private mutating func weights(
    for input: GraphTensor, _ shape: [Int], channels: Int, axis: Int
  ) -> (tensor: Int32, scales: [Float], isHybrid: Bool) {
    let count = shape.reduce(1, *)
    let name = "w\(graph.tensors.count)"
    if input.type == .float32 {
      // LiteRT's hybrid DEPTHWISE_CONV_2D wants a scale for each channel.
      if random.chance(30) {
        // Hybrid: whole weights, one scale or one a channel.
        let scales = random.chance(50) && axis == 0 ? [Float(0.02)] : (0..<channels).map { 0.01 * Float(1 + $0 % 3) }
        let bytes = random.bytes(.int8, count: count, in: -127...127)
        let index = graph.constant(name, shape, .int8, signed(bytes), scales: scales, axis: Int32(axis))
        return (index, [], true)
      }
      let weights = constant(.float32, shape, range: -1...1)
      return (weights.index, [], false)
    }
    if input.type == .uint8 {
      let zeroPoint = Int64(random.pick([128, 100, 3]))
      let bytes = random.bytes(.uint8, count: count, in: nil)
      let index = graph.constant(name, shape, .uint8, bytes, scales: [0.01], zeroPoints: [zeroPoint])
      return (index, [0.01], false)
    }
    let scales = random.chance(50) ? [Float(0.01)] : (0..<channels).map { 0.01 * Float(1 + $0 % 3) }
    let bytes = random.bytes(.int8, count: count, in: -127...127)
    let index = graph.constant(name, shape, .int8, signed(bytes), scales: scales, axis: Int32(axis))
    return (index, scales, false)
  }

  private mutating func bias(for input: GraphTensor, channels: Int, scales: [Float]) -> Int32 {
    if input.type == .float32 { return constant(.float32, [channels], range: -2...2).index }
    let values = (0..<channels).map { _ in random.integer(-500...500) }
    let name = "b\(graph.tensors.count)"
    let factors = scales.map { $0 * (input.scale ?? 1) }
    return input.type == .int16
      ? graph.constant(name, [channels], .int64, values.map { Int64($0) }, scales: factors)
      : graph.constant(name, [channels], .int32, values.map { Int32($0) }, scales: factors)
  }

  /// How a window moves along an axis, and how many places it has.
  private struct WindowAxis {
    var kernel: Int
    var stride: Int
    var dilation: Int
    var isValid: Bool

    func count(_ size: Int) -> Int {
      isValid ? (size - (kernel - 1) * dilation - 1) / stride + 1 : (size + stride - 1) / stride
    }

    func fits(_ size: Int) -> Bool { !isValid || size >= (kernel - 1) * dilation + 1 }
  }

  private mutating func windows(_ input: GraphTensor, dilates: Bool = true) -> [WindowAxis]? {
    let isValid = random.chance(45)
    let strides = random.pick([[1, 1], [1, 1], [2, 2], [1, 2]])
    let dilation = dilates && strides == [1, 1] ? random.pick([1, 1, 1, 2]) : 1
    let kernels = random.pick([[1, 1], [1, 1], [3, 3], [2, 2], [1, 3], [3, 1], [5, 5]])
    let axes = (0..<2).map {
      WindowAxis(kernel: kernels[$0], stride: strides[$0], dilation: dilation, isValid: isValid)
    }
    guard axes[0].fits(input.shape[1]), axes[1].fits(input.shape[2]) else { return nil }
    return axes
  }

  mutating func convolution() {
    guard let input = image(), let axes = windows(input) else { return }
    let channels = random.pick([1, 2, 3, 4, 5, 8, 16, 17, 20, 32])
    guard let output = convolution(of: input, axes, channels: channels, quantization(input.type)) else { return }
    live.append(output)
  }

  /// Layers beside each other, whose results are joined along any axis and read by nothing else.
  mutating func joinLayers() {
    guard let input = image(), let axes = windows(input) else { return }
    let axis = random.pick([3, 3, 2, 1, 0])
    let affine = quantization(input.type)
    let channels = random.pick([1, 2, 3, 4, 8, 16, 17])
    var inputs: [GraphTensor] = []
    for _ in 0..<random.pick([2, 2, 3]) {
      let depth = axis == 3 ? random.pick([1, 2, 4, 8, 16, 20]) : channels
      guard let output = convolution(of: input, axes, channels: depth, affine) else { continue }
      inputs.append(output)
    }
    // Something that another operator has written, or a constant, may be among them.
    let shape = inputs.first?.shape ?? []
    let other = pick { other in
      guard let first = inputs.first, other.matches(first), other.rank == 4 else { return false }
      return (0..<4).allSatisfy { $0 == axis || other.shape[$0] == shape[$0] }
    }
    if let other, random.chance(50) { inputs.append(other) }
    if random.chance(15), let first = inputs.first {
      inputs.append(constant(first.type, shape, range: nil, quantization: affine))
    }
    guard let first = inputs.first else { return }
    random.shuffle(&inputs)
    var joined = shape
    joined[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
    guard fits(joined) else { return }
    var output = tensor(like: first, joined)
    output.range = nil
    output.isRounded = inputs.contains { $0.isRounded }
    add(.concatenation, inputs.map(\.index), [output], Options.concatenation(axis: Int32(axis)))
  }

  /// Adds a CONV_2D; other operators cannot read its result yet.
  private mutating func convolution(
    of input: GraphTensor, _ axes: [WindowAxis], channels: Int, _ affine: (scale: Float?, zeroPoint: Int)
  ) -> GraphTensor? {
    let shape = [input.shape[0], axes[0].count(input.shape[1]), axes[1].count(input.shape[2]), channels]
    guard fits(shape) else { return nil }
    // Groups: each output channel sees a part of the input's.
    let depth = input.shape[3]
    let groups = input.type != .float32 && depth % 2 == 0 && channels % 2 == 0 && random.chance(12) ? 2 : 1
    let weights = weights(
      for: input, [channels, axes[0].kernel, axes[1].kernel, depth / groups], channels: channels, axis: 0)
    let bias = bias(for: input, channels: channels, scales: weights.scales)
    let output = tensor(input.type, shape, isRounded: true, quantization: affine)
    add(
      .conv2D, [input.index, weights.tensor, bias], [output],
      Options.convolution(
        padding: axes[0].isValid ? 1 : 0, strideWidth: Int32(axes[1].stride), strideHeight: Int32(axes[0].stride),
        activation: random.pick([0, 0, 1, 3]), dilationWidth: Int32(axes[1].dilation),
        dilationHeight: Int32(axes[0].dilation)))
    live.removeLast()
    return output
  }

  mutating func depthwise() {
    guard let input = image(), let axes = windows(input) else { return }
    let multiplier = random.pick([1, 1, 1, 2])
    let channels = input.shape[3] * multiplier
    let shape = [input.shape[0], axes[0].count(input.shape[1]), axes[1].count(input.shape[2]), channels]
    guard fits(shape) else { return }
    let weights = weights(for: input, [1, axes[0].kernel, axes[1].kernel, channels], channels: channels, axis: 3)
    let bias = bias(for: input, channels: channels, scales: weights.scales)
    add(
      .depthwiseConv2D, [input.index, weights.tensor, bias], [tensor(input.type, shape, isRounded: true)],
      options(
        2,
        [
          0: .int8(axes[0].isValid ? 1 : 0), 1: .int32(Int32(axes[1].stride)), 2: .int32(Int32(axes[0].stride)),
          3: .int32(Int32(multiplier)), 4: .int8(random.pick([0, 1, 3])), 5: .int32(Int32(axes[1].dilation)),
          6: .int32(Int32(axes[0].dilation)),
        ]))
  }

  mutating func transposedConvolution() {
    guard let input = image([.int8, .uint8, .float32, .int16]) else { return }
    let stride = random.pick([1, 2])
    let kernel = random.pick([2, 3])
    let channels = random.pick([1, 2, 4, 5])
    let isValid = random.chance(50)
    let sizes = input.shape[1...2].map { isValid ? ($0 - 1) * stride + kernel : $0 * stride }
    let shape: [Int] = [input.shape[0]] + sizes + [channels]
    guard fits(shape) else { return }
    let weights = weights(for: input, [channels, kernel, kernel, input.shape[3]], channels: channels, axis: 0)
    guard !weights.isHybrid else { return }
    add(
      .transposeConv, [list(shape), weights.tensor, input.index], [tensor(input.type, shape, isRounded: true)],
      options(
        49, [0: .int8(isValid ? 1 : 0), 1: .int32(Int32(stride)), 2: .int32(Int32(stride))]))
  }

  mutating func convolution3D() {
    guard let input = pick([.float32], { $0.rank == 5 && $0.count > 0 && !$0.isRounded }) else { return }
    let channels = random.pick([1, 2, 3])
    let shape = Array(input.shape.dropLast()) + [channels]
    guard fits(shape) else { return }
    let weights = constant(.float32, [1, 1, 1, input.shape[4], channels], range: -1...1)
    add(
      .conv3D, [input.index, weights.index], [tensor(.float32, shape, isRounded: true)],
      options(106, [0: .int8(0), 1: .int32(1), 2: .int32(1), 3: .int32(1)]))
  }

  /// A concatenation of images along any axis, of what layers wrote more often.
  mutating func joinImages() {
    guard let first = pick({ $0.rank == 4 }) else { return }
    let axis = random.pick([3, 3, 3, 2, 1, 0])
    var inputs = [first]
    for _ in 0..<random.pick([1, 1, 2, 3]) {
      let other = pick { other in
        guard other.matches(first), other.rank == 4 else { return false }
        return (0..<4).allSatisfy { $0 == axis || other.shape[$0] == first.shape[$0] }
      }
      if let other { inputs.append(other) }
    }
    random.shuffle(&inputs)
    var shape = first.shape
    shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
    guard fits(shape) else { return }
    var output = tensor(like: first, shape)
    output.range = nil
    output.isRounded = inputs.contains { $0.isRounded }
    add(.concatenation, inputs.map(\.index), [output], Options.concatenation(axis: Int32(axis)))
  }

  /// A PAD of height and width, as converters put it in front of a layer.
  mutating func padImage() {
    guard let input = pick(Self.numbers, { $0.rank == 4 }) else { return }
    let before: [Int] = [0, random.pick([0, 1, 2]), random.pick([0, 1]), 0]
    let after: [Int] = [0, random.pick([0, 1, 3]), random.pick([0, 1, 2]), 0]
    let shape: [Int] = (0..<4).map { input.shape[$0] + before[$0] + after[$0] }
    let padding: [Int] = (0..<4).flatMap { [before[$0], after[$0]] }
    guard fits(shape) else { return }
    var output = tensor(like: input, shape)
    output.range = output.range.map { min($0.lowerBound, 0)...max($0.upperBound, 0) }
    add(.pad, [input.index, list(padding, shape: [4, 2])], [output], options(22))
  }

  mutating func pool() {
    guard let input = image(), let axes = windows(input, dilates: false) else { return }
    let shape = [input.shape[0], axes[0].count(input.shape[1]), axes[1].count(input.shape[2]), input.shape[3]]
    guard axes[0].kernel <= input.shape[1], axes[1].kernel <= input.shape[2] else { return }
    var codes: [BuiltinOperator] = [.maxPool2D, .averagePool2D, .averagePool2D]
    if input.type == .float32 { codes.append(.l2Pool2D) }
    let code = random.pick(codes)
    var output = tensor(like: input, shape)
    output.isRounded = input.type == .float32 && code != .maxPool2D
    if output.isRounded { output.range = nil }
    let isL2 = code == .l2Pool2D
    add(
      code, [input.index], [output],
      options(
        5,
        [
          0: .int8(axes[0].isValid ? 1 : 0), 1: .int32(Int32(axes[1].stride)), 2: .int32(Int32(axes[0].stride)),
          3: .int32(Int32(axes[1].kernel)), 4: .int32(Int32(axes[0].kernel)),
          5: .int8(isL2 ? 0 : random.pick([0, 0, 1, 3])),
        ]))
  }

  mutating func resize() {
    guard let input = image() else { return }
    let sizes = [random.integer(1...9), random.integer(1...9)]
    let shape = [input.shape[0]] + sizes + [input.shape[3]]
    guard fits(shape) else { return }
    let isNearest = random.chance(50)
    let choice = random.below(3)
    var output = tensor(like: input, shape)
    output.isRounded = input.type == .float32 && !isNearest
    let first = isNearest ? 0 : 2
    add(
      isNearest ? .resizeNearestNeighbor : .resizeBilinear, [input.index, list(sizes)], [output],
      options(isNearest ? 74 : 15, [first: .bool(choice == 1), first + 1: .bool(choice == 2)]))
  }

  mutating func fullyConnected() {
    guard
      let input = pick(
        [.int8, .uint8, .int16, .float32],
        {
          $0.rank > 1 && $0.rank <= 4 && $0.count > 0 && $0.count <= 1024 && !$0.isRounded
        })
    else { return }
    let keeps = random.chance(40)
    let depth = input.shape[input.rank - 1]
    let units = random.pick([1, 2, 3, 7, 8, 16, 20])
    let shape = (keeps ? Array(input.shape.dropLast()) : [input.count / depth]) + [units]
    guard fits(shape) else { return }
    let weights = weights(for: input, [units, depth], channels: units, axis: 0)
    let bias = random.chance(25) ? -1 : bias(for: input, channels: units, scales: weights.scales)
    add(
      .fullyConnected, [input.index, weights.tensor, bias], [tensor(input.type, shape, isRounded: true)],
      Options.fullyConnected(activation: random.pick([0, 0, 1, 3]), keepsAxes: keeps))
  }

  mutating func batchProduct() {
    guard let lhs = pick([.int8, .int16, .float32], { $0.rank >= 2 && $0.rank <= 4 && $0.count > 0 && !$0.isRounded })
    else { return }
    let depth = lhs.shape[lhs.rank - 1]
    let batches = Array(lhs.shape.dropLast(2))
    let isTransposed = random.chance(40)
    let found = pick { other in
      guard other.type == lhs.type, other.rank == lhs.rank, !other.isRounded else { return false }
      let matching = other.shape[other.rank - (isTransposed ? 1 : 2)]
      return matching == depth && Array(other.shape.dropLast(2)) == batches
    }
    let width = random.pick([1, 3, 8])
    let rhs = found ?? constant(lhs.type, batches + (isTransposed ? [width, depth] : [depth, width]), range: nil)
    let columns = rhs.shape[rhs.rank - (isTransposed ? 2 : 1)]
    let shape = batches + [lhs.shape[lhs.rank - 2], columns]
    guard fits(shape) else { return }
    add(
      .batchMatMul, [lhs.index, rhs.index], [tensor(lhs.type, shape, isRounded: true)],
      options(101, [0: .bool(false), 1: .bool(isTransposed)]))
  }
}
