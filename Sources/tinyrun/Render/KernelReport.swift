import TinyTensor

/// What `kernels` has found out.
struct KernelReport {
  let trials: [KernelTrial]
  let pick: KernelSet
  let measuredPeak: Double
  /// In percent.
  let tolerance: Double

  /// The most multiply-accumulates in a nanosecond that the machine has been seen to do.
  private var peak: Double {
    trials.reduce(measuredPeak) { peak, trial in max(peak, trial.rate(trial.best)) }
  }

  private var slow: [KernelTrial] { trials.filter { $0.lags(by: tolerance) } }

  private var toleranceText: String {
    tolerance == tolerance.rounded() ? "\(Int(tolerance)) %" : "\(tolerance) %"
  }

  /// Where the pick is too slow; `nil` where it is not.
  var complaint: String? {
    let slow = self.slow
    guard let worst = slow.max(by: { $0.lag < $1.lag }) else { return nil }
    return "the picked kernel is slower than the best by more than \(toleranceText) on \(slow.count) of "
      + "\(Text.plural(trials.count, "shape")); most on \(worst.title): by \(Text.fixed(worst.lag, 1)) %"
  }

  // MARK: Text

  var text: String {
    let peak = self.peak
    var lines: [String] = []
    for trial in trials {
      lines.append(heading(trial))
      var table = TextTable([
        .init("kernel"), .init("MAC/ns", .right), .init("% best", .right), .init("% peak", .right), .init("us", .right),
        .init(""),
      ])
      for index in trial.entries.indices.sorted(by: { trial.entries[$0].nanoseconds < trial.entries[$1].nanoseconds }) {
        let rate = trial.rate(index)
        table.add([
          Text.printable(trial.entries[index].kernel), Text.fixed(rate, 2),
          Text.fixed(rate / trial.rate(trial.best) * 100, 1), Text.fixed(rate / peak * 100, 1),
          Text.fixed(trial.entries[index].nanoseconds / 1000, 3), index == trial.pick ? "<--" : "",
        ])
      }
      lines += table.lines
    }
    lines.append(
      "peak \(Text.fixed(peak, 2)) MAC/ns, measured on one core of \(Text.printable(Machine.processor))   picked "
        + "kernels \(pick)")
    lines.append(
      complaint
        ?? "the picked kernel is the best or within \(toleranceText) of it on \(Text.plural(trials.count, "shape"))")
    return lines.joined(separator: "\n")
  }

  private func heading(_ trial: KernelTrial) -> String {
    let count = trial.count == 1 ? "" : "   x \(trial.count)"
    let macs = Text.count(trial.multiplyAccumulates) + (trial.multiplyAccumulates < 1000 ? " MAC" : "MAC")
    return "\(Text.printable(trial.title))   \(macs)\(count)"
  }

  // MARK: JSON

  var json: JSON {
    let peak = self.peak
    return .object([
      ("schema", .number(1)), ("processor", .string(Machine.processor)), ("pick", .string(pick.rawValue)),
      ("peak_mac_per_ns", .rounded(peak, 4)), ("tolerance", .real(tolerance)),
      ("lagging", .number(slow.count)),
      (
        "shapes",
        .array(
          trials.map { trial in
            .object([
              ("shape", .string(trial.title)), ("operator", .optional(trial.name)), ("count", .number(trial.count)),
              ("macs", .number(trial.multiplyAccumulates)), ("lags", .bool(trial.lags(by: tolerance))),
              ("kernels", .array(trial.entries.indices.map { entry(trial, $0, peak) })),
            ])
          })
      ),
    ])
  }

  private func entry(_ trial: KernelTrial, _ index: Int, _ peak: Double) -> JSON {
    let rate = trial.rate(index)
    return .object([
      ("kernel", .string(trial.entries[index].kernel)), ("sets", .array(trial.entries[index].sets.map { .string($0) })),
      ("us", .rounded(trial.entries[index].nanoseconds / 1000, 4)), ("mac_per_ns", .rounded(rate, 4)),
      ("percent_of_best", .rounded(rate / trial.rate(trial.best) * 100, 2)),
      ("percent_of_peak", .rounded(rate / peak * 100, 2)), ("picked", .bool(index == trial.pick)),
    ])
  }
}
