import TinyTensor

/// A tensor of the model under test, and what tells it from its counterpart.
struct ComparedTensor {
  /// The operator that writes it; `nil` for an input.
  let operation: Int?
  /// The operator's name, or `input`.
  let operatorName: String
  let tensor: TensorInfo
  let numbers: TensorNumbers
  /// What it is compared with.
  let counterpart: TensorInfo
  let counterpartNumbers: TensorNumbers
  /// How the counterpart was found, in a comparison with another model.
  let reason: TwinMatching.Reason?
  /// Whether both store numbers alike.
  let isSame: Bool
  var statistics = ComparisonStatistics()

  init(
    _ model: Model, tensor: Int, writtenBy operation: Int?, counterpart: TensorInfo,
    reason: TwinMatching.Reason? = nil
  ) {
    self.operation = operation
    operatorName = operation.map { model.operators[$0].name } ?? "input"
    self.tensor = model.tensors[tensor]
    self.counterpart = counterpart
    self.reason = reason
    numbers = TensorNumbers(model.tensors[tensor])
    counterpartNumbers = TensorNumbers(counterpart)
    isSame = self.tensor.elementType == counterpart.elementType && numbers.scaling == counterpartNumbers.scaling
  }

  /// Whether both are of one model, or real numbers of both can be told.
  var isComparable: Bool { reason == nil || (!numbers.isOpaque && !counterpartNumbers.isOpaque) }
}

/// Runs a model beside what it is compared with, and sums up the differences of all tensors.
///
/// The tensors of one run of the model under test are kept until their counterparts come by; those of the other model
/// are looked at where they are, and those of a folder are read one by one.
final class Comparison {
  /// What a model is compared with.
  enum Opponent {
    /// The same model with other kernels.
    case kernels(Model)
    /// Tensors in files, a folder for each run.
    case folders([ExpectedFolder])
    /// Another model, and the inputs that both have.
    case twin(Model, TwinInputs)
  }

  let model: Model
  let opponent: Opponent
  let graph: ComparableGraph
  private(set) var tensors: [ComparedTensor] = []
  /// The row of the first tensor that differed in the first run in which one did.
  private(set) var firstDifferent: Int?
  /// Operators that do the same work in a twin.
  let operators: [(tested: Int, twin: Int)]
  /// Whether a twin was too large to be matched by the order of operators.
  let isMatchingIncomplete: Bool

  private let twinSchedule: TensorSchedule?
  private let tolerance: ComparisonStatistics.Tolerance?
  private var session: Session
  /// Bytes that are kept of a run at most.
  private static let mostKept: Int64 = 1 << 32

  private var kept: [Int: [UInt8]] = [:]
  /// Rows by the tensor under test.
  private var rows: [Int: Int] = [:]
  /// Rows by the counterpart.
  private var counterpartRows: [Int: [Int]] = [:]
  private var failure: (any Error)?

  init(_ model: Model, _ opponent: Opponent, tolerance: ComparisonStatistics.Tolerance?) throws {
    self.model = model
    self.opponent = opponent
    self.tolerance = tolerance
    session = try model.makeSession()
    let graph = ComparableGraph(model)
    self.graph = graph
    var matching: TwinMatching?
    switch opponent {
    case .kernels(let other): twinSchedule = TensorSchedule(other)
    case .folders: twinSchedule = nil
    case .twin(let twin, let inputs):
      let other = ComparableGraph(twin)
      twinSchedule = other.schedule
      matching = TwinMatching(graph, other, inputs: inputs.tensors(model, twin))
    }
    operators = matching?.operators ?? []
    isMatchingIncomplete = matching?.isIncomplete ?? false
    if case .twin(let twin, _) = opponent, let matching {
      addTensors { matching.counterparts[$0].map { (twin.tensors[$0.tensor], $0.reason) } }
    } else {
      let written = Set(tensorsOfFolders())
      addTensors { tensor in
        if case .folders = opponent, !written.contains(tensor) { return nil }
        return (model.tensors[tensor], nil)
      }
    }
    if twinSchedule != nil {
      // A sum of sizes of at most 2^30 bytes each.
      let byteCount = tensors.reduce(Int64(0)) { $0 + Int64($1.tensor.byteCount) }
      guard byteCount <= Self.mostKept else {
        throw Failure(
          .refused,
          "the tensors of a run take \(Text.bytes(Int(clamping: byteCount))), more than the \(Text.bytes(Int(clamping: Self.mostKept))) that are kept; "
            + "compare with a folder of tensors, of which none are kept")
      }
    }
    for (row, tensor) in tensors.enumerated() {
      rows[tensor.tensor.tensor] = row
      counterpartRows[tensor.counterpart.tensor, default: []].append(row)
    }
  }

  private func tensorsOfFolders() -> Set<Int> {
    guard case .folders(let folders) = opponent, let first = folders.first else { return [] }
    return folders.dropFirst().reduce(first.tensors) { $0.intersection($1.tensors) }
  }

  /// Makes rows in the order of the graph. Inputs are compared with a folder alone: all else is given them.
  private func addTensors(_ counterpart: (Int) -> (TensorInfo, TwinMatching.Reason?)?) {
    var isAdded = Set<Int>()
    func add(_ tensor: Int, _ operation: Int?) {
      guard isAdded.insert(tensor).inserted, let (info, reason) = counterpart(tensor) else { return }
      let row = ComparedTensor(model, tensor: tensor, writtenBy: operation, counterpart: info, reason: reason)
      if row.isComparable { tensors.append(row) }
    }
    if case .folders = opponent {
      for input in model.inputs { add(input.tensor, nil) }
    }
    let isTwin = if case .twin = opponent { true } else { false }
    for (index, operation) in model.operators.enumerated() {
      for tensor in operation.outputs where graph.producers[tensor] == index {
        guard let time = graph.schedule.times[tensor], !isTwin || time >= 0 else { continue }
        add(tensor, index)
      }
    }
  }

  // MARK: Runs

  /// Runs both sides on all inputs.
  func run(_ inputs: inout ComparisonInputs, quiet: Bool) throws {
    var bar = ProgressBar(total: inputs.runs, quiet: quiet || inputs.runs == 1)
    defer { bar.finish() }
    switch opponent {
    case .kernels(let other):
      try run(&inputs, &bar, beside: other) { session, twin in
        for index in session.model.inputs.indices {
          let bytes = try session.inputArray(at: index)
          try twin.setInput(twin.model.input(at: index), bytes: bytes.span)
        }
      }
    case .twin(let other, let twinInputs):
      try run(&inputs, &bar, beside: other) { try twinInputs.copy(&$0, to: &$1) }
    case .folders(let folders):
      for run in 0..<inputs.runs {
        try inputs.set(run, of: &session)
        try watch(&session, graph.schedule, isWanted(rows.keys)) { tensor, bytes in
          self.compare(tensor, bytes, with: folders[run], run: run)
        }
        bar.update(run + 1)
      }
    }
  }

  private func run(
    _ inputs: inout ComparisonInputs, _ bar: inout ProgressBar, beside other: Model,
    _ copyInputs: (inout Session, inout Session) throws -> Void
  ) throws {
    guard let twinSchedule else { return }
    var twin = try other.makeSession()
    let wanted = isWanted(rows.keys)
    var wantedOfTwin = [Bool](repeating: false, count: other.tensors.count)
    for tensor in counterpartRows.keys { wantedOfTwin[tensor] = true }
    for run in 0..<inputs.runs {
      try inputs.set(run, of: &session)
      try copyInputs(&session, &twin)
      try watch(&session, graph.schedule, wanted) { self.kept[$0] = [UInt8](copying: $1) }
      try watch(&twin, twinSchedule, wantedOfTwin) { tensor, bytes in
        for row in self.counterpartRows[tensor] ?? [] {
          guard let tested = self.kept.removeValue(forKey: self.tensors[row].tensor.tensor) else { continue }
          // Sound: bytes have no padding and no invalid patterns.
          self.add(row, unsafe tested.span.bytes, bytes, run: run)
        }
      }
      kept.removeAll()
      bar.update(run + 1)
    }
  }

  private func isWanted(_ wanted: some Sequence<Int>) -> [Bool] {
    var flags = [Bool](repeating: false, count: model.tensors.count)
    for tensor in wanted { flags[tensor] = true }
    return flags
  }

  private func watch(
    _ session: inout Session, _ schedule: TensorSchedule, _ isWanted: [Bool],
    _ show: @escaping (Int, RawSpan) -> Void
  ) throws {
    var watch = TensorWatch(schedule, isWanted: isWanted, show: show)
    try session.run(observer: &watch)
    try watch.finish(session)
    if let failure { throw failure }
  }

  private func compare(_ tensor: Int, _ bytes: RawSpan, with folder: ExpectedFolder, run: Int) {
    guard failure == nil, let row = rows[tensor] else { return }
    do {
      guard let expected = try folder.bytes(tensors[row].tensor) else { return }
      // Sound: bytes have no padding and no invalid patterns.
      add(row, bytes, unsafe expected.span.bytes, run: run)
    } catch {
      failure = error
    }
  }

  private func add(_ row: Int, _ tested: RawSpan, _ reference: RawSpan, run: Int) {
    let wasEqual = tensors[row].statistics.isEqual
    _ = tensors[row].statistics.add(
      tested, tensors[row].numbers, reference, tensors[row].counterpartNumbers, isSame: tensors[row].isSame,
      tolerance: tolerance, run: run)
    guard wasEqual, !tensors[row].statistics.isEqual else { return }
    // Within a run the order of the graph decides, whatever the order in which tensors came by.
    if let first = firstDifferent, let firstRun = tensors[first].statistics.first?.run, firstRun < run || first < row {
      return
    }
    firstDifferent = row
  }

  // MARK: Findings

  /// Rows that could be compared.
  var compared: [ComparedTensor] { tensors.filter { $0.statistics.runs > 0 } }

  /// Tensors that operators write in a run and that were compared with nothing: they have no counterpart, or no memory of
  /// their own on one side.
  var notCompared: [(operation: Int, tensor: Int)] {
    var found: [(Int, Int)] = []
    for (index, operation) in model.operators.enumerated() {
      for tensor in operation.outputs where graph.producers[tensor] == index {
        if let row = rows[tensor] {
          if tensors[row].statistics.runs > 0 { continue }
        } else if graph.schedule.times[tensor] == TensorSchedule.beforeAll {
          continue
        }
        found.append((index, tensor))
      }
    }
    return found
  }

  /// Tensors that an operator reads in a run, written in it, and that were not compared, so that nobody knows whether
  /// they are equal. What another operator does the work of is looked through.
  func unknownInputs(of operation: Int) -> [Int] {
    var found: [Int] = []
    var seen = Set<Int>()
    var open = model.operators[operation].inputs
    while let tensor = open.popLast() {
      guard tensor >= 0, seen.insert(tensor).inserted, let producer = graph.producers[tensor] else { continue }
      if let row = rows[tensor], tensors[row].statistics.runs > 0 { continue }
      if graph.schedule.times[tensor] == TensorSchedule.beforeAll { continue }
      if model.operators[producer].foldedInto != nil {
        open += model.operators[producer].inputs
      } else {
        found.append(tensor)
      }
    }
    return found.sorted()
  }
}
