import TinyTensor

/// A model's report as text of about 100 columns, or as many as a terminal has.
struct ModelText {
  private let report: ModelReport
  private let display: TextDisplay
  private var file: ModelFile { report.file }

  init(_ report: ModelReport, for display: TextDisplay = .plain) {
    self.report = report
    self.display = display
  }

  /// What is said beside the header, the table of operators and the totals.
  struct Parts {
    /// Every operator with all its tensors and their full names.
    var operators = false
    /// All tensors.
    var tensors = false
    /// What lies where in the arena.
    var memory = false
    /// The steps of a run and where their operands lie.
    var plan = false
  }

  func text(_ parts: Parts) -> String {
    var lines = header
    for index in file.subgraphs.indices {
      let operators = report.operators(index)
      lines += [""] + heading(index) + table(operators, index)
      lines += report.edgeTPU[index].lines
      if parts.operators { lines += [""] + operators.flatMap { inFull($0, index) } }
      if parts.tensors { lines += [""] + tensors(index) }
    }
    if parts.plan, let model = report.model { lines += [""] + PlanReport(model).lines }
    if parts.memory { lines += [""] + memory }
    lines += [""] + totals
    return lines.joined(separator: "\n")
  }

  // MARK: Header

  private var header: [String] {
    let name = report.path.split(separator: "/").last.map(String.init) ?? report.path
    let description = file.description.isEmpty ? "" : "  \"\(plain(file.description, 40))\""
    let title = display.styled(plain(name, 60), .bold)
    var lines = ["\(title)  TFL3 v\(file.version)  \(Text.bytes(file.byteCount))\(description)"]
    if let refusal = report.refusal {
      lines.append(
        refusal.code == .wrongDevice && file.isCompiledForEdgeTPU
          ? display.styled("needs the Edge TPU: see below whether it can run here", .yellow)
          : display.styled("cannot run: \(Text.printable(refusal.message))", .red))
    }
    for entry in report.entries {
      let place = file.subgraphs.count > 1 || entry.subgraph != 0 ? "  (subgraph \(entry.subgraph))" : ""
      lines.append(report.title(of: entry) + (entry.key.map { "  \(plain($0, 60))" } ?? "") + place)
      if let misfit = entry.misfit { lines.append("  stale: \(Text.printable(misfit))") }
      lines += places(entry)
    }
    return lines
  }

  private func places(_ entry: ModelReport.Entry) -> [String] {
    let all = entry.inputs.map { ("in", $0) } + entry.outputs.map { ("out", $0) }
    let rows = all.map { side, place in
      let tensor = report.tensor(place.tensor, entry.subgraph)
      var shape = shapeText(place.tensor, entry.subgraph)
      if let signature = tensor?.shapeSignature, signature.contains(-1) { shape += " of \(Text.shape(signature))" }
      return [
        side, plain(place.name.isEmpty ? "?" : place.name, 40), tensor?.elementType.name ?? "?", shape,
        Text.quantization(tensor?.quantization),
      ]
    }
    var table = TextTable([
      .init(""), .init("", least: 12), .init(""), .init("", limit: 60, least: 12), .init("", limit: 60, least: 16),
    ])
    for row in rows { table.add(row) }
    return Array(table.lines(for: display).dropFirst())
  }

  private func heading(_ subgraph: Int) -> [String] {
    guard file.subgraphs.count > 1 else { return [] }
    let name = file.subgraphs[subgraph].name
    return ["subgraph \(subgraph) of \(file.subgraphs.count)\(name.isEmpty ? "" : "  \(plain(name, 60))")"]
  }

  // MARK: Operators

  private func table(_ operators: [ModelReport.Operator], _ subgraph: Int) -> [String] {
    let most = operators.reduce(0) { max($0, $1.info?.multiplyAccumulates ?? 0) }
    let hasBars = most > 0 && (display.width ?? 0) >= Self.leastWidthForBars
    let bars: [TextTable.Column] = hasBars ? [.init("")] : []
    var table = TextTable(
      [
        .init("#", .right), .init("operator", limit: 24, least: 14), .init("v", .right),
        .init("inputs -> outputs", limit: 42, least: 24), .init("weights", .right), .init("MACs", .right),
      ] + bars + [.init("kernel", limit: 30, least: 10)])
    for op in operators {
      let multiplications = op.info?.multiplyAccumulates ?? 0
      let bar = hasBars ? [Self.bar(multiplications, of: most)] : []
      table.add(
        [
          "\(op.index)", plain(op.name, 24), op.version.map(String.init) ?? "?", flow(op, subgraph),
          op.weightBytes == 0 ? "-" : Text.bytes(op.weightBytes),
          multiplications == 0 ? "-" : Text.count(multiplications),
        ] + bar + [plain(op.kernel, 30)], style(of: op))
    }
    return table.lines(for: display)
  }

  /// Lines of fewer columns have no room for bars of costs.
  private static let leastWidthForBars = 110

  /// A bar of at most 10 characters, in eighths of them. Requires `most > 0`.
  private static func bar(_ value: Int, of most: Int) -> String {
    guard value > 0 else { return "" }
    let eighths = max(1, Int((80 * Double(value) / Double(most)).rounded()))
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
  }

  private func style(of op: ModelReport.Operator) -> TerminalStyle? {
    guard let info = op.info else {
      switch op.kernel {
      case "unsupported", "refused": return .red
      case "edgetpu": return .yellow
      default: return nil
      }
    }
    return info.isView || info.isFolded || info.isInPlace ? .dim : nil
  }

  /// Shapes of what an operator reads, except constants, and of what it writes.
  private func flow(_ op: ModelReport.Operator, _ subgraph: Int) -> String {
    let variables = op.node.inputs.filter { index in
      index != -1 && report.tensor(index, subgraph).map { report.constantBytes($0) == 0 } ?? true
    }
    return "\(shapes(variables, subgraph)) -> \(shapes(op.node.outputs, subgraph))"
  }

  /// A tensor's shape, behind a mark where that is a bound.
  private func shapeText(_ index: Int, _ subgraph: Int) -> String {
    let text = report.shape(index, subgraph).map(Text.shape) ?? "?"
    return report.isBound(index, subgraph) ? "<=" + text : text
  }

  /// Shapes, equal neighbours counted: `[1,8] x2 [1,4]`; no more than a line has room for.
  private func shapes(_ tensors: [Int], _ subgraph: Int) -> String {
    var parts: [(text: String, count: Int)] = []
    for index in tensors {
      let text = shapeText(index, subgraph)
      if parts.last?.text == text {
        parts[parts.count - 1].count += 1
      } else if parts.count < 8 {
        parts.append((text, 1))
      }
    }
    if parts.isEmpty { return "-" }
    return parts.map { $0.count == 1 ? $0.text : "\($0.text) x\($0.count)" }.joined(separator: " ")
  }

  private func inFull(_ op: ModelReport.Operator, _ subgraph: Int) -> [String] {
    let options = op.customOptionBytes.map { "  options \(Text.bytes($0))" } ?? ""
    var lines = [
      "  \(op.index)  \(Text.printable(op.name, Text.longestName)) version \(op.version.map(String.init) ?? "?")\(options)"
    ]
    func add(_ side: String, _ tensors: [Int]) {
      for index in tensors { lines.append("    \(Text.padded(side, 4)) \(describe(index, subgraph))") }
    }
    add("in", op.node.inputs)
    add("out", op.node.outputs)
    add("mid", op.node.intermediates)
    return lines
  }

  private func describe(_ index: Int, _ subgraph: Int) -> String {
    if index == -1 { return "none" }
    guard let tensor = report.tensor(index, subgraph) else { return "\(index)  ?" }
    let bytes = report.constantBytes(tensor)
    let shape = report.shape(index, subgraph) ?? tensor.shape
    let constant = bytes == 0 ? "" : "  constant, \(Text.bytes(bytes))"
    return
      "\(index)  \(tensor.elementType.name) \(Text.shape(shape))\(constant)  \(Text.printable(tensor.name, Text.longestName))"
  }

  // MARK: Tensors

  private func tensors(_ subgraph: Int) -> [String] {
    var table = TextTable([
      .init("tensor", .right), .init("name", limit: 30, least: 12), .init("type"), .init("shape", limit: 24, least: 12),
      .init("quantization", limit: 36, least: 14), .init("data", .right), .init("kind"),
    ])
    for (index, tensor) in file.subgraphs[subgraph].tensors.enumerated() {
      let bytes = report.constantBytes(tensor)
      let hasBuffer = tensor.externalBuffer != 0 || report.bufferBytes(tensor.buffer) != nil
      let data = !hasBuffer ? "?" : bytes == 0 ? "-" : Text.bytes(bytes)
      table.add([
        "\(index)", plain(tensor.name, 30), tensor.elementType.name,
        Text.shape(report.shape(index, subgraph) ?? tensor.shape), Text.quantization(tensor.quantization),
        data, ModelReport.kinds(tensor, bytes).joined(separator: " "),
      ])
    }
    return table.lines(for: display)
  }

  // MARK: Memory

  private var memory: [String] {
    guard let model = report.model else { return ["no memory plan: the model cannot run"] }
    var table = TextTable([
      .init("offset", .right), .init("bytes", .right), .init("steps", .right), .init("what", limit: 70, least: 20),
    ])
    for entry in model.arenaEntries {
      table.add([
        "\(entry.offset)", "\(entry.byteCount)", "\(entry.firstStep)..\(entry.lastStep)", plain(entry.name, 70),
      ])
    }
    return [
      "arena  \(model.arenaByteCount) bytes; lower bound \(model.arenaLowerBound); "
        + "without reuse \(report.bytesWithoutReuse); step -1 is before a run"
    ] + table.lines(for: display)
  }

  // MARK: Totals

  /// How many names of custom operators are listed.
  private static let mostKinds = 20

  private var totals: [String] {
    var lines: [String] = []
    var sizes = "parameters \(Text.bytes(report.parameterBytes))"
    if let model = report.model {
      lines.append(
        "arena \(Text.bytes(model.arenaByteCount)) (lower bound \(Text.bytes(model.arenaLowerBound)), "
          + "without reuse \(Text.bytes(report.bytesWithoutReuse)))   \(Text.count(model.multiplyAccumulates)) MACs"
          + (model.isOpenEnded ? ", or as many times that as data that arrive ask for" : ""))
      sizes += "   packed \(Text.bytes(model.packedByteCount))"
    }
    lines.append(sizes)
    let external = file.externalBuffers.reduce(0.0) { $0 + Double($1.length) }
    if !file.externalBuffers.isEmpty {
      lines.append(
        "beside the file  \(Text.bytes(Int(min(external, 0x1p62)))) in \(file.externalBufferGroups.count) files")
    }
    let operators = file.subgraphs.reduce(0) { $0 + $1.operators.count }
    let tensors = file.subgraphs.reduce(0) { $0 + $1.tensors.count }
    lines.append(
      "\(file.subgraphs.count) \(file.subgraphs.count == 1 ? "subgraph" : "subgraphs")   \(operators) operators   "
        + "\(tensors) tensors   \(file.buffers.count) buffers")
    let custom = report.customOperators
    for kind in custom.prefix(Self.mostKinds) {
      lines.append("custom operator  \(plain(kind.name, 40)) x\(kind.count), options \(Text.bytes(kind.bytes))")
    }
    if custom.count > Self.mostKinds { lines.append("custom operators of \(custom.count - Self.mostKinds) more names") }
    for metadata in file.metadata {
      let bytes = report.bufferBytes(metadata.buffer).map(Text.bytes) ?? "?"
      lines.append("metadata  \(plain(metadata.name, 60)) \(bytes)")
    }
    return lines + MetadataReport(file).lines
  }

  private func plain(_ text: String, _ width: Int) -> String { Text.printable(text, width) }
}
