/// How a graph runs: its steps, and where every tensor lies. Immutable, shared by all sessions of a model.
struct Plan: Sendable {
  let steps: [Step]
  let operands: [OperandSource]
  let blocks: [AlignedMemory]
  /// Where each tensor of the subgraph lies; `nil` for those that no step touches.
  let locations: [Location?]
  /// What inputs hold at first.
  let initialValues: [InitialValue]
  /// Where inputs and outputs lie, in their order.
  let inputs: [Location]
  let outputs: [Location]
  /// Graphs that operators call, and the scratch memory that each has for its arena.
  let children: [Child]
  /// What a run takes, about.
  let estimate: WorkEstimate
  /// What custom operators of the program's do, by number.
  let customRuns: [CustomRun]
  /// Where in the arena each variable of the model lies; those of a graph inside another lie in the outermost arena.
  let variables: [InitialValue]
  /// Where in the arena each scratch memory lies.
  let scratch: [Range<Int>]
  let arenaByteCount: Int
  /// Everything that lies in the arena, for `inspect`.
  let entries: [ArenaEntry]
  /// The largest sum of sizes that are in use at one time: no plan could do with less.
  let arenaLowerBound: Int
  /// What the graph was made from, for messages.
  let file: ModelFile
  let subgraph: ModelFile.Subgraph
  let subgraphIndex: Int
  /// Whether it is the graph that a session runs, or a part of it, and not one that this calls.
  let isMain: Bool
  /// What is translated in a run, if there is anything.
  let staged: StagedGraph?

  /// Where a tensor lies.
  struct Location: Sendable, Hashable {
    enum Place: Sendable, Hashable {
      case arena(offset: Int)
      case file(offset: Int)
      case block(Int)
      case variable(Int)
    }

    var place: Place
    var byteCount: Int
  }

  /// A graph that an operator calls.
  struct Child: Sendable {
    let plan: Plan
    let scratch: Int
  }

  /// Gives every tensor and scratch memory its place.
  ///
  /// - Parameters:
  ///   - builder: a graph whose operators are all translated.
  ///   - inputs: tensors that the caller sets: they keep their memory from run to run.
  ///   - outputs: tensors that the caller reads after a run.
  init(_ builder: consuming GraphBuilder, inputs: [Int], outputs: [Int]) throws(ModelError) {
    let count = builder.values.count
    // First and last step at which a root's memory is in use. Tensors of the caller's are in use around the run.
    var firstUse = [Int](repeating: Int.max, count: count)
    var lastUse = [Int](repeating: -1, count: count)
    let steps = builder.liveSteps
    let before = -1
    let after = steps.count
    let passes = builder.options.passes
    let homes = builder.homes()
    let sharesMemory = passes.contains(.memorySharing)
    func use(_ root: Int, _ step: Int) {
      let home = homes[root].tensor
      firstUse[home] = sharesMemory ? min(firstUse[home], step) : before
      lastUse[home] = sharesMemory ? max(lastUse[home], step) : after
    }
    for tensor in inputs {
      use(builder.root(of: tensor), before)
      use(builder.root(of: tensor), after)
    }
    for tensor in outputs { use(builder.root(of: tensor), after) }
    var planner = ArenaPlanner()
    if passes.contains(.guards) { planner.guardByteCount = AlignedMemory.alignment }
    var scratchNumbers = [Int](repeating: -1, count: builder.scratchByteCounts.count)
    for (index, step) in steps.enumerated() {
      for operand in builder.operands[step.operands] {
        switch operand {
        case .tensor(let tensor, _), .part(let tensor, _, _): use(tensor, index)
        case .scratch(let number):
          scratchNumbers[number] = planner.add(
            byteCount: builder.scratchByteCounts[number], first: sharesMemory ? index : before,
            last: sharesMemory ? index : after)
        case .file, .block, .variable: break
        }
      }
    }
    // The outermost graph's arena holds the variables of all.
    var variableNumbers: [(planned: Int, byteCount: Int, byte: UInt8, name: String)] = []
    if builder.depth == 0 {
      for variable in builder.context.variables {
        let byteCount = variable.contents?.byteCount ?? 0
        let planned = planner.add(byteCount: byteCount, first: before, last: after)
        variableNumbers.append((planned, byteCount, variable.initialByte, variable.name))
      }
    }

    var numbers = [Int](repeating: -1, count: count)
    for root in 0..<count where lastUse[root] >= firstUse[root] && builder.parts[root] == nil {
      switch builder.values[root].source {
      case .constant, .variable, .resource: continue
      default: break
      }
      guard let byteCount = builder.byteCount(of: root) else { continue }
      numbers[root] = planner.add(byteCount: byteCount, first: firstUse[root], last: lastUse[root])
    }
    guard let layout = planner.plan(), layout.byteCount <= builder.limits.arenaBytes else {
      throw ModelError(
        .tooLarge, "the tensors that are in use together need more than the limit of \(builder.limits.arenaBytes) bytes"
      )
    }

    var locations = [Location?](repeating: nil, count: count)
    var entries: [ArenaEntry] = []
    for tensor in 0..<count {
      let root = builder.root(of: tensor)
      let home = homes[root]
      guard let byteCount = builder.byteCount(of: tensor) else { continue }
      if numbers[home.tensor] >= 0 {
        let offset = layout.offsets[numbers[home.tensor]] + home.offset
        locations[tensor] = Location(place: .arena(offset: offset), byteCount: byteCount)
        if home.tensor == tensor {
          entries.append(
            ArenaEntry(
              name: builder.subgraph.tensors[tensor].name, offset: offset, byteCount: byteCount,
              firstStep: firstUse[root], lastStep: lastUse[root]))
        }
      } else if let place = try builder.alignedPlace(ofConstant: tensor, byteCount: byteCount) {
        switch place {
        case .file(let offset, _): locations[tensor] = Location(place: .file(offset: offset), byteCount: byteCount)
        case .block(let block): locations[tensor] = Location(place: .block(block), byteCount: byteCount)
        case .tensor, .part, .scratch, .variable: break
        }
      } else if case .variable(let number) = builder.values[root].source {
        locations[tensor] = Location(place: .variable(number), byteCount: byteCount)
      }
    }
    variables = variableNumbers.map { variable in
      let offset = layout.offsets[variable.planned]
      if variable.byteCount > 0 {
        entries.append(
          ArenaEntry(
            name: variable.name, offset: offset, byteCount: variable.byteCount, firstStep: before, lastStep: after))
      }
      return InitialValue(offset: offset, byteCount: variable.byteCount, byte: variable.byte)
    }
    scratch = scratchNumbers.enumerated().map { number, planned in
      let offset = layout.offsets[planned]
      let byteCount = builder.scratchByteCounts[number]
      entries.append(
        ArenaEntry(
          name: "scratch \(number)", offset: offset, byteCount: byteCount,
          firstStep: planner.requests[planned].first, lastStep: planner.requests[planned].last))
      return offset..<(offset + byteCount)
    }
    func place(_ tensor: Int) throws(ModelError) -> Location {
      guard let location = locations[tensor] else {
        throw ModelError(
          .invalidGraph, "tensor \(builder.subgraph.tensors[tensor].name) has no bytes that a caller could reach",
          tensorName: builder.subgraph.tensors[tensor].name)
      }
      return location
    }
    var inputPlaces: [Location] = []
    var outputPlaces: [Location] = []
    // A handle of a variable is passed on without bytes.
    for tensor in inputs {
      if case .resource = builder.values[tensor].source { continue }
      inputPlaces.append(try place(tensor))
    }
    for tensor in outputs { outputPlaces.append(try place(tensor)) }
    self.inputs = inputPlaces
    self.outputs = outputPlaces
    customRuns = builder.customRuns
    children = builder.children.map { Child(plan: $0.plan, scratch: $0.scratch) }
    initialValues = inputs.compactMap { tensor in
      guard let location = locations[tensor], case .arena(let offset) = location.place else { return nil }
      let description = builder.subgraph.tensors[tensor]
      let isByte = description.elementType == .int8 || description.elementType == .uint8
      return InitialValue(
        offset: offset, byteCount: location.byteCount,
        byte: isByte ? UInt8(truncatingIfNeeded: description.quantization?.zeroPoint ?? 0) : 0)
    }
    file = builder.file
    subgraph = builder.subgraph
    subgraphIndex = builder.subgraphIndex
    isMain = builder.isMain
    staged = builder.staged
    self.steps = steps
    estimate = builder.estimate
    operands = builder.operands.map { operand in
      guard case .part(let tensor, let offset, let byteCount) = operand else { return operand }
      let home = homes[tensor]
      return .part(of: home.tensor, offset: home.offset + offset, byteCount: byteCount)
    }
    blocks = builder.blocks
    self.locations = locations
    arenaByteCount = layout.byteCount
    arenaLowerBound = planner.lowerBound()
    self.entries = entries.sorted { ($0.offset, $0.firstStep) < ($1.offset, $1.firstStep) }
  }
}

/// Bytes that a part of the arena is filled with before the first run: those of the real value 0.
struct InitialValue: Sendable, Hashable {
  let offset: Int
  let byteCount: Int
  let byte: UInt8
}

/// A part of the arena and the steps at which it is in use.
public struct ArenaEntry: Sendable, Hashable {
  /// The tensor's name, or `scratch n`.
  public let name: String
  /// Where it begins, in bytes.
  public let offset: Int
  /// Its size in bytes.
  public let byteCount: Int
  /// The step that first uses it; -1 for inputs and variables, which are in use before a run.
  public let firstStep: Int
  /// The step that last uses it; the count of steps for what is in use after a run.
  public let lastStep: Int
}
