import FlatbufferReader
import TinyTensorKernels

/// UNSORTED_SEGMENT_SUM, _PROD, _MAX and _MIN: slices of equal numbers joined; the numbers may arrive in a run.
struct Segments: Sendable {
  let kind: SegmentKind
  let isReal: Bool
  let count: Int
  let sliceCount: Int
  let input: ReadSlot
  let numbers: ReadSlot
  let output: WriteSlot
}

extension Segments {
  static func translateSum(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .sum)
  }

  static func translateProduct(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .product)
  }

  static func translateLargest(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .largest)
  }

  static func translateSmallest(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .smallest)
  }

  /// The numbers' axes are the first ones of the input; the count of segments is constant.
  private static func translate(_ graph: inout GraphBuilder, _ kind: SegmentKind) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 3...3)
    let input = try graph.input(0, .float32, .int32)
    let numbers = try graph.input(1, .int32)
    let count = try graph.constantInteger(graph.input(2, .int32), what: "the count of segments")
    _ = try graph.outputType(0, input.elementType)
    let rank = numbers.shape.rank
    guard rank <= input.shape.rank, input.shape.array.prefix(rank).elementsEqual(numbers.shape.array) else {
      throw graph.error(
        .invalidOperator, "its \(numbers.shape) segment numbers do not fit its input \(input.shape)")
    }
    guard count >= 0 else { throw graph.error(.invalidOperator, "it has \(count) segments") }
    if numbers.constant != nil {
      for number in try graph.constantIntegers(numbers, what: "the segment numbers") where number >= count {
        throw graph.error(.invalidOperator, "the segment number \(number) is outside \(count) segments")
      }
    }
    let shape = try graph.outputShape([count] + input.shape.array.dropFirst(rank))
    guard let sliceCount = input.shape.count(of: rank..<input.shape.rank) else {
      throw graph.error(.tooLarge, "its operands are too large")
    }
    return try graph.operation(
      Operation.segments,
      Segments(
        kind: kind, isReal: input.elementType == .float32, count: count, sliceCount: sliceCount,
        input: try graph.bind(input), numbers: try graph.bind(numbers), output: try graph.bindOutput(shape: shape)))
  }

  func run(_ memory: OperatorMemory) throws(SessionError) {
    let numbers = memory.read(numbers, as: Int32.self)
    for index in numbers.indices where Int(numbers[index]) >= count {
      throw SessionError(.invalidData, "a sum of segments is asked for segment \(numbers[index]) of \(count)")
    }
    if isReal {
      run(memory, numbers, Float.self)
    } else {
      run(memory, numbers, Int32.self)
    }
  }

  private func run<Element: NumberElement>(_ memory: OperatorMemory, _ numbers: Span<Int32>, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    joinSegmentsReference(
      kind, sliceCount: sliceCount, numbers: numbers, input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts {
    switch kind {
    case .sum: OperatorFacts(kernel: "unsorted_segment_sum.reference")
    case .product: OperatorFacts(kernel: "unsorted_segment_prod.reference")
    case .largest: OperatorFacts(kernel: "unsorted_segment_max.reference")
    case .smallest: OperatorFacts(kernel: "unsorted_segment_min.reference")
    }
  }
}

/// BUCKETIZE: for each element, how many of the limits that the options list are not above it.
struct Buckets: Sendable {
  enum Element: Sendable {
    case float32
    case float64
    case int32
    case int64
  }

  let element: Element
  let limits: ReadSlot
  let input: ReadSlot
  let output: WriteSlot
}

extension Buckets {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let limits =
      try graph.options(115) { (table) throws(ReadError) -> [Float] in
        guard let vector = try table.vector(0, of: Float.self) else { return [] }
        var budget = ReadBudget(ReadLimits(maximumWork: vector.count))
        return try vector.array(&budget)
      } ?? []
    for index in limits.indices.dropFirst() where limits[index] < limits[index - 1] {
      throw graph.error(.invalidOperator, "its limits do not rise: \(limits[index]) follows \(limits[index - 1])")
    }
    guard !limits.contains(where: { $0.isNaN }) else {
      throw graph.error(.invalidOperator, "one of its limits is not a number")
    }
    let input = try graph.input(0, .float32, .float64, .int32, .int64)
    _ = try graph.outputType(0, .int32)
    let element: Element =
      switch input.elementType {
      case .float32: .float32
      case .float64: .float64
      case .int32: .int32
      default: .int64
      }
    return try graph.operation(
      Operation.buckets,
      Buckets(
        element: element, limits: try graph.bind(packed: limits), input: try graph.bind(input),
        output: try graph.bindOutput(shape: input.shape)))
  }

  func run(_ memory: OperatorMemory) {
    switch element {
    case .float32: run(memory, Float.self)
    case .float64: run(memory, Double.self)
    case .int32: run(memory, Int32.self)
    case .int64: run(memory, Int64.self)
    }
  }

  private func run<Number: BucketElement>(_ memory: OperatorMemory, _: Number.Type) {
    var output = memory.write(output, as: Int32.self)
    bucketizeReference(limits: memory.read(limits), input: memory.read(input, as: Number.self), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "bucketize.reference") }
}
