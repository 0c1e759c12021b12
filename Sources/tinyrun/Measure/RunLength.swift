/// How long runs are repeated.
enum RunLength: Sendable {
  case runs(Int)
  case seconds(Double)

  /// Runs that are made even if they take longer than the time that is asked for.
  static let fewestRuns = 10
  /// How long those may take, at the most, before they end.
  private static let patience = 20.0
  static let longest = 86_400.0

  /// What `--runs` and `--seconds` ask for.
  init(_ arguments: Arguments, unlessGiven: RunLength) throws {
    if arguments.value("--runs") != nil {
      guard arguments.value("--seconds") == nil else {
        throw Failure(.usage, "--runs and --seconds exclude each other")
      }
      self = .runs(try arguments.integer("--runs", default: 1, minimum: 1))
    } else if let text = arguments.value("--seconds") {
      guard let seconds = Text.decimal(text), seconds > 0, seconds <= Self.longest else {
        throw Failure(.usage, "--seconds takes a number above 0, up to \(Int(Self.longest)), not \(text)")
      }
      self = .seconds(seconds)
    } else {
      self = unlessGiven
    }
  }

  /// Whether so many runs in so many nanoseconds are enough.
  @inline(__always)
  func isReached(runs: Int, nanoseconds: UInt64) -> Bool {
    switch self {
    case .runs(let number): return runs >= number
    case .seconds(let limit):
      let seconds = Double(nanoseconds) * 1e-9
      return seconds >= limit && (runs >= Self.fewestRuns || seconds >= Self.patience)
    }
  }

  /// Durations that have to be kept for percentiles of all of them, up to the usual number.
  var sampleCapacity: Int {
    switch self {
    case .runs(let number): min(number, SampleRecorder.usualCapacity)
    case .seconds: SampleRecorder.usualCapacity
    }
  }
}
