import FlatbufferReader

// The layout is that of TensorFlow Lite's metadata_schema.fbs: a FlatBuffer with the identifier `M001`, in the buffer of
// the entry `TFLITE_METADATA`.

extension ModelFile {
  /// What the makers of the model say of it; `nil` where they say nothing.
  ///
  /// - Throws: ``ModelError`` when it is damaged, with a byte position counted from the beginning of the file.
  /// - Complexity: O(names and descriptions).
  public func modelMetadata() throws(ModelError) -> ModelMetadata? {
    guard let entry = metadata.first(where: { $0.name == "TFLITE_METADATA" }), let graph = subgraphs.first,
      buffers.indices.contains(entry.buffer), let range = buffers[entry.buffer].range
    else { return nil }
    do throws(ReadError) {
      var reader = MetadataReader(byteCount: range.count)
      return try reader.metadata(
        bytes.extracting(range), inputCount: graph.inputs.count, outputCount: graph.outputs.count)
    } catch {
      throw ModelError(
        .malformedFile,
        "the model's metadata is damaged: at byte \(range.lowerBound + error.position), \(error.message)",
        byteOffset: range.lowerBound + error.position)
    }
  }
}

private struct MetadataReader {
  private var budget: ReadBudget

  /// Bytes that a table of a vector takes at least, with its fields: an honest file spends no more than it has.
  private static let tableBytes = 16

  init(byteCount: Int) { budget = ReadBudget(ReadLimits(forByteCount: byteCount)) }

  mutating func metadata(
    _ bytes: RawSpan, inputCount: Int, outputCount: Int
  ) throws(ReadError) -> ModelMetadata {
    let root = try FlatBuffer(bytes).root(&budget)
    var inputs: [ModelMetadata.Tensor] = []
    var outputs: [ModelMetadata.Tensor] = []
    var graphFiles: [ModelMetadata.File] = []
    if let graphs = try root.tables(3), graphs.count > 0 {
      let graph = try graphs.table(at: 0, &budget)
      inputs = try tensors(graph, 2, count: inputCount)
      outputs = try tensors(graph, 3, count: outputCount)
      graphFiles = try files(graph, 4)
    }
    return ModelMetadata(
      name: try text(root, 0), description: try text(root, 1), version: try text(root, 2), author: try text(root, 4),
      license: try text(root, 5), inputs: inputs, outputs: outputs, files: try files(root, 6) + graphFiles)
  }

  /// What is said of the graph's inputs or outputs; nothing of those that are too many.
  private mutating func tensors(
    _ graph: borrowing Table, _ slot: Int, count: Int
  ) throws(ReadError) -> [ModelMetadata.Tensor] {
    var tensors: [ModelMetadata.Tensor] = []
    guard let tables = try graph.tables(slot) else { return tensors }
    for index in 0..<min(count, tables.count) {
      try budget.spend(Self.tableBytes, at: graph.position)
      tensors.append(try tensor(tables.table(at: index, &budget)))
    }
    return tensors
  }

  private mutating func tensor(_ table: borrowing Table) throws(ReadError) -> ModelMetadata.Tensor {
    var normalization: ModelMetadata.Normalization?
    var threshold: Float?
    if let units = try table.tables(4) {
      for index in 0..<units.count {
        let unit = try units.table(at: index, &budget)
        let kind = try unit.scalar(0, default: UInt8(0))
        guard let options = try unit.table(1, &budget) else { continue }
        switch kind {
        case 1:
          let means = try floats(options, 0)
          let deviations = try floats(options, 1)
          // What cannot be divided by says nothing.
          if !means.isEmpty, means.count == deviations.count, !deviations.contains(0) {
            normalization = ModelMetadata.Normalization(means: means, deviations: deviations)
          }
        case 3: threshold = try options.scalar(0, default: Float(0))
        default: break
        }
      }
    }
    var minima: [Float] = []
    var maxima: [Float] = []
    if let stats = try table.table(5, &budget) {
      maxima = try floats(stats, 0)
      minima = try floats(stats, 1)
    }
    return ModelMetadata.Tensor(
      name: try text(table, 0), description: try text(table, 1), content: try content(table),
      normalization: normalization, scoreThreshold: threshold, minima: minima, maxima: maxima,
      files: try files(table, 6))
  }

  private mutating func content(_ table: borrowing Table) throws(ReadError) -> ModelMetadata.Content {
    guard let content = try table.table(3, &budget) else { return .unknown }
    let kind = try content.scalar(0, default: UInt8(0))
    guard let properties = try content.table(1, &budget) else { return .unknown }
    switch kind {
    case 1: return .feature
    case 2:
      switch try properties.scalar(0, default: UInt8(0)) {
      case 1: return .image(.rgb)
      case 2: return .image(.grayscale)
      default: return .image(.unknown)
      }
    case 3:
      var corners: [Int] = []
      if let indices = try properties.vector(0, of: UInt32.self) {
        try budget.spend(3 * indices.count, at: indices.position)
        corners = try indices.array(&budget).map { Int($0) }
      }
      return .boundingBoxes(corners: corners)
    case 4: return .audio
    default: return .unknown
    }
  }

  private mutating func files(_ table: borrowing Table, _ slot: Int) throws(ReadError) -> [ModelMetadata.File] {
    var files: [ModelMetadata.File] = []
    guard let tables = try table.tables(slot) else { return files }
    for index in 0..<tables.count {
      try budget.spend(Self.tableBytes, at: table.position)
      let file = try tables.table(at: index, &budget)
      let kind: ModelMetadata.Kind =
        switch try file.scalar(2, default: UInt8(0)) {
        case 1: .descriptions
        case 2: .axisLabels
        case 3: .valueLabels
        case 4: .scoreCalibration
        case 5: .vocabulary
        default: .unknown
        }
      files.append(
        ModelMetadata.File(
          name: try text(file, 0), description: try text(file, 1), kind: kind, locale: try text(file, 3)))
    }
    return files
  }

  private mutating func floats(_ table: borrowing Table, _ slot: Int) throws(ReadError) -> [Float] {
    guard let vector = try table.vector(slot, of: Float.self) else { return [] }
    return try vector.array(&budget)
  }

  private mutating func text(_ table: borrowing Table, _ slot: Int) throws(ReadError) -> String {
    guard let string = try table.string(slot) else { return "" }
    return try string.text(&budget)
  }
}
