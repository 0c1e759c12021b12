import FlatbufferReader
import TinyTensorKernels

/// PAD with the value that stands for 0: the output's zero point, or zero bytes where there is none. PADV2 with a value
/// of an input's.
struct Pad: Sendable {
  let parameters: PadParameters
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
    if value == nil, ByteType(type) != nil {
      pattern = UInt64(UInt8(truncatingIfNeeded: try graph.outputAffine().zeroPoint))
    }
    return .pad(
      Pad(
        parameters: PadParameters(
          rank: max(shape.rank, 1), inputSizes: input.shape.sizes, outputSizes: shape.sizes,
          before: amounts.before, elementSize: elementSize, pattern: pattern),
        value: try value.map { (operand) throws(ModelError) in try graph.bind(operand) },
        input: try graph.bind(input), output: try graph.bindOutput(shape: shape)))
  }
}

extension Pad {
  func run(_ memory: OperatorMemory) {
    var output = memory.writeBytes(output)
    var parameters = parameters
    if let value { parameters.pattern = pattern(of: memory.readBytes(value)) }
    padReference(parameters, input: memory.readBytes(input), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "pad.reference") }
}

/// MIRROR_PAD: surrounded by its own reflection.
struct MirrorPad: Sendable {
  let parameters: MirrorPadParameters
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
    return .mirrorPad(
      MirrorPad(
        parameters: MirrorPadParameters(
          rank: max(shape.rank, 1), inputSizes: input.shape.sizes, outputSizes: shape.sizes, before: amounts.before,
          offset: offset, elementSize: elementSize),
        input: try graph.bind(input), output: try graph.bindOutput(shape: shape)))
  }

  func run(_ memory: OperatorMemory) {
    var output = memory.writeBytes(output)
    mirrorPadReference(parameters, input: memory.readBytes(input), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "mirror_pad.reference") }
}

extension GraphBuilder {
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
