import Foundation
import Testing

@testable import TinyTensor

@Suite("List of operators")
struct OperatorTableTests {
  @Test("the README's table is the list in the code")
  func readme() throws {
    let text = try String(contentsOf: Fixtures.repository.appendingPathComponent("README.md"), encoding: .utf8)
    let begin = try #require(text.range(of: "<!-- operators -->"))
    let end = try #require(text.range(of: "<!-- /operators -->"))
    let rows = text[begin.upperBound..<end.lowerBound].split(separator: "\n").filter { $0.hasPrefix("|") }.dropFirst(2)
    let given = rows.map { row in
      row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces).replacingOccurrences(of: "`", with: "") }
    }
    let expected = OperatorEntry.all.map { entry in
      [entry.name, entry.types.description, "\(entry.newestVersion)"]
    }
    #expect(given == expected, "scripts/update-operator-table.sh writes the table anew")
  }
}
