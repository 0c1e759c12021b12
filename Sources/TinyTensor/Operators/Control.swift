import FlatbufferReader
import TinyTensorKernels

/// Operators that run other graphs: CALL, CALL_ONCE, IF, WHILE, and STABLEHLO_COMPOSITE, which calls its decomposition.
///
/// Each call has an instance of the graph of its own, whose arena is scratch memory of the calling step. Shapes are
/// those of the call; a loop must keep them.
struct Control: Sendable {
  enum Kind: Sendable {
    case call(Int)
    case callOnce(Int)
    case branch(condition: ReadSlot, then: Int, else: Int)
    case loop(condition: Int, body: Int)
  }

  let kind: Kind
  /// The first operand that is passed in; the others follow.
  let firstInput: ReadSlot
  let inputCount: Int
  /// The first operand that is passed out; the others follow.
  let firstOutput: WriteSlot
  let outputCount: Int
  /// What the graphs take: that of a branch which takes more, those of a loop once.
  let estimate: WorkEstimate
}

extension Control {
  /// The graphs that the current operator calls: a condition before a body, the first branch before the second.
  static func calledGraphs(_ graph: GraphBuilder, _ code: BuiltinOperator) throws(ModelError) -> [Int] {
    switch code {
    case .call:
      [
        try graph.requiredOptions(16) { (table) throws(ReadError) in
          Int(clamping: try table.scalar(0, default: UInt32(0)))
        }
      ]
    case .if, .while:
      try graph.requiredOptions(code == .if ? 92 : 93) { (table) throws(ReadError) in
        [Int(try table.scalar(0, default: Int32(0))), Int(try table.scalar(1, default: Int32(0)))]
      }
    default: []
    }
  }

  static func translateCall(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let index = try graph.requiredOptions(16) { (table) throws(ReadError) in
      Int(clamping: try table.scalar(0, default: UInt32(0)))
    }
    return try translateCall(&graph, of: index, what: "the graph that it calls")
  }

  /// What a composite stands for is a graph of the file, whatever its name says.
  static func translateComposite(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let index = try graph.requiredSecondOptions(21) { (table) throws(ReadError) in
      Int(try table.scalar(1, default: Int32(0)))
    }
    return try translateCall(&graph, of: index, what: "its decomposition")
  }

  private static func translateCall(
    _ graph: inout GraphBuilder, of index: Int, what: String
  ) throws(ModelError) -> Operation? {
    let passed = try graph.passedInputs(graph.node.inputs.indices)
    let child = try graph.addGraph(index, inputs: passed, what: what)
    try graph.requireCounts(child, outputs: graph.node.outputs.count, what: what)
    return try make(&graph, passed, shapes: child.outputs, child.estimate) { .call(child.number) }
  }

  static func translateCallOnce(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    guard graph.node.inputs.isEmpty, graph.node.outputs.isEmpty else {
      throw graph.error(.invalidOperator, "it must have neither inputs nor outputs")
    }
    let index = try graph.requiredOptions(103) { (table) throws(ReadError) in
      Int(try table.scalar(0, default: Int32(0)))
    }
    let child = try graph.addGraph(index, inputs: [], what: "the graph that it calls")
    try graph.requireCounts(child, outputs: 0, what: "the graph that it calls")
    return try make(&graph, [], shapes: [], child.estimate) { .callOnce(child.number) }
  }

  static func translateIf(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let indices = try graph.requiredOptions(92) { (table) throws(ReadError) in
      (then: Int(try table.scalar(0, default: Int32(0))), else: Int(try table.scalar(1, default: Int32(0))))
    }
    let condition = try graph.input(0, .bool)
    guard condition.shape.count == 1 else {
      throw graph.error(.invalidOperator, "its condition has \(condition.shape.count) elements instead of 1")
    }
    let passed = try graph.passedInputs(1..<max(graph.node.inputs.count, 1))
    let then = try graph.addGraph(indices.then, inputs: passed, what: "its first graph")
    let otherwise = try graph.addGraph(indices.else, inputs: passed, what: "its second graph")
    for child in [then, otherwise] {
      try graph.requireCounts(child, outputs: graph.node.outputs.count, what: "a graph of it")
    }
    guard then.outputs == otherwise.outputs else {
      throw graph.error(
        .invalidOperator, "its graphs give outputs of different types or shapes, which is not supported"
      ).deferred(.graphs)
    }
    let slot = try graph.bind(condition)
    var estimate = then.estimate
    estimate.add(alternative: otherwise.estimate)
    return try make(&graph, passed, shapes: then.outputs, estimate) {
      .branch(condition: slot, then: then.number, else: otherwise.number)
    }
  }

  static func translateWhile(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let indices = try graph.requiredOptions(93) { (table) throws(ReadError) in
      (condition: Int(try table.scalar(0, default: Int32(0))), body: Int(try table.scalar(1, default: Int32(0))))
    }
    let passed = try graph.passedInputs(graph.node.inputs.indices)
    guard !passed.contains(where: { $0.resource != nil }) else {
      throw graph.error(.invalidOperator, "a loop over handles of variables is not supported")
    }
    guard graph.node.outputs.count == passed.count else {
      throw graph.error(
        .invalidOperator, "it has \(passed.count) inputs and \(graph.node.outputs.count) outputs, which must agree")
    }
    let condition = try graph.addGraph(indices.condition, inputs: passed, what: "its condition")
    let body = try graph.addGraph(indices.body, inputs: passed, what: "its body")
    try graph.requireCounts(condition, outputs: 1, what: "its condition")
    try graph.requireCounts(body, outputs: passed.count, what: "its body")
    guard condition.outputs[0].elementType == .bool, condition.outputs[0].shape.count == 1 else {
      throw graph.error(.invalidOperator, "its condition does not give one truth value")
    }
    let shapes = passed.compactMap { $0.contents }
    guard body.outputs == shapes else {
      throw graph.error(.invalidOperator, "its body changes the type or shape of a value, which is not supported")
        .deferred(.graphs)
    }
    var estimate = condition.estimate
    estimate.add(body.estimate)
    estimate.isOpenEnded = true
    return try make(&graph, passed, shapes: shapes, estimate) { .loop(condition: condition.number, body: body.number) }
  }

  private static func make(
    _ graph: inout GraphBuilder, _ passed: [PassedInput], shapes: [PassedInput.Contents], _ estimate: WorkEstimate,
    _ kind: () -> Kind
  ) throws(ModelError) -> Operation? {
    var inputs: [ReadSlot] = []
    for input in passed {
      if let operand = input.operand { inputs.append(try graph.bind(operand)) }
    }
    var outputs: [WriteSlot] = []
    for (index, contents) in shapes.enumerated() {
      _ = try graph.outputType(index, contents.elementType)
      outputs.append(try graph.bindOutput(index, shape: contents.shape))
    }
    return try graph.operation(
      Operation.control,
      Control(
        kind: kind(), firstInput: inputs.first ?? ReadSlot(index: 0), inputCount: inputs.count,
        firstOutput: outputs.first ?? WriteSlot(index: 0), outputCount: outputs.count, estimate: estimate))
  }
}

extension Control {
  /// Steps of a loop after which it is taken to run for ever.
  static let maximumIterations = 10_000_000

  func run(_ memory: OperatorMemory, in graph: GraphInstance?) throws(SessionError) {
    // Operators of this kind are not pure: they run in a session alone.
    guard let graph else { return }
    switch kind {
    case .call(let number):
      try call(graph.child(number), memory)
    case .callOnce(let number):
      let child = graph.child(number)
      if !child.hasRun {
        try child.run()
        child.hasRun = true
      }
    case .branch(let condition, let then, let otherwise):
      try call(graph.child(memory.read(condition, as: UInt8.self)[0] != 0 ? then : otherwise), memory)
    case .loop(let condition, let body):
      try loop(graph.child(condition), graph.child(body), memory)
    }
  }

  private func call(_ child: GraphInstance, _ memory: OperatorMemory) throws(SessionError) {
    for index in 0..<inputCount {
      child.setInput(index, memory.readBytes(ReadSlot(index: firstInput.index + index)))
    }
    try child.run()
    for index in 0..<outputCount {
      var bytes = memory.writeBytes(WriteSlot(index: firstOutput.index + index))
      child.copyOutput(index, to: &bytes)
    }
  }

  /// The values of the loop lie in the outputs.
  private func loop(
    _ condition: GraphInstance, _ body: GraphInstance, _ memory: OperatorMemory
  ) throws(SessionError) {
    for index in 0..<inputCount {
      var bytes = memory.writeBytes(WriteSlot(index: firstOutput.index + index))
      copyBytes(memory.readBytes(ReadSlot(index: firstInput.index + index)), to: &bytes, at: 0)
    }
    for _ in 0..<Self.maximumIterations {
      for index in 0..<outputCount {
        condition.setInput(index, memory.readBytes(ReadSlot(index: firstOutput.index + index)))
      }
      try condition.run()
      if condition.firstOutputByte(0) == 0 { return }
      for index in 0..<outputCount {
        body.setInput(index, memory.readBytes(ReadSlot(index: firstOutput.index + index)))
      }
      try body.run()
      for index in 0..<outputCount {
        var bytes = memory.writeBytes(WriteSlot(index: firstOutput.index + index))
        body.copyOutput(index, to: &bytes)
      }
    }
    throw SessionError(
      .invalidData, "a loop did not end after \(Self.maximumIterations) iterations")
  }

  var facts: OperatorFacts {
    let kernel: StaticString =
      switch kind {
      case .call: "call"
      case .callOnce: "callonce"
      case .branch: "if"
      case .loop: "while"
      }
    return OperatorFacts(
      kernel: kernel, multiplyAccumulates: estimate.multiplyAccumulates,
      furtherSteps: estimate.steps - estimate.multiplyAccumulates, isOpenEnded: estimate.isOpenEnded)
  }
}

/// What a graph passes to one that it calls: a tensor, or a handle of a variable.
struct PassedInput {
  struct Contents: Sendable, Hashable {
    var elementType: ElementType
    var shape: Shape
  }

  var operand: Operand?
  var resource: Int?

  var contents: Contents? {
    operand.map { Contents(elementType: $0.elementType, shape: $0.shape) }
  }
}

/// A graph that is called.
struct ChildGraph {
  var number: Int
  var outputs: [PassedInput.Contents]
  /// What a run of it takes.
  var estimate: WorkEstimate
}

extension GraphBuilder {
  /// The operator's inputs as another graph gets them.
  func passedInputs(_ range: Range<Int>) throws(ModelError) -> [PassedInput] {
    var passed: [PassedInput] = []
    for index in range {
      if let resource = resourceInput(index) {
        passed.append(PassedInput(operand: nil, resource: resource))
      } else {
        passed.append(PassedInput(operand: try input(index), resource: nil))
      }
    }
    return passed
  }

  /// A subgraph that the current operator calls, after a look at its inputs and outputs.
  func calledGraph(_ index: Int, inputCount: Int, what: String) throws(ModelError) -> ModelFile.Subgraph {
    guard file.subgraphs.indices.contains(index) else {
      throw error(.invalidGraph, "\(what) is subgraph \(index) of \(file.subgraphs.count)")
    }
    let child = file.subgraphs[index]
    guard child.inputs.count == inputCount else {
      throw error(.invalidOperator, "\(what) takes \(child.inputs.count) inputs; there are \(inputCount)")
    }
    let tensors = child.tensors.indices
    for tensor in child.inputs + child.outputs where !tensors.contains(tensor) {
      throw error(.invalidGraph, "\(what) has tensor \(tensor) of \(tensors.count) as input or output")
    }
    guard Set(child.inputs).count == child.inputs.count else {
      throw error(.invalidGraph, "\(what) has a tensor as an input twice")
    }
    return child
  }

  /// Builds an instance of a subgraph for inputs of these shapes.
  mutating func addGraph(_ index: Int, inputs: [PassedInput], what: String) throws(ModelError) -> ChildGraph {
    let child = try calledGraph(index, inputCount: inputs.count, what: what)
    try context.enterGraph(depth: depth + 1)
    var given: [GraphInput] = []
    for (position, input) in inputs.enumerated() {
      let tensor = child.inputs[position]
      guard let contents = input.contents else {
        given.append(GraphInput(tensor: tensor, resource: input.resource))
        continue
      }
      guard child.tensors[tensor].elementType == contents.elementType else {
        throw error(
          .invalidOperator,
          "\(what) takes \(child.tensors[tensor].elementType) as input \(position), not \(contents.elementType)")
      }
      given.append(GraphInput(tensor: tensor, shape: contents.shape.array))
    }
    let codes = try ModelLoader.checkedCodes(file, child, context.device, context.options)
    var builder = try GraphBuilder(context, subgraph: index, inputs: given, outputs: child.outputs, depth: depth + 1)
    do throws(ModelError) {
      _ = try builder.translateAll(codes)
    } catch {
      // What is missing is a value inside.
      throw error.deferral == nil ? error : error.deferred(.graphs)
    }
    try builder.checkOutputs(child.outputs)
    var outputs: [PassedInput.Contents] = []
    for tensor in child.outputs {
      guard let shape = builder.values[tensor].shape else {
        throw error(.invalidGraph, "\(what) has an output without a shape")
      }
      outputs.append(.init(elementType: builder.subgraph.tensors[tensor].elementType, shape: shape))
    }
    let plan = try Plan(builder, inputs: child.inputs, outputs: child.outputs)
    guard plan.arenaByteCount <= limits.arenaBytes else {
      throw error(.tooLarge, "\(what) needs more than the limit of \(limits.arenaBytes) bytes")
    }
    let scratch = addScratch(byteCount: plan.arenaByteCount)
    _ = addOperand(.scratch(scratch))
    return ChildGraph(number: addChild(plan, scratch: scratch), outputs: outputs, estimate: plan.estimate)
  }

  /// Refuses a graph with another count of outputs.
  func requireCounts(_ child: ChildGraph, outputs: Int, what: String) throws(ModelError) {
    guard child.outputs.count == outputs else {
      throw error(.invalidOperator, "\(what) gives \(child.outputs.count) outputs instead of \(outputs)")
    }
  }
}
