import AllocationCounter
import Foundation
import Testing

@testable import TinyTensor

/// Whether float32 results are as near to the reference's as mathematical libraries are to each other.
func areNear(_ given: [UInt8], _ expected: [UInt8]) -> Bool {
  let (given, expected): ([Float], [Float]) = (elements(given), elements(expected))
  return given.count == expected.count
    && zip(given, expected).allSatisfy { ($0 - $1).magnitude <= 1e-6 + 1e-5 * $1.magnitude }
}

@Suite("Elementwise operators, reductions and softmax against the reference")
struct ElementwiseCaseTests {
  /// Runs cases of a folder; float32 outputs may differ in the last places, others not at all. Returns how many there
  /// were.
  private func check(_ folder: CaseFolder, where isIncluded: (CaseFolder.Row) -> Bool = { _ in true }) throws -> Int {
    var count = 0
    for row in folder.rows where isIncluded(row) {
      let description = try folder.description(row)
      let model = try Model(path: folder.model(row).path)
      var session = try model.makeSession()
      for index in description.inputs.indices {
        let bytes = try Fixtures.bytes(folder.file(row, "input", index, run: 0))
        try session.setInput(model.input(at: index), bytes: bytes.span)
      }
      try session.run()
      for index in description.outputs.indices {
        let expected = try Fixtures.bytes(folder.file(row, "output", index, run: 0))
        let given = try session.outputArray(model.output(at: index))
        let isFloat = description.outputs[index].dtype == "float32"
        #expect(
          isFloat ? areNear(given, expected) : given == expected,
          "\(row.case) \(row.op)/\(row.dtype): output \(index) differs")
      }
      count += 1
    }
    return count
  }

  @Test("cases in Fixtures")
  func fixtures() throws {
    let folder = Fixtures.folder.appendingPathComponent("cases-elementwise")
    #expect(try check(CaseFolder(folder)) > 250)
  }

  @Test("runs allocate nothing", .enabled(if: tinytensor_counts_allocations() == 1))
  func allocations() throws {
    let folder = try CaseFolder(Fixtures.folder.appendingPathComponent("cases-elementwise"))
    for row in folder.rows {
      let model = try Model(path: folder.model(row).path)
      var session = try model.makeSession()
      for index in model.inputs.indices {
        let bytes = try Fixtures.bytes(folder.file(row, "input", index, run: 0))
        try session.setInput(model.input(at: index), bytes: bytes.span)
      }
      // The first run may make what the language's runtime makes once.
      try session.run()
      let before = tinytensor_allocation_count()
      try session.run()
      let count = tinytensor_allocation_count() - before
      #expect(count == 0, "\(row.case) \(row.op)/\(row.dtype)")
    }
  }

  @Test(
    "quantized cases beside the repository",
    .enabled(if: Fixtures.shared != nil, "skipped: there is no folder ../shared"))
  func shared() throws {
    let operators: Set<String> = [
      "ABS", "ADD", "EQUAL", "EXP", "GELU", "GREATER", "HARD_SWISH", "L2_NORMALIZATION", "LEAKY_RELU", "LESS_EQUAL",
      "LOG", "LOGISTIC", "LOG_SOFTMAX", "MAXIMUM", "MEAN", "MINIMUM", "MUL", "PRELU", "REDUCE_MAX", "REDUCE_MIN",
      "RELU", "RELU6", "RELU_N1_TO_1", "RSQRT", "SOFTMAX", "SQUARED_DIFFERENCE", "SUB", "SUM", "TANH",
    ]
    let shared = try #require(Fixtures.shared)
    let count = try check(CaseFolder(shared.appendingPathComponent("conformance"))) { operators.contains($0.op) }
    #expect(count == 408)
  }
}
