import FlatbufferReader
import TinyTensorKernels

/// Runs a graph in stages: translates what it has not seen in these shapes yet.
///
/// Unchecked since a session, which owns it, is used by one thread at a time. It allocates: stages when shapes are new,
/// and what lies between stages in every run.
final class StageRunner: @unchecked Sendable {
  private let graph: StagedGraph
  private let session: Surroundings
  private let children: [Int: [StageRunner]]
  /// Stages by their first operator, the last used last.
  private var stages: [Int: [PlacedStage]] = [:]
  /// Tensors whose elements operators have asked for, by operator.
  private var wanted: [Int: [Int]] = [:]
  /// Operators that have turned out to call graphs whose shapes a run decides.
  private var interpreted: Set<Int>
  /// Bytes that may lie between stages: what the graph takes at its bounds, and some for what outgrows them.
  private let heldLimit: Int

  /// How many stages that begin with one operator are kept: those of a loop's iterations come again in the next run.
  private static let keptStages = 64
  /// About how many bytes the stages that begin with one operator may take.
  private static let keptBytes = 4 << 20

  /// What the runners of a session share.
  struct Surroundings {
    let file: FileBytes
    let arena: AlignedMemory
    /// Where in the arena stages have theirs: one at a time.
    let area: Range<Int>
    let variables: [InitialValue]
    let workers: Workers
    let canceller: RunCanceller
  }

  private final class PlacedStage {
    let stage: Stage
    let instance: GraphInstance
    /// About how many bytes of memory it keeps.
    let byteCount: Int

    init(_ stage: Stage, _ instance: GraphInstance, byteCount: Int) {
      self.stage = stage
      self.instance = instance
      self.byteCount = byteCount
    }

    /// Whether it was translated for what is held now.
    func fits(_ held: [HeldTensor?]) -> Bool {
      for dependency in stage.dependencies {
        guard let value = held[dependency.tensor], value.shape == dependency.shape else { return false }
        guard let elements = dependency.elements else { continue }
        guard let memory = value.memory, elements === memory || elements.equals(memory, byteCount: value.byteCount)
        else { return false }
      }
      return true
    }
  }

  init(_ graph: StagedGraph, _ session: Surroundings) {
    self.graph = graph
    self.session = session
    interpreted = graph.interpreted
    let tensors = graph.base.subgraph.tensors
    let planned = graph.bounds.reduce(0) { sum, bound in
      sum + min(graph.limits.tensorBytes, tensors[bound.key].elementType.byteCount(of: bound.value.count) ?? 0)
    }
    heldLimit = min(graph.limits.arenaBytes, max(planned, 4 * min(graph.limits.grownBytes, graph.limits.arenaBytes)))
    var children: [Int: [StageRunner]] = [:]
    for (index, graphs) in graph.children { children[index] = graphs.map { StageRunner($0, session) } }
    self.children = children
  }

  /// Has graphs that are called once forget that they have run.
  func forgetRuns() {
    for (_, placed) in stages {
      for stage in placed { stage.instance.forgetRuns() }
    }
    for (_, runners) in children {
      for runner in runners { runner.forgetRuns() }
    }
  }

  // MARK: A run

  /// Runs the graph.
  ///
  /// - Parameter inputs: in the order of its inputs.
  /// - Returns: its outputs.
  func run(_ inputs: [HeldTensor]) throws(SessionError) -> [HeldTensor] {
    var held = [HeldTensor?](repeating: nil, count: graph.lastReads.count)
    for (tensor, value) in zip(graph.inputs, inputs) { held[tensor] = value }
    var index = graph.first
    while index < graph.operatorCount {
      try session.canceller.check()
      if interpreted.contains(index) {
        try call(index, &held)
        index += 1
      } else {
        let placed = try stage(from: index, held)
        // An operator that calls graphs whose shapes a run decides has no stage.
        guard let placed else { continue }
        try run(placed, &held)
        index = placed.stage.operators.upperBound
      }
      try release(upTo: index, &held)
    }
    var outputs: [HeldTensor] = []
    for tensor in graph.outputs { outputs.append(try value(of: tensor, held)) }
    return outputs
  }

  /// Forgets what no later operator reads, and looks at how much is left.
  private func release(upTo index: Int, _ held: inout [HeldTensor?]) throws(SessionError) {
    var byteCount = 0
    for tensor in held.indices {
      guard let value = held[tensor] else { continue }
      if graph.lastReads[tensor] < index { held[tensor] = nil } else { byteCount += value.byteCount }
      guard byteCount <= heldLimit else {
        throw SessionError(
          .tooLarge,
          "tensors whose shapes the run decides need more than \(heldLimit) bytes; raise Limits.grownBytes or "
            + "Limits.arenaBytes if the data are to be trusted")
      }
    }
  }

  private func run(_ placed: PlacedStage, _ held: inout [HeldTensor?]) throws(SessionError) {
    for (position, tensor) in placed.stage.inputs.enumerated() {
      guard let memory = held[tensor]?.memory else { preconditionFailure("a stage is handed what is not there") }
      placed.instance.setInput(position, memory.bytes(heldBy: memory))
    }
    try placed.instance.run()
    for (position, output) in placed.stage.outputs.enumerated() {
      var value = HeldTensor(
        shape: output.shape, byteCount: output.byteCount, memory: output.known, isKnown: output.known != nil)
      if value.memory == nil {
        guard let memory = AlignedMemory(byteCount: output.byteCount) else { throw outOfMemory(output.byteCount) }
        placed.instance.copyOutput(position, to: memory)
        value.memory = memory
      }
      held[output.tensor] = value
    }
  }

  /// Refuses a tensor that is larger than the caller's bound, or far larger than the memory that was planned for it.
  private func check(_ tensor: Int, _ shape: Shape) throws(SessionError) {
    if let bound = graph.givenBounds[tensor] {
      guard shape.count <= bound.count else {
        throw SessionError(
          .tooLarge,
          "\(graph.name(of: tensor)) has the shape \(shape) in this run, and its bound is \(bound); give a larger one")
      }
      return
    }
    let type = graph.base.subgraph.tensors[tensor].elementType
    guard let byteCount = type.byteCount(of: shape.count), byteCount > graph.limits.grownBytes,
      let bound = graph.bounds[tensor], shape.count > bound.count
    else { return }
    throw SessionError(
      .tooLarge,
      "\(graph.name(of: tensor)) has the shape \(shape) in this run, more than the \(bound) that was planned for and than "
        + "the limit of \(graph.limits.grownBytes) bytes; give it a bound with ModelOptions.bounds, or --bound NAME=SHAPE"
    )
  }

  private func outOfMemory(_ byteCount: Int) -> SessionError {
    SessionError(.tooLarge, "the system has no \(byteCount) bytes of memory left")
  }

  /// A tensor that is held, or a constant, or what a variable holds now.
  private func value(of tensor: Int, _ held: [HeldTensor?]) throws(SessionError) -> HeldTensor {
    do throws(ModelError) {
      if let value = try graph.value(of: tensor, held) { return value }
      if case .variable(let number) = graph.base.values[tensor].source, let shape = graph.base.values[tensor].shape,
        let byteCount = graph.base.byteCount(of: tensor)
      {
        let memory = try session.arena.copy(
          session.variables[number].offset..<(session.variables[number].offset + byteCount))
        return HeldTensor(shape: shape, byteCount: byteCount, memory: memory, isKnown: false)
      }
    } catch {
      throw SessionError(error)
    }
    throw SessionError(.invalidData, "\(graph.name(of: tensor)) has no data")
  }

  // MARK: Stages

  /// The stage from an operator on for what is held now; `nil` if the operator calls graphs whose shapes a run decides.
  private func stage(from index: Int, _ held: [HeldTensor?]) throws(SessionError) -> PlacedStage? {
    if var kept = stages[index], let found = kept.lastIndex(where: { $0.fits(held) }) {
      let placed = kept.remove(at: found)
      kept.append(placed)
      stages[index] = kept
      return placed
    }
    do throws(ModelError) {
      let context = BuildContext(copying: graph.base.context)
      while true {
        switch try graph.translate(from: index, held, values: wanted[index] ?? [], in: context) {
        case .stage(let stage):
          try checkSize(of: stage)
          return try place(stage)
        case .deferred(let error, .graphs):
          guard children[index] != nil else { throw error }
          interpreted.insert(index)
          return nil
        case .deferred(let error, .value(let tensor)):
          guard held[tensor]?.memory != nil, !(wanted[index] ?? []).contains(tensor) else { throw error }
          wanted[index, default: []].append(tensor)
        }
      }
    } catch {
      throw SessionError(error)
    }
  }

  /// Refuses a stage that needs far more memory than was planned for.
  private func checkSize(of stage: Stage) throws(ModelError) {
    for output in stage.outputs {
      do throws(SessionError) {
        try check(output.tensor, output.shape)
      } catch {
        throw graph.error(.tooLarge, at: stage.operators.lowerBound, error.message)
      }
    }
    let needed = stage.plan.arenaByteCount
    guard needed <= session.area.count || needed <= heldLimit else {
      throw graph.error(
        .tooLarge, at: stage.operators.lowerBound,
        "from it on \(needed) bytes are needed for the shapes of this run, more than was planned for and than the limit "
          + "of \(heldLimit) bytes; raise Limits.grownBytes if the data are to be trusted")
    }
  }

  private func place(_ stage: Stage) throws(ModelError) -> PlacedStage {
    let needed = stage.plan.arenaByteCount
    var arena = session.arena
    var base = session.area.lowerBound
    if needed > session.area.count {
      guard let own = AlignedMemory(byteCount: needed) else { throw .outOfMemory(needed) }
      (arena, base) = (own, 0)
    }
    let instance = try GraphInstance(
      stage.plan, file: session.file, arena: arena, base: base, variables: session.variables,
      variableArena: session.arena, workers: session.workers, canceller: session.canceller)
    // Lists with a place for each tensor, constants of its own, and an arena where there was no room for it.
    var byteCount = 128 * stage.plan.locations.count
    for block in stage.plan.blocks.dropFirst(graph.base.blocks.count) { byteCount += block.byteCount }
    if needed > session.area.count { byteCount += needed }
    let placed = PlacedStage(stage, instance, byteCount: byteCount)
    // Elements that are large will hardly come again.
    let isKept = stage.dependencies.allSatisfy { ($0.elements?.byteCount ?? 0) <= StagedGraph.knownByteCount }
    if isKept {
      let first = stage.operators.lowerBound
      var kept = stages[first] ?? []
      kept.append(placed)
      var total = kept.reduce(0) { $0 + $1.byteCount }
      while kept.count > 1, kept.count > Self.keptStages || total > Self.keptBytes {
        total -= kept.removeFirst().byteCount
      }
      stages[first] = kept
    }
    return placed
  }

  // MARK: Graphs that are called

  private func call(_ index: Int, _ held: inout [HeldTensor?]) throws(SessionError) {
    guard let runners = children[index] else { preconditionFailure("an operator that calls no graph") }
    let node = graph.base.subgraph.operators[index]
    let code = graph.codes[index].builtin
    do throws(SessionError) {
      var values: [HeldTensor] = []
      for tensor in code == .if ? Array(node.inputs.dropFirst()) : node.inputs {
        if case .resource = graph.base.values[tensor].source { continue }
        var value = try value(of: tensor, held)
        // What follows from shapes here need not do so in another iteration.
        value.isKnown = value.isKnown && code != .while
        values.append(value)
      }
      switch code {
      case .if:
        let isTrue = try isTrue(try value(of: node.inputs[0], held))
        values = try runners[isTrue ? 0 : 1].run(values)
      case .while: values = try loop(runners[0], runners[1], values, node.outputs)
      default: values = try runners[0].run(values)
      }
      for (position, tensor) in node.outputs.enumerated() {
        try check(tensor, values[position].shape)
        held[tensor] = values[position]
        held[tensor]?.isKnown = false
      }
    } catch {
      throw error.located(
        operatorIndex: index, name: graph.file.name(of: node),
        subgraph: graph.isMain ? nil : graph.base.subgraphIndex)
    }
  }

  private func loop(
    _ condition: StageRunner, _ body: StageRunner, _ given: [HeldTensor], _ outputs: [Int]
  ) throws(SessionError) -> [HeldTensor] {
    var values = given
    for _ in 0..<Control.maximumIterations {
      guard try isTrue(try condition.run(values)[0]) else { return values }
      values = try body.run(values)
      for position in values.indices {
        try check(outputs[position], values[position].shape)
        values[position].isKnown = false
      }
    }
    throw SessionError(.invalidData, "a loop did not end after \(Control.maximumIterations) iterations")
  }

  private func isTrue(_ value: HeldTensor) throws(SessionError) -> Bool {
    guard value.shape.count == 1, let memory = value.memory else {
      throw SessionError(.invalidData, "its condition \(value.shape) is not one truth value")
    }
    return UInt8.load(memory.bytes(heldBy: memory), at: 0) != 0
  }
}

extension SessionError {
  /// The error of a translation in a run.
  init(_ error: ModelError) {
    self.init(error.code == .tooLarge ? .tooLarge : .invalidData, error.message)
    operatorIndex = error.operatorIndex
  }
}

extension AlignedMemory {
  /// A copy of a part.
  func copy(_ range: Range<Int>) throws(ModelError) -> AlignedMemory {
    try AlignedMemory.holding(bytes(heldBy: self).extracting(range))
  }

  /// Whether the first bytes equal those of another memory.
  func equals(_ other: AlignedMemory, byteCount: Int) -> Bool {
    guard byteCount <= self.byteCount, byteCount <= other.byteCount else { return false }
    let own = bytes(heldBy: self)
    let others = other.bytes(heldBy: other)
    for offset in 0..<byteCount
    where UInt8.load(own, at: offset)
      != UInt8.load(others, at: offset)
    { return false }
    return true
  }
}
