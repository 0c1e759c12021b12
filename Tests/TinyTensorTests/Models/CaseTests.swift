import AllocationCounter
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
      let model = try Model(path: folder.model(row).path, options: description.options)
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
          let isEqual =
            description.exact || description.outputs[index].dtype != "float32"
            ? given == expected : isClose(given, expected)
          if let shapes = description.outputs[index].shapes {
            #expect(try session.shape(of: model.output(at: index)) == shapes[run], "\(row.case): shape of run \(run)")
          }
          #expect(isEqual, "\(row.case) \(row.op)/\(row.dtype): output \(index) of run \(run) differs")
        }
      }
      // What the language's runtime makes once is made by now.
      if description.runs == 1, tinytensor_counts_allocations() == 1 {
        let before = tinytensor_allocation_count()
        try session.run()
        #expect(tinytensor_allocation_count() == before, "\(row.case) \(row.op)/\(row.dtype): a run allocates")
      }
      count += 1
    }
    return count
  }

  /// Whether float32 outputs differ by no more than 1e-6 and a hundred-thousandth of the expected value.
  private func isClose(_ given: [UInt8], _ expected: [UInt8]) -> Bool {
    guard given.count == expected.count else { return false }
    for (value, wanted) in zip(floats(given), floats(expected)) where value.bitPattern != wanted.bitPattern {
      // Not a number is close to nothing.
      guard (value - wanted).magnitude <= 1e-6 + 1e-5 * wanted.magnitude else { return false }
    }
    return true
  }

  @Test(
    "cases in Fixtures equal the reference",
    arguments: [
      "cases": 228, "cases-extra": 310, "cases-float": 158, "cases-elementwise": 288, "cases-recurrent": 156,
      "cases-control": 8,
      "cases-recurrent-hybrid": 171,
      "cases-shapes": 68, "cases-half": 20, "cases-arithmetic": 193, "cases-further": 504,
    ])
  func fixtures(folder: String, expectedCount: Int) throws {
    let count = try check(CaseFolder(Fixtures.folder.appendingPathComponent(folder)))
    #expect(count == expectedCount)
  }

  @Test(
    "cases beside the repository equal the reference",
    .enabled(if: Fixtures.shared != nil, "skipped: there is no folder ../shared"))
  func shared() throws {
    let shared = try #require(Fixtures.shared)
    let count = try check(CaseFolder(shared.appendingPathComponent("conformance")))
    #expect(count == 1080)
  }
}
