import TinyTensor

/// What `inspect` says of the nodes of a subgraph that were compiled for the Edge TPU.
struct EdgeTPUReport {
  /// A node, and what it has.
  struct Node {
    let index: Int
    let contents: Contents
  }

  enum Contents {
    case package(EdgeTPUPackage)
    /// The package of an earlier node, which is said there.
    case same(subgraph: Int, node: Int)
    /// Why it cannot be read.
    case failure(String)
  }

  private let nodes: [Node]
  /// What there is on this machine; looked up where there is a node.
  private let status: EdgeTPUStatus?

  private init(_ nodes: [Node]) {
    self.nodes = nodes
    status = nodes.isEmpty ? nil : EdgeTPUStatus()
  }

  /// The reports of all subgraphs. No byte of the file is read as part of two packages: nodes may share them, and as many
  /// packages as nodes could be read from a small file.
  static func all(of file: ModelFile) -> [EdgeTPUReport] {
    var readers: [Range<Int>: (subgraph: Int, node: Int)] = [:]
    var bytesLeft = file.byteCount
    return file.subgraphs.enumerated().map { subgraph, graph in
      EdgeTPUReport(
        graph.operators.enumerated().compactMap { index, node in
          guard file.code(of: node)?.isCompiledForEdgeTPU == true else { return nil }
          if let range = node.customOptions {
            if let reader = readers[range] {
              return Node(index: index, contents: .same(subgraph: reader.subgraph, node: reader.node))
            }
            guard range.count <= bytesLeft else {
              return Node(index: index, contents: .failure("its package overlaps others, and is not looked into"))
            }
            bytesLeft -= range.count
            readers[range] = (subgraph, index)
          }
          do throws(ModelError) {
            return try file.edgeTPUPackage(of: node).map { Node(index: index, contents: .package($0)) }
          } catch {
            return Node(index: index, contents: .failure(error.message))
          }
        })
    }
  }

  // MARK: Text

  var lines: [String] {
    nodes.flatMap { node in
      let title = "operator \(node.index) for the Edge TPU: "
      switch node.contents {
      case .package(let package):
        return [title + Self.summary(package), Text.printable("  " + (status?.verdict(on: package) ?? ""))]
          + Self.memory(package) + package.executables.flatMap(Self.lines)
      case .same, .failure: return [title + Self.remark(node.contents)]
      }
    }
  }

  /// What the package of a node is, without what this machine makes of it; `nil` for other nodes.
  func facts(of index: Int) -> [String]? {
    guard let place = nodes.firstIndex(where: { $0.index == index }) else { return nil }
    guard case .package(let package) = nodes[place].contents else { return [Self.remark(nodes[place].contents)] }
    return [Self.summary(package)] + Self.memory(package) + package.executables.flatMap(Self.lines)
  }

  /// What is said in place of a package.
  private static func remark(_ contents: Contents) -> String {
    switch contents {
    case .package: ""
    case .same(let subgraph, let node): "the package of operator \(node) of subgraph \(subgraph)"
    case .failure(let message): Text.printable(message)
    }
  }

  private static func summary(_ package: EdgeTPUPackage) -> String {
    var text = "package of \(package.range.count) bytes, runtime \(package.minimumRuntimeVersion) or later"
    if !package.hasIdentifier { text += ", without the identifier DWN1" }
    if !package.compilerVersion.isEmpty { text += ", compiler \(plain(package.compilerVersion))" }
    if !package.modelIdentifier.isEmpty { text += ", \"\(plain(package.modelIdentifier))\"" }
    if package.virtualChip != 0 || package.furtherChipCount > 0 {
      text += ", for several chips (chip \(package.virtualChip), \(package.furtherChipCount) more packages)"
    }
    return text
  }

  private static func memory(_ package: EdgeTPUPackage) -> [String] {
    [
      "  parameters   \(package.cachedParameterByteCount) bytes stay on the chip, "
        + "\(package.streamedParameterByteCount) bytes are sent in every run"
    ]
  }

  private static func lines(_ executable: EdgeTPUPackage.Executable) -> [String] {
    var first = "  \(executable.kind)  \"\(plain(executable.name))\"  chip \(plain(executable.chip))"
    if executable.batchSize != 1 { first += "  batch \(executable.batchSize)" }
    if executable.scratchByteCount != 0 { first += "  scratch \(executable.scratchByteCount) bytes" }
    let pieces = executable.instructions.map { String($0.byteCount) }.joined(separator: " + ")
    var lines = [
      first,
      "    instructions \(pieces.isEmpty ? "0" : pieces) bytes, parameters \(executable.parameterByteCount) bytes, "
        + "narrow memory \(executable.narrowMemoryByteCount) bytes a tile",
      "    caching token \(hexadecimal(executable.parameterCachingToken))   \(time(executable))",
    ]
    lines += executable.inputs.map { "    in   " + describe($0) }
    lines += executable.outputs.map { "    out  " + describe($0) }
    return lines
  }

  private static func time(_ executable: EdgeTPUPackage.Executable) -> String {
    guard let cycles = executable.estimatedCycles, let seconds = executable.estimatedSeconds else {
      return "no estimate of cycles"
    }
    let clock = Int(EdgeTPUPackage.clockFrequency / 1e6)
    return "\(cycles) cycles, about \(Text.fixed(seconds * 1000, 3)) ms at \(clock) MHz (the compiler's estimate)"
  }

  private static func describe(_ layer: EdgeTPUPackage.Layer) -> String {
    let times = layer.executionsPerRun == 1 ? "" : "  \(layer.executionsPerRun) times a run"
    return
      "\(plain(layer.name))  \(layer.type) \(Text.shape(layer.sizes))  \(Text.quantization(layer.scale, layer.zeroPoint))  "
      + "\(layer.byteCount) bytes with padding" + times
  }

  private static func plain(_ text: String) -> String { Text.printable(text, 60) }

  private static func hexadecimal(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }

  // MARK: JSON

  var json: JSON {
    .list(nodes) { node in
      switch node.contents {
      case .package(let package): Self.json(package, node.index, verdict: status?.verdict(on: package))
      case .same(let subgraph, let index):
        .object([
          ("operator", .number(node.index)),
          ("same_as", .object([("subgraph", .number(subgraph)), ("operator", .number(index))])),
        ])
      case .failure(let message): .object([("operator", .number(node.index)), ("error", .string(message))])
      }
    }
  }

  private static func json(_ package: EdgeTPUPackage, _ index: Int, verdict: String?) -> JSON {
    .object([
      ("here", .optional(verdict)),
      ("operator", .number(index)), ("bytes", .number(package.range.count)),
      ("has_identifier", .bool(package.hasIdentifier)),
      ("min_runtime_version", .number(package.minimumRuntimeVersion)),
      ("keypair_version", .number(package.keypairVersion)), ("compiler_version", .string(package.compilerVersion)),
      ("virtual_chip_id", .number(package.virtualChip)),
      ("further_chips", .number(package.furtherChipCount)), ("model_identifier", .string(package.modelIdentifier)),
      ("signature_bytes", .number(package.signatureByteCount)),
      ("execution_preference", .number(package.executionPreference)),
      ("cached_parameter_bytes", .number(package.cachedParameterByteCount)),
      ("streamed_parameter_bytes", .number(package.streamedParameterByteCount)),
      ("executables", .array(package.executables.map(json))),
    ])
  }

  private static func json(_ executable: EdgeTPUPackage.Executable) -> JSON {
    .object([
      ("name", .string(executable.name)), ("type", .string(executable.kind.description)),
      ("chip", .string(executable.chip)), ("batch_size", .number(executable.batchSize)),
      ("scratch_bytes", .number(executable.scratchByteCount)),
      ("instruction_bytes", .numbers(executable.instructions.map(\.byteCount))),
      ("fixups", .numbers(executable.instructions.map(\.fixupCount))), ("version", .number(executable.version)),
      ("serialized_model_bytes", .number(executable.serializedModelByteCount)),
      ("dma_hints", .number(executable.transferHintCount)),
      ("fully_deterministic", .bool(executable.isFullyDeterministic)),
      ("use_tpu_dram_for_parameters", .bool(executable.usesDeviceMemory)),
      ("parameter_bytes", .number(executable.parameterByteCount)),
      ("used_narrow_memory_bytes_per_tile", .number(executable.narrowMemoryByteCount)),
      ("parameter_caching_token", .string(hexadecimal(executable.parameterCachingToken))),
      ("estimated_cycles", executable.estimatedCycles.map { .number(Int(clamping: $0)) } ?? .null),
      ("inputs", .array(executable.inputs.map(json))), ("outputs", .array(executable.outputs.map(json))),
    ])
  }

  private static func json(_ layer: EdgeTPUPackage.Layer) -> JSON {
    .object([
      ("name", .string(layer.name)), ("type", .string(layer.type.description)), ("shape", .numbers(layer.sizes)),
      ("padded_bytes", .number(layer.byteCount)), ("zero_point", .number(layer.zeroPoint)),
      ("scale", .real(Double(layer.scale))), ("executions_per_run", .number(layer.executionsPerRun)),
      ("cache_on_dram", .bool(layer.isInDeviceMemory)),
    ])
  }
}
