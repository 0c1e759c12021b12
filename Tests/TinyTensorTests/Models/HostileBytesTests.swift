import Foundation
import Testing

@testable import TinyTensor

/// Damaged files end in a model that runs or in an error. A trap would end the test process: that is the failure.
@Suite("Damaged files")
struct HostileBytesTests {
  /// Loads and runs; says whether that went through.
  private func tries(_ bytes: [UInt8]) -> Bool {
    var limits = ModelOptions.Limits()
    limits.tensorBytes = 1 << 20
    limits.arenaBytes = 1 << 21
    do {
      let file = try ModelFile(bytes: bytes)
      let model = try Model(file, options: ModelOptions(limits: limits))
      var session = try model.makeSession()
      try session.run()
      return true
    } catch {
      return false
    }
  }

  static let models: [String] = ["convolution", "everything"]

  private func model(_ name: String) -> [UInt8] {
    if name == "convolution" { return TestModel.convolution().bytes }
    // Most operators, views among them, in one small graph.
    var test = TestModel()
    let input = test.input([1, 4, 4, 2], .int8, scale: 0.5)
    let padded = test.tensor("padded", [1, 5, 5, 2], .int8, scale: 0.5)
    let paddings = test.constant("paddings", [4, 2], .int32, [Int32(0), 0, 0, 1, 0, 1, 0, 0])
    test.add(.pad, [input, paddings], [padded])
    let filter = test.constant(
      "filter", [1, 2, 2, 2], .int8, [Int8](repeating: 3, count: 8), scales: [0.25, 0.5], axis: 3)
    let filtered = test.tensor("filtered", [1, 4, 4, 2], .int8, scale: 0.5)
    test.add(.depthwiseConv2D, [padded, filter], [filtered], options: Options.depthwise(padding: 1))
    let sum = test.tensor("sum", [1, 4, 4, 2], .int8, scale: 0.5)
    test.add(.add, [filtered, input], [sum], options: Options.add())
    let pooled = test.tensor("pooled", [1, 2, 2, 2], .int8, scale: 0.5)
    test.add(.averagePool2D, [sum], [pooled], options: Options.pool(stride: 2))
    let joined = test.tensor("joined", [1, 2, 2, 4], .int8, scale: 0.5)
    test.add(.concatenation, [pooled, pooled], [joined], options: Options.concatenation(axis: -1))
    let axes = test.constant("axes", [2], .int32, [Int32(1), 2])
    let mean = test.tensor("mean", [1, 4], .int8, scale: 0.5)
    test.add(.mean, [joined, axes], [mean], options: Options.reduce(keepsAxes: false))
    let flat = test.tensor("flat", [4], .int8, scale: 0.5)
    test.add(.reshape, [mean], [flat], options: Options.reshape([4]))
    let weights = test.constant("weights", [3, 4], .int8, [Int8](repeating: -2, count: 12), scales: [0.5])
    let scores = test.tensor("scores", [1, 3], .int8, scale: 0.5)
    test.add(.fullyConnected, [flat, weights, -1], [scores], options: Options.fullyConnected())
    let output = test.output([1, 3], .int8, scale: 1 / 256, zeroPoint: -128)
    test.add(.softmax, [scores], [output], options: Options.softmax())
    return test.bytes
  }

  @Test("every truncation", arguments: models)
  func truncations(name: String) {
    let bytes = model(name)
    #expect(tries(bytes))
    var accepted = 0
    for count in 0..<bytes.count where tries(Array(bytes[..<count])) { accepted += 1 }
    #expect(accepted < bytes.count / 2)
  }

  @Test("every single changed byte", arguments: models)
  func changes(name: String) {
    let bytes = model(name)
    var accepted = 0
    var total = 0
    for index in bytes.indices {
      for value in [0, 1, 0x7F, 0x80, 0xFF, bytes[index] ^ 4, bytes[index] &+ 1] where value != bytes[index] {
        var changed = bytes
        changed[index] = value
        total += 1
        if tries(changed) { accepted += 1 }
      }
    }
    // Most bytes are offsets, sizes and codes; weights and names may change freely.
    #expect(accepted > 0)
    #expect(accepted < total)
  }

  @Test("random changes of several bytes", arguments: models)
  func random(name: String) {
    let bytes = model(name)
    var generator = SplitMix(state: 7)
    for _ in 0..<4000 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...12, using: &generator) {
        let index = Int.random(in: 0..<changed.count, using: &generator)
        let values = [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &generator)]
        changed[index] = values.randomElement(using: &generator) ?? 0
      }
      _ = tries(changed)
    }
  }
}
