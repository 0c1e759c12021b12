import TinyTensor

/// What a page shows of a model: the report's facts, bounded, whatever the file holds.
struct PageContents {
  /// Operators and tensors beyond these are left out, so that a page stays one that a browser opens.
  static let mostOperators = 10_000
  static let mostTensors = 40_000
  /// Tensors of an operator beyond these are left out.
  static let mostOperands = 256
  /// Values of constants that are looked at for all histograms together.
  static let mostSamples = 1 << 26

  /// An operator, and what its box says.
  struct Operator {
    let report: ModelReport.Operator
    let family: OperatorFamily
    /// Bytes of all tensors that it reads and writes.
    let bytes: Int
    /// `unsupported` or `refused`, where it cannot run.
    let obstacle: String?

    var multiplyAccumulates: Int { report.info?.multiplyAccumulates ?? 0 }
    /// Whether a run does nothing for it.
    var isFree: Bool { report.info.map { $0.isView || $0.isFolded || $0.isInPlace } ?? false }
  }

  struct Graph {
    let index: Int
    let name: String
    let operators: [Operator]
    /// How many of its tensors are described.
    let tensorCount: Int
  }

  let report: ModelReport
  let graphs: [Graph]
  let memory: PageMemory?
  /// What was left out, as sentences.
  let omissions: [String]

  var file: ModelFile { report.file }

  init(_ report: ModelReport) {
    self.report = report
    var graphs: [Graph] = []
    var operatorsLeft = Self.mostOperators
    var tensorsLeft = Self.mostTensors
    // The graph that runs comes first, and gets what there is.
    let order = report.file.subgraphs.indices.sorted { one, other in
      (one == report.mainSubgraph ? 0 : 1, one) < (other == report.mainSubgraph ? 0 : 1, other)
    }
    for index in order where operatorsLeft > 0 || graphs.isEmpty {
      let graph = report.file.subgraphs[index]
      let operators = report.operators(index).prefix(operatorsLeft).map { Self.describe($0, index, report) }
      let tensorCount = min(graph.tensors.count, tensorsLeft)
      operatorsLeft -= max(1, operators.count)
      tensorsLeft -= tensorCount
      graphs.append(Graph(index: index, name: graph.name, operators: Array(operators), tensorCount: tensorCount))
    }
    self.graphs = graphs
    memory = report.model.map { PageMemory($0) }

    var omissions: [String] = []
    func tell(_ shown: Int, _ all: Int, _ what: String) {
      guard shown < all else { return }
      omissions.append("\(shown) of \(all) \(what) are shown: the model has more than a page can hold.")
    }
    tell(graphs.count, report.file.subgraphs.count, "subgraphs")
    tell(
      graphs.reduce(0) { $0 + $1.operators.count }, report.file.subgraphs.reduce(0) { $0 + $1.operators.count },
      "operators")
    tell(
      graphs.reduce(0) { $0 + $1.tensorCount }, report.file.subgraphs.reduce(0) { $0 + $1.tensors.count }, "tensors")
    self.omissions = omissions
  }

  private static func describe(_ op: ModelReport.Operator, _ subgraph: Int, _ report: ModelReport) -> Operator {
    let isCompiled = report.file.code(of: op.node)?.isCompiledForEdgeTPU == true
    let bytes = Set(op.node.inputs + op.node.outputs).reduce(0) { sum, tensor in
      let (next, overflow) = sum.addingReportingOverflow(byteCount(tensor, subgraph, report))
      return overflow ? Int.max : next
    }
    return Operator(
      report: op, family: OperatorFamily(op.name, isCompiled: isCompiled), bytes: bytes,
      obstacle: ["unsupported", "refused"].contains(op.kernel) && op.info == nil ? op.kernel : nil)
  }

  // MARK: Tensors

  /// Bytes of a tensor in a run; by its sizes in the file where it does not run, 0 where that is not known.
  static func byteCount(_ index: Int, _ subgraph: Int, _ report: ModelReport) -> Int {
    if subgraph == report.mainSubgraph, let model = report.model, model.tensors.indices.contains(index) {
      return model.tensors[index].byteCount
    }
    guard let tensor = report.tensor(index, subgraph) else { return 0 }
    var count = 1
    for size in tensor.shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: max(0, size))
      if overflow { return 0 }
      count = product
    }
    return tensor.elementType.byteCount(of: count) ?? 0
  }

  /// `1×28×28×8 int8` of a tensor, or `?`.
  func caption(_ index: Int, _ subgraph: Int) -> (shape: String, type: String) {
    guard let tensor = report.tensor(index, subgraph) else { return ("?", "") }
    return (Markup.shape(report.shape(index, subgraph) ?? tensor.shape), tensor.elementType.name)
  }

  /// The largest cost of an operator of a graph, at least 1: what bars are measured by.
  func most(_ graph: Graph, _ cost: KeyPath<Operator, Int>) -> Int {
    graph.operators.reduce(1) { max($0, $1[keyPath: cost]) }
  }
}

/// What lies where in a session's memory, and when.
struct PageMemory {
  struct Entry {
    let entry: ArenaEntry
    /// The tensor whose elements lie there, if that is known.
    var tensor: Int?
    /// The operator that writes it, if one does.
    var maker: Int?
  }

  /// Where a tensor lies.
  struct Place {
    let memory: PlanOperand.Memory
    let offset: Int
    let byteCount: Int
    /// The index of its entry, if it lies in the arena.
    let entry: Int?
  }

  private(set) var entries: [Entry]
  /// By tensor.
  private(set) var places: [Int: Place] = [:]
  /// For each operator with steps, their numbers.
  private(set) var steps: [Int: [Int]] = [:]
  let stepCount: Int
  let byteCount: Int
  let lowerBound: Int

  init(_ model: Model) {
    entries = model.arenaEntries.map { Entry(entry: $0) }
    byteCount = model.arenaByteCount
    lowerBound = model.arenaLowerBound
    let plan = model.planSteps
    stepCount = plan.count
    // Entries at one offset follow each other in time.
    var atOffset: [Int: [Int]] = [:]
    for index in entries.indices.sorted(by: { entries[$0].entry.firstStep < entries[$1].entry.firstStep }) {
      atOffset[entries[index].entry.offset, default: []].append(index)
    }
    for (number, step) in plan.enumerated() {
      steps[step.operatorIndex, default: []].append(number)
      for operand in step.operands {
        var found: Int?
        if operand.memory != .file, operand.memory != .packed, let candidates = atOffset[operand.offset] {
          // The last one that begins at this step or before.
          var low = 0
          var high = candidates.count
          while low < high {
            let middle = (low + high) / 2
            if entries[candidates[middle]].entry.firstStep <= number { low = middle + 1 } else { high = middle }
          }
          if low > 0, entries[candidates[low - 1]].entry.lastStep >= number { found = candidates[low - 1] }
        }
        if let found {
          if operand.isOutput, entries[found].maker == nil { entries[found].maker = step.operatorIndex }
          if operand.memory == .scratch, entries[found].maker == nil { entries[found].maker = step.operatorIndex }
          if entries[found].tensor == nil { entries[found].tensor = operand.tensor }
        }
        if let tensor = operand.tensor, places[tensor] == nil {
          places[tensor] = Place(
            memory: operand.memory, offset: operand.offset, byteCount: operand.byteCount, entry: found)
        }
      }
    }
  }
}
