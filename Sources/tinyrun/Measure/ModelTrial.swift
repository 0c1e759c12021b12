import TinyTensor

/// A model that was loaded once for each set of kernels, and whose operators are timed one by one.
final class ModelTrial {
  /// A model with the kernels of one set, and the least times of its operators.
  private final class Contestant {
    let set: KernelSet
    let model: Model
    var session: Session
    var timer: LeastTimes

    init(_ path: String, _ set: KernelSet, _ choices: Models.Choices, seed: UInt64) throws {
      self.set = set
      model = try Models.load(path, .cpu(CPUOptions(kernels: set)), choices.options)
      session = try model.makeSession()
      timer = LeastTimes(operators: model.operators.count)
      _ = try BenchInputs(model, seed: seed).firstRun(&session)
    }

    func turn() throws -> UInt64 {
      let start = MonotonicClock.now()
      try session.run(observer: &timer)
      return MonotonicClock.now() - start
    }
  }

  /// Operators that kernels for products of bytes run.
  private static let names: Set<String> = ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"]

  private let contestants: [Contestant]
  private let pick: Int
  private let resolution: Double

  /// Loads a model for every set that this processor has.
  ///
  /// - Parameters:
  ///   - path: the model's file.
  ///   - choices: how to load it.
  ///   - pick: the set that the library picks.
  ///   - seed: where random inputs begin.
  init(_ path: String, _ choices: Models.Choices, pick: KernelSet, seed: UInt64) throws {
    let sets = KernelSet.allCases.filter(\.isAvailable)
    contestants = try sets.map { try Contestant(path, $0, choices, seed: seed) }
    self.pick = sets.firstIndex(of: pick) ?? 0
    resolution = 2 * Double(MonotonicClock.cost())
  }

  /// Runs the model with all sets in turn.
  ///
  /// - Parameter seconds: of all sets together.
  func measure(seconds: Double) throws {
    try Turns.take(contestants.count, seconds: seconds) { try contestants[$0].turn() }
  }

  /// The distinct layers of the model, in the order of their first operators.
  func trials() -> [KernelTrial] {
    var groups: [String: Int] = [:]
    var layers: [[Int]] = []
    let model = contestants[pick].model
    for (index, operation) in model.operators.enumerated() {
      guard Self.names.contains(operation.name), operation.multiplyAccumulates > 0,
        contestants.allSatisfy({ $0.timer.least[index] < .max })
      else { continue }
      let kernels = contestants.map { $0.model.operators[index].kernel }.joined(separator: " ")
      let key = Self.title(model, operation) + " " + kernels
      if let group = groups[key] {
        layers[group].append(index)
      } else {
        groups[key] = layers.count
        layers.append([index])
      }
    }
    return layers.map(trial)
  }

  /// The layer that some operators have in common.
  private func trial(_ operators: [Int]) -> KernelTrial {
    let model = contestants[pick].model
    let operation = model.operators[operators[0]]
    var entries: [KernelTrial.Entry] = []
    for contestant in contestants {
      let kernel = contestant.model.operators[operators[0]].kernel
      let least = Double(operators.map { contestant.timer.least[$0] }.min() ?? 0)
      if let known = entries.firstIndex(where: { $0.kernel == kernel }) {
        entries[known].sets.append(contestant.set.rawValue)
        entries[known].nanoseconds = min(entries[known].nanoseconds, least)
      } else {
        entries.append(.init(kernel: kernel, sets: [contestant.set.rawValue], nanoseconds: max(least, 1)))
      }
    }
    return KernelTrial(
      title: Self.title(model, operation), name: operation.name, count: operators.count,
      multiplyAccumulates: operation.multiplyAccumulates, entries: entries,
      pick: entries.firstIndex { $0.kernel == operation.kernel } ?? 0, resolution: resolution)
  }

  /// `CONV_2D int8 [1,8,8,3] * [4,3,3,3] -> [1,8,8,4]`.
  private static func title(_ model: Model, _ operation: OperatorInfo) -> String {
    func tensor(_ list: [Int], _ place: Int) -> TensorInfo? {
      guard list.indices.contains(place), model.tensors.indices.contains(list[place]) else { return nil }
      return model.tensors[list[place]]
    }
    func shape(_ info: TensorInfo?) -> String { info.map { Text.shape($0.shape) } ?? "?" }
    let input = tensor(operation.inputs, 0)
    return "\(operation.name) \(input.map { "\($0.elementType)" } ?? "?") \(shape(input)) * "
      + "\(shape(tensor(operation.inputs, 1))) -> \(shape(tensor(operation.outputs, 0)))"
  }
}

/// The least time of each operator, in nanoseconds.
private struct LeastTimes: RunObserver {
  private(set) var least: [UInt64]
  private var before: UInt64 = 0

  init(operators: Int) { least = [UInt64](repeating: .max, count: operators) }

  mutating func willRun(_ event: OperatorEvent) { before = MonotonicClock.now() }

  mutating func didRun(_ event: OperatorEvent, _ tensors: borrowing TensorReader) {
    least[event.index] = min(least[event.index], MonotonicClock.now() - before)
  }
}
