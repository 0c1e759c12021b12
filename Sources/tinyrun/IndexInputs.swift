import TinyTensor

/// Inputs of whole numbers that operators read as indices, shapes, counts or loop counters: random numbers would end the
/// run, so zeros are taken for them.
enum IndexInputs {
  /// The inputs among those of a model, by their places in ``Model/inputs``.
  static func places(in model: Model) -> Set<Int> {
    let candidates = model.inputs.indices.filter {
      isWhole(model.inputs[$0].elementType) && model.inputs[$0].quantization == nil
    }
    guard !candidates.isEmpty else { return [] }
    let tracer = IndexTracer(model.file)
    let subgraph = model.signature?.subgraph ?? 0
    return Set(candidates.filter { tracer.isIndex(model.inputs[$0].tensor, subgraph) })
  }

  fileprivate static func isWhole(_ type: ElementType) -> Bool { type == .int32 || type == .int64 }
}

/// Follows whole numbers to where they are used.
private struct IndexTracer {
  private let file: ModelFile
  /// Tensors that are used as indices, by subgraph.
  private var marked: [Set<Int>]

  init(_ file: ModelFile) {
    self.file = file
    marked = file.subgraphs.map { _ in [] }
    // A mark may have to go from a graph to its callers, which may be called themselves.
    for _ in 0...min(file.subgraphs.count, 8) {
      var hasChanged = false
      for index in file.subgraphs.indices where mark(index) { hasChanged = true }
      if !hasChanged { break }
    }
  }

  func isIndex(_ tensor: Int, _ subgraph: Int) -> Bool {
    marked.indices.contains(subgraph) && marked[subgraph].contains(tensor)
  }

  /// Marks what a graph's operators read as indices, or make indices of; returns whether there was anything new.
  private mutating func mark(_ subgraph: Int) -> Bool {
    let graph = file.subgraphs[subgraph]
    let before = marked[subgraph].count
    // From the last operator to the first, so that marks reach what tensors were made from.
    for node in graph.operators.reversed() {
      let name = file.name(of: node)
      for place in Self.indexPlaces[name] ?? [] where place < node.inputs.count { add(node.inputs[place], subgraph) }
      switch name {
      case "SLICE", "STRIDED_SLICE":
        for tensor in node.inputs.dropFirst() { add(tensor, subgraph) }
      case "RANGE": for tensor in node.inputs { add(tensor, subgraph) }
      case "WHILE":
        for tensor in node.inputs where isScalar(tensor, graph) { add(tensor, subgraph) }
        passMarks(node.inputs, subgraph)
      case "IF": passMarks(Array(node.inputs.dropFirst()), subgraph)
      case "CALL": passMarks(node.inputs, subgraph)
      default: break
      }
      if node.outputs.contains(where: { marked[subgraph].contains($0) }) {
        for tensor in node.inputs { add(tensor, subgraph) }
      }
    }
    return marked[subgraph].count > before
  }

  /// Which inputs of an operator are indices, shapes or counts.
  private static let indexPlaces: [String: [Int]] = [
    "GATHER": [1], "GATHER_ND": [1], "EMBEDDING_LOOKUP": [0], "SCATTER_ND": [0, 2], "SPARSE_TO_DENSE": [0, 1],
    "TOPK_V2": [1], "RESHAPE": [1], "FILL": [0], "TILE": [1], "BROADCAST_TO": [1], "DYNAMIC_UPDATE_SLICE": [2],
    "SEGMENT_SUM": [1], "REVERSE_SEQUENCE": [1], "EXPAND_DIMS": [1], "PAD": [1], "PADV2": [1], "MIRROR_PAD": [1],
    "ONE_HOT": [1], "UNSORTED_SEGMENT_SUM": [1, 2], "UNSORTED_SEGMENT_MAX": [1, 2], "UNSORTED_SEGMENT_MIN": [1, 2],
    "UNSORTED_SEGMENT_PROD": [1, 2], "NON_MAX_SUPPRESSION_V4": [2], "NON_MAX_SUPPRESSION_V5": [2], "TRANSPOSE": [1],
    "ARG_MAX": [1], "ARG_MIN": [1], "SUM": [1], "MEAN": [1], "REVERSE_V2": [1], "CUMSUM": [1], "SPLIT": [0],
    "BROADCAST_ARGS": [0, 1], "RESIZE_BILINEAR": [1], "RESIZE_NEAREST_NEIGHBOR": [1],
  ]

  /// How many graphs are looked at for each call.
  private static let mostGraphs = 64

  /// Marks inputs of a graph whose places are marked in one that it may call: those of any graph with as many inputs.
  private mutating func passMarks(_ tensors: [Int], _ subgraph: Int) {
    // Of more graphs all numbers are taken for indices.
    guard file.subgraphs.count <= Self.mostGraphs else {
      for tensor in tensors { add(tensor, subgraph) }
      return
    }
    for (number, graph) in file.subgraphs.enumerated() where number != subgraph && graph.inputs.count == tensors.count {
      for (tensor, input) in zip(tensors, graph.inputs) where marked[number].contains(input) { add(tensor, subgraph) }
    }
  }

  private mutating func add(_ tensor: Int, _ subgraph: Int) {
    let tensors = file.subgraphs[subgraph].tensors
    guard tensors.indices.contains(tensor), IndexInputs.isWhole(tensors[tensor].elementType) else { return }
    marked[subgraph].insert(tensor)
  }

  private func isScalar(_ tensor: Int, _ graph: ModelFile.Subgraph) -> Bool {
    graph.tensors.indices.contains(tensor) && graph.tensors[tensor].shape.allSatisfy { $0 == 1 }
  }
}

extension SeededRandom {
  /// Random bytes for all inputs of a model, but zeros for those that are read as indices.
  mutating func inputs(of model: Model) -> [[UInt8]] {
    let zeros = IndexInputs.places(in: model)
    return model.inputs.enumerated().map { index, info in
      zeros.contains(index) ? [UInt8](repeating: 0, count: info.byteCount) : bytes(for: info)
    }
  }
}
