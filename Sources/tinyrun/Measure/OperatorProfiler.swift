import TinyTensor

/// Measures each operator of each run, in storage that is made once: a row for every run, or for a random choice of
/// runs in which each has the same chance to be, once there are more runs than rows.
struct OperatorProfiler: RunObserver, ~Copyable {
  /// An operator's turn in one of the first runs.
  struct Turn {
    let run: Int
    let operation: Int
    /// By ``MonotonicClock``.
    let start: UInt64
    let duration: UInt64
  }

  private static let largestStorage = 1 << 20
  private static let mostRows = 4096
  private static let fewestRows = 16
  private static let mostTurns = 50_000
  private static let mostTracedRuns = 10

  /// Words of a row: one for each operator, and one for the time that none of them accounts for.
  private let width: Int
  private let rows: Int
  /// The rows, and one more for runs that are not chosen.
  private var storage: [UInt64]
  private var random = SeededRandom(seed: 1)
  private var row = 0
  private var before: UInt64 = 0
  private(set) var runs = 0
  /// Whether each operator has run.
  private(set) var hasRun: [Bool]
  /// The turns of the first runs, if they were asked for.
  private(set) var turns: [Turn] = []
  private let traces: Bool

  /// - Parameters:
  ///   - operators: how many operators the model has.
  ///   - length: how long runs will be repeated.
  ///   - traces: whether to keep the turns of the first runs.
  init(operators: Int, length: RunLength, traces: Bool) {
    width = operators + 1
    let room = min(max(Self.largestStorage / width, Self.fewestRows), Self.mostRows)
    if case .runs(let number) = length { rows = min(number, room) } else { rows = room }
    storage = [UInt64](repeating: 0, count: (rows + 1) * width)
    hasRun = [Bool](repeating: false, count: operators)
    self.traces = traces
    if traces { turns.reserveCapacity(Self.mostTurns) }
  }

  /// Runs a session. Allocates nothing.
  ///
  /// - Returns: how long the run took.
  mutating func measure(_ session: inout Session) throws(SessionError) -> UInt64 {
    chooseRow()
    let start = MonotonicClock.now()
    try session.run(observer: &self)
    let total = MonotonicClock.now() - start
    var accounted: UInt64 = 0
    for index in 0..<(width - 1) { accounted &+= storage[row * width + index] }
    storage[row * width + width - 1] = total - min(accounted, total)
    runs += 1
    return total
  }

  private mutating func chooseRow() {
    if runs < rows {
      row = runs
    } else {
      let place = Int(random.next(upperBound: UInt64(runs + 1)))
      row = min(place, rows)
    }
    for index in 0..<width { storage[row * width + index] = 0 }
  }

  mutating func willRun(_ event: OperatorEvent) {
    before = MonotonicClock.now()
  }

  mutating func didRun(_ event: OperatorEvent, _ tensors: borrowing TensorReader) {
    let duration = MonotonicClock.now() - before
    storage[row * width + event.index] += duration
    hasRun[event.index] = true
    if traces, runs < Self.mostTracedRuns, turns.count < Self.mostTurns {
      turns.append(Turn(run: runs, operation: event.index, start: before, duration: duration))
    }
  }

  /// The median and the smallest time of an operator, in nanoseconds.
  func times(of operation: Int) -> (median: UInt64, smallest: UInt64) {
    let times = column(operation)
    return (Distribution.median(times), times.min() ?? 0)
  }

  /// The median time of a run that no operator accounts for, in nanoseconds.
  var notAccounted: UInt64 { Distribution.median(column(width - 1)) }

  private func column(_ index: Int) -> [UInt64] {
    (0..<min(runs, rows)).map { storage[$0 * width + index] }
  }
}
