import FlatbufferReader
import TinyTensorKernels

/// AVERAGE_POOL_2D and MAX_POOL_2D. Scales play no part: input and output share them.
struct Pool: Sendable {
  enum Kind: Sendable {
    case average
    case max
  }

  let kind: Kind
  let type: ByteType
  let geometry: WindowGeometry
  let minimum: Int32
  let maximum: Int32
  let input: ReadSlot
  let output: WriteSlot
}

extension Pool {
  static func translateAverage(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .average)
  }

  static func translateMax(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .max)
  }

  private static func translate(_ graph: inout GraphBuilder, _ kind: Kind) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let options = try graph.requiredOptions(5) { (table) throws(ReadError) in
      (
        window: WindowOptions(
          padding: try table.scalar(0, default: 0), strideWidth: try table.scalar(1, default: 0),
          strideHeight: try table.scalar(2, default: 0)),
        filterWidth: Int(try table.scalar(3, default: Int32(0))),
        filterHeight: Int(try table.scalar(4, default: Int32(0))),
        activation: try table.scalar(5, default: Int8(0))
      )
    }
    let input = try graph.input(0, .int8, .uint8)
    try graph.requireImage(input)
    guard let type = ByteType(try graph.outputType(0, input.elementType)) else {
      throw graph.error(.invalidOperator, "its output must be int8 or uint8")
    }
    let geometry = try graph.window(
      options.window, input: input.shape, kernelHeight: options.filterHeight, kernelWidth: options.filterWidth,
      outputChannels: input.shape[3])
    // Sums of bytes over a window must fit 32 bits.
    guard Int64(options.filterHeight) * Int64(options.filterWidth) < 1 << 23 else {
      throw graph.error(
        .invalidOperator, "its window of \(options.filterHeight) x \(options.filterWidth) elements is too large")
    }
    let range = try graph.activationRange(graph.activation(options.activation), type, graph.outputAffine())
    return .pool(
      Pool(
        kind: kind, type: type, geometry: geometry, minimum: range.minimum, maximum: range.maximum,
        input: try graph.bind(input), output: try graph.bindOutput(shape: graph.outputShape(geometry))))
  }
}

extension Pool {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    switch kind {
    case .average:
      averagePoolReference(geometry, minimum: minimum, maximum: maximum, input: memory.read(input), output: &output)
    case .max:
      maxPoolReference(geometry, minimum: minimum, maximum: maximum, input: memory.read(input), output: &output)
    }
  }

  var facts: OperatorFacts {
    switch (kind, type) {
    case (.average, .int8): OperatorFacts(kernel: "avgpool.i8.reference")
    case (.average, .uint8): OperatorFacts(kernel: "avgpool.u8.reference")
    case (.max, .int8): OperatorFacts(kernel: "maxpool.i8.reference")
    case (.max, .uint8): OperatorFacts(kernel: "maxpool.u8.reference")
    }
  }
}
