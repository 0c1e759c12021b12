import TinyTensor

/// When in a run each tensor of a model can be read: right after it was written, before anything can overwrite it.
struct TensorSchedule {
  /// For each tensor the operator after which it can be read, ``beforeAll`` if it is there from the start, or `nil` if a
  /// run never writes it. One that can be read in time may still have no memory.
  let times: [Int?]
  /// How many steps each operator has.
  let stepCounts: [Int]
  /// Tensors that can be read from the start: inputs, views of them, and what was computed at load.
  let first: [Int]
  /// Tensors that can be read once an operator has run, by operator.
  let following: [Int: [Int]]

  /// The time of what is there from the start.
  static let beforeAll = -1

  init(_ model: Model) {
    var stepCounts = [Int](repeating: 0, count: model.operators.count)
    for step in model.planSteps { stepCounts[step.operatorIndex] += 1 }
    var times = [Int?](repeating: nil, count: model.tensors.count)
    for input in model.inputs { times[input.tensor] = Self.beforeAll }
    for (index, operation) in model.operators.enumerated() {
      guard let time = Self.time(of: operation, index, steps: stepCounts[index], times) else { continue }
      for tensor in operation.outputs where times.indices.contains(tensor) { times[tensor] = time }
    }
    var first: [Int] = []
    var following: [Int: [Int]] = [:]
    for (tensor, time) in times.enumerated() {
      guard let time else { continue }
      if time == Self.beforeAll { first.append(tensor) } else { following[time, default: []].append(tensor) }
    }
    self.times = times
    self.stepCounts = stepCounts
    self.first = first
    self.following = following
  }

  /// When what an operator writes is there; `nil` for never.
  private static func time(of operation: OperatorInfo, _ index: Int, steps: Int, _ times: [Int?]) -> Int? {
    if steps > 0 { return index }
    if operation.foldedInto != nil { return nil }
    if operation.isFolded { return beforeAll }
    func time(_ tensor: Int) -> Int? { times.indices.contains(tensor) ? times[tensor] : nil }
    // A view is there with what it views; a concatenation in place, with the last of its inputs.
    if operation.isView { return operation.inputs.first.flatMap(time) }
    if operation.isInPlace { return operation.inputs.compactMap(time).max() }
    return nil
  }
}

/// Shows each tensor that is asked for once a run, right after it was written.
struct TensorWatch: RunObserver {
  private let schedule: TensorSchedule
  private let isWanted: [Bool]
  private let show: (Int, RawSpan) -> Void
  private var stepsLeft: [Int]
  private var hasBegun = false
  private var isShown: [Bool]

  /// - Parameters:
  ///   - schedule: that of the model that runs.
  ///   - isWanted: for each tensor, whether to show it.
  ///   - show: takes a tensor's index and its bytes.
  init(_ schedule: TensorSchedule, isWanted: [Bool], show: @escaping (Int, RawSpan) -> Void) {
    self.schedule = schedule
    self.isWanted = isWanted
    self.show = show
    stepsLeft = schedule.stepCounts
    isShown = [Bool](repeating: false, count: isWanted.count)
  }

  mutating func willRun(_ event: OperatorEvent) {}

  mutating func didRun(_ event: OperatorEvent, _ tensors: borrowing TensorReader) {
    if !hasBegun {
      hasBegun = true
      // Inputs keep their memory through the run.
      for tensor in schedule.first { read(tensor, tensors) }
    }
    stepsLeft[event.index] -= 1
    guard stepsLeft[event.index] == 0 else { return }
    for tensor in schedule.following[event.index] ?? [] { read(tensor, tensors) }
  }

  private mutating func read(_ tensor: Int, _ tensors: borrowing TensorReader) {
    guard isWanted[tensor], !isShown[tensor], let bytes = tensors.bytes(tensor) else { return }
    isShown[tensor] = true
    show(tensor, bytes)
  }

  /// Shows outputs that no operator wrote, as those of a model of views alone, which runs nothing that can be watched.
  mutating func finish(_ session: borrowing Session) throws {
    for (index, output) in session.model.outputs.enumerated() where isWanted[output.tensor] && !isShown[output.tensor] {
      isShown[output.tensor] = true
      show(output.tensor, try session.outputBytes(session.model.output(at: index)))
    }
  }
}
