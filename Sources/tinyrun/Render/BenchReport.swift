import TinyTensor

/// What `bench` has found out.
struct BenchReport {
  let path: String
  let model: Model
  let seed: Int
  let inputs: BenchInputs
  let sessions: Int
  let loadAverage: Double?
  let loadNanoseconds: UInt64
  let firstRunNanoseconds: UInt64
  let peakResidentBytes: Int
  /// In all timed runs, or `nil` if they are not counted.
  let allocatorCalls: Int?
  /// All timed runs, from the first one's beginning to the last one's end.
  let nanoseconds: UInt64
  let latencies: Distribution

  private var callsPerRun: Double? { allocatorCalls.map { Double($0) / Double(latencies.count) } }
  private var throughput: Double { Double(latencies.count) / (Double(nanoseconds) * 1e-9) }

  var json: JSON {
    .object([
      ("schema", .number(1)), ("model", .string(path)), ("device", .string(model.device.description)),
      ("kernels", .string(model.kernelSet.rawValue)), ("threads", .number(model.threads)),
      ("sessions", .number(sessions)), ("seed", .number(seed)), ("inputs", .string(inputs.name)),
      ("runs", .number(latencies.count)), ("us", latencies.json),
      ("load_ms", .rounded(MonotonicClock.milliseconds(loadNanoseconds), 6)),
      ("first_run_ms", .rounded(MonotonicClock.milliseconds(firstRunNanoseconds), 6)),
      ("arena_bytes", .number(model.arenaByteCount)), ("packed_bytes", .number(model.packedByteCount)),
      ("peak_rss_bytes", .number(peakResidentBytes)),
      ("mallocs_per_run", .optional(callsPerRun, 6)), ("inferences_per_second", .rounded(throughput, 3)),
    ])
  }

  var text: String {
    let load = loadAverage.map { ", load average \(Text.fixed($0, 2))" } ?? ""
    let digits = latencies.minimum < 1000 ? 3 : 1
    func time(_ microseconds: Double) -> String { Text.fixed(microseconds, digits) }
    let calls = callsPerRun.map { Text.fixed($0, $0 == 0 ? 0 : 2) } ?? "not counted"
    return """
      \(model.device)  \(Machine.processor), kernels \(model.kernelSet.rawValue), \(Text.plural(model.threads, "thread")), \
      \(Text.plural(sessions, "session"))\(load)
      load \(Text.fixed(MonotonicClock.milliseconds(loadNanoseconds), 2)) ms   first run \
      \(Text.fixed(Double(firstRunNanoseconds) / 1000, 1)) us   arena \(Text.bytes(model.arenaByteCount))   packed \
      \(Text.bytes(model.packedByteCount))   peak memory \(Text.bytes(peakResidentBytes))   mallocs per run \(calls)
      latency us   min \(time(latencies.minimum))  p50 \(time(latencies.percentile(50)))  mean \(time(latencies.mean))  \
      p90 \(time(latencies.percentile(90)))  p99 \(time(latencies.percentile(99)))  max \(time(latencies.maximum))  \
      sd \(time(latencies.standardDeviation))   (n = \(latencies.count)\(latencies.isSampled ? ", percentiles of a sample" : ""))
      throughput   \(Text.rate(throughput)) inferences/s   \(inputs.text)
      """
  }
}
