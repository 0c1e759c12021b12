import TinyTensorKernels

/// A graph, or the rest of one from an operator on, whose shapes a run decides.
///
/// An operator whose output's shape follows from elements that arrive (WHERE, UNIQUE, a SLICE of a computed size) cannot
/// be translated at load. Such a graph is translated in the run, in stages: all operators up to the first that needs to
/// know the elements of a tensor, then that one alone, with the elements as constants, and so on. Every stage is a plan
/// like that of any graph; results are therefore those of the same operators with fixed shapes. A session keeps the
/// stages of the shapes that it has seen.
///
/// Unchecked since nothing changes after load: the builder is copied before it is used, its context too.
final class StagedGraph: @unchecked Sendable {
  /// What is known at load: constants, variables and handles; no steps.
  let base: GraphBuilder
  let codes: [ModelFile.OperatorCode]
  /// The first operator that is translated in a run.
  let first: Int
  /// Tensors that are handed in; handles of variables are not among them.
  let inputs: [Int]
  /// Tensors that are handed out.
  let outputs: [Int]
  /// The last operator that reads each tensor, or -1; the largest `Int` for outputs.
  let lastReads: [Int]
  /// Graphs that operators call, by the operator's index: a condition before a body, the first branch before the second.
  let children: [Int: [StagedGraph]]
  /// Whether it is part of the graph that a session runs, and not of one that this calls.
  let isMain: Bool
  /// Bounds that the caller gave, by tensor.
  let givenBounds: [Int: Shape]
  /// The shapes that a search for bounds has found, by tensor, and what profiles say of the operators.
  var bounds: [Int: Shape] = [:]
  var facts: [Int: OperatorFacts] = [:]
  var folded: Set<Int> = []
  /// Tensors whose shapes a run decides.
  var decided: Set<Int> = []
  /// Operators that call graphs whose shapes a run decides: stage by stage, not by a plan.
  var interpreted: Set<Int> = []
  /// Bytes of the largest stage's arena, at the bounds.
  var stageByteCount = 0
  /// Products that all stages add to sums, at the bounds; each graph that is called counted once.
  var multiplyAccumulates = 0
  /// Of the main graph: the shapes of its inputs, and which scratch memory of its plan stages have for their arenas.
  var inputShapes: [Shape] = []
  var scratch = 0

  /// The rest of the main graph, from its current operator on.
  ///
  /// - Parameters:
  ///   - builder: it has translated the operators before.
  ///   - codes: of all operators.
  convenience init(rest builder: GraphBuilder, codes: [ModelFile.OperatorCode]) throws(ModelError) {
    let first = builder.operatorIndex
    let outputs = builder.values.indices.filter { tensor in
      if case .unset = builder.values[tensor].source { return builder.isOutput[tensor] }
      return false
    }
    var base = builder
    base.removeSteps()
    base.depth += 1
    var inputs: [Int] = []
    // What earlier operators have written is handed in.
    for tensor in base.values.indices {
      switch base.values[base.root(of: tensor)].source {
      case .written, .input:
        inputs.append(tensor)
      default: break
      }
    }
    for tensor in inputs { base.values[tensor] = Value(shape: nil, source: .unset) }
    try self.init(base, codes, from: first, inputs: inputs, outputs: outputs, isMain: true)
  }

  /// A graph that an operator calls.
  private convenience init(
    child index: Int, of caller: GraphBuilder, inputs: [Int], what: String
  ) throws(ModelError) {
    let child = try caller.calledGraph(index, inputCount: inputs.count, what: what)
    try caller.context.enterGraph(depth: caller.depth + 1)
    var handles: [GraphInput] = []
    var given: [Int] = []
    for (position, tensor) in child.inputs.enumerated() {
      if case .resource(let number)? = inputs[position] < 0 ? nil : caller.values[inputs[position]].source {
        handles.append(GraphInput(tensor: tensor, resource: number))
      } else {
        given.append(tensor)
      }
    }
    let codes = try ModelLoader.checkedCodes(caller.file, child, caller.context.device, caller.options)
    let base = try GraphBuilder(
      caller.context, subgraph: index, inputs: handles, outputs: child.outputs, depth: caller.depth + 1)
    for tensor in given {
      guard case .unset = base.values[tensor].source else {
        throw caller.error(.invalidGraph, "\(what) has constant data in its input \(child.tensors[tensor].name)")
      }
    }
    try self.init(base, codes, from: 0, inputs: given, outputs: child.outputs, isMain: false)
  }

  private init(
    _ builder: GraphBuilder, _ codes: [ModelFile.OperatorCode], from first: Int, inputs: [Int], outputs: [Int],
    isMain: Bool
  ) throws(ModelError) {
    var base = builder
    let operators = base.subgraph.operators
    var lastReads = [Int](repeating: -1, count: base.values.count)
    for index in first..<operators.count {
      for tensor in operators[index].inputs where tensor >= 0 { lastReads[tensor] = index }
      // Handles are known at load, wherever they are made.
      if codes[index].builtin == .varHandle { _ = try base.translate(operator: index, codes[index]) }
    }
    for tensor in outputs { lastReads[tensor] = Int.max }
    var children: [Int: [StagedGraph]] = [:]
    for index in first..<operators.count {
      guard [.call, .if, .while].contains(codes[index].builtin) else { continue }
      try base.begin(index)
      children[index] = try Self.children(of: base, codes[index].builtin)
    }
    var givenBounds: [Int: Shape] = [:]
    for (tensor, description) in base.subgraph.tensors.enumerated() {
      guard let sizes = base.options.bounds[description.name] else { continue }
      guard let shape = Shape(sizes) else {
        throw ModelError(
          .invalidOption, "the bound \(describeShape(sizes)) of tensor \(description.name) is no shape",
          tensorName: description.name)
      }
      givenBounds[tensor] = shape
    }
    self.base = base
    self.codes = codes
    self.first = first
    // Others are told by position.
    self.inputs = isMain ? inputs.filter { lastReads[$0] >= first } : inputs
    self.outputs = outputs
    self.lastReads = lastReads
    self.children = children
    self.isMain = isMain
    self.givenBounds = givenBounds
  }

  /// The graphs that the current operator of a builder calls, as parts of it.
  private static func children(
    of builder: GraphBuilder, _ code: BuiltinOperator
  ) throws(ModelError) -> [StagedGraph] {
    let node = builder.node
    let passed = code == .if ? Array(node.inputs.dropFirst()) : node.inputs
    var graphs: [StagedGraph] = []
    for (number, index) in try Control.calledGraphs(builder, code).enumerated() {
      let graph = try StagedGraph(child: index, of: builder, inputs: passed, what: "graph \(number) of it")
      let tensors = graph.base.subgraph.tensors
      let types = graph.outputs.map { tensors[$0].elementType }
      let wanted =
        code == .while && number == 0
        ? [ElementType.bool] : node.outputs.map { builder.subgraph.tensors[$0].elementType }
      guard types == wanted else {
        throw builder.error(.invalidOperator, "graph \(number) of it does not give outputs of its own types")
      }
      for (position, tensor) in graph.base.subgraph.inputs.enumerated() {
        guard passed[position] >= 0,
          tensors[tensor].elementType == builder.subgraph.tensors[passed[position]].elementType
        else { throw builder.error(.invalidOperator, "graph \(number) of it takes another type as input \(position)") }
      }
      graphs.append(graph)
    }
    if code == .while {
      guard node.outputs.count == node.inputs.count else {
        throw builder.error(
          .invalidOperator, "it has \(node.inputs.count) inputs and \(node.outputs.count) outputs, which must agree")
      }
      guard graphs.allSatisfy({ $0.inputs.count == node.inputs.count }) else {
        throw builder.error(.invalidOperator, "a loop over handles of variables is not supported")
      }
    }
    return graphs
  }

  var operatorCount: Int { codes.count }
  var file: ModelFile { base.file }
  var limits: ModelOptions.Limits { base.limits }

  func name(of tensor: Int) -> String { base.subgraph.tensors[tensor].name }

  /// An error of an operator.
  func error(_ code: ModelError.Code, at index: Int, _ message: String) -> ModelError {
    ModelError(
      code, "operator \(index) (\(file.name(of: base.subgraph.operators[index]))): \(message)", operatorIndex: index)
  }
}

/// A tensor between the stages of a graph.
struct HeldTensor: Sendable {
  var shape: Shape
  var byteCount: Int
  /// Its elements; `nil` while bounds are looked for and they are not known.
  var memory: AlignedMemory?
  /// Whether its elements follow from shapes alone, so that operators may take them as constants.
  var isKnown: Bool
}

/// A part of a graph, translated for shapes that are known.
struct Stage: Sendable {
  let plan: Plan
  /// The operators that it runs.
  let operators: Range<Int>
  /// Tensors that it is handed, in the order of the plan's inputs.
  let inputs: [Int]
  let outputs: [Output]
  let dependencies: [Dependency]

  struct Output: Sendable {
    let tensor: Int
    let shape: Shape
    let byteCount: Int
    /// Its elements, if they are known without a run.
    let known: AlignedMemory?
  }

  /// A tensor that it was translated for.
  struct Dependency: Sendable {
    let tensor: Int
    let shape: Shape
    /// Its elements, if they were taken as constants.
    let elements: AlignedMemory?
  }
}

extension StagedGraph {
  enum Translation {
    case stage(Stage)
    /// The first operator cannot be translated yet.
    case deferred(ModelError, Deferral)
  }

  /// Bytes up to which elements that follow from shapes are taken as constants by later stages.
  static let knownByteCount = 4096

  /// Translates operators from one on, as far as shapes and elements are known.
  ///
  /// - Parameters:
  ///   - start: the first operator.
  ///   - held: what is known of each tensor.
  ///   - values: tensors whose elements are taken as constants; the stage then ends with the first operator.
  ///   - context: what variables there are.
  ///   - endsAfter: told of each operator that was translated; whether the stage shall end with it.
  func translate(
    from start: Int, _ held: [HeldTensor?], values: [Int], in context: BuildContext,
    endsAfter: (GraphBuilder, Int, OperatorFacts?) -> Bool = { _, _, _ in false }
  ) throws(ModelError) -> Translation {
    var builder = base
    builder.context = context
    context.beginStage()
    // Every tensor of the graph is looked at several times.
    try builder.spend(work: 8 * held.count)
    for (tensor, value) in held.enumerated() {
      guard let value, lastReads[tensor] >= start else { continue }
      try builder.hold(tensor, value, asConstant: value.isKnown || values.contains(tensor))
    }
    var end = start
    while end < operatorCount {
      let code = codes[end].builtin
      if code == .varHandle {
        end += 1
        continue
      }
      // A call that is made once must not be translated again; what was asked for one operator is not for others.
      let isAlone = code == .callOnce || interpreted.contains(end) || isBounded(end)
      if end > start, isAlone || !values.isEmpty { break }
      let facts: OperatorFacts?
      do throws(ModelError) {
        facts = try builder.translate(operator: end, codes[end])
      } catch {
        guard let deferral = error.deferral else { throw error }
        if end == start { return .deferred(error, deferral) }
        builder.rollBack()
        break
      }
      end += 1
      if endsAfter(builder, end - 1, facts) || isAlone { break }
    }
    context.finishPacking()
    return .stage(try stage(builder, start..<end, held))
  }

  /// Whether the caller has given bounds for all outputs of an operator.
  func isBounded(_ index: Int) -> Bool {
    let outputs = base.subgraph.operators[index].outputs
    return !outputs.isEmpty && !givenBounds.isEmpty && outputs.allSatisfy { givenBounds[$0] != nil }
  }

  private func stage(
    _ builder: GraphBuilder, _ operators: Range<Int>, _ held: [HeldTensor?]
  ) throws(ModelError) -> Stage {
    var builder = builder
    var isRead = [Bool](repeating: false, count: held.count)
    var outputs: [Stage.Output] = []
    for index in operators {
      let node = builder.subgraph.operators[index]
      for tensor in node.inputs where tensor >= 0 { isRead[tensor] = true }
      for tensor in node.outputs where lastReads[tensor] >= operators.upperBound {
        if case .resource = builder.values[tensor].source { continue }
        guard let shape = builder.values[tensor].shape, let byteCount = builder.byteCount(of: tensor) else {
          throw builder.error(.invalidOperator, "output \(name(of: tensor)) has no fixed size")
        }
        var known: AlignedMemory?
        if byteCount <= Self.knownByteCount { known = try builder.constantCopy(tensor, byteCount: byteCount) }
        outputs.append(.init(tensor: tensor, shape: shape, byteCount: byteCount, known: known))
      }
    }
    var inputs: [Int] = []
    var dependencies: [Stage.Dependency] = []
    for (tensor, value) in held.enumerated() {
      guard let value, isRead[tensor] else { continue }
      if case .input = builder.values[tensor].source {
        inputs.append(tensor)
        dependencies.append(.init(tensor: tensor, shape: value.shape, elements: nil))
      } else {
        dependencies.append(.init(tensor: tensor, shape: value.shape, elements: value.memory))
      }
    }
    let plan = try Plan(builder, inputs: inputs, outputs: outputs.map { $0.tensor })
    return Stage(
      plan: plan, operators: operators, inputs: inputs, outputs: outputs, dependencies: dependencies)
  }
}

extension GraphBuilder {
  /// Says what a tensor between stages is.
  mutating func hold(_ tensor: Int, _ value: HeldTensor, asConstant isConstant: Bool) throws(ModelError) {
    values[tensor].shape = value.shape
    if isConstant, let memory = value.memory {
      values[tensor].source = .constant(.block(addBlock(memory)))
    } else {
      values[tensor].source = .input
    }
  }

  /// A copy of the elements of a tensor that is constant; `nil` if it is not.
  mutating func constantCopy(_ tensor: Int, byteCount: Int) throws(ModelError) -> AlignedMemory? {
    guard case .constant(let place) = values[root(of: tensor)].source else { return nil }
    switch place {
    case .file(let range):
      guard byteCount <= range.count else {
        throw error(.invalidOperator, "\(subgraph.tensors[tensor].name) needs more bytes than its buffer has")
      }
      return try AlignedMemory.holding(
        file.bytes.extracting(range.lowerBound..<(range.lowerBound + byteCount)))
    case .block(let block):
      guard byteCount <= blocks[block].byteCount else { return nil }
      return try AlignedMemory.holding(blocks[block].bytes(heldBy: self).extracting(0..<byteCount))
    }
  }
}
