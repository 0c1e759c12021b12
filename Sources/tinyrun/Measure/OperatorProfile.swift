import TinyTensor

/// Where a model's time goes: operators, or groups of them, those that take the most time first.
struct OperatorProfile {
  enum Grouping: String, CaseIterable {
    case op
    case type
    case kernel
  }

  /// An operator or a group of operators.
  struct Row {
    /// The operator's index, or `nil` for a group.
    let index: Int?
    /// The operator's name, or `nil` for a group of several.
    let name: String?
    /// The kernel, or `nil` for a group of several.
    let kernel: String?
    /// How many operators these are.
    var operators: Int
    /// Microseconds in a run: the median of all runs; of a group, the sum of its operators' medians.
    var microseconds: Double
    /// The least microseconds in a run.
    var leastMicroseconds: Double
    var multiplyAccumulates: Int
    /// Bytes of inputs, constants among them, and outputs.
    var bytes: Int
    /// Percent of the time of all operators.
    var share = 0.0
    /// The share of this row and all before it.
    var cumulativeShare = 0.0

    /// Multiply-accumulates in a nanosecond, or `nil` where there are none.
    var rate: Double? {
      guard multiplyAccumulates > 0, microseconds > 0 else { return nil }
      return Double(multiplyAccumulates) / (microseconds * 1000)
    }
  }

  /// Operators that were run, in the order of execution.
  let operators: [Row]

  /// What a profiler has measured of a model.
  init(_ model: Model, _ profiler: borrowing OperatorProfiler) {
    var rows: [Row] = []
    for (index, operation) in model.operators.enumerated() where profiler.hasRun[index] {
      let times = profiler.times(of: index)
      let tensors = (operation.inputs + operation.outputs).filter { model.tensors.indices.contains($0) }
      rows.append(
        Row(
          index: index, name: operation.name, kernel: operation.kernel, operators: 1,
          microseconds: Double(times.median) / 1000, leastMicroseconds: Double(times.smallest) / 1000,
          multiplyAccumulates: operation.multiplyAccumulates,
          bytes: Self.sum(tensors.lazy.map { model.tensors[$0].byteCount })))
    }
    operators = rows
  }

  /// Rows that are known already.
  init(operators: [Row]) { self.operators = operators }

  /// The microseconds of all operators.
  var microseconds: Double { operators.reduce(0) { $0 + $1.microseconds } }

  /// The most multiply-accumulates in a nanosecond that the machine has been seen to do: what was measured of it, or
  /// those of the best operator of this run where they are more. `nil` where no operator has any.
  ///
  /// - Parameter machine: ``MachinePeak`` of all threads of a run.
  func measuredPeak(machine: Double = 0) -> Double? {
    operators.compactMap(\.rate).max().map { max($0, machine) }
  }

  /// Operators or groups of them, those that take the most time first, with their shares.
  func rows(by grouping: Grouping) -> [Row] {
    var rows: [Row]
    switch grouping {
    case .op: rows = operators
    case .type: rows = grouped(by: { $0.name ?? "" }, as: { ($0.name, nil) })
    case .kernel: rows = grouped(by: { $0.kernel ?? "" }, as: { (nil, $0.kernel) })
    }
    rows.sort {
      $0.microseconds != $1.microseconds ? $0.microseconds > $1.microseconds : ($0.index ?? 0) < ($1.index ?? 0)
    }
    let total = microseconds
    var passed = 0.0
    for index in rows.indices {
      passed += rows[index].microseconds
      rows[index].share = total > 0 ? rows[index].microseconds / total * 100 : 0
      rows[index].cumulativeShare = total > 0 ? min(passed / total, 1) * 100 : 0
    }
    return rows
  }

  private func grouped(
    by key: (Row) -> String, as names: (Row) -> (name: String?, kernel: String?)
  ) -> [Row] {
    var groups: [Row] = []
    var places: [String: Int] = [:]
    for row in operators {
      if let place = places[key(row)] {
        groups[place].operators += 1
        groups[place].microseconds += row.microseconds
        groups[place].leastMicroseconds += row.leastMicroseconds
        groups[place].multiplyAccumulates = Self.sum([groups[place].multiplyAccumulates, row.multiplyAccumulates])
        groups[place].bytes = Self.sum([groups[place].bytes, row.bytes])
      } else {
        places[key(row)] = groups.count
        let (name, kernel) = names(row)
        groups.append(
          Row(
            index: nil, name: name, kernel: kernel, operators: 1, microseconds: row.microseconds,
            leastMicroseconds: row.leastMicroseconds, multiplyAccumulates: row.multiplyAccumulates, bytes: row.bytes))
      }
    }
    return groups
  }

  /// A sum, or the largest `Int` where that is too small.
  private static func sum(_ numbers: some Sequence<Int>) -> Int {
    numbers.reduce(0) { sum, number in
      let (next, overflow) = sum.addingReportingOverflow(number)
      return overflow ? Int.max : next
    }
  }
}
