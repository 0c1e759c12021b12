import TinyTensorKernels

/// A graph in a session: its plan, and where its operands lie.
///
/// Mutable state beside the arena is whether it has run, for CALL_ONCE. Unchecked since a session, which owns it, is
/// used by one thread at a time.
@safe
final class GraphInstance: @unchecked Sendable {
  private let plan: Plan
  private let addresses: OperandTable
  private let children: [GraphInstance]
  private let arena: AlignedMemory
  /// Where this graph's own arena begins in the session's.
  private let base: Int
  private let file: FileBytes
  private let variables: [InitialValue]
  private let variableArena: AlignedMemory
  private let workers: Workers
  private let canceller: RunCanceller
  /// Whether it has run since the session began or was reset.
  var hasRun = false
  /// Translates the rest of the graph in a run, where shapes are decided there.
  private var runner: StageRunner?
  /// What the last run has decided, by tensor: outputs, with their memory where they are larger than their bounds.
  private var decided: [Int: HeldTensor] = [:]

  /// - Parameters:
  ///   - plan: the graph.
  ///   - file: the file that constants lie in.
  ///   - arena: the session's arena.
  ///   - base: where this graph's own arena begins in it.
  ///   - variables: where the model's variables lie.
  ///   - variableArena: the arena that they lie in, if it is another one.
  ///   - workers: who shares the work of an operator.
  ///   - canceller: who may end a run.
  init(
    _ plan: Plan, file: FileBytes, arena: AlignedMemory, base: Int, variables: [InitialValue],
    variableArena: AlignedMemory? = nil, workers: Workers, canceller: RunCanceller
  ) throws(ModelError) {
    self.variableArena = variableArena ?? arena
    self.workers = workers
    self.canceller = canceller
    self.plan = plan
    self.file = file
    self.arena = arena
    self.base = base
    self.variables = variables
    addresses = try OperandTable(count: plan.operands.count)
    var children: [GraphInstance] = []
    for child in plan.children {
      children.append(
        try GraphInstance(
          child.plan, file: file, arena: arena, base: base + plan.scratch[child.scratch].lowerBound,
          variables: variables, variableArena: self.variableArena, workers: workers, canceller: canceller))
    }
    self.children = children
    for (index, operand) in plan.operands.enumerated() {
      switch operand {
      case .tensor(let tensor, let byteCount):
        guard case .arena(let offset)? = plan.locations[tensor]?.place else {
          preconditionFailure("an operand without a place in the arena")
        }
        addresses.set(index, arena, offset: base + offset, byteCount: byteCount)
      case .part(let tensor, let start, let byteCount):
        guard case .arena(let offset)? = plan.locations[tensor]?.place else {
          preconditionFailure("an operand without a place in the arena")
        }
        addresses.set(index, arena, offset: base + offset + start, byteCount: byteCount)
      case .file(let offset, let byteCount):
        addresses.set(index, file, offset: offset, byteCount: byteCount)
      case .block(let number):
        addresses.set(index, plan.blocks[number], byteCount: plan.blocks[number].byteCount)
      case .scratch(let number):
        addresses.set(
          index, arena, offset: base + plan.scratch[number].lowerBound, byteCount: plan.scratch[number].count)
      case .variable(let number):
        addresses.set(
          index, self.variableArena, offset: variables[number].offset, byteCount: variables[number].byteCount)
      }
    }
    if let staged = plan.staged {
      let area = plan.scratch[staged.scratch]
      runner = StageRunner(
        staged,
        StageRunner.Surroundings(
          file: file, arena: arena, area: base + area.lowerBound..<base + area.upperBound, variables: variables,
          workers: workers, canceller: canceller))
    }
  }

  /// How many steps a run has.
  var stepCount: Int { plan.steps.count }

  /// The operator that a step belongs to.
  func operatorIndex(ofStep index: Int) -> Int { plan.steps[index].operatorIndex }

  /// Throws if the run shall end before the next step.
  @inline(__always)
  func checkCancellation() throws(SessionError) { try canceller.check() }

  /// Does one step.
  @inline(__always)
  func runStep(_ index: Int) throws(SessionError) {
    do throws(SessionError) {
      try plan.steps[index].operation.run(
        addresses.memory(at: plan.steps[index].operands.lowerBound, workers), in: self)
    } catch {
      throw located(error, atStep: index)
    }
  }

  /// Says in which operator a run has ended.
  @inline(never)
  private func located(_ error: SessionError, atStep index: Int) -> SessionError {
    // Stages say themselves where.
    if case .staged = plan.steps[index].operation { return error }
    let operatorIndex = plan.steps[index].operatorIndex
    return error.located(
      operatorIndex: operatorIndex, name: plan.file.name(of: plan.subgraph.operators[operatorIndex]),
      subgraph: plan.isMain ? nil : plan.subgraphIndex)
  }

  /// Does all steps, unless the run is cancelled.
  func run() throws(SessionError) {
    for index in plan.steps.indices {
      try checkCancellation()
      try runStep(index)
    }
  }

  /// A graph that an operator of this one calls.
  func child(_ number: Int) -> GraphInstance { children[number] }

  /// What a custom operator of the program's does.
  func customRun(_ number: Int) -> CustomRun { plan.customRuns[number] }

  /// Has this graph and those inside it forget that they have run.
  func forgetRuns() {
    hasRun = false
    for index in children.indices { children[index].forgetRuns() }
    runner?.forgetRuns()
    decided = [:]
  }

  // MARK: Shapes that a run decides

  /// Runs the rest of the graph in stages.
  func runStages(_ operation: Staged, _ memory: OperatorMemory) throws(SessionError) {
    guard let runner, let staged = plan.staged else { preconditionFailure("a graph without stages") }
    decided = [:]
    var inputs: [HeldTensor] = []
    for index in 0..<operation.inputCount {
      let bytes = memory.readBytes(ReadSlot(index: operation.firstInput.index + index))
      do throws(ModelError) {
        inputs.append(
          HeldTensor(
            shape: staged.inputShapes[index], byteCount: bytes.byteCount, memory: try AlignedMemory.holding(bytes),
            isKnown: false))
      } catch {
        throw SessionError(error)
      }
    }
    let outputs = try runner.run(inputs)
    for (index, output) in outputs.enumerated() {
      var value = output
      var room = memory.writeBytes(WriteSlot(index: operation.firstOutput.index + index))
      if value.byteCount <= room.byteCount, let result = value.memory {
        copyBytes(result.bytes(heldBy: result).extracting(0..<value.byteCount), to: &room, at: 0)
        value.memory = nil
      }
      decided[staged.outputs[index]] = value
    }
  }

  /// The shape that the last run gave a tensor, where a run decides it.
  func decidedShape(ofTensor tensor: Int) -> Shape? { decided[tensor]?.shape }

  /// Where the arena holds something of this graph's, or of one inside it.
  var usedRanges: [Range<Int>] {
    var ranges: [Range<Int>] = []
    func add(_ offset: Int, _ byteCount: Int) { ranges.append(base + offset..<base + offset + byteCount) }
    for location in plan.locations {
      if case .arena(let offset)? = location?.place { add(offset, location?.byteCount ?? 0) }
    }
    for (number, range) in plan.scratch.enumerated() where !plan.children.contains(where: { $0.scratch == number }) {
      add(range.lowerBound, range.count)
    }
    // Of the outermost graph alone.
    for variable in plan.variables { add(variable.offset, variable.byteCount) }
    for child in children { ranges += child.usedRanges }
    return ranges
  }

  // MARK: Tensors

  /// Copies an input's bytes from a caller, as many as the input has.
  func setInput(_ index: Int, _ bytes: RawSpan) {
    // Sound: as for `address`; a caller's operand is no part of this graph's arena.
    unsafe bytes.withUnsafeBytes { source in
      if let from = source.baseAddress, source.count > 0 {
        unsafe address(of: plan.inputs[index].place).copyMemory(
          from: from, byteCount: min(source.count, plan.inputs[index].byteCount))
      }
    }
  }

  /// Copies an output's bytes to a caller, as many as the caller has room for.
  func copyOutput(_ index: Int, to bytes: inout MutableRawSpan) {
    // Sound: as for `address`; a caller's operand is no part of this graph's arena.
    unsafe bytes.withUnsafeMutableBytes { target in
      if let to = target.baseAddress, target.count > 0 {
        unsafe to.copyMemory(
          from: address(of: plan.outputs[index].place), byteCount: min(target.count, plan.outputs[index].byteCount))
      }
    }
  }

  /// Copies an output's bytes to memory that has room for them.
  func copyOutput(_ index: Int, to memory: AlignedMemory) {
    let byteCount = min(memory.byteCount, plan.outputs[index].byteCount)
    // Sound: as for `address`; the memory is no part of this graph's arena.
    if byteCount > 0 {
      unsafe memory.base.copyMemory(from: address(of: plan.outputs[index].place), byteCount: byteCount)
    }
  }

  /// The first byte of an output.
  func firstOutputByte(_ index: Int) -> UInt8 {
    // Sound: the caller has checked at load that the output has one.
    unsafe address(of: plan.outputs[index].place).load(as: UInt8.self)
  }

  /// Where a tensor is in memory, and how many bytes it has; `nil` for tensors that have no memory in a run.
  ///
  /// Sound: the planner keeps offsets inside the arena, the graph builder keeps them inside the file. What lies in the
  /// file is never written: no operator may write to a constant.
  func address(ofTensor tensor: Int) -> OperandAddress? {
    guard plan.locations.indices.contains(tensor), let location = plan.locations[tensor] else { return nil }
    if let value = decided[tensor] {
      // The memory is kept until the next run.
      if let memory = value.memory { return unsafe OperandAddress(base: memory.base, byteCount: value.byteCount) }
      return unsafe OperandAddress(base: address(of: location.place), byteCount: value.byteCount)
    }
    return unsafe OperandAddress(base: address(of: location.place), byteCount: location.byteCount)
  }

  private func address(of place: Plan.Location.Place) -> UnsafeMutableRawPointer {
    switch place {
    case .arena(let offset): unsafe arena.base.advanced(by: base + offset)
    case .file(let offset): unsafe UnsafeMutableRawPointer(mutating: file.base.advanced(by: offset))
    case .block(let number): unsafe plan.blocks[number].base
    case .variable(let number): unsafe variableArena.base.advanced(by: variables[number].offset)
    }
  }
}
