import FlatbufferReader
import TinyTensorKernels

/// ONE_HOT: along a new axis, one value where the index says and another one elsewhere.
struct OneHot: Sendable {
  let outer: Int
  let depth: Int
  let inner: Int
  let elementSize: Int
  let indexType: IndexType
  let indices: ReadSlot
  let on: ReadSlot
  let off: ReadSlot
  let output: WriteSlot
}

extension OneHot {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 4...4)
    let listedAxis =
      try graph.options(61) { (table) throws(ReadError) in Int(try table.scalar(0, default: Int32(0))) } ?? 0
    let indices = try graph.input(0, .int32, .int64)
    let depth = try graph.constantInteger(graph.input(1, .int32), what: "the depth")
    let on = try graph.input(2)
    let off = try graph.input(3, on.elementType)
    _ = try graph.outputType(0, on.elementType)
    guard on.shape.count == 1, off.shape.count == 1 else {
      throw graph.error(.invalidOperator, "its values have \(on.shape.count) and \(off.shape.count) elements")
    }
    let rank = indices.shape.rank
    let axis = listedAxis == -1 ? rank : listedAxis
    guard axis >= 0, axis <= rank, let outer = indices.shape.count(of: 0..<axis),
      let inner = indices.shape.count(of: axis..<rank)
    else {
      throw graph.error(.invalidOperator, "its indices \(indices.shape) have no place for an axis \(listedAxis)")
    }
    guard depth >= 0 else { throw graph.error(.invalidOperator, "its depth is \(depth)") }
    var sizes = indices.shape.array
    sizes.insert(depth, at: axis)
    return try graph.operation(
      Operation.oneHot,
      OneHot(
        outer: outer, depth: depth, inner: inner, elementSize: try graph.elementSize(of: on),
        indexType: try graph.indexType(of: indices), indices: try graph.bind(indices), on: try graph.bind(on),
        off: try graph.bind(off), output: try graph.bindOutput(shape: graph.outputShape(sizes))))
  }

  func run(_ memory: OperatorMemory) {
    switch indexType {
    case .int16: run(memory, Int16.self)
    case .int32: run(memory, Int32.self)
    case .int64: run(memory, Int64.self)
    }
  }

  private func run<Index: IndexElement>(_ memory: OperatorMemory, _: Index.Type) {
    var output = memory.writeBytes(output)
    // A constant in the file may have more bytes than its element.
    let on = memory.readBytes(on).extracting(0..<elementSize)
    oneHotReference(
      outer: outer, depth: depth, inner: inner, elementSize: elementSize,
      indices: memory.read(indices, as: Index.self), on: on, off: pattern(of: memory.readBytes(off)), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "one_hot.reference") }
}
