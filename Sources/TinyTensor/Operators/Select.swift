import FlatbufferReader
import TinyTensorKernels

/// SELECT and SELECT_V2: the second input where the first one is true, else the third one.
struct Select: Sendable {
  let parameters: SelectParameters
  let elementSize: Int
  let condition: ReadSlot
  let lhs: ReadSlot
  let rhs: ReadSlot
  let output: WriteSlot
}

extension Select {
  /// SELECT_V2, with broadcasting.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let (condition, lhs, rhs) = try operands(&graph)
    let shape = try graph.broadcast(graph.broadcast(condition.shape, lhs.shape).shape, rhs.shape).shape
    return try translate(&graph, condition, lhs, rhs, conditionShape: condition.shape, shape)
  }

  /// SELECT: shapes are equal, or the condition is a scalar, or it has one element for each position along the first
  /// axis.
  static func translateRows(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let (condition, lhs, rhs) = try operands(&graph)
    guard lhs.shape == rhs.shape else {
      throw graph.error(.invalidOperator, "its inputs \(lhs.shape) and \(rhs.shape) differ")
    }
    var conditionShape = condition.shape
    if condition.shape != lhs.shape, condition.shape.rank > 0 {
      guard condition.shape.rank == 1, lhs.shape.rank > 0, condition.shape[0] == lhs.shape[0] else {
        throw graph.error(
          .invalidOperator, "its condition \(condition.shape) does not fit its inputs \(lhs.shape)")
      }
      conditionShape = try graph.outputShape(
        condition.shape.array + [Int](repeating: 1, count: lhs.shape.rank - 1))
    }
    return try translate(&graph, condition, lhs, rhs, conditionShape: conditionShape, lhs.shape)
  }

  private static func operands(
    _ graph: inout GraphBuilder
  ) throws(ModelError) -> (condition: Operand, lhs: Operand, rhs: Operand) {
    try graph.requireOperands(inputs: 3...3)
    let condition = try graph.input(0, .bool)
    let lhs = try graph.input(1)
    let rhs = try graph.input(2, lhs.elementType)
    _ = try graph.outputType(0, lhs.elementType)
    return (condition, lhs, rhs)
  }

  private static func translate(
    _ graph: inout GraphBuilder, _ condition: Operand, _ lhs: Operand, _ rhs: Operand, conditionShape: Shape,
    _ shape: Shape
  ) throws(ModelError) -> Operation? {
    guard Int32(exactly: shape.count) != nil else { throw graph.error(.tooLarge, "its output \(shape) is too large") }
    func steps(_ operand: Shape) -> SIMD8<Int32> {
      var packed = SIMD8<Int32>(repeating: 0)
      let own = operand.steps
      for axis in 0..<operand.rank where operand[axis] != 1 {
        packed[axis + shape.rank - operand.rank] = Int32(clamping: own[axis])
      }
      return packed
    }
    return try graph.operation(
      Operation.select,
      Select(
        parameters: SelectParameters(
          rank: max(shape.rank, 1), sizes: shape.sizes, conditionSteps: steps(conditionShape),
          lhsSteps: steps(lhs.shape), rhsSteps: steps(rhs.shape)),
        elementSize: try graph.elementSize(of: lhs), condition: try graph.bind(condition), lhs: try graph.bind(lhs),
        rhs: try graph.bind(rhs), output: try graph.bindOutput(shape: shape)))
  }

  func run(_ memory: OperatorMemory) {
    switch elementSize {
    case 1: run(memory, UInt8.self)
    case 2: run(memory, UInt16.self)
    case 4: run(memory, UInt32.self)
    default: run(memory, UInt64.self)
    }
  }

  private func run<Element: FixedWidthInteger & BitwiseCopyable>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    selectReference(
      parameters, condition: memory.read(condition), lhs: memory.read(lhs), rhs: memory.read(rhs), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "select.reference") }
}
