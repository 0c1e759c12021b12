import FlatbufferReader
import TinyTensorKernels

/// PAD with the value that stands for 0: the output's zero point, or zero bytes where there is none. PADV2 with a value
/// of an input's.
struct Pad: Sendable {
  let parameters: PadParameters
  let layout: PaddingLayout?
  /// One element, where the value is an input.
  let value: ReadSlot?
  let input: ReadSlot
  let output: WriteSlot
}

extension Pad {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    return try translate(&graph, value: nil)
  }

  /// PADV2.
  static func translateValue(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 3...3)
    guard let value = try graph.optionalInput(2) else { return try translate(&graph, value: nil) }
    guard value.shape.count == 1, value.elementType == (try graph.outputType()) else {
      throw graph.error(
        .invalidOperator,
        "its value is \(value.elementType) \(value.shape) instead of one element of the output's type")
    }
    try graph.requireOutputQuantization(of: value)
    return try translate(&graph, value: value)
  }

  private static func translate(_ graph: inout GraphBuilder, value: Operand?) throws(ModelError) -> Operation? {
    let input = try graph.input(0)
    let elementSize = try graph.elementSize(of: input)
    let type = try graph.outputType(0, input.elementType)
    let (shape, amounts) = try graph.paddings(of: input)
    var pattern: UInt64 = 0
    if value == nil, ByteType(type) != nil, !graph.lacksQuantization(input) {
      pattern = UInt64(UInt8(truncatingIfNeeded: try graph.outputAffine().zeroPoint))
    }
    let parameters = PadParameters(
      rank: max(shape.rank, 1), inputSizes: input.shape.sizes, outputSizes: shape.sizes,
      before: amounts.before, elementSize: elementSize, pattern: pattern)
    return try graph.operation(
      Operation.pad,
      Pad(
        parameters: parameters,
        layout: graph.context.instructionSet == nil || shape.rank == 0 ? nil : PaddingLayout(parameters),
        value: try value.map { (operand) throws(ModelError) in try graph.bind(operand) },
        input: try graph.bind(input), output: try graph.bindOutput(shape: shape)))
  }
}

extension Pad {
  func run(_ memory: OperatorMemory) {
    var parameters = parameters
    if let value { parameters.pattern = pattern(of: memory.readBytes(value)) }
    if let layout {
      return layout.run(
        memory, pattern: parameters.pattern, elementSize: parameters.elementSize, from: input, to: output)
    }
    var output = memory.writeBytes(output)
    padReference(parameters, input: memory.readBytes(input), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "pad.reference", set: layout == nil ? nil : .portable) }
}

/// MIRROR_PAD: surrounded by its own reflection.
struct MirrorPad: Sendable {
  let parameters: MirrorPadParameters
  /// Lists of the input's rows and columns, of an image whose rows and columns alone are padded.
  let pixels: PackedPixels?
  let input: ReadSlot
  let output: WriteSlot
}

extension MirrorPad {
  /// The mode REFLECT leaves the border out of the reflection, SYMMETRIC repeats it.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let mode = try graph.requiredOptions(77) { (table) throws(ReadError) in try table.scalar(0, default: Int8(0)) }
    guard mode == 0 || mode == 1 else {
      throw graph.error(.invalidOperator, "the mode \(mode) is not in the schema")
    }
    let input = try graph.input(0)
    _ = try graph.outputType(0, input.elementType)
    let elementSize = try graph.elementSize(of: input)
    let (shape, amounts) = try graph.paddings(of: input)
    let offset: Int32 = mode == 0 ? 1 : 0
    for axis in 0..<input.shape.rank {
      let largest = Int32(clamping: input.shape[axis]) - offset
      guard amounts.before[axis] <= largest, amounts.after[axis] <= largest else {
        throw graph.error(
          .invalidOperator,
          "it pads axis \(axis) of \(input.shape) by \(amounts.before[axis]) and \(amounts.after[axis]), more than "
            + "there is to reflect")
      }
    }
    let parameters = MirrorPadParameters(
      rank: max(shape.rank, 1), inputSizes: input.shape.sizes, outputSizes: shape.sizes, before: amounts.before,
      offset: offset, elementSize: elementSize)
    let source = try graph.bind(input)
    let output = try graph.bindOutput(shape: shape)
    return try graph.operation(
      Operation.mirrorPad,
      MirrorPad(
        parameters: parameters, pixels: try graph.reflectedPixels(parameters), input: source, output: output))
  }

  func run(_ memory: OperatorMemory) {
    if let pixels {
      let (from, to) = (parameters.inputSizes, parameters.outputSizes)
      return pixels.run(
        memory, batches: Int(to[0]), inputHeight: Int(from[1]), inputWidth: Int(from[2]), outputHeight: Int(to[1]),
        outputWidth: Int(to[2]), pixelBytes: Int(to[3]) * parameters.elementSize, from: input, to: self.output)
    }
    var output = memory.writeBytes(output)
    mirrorPadReference(parameters, input: memory.readBytes(input), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "mirror_pad.reference", set: pixels == nil ? nil : .portable) }
}

extension GraphBuilder {
  /// `nil` where other axes than an image's rows and columns are padded, or the reference kernels have to run.
  fileprivate mutating func reflectedPixels(_ parameters: MirrorPadParameters) throws(ModelError) -> PackedPixels? {
    let sizes = parameters.outputSizes
    guard context.instructionSet != nil, parameters.rank == 4, parameters.inputSizes[0] == sizes[0],
      parameters.inputSizes[3] == sizes[3], max(sizes[1], sizes[2]) <= PackedPixels.longestSide
    else { return nil }
    return PackedPixels(
      rows: try bind(packed: (0..<sizes[1]).map { Int32(clamping: parameters.source($0, 1)) }),
      columns: try bind(packed: (0..<sizes[2]).map { Int32(clamping: parameters.source($0, 2)) }))
  }

  /// What the second input adds before and after each axis of the first one, and the shape that results.
  func paddings(
    of operand: Operand
  ) throws(ModelError) -> (shape: Shape, amounts: (before: SIMD8<Int32>, after: SIMD8<Int32>)) {
    let rank = operand.shape.rank
    let paddings = try input(1, .int32, .int64)
    guard paddings.shape.rank == 2, paddings.shape[0] == rank, paddings.shape[1] == 2 else {
      throw error(.invalidOperator, "its paddings have the shape \(paddings.shape) instead of [\(rank),2]")
    }
    let amounts = try constantIntegers(paddings, what: "the paddings")
    var before = SIMD8<Int32>(repeating: 0)
    var after = SIMD8<Int32>(repeating: 0)
    var sizes: [Int] = []
    for axis in 0..<rank {
      guard let front = Int32(exactly: amounts[2 * axis]), let back = Int32(exactly: amounts[2 * axis + 1]),
        front >= 0, back >= 0
      else {
        throw error(.invalidOperator, "it pads axis \(axis) by \(amounts[2 * axis]) and \(amounts[2 * axis + 1])")
      }
      sizes.append(Int(clamping: Int64(operand.shape[axis]) + Int64(front) + Int64(back)))
      before[axis] = front
      after[axis] = back
    }
    return (try outputShape(sizes), (before, after))
  }
}
