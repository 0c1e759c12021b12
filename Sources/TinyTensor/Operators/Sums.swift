import FlatbufferReader
import TinyTensorKernels

/// CUMSUM along a constant axis.
struct CumulativeSum: Sendable {
  let kernel: StaticString
  let type: NumberType
  /// The product of the sizes before the axis.
  let outer: Int
  let length: Int
  /// The product of the sizes behind the axis.
  let inner: Int
  let isExclusive: Bool
  let isReversed: Bool
  let input: ReadSlot
  let output: WriteSlot
}

extension CumulativeSum {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let options =
      try graph.options(102) { (table) throws(ReadError) in
        (isExclusive: try table.scalar(0, default: false), isReversed: try table.scalar(1, default: false))
      } ?? (isExclusive: false, isReversed: false)
    let names = KernelNames(
      float32: "cumsum.f32.reference", int32: "cumsum.i32.reference", int64: "cumsum.i64.reference")
    let input = try graph.input(0, oneOf: names.types)
    guard let type = NumberType(try graph.outputType(0, input.elementType)) else {
      throw graph.error(.invalidOperator, "its output must be \(input.elementType)")
    }
    let axes = try graph.constantIntegers(graph.input(1, .int32, .int64), what: "the axis")
    guard axes.count == 1, axes[0] >= -input.shape.rank, axes[0] < input.shape.rank,
      let axis = input.shape.normalized(axis: axes[0])
    else {
      throw graph.error(.invalidOperator, "its input \(input.shape) has no axis \(describeShape(axes))")
    }
    guard let outer = input.shape.count(of: 0..<axis),
      let inner = input.shape.count(of: (axis + 1)..<input.shape.rank)
    else {
      throw graph.error(.tooLarge, "its input has too many elements along some of its axes")
    }
    return try graph.operation(
      Operation.cumulativeSum,
      CumulativeSum(
        kernel: names[input.elementType], type: type, outer: outer, length: input.shape[axis], inner: inner,
        isExclusive: options.isExclusive, isReversed: options.isReversed, input: try graph.bind(input),
        output: try graph.bindOutput(shape: input.shape)))
  }
}

extension CumulativeSum {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .float32: run(memory, Float.self)
    case .int32: run(memory, Int32.self)
    case .int64: run(memory, Int64.self)
    }
  }

  private func run<Element: NumberElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    // An empty output has no elements to visit, but may have many empty columns.
    guard output.count > 0 else { return }
    cumulativeSumReference(
      outer: outer, length: length, inner: inner, isExclusive: isExclusive, isReversed: isReversed,
      input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel) }
}

/// ADD_N: the sum of tensors of one shape.
struct SumOfTensors: Sendable {
  let kernel: StaticString
  let isFloat: Bool
  let inputCount: Int
  /// The first input's place; the others follow.
  let firstInput: ReadSlot
  let output: WriteSlot
}

extension SumOfTensors {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let count = graph.node.inputs.count
    try graph.requireOperands(inputs: 1...max(count, 1))
    let names = KernelNames(float32: "add_n.f32.reference", int32: "add_n.i32.reference")
    let first = try graph.input(0, oneOf: names.types)
    _ = try graph.outputType(0, first.elementType)
    let firstSlot = try graph.bind(first)
    for index in 1..<max(count, 1) {
      let input = try graph.input(index, first.elementType)
      guard input.shape == first.shape else {
        throw graph.error(.invalidOperator, "its inputs \(first.shape) and \(input.shape) differ in shape")
      }
      _ = try graph.bind(input)
    }
    return try graph.operation(
      Operation.sumOfTensors,
      SumOfTensors(
        kernel: names[first.elementType], isFloat: first.elementType == .float32, inputCount: count,
        firstInput: firstSlot, output: try graph.bindOutput(shape: first.shape)))
  }
}

extension SumOfTensors {
  func run(_ memory: OperatorMemory) {
    if isFloat { run(memory, Float.self) } else { run(memory, Int32.self) }
  }

  private func run<Element: NumberElement>(_ memory: OperatorMemory, _: Element.Type) {
    var bytes = memory.writeBytes(output)
    copyBytes(memory.readBytes(firstInput), to: &bytes, at: 0)
    var output = memory.write(output, as: Element.self)
    for index in 1..<inputCount {
      accumulateReference(
        memory.read(ReadSlot(index: firstInput.index + index), as: Element.self), isLast: index == inputCount - 1,
        to: &output)
    }
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel) }
}
