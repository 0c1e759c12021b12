import TinyTensor

/// What `compare` has found out.
struct ComparisonReport {
  /// In which order tensors are listed.
  enum Order: String, CaseIterable {
    /// That of the operators.
    case graph
    /// The worst ratio of signal to noise first.
    case worst
  }

  let path: String
  let comparison: Comparison
  let inputs: ComparisonInputs
  /// What the model is compared with: the name of kernels, or a path.
  let against: String
  let order: Order
  /// How many rows are shown.
  let top: Int
  let weights: [ComparedWeights]?
  let advice: [String]
  /// The least ratio that outputs must have, where that was asked for.
  let leastSignalToNoise: Double?

  var isTwin: Bool {
    if case .twin = comparison.opponent { true } else { false }
  }

  private var isKernels: Bool {
    if case .kernels = comparison.opponent { true } else { false }
  }

  /// The rows in the order that was asked for.
  var rows: [ComparedTensor] {
    let compared = comparison.compared
    guard order == .worst else { return compared }
    let ranked = compared.enumerated().sorted { one, other in
      let first = Self.badness(one.element)
      let second = Self.badness(other.element)
      return first == second ? one.offset < other.offset : first > second
    }
    return ranked.map(\.element)
  }

  /// Larger for what is worse; what cannot be told a number for is worst.
  private static func badness(_ row: ComparedTensor) -> Double {
    if row.statistics.notFinitePairs > 0 { return .infinity }
    return -(row.statistics.signalToNoise ?? .infinity)
  }

  // MARK: Findings

  var differing: [ComparedTensor] { comparison.compared.filter { !$0.statistics.isEqual } }

  /// What must be said of a check that did not hold.
  var failure: String? {
    guard isTwin else { return firstDifference }
    guard let leastSignalToNoise else { return nil }
    var failures: [String] = []
    for output in comparison.model.outputs {
      guard let row = comparison.compared.first(where: { $0.tensor.tensor == output.tensor }) else {
        failures.append("output \(Text.printable(output.name)) has no counterpart")
        continue
      }
      // What has no ratio has no finite numbers.
      guard row.statistics.notFinitePairs == 0, let ratio = row.statistics.signalToNoise else {
        failures.append("output \(Text.printable(output.name)) has infinities or no numbers where its twin differs")
        continue
      }
      if ratio < leastSignalToNoise {
        failures.append(
          "output \(Text.printable(output.name)) has \(Text.fixed(ratio, 2)) dB, less than "
            + "\(Text.fixed(leastSignalToNoise, 2))")
      }
    }
    return failures.isEmpty ? nil : failures.joined(separator: "; ")
  }

  /// Which operator is the first whose output differs, in a sentence.
  var firstDifference: String? {
    guard let index = comparison.firstDifferent else { return nil }
    let row = comparison.tensors[index]
    guard let first = row.statistics.first else { return nil }
    let tensor = "tensor \(row.tensor.tensor) \"\(Self.name(row.tensor.name))\""
    let run = inputs.runs > 1 ? ", run \(first.run)" : ""
    let element =
      "at \(Text.shape(row.numbers.coordinates(first.index))) it is \(value(first.stored.tested, first.real.tested, row)), "
      + "not \(value(first.stored.reference, first.real.reference, row))"
    guard let operation = row.operation else {
      return "the inputs differ already: \(tensor)\(run): \(element)"
    }
    let unknown = comparison.unknownInputs(of: operation)
    let inputs =
      unknown.isEmpty
      ? "its inputs are equal"
      : "of its inputs, \(unknown.map { "tensor \($0)" }.joined(separator: ", ")) could not be compared"
    return "the first difference is in operator \(operation) \(Text.printable(row.operatorName)), \(tensor)\(run): "
      + "\(element); \(inputs)"
  }

  private func value(_ stored: Double, _ real: Double, _ row: ComparedTensor) -> String {
    row.numbers.isQuantized ? "\(Self.stored(stored)) (\(Self.number(real)))" : Self.number(stored)
  }

  // MARK: Text

  var text: String {
    var lines = [
      "\(Text.printable(path))\(isKernels ? " with \(comparison.model.kernelSet.rawValue) kernels" : "") against "
        + "\(Text.printable(against))\(isKernels ? " kernels" : ""), \(Text.plural(inputs.runs, "run")) on "
        + "\(Text.printable(inputs.text))"
    ]
    lines += isTwin ? twinLines : exactLines
    if let weights { lines += weightLines(weights) }
    for sentence in advice { lines += Self.wrapped(sentence) }
    return lines.joined(separator: "\n")
  }

  /// How many tensors were compared and how many were not.
  private var extent: String {
    let compared = comparison.compared
    let elements = compared.reduce(0) { $0 &+ $1.statistics.count }
    let missing = comparison.notCompared
    return "compared \(Text.plural(compared.count, "tensor")), \(Text.plural(elements, "element"))"
      + (missing.isEmpty ? "" : "; not compared: \(Text.plural(missing.count, "tensor")) of \(list(missing))")
  }

  private func list(_ missing: [(operation: Int, tensor: Int)]) -> String {
    let shown = missing.prefix(6).map {
      "\($0.operation) \(Text.printable(comparison.model.operators[$0.operation].name))"
    }
    return "operator\(missing.count == 1 ? "" : "s") \(shown.joined(separator: ", "))"
      + (missing.count > shown.count ? ", ..." : "")
  }

  private var exactLines: [String] {
    let different = differing
    if different.isEmpty { return [extent, "all are equal"] }
    var table = TextTable([
      .init("differ", .right), .init("%", .right), .init("largest", .right), .init("steps", .right),
      .init("SQNR dB", .right), .init("first at", limit: 18), .init("#", .right), .init("operator", limit: 18),
      .init("tensor", limit: 30),
    ])
    let ranked = rows.filter { !$0.statistics.isEqual }
    for row in ranked.prefix(top) {
      let statistics = row.statistics
      table.add([
        "\(statistics.differing)", Text.fixed(statistics.share(statistics.differing) * 100, 2),
        Self.number(statistics.largestDifference), Self.steps(row), Self.decibels(statistics.signalToNoise),
        statistics.first.map { Text.shape(row.numbers.coordinates($0.index)) } ?? "-",
        row.operation.map { "\($0)" } ?? "", Text.printable(row.operatorName), Self.name(row.tensor.name),
      ])
    }
    return table.lines + rest(ranked.count) + notFiniteLines + [
      extent, "\(Text.plural(different.count, "tensor")) of \(comparison.compared.count) differ", firstDifference ?? "",
    ]
  }

  private func rest(_ count: Int) -> [String] { count > top ? ["  and \(count - top) more; --top shows them"] : [] }

  private var twinLines: [String] {
    var table = TextTable([
      .init("SQNR dB", .right), .init("RMSE", .right), .init("bias", .right), .init("largest", .right),
      .init("cosine", .right), .init("% limit", .right), .init("% clip", .right), .init("% used", .right),
      .init("#", .right), .init("operator", limit: 17), .init("tensor", limit: 25), .init("match"),
    ])
    let all = rows
    for row in all.prefix(top) { table.add(twinEntries(row)) }
    let reasons = TwinMatching.Reason.allCases.compactMap { reason -> String? in
      let count = comparison.compared.count { $0.reason == reason }
      return count == 0 ? nil : "\(count) by \(reason.rawValue)"
    }
    let lines =
      table.lines + rest(all.count) + [
        "RMSE, bias and largest difference are in steps of the tensor's scale, where it has one: rounding alone is an "
          + "RMSE of 0.289"
      ]
    return lines + notFiniteLines + [
      extent,
      "matched \(reasons.joined(separator: ", "))"
        + (comparison.isMatchingIncomplete ? "; the models are too large to be matched by order" : ""),
    ]
  }

  private func twinEntries(_ row: ComparedTensor) -> [String] {
    let statistics = row.statistics
    func percent(_ share: Double?) -> String { share.map { Text.fixed($0 * 100, 1) } ?? "-" }
    let hasLimits = row.numbers.limits != nil
    return [
      Self.decibels(statistics.signalToNoise), Self.finite(statistics.rootMeanSquareInSteps, 3),
      Self.finite(statistics.biasInSteps, 3), Self.steps(row), Self.finite(statistics.cosine, 5),
      hasLimits ? percent(statistics.share(statistics.atLimits)) : "-",
      hasLimits ? percent(statistics.share(statistics.clipped)) : "-",
      percent(statistics.usedShare(row.numbers.limits)), row.operation.map { "\($0)" } ?? "",
      Text.printable(row.operatorName), Self.name(row.tensor.name), row.reason?.rawValue ?? "",
    ]
  }

  private var notFiniteLines: [String] {
    comparison.compared.filter { $0.statistics.notFinite.tested > 0 || $0.statistics.notFinite.reference > 0 }
      .prefix(top).map { row in
        "tensor \(row.tensor.tensor) of operator \(row.operation.map { "\($0) " } ?? "")\(Text.printable(row.operatorName)) "
          + "has \(row.statistics.notFinite.tested) infinities or NaN, the other \(row.statistics.notFinite.reference); "
          + "\(row.statistics.notFinitePairs) of them differ; no figure counts them"
      }
  }

  private func weightLines(_ weights: [ComparedWeights]) -> [String] {
    if weights.isEmpty { return ["weights: no quantized constant has a counterpart"] }
    var table = TextTable([
      .init("SQNR dB", .right), .init("RMSE", .right), .init("largest", .right), .init("% limit", .right),
      .init("scales", .right), .init("shape", limit: 20), .init("#", .right), .init("operator", limit: 17),
      .init("constant", limit: 30),
    ])
    for row in ranked(weights).prefix(top) {
      table.add([
        Self.decibels(row.statistics.signalToNoise), Self.finite(row.statistics.rootMeanSquareInSteps, 3),
        row.statistics.largest == nil ? "0" : Self.number(row.statistics.largestDifference),
        Text.fixed(row.statistics.share(row.statistics.atLimits) * 100, 1), "\(row.scales)", Text.shape(row.shape),
        "\(row.operation)", Text.printable(row.operatorName), Self.name(row.name),
      ])
    }
    return ["weights and biases, RMSE in steps of each scale:"] + table.lines + rest(weights.count)
  }

  /// Weights in the order that was asked for.
  func ranked(_ weights: [ComparedWeights]) -> [ComparedWeights] {
    guard order == .worst else { return weights }
    return weights.enumerated().sorted { one, other in
      let first = one.element.statistics.signalToNoise ?? -.infinity
      let second = other.element.statistics.signalToNoise ?? -.infinity
      return first == second ? one.offset < other.offset : first < second
    }.map(\.element)
  }

  /// A sentence as lines that fit a terminal, the first with a dash.
  private static func wrapped(_ sentence: String) -> [String] {
    var lines: [String] = []
    var line = "-"
    for word in sentence.split(separator: " ") {
      if line.count + 1 + word.count > 118, line.count > 1 {
        lines.append(line)
        line = " "
      }
      line += " \(word)"
    }
    return lines + [line]
  }

  private static func name(_ name: String) -> String { Text.printable(TensorNames.short(name)) }

  // MARK: Numbers

  private static func number(_ value: Double) -> String { Text.significant(Float(value), 4) }

  /// A stored number; an integer has no point.
  private static func stored(_ value: Double) -> String {
    Int(exactly: value).map { "\($0)" } ?? number(value)
  }

  private static func finite(_ value: Double?, _ digits: Int) -> String {
    guard let value, value.isFinite else { return "-" }
    return Text.fixed(value, digits)
  }

  static func decibels(_ value: Double?) -> String { value.map { Text.fixed($0, 2) } ?? "-" }

  /// The largest difference in steps.
  private static func steps(_ row: ComparedTensor) -> String {
    guard let largest = row.statistics.largest else { return row.numbers.isQuantized ? "0" : "-" }
    let steps = row.statistics.largestDifference / row.numbers.step(at: largest.index)
    return steps.isNaN ? "-" : Text.fixed(steps, row.isSame ? 0 : 2)
  }
}
