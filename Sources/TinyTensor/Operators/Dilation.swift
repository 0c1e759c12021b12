import FlatbufferReader
import TinyTensorKernels

/// DILATE and STABLEHLO_PAD: elements moved apart along each axis, with one value between and around them.
struct Dilation: Sendable {
  let kernel: StaticString
  let copy: StridedCopy
  let input: ReadSlot
  let filling: ReadSlot
  let output: WriteSlot
}

extension Dilation {
  /// The factors are constant; the value may arrive in a run.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 3...3)
    let input = try graph.input(0)
    let listed = try graph.input(1, .int32)
    let factors = try graph.constantIntegers(listed, what: "the factors")
    let filling = try graph.input(2, input.elementType)
    _ = try graph.outputType(0, input.elementType)
    let elementSize = try graph.elementSize(of: input)
    guard input.shape.rank > 0, listed.shape.rank == 1, factors.count == input.shape.rank, filling.shape.count > 0
    else {
      throw graph.error(
        .invalidOperator, "its \(factors.count) factors and its filling do not fit its input \(input.shape)")
    }
    var sizes: [Int] = []
    for (axis, factor) in factors.enumerated() {
      guard factor >= 1, input.shape[axis] > 0 else {
        throw graph.error(.invalidOperator, "axis \(axis) of \(input.shape) cannot be dilated by \(factor)")
      }
      // Sizes and factors are below 2^31.
      sizes.append((input.shape[axis] - 1) * factor + 1)
    }
    let shape = try graph.outputShape(sizes)
    let (inputSteps, outputSteps) = (input.shape.steps, shape.steps)
    var axes: [StridedCopy.Axis] = []
    for axis in 0..<input.shape.rank {
      // Along an axis of one element no step is taken.
      let step = input.shape[axis] == 1 ? 1 : factors[axis] * outputSteps[axis]
      axes.append(StridedCopy.Axis(size: input.shape[axis], inputStep: inputSteps[axis], outputStep: step))
    }
    guard let copy = StridedCopy(axes: axes, inputStart: 0, outputStart: 0, elementSize: elementSize) else {
      throw graph.error(.tooLarge, "its operands are too large")
    }
    return try graph.operation(
      Operation.dilation,
      Dilation(
        kernel: "dilate.reference", copy: copy, input: try graph.bind(input), filling: try graph.bind(filling),
        output: try graph.bindOutput(shape: shape)))
  }

  /// STABLEHLO_PAD: along each axis so many values before, behind and between neighbours; fewer than none before or
  /// behind cut elements off.
  static func translatePad(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let lists = try graph.requiredSecondOptions(10) { (table) throws(ReadError) in
      [try paddings(table, 0), try paddings(table, 1), try paddings(table, 2)]
    }
    let input = try graph.input(0)
    let filling = try graph.input(1, input.elementType)
    _ = try graph.outputType(0, input.elementType)
    guard filling.shape.count == 1 else {
      throw graph.error(.invalidOperator, "its filling is \(filling.shape) instead of one value")
    }
    let layout = try layout(graph, input, before: lists[0], behind: lists[1], between: lists[2])
    return try graph.operation(
      Operation.dilation,
      Dilation(
        kernel: "stablehlo_pad.reference", copy: layout.copy, input: try graph.bind(input),
        filling: try graph.bind(filling), output: try graph.bindOutput(shape: layout.shape)))
  }

  /// Where the elements of an input lie among paddings along each axis.
  static func layout(
    _ graph: GraphBuilder, _ input: Operand, before: [Int], behind: [Int], between: [Int]
  ) throws(ModelError) -> (copy: StridedCopy, shape: Shape) {
    let lists = [before, behind, between]
    let rank = input.shape.rank
    guard input.shape.count > 0, lists.allSatisfy({ $0.count == rank }) else {
      throw graph.error(
        .invalidOperator, "its lists of paddings do not fit its input \(input.shape)")
    }
    var sizes: [Int] = []
    for axis in 0..<rank {
      let (before, behind, between) = (lists[0][axis], lists[1][axis], lists[2][axis])
      // All below 2^31, so that no sum or product overflows.
      guard [before, behind, between].allSatisfy({ $0.magnitude < 1 << 31 }), between >= 0 else {
        throw graph.error(.invalidOperator, "axis \(axis) is padded by \(before), \(behind) and \(between)")
      }
      sizes.append(before + behind + (input.shape[axis] - 1) * (between + 1) + 1)
    }
    let shape = try graph.outputShape(sizes)
    let (inputSteps, outputSteps) = (input.shape.steps, shape.steps)
    var axes: [StridedCopy.Axis] = []
    var (inputStart, outputStart) = (0, 0)
    var isEmpty = shape.count == 0
    for axis in 0..<rank where !isEmpty {
      let step = lists[2][axis] + 1
      // The first element that lands inside, and how many do.
      let first = lists[0][axis] >= 0 ? 0 : (-lists[0][axis] + step - 1) / step
      let place = lists[0][axis] + first * step
      let count = place >= sizes[axis] ? 0 : min(input.shape[axis] - first, (sizes[axis] - place - 1) / step + 1)
      guard count > 0 else {
        isEmpty = true
        break
      }
      inputStart += first * inputSteps[axis]
      outputStart += place * outputSteps[axis]
      axes.append(
        StridedCopy.Axis(
          size: count, inputStep: inputSteps[axis], outputStep: count == 1 ? 1 : step * outputSteps[axis]))
    }
    if isEmpty {
      axes = [StridedCopy.Axis(size: 0, inputStep: 1, outputStep: 1)]
      (inputStart, outputStart) = (0, 0)
    }
    guard
      let copy = StridedCopy(
        axes: axes, inputStart: inputStart, outputStart: outputStart, elementSize: try graph.elementSize(of: input))
    else { throw graph.error(.tooLarge, "its operands are too large") }
    return (copy, shape)
  }

  private static func paddings(_ table: borrowing Table, _ slot: Int) throws(ReadError) -> [Int] {
    guard let vector = try table.vector(slot, of: Int64.self) else { return [] }
    guard vector.count <= Shape.maximumRank else {
      throw ReadError(.outOfBounds, at: vector.position, "a list of \(vector.count) axes")
    }
    return (0..<vector.count).map { Int(clamping: vector[$0]) }
  }

  func run(_ memory: OperatorMemory) {
    var output = memory.writeBytes(output)
    let element = memory.readBytes(filling).extracting(0..<copy.elementSize)
    fill(&output, pattern: pattern(of: element), elementSize: copy.elementSize)
    copyStrided(copy, from: memory.readBytes(input), to: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel) }
}
