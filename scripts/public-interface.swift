// Reads the symbol graph of a module, as `swift symbolgraph-extract` writes it, and prints what is public in it: a line
// for each declaration, sorted by its name. Enumerations' cases and protocols' requirements are marked, since programs
// may break when one is added. Conformances are lines too, but for those that the compiler infers for some types and
// not for others. What it makes by itself, such as `hashValue`, is left out: the conformance stands for it.
//
// Usage: swift scripts/public-interface.swift interface|undocumented MODULE FOLDER
//   interface      prints the lines
//   undocumented   prints the names of declarations without a documentation comment, and ends with status 1 if there
//                  are any
// FOLDER holds MODULE.symbols.json and, for what the module adds to others' types, MODULE@OTHER.symbols.json.

import Foundation

struct SymbolGraph: Decodable {
  struct Symbol: Decodable {
    struct Kind: Decodable { let identifier: String }
    struct Identifier: Decodable { let precise: String }
    struct Fragment: Decodable { let spelling: String }
    struct Comment: Decodable {
      struct Line: Decodable { let text: String }
      let lines: [Line]
    }
    struct Location: Decodable { let uri: String }

    let kind: Kind
    let identifier: Identifier
    let pathComponents: [String]
    let declarationFragments: [Fragment]
    let docComment: Comment?
    /// Absent for what the compiler makes by itself.
    let location: Location?
  }

  struct Relationship: Decodable {
    let kind: String
    let source: String
    let target: String
    let targetFallback: String?
  }

  let symbols: [Symbol]
  let relationships: [Relationship]
}

extension SymbolGraph.Symbol {
  var name: String { pathComponents.joined(separator: ".") }

  /// The declaration on one line.
  var declaration: String {
    declarationFragments.map(\.spelling).joined().split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  var isDocumented: Bool {
    docComment?.lines.contains { !$0.text.allSatisfy(\.isWhitespace) } ?? false
  }
}

func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data((message + "\n").utf8))
  exit(2)
}

let arguments = CommandLine.arguments.dropFirst()
guard arguments.count == 3, let mode = arguments.first, ["interface", "undocumented"].contains(mode) else {
  fail("usage: swift scripts/public-interface.swift interface|undocumented MODULE FOLDER")
}
let module = arguments[arguments.startIndex + 1]
let folder = URL(fileURLWithPath: arguments[arguments.startIndex + 2])

var symbols: [SymbolGraph.Symbol] = []
var relationships: [SymbolGraph.Relationship] = []
do {
  let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
    $0 == "\(module).symbols.json" || $0.hasPrefix("\(module)@") && $0.hasSuffix(".symbols.json")
  }
  if names.isEmpty { fail("\(folder.path) has no symbol graph of \(module)") }
  for name in names.sorted() {
    let data = try Data(contentsOf: folder.appendingPathComponent(name))
    let graph = try JSONDecoder().decode(SymbolGraph.self, from: data)
    symbols += graph.symbols.filter { $0.location != nil }
    relationships += graph.relationships
  }
} catch {
  fail("the symbol graph of \(module) cannot be read: \(error)")
}

if mode == "undocumented" {
  let names = Set(symbols.filter { !$0.isDocumented }.map { "\($0.name)    \($0.declaration)" }).sorted()
  for name in names { print(name) }
  exit(names.isEmpty ? 0 : 1)
}

/// Requirements that a type has to meet itself.
let requirements = Set(relationships.filter { $0.kind == "requirementOf" }.map(\.source))
  .subtracting(relationships.filter { $0.kind == "defaultImplementationOf" }.map(\.target))
let namesByIdentifier = Dictionary(symbols.map { ($0.identifier.precise, $0.name) }) { first, _ in first }

var lines: Set<String> = []
for symbol in symbols {
  let mark =
    if symbol.kind.identifier == "swift.enum.case" {
      "[case] "
    } else if requirements.contains(symbol.identifier.precise) {
      "[requirement] "
    } else {
      ""
    }
  lines.insert("\(symbol.name): \(mark)\(symbol.declaration)")
}
let inferred: Set = ["Swift.Copyable", "Swift.Escapable", "Swift.SendableMetatype"]
for relationship in relationships where relationship.kind == "conformsTo" || relationship.kind == "inheritsFrom" {
  // Those of other modules' types are not ours to state.
  guard let name = namesByIdentifier[relationship.source] else { continue }
  let target = namesByIdentifier[relationship.target] ?? relationship.targetFallback ?? relationship.target
  if !inferred.contains(target) { lines.insert("\(name): conforms to \(target)") }
}
// By code units, so that the order is the same in every locale.
for line in lines.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) { print(line) }
