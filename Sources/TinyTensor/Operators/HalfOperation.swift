import FlatbufferReader
import TinyTensorKernels

/// An operator on float16 tensors: they are widened to float32, the operator's kernel for it runs, and what it gives is
/// rounded to float16. Operators whose steps the reference rounds one by one have kernels of their own.
struct HalfOperation: Sendable {
  enum Work: Sendable {
    case operation(Operation)
    case logistic
    case gelu(isApproximate: Bool)
    case softmax(rows: Int, depth: Int, beta: Float)
  }

  let work: Work
  let kernel: StaticString
  /// What results are clamped to, if they are.
  let range: ClosedRange<Float>?
  let operands: HalfOperands
}

/// Float16 operands of the current operator, and the scratch memory that their float32 numbers lie in.
struct HalfOperands: Sendable {
  struct Input: Sendable {
    let source: ReadSlot
    let wide: WriteSlot
  }

  struct Output: Sendable {
    let wide: ReadSlot
    let target: WriteSlot
  }

  var first: Input?
  var second: Input?
  var output: Output?
}

extension HalfOperation {
  /// The operators that take float16 tensors, all of their inputs alike; those that move elements take all types.
  private static let operators: [BuiltinOperator] = [
    .add, .mul, .maximum, .minimum, .neg, .floor, .sin, .cos, .tanh, .logistic, .gelu, .softmax, .atan2, .equal,
    .notEqual,
    .less, .lessEqual, .greater, .greaterEqual, .stablehloAdd, .stablehloMultiply, .stablehloMaximum, .stablehloMinimum,
  ]

  static func isNeeded(_ graph: GraphBuilder, for code: BuiltinOperator) -> Bool {
    guard operators.contains(code), let tensor = graph.node.inputs.first, tensor >= 0 else { return false }
    return graph.subgraph.tensors[tensor].elementType == .float16
  }

  static func translate(_ graph: inout GraphBuilder, _ entry: OperatorEntry) throws(ModelError) -> Operation? {
    switch entry.code {
    case .logistic, .gelu, .softmax:
      let (work, kernel) = try ownWork(graph, entry.code)
      let input = try graph.input(0, .float16)
      _ = try graph.outputType(0, .float16)
      let operands = HalfOperands(
        first: .init(source: try graph.bind(input), wide: WriteSlot(index: 0)),
        output: .init(wide: ReadSlot(index: 0), target: try graph.bindOutput(shape: input.shape)))
      return try graph.operation(
        Operation.half, HalfOperation(work: work, kernel: kernel, range: nil, operands: operands))
    default: break
    }
    try graph.requireOperands(inputs: 1...2)
    for tensor in graph.node.inputs where tensor >= 0 && graph.subgraph.tensors[tensor].elementType != .float16 {
      throw graph.error(.invalidOperator, "its first input is float16, another one is not")
    }
    if entry.code.givesNumbers { _ = try graph.outputType(0, .float16) }
    let range = try range(graph, entry.code)
    graph.half = HalfOperands()
    guard let inner = try entry.translate(&graph), let operands = graph.half else { return nil }
    graph.half = nil
    return try graph.operation(
      Operation.half,
      HalfOperation(
        work: .operation(inner), kernel: inner.facts.kernel, range: range, operands: operands))
  }

  /// What the results of ADD and MUL are clamped to: at least to finite numbers.
  private static func range(
    _ graph: GraphBuilder, _ code: BuiltinOperator
  ) throws(ModelError) -> ClosedRange<Float>? {
    guard code == .add || code == .mul else { return nil }
    let range = try graph.fusedActivation(code == .add ? 11 : 21).range
    return (range.lower.map { Float($0) } ?? -65504)...(range.upper.map { Float($0) } ?? 65504)
  }

  private static func ownWork(
    _ graph: GraphBuilder, _ code: BuiltinOperator
  ) throws(ModelError) -> (Work, StaticString) {
    try graph.requireOperands(inputs: 1...1)
    if code == .logistic { return (.logistic, "logistic.f16.reference") }
    if code == .gelu {
      let isApproximate =
        try graph.options(116) { (table) throws(ReadError) in try table.scalar(0, default: false) } ?? false
      return (.gelu(isApproximate: isApproximate), "gelu.f16.reference")
    }
    let beta = try graph.requiredOptions(9) { (table) throws(ReadError) in try table.scalar(0, default: Float(0)) }
    guard beta > 0, beta.isFinite else {
      throw graph.error(.invalidOperator, "its option beta is not a positive finite number")
    }
    let (rows, depth) = try graph.rows(of: graph.input(0))
    return (.softmax(rows: rows, depth: depth, beta: beta), "softmax.f16.reference")
  }

  @inline(never)
  func run(_ memory: OperatorMemory, in graph: GraphInstance?) throws(SessionError) {
    switch work {
    case .operation(let operation):
      widen(operands.first, memory)
      widen(operands.second, memory)
      try operation.run(memory, in: graph)
      guard let result = operands.output else { return }
      var output = memory.write(result.target, as: UInt16.self)
      narrowHalfReference(range: range, input: memory.read(result.wide), output: &output)
    case .logistic: run(memory) { logisticHalfReference(input: $0, output: &$1) }
    case .gelu(let isApproximate):
      run(memory) { geluHalfReference(isApproximate: isApproximate, input: $0, output: &$1) }
    case .softmax(let rows, let depth, let beta):
      run(memory) { softmaxHalfReference(rows: rows, depth: depth, beta: beta, input: $0, output: &$1) }
    }
  }

  private func widen(_ input: HalfOperands.Input?, _ memory: OperatorMemory) {
    guard let input else { return }
    var wide = memory.write(input.wide, as: Float.self)
    dequantizeHalfReference(input: memory.read(input.source), output: &wide)
  }

  private func run(_ memory: OperatorMemory, _ function: (Span<UInt16>, inout MutableSpan<UInt16>) -> Void) {
    guard let input = operands.first, let result = operands.output else { return }
    var output = memory.write(result.target, as: UInt16.self)
    function(memory.read(input.source), &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel) }
}

extension BuiltinOperator {
  /// Whether an operator on float16 tensors gives numbers, not truth values.
  fileprivate var givesNumbers: Bool {
    switch self {
    case .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual: false
    default: true
    }
  }
}

extension GraphBuilder {
  /// Whether a tensor is float16 and shall look like float32 to the current operator.
  func isWidened(_ tensor: Int) -> Bool { half != nil && subgraph.tensors[tensor].elementType == .float16 }

  /// Has the step read a float16 operand as float32.
  mutating func bindWidened(_ operand: Operand) throws(ModelError) -> ReadSlot {
    let operands = half
    half = nil
    let stored = Operand(
      tensor: operand.tensor, name: operand.name, elementType: .float16, shape: operand.shape, quantization: nil,
      constant: operand.constant)
    let input = HalfOperands.Input(
      source: try bind(stored), wide: try bindScratch(count: operand.shape.count, of: Float.self))
    half = operands
    if half?.first == nil {
      half?.first = input
    } else {
      half?.second = input
    }
    return ReadSlot(index: input.wide.index)
  }

  /// Has the step write a float16 output of that shape as float32.
  mutating func bindWidenedOutput(_ index: Int, shape: Shape) throws(ModelError) -> WriteSlot {
    let operands = half
    half = nil
    let target = try bindOutput(index, shape: shape)
    let wide = try bindScratch(count: shape.count, of: Float.self)
    half = operands
    half?.output = .init(wide: ReadSlot(index: wide.index), target: target)
    return wide
  }
}
