import TinyTensorKernels

/// The rest of a graph, from an operator on that needs what a run tells: translated in the run, stage by stage.
struct Staged: Sendable {
  /// The first tensor that is handed in; the others follow.
  let firstInput: ReadSlot
  let inputCount: Int
  /// The first tensor that is handed out, with room for its bound; the others follow.
  let firstOutput: WriteSlot
  /// Of all stages, at the bounds.
  let multiplyAccumulates: Int
}

extension Staged {
  func run(_ memory: OperatorMemory, in graph: GraphInstance?) throws(SessionError) {
    // Operators of this kind are not pure: they run in a session alone.
    guard let graph else { return }
    try graph.runStages(self, memory)
  }

  var facts: OperatorFacts {
    var facts = Self.decidingFacts
    facts.multiplyAccumulates = multiplyAccumulates
    return facts
  }

  /// Facts of an operator that needs elements which arrive.
  static var decidingFacts: OperatorFacts { OperatorFacts(kernel: "translated in the run", isOpenEnded: true) }
  /// Facts of an operator that calls graphs whose shapes a run decides.
  static var callingFacts: OperatorFacts { OperatorFacts(kernel: "called in stages", isOpenEnded: true) }
}

extension GraphBuilder {
  /// Has operators from one on be translated in a run: finds the bounds of what they write and plans memory for these.
  ///
  /// - Parameters:
  ///   - first: the first of them, which left nothing.
  ///   - codes: of all operators.
  ///   - facts: what profiles say of operators.
  mutating func translateRest(
    from first: Int, _ codes: [ModelFile.OperatorCode], _ facts: inout [OperatorFacts?]
  ) throws(ModelError) {
    context.beginStage()
    let graph = try StagedGraph(rest: self, codes: codes)
    // All variables are known: their memory is that of the main graph's plan.
    context.isSealed = true
    var given: [HeldTensor] = []
    for tensor in graph.inputs {
      guard let shape = values[tensor].shape, let byteCount = byteCount(of: tensor) else {
        throw error(.invalidGraph, "\(subgraph.tensors[tensor].name) has no fixed size")
      }
      given.append(HeldTensor(shape: shape, byteCount: byteCount, memory: nil, isKnown: false))
    }
    let results = try graph.findBounds(given, decided: given.map { _ in false })
    graph.inputShapes = given.map { $0.shape }
    var inputs: [ReadSlot] = []
    for tensor in graph.inputs {
      inputs.append(
        ReadSlot(index: addOperand(.tensor(root(of: tensor), byteCount: byteCount(of: tensor) ?? 0))))
    }
    var outputs: [WriteSlot] = []
    for (tensor, result) in zip(graph.outputs, results) {
      try define(tensor, shape: result.value.shape, source: .written)
      outputs.append(WriteSlot(index: addOutputOperand(tensor)))
    }
    graph.scratch = addScratch(byteCount: graph.stageByteCount)
    _ = addOperand(.scratch(graph.scratch))
    let operation = try operation(
      Operation.staged,
      Staged(
        firstInput: inputs.first ?? ReadSlot(index: 0), inputCount: inputs.count,
        firstOutput: outputs.first ?? WriteSlot(index: 0), multiplyAccumulates: graph.multiplyAccumulates))
    emit(operation)
    staged = graph
    decided = graph.decided
    folded.formUnion(graph.folded)
    for (tensor, shape) in graph.bounds {
      if case .unset = values[tensor].source { values[tensor].shape = shape }
    }
    for (index, known) in graph.facts { facts[index] = known }
  }
}
