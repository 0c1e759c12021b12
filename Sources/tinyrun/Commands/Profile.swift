import TinyTensor

/// `tinyrun profile`: where a model's time goes, operator by operator.
enum Profile {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words, options: Models.options.union(["--warmup", "--runs", "--seconds", "--seed", "--by", "--top", "--trace"]),
      flags: Models.flags.union(["--csv", "--json"]))
    guard let path = arguments.positional.first, arguments.positional.count == 1 else {
      throw Failure(.usage, "profile needs one model file")
    }
    guard !(arguments.has("--csv") && arguments.has("--json")) else {
      throw Failure(.usage, "--csv and --json exclude each other")
    }
    let grouping = try arguments.value("--by").map { try Self.grouping(named: $0) } ?? .op
    let top = try arguments.integer("--top", default: Int.max, minimum: 1)
    let plan = try BenchPlan(arguments)
    let seed = try arguments.integer("--seed", default: 1)
    let model = try Models.load(path, try Models.Choices(arguments))

    var session = try model.makeSession()
    let inputs = try BenchInputs(model, seed: UInt64(seed)).firstRun(&session).inputs
    try plan.warmUp(&session)
    var profiler = OperatorProfiler(
      operators: model.operators.count, length: plan.length, traces: arguments.value("--trace") != nil)
    let plain = try measure(&session, plan.length, &profiler)

    if let file = arguments.value("--trace") {
      let trace = ProfileTrace(path: path, model: model, turns: profiler.turns)
      try Files.write(Array(trace.json.text.utf8) + [10], to: file)
    }
    let report = ProfileReport(
      path: path, model: model, inputs: inputs,
      profile: OperatorProfile(model, profiler), grouping: grouping, top: top, runs: profiler.runs,
      notAccounted: profiler.notAccounted, timerCost: MonotonicClock.cost(),
      machinePeak: model.multiplyAccumulates > 0 ? try MachinePeak.measure() * Double(model.threads) : 0, plain: plain)
    if arguments.has("--json") {
      try Terminal.print(report.json)
    } else {
      try Terminal.print(arguments.has("--csv") ? report.csv : report.text)
    }
  }

  /// Runs with and without profiling in turn, so that a change of the machine's speed meets both. Allocates nothing
  /// while it measures.
  ///
  /// - Returns: the times without.
  private static func measure(
    _ session: inout Session, _ length: RunLength, _ profiler: inout OperatorProfiler
  ) throws -> Distribution {
    var recorder = SampleRecorder(capacity: length.sampleCapacity)
    let start = MonotonicClock.now()
    var now = start
    repeat {
      _ = try profiler.measure(&session)
      let before = MonotonicClock.now()
      try session.run()
      now = MonotonicClock.now()
      recorder.add(now - before)
    } while !length.isReached(runs: profiler.runs, nanoseconds: now - start)
    return Distribution([recorder.samples])
  }

  private static func grouping(named name: String) throws -> OperatorProfile.Grouping {
    guard let grouping = OperatorProfile.Grouping(rawValue: name) else {
      let names = OperatorProfile.Grouping.allCases.map(\.rawValue).joined(separator: ", ")
      throw Failure(.usage, "--by takes one of \(names), not \(name)")
    }
    return grouping
  }
}
