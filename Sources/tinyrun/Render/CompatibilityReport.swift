import TinyTensor

/// What `check` says of a model.
struct CompatibilityReport {
  let path: String
  let result: EdgeTPUCompatibility

  /// Operators of one kind with one status, in the order of their first appearance.
  struct Group {
    let name: String
    let status: EdgeTPUCompatibility.Status
    let role: EdgeTPUCompatibility.Role
    var operators: [EdgeTPUCompatibility.Operator]
  }

  private struct Key: Hashable {
    let name: String
    let status: EdgeTPUCompatibility.Status
    let role: EdgeTPUCompatibility.Role
  }

  var groups: [Group] {
    var groups: [Group] = []
    var places: [Key: Int] = [:]
    for op in result.operators {
      let key = Key(name: op.name, status: op.status, role: op.role)
      if let place = places[key] {
        groups[place].operators.append(op)
      } else {
        places[key] = groups.count
        groups.append(Group(name: op.name, status: op.status, role: op.role, operators: [op]))
      }
    }
    return groups
  }

  private var isCompiled: Bool { result.obstacle == .alreadyCompiled }

  /// How many operators stay on the CPU, float ends aside.
  private var leftCount: Int { result.operators.count { $0.status != .mapped && $0.role != .floatEnd } }

  /// Why the model as a whole would not be mapped.
  var shortfall: String {
    switch result.obstacle {
    case .notQuantized: "not quantized to 8 bits: nothing would be mapped"
    case .sizeNotFixed: "a size is not fixed: as it is, nothing would be mapped"
    case .alreadyCompiled: "its compiler left \(Text.plural(leftCount, "operator")) on the CPU"
    case nil:
      result.operators.isEmpty
        ? "there are no operators to map" : "\(Text.plural(leftCount, "operator")) would stay on the CPU"
    }
  }

  // MARK: Text

  func text(operators: Bool) -> String {
    var lines = [Text.printable("\(path)  \(verdict)")]
    if let obstacle { lines.append(obstacle) }
    lines.append("")
    lines += table
    if operators { lines += [""] + operatorLines }
    lines.append("")
    if let index = result.firstBlocker { lines += blockerLines(result.operators[index]) }
    lines += advice
    lines += counts
    return lines.joined(separator: "\n")
  }

  private var verdict: String {
    if isCompiled { return "is compiled for the Edge TPU already" }
    if result.mapsWhole { return "would probably map to the Edge TPU, runtime \(result.runtimeVersion)" }
    if case .sizeNotFixed = result.obstacle {
      return "would probably not map to the Edge TPU as it is, runtime \(result.runtimeVersion)"
    }
    if result.mappedCount == 0 { return "would probably not map to the Edge TPU, runtime \(result.runtimeVersion)" }
    return "would probably map to the Edge TPU in part, runtime \(result.runtimeVersion)"
  }

  private var obstacle: String? {
    switch result.obstacle {
    case .notQuantized:
      "quantize it first: convert with full integer quantization, so that weights and activations have 8 bits"
    case .sizeNotFixed(let tensor):
      "the compiler wants constant sizes: fix those of \(plain(tensor)) (of a batch, to 1), and convert again. Then:"
    case .alreadyCompiled, nil: nil
    }
  }

  private var table: [String] {
    // The longest status has 83 characters.
    var table = TextTable([.init("Operator"), .init("Count", .right), .init("Status", limit: 90)])
    for group in groups {
      table.add([plain(group.name), "\(group.operators.count)", status(group.status, group.role)])
    }
    return table.lines
  }

  private func status(_ status: EdgeTPUCompatibility.Status, _ role: EdgeTPUCompatibility.Role) -> String {
    if !isCompiled { return "\(status)" }
    return role == .compiled ? "compiled for the Edge TPU" : "stays on the CPU"
  }

  private var operatorLines: [String] {
    var table = TextTable([
      .init("#", .right), .init("operator"), .init("v", .right), .init("status", limit: 90),
    ])
    for op in result.operators {
      table.add(["\(op.index)", plain(op.name), "\(op.version)", status(op.status, op.role)])
    }
    var lines = table.lines
    if isCompiled { return lines }
    // The table's first line has the titles.
    for (position, op) in result.operators.enumerated().reversed() where op.status != .mapped {
      lines.insert("      \(plain(op.reason))\(op.advice.isEmpty ? "" : ": \(op.advice)")", at: position + 2)
    }
    return lines
  }

  private func blockerLines(_ op: EdgeTPUCompatibility.Operator) -> [String] {
    if isCompiled { return ["the first operator on the CPU is \(op.index) (\(plain(op.name)))"] }
    let followers = result.operators.count { $0.status == .moreThanOneSubgraph }
    var line = "operator \(op.index) (\(plain(op.name))) is the first that stays on the CPU: \(plain(op.reason))"
    if followers > 0 { line += "; with it \(Text.plural(followers, "operator")) that could be mapped" }
    return [line]
  }

  /// What to change, once for each kind of operator and reason.
  private var advice: [String] {
    if isCompiled { return [] }
    var seen: Set<[String]> = []
    var lines: [String] = []
    for op in result.operators
    where op.status != .mapped && op.status != .moreThanOneSubgraph && op.role != .floatEnd && !op.advice.isEmpty {
      guard seen.insert([op.name, op.reason]).inserted else { continue }
      lines.append("  \(plain(op.name)): \(plain(op.reason)); \(op.advice)")
    }
    return lines.isEmpty ? [] : ["what to change:"] + lines
  }

  private var counts: [String] {
    let total = result.operators.count
    if isCompiled {
      return ["\(result.mappedCount) compiled, \(total - result.mappedCount) of \(total) operators run on the CPU"]
    }
    var lines = [
      "\(result.mappedCount) of \(total) operators would probably run on the Edge TPU, "
        + "\(total - result.mappedCount) on the CPU"
    ]
    if result.mappedCount > 0 {
      lines.append(
        "parameters on the chip (estimate): \(Text.bytes(result.cachedParameterByteCount)) cached, "
          + "\(Text.bytes(result.streamedParameterByteCount)) streamed in every run, of "
          + "\(Text.bytes(EdgeTPUCompatibility.parameterMemoryByteCount)) or somewhat less")
    }
    return lines
  }

  private func plain(_ text: String) -> String { Text.printable(text, 120) }

  // MARK: JSON

  var json: JSON {
    .object([
      ("schema", .number(1)), ("file", .string(path)), ("runtime_version", .number(result.runtimeVersion)),
      ("would_probably_map", .bool(result.mapsWhole)), ("obstacle", obstacleName),
      ("first_blocker", .optional(result.firstBlocker)), ("mapped", .number(result.mappedCount)),
      ("on_cpu", .number(result.operators.count - result.mappedCount)),
      (
        "memory",
        .object([
          ("is_estimate", .bool(true)), ("cached_parameter_bytes", .number(result.cachedParameterByteCount)),
          ("streamed_parameter_bytes", .number(result.streamedParameterByteCount)),
          ("chip_parameter_bytes", .number(EdgeTPUCompatibility.parameterMemoryByteCount)),
        ])
      ),
      (
        "groups",
        .array(
          groups.map { group in
            .object([
              ("name", .string(group.name)), ("count", .number(group.operators.count)),
              ("status", .string(group.status.description)),
            ])
          })
      ),
      ("operators", .array(result.operators.map(Self.json))),
    ])
  }

  private var obstacleName: JSON {
    switch result.obstacle {
    case .alreadyCompiled: .string("already_compiled")
    case .notQuantized: .string("not_quantized")
    case .sizeNotFixed: .string("size_not_fixed")
    case nil: .null
    }
  }

  private static func json(_ op: EdgeTPUCompatibility.Operator) -> JSON {
    let role =
      switch op.role {
      case .inner: "inner"
      case .floatEnd: "float_end"
      case .inputConversion: "input_conversion"
      case .compiled: "compiled"
      }
    return .object([
      ("index", .number(op.index)), ("name", .string(op.name)), ("version", .number(op.version)),
      ("status", .string(op.status.description)), ("mapped", .bool(op.status == .mapped)), ("role", .string(role)),
      ("reason", .string(op.reason)), ("advice", .string(op.advice)),
    ])
  }
}
