import FlatbufferReader
import TinyTensorKernels

/// EMBEDDING_LOOKUP that makes real numbers of rows of a quantized table; others are gathered as they are.
struct Embedding: Sendable {
  let parameters: EmbeddingParameters
  let rows: Int
  /// Whether the output is float16 instead of float32.
  let isHalf: Bool
  /// Unpacked to 8 bits.
  let table: ReadSlot
  let scales: ReadSlot
  let indices: ReadSlot
  let output: WriteSlot
}

extension Embedding {
  /// EMBEDDING_LOOKUP: rows of the second input, by the first one.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let indices = try graph.input(0, .int32)
    let table = try graph.input(1)
    guard indices.shape.rank == 1, table.shape.rank >= 2 else {
      throw graph.error(
        .invalidOperator, "it cannot look up \(indices.shape) in \(table.shape): a list and a table are needed")
    }
    let type = try graph.outputType()
    if type == table.elementType {
      return try Gather.translate(&graph, input: table, indices: indices, axis: 0, batchAxes: 0)
    }
    guard [.int8, .uint8, .int4, .int2].contains(table.elementType), type == .float32 || type == .float16 else {
      throw graph.error(
        .unsupportedOperator, "a lookup of \(type) in a table of \(table.elementType) is not supported")
    }
    let rows = table.shape[0]
    guard let rowCount = table.shape.count(of: 1..<table.shape.rank) else {
      throw graph.error(.tooLarge, "its table \(table.shape) is too large")
    }
    let shape = try graph.outputShape([indices.shape[0]] + table.shape.array.dropFirst())
    if indices.constant != nil {
      for index in try graph.constantIntegers(indices, what: "the indices") where index < 0 || index >= rows {
        throw graph.error(.invalidOperator, "the index \(index) is outside its table \(table.shape)")
      }
    }
    let (scales, parameters) = try scales(graph, table, rows: rows, rowCount: rowCount)
    return try graph.operation(
      Operation.embedding,
      Embedding(
        parameters: parameters, rows: rows, isHalf: type == .float16, table: try graph.bindWeights(table),
        scales: try graph.bind(packed: scales), indices: try graph.bind(indices),
        output: try graph.bindOutput(shape: shape)))
  }

  /// One scale for the table, one a row, or one a block of neighbours in a row; the zero point is 0.
  private static func scales(
    _ graph: GraphBuilder, _ table: Operand, rows: Int, rowCount: Int
  ) throws(ModelError) -> (scales: [Float], parameters: EmbeddingParameters) {
    if case .blockwise? = table.quantization?.details {
      let blocks = try graph.blockScales(of: table)
      return (
        blocks.scales,
        EmbeddingParameters(rowCount: rowCount, blockCount: blocks.size, scalesPerRow: rowCount / blocks.size)
      )
    }
    let scales = try graph.channelScales(of: table, axis: 0, channels: rows)
    return (
      scales,
      EmbeddingParameters(rowCount: rowCount, blockCount: max(rowCount, 1), scalesPerRow: scales.count == 1 ? 0 : 1)
    )
  }

  func run(_ memory: OperatorMemory) throws(SessionError) {
    let indices = memory.read(indices, as: Int32.self)
    if let index = firstIndex(outside: rows, in: indices) {
      throw SessionError(.invalidData, "a lookup is asked for row \(index) of a table of \(rows) rows")
    }
    // Elements of uint8 are read as int8, as in the reference.
    let table = memory.read(table, as: Int8.self)
    let scales = memory.read(scales, as: Float.self)
    if isHalf {
      var output = memory.write(output, as: UInt16.self)
      lookUpHalfEmbeddingReference(parameters, table: table, scales: scales, indices: indices, output: &output)
    } else {
      var output = memory.write(output, as: Float.self)
      lookUpEmbeddingReference(parameters, table: table, scales: scales, indices: indices, output: &output)
    }
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "embedding.reference") }
}

/// The scales of a matrix that is quantized in blocks along its rows.
struct BlockScales {
  /// Row after row.
  var scales: [Float]
  /// Elements a block; it divides a row.
  var size: Int
}

extension GraphBuilder {
  /// The scales of a matrix with a scale for each block of neighbours in a row, which a float16 tensor of the graph
  /// holds; blocks have the zero point 0.
  func blockScales(of operand: Operand) throws(ModelError) -> BlockScales {
    guard case .blockwise(let tensor, let zeroPoints, let size)? = operand.quantization?.details,
      operand.elementType == .int4, operand.shape.rank == 2
    else {
      throw error(.unsupportedOperator, "\(operand.name) has a quantization scheme that is not supported")
    }
    let depth = operand.shape[1]
    guard size > 0, depth % size == 0 else {
      throw error(.invalidOperator, "\(operand.name) \(operand.shape) cannot be divided into blocks of \(size)")
    }
    guard subgraph.tensors.indices.contains(tensor), case .constant(let place) = values[tensor].source,
      subgraph.tensors[tensor].elementType == .float16,
      case let count = operand.shape[0] * (depth / size), values[tensor].shape?.count == count
    else {
      throw error(
        .invalidOperator,
        "\(operand.name) is quantized in blocks, but tensor \(tensor) does not hold a float16 scale for each")
    }
    guard zeroPoints < 0 || zeroPoints == 0 && tensor != 0 && !isConstant(zeroPoints) else {
      throw error(
        .unsupportedOperator, "\(operand.name) is quantized in blocks with zero points, which is not supported")
    }
    let scaleOperand = Operand(
      tensor: tensor, name: subgraph.tensors[tensor].name, elementType: .float16, shape: .scalar, quantization: nil,
      constant: place)
    guard let bytes = constantBytes(scaleOperand), bytes.byteCount >= 2 * count else {
      throw error(.invalidOperator, "tensor \(tensor) is too short for \(count) scales")
    }
    var scales: [Float] = []
    scales.reserveCapacity(count)
    for index in 0..<count {
      let scale = float(fromHalf: UInt16.load(bytes, at: 2 * index))
      guard scale.isFinite else { throw error(.invalidOperator, "\(operand.name) has a scale that is not finite") }
      scales.append(scale)
    }
    return BlockScales(scales: scales, size: size)
  }

  private func isConstant(_ tensor: Int) -> Bool {
    guard subgraph.tensors.indices.contains(tensor), case .constant = values[tensor].source else { return false }
    return true
  }
}
