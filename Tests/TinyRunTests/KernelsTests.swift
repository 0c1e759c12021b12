import Foundation
import Testing
@_spi(Kernels) import TinyTensor

@testable import tinyrun

@Suite("tinyrun kernels")
struct KernelsTests {
  private static let available = KernelSet.allCases.filter(\.isAvailable).map(\.rawValue)

  /// Checks a shape's entries: rates that fit together, and one pick.
  private func check(_ shape: [String: Any]) throws -> [[String: Any]] {
    let entries = try #require(shape["kernels"] as? [[String: Any]])
    let macs = try #require(shape["macs"] as? Int)
    var best = 0.0
    for entry in entries {
      let time = try #require(entry["us"] as? Double)
      let rate = try #require(entry["mac_per_ns"] as? Double)
      #expect(time > 0 && rate > 0)
      #expect(abs(rate * time * 1000 / Double(macs) - 1) < 0.05)
      let percent = try #require(entry["percent_of_best"] as? Double)
      best = max(best, percent)
      #expect(percent > 0 && percent <= 100)
      #expect(try #require(entry["percent_of_peak"] as? Double) <= 100)
    }
    #expect(best == 100)
    #expect(entries.count { $0["picked"] as? Bool == true } == 1)
    return entries
  }

  @Test("every set of kernels that is here runs a shape, and the one that models get is marked")
  func shapes() async throws {
    let result = try await Tool.run(
      "kernels", "48,64,33", "dw:9x7x20,3x3,2", "--seconds", "0.01", "--json")
    #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
    let json = try result.json
    #expect(
      Set(json.keys) == ["schema", "processor", "pick", "peak_mac_per_ns", "tolerance", "lagging", "shapes"])
    #expect(json["pick"] as? String == (try CPUOptions().chosenKernels()).rawValue)
    let shapes = try #require(json["shapes"] as? [[String: Any]])
    try #require(shapes.count == 2)
    #expect(shapes[0]["shape"] as? String == "48,64,33" && shapes[0]["macs"] as? Int == 48 * 64 * 33)
    #expect(shapes[1]["shape"] as? String == "dw:9x7x20,3x3,2" && shapes[1]["macs"] as? Int == 5 * 4 * 20 * 9)
    for shape in shapes {
      let entries = try check(shape)
      #expect(entries.compactMap { ($0["sets"] as? [String])?.first } == Self.available)
      let pick = try #require(entries.first { $0["picked"] as? Bool == true })
      #expect(pick["sets"] as? [String] == [json["pick"] as? String ?? ""])
    }
  }

  @Test("text has a table for each shape, with the pick marked")
  func text() async throws {
    let lines = try await Tool.run("kernels", "5,6,7", "--seconds", "0.01").output.split(separator: "\n")
    try #require(lines.count == 4 + Self.available.count)
    #expect(lines[0] == "5,6,7   210 MAC")
    #expect(lines[1].contains("MAC/ns") && lines[1].contains("% best") && lines[1].contains("% peak"))
    #expect(lines.count { $0.hasSuffix("<--") } == 1)
    #expect(lines[lines.count - 2].hasPrefix("peak "))
    #expect(lines[lines.count - 1].hasPrefix("the picked kernel is "))
  }

  @Test("a model has one row for each distinct layer")
  func model() async throws {
    let json = try await Tool.run(
      "kernels", Fixtures.path("models/mnist_dscnn_int8.tflite"), "--seconds", "0.05", "--json"
    ).json
    let shapes = try #require(json["shapes"] as? [[String: Any]])
    #expect(shapes.count == 8)
    #expect(Set(shapes.map { $0["operator"] as? String }) == ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"])
    #expect(shapes.reduce(0) { $0 + ($1["macs"] as? Int ?? 0) * ($1["count"] as? Int ?? 0) } == 500_832)
    for shape in shapes {
      let entries = try check(shape)
      #expect(entries.flatMap { $0["sets"] as? [String] ?? [] }.sorted() == Self.available.sorted())
      #expect(Set(entries.map { $0["kernel"] as? String }).count == entries.count)
    }
  }

  @Test("shapes come from a file, with counts and remarks")
  func file() async throws {
    let folder = try Folder()
    let file = try folder.file("shapes", Array("# remark\n\n4,5,6 3  # more\ndw:4x4x8,3x3,1\n".utf8))
    let json = try await Tool.run("kernels", "--shapes", file, "--seconds", "0.01", "--json").json
    let shapes = try #require(json["shapes"] as? [[String: Any]])
    #expect(shapes.map { $0["count"] as? Int } == [3, 1])
    for text in ["4,5", "4,5,6 0", "4,5,6 1 1", "# nothing"] {
      let bad = try folder.file("bad", Array(text.utf8))
      #expect(try await Tool.run("kernels", "--shapes", bad).status == 3, "\(text)")
    }
  }

  @Test("the shapes of a model are listed as a file of shapes has them")
  func list() async throws {
    let model = Fixtures.path("models/mnist_dscnn_int8.tflite")
    let list = try await Tool.run("kernels", model, "--list").output
    #expect(
      list == """
        196,9,16
        dw:14x14x16,3x3,1
        196,16,32
        dw:16x16x32,3x3,2
        49,32,64
        dw:7x7x64,3x3,1
        49,64,64
        1,64,10

        """)
    let file = try Folder()
    let again = try await Tool.run("kernels", "--list", "--shapes", file.file("shapes", Array(list.utf8))).output
    #expect(again == list)
  }

  @Test("no difference is beyond the largest tolerance")
  func tolerance() async throws {
    let words = ["kernels", "33,20,9", "--seconds", "0.01", "--tolerance", "1000000", "--assert"]
    #expect(try await Tool.run(words).status == 0)
  }

  private func trial(_ times: [Double], pick: Int, resolution: Double = 0) -> KernelTrial {
    KernelTrial(
      title: "t", name: nil, count: 1, multiplyAccumulates: 1000,
      entries: times.map { .init(kernel: "k\($0)", sets: ["s"], nanoseconds: $0) }, pick: pick, resolution: resolution)
  }

  @Test("a pick lags when it is slower than the best by more than the tolerance and than the clock can tell")
  func lag() throws {
    #expect(trial([100, 104], pick: 1).best == 0)
    #expect(!trial([100, 104], pick: 1).lags(by: 5))
    #expect(trial([100, 106], pick: 1).lags(by: 5))
    #expect(!trial([100, 106], pick: 1, resolution: 10).lags(by: 5))
    #expect(!trial([100, 106], pick: 0).lags(by: 0))
    #expect(trial([100, 200], pick: 1).lag == 100)
    #expect(trial([100, 200], pick: 1).rate(1) == 5)

    var merged = trial([100, 200], pick: 1)
    merged.merge(trial([150, 102], pick: 1))
    #expect(merged.entries.map(\.nanoseconds) == [100, 102] && !merged.lags(by: 5))

    func report(_ trials: KernelTrial...) -> KernelReport {
      KernelReport(trials: trials, pick: .portable, measuredPeak: 1, tolerance: 5)
    }
    #expect(report(trial([100, 104], pick: 1)).complaint == nil)
    let complaint = try #require(report(trial([100, 104], pick: 1), trial([100, 150], pick: 1)).complaint)
    #expect(complaint.contains("on 1 of 2 shapes") && complaint.contains("50.0 %"))
  }

  @Test("turns are shared by time, and each contestant has a few")
  func turns() {
    var turns = [0, 0, 0]
    var order: [Int] = []
    Turns.take(3, seconds: 0.0003) { contestant in
      turns[contestant] += 1
      order.append(contestant)
      return [1000, 10_000, 1_000_000][contestant]
    }
    // 0.1 ms each: the last one's turns are too long for it, but it has them.
    #expect(turns == [100, 10, 3] || turns == [112, 16, 3])
    // The first does not have all its turns before the others have any.
    #expect(Set(order.prefix(turns[0] / 2)).count == 3)
  }
}

@Suite("made-up layers")
struct SampleLayerTests {
  @Test(
    "all sets of kernels give the bytes of the reference",
    arguments: [
      "1,1,1", "1,4,16", "7,3,5", "6,64,64", "13,37,70", "48,192,64", "3,1000,17", "2,20000,3", "dw:1x1x1,1x1,1",
      "dw:5x5x3,3x3,1", "dw:9x7x16,3x3,1", "dw:8x8x32,3x3,1", "dw:8x9x8,3x3,1", "dw:8x8x64,3x3,2", "dw:11x4x70,5x5,1",
      "dw:6x6x24,5x5,2", "dw:2x3x40,7x3,3", "dw:1x1x8,3x3,1",
    ])
  func exact(_ text: String) throws {
    let shape = try #require(LayerShape(text))
    #expect("\(shape)" == text)
    var reference = try SampleLayer(shape, kernels: .reference, seed: 3)
    reference.run()
    let expected = reference.output()
    #expect(expected.count == 1 || Set(expected).count > 1)
    for set in KernelSet.allCases where set.isAvailable {
      var layer = try SampleLayer(shape, kernels: set, seed: 3)
      #expect(layer.output() == [Int8](repeating: 0, count: expected.count))
      layer.run()
      layer.run()
      #expect(layer.output() == expected, "\(set)")
    }
  }

  @Test(
    "what is no shape is not understood",
    arguments: [
      "", "1", "1,2", "1,2,3,4", "0,1,1", "-1,1,1", "1,,1", "a,b,c", "1,2,99999999999", "dw:", "dw:1x1x1",
      "dw:1x1,1x1,1", "dw:1x1x1,1x1,0", "dw:1x1x1,1,1", "dw:1x1x1,1x1,1,1",
    ])
  func noShape(_ text: String) {
    #expect(LayerShape(text) == nil)
  }

  @Test(
    "layers that are too large are refused",
    arguments: [
      "2147483647,2147483647,1", "1,2147483647,1", "1,1,2147483647", "1,40000,1", "dw:99999x99999x9,1x1,1",
      "dw:1x1x1,2147483647x2147483647,1", "dw:1x1x1,1x1,2147483647",
    ])
  func tooLarge(_ text: String) throws {
    let shape = try #require(LayerShape(text))
    #expect(throws: ModelError.self) { _ = try SampleLayer(shape, kernels: .portable).shape }
  }
}
