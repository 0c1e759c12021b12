import TinyTensor

/// Which tensors of two models are the same values: by their place among the outputs, by their names, by the order of the
/// operators, or as another form of a value that is matched already.
struct TwinMatching {
  /// How a tensor was matched.
  enum Reason: String, CaseIterable {
    /// Both models give it as the same output.
    case output
    /// It has the same name in both.
    case name
    /// The same operator at the same place in the order of operators writes it.
    case order
    /// It is a matched tensor, quantized or dequantized.
    case copy
  }

  /// The counterpart of each tensor of the model under test.
  private(set) var counterparts: [Int: (tensor: Int, reason: Reason)] = [:]
  /// Operators that do the same work in both, in their order.
  private(set) var operators: [(tested: Int, twin: Int)] = []
  /// Whether the graphs were too large for the order of their operators to be compared.
  let isIncomplete: Bool

  private var isTaken: Set<Int> = []

  /// - Parameters:
  ///   - graph: the model under test.
  ///   - twin: the other one.
  ///   - inputs: tensors of inputs that hold the same numbers.
  init(_ graph: ComparableGraph, _ twin: ComparableGraph, inputs: [(tested: Int, twin: Int)]) {
    let tested = Set(graph.activations)
    let others = Set(twin.activations)
    isIncomplete = !OperatorAlignment.isFeasible(graph.units.count, twin.units.count)
    matchOutputs(graph.model, twin.model, tested, others)
    for level in 0..<TensorNames.levels { matchNames(graph.model, twin.model, tested, others, level) }
    if !isIncomplete { matchOrder(graph, twin, tested, others) }
    // Inputs count for what is made of them only.
    for pair in inputs where counterparts[pair.tested] == nil { counterparts[pair.tested] = (pair.twin, .copy) }
    matchCopies(graph, tested)
    for pair in inputs where !tested.contains(pair.tested) { counterparts[pair.tested] = nil }
    findOperators(graph, twin)
  }

  private mutating func match(_ tensor: Int, _ twin: Int, _ reason: Reason) {
    counterparts[tensor] = (twin, reason)
    isTaken.insert(twin)
  }

  /// Whether two tensors have the same sizes, those of 1 aside.
  private static func haveOneShape(_ one: TensorInfo, _ other: TensorInfo) -> Bool {
    one.count == other.count && one.shape.filter { $0 != 1 } == other.shape.filter { $0 != 1 }
  }

  private mutating func matchOutputs(_ model: Model, _ twin: Model, _ tested: Set<Int>, _ others: Set<Int>) {
    guard model.outputs.count == twin.outputs.count else { return }
    for (output, other) in zip(model.outputs, TensorNames.sorted(twin.outputs, like: model.outputs)) {
      guard Self.haveOneShape(output, other), tested.contains(output.tensor), others.contains(other.tensor),
        counterparts[output.tensor] == nil, !isTaken.contains(other.tensor)
      else { continue }
      match(output.tensor, other.tensor, .output)
    }
  }

  /// Matches tensors whose names are equal at a level, where they are the only ones.
  private mutating func matchNames(
    _ model: Model, _ twin: Model, _ tested: Set<Int>, _ others: Set<Int>, _ level: Int
  ) {
    func byName(_ tensors: [Int], _ model: Model) -> [String: [Int]] {
      var found: [String: [Int]] = [:]
      for tensor in tensors {
        guard let key = TensorNames.key(model.tensors[tensor].name, level: level) else { continue }
        found[key, default: []].append(tensor)
      }
      return found
    }
    let free = byName(tested.filter { counterparts[$0] == nil }, model)
    let otherFree = byName(others.filter { !isTaken.contains($0) }, twin)
    for (key, tensors) in free {
      guard tensors.count == 1, let candidates = otherFree[key], candidates.count == 1,
        Self.haveOneShape(model.tensors[tensors[0]], twin.tensors[candidates[0]])
      else { continue }
      match(tensors[0], candidates[0], .name)
    }
  }

  private mutating func matchOrder(
    _ graph: ComparableGraph, _ twin: ComparableGraph, _ tested: Set<Int>, _ others: Set<Int>
  ) {
    let alignment = OperatorAlignment.pairs(graph.units.count, twin.units.count) { index, other in
      agreement(graph.units[index], twin.units[other])
    }
    for (index, other) in alignment {
      let unit = graph.units[index]
      let twinUnit = twin.units[other]
      var pairs = Array(zip(unit.outputs, twinUnit.outputs))
      if let inner = unit.inner, let twinInner = twinUnit.inner { pairs.append((inner, twinInner)) }
      for (tensor, counterpart) in pairs {
        guard counterparts[tensor] == nil, !isTaken.contains(counterpart), tested.contains(tensor),
          others.contains(counterpart), Self.haveOneShape(graph.model.tensors[tensor], twin.model.tensors[counterpart])
        else { continue }
        match(tensor, counterpart, .order)
      }
    }
  }

  /// How well two units go together; 0 for not at all.
  private func agreement(_ unit: ComparableGraph.Unit, _ other: ComparableGraph.Unit) -> Int32 {
    // Whether one of both is matched with a third.
    var areApart = false
    for (tensor, counterpart) in zip(unit.outputs, other.outputs) {
      guard let known = counterparts[tensor] else {
        if isTaken.contains(counterpart) { areApart = true }
        continue
      }
      if known.tensor == counterpart { return 4 }
      areApart = true
    }
    return !areApart && unit.key == other.key ? 1 : 0
  }

  /// What is quantized or dequantized is the same value: it has the same counterpart.
  private mutating func matchCopies(_ graph: ComparableGraph, _ tested: Set<Int>) {
    let conversions = graph.model.operators.compactMap { graph.conversion($0) }
    for pair in conversions {
      if let known = counterparts[pair.input], counterparts[pair.output] == nil, tested.contains(pair.output) {
        counterparts[pair.output] = (known.tensor, .copy)
      }
    }
    for pair in conversions.reversed() {
      if let known = counterparts[pair.output], counterparts[pair.input] == nil, tested.contains(pair.input) {
        counterparts[pair.input] = (known.tensor, .copy)
      }
    }
  }

  private mutating func findOperators(_ graph: ComparableGraph, _ twin: ComparableGraph) {
    var byOutput: [Int: Int] = [:]
    for (index, unit) in twin.units.enumerated() {
      for tensor in unit.outputs { byOutput[tensor] = index }
      if let inner = unit.inner { byOutput[inner] = index }
    }
    for unit in graph.units {
      guard let output = unit.outputs.first, let counterpart = counterparts[output], counterpart.reason != .copy,
        let index = byOutput[counterpart.tensor]
      else { continue }
      let other = twin.units[index].operation
      if graph.model.operators[unit.operation].name == twin.model.operators[other].name {
        operators.append((unit.operation, other))
      }
    }
  }
}

/// The order that two lists of operators have in common.
enum OperatorAlignment {
  /// The largest table that is filled, in entries of four bytes.
  private static let largestTable = 1 << 24

  static func isFeasible(_ count: Int, _ otherCount: Int) -> Bool {
    count < 1 << 20 && otherCount < 1 << 20 && (count + 1) * (otherCount + 1) <= largestTable
  }

  /// The pairs, in order in both lists, whose agreement is the largest in sum: a longest common subsequence.
  ///
  /// - Parameters:
  ///   - count: how many operators one list has.
  ///   - otherCount: how many the other one has; ``isFeasible(_:_:)`` with `count`.
  ///   - agreement: how well an operator of each list go together; 0 for not at all.
  /// - Complexity: O(count * otherCount) in time and memory.
  static func pairs(_ count: Int, _ otherCount: Int, _ agreement: (Int, Int) -> Int32) -> [(Int, Int)] {
    let width = otherCount + 1
    // The best sum of what follows a place in each list.
    var best = [Int32](repeating: 0, count: (count + 1) * width)
    for index in stride(from: count - 1, through: 0, by: -1) {
      for other in stride(from: otherCount - 1, through: 0, by: -1) {
        let value = agreement(index, other)
        let place = index * width + other
        best[place] = max(
          best[place + width], best[place + 1], value > 0 ? best[place + width + 1] + value : 0)
      }
    }
    var pairs: [(Int, Int)] = []
    var index = 0
    var other = 0
    while index < count, other < otherCount {
      let place = index * width + other
      let value = agreement(index, other)
      if value > 0, best[place] == best[place + width + 1] + value {
        pairs.append((index, other))
        index += 1
        other += 1
      } else if best[place] == best[place + width] {
        index += 1
      } else {
        other += 1
      }
    }
    return pairs
  }
}
