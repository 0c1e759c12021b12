import Foundation
import Testing
import TinyTensor

@Suite("tinyrun bench")
struct BenchTests {
  /// A result's members, each with a value that makes sense whatever the machine.
  private func check(_ json: [String: Any], sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(json["schema"] as? Int == 1, sourceLocation: sourceLocation)
    #expect(json["device"] as? String == "cpu", sourceLocation: sourceLocation)
    let kernels = KernelSet(rawValue: json["kernels"] as? String ?? "")
    #expect(kernels?.isAvailable == true, sourceLocation: sourceLocation)
    let times = try #require(json["us"] as? [String: Double], sourceLocation: sourceLocation)
    #expect(Set(times.keys) == ["min", "p50", "mean", "p90", "p99", "max", "sd"], sourceLocation: sourceLocation)
    let rising = try ["min", "p50", "p90", "p99", "max"].map { try #require(times[$0]) }
    #expect(rising == rising.sorted() && rising[0] > 0, sourceLocation: sourceLocation)
    let mean = try #require(times["mean"])
    #expect(mean >= rising[0] && mean <= rising[4], sourceLocation: sourceLocation)
    for name in ["load_ms", "first_run_ms", "inferences_per_second"] {
      #expect(try #require(json[name] as? Double) > 0, "\(name)", sourceLocation: sourceLocation)
    }
    #expect(try #require(json["peak_rss_bytes"] as? Int) > 1 << 20, sourceLocation: sourceLocation)
    #if os(Linux) && canImport(Glibc) && (arch(x86_64) || arch(arm64))
      let calls = try #require(json["mallocs_per_run"] as? Double, sourceLocation: sourceLocation)
      #if DEBUG
        // Unoptimised, the other sessions' threads make generic types when they first measure.
        #expect(calls == 0 || json["sessions"] as? Int != 1, sourceLocation: sourceLocation)
      #else
        #expect(calls == 0, sourceLocation: sourceLocation)
      #endif
    #else
      #expect(json["mallocs_per_run"] is NSNull, sourceLocation: sourceLocation)
    #endif
  }

  @Test(
    "JSON is one line with every member",
    arguments: ["mnist_cnn_int8", "mnist_cnn_uint8", "mnist_cnn_float_io_int8", "mnist_mlp_int8", "mnist_dscnn_int8"])
  func json(name: String) async throws {
    let model = Fixtures.path("models/\(name).tflite")
    let result = try await Tool.run("bench", model, "--runs", "20", "--warmup", "2", "--json")
    #expect(result.status == 0 && result.error.isEmpty)
    #expect(result.output.split(separator: "\n").count == 1)
    let json = try result.json
    try check(json)
    #expect(
      Set(json.keys) == [
        "schema", "model", "device", "kernels", "threads", "sessions", "seed", "inputs", "runs", "us", "load_ms",
        "first_run_ms", "arena_bytes", "packed_bytes", "peak_rss_bytes", "mallocs_per_run", "inferences_per_second",
      ])
    #expect(json["model"] as? String == model)
    #expect(json["runs"] as? Int == 20)
    #expect(json["threads"] as? Int == 1 && json["sessions"] as? Int == 1 && json["seed"] as? Int == 1)
    #expect(json["inputs"] as? String == "random")
    let inspected = try await Tool.run("inspect", model, "--json").json
    let memory = try #require(inspected["memory"] as? [String: Any])
    #expect(json["arena_bytes"] as? Int == memory["arena_bytes"] as? Int)
    #expect(json["packed_bytes"] as? Int == memory["packed_bytes"] as? Int)
  }

  @Test("time ends the runs, but not before ten of them")
  func seconds() async throws {
    let json = try await Tool.run("bench", Fixtures.model, "--seconds", "0.000001", "--json").json
    try check(json)
    #expect(json["runs"] as? Int == 10)
  }

  @Test("sessions run at the same time, each as often as is asked for")
  func sessions() async throws {
    let json = try await Tool.run(
      "bench", Fixtures.model, "--sessions", "3", "--runs", "40", "--warmup", "0", "--json"
    ).json
    try check(json)
    #expect(json["sessions"] as? Int == 3)
    #expect(json["runs"] as? Int == 120)
  }

  @Test("the options of all commands that run models are said again")
  func options() async throws {
    let json = try await Tool.run(
      "bench", Fixtures.model, "--threads", "2", "--kernels", "reference", "--fixed-point", "--seed", "7", "--runs",
      "2",
      "--json"
    ).json
    try check(json)
    // No more than there are processors.
    #expect(json["threads"] as? Int == min(2, ProcessInfo.processInfo.activeProcessorCount))
    #expect(json["kernels"] as? String == "reference")
    #expect(json["seed"] as? Int == 7)
  }

  @Test("text has the figures that people look for")
  func text() async throws {
    let result = try await Tool.run("bench", Fixtures.model, "--runs", "20", "--sessions", "2")
    #expect(result.status == 0 && result.error.isEmpty)
    let lines = result.output.split(separator: "\n").map(String.init)
    try #require(lines.count == 4)
    #expect(lines[0].hasPrefix("cpu  ") && lines[0].contains("2 sessions"))
    #expect(lines[1].hasPrefix("load ") && lines[1].contains("mallocs per run "))
    #expect(lines[2].hasPrefix("latency us   min ") && lines[2].hasSuffix("(n = 40)"))
    #expect(lines[3].hasPrefix("throughput   ") && lines[3].hasSuffix("input random, seed 1"))
  }

  @Test("a model that refuses random inputs is measured on zeros, and the result says so")
  func zeros() async throws {
    // POW of int32, which takes no exponent below 0.
    let model = Fixtures.path("cases-elementwise/case-107/model.tflite")
    let json = try await Tool.run("bench", model, "--runs", "5", "--sessions", "2", "--json").json
    try check(json)
    #expect(json["inputs"] as? String == "zero")
    #expect(try await Tool.run("bench", model, "--runs", "5").output.contains("input zero"))
    #expect(try await Tool.run("profile", model, "--runs", "5", "--json").json["inputs"] as? String == "zero")
  }

  @Test("threads and kernels do not change results, fixed point does")
  func results() async throws {
    let folder = try Folder()
    func outputs(_ words: String...) async throws -> [UInt8] {
      let result = try await Tool.run(
        [
          "eval", Fixtures.path("models/mnist_mlp_int8.tflite"), "--images", Fixtures.images, "--labels",
          Fixtures.labels, "--limit", "8", "--outputs", folder.path("o"),
        ] + words)
      #expect(result.status == 0, "\(result.error)")
      return try folder.bytes("o")
    }
    let plain = try await outputs()
    #expect(try await outputs("--threads", "2", "--kernels", "reference") == plain)
    let fixed = try await outputs("--fixed-point")
    #expect(plain.indices.filter { plain[$0] != fixed[$0] } == [79])
  }
}
