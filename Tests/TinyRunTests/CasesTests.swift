import Foundation
import Testing

@Suite("tinyrun cases")
struct CasesTests {
  /// A folder with one case, run.
  private func run(
    _ model: String, inputs: [[UInt8]], output: [UInt8], _ members: [String: Any]
  ) async throws -> Tool.Result {
    let folder = try Folder()
    let place = folder.url.appendingPathComponent("case-0")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try Data(Fixtures.bytes(model)).write(to: place.appendingPathComponent("model.tflite"))
    for (index, bytes) in inputs.enumerated() {
      try Data(bytes).write(to: place.appendingPathComponent("input-\(index).bin"))
    }
    try Data(output).write(to: place.appendingPathComponent("output-0.bin"))
    let row: [String: Any] = ["case": "case-0", "op": "X", "dtype": "uint8"]
    try JSONSerialization.data(withJSONObject: ["cases": [row]]).write(
      to: folder.url.appendingPathComponent("index.json"))
    let plain = (0..<inputs.count).map { _ in ["dtype": "uint8"] }
    let description: [String: Any] = ["runs": 1, "exact": true, "inputs": plain, "outputs": [["dtype": "uint8"]]]
    try JSONSerialization.data(withJSONObject: description.merging(members) { $1 }).write(
      to: place.appendingPathComponent("case.json"))
    return try await Tool.run("cases", folder.url.path, "--quiet")
  }

  @Test("a case says which shapes its inputs have; parameters of other kinds are the operator's")
  func shapes() async throws {
    let model = "described/colours.tflite"
    let pixels: [UInt8] = [51, 0, 10, 153, 0, 20]
    let shaped = try await run(
      model, inputs: [pixels], output: [102, 0, 15], ["params": ["shape": "image=1,1,2,3"]])
    #expect(shaped.status == 0 && shaped.output.contains("1 passed, 0 failed"), "\(shaped.output)")
    for parameters in [[:], ["shape": [1, 1, 2, 3]]] as [[String: Any]] {
      let own = try await run(model, inputs: [pixels], output: [102, 0, 15], ["params": parameters])
      #expect(own.status == 1 && own.output.contains("takes 3 bytes; there are 6"))
    }
  }

  @Test("a case says which signature runs")
  func signature() async throws {
    let input = try Fixtures.input(3)
    let scores = try Fixtures.scores("mnist_cnn_int8", 3)
    for (key, status) in [("serving_default", Int32(0)), ("none", 1)] {
      let result = try await run(
        "models/mnist_cnn_int8.tflite", inputs: [input], output: scores, ["params": ["signature": key]])
      #expect(result.status == status, "\(result.output)")
    }
  }

  @Test("files are those of the tensors that the case gives, in whichever order")
  func tensors() async throws {
    let folder = "cases/case-83"
    let inputs = try (0..<3).map { try Fixtures.bytes("\(folder)/input-\($0).bin") }
    let output = try Fixtures.bytes("\(folder)/output-0.bin")
    let description = try #require(
      try JSONSerialization.jsonObject(with: Data(Fixtures.bytes("\(folder)/case.json"))) as? [String: Any])
    let places = try #require(description["inputs"] as? [[String: Any]])
    let order = [2, 0, 1]
    let turned: [String: Any] = ["inputs": order.map { places[$0] }]
    let result = try await run("\(folder)/model.tflite", inputs: order.map { inputs[$0] }, output: output, turned)
    #expect(result.status == 0, "\(result.output)")
    // Without them the order is all there is.
    let wrong = try await run("\(folder)/model.tflite", inputs: order.map { inputs[$0] }, output: output, [:])
    #expect(wrong.status == 1)
  }
}
