import TinyTensorKernels

/// DILATE: elements moved apart along each axis, with one value between them.
struct Dilation: Sendable {
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
        copy: copy, input: try graph.bind(input), filling: try graph.bind(filling),
        output: try graph.bindOutput(shape: shape)))
  }

  func run(_ memory: OperatorMemory) {
    var output = memory.writeBytes(output)
    let element = memory.readBytes(filling).extracting(0..<copy.elementSize)
    fill(&output, pattern: pattern(of: element), elementSize: copy.elementSize)
    copyStrided(copy, from: memory.readBytes(input), to: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "dilate.reference") }
}
