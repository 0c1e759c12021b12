/// How durations are distributed: those of one recorder, or of several together. In microseconds.
struct Distribution {
  let count: Int
  let minimum: Double
  let maximum: Double
  let mean: Double
  let standardDeviation: Double
  /// Whether percentiles are those of a random choice, since there were more durations than storage.
  let isSampled: Bool

  /// Kept durations in rising order, each with the number of durations that it stands for.
  private let kept: [(value: UInt64, weight: Double)]

  init(_ parts: [Samples]) {
    let parts = parts.filter { $0.count > 0 }
    let total = parts.reduce(0) { $0 + $1.count }
    let average = parts.reduce(0) { $0 + $1.mean * Double($1.count) } / Double(max(total, 1))
    let squares = parts.reduce(0) { sum, part in
      let distance = part.mean - average
      return sum + part.squares + distance * distance * Double(part.count)
    }
    count = total
    mean = average / 1000
    standardDeviation = total > 1 ? (squares / Double(total - 1)).squareRoot() / 1000 : 0
    minimum = Double(parts.map(\.smallest).min() ?? 0) / 1000
    maximum = Double(parts.map(\.largest).max() ?? 0) / 1000
    isSampled = parts.contains { $0.kept.count < $0.count }
    var kept: [(value: UInt64, weight: Double)] = []
    kept.reserveCapacity(parts.reduce(0) { $0 + $1.kept.count })
    for part in parts {
      let weight = Double(part.count) / Double(part.kept.count)
      for value in part.kept { kept.append((value, weight)) }
    }
    kept.sort { $0.value < $1.value }
    self.kept = kept
  }

  /// The smallest duration that at least so many percent of all durations do not exceed (the nearest rank).
  func percentile(_ percent: Double) -> Double {
    // A hair less than the exact rank: percentages are not exact in binary.
    let rank = percent / 100 * Double(count) * (1 - 1e-12)
    var passed = 0.0
    for (value, weight) in kept {
      passed += weight
      if passed >= rank { return Double(value) / 1000 }
    }
    return Double(kept.last?.value ?? 0) / 1000
  }

  /// `min`, `p50`, `mean`, `p90`, `p99`, `max` and `sd`.
  var json: JSON {
    let values = [
      ("min", minimum), ("p50", percentile(50)), ("mean", mean), ("p90", percentile(90)), ("p99", percentile(99)),
      ("max", maximum), ("sd", standardDeviation),
    ]
    return .object(values.map { ($0.0, .rounded($0.1, 3)) })
  }
}

extension Distribution {
  /// The middle of values that are not empty; the lower one of two.
  static func median(_ values: some Collection<UInt64>) -> UInt64 {
    let sorted = values.sorted()
    return sorted[(sorted.count - 1) / 2]
  }
}
