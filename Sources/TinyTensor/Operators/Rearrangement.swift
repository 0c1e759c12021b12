import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// Operators that lay a tensor's elements out in another order, leave some out or repeat some, all decided at load.
struct Rearrangement: Sendable {
  let kernel: StaticString
  let copy: StridedCopy
  let movement: MovementLayout?
  let input: ReadSlot
  let output: WriteSlot
}

extension Rearrangement {
  /// An axis of the output and how far the input moves along it, in elements.
  typealias Axis = (size: Int, step: Int)

  /// The step that fills an output in order from places in the input, or a view where that changes nothing.
  ///
  /// - Parameters:
  ///   - shape: the output's shape.
  ///   - axes: its axes, each perhaps in several parts; their sizes multiply to the output's count of elements.
  ///   - start: the input element that the output begins with.
  static func translate(
    _ graph: inout GraphBuilder, _ kernel: StaticString, of input: Operand, shape: Shape, axes: [Axis],
    start: Int = 0
  ) throws(ModelError) -> Operation? {
    let copy = try graph.stridedCopy(axes, start: start, count: shape.count, elementSize: graph.elementSize(of: input))
    if copy.isContiguous, shape.count == input.shape.count {
      return try Copy.view(&graph, of: input, shape: shape)
    }
    let source = try graph.bind(input)
    let output = try graph.bindOutput(shape: shape)
    return try graph.operation(
      Operation.rearrangement,
      Rearrangement(
        kernel: kernel, copy: copy,
        movement: graph.movement(
          copy, inputBytes: input.shape.count * copy.elementSize, outputBytes: shape.count * copy.elementSize),
        input: source, output: output))
  }

  func run(_ memory: OperatorMemory) {
    // Sound: the layout was made for these operands.
    if let movement { return unsafe movement.run(memory, from: memory.pointer(input), to: memory.pointer(output)) }
    var output = memory.writeBytes(output)
    copyStrided(copy, from: memory.readBytes(input), to: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel, set: movement == nil ? nil : .portable) }
}

// MARK: Operators

extension Rearrangement {
  /// TRANSPOSE: axis `i` of the output is axis `permutation[i]` of the input.
  static func translateTranspose(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let input = try graph.input(0)
    _ = try graph.outputType(0, input.elementType)
    let rank = input.shape.rank
    let permutation = try graph.constantIntegers(graph.input(1, .int32, .int64), what: "the permutation")
    guard permutation.count == rank else {
      throw graph.error(
        .invalidOperator, "its permutation has \(permutation.count) entries for an input \(input.shape)")
    }
    let steps = input.shape.steps
    var isUsed = [Bool](repeating: false, count: rank)
    var axes: [Axis] = []
    for entry in permutation {
      guard let axis = input.shape.normalized(axis: entry), !isUsed[axis] else {
        throw graph.error(
          .invalidOperator, "its permutation \(describeShape(permutation)) does not name every axis once")
      }
      isUsed[axis] = true
      axes.append((input.shape[axis], steps[axis]))
    }
    return try translate(
      &graph, "transpose.reference", of: input, shape: graph.outputShape(axes.map { $0.size }), axes: axes)
  }

  /// TILE: the input, repeated along each axis.
  static func translateTile(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let input = try graph.input(0)
    _ = try graph.outputType(0, input.elementType)
    let rank = input.shape.rank
    let multiples = try graph.constantIntegers(graph.input(1, .int32, .int64), what: "the repetitions")
    guard multiples.count == rank else {
      throw graph.error(
        .invalidOperator, "it has repetitions for \(multiples.count) axes of an input \(input.shape)")
    }
    let steps = input.shape.steps
    var sizes: [Int] = []
    var axes: [Axis] = []
    for (axis, multiple) in multiples.enumerated() {
      let (size, overflow) = input.shape[axis].multipliedReportingOverflow(by: multiple)
      guard multiple >= 0, !overflow else {
        throw graph.error(.invalidOperator, "it repeats axis \(axis) of an input \(input.shape) \(multiple) times")
      }
      sizes.append(size)
      axes += [(multiple, 0), (input.shape[axis], steps[axis])]
    }
    return try translate(&graph, "tile.reference", of: input, shape: graph.outputShape(sizes), axes: axes)
  }

  /// BROADCAST_TO: axes are matched from the last one on; those of size 1 and missing ones are repeated.
  static func translateBroadcast(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let input = try graph.input(0)
    _ = try graph.outputType(0, input.elementType)
    let sizes = try graph.constantIntegers(graph.input(1, .int32, .int64), what: "the shape")
    let shape = try graph.outputShape(sizes)
    let missing = shape.rank - input.shape.rank
    let steps = input.shape.steps
    var axes: [Axis] = []
    guard missing >= 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) cannot be broadcast to \(shape)")
    }
    for axis in 0..<shape.rank {
      let size = axis < missing ? 1 : input.shape[axis - missing]
      guard size == shape[axis] || size == 1 else {
        throw graph.error(.invalidOperator, "its input \(input.shape) cannot be broadcast to \(shape)")
      }
      axes.append((shape[axis], size == 1 ? 0 : steps[axis - missing]))
    }
    return try translate(&graph, "broadcast.reference", of: input, shape: shape, axes: axes)
  }

  /// REVERSE_V2: the listed axes run backwards.
  static func translateReverse(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let input = try graph.input(0)
    _ = try graph.outputType(0, input.elementType)
    var isReversed = [Bool](repeating: false, count: input.shape.rank)
    for entry in try graph.constantIntegers(graph.input(1, .int32, .int64), what: "the list of axes") {
      let axis = try graph.axis(entry, of: input)
      guard !isReversed[axis] else { throw graph.error(.invalidOperator, "it reverses axis \(axis) twice") }
      isReversed[axis] = true
    }
    let steps = input.shape.steps
    var axes: [Axis] = []
    var start = 0
    for axis in 0..<input.shape.rank {
      let step = isReversed[axis] ? -steps[axis] : steps[axis]
      // Inside the input: below its count of elements.
      if isReversed[axis], input.shape.count > 0 { start += (input.shape[axis] - 1) * steps[axis] }
      axes.append((input.shape[axis], step))
    }
    return try translate(&graph, "reverse.reference", of: input, shape: input.shape, axes: axes, start: start)
  }

  /// SPACE_TO_DEPTH: squares of an image become channels, row by row.
  static func translateSpaceToDepth(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let (input, block) = try blockOperands(&graph, options: 19)
    guard input.shape[1] % block == 0, input.shape[2] % block == 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) cannot be cut into blocks of \(block)")
    }
    let steps = input.shape.steps
    let (height, width) = (input.shape[1] / block, input.shape[2] / block)
    let shape = try graph.outputShape([input.shape[0], height, width, input.shape[3] * block * block])
    return try translate(
      &graph, "space_to_depth.reference", of: input, shape: shape,
      axes: [
        (input.shape[0], steps[0]), (height, steps[1] * block), (width, steps[2] * block), (block, steps[1]),
        (block, steps[2]), (input.shape[3], 1),
      ])
  }

  /// DEPTH_TO_SPACE: channels become squares of an image, row by row.
  static func translateDepthToSpace(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let (input, block) = try blockOperands(&graph, options: 94)
    guard input.shape[3] % (block * block) == 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) has no channels for blocks of \(block)")
    }
    let steps = input.shape.steps
    let channels = input.shape[3] / (block * block)
    let shape = try graph.outputShape([input.shape[0], input.shape[1] * block, input.shape[2] * block, channels])
    return try translate(
      &graph, "depth_to_space.reference", of: input, shape: shape,
      axes: [
        (input.shape[0], steps[0]), (input.shape[1], steps[1]), (block, block * channels), (input.shape[2], steps[2]),
        (block, channels), (channels, 1),
      ])
  }

  /// The image and the block size, whose square and the products of that with sizes fit `Int`.
  private static func blockOperands(
    _ graph: inout GraphBuilder, options: UInt8
  ) throws(ModelError) -> (input: Operand, block: Int) {
    try graph.requireOperands(inputs: 1...1)
    let block = try graph.requiredOptions(options) { (table) throws(ReadError) in
      Int(try table.scalar(0, default: Int32(0)))
    }
    let input = try graph.input(0)
    _ = try graph.outputType(0, input.elementType)
    try graph.requireImage(input)
    guard block > 0, block < 1 << 15 else {
      throw graph.error(.invalidOperator, "the block size \(block) is not between 1 and 32767")
    }
    for axis in 1..<4 {
      let (_, overflow) = input.shape[axis].multipliedReportingOverflow(by: block * block)
      guard !overflow else { throw graph.error(.tooLarge, "its output is too large") }
    }
    return (input, block)
  }
}

// MARK: Shapes and steps

extension Shape {
  /// How far apart neighbours along each axis are, in elements. Of no use, but safe, for shapes without elements.
  var steps: [Int] {
    var steps = [Int](repeating: 1, count: rank)
    // Products of sizes of a shape with elements fit; others may wrap and are not used.
    for axis in (0..<max(rank - 1, 0)).reversed() { steps[axis] = steps[axis + 1] &* self[axis + 1] }
    return steps
  }
}

extension GraphBuilder {
  /// Bytes an element, for operators that move elements of 1, 2, 4 or 8 bytes.
  func elementSize(of operand: Operand) throws(ModelError) -> Int {
    guard let bits = operand.elementType.bitWidth, [8, 16, 32, 64].contains(bits) else {
      throw error(
        .invalidOperator,
        "\(operand.name) is \(operand.elementType); only elements of 1, 2, 4 or 8 bytes are supported here")
    }
    return bits / 8
  }

  /// A shape that was computed for an output.
  func outputShape(_ sizes: [Int]) throws(ModelError) -> Shape {
    guard let shape = Shape(sizes) else {
      for size in sizes where size < 0 {
        throw error(.invalidOperator, "its output cannot have the shape \(describeShape(sizes))")
      }
      throw error(.tooLarge, "its output \(describeShape(sizes)) is too large or has more than 8 axes")
    }
    return shape
  }

  /// An operand's axis, counted from the front; negative ones count from the back.
  func axis(_ axis: Int, of operand: Operand) throws(ModelError) -> Int {
    guard axis >= -Shape.maximumRank, let normalized = operand.shape.normalized(axis: axis) else {
      throw error(.invalidOperator, "\(operand.name) \(operand.shape) has no axis \(axis)")
    }
    return normalized
  }

  /// The one integer of a constant input, whatever its rank.
  func constantInteger(_ operand: Operand, what: String) throws(ModelError) -> Int {
    let integers = try constantIntegers(operand, what: what)
    guard integers.count == 1 else {
      throw error(.invalidOperator, "\(what) (\(operand.name)) has \(integers.count) elements instead of 1")
    }
    return integers[0]
  }

  /// A copy that fills an output in order.
  func stridedCopy(
    _ axes: [Rearrangement.Axis], start: Int, count: Int, elementSize: Int
  ) throws(ModelError) -> StridedCopy {
    var all: [StridedCopy.Axis] = []
    var outputStep = 1
    for axis in axes.reversed() {
      all.append(StridedCopy.Axis(size: axis.size, inputStep: axis.step, outputStep: outputStep))
      // Fits where there are elements; without any it is of no use.
      outputStep = outputStep &* axis.size
    }
    all.reverse()
    if count == 0 { all = [StridedCopy.Axis(size: 0, inputStep: 1, outputStep: 1)] }
    guard let copy = StridedCopy(axes: all, inputStart: start, outputStart: 0, elementSize: elementSize) else {
      throw error(.tooLarge, "its operands are too large or have too many axes")
    }
    return copy
  }

  /// Refuses a quantized output whose scale or zero point differ from an input's.
  func requireOutputQuantization(of operand: Operand) throws(ModelError) {
    guard IntegerType(operand.elementType) != nil, let quantization = operand.quantization, quantization.isPresent
    else { return }
    guard try affine(of: operand) == outputAffine() else {
      throw error(.invalidOperator, "\(operand.name) has another quantization than the output")
    }
  }
}
