import FlatbufferReader
import TinyTensorKernels

/// STABLEHLO_GATHER: slices of a tensor, from where vectors of coordinates say; these may arrive in a run.
struct SlicePick: Sendable {
  let parameters: SlicePickParameters
  let elementSize: Int
  let isWide: Bool
  let input: ReadSlot
  let indices: ReadSlot
  let output: WriteSlot
}

extension SlicePick {
  private struct Options {
    /// Axes of the output that lead along the slices.
    var offsetAxes: [Int]
    /// Axes of the input that the slices leave out.
    var collapsedAxes: [Int]
    /// The axis of the input that each coordinate is for.
    var coordinateAxes: [Int]
    /// The axis of the indices that holds the coordinates of a vector; behind the last one if each is a vector.
    var vectorAxis: Int
    var sliceSizes: [Int]
  }

  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let options = try graph.requiredSecondOptions(16) { (table) throws(ReadError) in
      Options(
        offsetAxes: try numbers(table, 0), collapsedAxes: try numbers(table, 1), coordinateAxes: try numbers(table, 2),
        vectorAxis: Int(clamping: try table.scalar(3, default: Int64(0))), sliceSizes: try numbers(table, 4))
    }
    let input = try graph.input(0)
    let indices = try graph.input(1, .int32, .int64)
    _ = try graph.outputType(0, input.elementType)
    let elementSize = try graph.elementSize(of: input)
    let (parameters, shape) = try layout(graph, options, input: input.shape, indices: indices.shape)
    return try graph.operation(
      Operation.slicePick,
      SlicePick(
        parameters: parameters, elementSize: elementSize, isWide: indices.elementType == .int64,
        input: try graph.bind(input), indices: try graph.bind(indices), output: try graph.bindOutput(shape: shape)))
  }

  private static func numbers(_ table: borrowing Table, _ slot: Int) throws(ReadError) -> [Int] {
    guard let vector = try table.vector(slot, of: Int64.self) else { return [] }
    guard vector.count <= Shape.maximumRank else {
      throw ReadError(.outOfBounds, at: vector.position, "a list of \(vector.count) axes")
    }
    return (0..<vector.count).map { Int(clamping: vector[$0]) }
  }

  private static func layout(
    _ graph: GraphBuilder, _ options: Options, input: Shape, indices: Shape
  ) throws(ModelError) -> (SlicePickParameters, Shape) {
    let rank = input.rank
    guard options.vectorAxis >= 0, options.vectorAxis <= indices.rank, options.sliceSizes.count == rank,
      isRising(options.collapsedAxes, below: rank), Set(options.coordinateAxes).count == options.coordinateAxes.count,
      options.coordinateAxes.allSatisfy({ $0 >= 0 && $0 < rank })
    else { throw graph.error(.invalidOperator, "its axes do not fit its input \(input) and its indices \(indices)") }
    for axis in 0..<rank {
      let size = options.sliceSizes[axis]
      guard size >= 0, size <= input[axis], size == 1 || !options.collapsedAxes.contains(axis) else {
        throw graph.error(.invalidOperator, "slices of \(size) along axis \(axis) do not fit its input \(input)")
      }
    }
    let vectorSize = options.vectorAxis < indices.rank ? indices[options.vectorAxis] : 1
    let batchAxes = (0..<indices.rank).filter { $0 != options.vectorAxis }
    let sliceAxes = (0..<rank).filter { !options.collapsedAxes.contains($0) }
    let outputRank = batchAxes.count + sliceAxes.count
    guard vectorSize == options.coordinateAxes.count, options.offsetAxes.count == sliceAxes.count,
      isRising(options.offsetAxes, below: outputRank), outputRank <= Shape.maximumRank
    else {
      throw graph.error(
        .invalidOperator, "its vectors of \(vectorSize) coordinates or its slices do not fit its options")
    }
    guard Int32(exactly: input.count) != nil, Int32(exactly: indices.count) != nil else {
      throw graph.error(.tooLarge, "its operands are too large")
    }
    let (inputSteps, indexSteps) = (input.steps, indices.steps)
    var parameters = SlicePickParameters()
    parameters.rank = outputRank
    parameters.coordinates = vectorSize
    parameters.coordinateStep = options.vectorAxis < indices.rank ? indexSteps[options.vectorAxis] : 0
    var sizes: [Int] = []
    var (slices, batches) = (0, 0)
    for axis in 0..<outputRank {
      if options.offsetAxes.contains(axis) {
        sizes.append(options.sliceSizes[sliceAxes[slices]])
        parameters.inputSteps[axis] = Int32(clamping: inputSteps[sliceAxes[slices]])
        slices += 1
      } else {
        sizes.append(indices[batchAxes[batches]])
        parameters.indexSteps[axis] = Int32(clamping: indexSteps[batchAxes[batches]])
        batches += 1
      }
      parameters.outputSizes[axis] = Int32(clamping: sizes[axis])
    }
    for (coordinate, axis) in options.coordinateAxes.enumerated() {
      parameters.coordinateInputSteps[coordinate] = Int32(clamping: inputSteps[axis])
      parameters.lastStarts[coordinate] = Int32(clamping: input[axis] - options.sliceSizes[axis])
    }
    return (parameters, try graph.outputShape(sizes))
  }

  private static func isRising(_ axes: [Int], below rank: Int) -> Bool {
    var last = -1
    for axis in axes {
      guard axis > last, axis < rank else { return false }
      last = axis
    }
    return true
  }

  func run(_ memory: OperatorMemory) {
    if isWide {
      run(memory, Int64.self)
    } else {
      run(memory, Int32.self)
    }
  }

  private func run<Index: IndexElement>(_ memory: OperatorMemory, _: Index.Type) {
    switch elementSize {
    case 1: run(memory, Index.self, UInt8.self)
    case 2: run(memory, Index.self, UInt16.self)
    case 4: run(memory, Index.self, UInt32.self)
    default: run(memory, Index.self, UInt64.self)
    }
  }

  private func run<Index: IndexElement, Element: FixedWidthInteger & BitwiseCopyable>(
    _ memory: OperatorMemory, _: Index.Type, _: Element.Type
  ) {
    var output = memory.write(output, as: Element.self)
    pickSlicesReference(
      parameters, input: memory.read(input), indices: memory.read(indices, as: Index.self), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "stablehlo_gather.reference") }
}
