/// A layer, and how fast each kernel that can run it was.
struct KernelTrial {
  struct Entry {
    /// The kernel's name.
    let kernel: String
    /// The sets that run the layer with this kernel.
    var sets: [String]
    /// The least time of a run, in nanoseconds.
    var nanoseconds: Double
  }

  /// What the layer is, for people.
  let title: String
  /// The operator, where a model has the layer.
  let name: String?
  /// How often the layer is there.
  let count: Int
  let multiplyAccumulates: Int
  /// In the order of the sets, the slowest first.
  var entries: [Entry]
  /// The entry that the library picks here.
  let pick: Int
  /// Differences up to this many nanoseconds are none: what the clock cannot tell.
  let resolution: Double

  /// The entry that was fastest.
  var best: Int {
    entries.indices.min { entries[$0].nanoseconds < entries[$1].nanoseconds } ?? pick
  }

  /// How much longer than the best kernel the pick takes, in percent.
  var lag: Double { (entries[pick].nanoseconds / entries[best].nanoseconds - 1) * 100 }

  /// Whether the pick is slower than the best kernel by more than so many percent, and more than the clock can tell.
  func lags(by tolerance: Double) -> Bool {
    lag > tolerance && entries[pick].nanoseconds - entries[best].nanoseconds > resolution
  }

  /// Multiply-accumulates in a nanosecond.
  func rate(_ entry: Int) -> Double { Double(multiplyAccumulates) / entries[entry].nanoseconds }

  /// Takes the times of another trial of the same layer where they are less.
  mutating func merge(_ other: KernelTrial) {
    for index in entries.indices {
      entries[index].nanoseconds = min(entries[index].nanoseconds, other.entries[index].nanoseconds)
    }
  }
}

/// Turns of several that are measured against each other: all meet every part of the time, so that a change of the
/// machine's speed meets all of them.
enum Turns {
  private static let rounds = 16
  private static let fewest = 3

  /// Gives each contestant its share of the time, in rounds; who has had it already sits out.
  ///
  /// - Parameters:
  ///   - contestants: how many there are.
  ///   - seconds: of all together, unless three turns of each take longer.
  ///   - turn: a contestant's turn; returns the nanoseconds that it took.
  static func take(_ contestants: Int, seconds: Double, turn: (Int) throws -> UInt64) rethrows {
    let slice = seconds * 1e9 / Double(max(1, contestants * rounds))
    var used = [Double](repeating: 0, count: contestants)
    var turns = [Int](repeating: 0, count: contestants)
    for round in 1...rounds {
      for place in 0..<contestants {
        // Nobody is always the first.
        let contestant = (place + round) % contestants
        let isLast = round == rounds
        while used[contestant] < Double(round) * slice || (isLast && turns[contestant] < fewest) {
          used[contestant] += Double(max(1, try turn(contestant)))
          turns[contestant] += 1
        }
      }
    }
  }
}
