/// Divides a graph into what the Edge TPU's compiler would map, one part, and what stays on the CPU.
///
/// An operator is mapped if the rules allow it and none of its inputs comes from an operator that stays: whatever
/// depends on one that stays is left too, wherever it stands in the file. TensorFlow Lite divides graphs among
/// delegates in this way. DeepLab's compiled form agrees, but everything behind its first operator that stays depends
/// on it, so that it does not tell dependence from the order in the file. Conversions at the inputs keep nothing else
/// on the CPU.
struct CompatibilityPartition {
  private let file: ModelFile
  private let runtime: Int
  private let graph: ModelFile.Subgraph

  /// Checks every index that the rules use.
  init(_ file: ModelFile, runtimeVersion: Int) throws(ModelError) {
    guard let graph = file.subgraphs.first else {
      throw ModelError(.invalidGraph, "the model has no graph")
    }
    self.file = file
    self.runtime = runtimeVersion
    self.graph = graph
    let tensors = graph.tensors.indices
    for tensor in graph.inputs + graph.outputs where !tensors.contains(tensor) {
      throw ModelError(.invalidGraph, "the graph's inputs and outputs name tensor \(tensor), which does not exist")
    }
    for (index, node) in graph.operators.enumerated() {
      guard file.operatorCodes.indices.contains(node.codeIndex) else {
        throw ModelError(
          .invalidGraph, "operator \(index) has the code \(node.codeIndex), which does not exist",
          operatorIndex: index)
      }
      for tensor in node.inputs where tensor != -1 && !tensors.contains(tensor) {
        throw Self.missing(tensor, index)
      }
      for tensor in node.outputs where !tensors.contains(tensor) { throw Self.missing(tensor, index) }
    }
  }

  private static func missing(_ tensor: Int, _ index: Int) -> ModelError {
    ModelError(
      .invalidGraph, "operator \(index) names tensor \(tensor), which does not exist", operatorIndex: index)
  }

  // MARK: Result

  func result() throws(ModelError) -> EdgeTPUCompatibility {
    if let compiled = compiled() { return compiled }
    var findings: [CompatibilityFinding?] = []
    for index in graph.operators.indices { findings.append(try CompatibilityRule.finding(node(index))) }
    let roles = self.roles()
    let obstacle = self.obstacle()

    var waits = [Bool](repeating: false, count: graph.tensors.count)
    var operators: [EdgeTPUCompatibility.Operator] = []
    var firstBlocker: Int?
    for (index, op) in graph.operators.enumerated() {
      let isWaiting = op.inputs.contains { $0 >= 0 && waits[$0] }
      var finding = findings[index]
      if finding == nil, isWaiting {
        let blocker = firstBlocker ?? index
        finding = CompatibilityFinding(
          .moreThanOneSubgraph, "it depends on an operator that stays on the CPU, the first is \(blocker)",
          "have operator \(blocker) mapped")
      }
      if finding != nil, roles[index] == .inner || isWaiting {
        for tensor in op.outputs { waits[tensor] = true }
        if firstBlocker == nil, roles[index] == .inner { firstBlocker = index }
      }
      operators.append(describe(index, finding, roles[index]))
    }
    return EdgeTPUCompatibility(
      runtimeVersion: runtime, obstacle: obstacle, operators: operators,
      firstBlocker: obstacle == .notQuantized ? nil : firstBlocker, parameterByteCount: parameterBytes(operators))
  }

  private func node(_ index: Int) -> CompatibilityNode {
    let op = graph.operators[index]
    return CompatibilityNode(
      file: file, tensors: graph.tensors, index: index, node: op, code: file.operatorCodes[op.codeIndex],
      runtime: runtime)
  }

  private func describe(
    _ index: Int, _ finding: CompatibilityFinding?, _ role: EdgeTPUCompatibility.Role
  ) -> EdgeTPUCompatibility.Operator {
    let code = file.operatorCodes[graph.operators[index].codeIndex]
    if role == .floatEnd, finding != nil {
      return EdgeTPUCompatibility.Operator(
        index: index, name: code.name, version: code.version, status: .unsupportedType, role: role,
        reason: "it converts \(code.builtin == .quantize ? "from" : "to") float32 at the model's end",
        advice: "nothing, or convert with 8-bit inputs and outputs")
    }
    return EdgeTPUCompatibility.Operator(
      index: index, name: code.name, version: code.version, status: finding?.status ?? .mapped, role: role,
      reason: finding?.reason ?? "", advice: finding?.advice ?? "")
  }

  // MARK: The model as a whole

  private func isCompiled(_ op: ModelFile.Operator) -> Bool { file.operatorCodes[op.codeIndex].isCompiledForEdgeTPU }

  /// What is to say of a model that was compiled already; `nil` for others.
  private func compiled() -> EdgeTPUCompatibility? {
    guard graph.operators.contains(where: isCompiled) else { return nil }
    let roles = self.roles()
    let left = CompatibilityFinding(
      .moreThanOneSubgraph, "the compiler left it on the CPU", "check the model that this one was compiled from")
    let operators = graph.operators.indices.map { index in
      isCompiled(graph.operators[index])
        ? describe(index, nil, .compiled) : describe(index, left, roles[index])
    }
    return EdgeTPUCompatibility(
      runtimeVersion: runtime, obstacle: .alreadyCompiled, operators: operators,
      firstBlocker: operators.first { $0.role == .inner }?.index, parameterByteCount: 0)
  }

  private func obstacle() -> EdgeTPUCompatibility.Obstacle? {
    let isQuantized = graph.operators.contains { op in
      op.outputs.contains { graph.tensors[$0].isEightBit }
    }
    if !isQuantized { return .notQuantized }
    for tensor in graph.tensors where tensor.shapeSignature.contains(-1) {
      return .sizeNotFixed(tensor: tensor.name)
    }
    return nil
  }

  // MARK: Ends

  /// Which operators only convert between what the caller has and what the model computes with.
  private func roles() -> [EdgeTPUCompatibility.Role] {
    var isInput = [Bool](repeating: false, count: graph.tensors.count)
    for tensor in graph.inputs { isInput[tensor] = true }
    var isRead = [Bool](repeating: false, count: graph.tensors.count)
    for op in graph.operators { for tensor in op.inputs where tensor >= 0 { isRead[tensor] = true } }
    var isOutput = [Bool](repeating: false, count: graph.tensors.count)
    for tensor in graph.outputs { isOutput[tensor] = true }

    return graph.operators.map { op in
      switch file.operatorCodes[op.codeIndex].builtin {
      case .quantize, .cast:
        guard op.inputs.count == 1, op.inputs[0] >= 0, isInput[op.inputs[0]] else { return .inner }
        // A conversion of what has been converted so far is one at the inputs too.
        for tensor in op.outputs { isInput[tensor] = true }
        let isQuantize = file.operatorCodes[op.codeIndex].builtin == .quantize
        return isQuantize && graph.tensors[op.inputs[0]].elementType == .float32 ? .floatEnd : .inputConversion
      case .dequantize:
        let isEnd = op.outputs.allSatisfy { isOutput[$0] && !isRead[$0] && graph.tensors[$0].elementType == .float32 }
        return isEnd ? .floatEnd : .inner
      default: return .inner
      }
    }
  }

  // MARK: Memory

  /// Weights and biases of mapped operators, which are the constants with a scale; each buffer once. Hostile files may
  /// have buffers overlap: the sum is clamped.
  private func parameterBytes(_ operators: [EdgeTPUCompatibility.Operator]) -> Int {
    var isCounted = [Bool](repeating: false, count: file.buffers.count)
    var sum = 0
    for (index, op) in graph.operators.enumerated() where operators[index].status == .mapped {
      for tensor in op.inputs where tensor >= 0 {
        let description = graph.tensors[tensor]
        guard !description.isVariable, description.quantization?.scales.isEmpty == false,
          let count = file.constantByteCount(description), !isCounted[description.buffer]
        else { continue }
        isCounted[description.buffer] = true
        let (total, overflow) = sum.addingReportingOverflow(count)
        sum = overflow ? Int.max : total
      }
    }
    return sum
  }
}
