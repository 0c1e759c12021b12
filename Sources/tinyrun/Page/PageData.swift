import TinyTensor

/// What a page's script shows of operators and tensors when they are chosen, as JSON.
struct PageData {
  /// So many scales of a tensor are drawn.
  private static let mostScales = 128

  private let contents: PageContents
  private var report: ModelReport { contents.report }
  private var file: ModelFile { contents.file }

  init(_ contents: PageContents) { self.contents = contents }

  var json: JSON {
    var samplesLeft = PageContents.mostSamples
    return .object([
      ("schema", .number(1)), ("main", .number(report.mainSubgraph)),
      (
        "graphs",
        .array(
          contents.graphs.map { graph in
            .object([
              ("index", .number(graph.index)), ("name", .string(plain(graph.name))),
              ("inputs", .numbers(file.subgraphs[graph.index].inputs.prefix(PageContents.mostOperands))),
              ("outputs", .numbers(file.subgraphs[graph.index].outputs.prefix(PageContents.mostOperands))),
              ("operators", .array(graph.operators.map { op($0, graph.index) })),
              (
                "tensors",
                .array((0..<graph.tensorCount).map { tensor($0, graph.index, samplesLeft: &samplesLeft) })
              ),
            ])
          })
      ),
    ])
  }

  private func plain(_ text: String) -> String { Text.printable(text, 400) }

  // MARK: Operators

  private func op(_ op: PageContents.Operator, _ subgraph: Int) -> JSON {
    let node = op.report.node
    let most = PageContents.mostOperands
    var options = OperatorOptions.pairs(of: node, in: file).map { JSON.array([.string($0.name), .string($0.value)]) }
    if let bytes = op.report.customOptionBytes {
      options.append(.array([.string("custom options"), .string(Text.bytes(bytes))]))
    }
    var members: [(String, JSON)] = [
      ("name", .string(plain(op.report.name))), ("family", .string(op.family.title)),
      ("version", .optional(op.report.version)), ("kernel", .string(plain(op.report.kernel))),
      ("device", .optional(op.report.info?.device.description)), ("in", .numbers(node.inputs.prefix(most))),
      ("out", .numbers(node.outputs.prefix(most))), ("mid", .numbers(node.intermediates.prefix(most))),
      ("operands", .number(node.inputs.count + node.outputs.count + node.intermediates.count)),
      ("macs", .optional(op.report.info?.multiplyAccumulates)), ("weights", .number(op.report.weightBytes)),
      ("bytes", .number(op.bytes)), ("options", .array(options)),
    ]
    if subgraph == report.mainSubgraph, let steps = contents.memory?.steps[op.report.index] {
      members.append(("steps", .numbers(steps.prefix(most))))
    }
    if let note = note(op, subgraph) { members.append(("note", .string(note))) }
    if let package = package(op, subgraph) { members.append(("package", .array(package.map { .string($0) }))) }
    return .object(members)
  }

  /// Why an operator does not run.
  private func note(_ op: PageContents.Operator, _ subgraph: Int) -> String? {
    switch op.obstacle {
    case "unsupported"?: "This version has no kernel for this operator or for this version of it."
    case "refused"?: plain(report.refusal?.message ?? "")
    default: nil
    }
  }

  private func package(_ op: PageContents.Operator, _ subgraph: Int) -> [String]? {
    guard op.family == .edgeTPU else { return nil }
    return report.edgeTPU[subgraph].facts(of: op.report.index)
  }

  // MARK: Tensors

  private func tensor(_ index: Int, _ subgraph: Int, samplesLeft: inout Int) -> JSON {
    let file = file
    let tensor = file.subgraphs[subgraph].tensors[index]
    let bytes = report.constantBytes(tensor)
    let shape = report.shape(index, subgraph) ?? tensor.shape
    var members: [(String, JSON)] = [
      ("name", .string(plain(tensor.name))), ("type", .string(tensor.elementType.name)),
      ("shape", .numbers(shape.prefix(32))), ("bytes", .number(PageContents.byteCount(index, subgraph, report))),
    ]
    if tensor.shapeSignature.contains(-1) { members.append(("free", .numbers(tensor.shapeSignature.prefix(32)))) }
    let kinds = ModelReport.kinds(tensor, bytes)
    if !kinds.isEmpty { members.append(("kinds", .array(kinds.map { .string($0) }))) }
    if bytes > 0 { members.append(("data", .number(bytes))) }
    if let quantization = tensor.quantization, quantization.isPresent {
      members.append(("quantization", self.quantization(quantization)))
    }
    if subgraph == report.mainSubgraph, let place = contents.memory?.places[index] {
      members.append(("place", self.place(place)))
    }
    if tensor.externalBuffer == 0, tensor.sparsity == nil, bytes > 0, let data = file.bufferBytes(tensor.buffer),
      let histogram = WeightHistogram(
        data, type: tensor.elementType, shape: shape, quantization: tensor.quantization, budget: &samplesLeft)
    {
      members.append(("histogram", histogram.json))
    }
    return .object(members)
  }

  private func quantization(_ quantization: Quantization) -> JSON {
    let scales = quantization.scales
    if quantization.details != nil || scales.count == 1 {
      return .object([("text", .string(Text.quantization(quantization)))])
    }
    let shown = min(scales.count, Self.mostScales)
    // What is not a number is left to the script, which draws nothing there.
    let points = (0..<shown).map { JSON.real(scales[$0 * scales.count / shown]) }
    let zeroPoints = quantization.zeroPoints
    return .object([
      ("text", .string(Text.quantization(quantization))), ("axis", .number(quantization.axis)),
      ("count", .number(scales.count)), ("scale_min", scales.min().map { .real($0) } ?? .null),
      ("scale_max", scales.max().map { .real($0) } ?? .null),
      ("zero_min", .number(Int(clamping: zeroPoints.min() ?? 0))),
      ("zero_max", .number(Int(clamping: zeroPoints.max() ?? 0))), ("scales", .array(points)),
    ])
  }

  private func place(_ place: PageMemory.Place) -> JSON {
    let size = Text.bytes(place.byteCount)
    var text: String
    switch place.memory {
    case .arena: text = "arena, from byte \(place.offset), \(size)"
    case .scratch: text = "arena, scratch, from byte \(place.offset), \(size)"
    case .variable: text = "arena, kept from run to run, from byte \(place.offset), \(size)"
    case .file: text = "in the file, from byte \(place.offset), \(size)"
    case .packed: text = "packed for its kernel at load, \(size)"
    }
    if let index = place.entry, let entry = contents.memory?.entries[index].entry {
      text += ", in steps \(entry.firstStep) to \(entry.lastStep)"
    }
    return .string(text)
  }
}
