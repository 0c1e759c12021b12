import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// SPLIT, SPLIT_V and UNPACK: one input, cut along an axis.
struct Split: Sendable {
  /// Runs of bytes that each output takes in turn.
  let rows: Int
  let outputCount: Int
  let input: ReadSlot
  /// The first output's place; the others follow.
  let firstOutput: WriteSlot
  /// Whether the kernels that move bytes run, in place of the reference.
  let hasKernels: Bool
}

extension Split {
  /// SPLIT into equal parts. The axis comes first among the inputs.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let parts = try graph.requiredOptions(35) { (table) throws(ReadError) in
      Int(try table.scalar(0, default: Int32(0)))
    }
    try requireParts(graph, inputs: 2, parts: parts)
    let input = try graph.input(1)
    let axis = try graph.axis(
      graph.constantInteger(graph.input(0, .int32, .int64), what: "the axis"), of: input)
    guard input.shape[axis] % parts == 0 else {
      throw graph.error(.invalidOperator, "axis \(axis) of its input \(input.shape) has no \(parts) equal parts")
    }
    return try translate(
      &graph, input, axis: axis, sizes: [Int](repeating: input.shape[axis] / parts, count: parts), keepsAxis: true)
  }

  /// SPLIT_V into parts of listed sizes, of which one may be -1.
  static func translateListed(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let parts = try graph.requiredOptions(79) { (table) throws(ReadError) in
      Int(try table.scalar(0, default: Int32(0)))
    }
    try requireParts(graph, inputs: 3, parts: parts)
    let input = try graph.input(0)
    var sizes = try graph.constantIntegers(graph.input(1, .int32, .int64), what: "the sizes")
    let axis = try graph.axis(
      graph.constantInteger(graph.input(2, .int32, .int64), what: "the axis"), of: input)
    guard sizes.count == parts else {
      throw graph.error(.invalidOperator, "it has \(sizes.count) sizes for \(parts) parts")
    }
    var rest = input.shape[axis]
    var open: Int?
    for (part, size) in sizes.enumerated() {
      if size == -1, open == nil {
        open = part
        continue
      }
      guard size >= 0, size <= rest else { throw mismatch(graph, sizes, input, axis) }
      rest -= size
    }
    if let open {
      sizes[open] = rest
    } else if rest != 0 {
      throw mismatch(graph, sizes, input, axis)
    }
    return try translate(&graph, input, axis: axis, sizes: sizes, keepsAxis: true)
  }

  /// UNPACK: a part for every position, without the axis.
  static func translateUnpack(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let options = try graph.requiredOptions(64) { (table) throws(ReadError) in
      (parts: Int(try table.scalar(0, default: Int32(0))), axis: Int(try table.scalar(1, default: Int32(0))))
    }
    try requireParts(graph, inputs: 1, parts: options.parts)
    let input = try graph.input(0)
    let axis = try graph.axis(options.axis, of: input)
    guard input.shape[axis] == options.parts else {
      throw graph.error(
        .invalidOperator, "axis \(axis) of its input \(input.shape) is not made of \(options.parts) parts")
    }
    return try translate(
      &graph, input, axis: axis, sizes: [Int](repeating: 1, count: options.parts), keepsAxis: false)
  }

  private static func mismatch(_ graph: GraphBuilder, _ sizes: [Int], _ input: Operand, _ axis: Int) -> ModelError {
    graph.error(
      .invalidOperator,
      "its parts \(describeShape(sizes)) do not make up axis \(axis) of its input \(input.shape)")
  }

  private static func requireParts(_ graph: GraphBuilder, inputs: Int, parts: Int) throws(ModelError) {
    guard parts > 0 else { throw graph.error(.invalidOperator, "it has \(parts) parts") }
    try graph.requireOperands(inputs: inputs...inputs, outputs: parts)
  }

  private static func translate(
    _ graph: inout GraphBuilder, _ input: Operand, axis: Int, sizes: [Int], keepsAxis: Bool
  ) throws(ModelError) -> Operation? {
    guard let bits = input.elementType.bitWidth, bits % 8 == 0 else {
      throw graph.error(.invalidOperator, "a tensor of \(input.elementType) cannot be split")
    }
    guard let rows = input.shape.count(of: 0..<axis) else { throw graph.error(.tooLarge, "its input is too large") }
    let source = try graph.bind(input)
    var outputs: [WriteSlot] = []
    for (index, size) in sizes.enumerated() {
      _ = try graph.outputType(index, input.elementType)
      var shape = input.shape.array
      if keepsAxis { shape[axis] = size } else { shape.remove(at: axis) }
      outputs.append(try graph.bindOutput(index, shape: graph.outputShape(shape)))
    }
    return try graph.operation(
      Operation.split,
      Split(
        rows: rows, outputCount: sizes.count, input: source, firstOutput: outputs[0],
        hasKernels: graph.context.instructionSet != nil))
  }
}

extension Split {
  func run(_ memory: OperatorMemory) {
    let input = memory.readBytes(input)
    let inputStep = rows == 0 ? 0 : input.byteCount / rows
    var source = 0
    for index in 0..<outputCount {
      let slot = WriteSlot(index: firstOutput.index + index)
      var output = memory.writeBytes(slot)
      let length = rows == 0 ? 0 : output.byteCount / rows
      if hasKernels {
        let layout = MovementLayout(
          rows: rows, runBytes: length, inputStart: source, inputStep: inputStep, outputStep: length)
        // Sound: the parts' rows make up those of the input.
        unsafe layout.run(memory, from: memory.pointer(self.input), to: memory.pointer(slot))
        source += length
        continue
      }
      copyRows(
        count: rows, length: length, from: input, at: source, step: inputStep, to: &output, at: 0, step: length)
      source += length
    }
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "split.reference", set: hasKernels ? .portable : nil) }
}
