import TinyTensor

/// `tinyrun bench`: how long a model takes.
enum Bench {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words, options: Models.options.union(["--warmup", "--runs", "--seconds", "--sessions", "--seed"]),
      flags: Models.flags.union(["--json"]))
    guard let path = arguments.positional.first, arguments.positional.count == 1 else {
      throw Failure(.usage, "bench needs one model file")
    }
    let plan = try BenchPlan(arguments)
    let sessions = try arguments.integer("--sessions", default: 1, in: 1...Models.mostThreads)
    let seed = try arguments.integer("--seed", default: 1)
    let choices = try Models.Choices(arguments)

    let start = MonotonicClock.now()
    let model = try Models.load(path, choices)
    var session = try model.makeSession()
    let loaded = MonotonicClock.now()

    let inputs = try BenchInputs(model, seed: UInt64(seed))
    let first = try inputs.firstRun(&session)
    let load = Machine.loadAverage
    let crew = BenchCrew(model, first.inputs, plan, sessions: sessions)
    let outcome = try crew.run(&session)
    let report = BenchReport(
      path: path, model: model, seed: seed, inputs: first.inputs,
      sessions: sessions, loadAverage: load, loadNanoseconds: loaded - start, firstRunNanoseconds: first.nanoseconds,
      peakResidentBytes: outcome.peakResidentBytes, allocatorCalls: outcome.allocatorCalls,
      nanoseconds: outcome.nanoseconds, latencies: Distribution(outcome.samples))
    try Terminal.print(arguments.has("--json") ? report.json.text : report.text)
  }
}

/// How often a model is run.
struct BenchPlan: Sendable {
  /// Runs that are thrown away; `nil` for as many as are usual.
  let warmup: Int?
  let length: RunLength

  private static let usualWarmup = 10
  /// How long the usual runs may take, in nanoseconds, before they end.
  private static let longestWarmup: UInt64 = 500_000_000

  init(_ arguments: Arguments, unlessGiven: RunLength = .seconds(2)) throws {
    warmup = arguments.value("--warmup") == nil ? nil : try arguments.integer("--warmup", default: 0)
    length = try RunLength(arguments, unlessGiven: unlessGiven)
  }

  /// Runs a session without measuring.
  func warmUp(_ session: inout Session) throws(SessionError) {
    let start = MonotonicClock.now()
    for _ in 0..<(warmup ?? Self.usualWarmup) {
      if warmup == nil, MonotonicClock.now() - start >= Self.longestWarmup { return }
      try session.run()
    }
  }

  /// Runs a session and measures every run. Allocates nothing.
  func measure(_ session: inout Session, _ recorder: inout SampleRecorder) throws(SessionError) {
    let start = MonotonicClock.now()
    var now = start
    var runs = 0
    repeat {
      let before = MonotonicClock.now()
      try session.run()
      now = MonotonicClock.now()
      recorder.add(now - before)
      runs += 1
    } while !length.isReached(runs: runs, nanoseconds: now - start)
  }
}

/// What a model is run on.
struct BenchInputs: Sendable {
  let seed: UInt64
  /// The bytes of each input; empty for zeros.
  private let bytes: [[UInt8]]

  /// Whether they are random and not zeros.
  private let isRandom: Bool

  /// `random` or `zero`.
  var name: String { isRandom ? "random" : "zero" }

  /// What they are, for people.
  var text: String { isRandom ? "input random, seed \(seed)" : "input zero: random data is refused" }

  init(_ model: Model, seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    self.seed = seed
    bytes = random.inputs(of: model)
    isRandom = true
  }

  private init(zerosWithSeed seed: UInt64) {
    self.seed = seed
    bytes = []
    isRandom = false
  }

  /// Sets a session's inputs.
  func set(_ session: inout Session) throws {
    for (index, bytes) in bytes.enumerated() {
      try session.setInput(session.model.input(at: index), bytes: bytes.span)
    }
  }

  /// Runs a new session for the first time.
  ///
  /// - Returns: the time, and the inputs that it could be run on: zeros if random numbers are no indices, say.
  func firstRun(_ session: inout Session) throws -> (nanoseconds: UInt64, inputs: BenchInputs) {
    try set(&session)
    var start = MonotonicClock.now()
    do {
      try session.run()
      return (MonotonicClock.now() - start, self)
    } catch {
      session.reset()
      start = MonotonicClock.now()
      try session.run()
      return (MonotonicClock.now() - start, BenchInputs(zerosWithSeed: seed))
    }
  }
}
