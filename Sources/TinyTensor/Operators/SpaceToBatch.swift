import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// SPACE_TO_BATCH_ND of an input that is padded first: blocks of positions become batches.
struct SpaceToBatch: Sendable {
  let pad: PadParameters
  let copy: StridedCopy
  let movement: MovementLayout?
  let input: ReadSlot
  let padded: WriteSlot
  let output: WriteSlot
}

/// BATCH_TO_SPACE_ND with an output that is cropped afterwards: batches become blocks of positions.
struct BatchToSpace: Sendable {
  let join: StridedCopy
  let crop: StridedCopy
  let joinMovement: MovementLayout?
  let cropMovement: MovementLayout?
  let input: ReadSlot
  let joined: WriteSlot
  let output: WriteSlot
}

/// The block along each spatial axis and what is added or cut off around it.
private struct Blocks {
  var sizes: [Int]
  var before: [Int]
  var after: [Int]

  var isPlain: Bool { before.allSatisfy { $0 == 0 } && after.allSatisfy { $0 == 0 } }
}

extension GraphBuilder {
  /// The operands that both operators share. Blocks are below 2^16, borders below 2^31.
  fileprivate func blocks(of input: Operand, _ borderName: String) throws(ModelError) -> Blocks {
    let sizes = try constantIntegers(self.input(1, .int32, .int64), what: "the block shape")
    let borders = try self.input(2, .int32, .int64)
    let amounts = try constantIntegers(borders, what: borderName)
    guard !sizes.isEmpty, sizes.count < input.shape.rank else {
      throw error(.invalidOperator, "it has blocks along \(sizes.count) axes of an input \(input.shape)")
    }
    guard borders.shape.rank == 2, borders.shape[0] == sizes.count, borders.shape[1] == 2 else {
      throw error(.invalidOperator, "\(borderName) have the shape \(borders.shape) instead of [\(sizes.count),2]")
    }
    for size in sizes where size < 1 || size >= 1 << 16 {
      throw error(.invalidOperator, "the block size \(size) is not between 1 and 65535")
    }
    for amount in amounts where amount < 0 || amount > Int(Int32.max) {
      throw error(.invalidOperator, "\(borderName) hold \(amount)")
    }
    var blocks = Blocks(sizes: sizes, before: [], after: [])
    for axis in sizes.indices {
      blocks.before.append(amounts[2 * axis])
      blocks.after.append(amounts[2 * axis + 1])
    }
    return blocks
  }

  /// A product of sizes, which must not overflow.
  fileprivate func product(_ factors: [Int]) throws(ModelError) -> Int {
    var product = 1
    for factor in factors {
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      if overflow { throw error(.tooLarge, "its tensors are too large") }
      product = next
    }
    return product
  }
}

extension SpaceToBatch {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 3...3)
    let input = try graph.input(0)
    let type = try graph.outputType(0, input.elementType)
    let elementSize = try graph.elementSize(of: input)
    let blocks = try graph.blocks(of: input, "the paddings")
    var paddedSizes = input.shape.array
    var before = SIMD8<Int32>(repeating: 0)
    for (index, block) in blocks.sizes.enumerated() {
      let size = Int64(input.shape[index + 1]) + Int64(blocks.before[index]) + Int64(blocks.after[index])
      guard size % Int64(block) == 0 else {
        throw graph.error(
          .invalidOperator, "axis \(index + 1) has \(size) elements with padding, which blocks of \(block) do not fill")
      }
      paddedSizes[index + 1] = Int(clamping: size)
      before[index + 1] = Int32(clamping: blocks.before[index])
    }
    let padded = try graph.outputShape(paddedSizes)
    let steps = padded.steps
    var axes: [Rearrangement.Axis] = []
    for (index, block) in blocks.sizes.enumerated() { axes.append((block, steps[index + 1])) }
    axes.append((padded[0], steps[0]))
    var sizes = [try graph.product(blocks.sizes + [padded[0]])]
    for axis in 1..<padded.rank {
      let block = axis <= blocks.sizes.count ? blocks.sizes[axis - 1] : 1
      sizes.append(padded[axis] / block)
      axes.append((padded[axis] / block, steps[axis] &* block))
    }
    let shape = try graph.outputShape(sizes)
    if blocks.isPlain {
      return try Rearrangement.translate(&graph, "space_to_batch.reference", of: input, shape: shape, axes: axes)
    }
    var pattern: UInt64 = 0
    if ByteType(type) != nil, !graph.lacksQuantization(input) {
      pattern = UInt64(UInt8(truncatingIfNeeded: try graph.outputAffine().zeroPoint))
    }
    let source = try graph.bind(input)
    let scratch = try graph.bindScratch(count: graph.product([padded.count, elementSize]), of: UInt8.self)
    let output = try graph.bindOutput(shape: shape)
    let copy = try graph.stridedCopy(axes, start: 0, count: shape.count, elementSize: elementSize)
    return try graph.operation(
      Operation.spaceToBatch,
      SpaceToBatch(
        pad: PadParameters(
          rank: padded.rank, inputSizes: input.shape.sizes, outputSizes: padded.sizes, before: before,
          elementSize: elementSize, pattern: pattern),
        copy: copy,
        movement: graph.movement(
          copy, inputBytes: padded.count * elementSize, outputBytes: shape.count * elementSize),
        input: source, padded: scratch, output: output))
  }

  func run(_ memory: OperatorMemory) {
    if let movement {
      PaddingLayout(pad).run(memory, pattern: pad.pattern, elementSize: pad.elementSize, from: input, to: padded)
      // Sound: the layout was made for these operands.
      return unsafe movement.run(memory, from: UnsafeRawPointer(memory.pointer(padded)), to: memory.pointer(output))
    }
    var padded = memory.writeBytes(padded)
    padReference(pad, input: memory.readBytes(input), output: &padded)
    var output = memory.writeBytes(output)
    copyStrided(copy, from: padded.bytes, to: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(kernel: "space_to_batch.pad.reference", set: movement == nil ? nil : .portable)
  }
}

extension BatchToSpace {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 3...3)
    let input = try graph.input(0)
    _ = try graph.outputType(0, input.elementType)
    let elementSize = try graph.elementSize(of: input)
    let blocks = try graph.blocks(of: input, "the crops")
    let blockCount = try graph.product(blocks.sizes)
    guard input.shape[0] % blockCount == 0 else {
      throw graph.error(
        .invalidOperator, "its \(input.shape[0]) batches are no multiple of the \(blockCount) positions of a block")
    }
    let steps = input.shape.steps
    let batches = input.shape[0] / blockCount
    var axes: [Rearrangement.Axis] = [(batches, steps[0])]
    var joinedSizes = [batches]
    // The first block axis is the outermost one within the batches.
    var blockSteps: [Int] = []
    var step = steps[0] &* batches
    for block in blocks.sizes.reversed() {
      blockSteps.append(step)
      step = step &* block
    }
    blockSteps.reverse()
    for axis in 1..<input.shape.rank {
      axes.append((input.shape[axis], steps[axis]))
      if axis <= blocks.sizes.count {
        axes.append((blocks.sizes[axis - 1], blockSteps[axis - 1]))
        joinedSizes.append(try graph.product([input.shape[axis], blocks.sizes[axis - 1]]))
      } else {
        joinedSizes.append(input.shape[axis])
      }
    }
    let joined = try graph.outputShape(joinedSizes)
    if blocks.isPlain {
      return try Rearrangement.translate(&graph, "batch_to_space.reference", of: input, shape: joined, axes: axes)
    }
    let joinedSteps = joined.steps
    var cropAxes: [Rearrangement.Axis] = []
    var start = 0
    for axis in 0..<joined.rank {
      let isCropped = axis >= 1 && axis <= blocks.sizes.count
      let before = isCropped ? blocks.before[axis - 1] : 0
      let after = isCropped ? blocks.after[axis - 1] : 0
      guard before <= joined[axis], after <= joined[axis] - before else {
        throw graph.error(
          .invalidOperator, "its crops of \(before) and \(after) exceed the \(joined[axis]) elements of axis \(axis)")
      }
      start = start &+ before &* joinedSteps[axis]
      cropAxes.append((joined[axis] - before - after, joinedSteps[axis]))
    }
    let shape = try graph.outputShape(cropAxes.map { $0.size })
    let source = try graph.bind(input)
    let scratch = try graph.bindScratch(count: graph.product([joined.count, elementSize]), of: UInt8.self)
    let output = try graph.bindOutput(shape: shape)
    let join = try graph.stridedCopy(axes, start: 0, count: joined.count, elementSize: elementSize)
    let crop = try graph.stridedCopy(
      cropAxes, start: shape.count == 0 ? 0 : start, count: shape.count, elementSize: elementSize)
    let joinedBytes = joined.count * elementSize
    return try graph.operation(
      Operation.batchToSpace,
      BatchToSpace(
        join: join, crop: crop,
        joinMovement: graph.movement(
          join, inputBytes: input.shape.count * elementSize, outputBytes: joinedBytes),
        cropMovement: graph.movement(
          crop, inputBytes: joinedBytes, outputBytes: shape.count * elementSize),
        input: source, joined: scratch, output: output))
  }

  func run(_ memory: OperatorMemory) {
    if let joinMovement, let cropMovement {
      // Sound: the layouts were made for these operands.
      unsafe joinMovement.run(memory, from: memory.pointer(input), to: memory.pointer(joined))
      return unsafe cropMovement.run(
        memory, from: UnsafeRawPointer(memory.pointer(joined)), to: memory.pointer(output))
    }
    var joined = memory.writeBytes(joined)
    copyStrided(join, from: memory.readBytes(input), to: &joined)
    var output = memory.writeBytes(output)
    copyStrided(crop, from: joined.bytes, to: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(kernel: "batch_to_space.crop.reference", set: joinMovement == nil ? nil : .portable)
  }
}
