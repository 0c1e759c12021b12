import FlatbufferReader
import TinyTensorKernels

/// REDUCE_WINDOW and STABLEHLO_REDUCE_WINDOW: the sum, product, largest or smallest of the elements in a window that moves
/// along all axes.
struct WindowReduction: Sendable {
  let kind: SegmentKind
  let type: NumberType
  let parameters: WindowReductionParameters
  /// Puts values around and between the input's, before the window moves.
  let padding: Dilation?
  let input: ReadSlot
  /// What joining begins with.
  let initial: ReadSlot
  let output: WriteSlot
}

extension WindowReduction {
  /// REDUCE_WINDOW, whose window is three constant lists: sizes, strides, dilations.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 5...5)
    let function = try graph.requiredSecondOptions(20) { (table) throws(ReadError) in
      Int(try table.scalar(0, default: Int32(0)))
    }
    let kinds: [Int: SegmentKind] = [1: .sum, 2: .product, 3: .smallest, 4: .largest]
    guard let kind = kinds[function] else {
      throw graph.error(.unsupportedOperator, "its function \(function) is not supported")
    }
    let input = try graph.input(0, .float32, .int32, .int64)
    var lists: [[Int]] = []
    for (index, what) in [(2, "the window"), (3, "the strides"), (4, "the dilations")] {
      lists.append(try graph.constantIntegers(graph.input(index, .int64), what: what))
    }
    let source = try graph.bind(input)
    return try make(&graph, kind, input, shape: input.shape, source, padding: nil, lists)
  }

  /// STABLEHLO_REDUCE_WINDOW, whose function is a graph of one operator.
  static func translateStable(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let options = try graph.requiredSecondOptions(13) { (table) throws(ReadError) in
      (
        lists: [
          try numbers(table, 0), try numbers(table, 1), try numbers(table, 2), try numbers(table, 3),
          try numbers(table, 4),
        ], body: Int(try table.scalar(5, default: Int32(0)))
      )
    }
    let input = try graph.input(0, .float32, .int32, .int64)
    let rank = input.shape.rank
    let kind = try kind(graph, body: options.body)
    let ones = [Int](repeating: 1, count: rank)
    let spread = options.lists[2] ?? ones
    let edges = options.lists[4] ?? [Int](repeating: 0, count: 2 * rank)
    guard spread.count == rank, edges.count == 2 * rank, let window = options.lists[0],
      spread.allSatisfy({ $0 > 0 })
    else {
      throw graph.error(.invalidOperator, "its lists do not fit its input \(input.shape)")
    }
    let slot = try graph.bind(input)
    let lists = [window, options.lists[1] ?? ones, options.lists[3] ?? ones]
    if spread == ones, !edges.contains(where: { $0 != 0 }) {
      return try make(&graph, kind, input, shape: input.shape, slot, padding: nil, lists)
    }
    let filling = try graph.input(1, input.elementType)
    guard filling.shape.count == 1 else {
      throw graph.error(.invalidOperator, "its initial value \(filling.shape) is not one number")
    }
    let layout = try Dilation.layout(
      graph, input, before: (0..<rank).map { edges[2 * $0] }, behind: (0..<rank).map { edges[2 * $0 + 1] },
      between: spread.map { $0 - 1 })
    guard let byteCount = input.elementType.byteCount(of: layout.shape.count) else {
      throw graph.error(.tooLarge, "its padded input \(layout.shape) is too large")
    }
    let padded = try graph.bindScratch(count: byteCount, of: UInt8.self)
    let padding = Dilation(
      kernel: "reduce_window.reference", copy: layout.copy, input: slot, filling: try graph.bind(filling),
      output: padded)
    return try make(
      &graph, kind, input, shape: layout.shape, ReadSlot(index: padded.index), padding: padding, lists)
  }

  private static func numbers(_ table: borrowing Table, _ slot: Int) throws(ReadError) -> [Int]? {
    guard let vector = try table.vector(slot, of: Int64.self), vector.count > 0 else { return nil }
    guard vector.count <= 2 * Shape.maximumRank else {
      throw ReadError(.outOfBounds, at: vector.position, "a list of \(vector.count) axes")
    }
    return (0..<vector.count).map { Int(clamping: vector[$0]) }
  }

  /// What a graph of one operator on two numbers does.
  private static func kind(_ graph: GraphBuilder, body: Int) throws(ModelError) -> SegmentKind {
    guard graph.file.subgraphs.indices.contains(body) else {
      throw graph.error(.invalidGraph, "its function is subgraph \(body) of \(graph.file.subgraphs.count)")
    }
    let operators = graph.file.subgraphs[body].operators
    guard operators.count == 1, graph.file.operatorCodes.indices.contains(operators[0].codeIndex) else {
      throw graph.error(.unsupportedOperator, "its function has \(operators.count) operators instead of 1")
    }
    switch graph.file.operatorCodes[operators[0].codeIndex].builtin {
    case .stablehloAdd: return .sum
    case .stablehloMultiply: return .product
    case .stablehloMaximum: return .largest
    case .stablehloMinimum: return .smallest
    case let code: throw graph.error(.unsupportedOperator, "its function is \(code.name), which is not supported")
    }
  }

  private static func make(
    _ graph: inout GraphBuilder, _ kind: SegmentKind, _ input: Operand, shape: Shape, _ source: ReadSlot,
    padding: Dilation?, _ lists: [[Int]]
  ) throws(ModelError) -> Operation? {
    let initial = try graph.input(1, input.elementType)
    guard let type = NumberType(try graph.outputType(0, input.elementType)), initial.shape.count == 1 else {
      throw graph.error(.invalidOperator, "its initial value \(initial.shape) is not one number")
    }
    let rank = shape.rank
    guard rank > 0, lists.allSatisfy({ $0.count == rank }) else {
      throw graph.error(.invalidOperator, "its window does not fit its input \(input.shape)")
    }
    let inputSteps = shape.steps
    var sizes: [Int] = []
    var parameters = WindowReductionParameters(rank: rank)
    for axis in 0..<rank {
      let (window, stride, dilation) = (lists[0][axis], lists[1][axis], lists[2][axis])
      // Each fits 32 bits, so that no product overflows 64.
      guard window > 0, stride > 0, dilation > 0, max(window, stride, dilation) <= Int(Int32.max) else {
        throw graph.error(
          .invalidOperator,
          "its window along axis \(axis) has the size \(window), the stride \(stride) and the dilation \(dilation)")
      }
      let extent = (window - 1) * dilation + 1
      sizes.append(shape[axis] < extent ? 0 : (shape[axis] - extent) / stride + 1)
      parameters.outputSizes[axis] = Int32(clamping: sizes[axis])
      parameters.windowSizes[axis] = Int32(clamping: window)
      // Where a window moves, or has neighbours, these lead to elements of the input, whose count is checked below.
      parameters.moves[axis] = sizes[axis] > 1 ? Int32(clamping: stride &* inputSteps[axis]) : 0
      parameters.steps[axis] = window > 1 ? Int32(clamping: dilation &* inputSteps[axis]) : 0
    }
    let outputShape = try graph.outputShape(sizes)
    guard Int32(exactly: shape.count) != nil else { throw graph.error(.tooLarge, "its operands are too large") }
    return try graph.operation(
      Operation.windowReduction,
      WindowReduction(
        kind: kind, type: type, parameters: parameters, padding: padding, input: source,
        initial: try graph.bind(initial), output: try graph.bindOutput(shape: outputShape)))
  }

  func run(_ memory: OperatorMemory) {
    padding?.run(memory)
    switch type {
    case .float32: run(memory, Float.self)
    case .int32: run(memory, Int32.self)
    case .int64: run(memory, Int64.self)
    }
  }

  private func run<Element: NumberElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    reduceWindowsReference(
      kind, parameters, initial: memory.read(initial, as: Element.self)[0], input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "reduce_window.reference") }
}
