import TinyTensor

// What `compare` has found out, for programs.

extension ComparisonReport {
  /// A row's values. Ratios that are infinite are `null` in JSON, which has no infinities: `largest` of equal tensors is 0.
  private func fields(_ row: ComparedTensor) -> [(name: String, value: JSON)] {
    let statistics = row.statistics
    let largest = statistics.largest
    return [
      ("index", .optional(row.operation)), ("operator", .string(row.operatorName)),
      ("tensor", .number(row.tensor.tensor)), ("name", .string(row.tensor.name)),
      ("type", .string(row.tensor.elementType.name)), ("scale", Self.optional(row.numbers.step)),
      ("match", .optional(row.reason?.rawValue)), ("other_tensor", .number(row.counterpart.tensor)),
      ("other_name", .string(row.counterpart.name)), ("other_type", .string(row.counterpart.elementType.name)),
      ("elements", .number(statistics.count)), ("differing", .number(statistics.differing)),
      ("sqnr_db", Self.optional(statistics.signalToNoise)), ("rmse", Self.optional(statistics.rootMeanSquare)),
      ("rmse_per_scale", Self.optional(statistics.rootMeanSquareInSteps)), ("bias", Self.optional(statistics.bias)),
      ("bias_per_scale", Self.optional(statistics.biasInSteps)), ("cosine", Self.optional(statistics.cosine)),
      ("largest", .real(statistics.largestDifference)),
      (
        "largest_per_scale",
        Self.optional(
          largest.map { statistics.largestDifference / row.numbers.step(at: $0.index) }
            ?? (row.numbers.isQuantized ? 0 : nil))
      ),
      ("largest_stored", row.isSame ? .real(largest.map { abs($0.stored.tested - $0.stored.reference) } ?? 0) : .null),
      ("at_limits", row.numbers.limits == nil ? .null : .real(statistics.share(statistics.atLimits))),
      ("clipped", row.numbers.limits == nil ? .null : .real(statistics.share(statistics.clipped))),
      ("range_used", Self.optional(statistics.usedShare(row.numbers.limits))),
      ("stored_least", Self.optional(statistics.storedRange?.least)),
      ("stored_most", Self.optional(statistics.storedRange?.most)),
      ("other_least", Self.optional(statistics.referenceRange?.least)),
      ("other_most", Self.optional(statistics.referenceRange?.most)),
      ("not_finite", .number(statistics.notFinite.tested)),
      ("other_not_finite", .number(statistics.notFinite.reference)),
      ("not_finite_differing", .number(statistics.notFinitePairs)),
    ]
  }

  private static func optional(_ value: Double?) -> JSON { value.map { .real($0) } ?? .null }

  /// A line of titles, and a line for each tensor that was compared, all of them.
  var csv: String {
    let titles = Self.titles.joined(separator: ",")
    return ([titles] + rows.map { CSV.line(fields($0).map(\.value)) }).joined(separator: "\n")
  }

  private static let titles = [
    "index", "operator", "tensor", "name", "type", "scale", "match", "other_tensor", "other_name", "other_type",
    "elements", "differing", "sqnr_db", "rmse", "rmse_per_scale", "bias", "bias_per_scale", "cosine", "largest",
    "largest_per_scale", "largest_stored", "at_limits", "clipped", "range_used", "stored_least", "stored_most",
    "other_least", "other_most", "not_finite", "other_not_finite", "not_finite_differing",
  ]

  private func difference(_ row: ComparedTensor, _ pair: ComparisonStatistics.Difference) -> JSON {
    .object([
      ("run", .number(pair.run)), ("element", .number(pair.index)),
      ("at", .numbers(row.numbers.coordinates(pair.index))),
      ("stored", .real(pair.stored.tested)), ("other_stored", .real(pair.stored.reference)),
      ("real", .real(pair.real.tested)), ("other_real", .real(pair.real.reference)),
    ])
  }

  private var firstDifferenceJSON: JSON {
    guard let index = comparison.firstDifferent, let first = comparison.tensors[index].statistics.first else {
      return .null
    }
    let row = comparison.tensors[index]
    return .object([
      ("index", .optional(row.operation)), ("operator", .string(row.operatorName)),
      ("tensor", .number(row.tensor.tensor)), ("name", .string(row.tensor.name)), ("pair", difference(row, first)),
      ("unknown_inputs", .numbers(row.operation.map { comparison.unknownInputs(of: $0) } ?? [])),
    ])
  }

  /// The whole result as one object.
  var json: JSON {
    let tensors = rows.map { row in
      JSON.object(
        fields(row).map { ($0.name, $0.value) } + [
          ("shape", .numbers(row.tensor.shape)),
          ("first_difference", row.statistics.first.map { difference(row, $0) } ?? .null),
          ("largest_difference", row.statistics.largest.map { difference(row, $0) } ?? .null),
        ])
    }
    let missing = comparison.notCompared.map { entry in
      JSON.object([
        ("index", .number(entry.operation)), ("operator", .string(comparison.model.operators[entry.operation].name)),
        ("tensor", .number(entry.tensor)), ("name", .string(comparison.model.tensors[entry.tensor].name)),
      ])
    }
    return .object([
      ("schema", .number(1)), ("model", .string(path)), ("kernels", .string(comparison.model.kernelSet.rawValue)),
      ("against", .string(against)), ("mode", .string(mode)),
      ("runs", .number(inputs.runs)), ("inputs", .string(inputs.text)), ("order", .string(order.rawValue)),
      ("differing_tensors", .number(differing.count)), ("first_difference", isTwin ? .null : firstDifferenceJSON),
      ("tensors", .array(tensors)), ("not_compared", .array(missing)),
      ("weights", weights.map { .array(ranked($0).map(weightJSON)) } ?? .null),
      ("advice", .array(advice.map { .string($0) })), ("failure", .optional(failure)),
    ])
  }

  private var mode: String {
    switch comparison.opponent {
    case .kernels: "kernels"
    case .folders: "folder"
    case .twin: "model"
    }
  }

  private func weightJSON(_ row: ComparedWeights) -> JSON {
    let statistics = row.statistics
    return .object([
      ("index", .number(row.operation)), ("operator", .string(row.operatorName)), ("name", .string(row.name)),
      ("shape", .numbers(row.shape)), ("scales", .number(row.scales)), ("elements", .number(statistics.count)),
      ("sqnr_db", Self.optional(statistics.signalToNoise)), ("rmse", Self.optional(statistics.rootMeanSquare)),
      ("rmse_per_scale", Self.optional(statistics.rootMeanSquareInSteps)), ("bias", Self.optional(statistics.bias)),
      ("largest", .real(statistics.largestDifference)), ("cosine", Self.optional(statistics.cosine)),
      ("at_limits", .real(statistics.share(statistics.atLimits))),
    ])
  }
}
