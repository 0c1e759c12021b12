import Foundation
import Testing

@testable import TinyTensor

/// Every case must give the reference's bytes.
@Suite("One-operator cases and small networks")
struct CaseTests {
  /// Runs all cases of a folder whose operator this library has; returns how many there were.
  private func check(_ folder: CaseFolder, where isIncluded: (CaseFolder.Row) -> Bool = { _ in true }) throws -> Int {
    var count = 0
    for row in folder.rows where isIncluded(row) {
      let description = try folder.description(row)
      let model = try Model(path: folder.model(row).path)
      var session = try model.makeSession()
      for run in 0..<description.runs {
        for index in description.inputs.indices {
          let bytes = try Fixtures.bytes(folder.file(row, "input", index, run: run))
          try session.setInput(model.input(at: index), bytes: bytes.span)
        }
        try session.run()
        for index in description.outputs.indices {
          let expected = try Fixtures.bytes(folder.file(row, "output", index, run: run))
          let given = try session.outputArray(model.output(at: index))
          #expect(given == expected, "\(row.case) \(row.op)/\(row.dtype): output \(index) of run \(run) differs")
        }
      }
      count += 1
    }
    return count
  }

  @Test("cases in Fixtures equal the reference", arguments: ["cases", "cases-extra"])
  func fixtures(folder: String) throws {
    let count = try check(CaseFolder(Fixtures.folder.appendingPathComponent(folder)))
    #expect(count > 200)
  }

  @Test(
    "cases beside the repository equal the reference",
    .enabled(if: Fixtures.shared != nil, "skipped: there is no folder ../shared"))
  func shared() throws {
    let operators: Set<String> = Set(OperatorEntry.all.map(\.code.name)).union(["NETWORK"])
    let shared = try #require(Fixtures.shared)
    let count = try check(CaseFolder(shared.appendingPathComponent("conformance"))) {
      operators.contains($0.op) && ($0.dtype == "int8" || $0.dtype == "uint8")
    }
    #expect(count >= 228)
  }
}
