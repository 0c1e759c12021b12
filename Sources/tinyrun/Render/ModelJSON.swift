import TinyTensor

/// A model's report as JSON; `schema` rises when the meaning of a member changes.
struct ModelJSON {
  private let report: ModelReport
  private var file: ModelFile { report.file }

  init(_ report: ModelReport) { self.report = report }

  var json: JSON {
    .object([
      ("schema", .number(1)), ("file", .string(report.path)), ("bytes", .number(file.byteCount)),
      ("identifier", .string("TFL3")), ("version", .number(file.version)), ("description", .string(file.description)),
      ("runnable", .bool(report.model != nil)), ("refusal", .optional(report.refusal?.message)),
      ("signatures", .list(report.entries.filter { $0.key != nil }, entry)),
      ("inputs", places(\.inputs)), ("outputs", places(\.outputs)), ("main_subgraph", .number(report.mainSubgraph)),
      ("subgraphs", .list(count: file.subgraphs.count, element: subgraph)), ("buffers", .number(file.buffers.count)),
      ("parameter_bytes", .number(report.parameterBytes)),
      ("multiply_accumulates", .optional(report.model?.multiplyAccumulates)),
      ("elementary_steps", .optional(report.model?.elementarySteps)),
      ("open_ended", report.model.map { .bool($0.isOpenEnded) } ?? .null),
      ("memory", report.model.map(memory) ?? .null),
      ("plan", report.model.map { PlanReport($0).json } ?? .null), ("metadata", .list(file.metadata, metadata)),
      ("described_as", MetadataReport(file).json), ("attached_files", MetadataReport(file).filesJSON),
      ("external_files", .array(file.externalBufferGroups.map { .string($0) })),
    ])
  }

  // MARK: Inputs and outputs

  private func entry(_ entry: ModelReport.Entry) -> JSON {
    .object([
      ("key", .optional(entry.key)), ("subgraph", .number(entry.subgraph)), ("misfit", .optional(entry.misfit)),
      ("inputs", .list(entry.inputs) { place($0, entry.subgraph) }),
      ("outputs", .list(entry.outputs) { place($0, entry.subgraph) }),
    ])
  }

  /// Those of the entry point that runs.
  private func places(_ side: KeyPath<ModelReport.Entry, [ModelReport.Place]>) -> JSON {
    guard let main = report.mainEntry else { return .array([]) }
    return .list(main[keyPath: side]) { place($0, main.subgraph) }
  }

  private func place(_ place: ModelReport.Place, _ subgraph: Int) -> JSON {
    let tensor = report.tensor(place.tensor, subgraph)
    return .object([
      ("name", .string(place.name)), ("tensor", .number(place.tensor)),
      ("type", .optional(tensor?.elementType.name)),
      ("shape", report.shape(place.tensor, subgraph).map { .numbers($0) } ?? .null),
      ("shape_signature", .numbers(tensor?.shapeSignature ?? [])),
      ("quantization", quantization(tensor?.quantization)),
    ])
  }

  // MARK: Subgraphs

  private func subgraph(_ index: Int) -> JSON {
    let graph = file.subgraphs[index]
    return .object([
      ("index", .number(index)), ("name", .string(graph.name)), ("inputs", .numbers(graph.inputs)),
      ("outputs", .numbers(graph.outputs)),
      ("operators", .list(count: graph.operators.count) { op(report.operator($0, index)) }),
      ("tensors", .list(count: graph.tensors.count) { tensor($0, index) }),
      ("edge_tpu", report.edgeTPU[index].json),
    ])
  }

  private func op(_ op: ModelReport.Operator) -> JSON {
    .object([
      ("index", .number(op.index)), ("name", .string(Text.shortened(op.name, Text.longestName))),
      ("version", .optional(op.version)),
      ("inputs", .numbers(op.node.inputs)), ("outputs", .numbers(op.node.outputs)),
      ("weight_bytes", .number(op.weightBytes)),
      ("multiply_accumulates", .optional(op.info?.multiplyAccumulates)),
      ("device", .optional(op.info?.device.description)), ("kernel", .string(op.kernel)),
      ("custom_option_bytes", .optional(op.customOptionBytes)),
    ])
  }

  private func tensor(_ index: Int, _ subgraph: Int) -> JSON {
    let tensor = file.subgraphs[subgraph].tensors[index]
    let bytes = report.constantBytes(tensor)
    return .object([
      ("index", .number(index)), ("name", .string(tensor.name)), ("type", .string(tensor.elementType.name)),
      ("shape", .numbers(report.shape(index, subgraph) ?? tensor.shape)),
      ("shape_is_bound", .bool(report.isBound(index, subgraph))),
      ("shape_signature", .numbers(tensor.shapeSignature)), ("quantization", quantization(tensor.quantization)),
      ("buffer", .number(tensor.buffer)), ("buffer_bytes", .optional(report.bufferBytes(tensor.buffer))),
      ("kinds", .array(ModelReport.kinds(tensor, bytes).map { .string($0) })),
    ])
  }

  private func quantization(_ quantization: Quantization?) -> JSON {
    guard let quantization, quantization.isPresent else { return .null }
    return .object([
      ("scales", .array(quantization.scales.map { .real($0) })),
      ("zero_points", .array(quantization.zeroPoints.map { .number(Int(clamping: $0)) })),
      ("axis", .number(quantization.axis)),
      ("scheme", quantization.details == nil ? .string("affine") : .string(Text.quantization(quantization))),
    ])
  }

  // MARK: The rest

  private func memory(_ model: Model) -> JSON {
    .object([
      ("arena_bytes", .number(model.arenaByteCount)), ("lower_bound_bytes", .number(model.arenaLowerBound)),
      ("bytes_without_reuse", .number(report.bytesWithoutReuse)), ("packed_bytes", .number(model.packedByteCount)),
      (
        "entries",
        .list(model.arenaEntries) { entry in
          .object([
            ("name", .string(entry.name)), ("offset", .number(entry.offset)), ("bytes", .number(entry.byteCount)),
            ("first_step", .number(entry.firstStep)), ("last_step", .number(entry.lastStep)),
          ])
        }
      ),
    ])
  }

  private func metadata(_ metadata: ModelFile.Metadata) -> JSON {
    .object([("name", .string(metadata.name)), ("bytes", .optional(report.bufferBytes(metadata.buffer)))])
  }
}
