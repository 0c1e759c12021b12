import TinyTensor

/// What the figures of a comparison with a twin show, in sentences.
struct ComparisonAdvice {
  private let comparison: Comparison
  /// Rows that were compared, by their tensors.
  private let rows: [Int: ComparedTensor]

  /// A fall of the ratio of signal to noise that is worth a sentence, in decibels.
  private static let largeDrop = 6.0
  /// What eight bits hold at the best, in decibels: what is lost from above it is that of any quantization.
  private static let bestRatio = 50.0
  /// A share of clipped elements that is worth a sentence.
  private static let muchClipped = 0.005
  /// How many steps beyond its range a tensor's counterpart must reach. The scales of some operators are fixed, and do not
  /// hold their last step: that of SOFTMAX ends before 1.
  private static let farBeyond = 2.0
  /// How many tensors the search for what is before an operator looks at.
  private static let mostSearched = 1000
  /// A share of the range below which a tensor uses little of it: two of eight bits are idle.
  private static let littleUsed = 0.25
  /// How many tensors a sentence of each kind is written for.
  private static let most = 3

  init(_ comparison: Comparison) {
    self.comparison = comparison
    rows = Dictionary(comparison.compared.map { ($0.tensor.tensor, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The sentences, those about the most first.
  var sentences: [String] { [largestDrop].compactMap { $0 } + clipped + narrowRanges + narrowChannels }

  // MARK: The largest drop

  /// The operator behind which the ratio is worse than before it by the most.
  private var largestDrop: String? {
    var best: (row: ComparedTensor, before: Double, after: Double)?
    var largest = Self.largeDrop
    for row in comparison.compared {
      guard let operation = row.operation, let after = row.statistics.signalToNoise, after.isFinite,
        let before = signalToNoise(before: operation), before.isFinite
      else { continue }
      let drop = min(before, Self.bestRatio) - after
      if drop > largest {
        largest = drop
        best = (row, before, after)
      }
    }
    guard let best else { return nil }
    return "the largest drop is at operator \(place(best.row)): "
      + "\(Text.fixed(best.before, 1)) dB before it, \(Text.fixed(best.after, 1)) dB behind it"
  }

  /// The worst ratio among what an operator reads, through operators that were not compared.
  private func signalToNoise(before operation: Int) -> Double? {
    var worst: Double?
    var seen = Set<Int>()
    var open = comparison.model.operators[operation].inputs
    while let tensor = open.popLast(), seen.count < Self.mostSearched {
      guard tensor >= 0, seen.insert(tensor).inserted else { continue }
      if let row = rows[tensor] {
        guard let ratio = row.statistics.signalToNoise else { continue }
        worst = min(worst ?? ratio, ratio)
      } else if let producer = comparison.graph.producers[tensor], producer < operation {
        open += comparison.model.operators[producer].inputs
      }
    }
    return worst
  }

  // MARK: Ranges

  /// The real numbers that a tensor can hold.
  private func range(_ row: ComparedTensor) -> ClosedRange<Double>? {
    guard let limits = row.numbers.limits, row.numbers.step != nil else { return nil }
    return row.numbers.real(limits.lowerBound, at: 0)...row.numbers.real(limits.upperBound, at: 0)
  }

  private var clipped: [String] {
    let found = comparison.compared.filter { row in
      guard row.statistics.share(row.statistics.clipped) > Self.muchClipped, let step = row.numbers.step,
        let holds = range(row), let range = row.statistics.referenceRange
      else { return false }
      return max(range.most - holds.upperBound, holds.lowerBound - range.least) > Self.farBeyond * step
    }.sorted { $0.statistics.share($0.statistics.clipped) > $1.statistics.share($1.statistics.clipped) }
    return found.prefix(Self.most).compactMap { row in
      guard let holds = range(row), let range = row.statistics.referenceRange else { return nil }
      return "operator \(place(row)): \(Text.fixed(row.statistics.share(row.statistics.clipped) * 100, 1)) % of the "
        + "twin's values lie beyond what it can hold: they reach from \(Self.number(range.least)) to "
        + "\(Self.number(range.most)), it holds \(Self.number(holds.lowerBound)) to \(Self.number(holds.upperBound)); "
        + "calibrate with data that reach as far"
    } + Self.rest(found.count)
  }

  private var narrowRanges: [String] {
    let found = comparison.compared.filter { row in
      guard row.numbers.step != nil, row.tensor.count > 1, let used = row.statistics.usedShare(row.numbers.limits)
      else { return false }
      return used < Self.littleUsed && (row.statistics.signalToNoise ?? .infinity) < 30
    }.sorted { ($0.statistics.signalToNoise ?? .infinity) < ($1.statistics.signalToNoise ?? .infinity) }
    return found.prefix(Self.most).map { row in
      let used = row.statistics.usedShare(row.numbers.limits) ?? 0
      return "operator \(place(row)): its values use \(Text.fixed(used * 100, 1)) % of the range that it can hold; if "
        + "these inputs are typical, its scale is too large"
    } + Self.rest(found.count)
  }

  private static func rest(_ count: Int) -> [String] {
    count > most ? ["and \(Text.plural(count - most, "more tensor")) of that kind"] : []
  }

  // MARK: Weights

  private var narrowChannels: [String] {
    let found = NarrowChannels.find(comparison.model)
    return found.prefix(Self.most).map { weights in
      "operator \(weights.operation) \(Text.printable(weights.operatorName)): its weights have one scale, and "
        + "\(weights.narrow) of \(weights.channels) channels use less than \(Int(NarrowChannels.fewSteps)) steps on "
        + "either side of 0; a scale for each channel would give them more"
    } + (found.count > Self.most ? ["and \(Text.plural(found.count - Self.most, "more operator")) of that kind"] : [])
  }

  // MARK: Text

  private func place(_ row: ComparedTensor) -> String {
    "\(row.operation.map { "\($0) " } ?? "")\(Text.printable(row.operatorName)), tensor \(row.tensor.tensor)"
  }

  private static func number(_ value: Double) -> String { Text.significant(Float(value), 4) }
}
