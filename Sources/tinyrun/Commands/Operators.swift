import TinyTensor

/// `tinyrun operators`: what this version runs.
enum Operators {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(words, flags: ["--all", "--markdown", "--json"])
    guard arguments.positional.isEmpty else { throw Failure(.usage, "operators takes options alone") }
    var rows = SupportedOperator.all.map { [$0.name, $0.types, "\($0.newestVersion)"] }
    if arguments.has("--all") {
      let supported = Set(SupportedOperator.all.map(\.builtin))
      for builtin in BuiltinOperator.all where !supported.contains(builtin) {
        rows.append([builtin.name, "refused", ""])
      }
    }
    if arguments.has("--json") {
      let list = rows.map { row in
        JSON.object([
          ("operator", .string(row[0])), ("supported", .bool(!row[2].isEmpty)),
          ("types", row[2].isEmpty ? .null : .string(row[1])),
          ("newest_version", Int(row[2]).map { .number($0) } ?? .null),
        ])
      }
      try Terminal.print(JSON.object([("schema", .number(1)), ("operators", .array(list))]))
      return
    }
    if arguments.has("--markdown") {
      try Terminal.print("| operator | types | newest version |\n|---|---|---|")
      for row in rows { try Terminal.print("| \(row[0]) | \(row[1]) | \(row[2]) |") }
      return
    }
    let width = rows.map { $0[0].count }.max() ?? 0
    for row in rows { try Terminal.print("\(Text.padded(row[0], width))  \(Text.right(row[2], 2))  \(row[1])") }
  }
}
