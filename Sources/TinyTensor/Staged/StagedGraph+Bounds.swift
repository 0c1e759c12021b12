import TinyTensorKernels

// Bounds of shapes that a run decides: found at load by a translation in which every such shape is the largest that it
// can be.

extension StagedGraph {
  /// Finds the largest shapes of a graph's tensors.
  ///
  /// - Parameters:
  ///   - given: the largest shapes of the inputs.
  ///   - decided: which of them a run decides.
  /// - Returns: the outputs at their bounds, and which of them a run decides.
  func findBounds(
    _ given: [HeldTensor], decided: [Bool]
  ) throws(ModelError) -> [(value: HeldTensor, isDecided: Bool)] {
    var held = [HeldTensor?](repeating: nil, count: base.values.count)
    // Loops inside loops look for bounds again and again.
    try base.spend(work: 1024 + 8 * held.count)
    for (position, tensor) in inputs.enumerated() {
      held[tensor] = given[position]
      bounds[tensor] = given[position].shape
      if decided[position] { self.decided.insert(tensor) }
    }
    multiplyAccumulates = 0
    var index = first
    while index < operatorCount {
      if isBounded(index) {
        takeGivenBounds(index, &held)
        if children[index] != nil { try boundGraphs(index, held) }
        index += 1
        continue
      }
      if interpreted.contains(index) {
        try bound(call: index, &held)
        index += 1
        continue
      }
      let translation: Translation
      do throws(ModelError) {
        translation = try translate(from: index, held, values: [], in: base.context) { builder, index, facts in
          self.note(builder, index, facts)
        }
      } catch {
        throw atBounds(error)
      }
      switch translation {
      case .stage(let stage):
        stageByteCount = max(stageByteCount, stage.plan.arenaByteCount)
        count(stage.plan.estimate.multiplyAccumulates)
        for output in stage.outputs { hold(output, &held) }
        index = stage.operators.upperBound
      case .deferred(_, .graphs) where children[index] != nil:
        interpreted.insert(index)
        try bound(call: index, &held)
        index += 1
      case .deferred(let error, .value(let tensor)):
        // Elements that are known at the bounds were taken as constants already.
        guard held[tensor] != nil else { throw error }
        try bound(operator: index, &held, else: error)
        index += 1
      case .deferred(let error, _): throw error
      }
    }
    var results: [(value: HeldTensor, isDecided: Bool)] = []
    for tensor in outputs {
      guard let value = try value(of: tensor, held) else {
        throw ModelError(
          .invalidGraph, "output \(name(of: tensor)) is written by no operator", tensorName: name(of: tensor))
      }
      results.append((value, self.decided.contains(tensor)))
    }
    return results
  }

  /// A tensor between stages, or a constant; `nil` if it is neither.
  func value(of tensor: Int, _ held: [HeldTensor?]) throws(ModelError) -> HeldTensor? {
    if let value = held[tensor] { return value }
    var builder = base
    guard let shape = base.values[tensor].shape, let byteCount = base.byteCount(of: tensor),
      let memory = try builder.constantCopy(tensor, byteCount: byteCount)
    else { return nil }
    return HeldTensor(
      shape: shape, byteCount: byteCount, memory: memory, isKnown: byteCount <= Self.knownByteCount)
  }

  private func count(_ products: Int) {
    let (sum, overflow) = multiplyAccumulates.addingReportingOverflow(products)
    multiplyAccumulates = overflow ? Int.max : sum
  }

  /// Notes what a translation at the bounds says of an operator; returns whether the file has better bounds of its
  /// outputs, as of two computed parts that are joined to a whole.
  private func note(_ builder: GraphBuilder, _ index: Int, _ facts: OperatorFacts?) -> Bool {
    self.facts[index] = facts
    if builder.folded.contains(index) { folded.insert(index) }
    let node = builder.subgraph.operators[index]
    let isDecided = node.inputs.contains { decided.contains($0) }
    var isBetter = false
    for tensor in node.outputs {
      bounds[tensor] = builder.values[tensor].shape
      guard isDecided, let shape = builder.values[tensor].shape else { continue }
      if let declared = base.subgraph.declaredShape(tensor), declared != shape, declared.isInside(shape) {
        bounds[tensor] = declared
        isBetter = true
      } else {
        decided.insert(tensor)
      }
    }
    return isBetter
  }

  /// Hands on what a stage gives, at its bound.
  private func hold(_ output: Stage.Output, _ held: inout [HeldTensor?]) {
    let shape = bounds[output.tensor] ?? output.shape
    let isDeclared = shape != output.shape
    held[output.tensor] = HeldTensor(
      shape: shape,
      byteCount: base.subgraph.tensors[output.tensor].elementType.byteCount(of: shape.count) ?? output.byteCount,
      memory: isDeclared ? nil : output.known, isKnown: !isDeclared && output.known != nil)
  }

  /// Says of an error that shapes are bounds.
  private func atBounds(_ error: ModelError) -> ModelError {
    var error = error
    if let index = error.operatorIndex, base.subgraph.operators.indices.contains(index),
      base.subgraph.operators[index].inputs.contains(where: { decided.contains($0) })
    {
      error.message +=
        " (with the largest shapes that a run may decide; where these cannot be right, give smaller bounds with "
        + "ModelOptions.bounds, or --bound NAME=SHAPE)"
    }
    return error
  }

  private func define(
    _ tensor: Int, _ shape: Shape, of index: Int, isDecided: Bool = true, _ held: inout [HeldTensor?]
  ) throws(ModelError) {
    let type = base.subgraph.tensors[tensor].elementType
    guard let byteCount = type.byteCount(of: shape.count), byteCount <= limits.tensorBytes else {
      throw error(
        .tooLarge, at: index,
        "\(name(of: tensor)) of \(type) may be as large as \(shape), more than the limit of \(limits.tensorBytes) bytes; "
          + "give a smaller bound with ModelOptions.bounds, or --bound NAME=SHAPE")
    }
    held[tensor] = HeldTensor(shape: shape, byteCount: byteCount, memory: nil, isKnown: false)
    bounds[tensor] = shape
    if isDecided { decided.insert(tensor) }
  }

  private func takeGivenBounds(_ index: Int, _ held: inout [HeldTensor?]) {
    for tensor in base.subgraph.operators[index].outputs {
      guard let shape = givenBounds[tensor] else { continue }
      let byteCount = base.subgraph.tensors[tensor].elementType.byteCount(of: shape.count) ?? 0
      held[tensor] = HeldTensor(shape: shape, byteCount: byteCount, memory: nil, isKnown: false)
      bounds[tensor] = shape
      decided.insert(tensor)
    }
    facts[index] = Staged.decidingFacts
  }

  // MARK: Operators

  /// Bounds of the outputs of an operator that needs elements which arrive.
  private func bound(
    operator index: Int, _ held: inout [HeldTensor?], else error: ModelError
  ) throws(ModelError) {
    facts[index] = Staged.decidingFacts
    var builder = base
    try builder.spend(work: 8 * held.count)
    for (tensor, value) in held.enumerated() {
      if let value { try builder.hold(tensor, value, asConstant: value.isKnown) }
    }
    try builder.begin(index)
    let ruled = try builder.outputBounds(codes[index].builtin)
    for (position, tensor) in builder.node.outputs.enumerated() {
      let ofRule = position < ruled.count ? ruled[position] : nil
      guard let shape = givenBounds[tensor] ?? ofRule ?? builder.subgraph.declaredShape(tensor) else {
        throw unbounded(error, tensor)
      }
      try define(tensor, shape, of: index, &held)
    }
  }

  private func unbounded(_ error: ModelError, _ tensor: Int) -> ModelError {
    var error = error
    error.message +=
      ", or a bound of \(name(of: tensor)) be given, whose shape a run decides: with ModelOptions.bounds, or --bound "
      + "\(name(of: tensor))=SHAPE"
    error.deferral = nil
    return error
  }

  /// Bounds of the outputs of an operator that calls graphs.
  private func bound(call index: Int, _ held: inout [HeldTensor?]) throws(ModelError) {
    facts[index] = Staged.callingFacts
    let results = try boundGraphs(index, held)
    for (position, tensor) in base.subgraph.operators[index].outputs.enumerated() {
      guard let shape = givenBounds[tensor] ?? results[position].shape else {
        throw unbounded(
          error(.unsupportedOperator, at: index, "its graphs must agree on the shape of \(name(of: tensor))"), tensor)
      }
      try define(tensor, shape, of: index, isDecided: results[position].isDecided, &held)
    }
  }

  /// The bound of an output, if it has one, and whether a run decides its shape.
  private typealias Bound = (shape: Shape?, isDecided: Bool)

  /// Looks for bounds in the graphs that an operator calls.
  @discardableResult
  private func boundGraphs(_ index: Int, _ held: [HeldTensor?]) throws(ModelError) -> [Bound] {
    let node = base.subgraph.operators[index]
    guard let graphs = children[index] else { return node.outputs.map { _ in (nil, true) } }
    let passed = codes[index].builtin == .if ? Array(node.inputs.dropFirst()) : node.inputs
    var values: [HeldTensor] = []
    var isDecided: [Bool] = []
    for tensor in passed {
      if case .resource = base.values[tensor].source { continue }
      guard let value = try value(of: tensor, held) ?? variable(tensor) else {
        throw error(.invalidGraph, at: index, "\(name(of: tensor)), which it reads, has no data")
      }
      values.append(value)
      isDecided.append(decided.contains(tensor))
    }
    defer {
      for graph in graphs {
        stageByteCount = max(stageByteCount, graph.stageByteCount)
        count(graph.multiplyAccumulates)
      }
    }
    if codes[index].builtin == .while { return try boundLoop(node.outputs, graphs, values, decided: isDecided) }
    var bounds: [Bound] = []
    for (number, graph) in graphs.enumerated() {
      let results = try graph.findBounds(values, decided: isDecided)
      for (position, result) in results.enumerated() {
        let shape = result.value.shape
        if number == 0 {
          bounds.append((shape, result.isDecided))
        } else {
          let differs = bounds[position].shape != shape
          bounds[position] = (
            Self.union(bounds[position].shape, shape), bounds[position].isDecided || result.isDecided || differs
          )
        }
      }
    }
    return bounds
  }

  /// What a loop carries is known in no iteration; a value that grows needs a bound, of the file's or of the caller's.
  private func boundLoop(
    _ outputs: [Int], _ graphs: [StagedGraph], _ given: [HeldTensor], decided: [Bool]
  ) throws(ModelError) -> [Bound] {
    var values = given
    var isDecided = decided
    for (position, tensor) in outputs.enumerated() {
      values[position].memory = nil
      values[position].isKnown = false
      if let shape = givenBounds[tensor] {
        values[position].shape = shape
        isDecided[position] = true
      }
    }
    // Each round but the last finds at least one more value whose shape the file gives.
    for _ in 0...outputs.count {
      _ = try graphs[0].findBounds(values, decided: isDecided)
      let results = try graphs[1].findBounds(values, decided: isDecided)
      var isStable = true
      for (position, tensor) in outputs.enumerated() where givenBounds[tensor] == nil {
        let shape = values[position].shape
        if results[position].value.shape.isInside(shape) {
          if results[position].isDecided { isDecided[position] = true }
          continue
        }
        // A bound that is no shape of a run, as that of parts whose sizes follow a counter, joined to a whole: the value
        // is taken to keep its shape. A run that shows otherwise takes more memory.
        if results[position].isDecided, !isDecided[position] { continue }
        isDecided[position] = true
        guard let declared = base.subgraph.declaredShape(tensor), shape.isInside(declared) else {
          return values.indices.map { $0 == position ? (nil, true) : (values[$0].shape, isDecided[$0]) }
        }
        if declared != shape {
          values[position].shape = declared
          isStable = false
        }
      }
      if isStable { break }
    }
    return values.indices.map { (values[$0].shape, isDecided[$0]) }
  }

  private func variable(_ tensor: Int) -> HeldTensor? {
    guard case .variable = base.values[tensor].source, let shape = base.values[tensor].shape,
      let byteCount = base.byteCount(of: tensor)
    else { return nil }
    return HeldTensor(shape: shape, byteCount: byteCount, memory: nil, isKnown: false)
  }

  /// The shape that is as large as both along each axis; `nil` where they have other counts of axes.
  private static func union(_ first: Shape?, _ second: Shape) -> Shape? {
    guard let first, first.rank == second.rank else { return nil }
    return Shape(zip(first.array, second.array).map { max($0, $1) })
  }
}

extension ModelFile.Subgraph {
  /// The shape that the file gives a tensor, if it leaves no size open.
  fileprivate func declaredShape(_ tensor: Int) -> Shape? {
    let description = tensors[tensor]
    guard !description.shapeSignature.contains(-1), description.hasRank || !description.shape.isEmpty else {
      return nil
    }
    return Shape(description.shape)
  }
}

extension Shape {
  /// Whether it has as many axes as another shape and is nowhere larger.
  fileprivate func isInside(_ other: Shape) -> Bool {
    rank == other.rank && zip(array, other.array).allSatisfy { $0 <= $1 }
  }
}

extension GraphBuilder {
  /// The largest shapes that the outputs of the current operator can have, whatever the elements are that it needs;
  /// `nil` where these have no bound.
  fileprivate func outputBounds(_ code: BuiltinOperator) throws(ModelError) -> [Shape?] {
    switch code {
    case .slice, .reverseV2, .cumsum: return [try input(0).shape]
    case .stridedSlice: return [try Slice.stridedBound(self)]
    case .topKV2:
      let shape = try input(0).shape
      return [shape, shape]
    case .where:
      let shape = try input(0).shape
      return [Shape([shape.count, shape.rank])]
    case .unique:
      let shape = try input(0).shape
      return [shape, shape]
    case .nonMaxSuppressionV4, .nonMaxSuppressionV5:
      let boxes = Shape(try input(0).shape.array.prefix(1))
      return code == .nonMaxSuppressionV4 ? [boxes, .scalar] : [boxes, boxes, .scalar]
    case .reshape: return [try reshapeBound()]
    default: return []
    }
  }

  /// A shape with as many elements as the input: the one that the file gives, where it leaves one size open or none.
  private func reshapeBound() throws(ModelError) -> Shape? {
    let count = try input(0).shape.count
    let description = subgraph.tensors[node.outputs[0]]
    if description.hasRank || !description.shape.isEmpty {
      var sizes = description.shapeSignature.isEmpty ? description.shape : description.shapeSignature
      let open = sizes.indices.filter { sizes[$0] == -1 }
      let known = Shape(sizes.filter { $0 != -1 })?.count ?? 0
      if open.count == 1, known > 0, count % known == 0 { sizes[open[0]] = count / known }
      if let shape = Shape(sizes), shape.count == count { return shape }
    }
    guard let list = try optionalInput(1), list.shape.rank == 1 else { return nil }
    var sizes = [Int](repeating: 1, count: list.shape.count)
    if let last = sizes.indices.last { sizes[last] = count }
    return Shape(sizes)
  }
}
