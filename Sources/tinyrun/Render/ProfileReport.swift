import TinyTensor

/// What `profile` has found out.
struct ProfileReport {
  let path: String
  let model: Model
  let inputs: BenchInputs
  let profile: OperatorProfile
  let grouping: OperatorProfile.Grouping
  /// How many rows are shown.
  let top: Int
  /// Profiled runs.
  let runs: Int
  /// The time of a profiled run that no operator accounts for, in nanoseconds.
  let notAccounted: UInt64
  /// What a reading of the clock takes, in nanoseconds.
  let timerCost: UInt64
  /// Multiply-accumulates in a nanosecond that the threads of a run can do together.
  let machinePeak: Double
  /// Runs without profiling, one after each profiled run.
  let plain: Distribution

  private func percentOfPeak(_ row: OperatorProfile.Row, _ peak: Double?) -> Double? {
    guard let rate = row.rate, let peak else { return nil }
    return rate / peak * 100
  }

  /// A row's values for programs.
  private func fields(_ row: OperatorProfile.Row, _ peak: Double?) -> [(name: String, value: JSON)] {
    [
      ("index", .optional(row.index)), ("operator", .optional(row.name)), ("kernel", .optional(row.kernel)),
      ("operators", .number(row.operators)), ("us", .rounded(row.microseconds, 3)),
      ("us_min", .rounded(row.leastMicroseconds, 3)), ("share", .rounded(row.share, 4)),
      ("cumulative_share", .rounded(row.cumulativeShare, 4)), ("macs", .number(row.multiplyAccumulates)),
      ("mac_per_ns", .optional(row.rate, 4)), ("percent_of_peak", .optional(percentOfPeak(row, peak), 2)),
      ("bytes", .number(row.bytes)),
    ]
  }

  // MARK: Text

  var text: String {
    let rows = profile.rows(by: grouping)
    let shown = rows.prefix(top)
    let peak = profile.measuredPeak(machine: machinePeak)
    var table = TextTable(
      [
        .init("us/run", .right), .init("%", .right), .init("cdf%", .right), .init("MAC/ns", .right),
        .init("% peak", .right), .init("touched", .right),
      ] + groupColumns)
    for row in shown {
      table.add(
        [
          Text.fixed(row.microseconds, 3), Text.fixed(row.share, 1), Text.fixed(row.cumulativeShare, 1),
          row.rate.map { Text.fixed($0, 2) } ?? "-", percentOfPeak(row, peak).map { Text.fixed($0, 1) } ?? "-",
          Text.bytes(row.bytes),
        ] + groupEntries(row))
    }
    var lines = table.lines
    if shown.count < rows.count {
      let share = 100 - (shown.last?.cumulativeShare ?? 0)
      lines.append("  and \(rows.count - shown.count) more, \(Text.fixed(share, 1)) %")
    }
    return (lines + closingLines(peak)).joined(separator: "\n")
  }

  private var groupColumns: [TextTable.Column] {
    switch grouping {
    case .op: [.init("#", .right), .init("operator"), .init("kernel")]
    case .type: [.init("operators", .right), .init("operator")]
    case .kernel: [.init("operators", .right), .init("kernel")]
    }
  }

  private func groupEntries(_ row: OperatorProfile.Row) -> [String] {
    let name = Text.printable(row.name ?? "", Text.longestName)
    let kernel = Text.printable(row.kernel ?? "")
    switch grouping {
    case .op: return [row.index.map { "\($0)" } ?? "", name, kernel]
    case .type: return ["\(row.operators)", name]
    case .kernel: return ["\(row.operators)", kernel]
    }
  }

  private func closingLines(_ peak: Double?) -> [String] {
    func time(_ nanoseconds: UInt64) -> String { Text.fixed(Double(nanoseconds) / 1000, 3) }
    var lines: [String] = []
    if grouping != .type {
      let types = profile.rows(by: .type)
      let shares = types.prefix(6).map { "\(Text.printable($0.name ?? "")) \(Text.fixed($0.share, 1))%" }
      lines.append("by type   " + shares.joined(separator: "  ") + (types.count > 6 ? "  ..." : ""))
    }
    lines.append(
      "operators \(Text.fixed(profile.microseconds, 3)) us (medians of \(Text.plural(runs, "run")))   not accounted "
        + "\(time(notAccounted)) us   timer cost \(time(timerCost)) us per operator (subtracted: no)")
    lines.append(
      "whole run \(Text.fixed(plain.percentile(50), 3)) us without profiling (\(Text.plural(plain.count, "run")), min "
        + "\(Text.fixed(plain.minimum, 3)), p50 \(Text.fixed(plain.percentile(50), 3)), p99 "
        + "\(Text.fixed(plain.percentile(99), 3)))")
    let best = peak.map { "peak \(Text.fixed($0, 2)) MAC/ns   " } ?? ""
    lines.append(
      "\(best)kernels \(model.kernelSet.rawValue)   \(Text.plural(model.threads, "thread"))   \(inputs.text)")
    return lines
  }

  // MARK: CSV

  private static let columns = [
    "index", "operator", "kernel", "operators", "us", "us_min", "share", "cumulative_share", "macs", "mac_per_ns",
    "percent_of_peak", "bytes",
  ]

  /// A line of titles, and a line for each row.
  var csv: String {
    let peak = profile.measuredPeak(machine: machinePeak)
    let lines = profile.rows(by: grouping).prefix(top).map { row in CSV.line(fields(row, peak).map(\.value)) }
    return ([Self.columns.joined(separator: ",")] + lines).joined(separator: "\n")
  }

  // MARK: JSON

  var json: JSON {
    let peak = profile.measuredPeak(machine: machinePeak)
    let rows = profile.rows(by: grouping).prefix(top).map { JSON.object(fields($0, peak).map { ($0.name, $0.value) }) }
    return .object([
      ("schema", .number(1)), ("model", .string(path)), ("device", .string(model.device.description)),
      ("kernels", .string(model.kernelSet.rawValue)), ("threads", .number(model.threads)),
      ("seed", .number(Int(inputs.seed))), ("inputs", .string(inputs.name)), ("runs", .number(runs)),
      ("by", .string(grouping.rawValue)), ("statistic", .string("median")), ("rows", .array(rows)),
      ("not_run", .number(model.operators.count - profile.operators.count)),
      ("operators_us", .rounded(profile.microseconds, 3)),
      ("not_accounted_us", .rounded(Double(notAccounted) / 1000, 3)),
      ("timer_us", .rounded(Double(timerCost) / 1000, 3)), ("peak_mac_per_ns", .optional(peak, 4)),
      ("whole_run_us", plain.json),
    ])
  }
}
