import Foundation
import Testing

@Suite("tinyrun profile")
struct ProfileTests {
  private static let model = Fixtures.path("models/mnist_dscnn_int8.tflite")

  private func profile(_ words: String...) async throws -> Tool.Result {
    let result = try await Tool.run(["profile", Self.model, "--runs", "12", "--warmup", "1"] + words)
    #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
    return result
  }

  @Test("JSON has a row for every operator, and shares that sum to 100", arguments: ["op", "type", "kernel"])
  func json(grouping: String) async throws {
    let result = try await profile("--json", "--by", grouping)
    #expect(result.output.split(separator: "\n").count == 1)
    let json = try result.json
    #expect(
      Set(json.keys) == [
        "schema", "model", "device", "kernels", "threads", "seed", "inputs", "runs", "by", "statistic", "rows",
        "not_run", "operators_us", "not_accounted_us", "timer_us", "peak_mac_per_ns", "whole_run_us",
      ])
    #expect(json["schema"] as? Int == 1 && json["runs"] as? Int == 12)
    #expect(json["by"] as? String == grouping && json["statistic"] as? String == "median")
    let rows = try #require(json["rows"] as? [[String: Any]])
    #expect(rows.count == (grouping == "op" ? 10 : 5))
    #expect(rows.reduce(0) { $0 + ($1["operators"] as? Int ?? 0) } == 10)
    let times = try rows.map { try #require($0["us"] as? Double) }
    let shares = try rows.map { try #require($0["share"] as? Double) }
    #expect(times.allSatisfy { $0 > 0 } && times == times.sorted(by: >))
    #expect(abs(shares.reduce(0, +) - 100) < 0.01)
    #expect(try abs(#require(rows.last?["cumulative_share"] as? Double) - 100) < 0.01)
    #expect(try abs(times.reduce(0, +) - #require(json["operators_us"] as? Double)) < 0.01)
    #expect(rows.reduce(0) { $0 + ($1["macs"] as? Int ?? 0) } == 500_832)
    #expect(rows.allSatisfy { ($0["bytes"] as? Int ?? 0) > 0 })
    #expect(rows.allSatisfy { ($0["mac_per_ns"] is NSNull) == ($0["macs"] as? Int == 0) })
    #expect(rows.compactMap { $0["percent_of_peak"] as? Double }.allSatisfy { $0 > 0 && $0 <= 100 })
    #expect(try #require(json["not_accounted_us"] as? Double) >= 0)
    #expect(try #require(json["timer_us"] as? Double) >= 0)
    #expect(try #require((json["whole_run_us"] as? [String: Double])?["p50"]) > 0)
  }

  @Test("views are not run and left out")
  func views() async throws {
    let json = try await Tool.run(
      "profile", Fixtures.path("models/mnist_mlp_int8.tflite"), "--runs", "3", "--json"
    ).json
    #expect((json["rows"] as? [Any])?.count == 4)
    #expect(json["not_run"] as? Int == 1)
  }

  @Test("CSV has a title and a row of as many fields for every operator", arguments: ["op", "type", "kernel"])
  func csv(grouping: String) async throws {
    let lines = try await profile("--csv", "--by", grouping).output.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    #expect(lines.count == (grouping == "op" ? 11 : 6))
    #expect(
      lines.first == [
        "index", "operator", "kernel", "operators", "us", "us_min", "share", "cumulative_share", "macs", "mac_per_ns",
        "percent_of_peak", "bytes",
      ])
    for line in lines.dropFirst() {
      try #require(line.count == 12)
      #expect((Int(line[0]) != nil) == (grouping == "op"))
      #expect(line[1].isEmpty == (grouping == "kernel") && line[2].isEmpty == (grouping == "type"))
      for field in [3, 4, 5, 6, 7, 8, 11] { #expect(Double(line[field]) != nil) }
    }
  }

  @Test("a trace is JSON of complete events, those of a run inside the run's own")
  func trace() async throws {
    let folder = try Folder()
    let result = try await profile("--trace", folder.path("trace.json"))
    #expect(result.output.contains("CONV_2D"))
    let trace = try #require(
      try JSONSerialization.jsonObject(with: Data(folder.bytes("trace.json"))) as? [String: Any])
    let events = try #require(trace["traceEvents"] as? [[String: Any]])
    #expect(events.allSatisfy { $0["ph"] as? String == "X" && $0["pid"] is Int && $0["tid"] is Int })
    let runs = events.filter { $0["cat"] as? String == "run" }
    #expect(runs.count == 10)
    #expect(events.count == 110)
    func span(_ event: [String: Any]) throws -> (start: Double, end: Double) {
      let start = try #require(event["ts"] as? Double)
      return (start, start + (try #require(event["dur"] as? Double)))
    }
    var last = 0.0
    for (index, event) in events.enumerated() where index % 11 != 0 {
      let run = try span(events[index / 11 * 11])
      let turn = try span(event)
      #expect(turn.start >= run.start - 0.001 && turn.end <= run.end + 0.001)
      #expect(turn.start >= last - 0.001)
      last = turn.end
    }
    let first = try #require(events[1]["args"] as? [String: Any])
    #expect(first["index"] as? Int == 0 && first["macs"] as? Int == 28224)
  }

  @Test("text has the rows that are asked for, and what a run takes beside them")
  func text() async throws {
    let all = try await profile().output.split(separator: "\n").map(String.init)
    try #require(all.count == 15)
    #expect(all[0].contains("us/run") && all[0].contains("MAC/ns") && all[0].contains("kernel"))
    #expect(all[11].hasPrefix("by type   "))
    #expect(all[12].hasPrefix("operators ") && all[12].contains("not accounted") && all[12].contains("timer cost"))
    #expect(all[13].hasPrefix("whole run ") && all[13].contains("without profiling (12 runs, min "))
    #expect(all[14].hasPrefix("peak "))

    let few = try await profile("--top", "2").output.split(separator: "\n").map(String.init)
    #expect(few.count == 8)
    #expect(few[3].contains("and 8 more"))
  }
}
