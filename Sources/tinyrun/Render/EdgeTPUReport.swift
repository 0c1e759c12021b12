import TinyTensor

/// What `inspect` says of the nodes of a subgraph that were compiled for the Edge TPU.
struct EdgeTPUReport {
  /// A node, and its package or why that cannot be read.
  struct Node {
    let index: Int
    let package: Result<EdgeTPUPackage, ModelError>
  }

  let nodes: [Node]
  /// What there is on this machine; looked up where there is a node.
  private let status: EdgeTPUStatus?

  init(_ file: ModelFile, subgraph: Int) {
    let nodes: [Node] = file.subgraphs[subgraph].operators.enumerated().compactMap { index, node in
      do throws(ModelError) {
        return try file.edgeTPUPackage(of: node).map { Node(index: index, package: .success($0)) }
      } catch {
        return Node(index: index, package: .failure(error))
      }
    }
    self.nodes = nodes
    status = nodes.isEmpty ? nil : EdgeTPUStatus()
  }

  // MARK: Text

  var lines: [String] {
    nodes.flatMap { node in
      switch node.package {
      case .success(let package):
        ["operator \(node.index) for the Edge TPU: " + Self.summary(package)]
          + [Text.printable("  " + (status?.verdict(on: package) ?? ""))] + Self.memory(package)
          + package.executables.flatMap(Self.lines)
      case .failure(let error): ["operator \(node.index) for the Edge TPU: \(Text.printable(error.message))"]
      }
    }
  }

  /// What a package is, without what this machine makes of it.
  static func facts(_ package: EdgeTPUPackage) -> [String] {
    [summary(package)] + memory(package) + package.executables.flatMap(lines)
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

  private static func plain(_ text: String) -> String { Text.shortened(Text.printable(text), 60) }

  private static func hexadecimal(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }

  // MARK: JSON

  var json: JSON {
    .array(
      nodes.map { node in
        switch node.package {
        case .success(let package):
          Self.json(package, node.index, verdict: status?.verdict(on: package))
        case .failure(let error):
          .object([("operator", .number(node.index)), ("error", .string(error.message))])
        }
      })
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
