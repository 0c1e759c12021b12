@testable import TinyTensor

// Layers with a state, calls, branches, loops and variables.

extension GraphMaker {
  static let recurrent: [Family] = [
    { $0.svdf() }, { $0.recurrentLayer() }, { $0.sequenceLayer() }, { $0.longShortTermMemory() },
    { $0.longShortTermMemory() }, { $0.bidirectionalMemory() },
  ]

  static let control: [Family] = [{ $0.call() }, { $0.branch() }, { $0.loop() }, { $0.variable() }, { $0.variable() }]

  // MARK: Layers with a state

  private mutating func recurrentWeights(_ name: String, _ shape: [Int], isHybrid: Bool) -> Int32 {
    guard isHybrid else { return constant(.float32, shape, range: -1...1).index }
    let bytes = random.bytes(.int8, count: shape.reduce(1, *), in: -127...127)
    return graph.constant("\(name)\(graph.tensors.count)", shape, .int8, signed(bytes), scales: [0.01])
  }

  /// A state; now and then other operators read it, too, before the layer or after it.
  private mutating func state(_ shape: [Int]) -> Int32 {
    let index = graph.state("state\(graph.tensors.count)", shape)
    if random.chance(25) {
      live.append(GraphTensor(index: index, type: .float32, shape: shape, isRounded: true))
      if random.chance(50) { addOperator() }
    }
    return index
  }

  private mutating func sequence(rank: Int) -> GraphTensor? {
    // A graph that is inside another one has no states of its own.
    guard depth == 0 else { return nil }
    return pick([.float32]) { $0.rank == rank && $0.count > 0 && !$0.isRounded && $0.count <= 256 }
  }

  mutating func svdf() {
    guard let input = sequence(rank: 2) else { return }
    let rank = random.pick([1, 2])
    let units = random.pick([1, 2, 4])
    let memory = random.pick([1, 3])
    let isHybrid = random.chance(40)
    let features = recurrentWeights("f", [units * rank, input.shape[1]], isHybrid: isHybrid)
    let time = recurrentWeights("m", [units * rank, memory], isHybrid: isHybrid)
    let bias = constant(.float32, [units], range: nil).index
    add(
      .svdf, [input.index, features, time, bias, state([input.shape[0], memory * units * rank])],
      [tensor(.float32, [input.shape[0], units], isRounded: true)],
      options(6, [0: .int32(Int32(rank)), 1: .int8(random.pick([0, 1])), 2: .bool(false)]))
  }

  mutating func recurrentLayer() {
    guard let input = sequence(rank: 2) else { return }
    let units = random.pick([1, 2, 4])
    let isHybrid = random.chance(40)
    let inputs = [
      input.index, recurrentWeights("w", [units, input.shape[1]], isHybrid: isHybrid),
      recurrentWeights("r", [units, units], isHybrid: isHybrid), constant(.float32, [units], range: nil).index,
      state([input.shape[0], units]),
    ]
    add(
      .rnn, inputs, [tensor(.float32, [input.shape[0], units], isRounded: true)],
      options(7, [0: .int8(random.pick([1, 4])), 1: .bool(false)]))
  }

  mutating func sequenceLayer() {
    guard let input = sequence(rank: 3) else { return }
    let units = random.pick([1, 2, 4])
    let isTimeMajor = random.chance(40)
    let batches = input.shape[isTimeMajor ? 1 : 0]
    let inputs = [
      input.index, recurrentWeights("w", [units, input.shape[2]], isHybrid: false),
      recurrentWeights("r", [units, units], isHybrid: false), constant(.float32, [units], range: nil).index,
      state([batches, units]),
    ]
    add(
      .unidirectionalSequenceRNN, inputs,
      [tensor(.float32, [input.shape[0], input.shape[1], units], isRounded: true)],
      options(31, [0: .bool(isTimeMajor), 1: .int8(random.pick([1, 4])), 2: .bool(false)]))
  }

  /// UNIDIRECTIONAL_SEQUENCE_LSTM, or LSTM for one step.
  mutating func longShortTermMemory() {
    let isStep = random.chance(40)
    guard let input = sequence(rank: isStep ? 2 : 3) else { return }
    let units = random.pick([1, 2, 4])
    let isTimeMajor = random.chance(40)
    let isHybrid = random.chance(30)
    let batches = input.shape[isTimeMajor && !isStep ? 1 : 0]
    let depth = input.shape[input.rank - 1]
    var inputs = [input.index]
    for _ in 0..<4 { inputs.append(recurrentWeights("w", [units, depth], isHybrid: isHybrid)) }
    for _ in 0..<4 { inputs.append(recurrentWeights("r", [units, units], isHybrid: isHybrid)) }
    inputs += [-1, -1, -1]
    for _ in 0..<4 { inputs.append(constant(.float32, [units], range: nil).index) }
    inputs += [-1, -1, state([batches, units]), state([batches, units])]
    let output = tensor(.float32, Array(input.shape.dropLast()) + [units], isRounded: true)
    if isStep {
      add(.lstm, inputs, [output], options(14, [0: .int8(4), 3: .int8(0)]))
      return
    }
    add(
      .unidirectionalSequenceLSTM, inputs, [output],
      options(71, [0: .int8(4), 1: .float(0), 2: .float(0), 3: .bool(isTimeMajor)]))
  }

  mutating func bidirectionalMemory() {
    guard let input = sequence(rank: 3) else { return }
    let units = random.pick([1, 2, 3])
    let isTimeMajor = random.chance(40)
    let isMerged = random.chance(40)
    let batches = input.shape[isTimeMajor ? 1 : 0]
    // LiteRT's reference takes the wrong rows of the state there.
    guard !isMerged || isTimeMajor || batches == 1 else { return }
    var inputs = [input.index]
    for _ in 0..<2 {
      for _ in 0..<4 { inputs.append(recurrentWeights("w", [units, input.shape[2]], isHybrid: false)) }
      for _ in 0..<4 { inputs.append(recurrentWeights("r", [units, units], isHybrid: false)) }
      inputs += [-1, -1, -1]
      for _ in 0..<4 { inputs.append(constant(.float32, [units], range: nil).index) }
      inputs += [-1, -1]
    }
    for _ in 0..<4 { inputs.append(state([batches, units])) }
    inputs += [Int32](repeating: -1, count: 9)
    let steps = [input.shape[0], input.shape[1]]
    let outputs = (0..<(isMerged ? 1 : 2)).map { _ in
      tensor(.float32, steps + [isMerged ? 2 * units : units], isRounded: true)
    }
    add(
      .bidirectionalSequenceLSTM, inputs, outputs,
      options(69, [0: .int8(4), 1: .float(0), 2: .float(0), 3: .bool(isMerged), 4: .bool(isTimeMajor)]))
  }

  // MARK: Graphs inside

  /// Adds a graph to the model that takes these tensors; returns its index.
  ///
  /// - Parameters:
  ///   - inputs: what is passed in.
  ///   - count: about how many operators it has.
  ///   - finish: sets its outputs.
  private mutating func addGraph(
    _ inputs: [GraphTensor], operators count: Int, finish: (inout GraphMaker) -> Void
  ) -> Int32 {
    let index = library.graphs.count
    library.graphs.append(TestModel())
    let seeded = SeededRandom(random.next(), isCoarse: profile.isForReference)
    var maker = GraphMaker(random: seeded, profile: profile, library: library, depth: depth + 1)
    maker.mainType = mainType
    maker.hasImages = hasImages && random.chance(50)
    maker.chooseQuantizations()
    maker.quantizations = quantizations
    for input in inputs {
      var inner = maker.tensor(like: input)
      inner.isConstant = false
      maker.graph.inputs.append(inner.index)
      maker.live.append(inner)
    }
    maker.addOperators(count)
    finish(&maker)
    library.graphs[index] = maker.graph
    return Int32(index)
  }

  /// The latest tensor of the kind of another one that nothing has promised yet.
  private func latest(like tensor: GraphTensor) -> GraphTensor? {
    live.last { $0.matches(tensor) && $0.shape == tensor.shape && !$0.isConstant }
  }

  /// Tensors to pass into a graph, each once.
  private mutating func passed(_ most: Int) -> [GraphTensor] {
    var tensors: [GraphTensor] = []
    for _ in 0..<random.integer(1...most) {
      let found = pick { candidate in !tensors.contains { $0.index == candidate.index } }
      if let found { tensors.append(found) }
    }
    return tensors
  }

  mutating func call() {
    // LiteRT has no CALL.
    guard !profile.isForReference else { return }
    let inputs = passed(3)
    var results: [GraphTensor] = []
    let graph = addGraph(inputs, operators: random.integer(1...4)) { maker in
      let made = maker.live.filter { !$0.isConstant }
      for _ in 0..<maker.random.integer(1...2) {
        let result = maker.random.chance(80) ? made[made.count - 1] : maker.random.pick(made)
        if !results.contains(where: { $0.index == result.index }) { results.append(result) }
      }
      maker.graph.outputs = results.map(\.index)
    }
    let outputs = results.map { tensor(like: $0) }
    add(.call, inputs.map(\.index), outputs, options(16, [0: .uint32(UInt32(graph))]))
  }

  /// Outputs of a graph that has to give tensors of these kinds: what it has computed, or what was passed in.
  private mutating func giveOutputs(like tensors: [GraphTensor]) -> [GraphTensor] {
    var outputs: [GraphTensor] = []
    for (place, tensor) in tensors.enumerated() {
      guard var output = latest(like: tensor) else { continue }
      // LiteRT gives a branch's tensor once, whatever it is asked for.
      if profile.isForReference, outputs.contains(where: { $0.index == output.index }) {
        let input = graph.inputs[graph.inputs.count - tensors.count + place]
        if let passed = live.first(where: { $0.index == input }) { output = passed }
      }
      outputs.append(output)
    }
    graph.outputs = outputs.map(\.index)
    return outputs
  }

  mutating func branch() {
    let inputs = passed(3)
    let wanted = random.chance(60) ? [inputs[inputs.count - 1]] : inputs
    let condition = pick([.bool]) { $0.count == 1 } ?? constant(.bool, [1], range: nil)
    var isRounded = wanted.map { _ in false }
    let graphs = (0..<2).map { _ in
      addGraph(inputs, operators: random.integer(1...4)) { maker in
        let outputs = maker.giveOutputs(like: wanted)
        for (index, output) in outputs.enumerated() where output.isRounded { isRounded[index] = true }
      }
    }
    let outputs = wanted.enumerated().map { index, tensor in
      var output = self.tensor(like: tensor)
      output.range = nil
      output.isRounded = (isRounded[index] || tensor.isRounded) && tensor.type == .float32
      return output
    }
    add(
      .if, [condition.index] + inputs.map(\.index), outputs,
      options(92, [0: .int32(graphs[0]), 1: .int32(graphs[1])]))
  }

  /// A loop that runs 0 to 3 times.
  mutating func loop() {
    var counter = constant(.int32, [1], range: 0...1)
    counter.range = 0...4
    let passed = passed(2).map { tensor -> GraphTensor in
      var tensor = tensor
      // What comes back may be anything, and rounded.
      tensor.range = nil
      tensor.isRounded = tensor.type == .float32
      return tensor
    }
    let limit = random.integer(0...3)
    let condition = addGraph([counter] + passed, operators: 0) { maker in
      let end = maker.list([limit], as: .int32)
      let result = maker.tensor(.bool, [1])
      maker.add(.less, [maker.graph.inputs[0], end], [result])
      maker.graph.outputs = [result.index]
    }
    let body = addGraph([counter] + passed, operators: random.integer(0...3)) { maker in
      let one = maker.list([1], as: .int32)
      let next = maker.tensor(.int32, [1])
      maker.add(.add, [maker.graph.inputs[0], one], [next], Options.add())
      let outputs = maker.giveOutputs(like: passed)
      maker.graph.outputs = [next.index] + outputs.map(\.index)
    }
    let outputs = [tensor(.int32, [1], range: 0...4)] + passed.map { tensor(like: $0) }
    add(
      .while, [counter.index] + passed.map(\.index), outputs,
      options(93, [0: .int32(condition), 1: .int32(body)]))
  }

  /// A variable that begins with a constant, is read, and is assigned what was computed from it.
  mutating func variable() {
    guard depth == 0, let kind = pick([.float32, .int8, .int32, .int64, .bool], { $0.count > 0 && !$0.isQuantized })
    else { return }
    let name = "variable\(library.variableCount)"
    library.variableCount += 1
    let handleOptions = options(111, [0: .string(""), 1: .string(name)])
    let initial = addGraph([], operators: 0) { maker in
      let handle = maker.graph.tensor("handle", [], .resource)
      maker.graph.add(.varHandle, [], [handle], options: handleOptions)
      let value = maker.constant(kind.type, kind.shape, range: nil)
      maker.graph.add(.assignVariable, [handle, value.index], [], options: options(113))
    }
    graph.add(.callOnce, [], [], options: options(103, [0: .int32(initial)]))
    let handle = graph.tensor("handle\(graph.tensors.count)", [], .resource)
    graph.add(.varHandle, [], [handle], options: handleOptions)
    var value = tensor(kind.type, kind.shape)
    value.isRounded = kind.type == .float32
    add(.readVariable, [handle], [value], options(112))
    addOperators(graph.operators.count + random.integer(0...3))
    if random.chance(80), let next = live.last(where: { $0.type == kind.type && $0.shape == kind.shape }) {
      graph.add(.assignVariable, [handle, next.index], [], options: options(113))
      if random.chance(40) {
        var again = tensor(kind.type, kind.shape)
        again.isRounded = kind.type == .float32
        add(.readVariable, [handle], [again], options(112))
      }
    }
  }
}
