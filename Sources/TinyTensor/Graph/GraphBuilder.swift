import FlatbufferReader
import TinyTensorKernels

/// Turns a subgraph into steps: walks its operators in order, has each one checked and translated, and notes where
/// every operand comes from.
///
/// Operators see the builder as their view of the graph: see `GraphBuilder+Operands.swift` for what they may ask.
struct GraphBuilder {
  /// The file's subgraph; operators may change types of outputs.
  private(set) var subgraph: ModelFile.Subgraph
  let subgraphIndex: Int
  /// What the graphs of one model share.
  var context: BuildContext
  /// How many graphs this one is inside of.
  var depth: Int
  /// Whether it is the graph that a session runs.
  let isMain: Bool
  /// Whether each tensor is read after a run.
  let isOutput: [Bool]
  /// How often operators read each tensor.
  let readCounts: [Int]
  /// The operator that writes each tensor, or -1.
  private let writers: [Int]
  /// For each tensor its operand in the step that writes it, or -1.
  private var writtenOperands: [Int]
  /// For each tensor the operator that has defined it, or -1.
  private var definers: [Int]
  /// For each tensor, whether it depends on constants alone, though a run computes it.
  private var isKnown: [Bool]

  /// One for each tensor of the subgraph.
  var values: [Value]
  private(set) var steps: [Step] = []
  /// Operands of all steps, those of one step together.
  var operands: [OperandSource] = []
  /// Constants in the layout that operators want, shared by all sessions.
  private(set) var blocks: [AlignedMemory] = []
  /// Bytes of scratch memory, by number.
  private(set) var scratchByteCounts: [Int] = []
  /// What custom operators of the program's do, by number.
  private(set) var customRuns: [CustomRun] = []
  /// The operators that an accelerator has taken, once there are any.
  private var compiled: CompiledGraph?
  /// Graphs that operators of this one call, and the scratch memory that each has for its arena.
  private(set) var children: [(plan: Plan, scratch: Int)] = []
  /// What is translated in a run, if there is anything.
  var staged: StagedGraph?
  /// Tensors whose shapes a run decides; what the builder knows of them are bounds.
  var decided: Set<Int> = []

  /// The operator that is translated now.
  private(set) var operatorIndex = 0
  private(set) var node: ModelFile.Operator
  private(set) var nodeName = ""
  private var firstOperand = 0
  private var firstBlock = 0
  private var firstScratch = 0
  private var firstChild = 0
  private var firstCustomRun = 0
  /// Operators that were computed at load.
  var folded: Set<Int> = []
  /// Operators whose work another one does, and which.
  private(set) var foldedInto: [Int: Int] = [:]
  /// Operators that have nothing to do: all their outputs are without elements.
  private(set) var idle: Set<Int> = []
  /// What all steps take together.
  private(set) var estimate = WorkEstimate()
  /// Operators whose inputs all are written into their output.
  private(set) var inPlace: Set<Int> = []
  /// Whether inputs of the current operator are written by others, into its output.
  private var hasInputsInPlace = false
  /// Tensors whose bytes lie together in another one, from that byte on; it may itself lie in one.
  var parts: [Int: (tensor: Int, offset: Int)] = [:]
  /// While an operator on float16 tensors is translated as one on float32: its operands.
  var half: HalfOperands?
  /// For each tensor that is no view: whether it and its views are read by one operator at most, each, and none of them
  /// after a run.
  private var isReadOnce: [Bool]
  /// Constants that were copied for their alignment, by tensor.
  private var alignedCopies: [Int: Int] = [:]
  /// The tensors of those that the current operator has had made.
  private var newCopies: [Int] = []

  /// - Parameters:
  ///   - context: what the graphs of one model share.
  ///   - index: one of the file's subgraphs, whose indices have been checked.
  ///   - inputs: tensors that the caller sets, with their shapes where these differ from the file's.
  ///   - outputs: tensors that are read after a run.
  ///   - depth: how many graphs this one is inside of.
  init(
    _ context: BuildContext, subgraph index: Int, inputs: [GraphInput], outputs: [Int], depth: Int = 0
  ) throws(ModelError) {
    self.context = context
    subgraphIndex = index
    subgraph = context.file.subgraphs[index]
    self.depth = depth
    isMain = depth == 0
    try context.pay(for: subgraph)
    let count = subgraph.tensors.count
    isOutput = Self.flags(outputs, count: count)
    readCounts = Self.readCounts(subgraph)
    writers = Self.writers(subgraph)
    isReadOnce = [Bool](repeating: true, count: count)
    writtenOperands = [Int](repeating: -1, count: count)
    definers = writtenOperands
    isKnown = [Bool](repeating: false, count: count)
    node = ModelFile.Operator(
      codeIndex: 0, inputs: [], outputs: [], intermediates: [], mutatingVariableInputs: [], options: nil,
      options2: nil, customOptions: nil)
    values = []
    values.reserveCapacity(count)
    for tensor in subgraph.tensors { values.append(try Self.value(of: tensor, in: context)) }
    for input in inputs {
      let tensor = subgraph.tensors[input.tensor]
      guard case .unset = values[input.tensor].source else {
        throw ModelError(
          .invalidGraph, "input \(tensor.name) has constant data; an input must not have a buffer",
          tensorName: tensor.name)
      }
      let sizes = input.shape ?? tensor.shape
      if input.shape != nil, sizes.count != tensor.shape.count, tensor.hasRank || !tensor.shape.isEmpty {
        throw ModelError(
          .invalidGraph,
          "input \(tensor.name) has \(tensor.shape.count) axes; the shape \(describeShape(sizes)) has \(sizes.count)",
          tensorName: tensor.name)
      }
      guard let shape = Shape(sizes) else {
        throw ModelError(
          .invalidGraph, "input \(tensor.name) cannot have the shape \(describeShape(sizes))",
          tensorName: tensor.name)
      }
      values[input.tensor].shape = shape
      if let resource = input.resource {
        values[input.tensor].source = .resource(resource)
      } else {
        values[input.tensor].source = .input
        try checkSize(of: input.tensor, shape)
      }
    }
    for tensor in outputs { try densify(tensor) }
  }

  private static func flags(_ tensors: [Int], count: Int) -> [Bool] {
    var flags = [Bool](repeating: false, count: count)
    for tensor in tensors { flags[tensor] = true }
    return flags
  }

  /// The operator that writes each tensor of a graph whose indices have been checked, or -1.
  private static func writers(_ subgraph: ModelFile.Subgraph) -> [Int] {
    var writers = [Int](repeating: -1, count: subgraph.tensors.count)
    for (index, node) in subgraph.operators.enumerated() {
      for tensor in node.outputs where writers[tensor] < 0 { writers[tensor] = index }
    }
    return writers
  }

  var file: ModelFile { context.file }
  /// What was chosen for the model.
  var options: ModelOptions { context.options }
  var limits: ModelOptions.Limits { context.options.limits }

  /// What a tensor is before any operator has run.
  private static func value(of tensor: ModelFile.Tensor, in context: BuildContext) throws(ModelError) -> Value {
    let file = context.file
    guard tensor.buffer < file.buffers.count else {
      throw ModelError(
        .invalidGraph, "tensor \(tensor.name) refers to buffer \(tensor.buffer) of \(file.buffers.count)",
        tensorName: tensor.name)
    }
    let range = file.buffers[tensor.buffer].range
    if tensor.isVariable {
      guard range == nil else {
        throw ModelError(
          .invalidGraph, "variable tensor \(tensor.name) has constant data", tensorName: tensor.name)
      }
      guard let shape = Shape(tensor.shape) else { return Value(shape: nil, source: .unset) }
      // As in the reference: of all types, int8 alone begins at its zero point.
      let number = try context.addVariable(
        name: tensor.name, elementType: tensor.elementType, shape: shape,
        initialByte: tensor.elementType == .int8 ? UInt8(truncatingIfNeeded: tensor.quantization?.zeroPoint ?? 0) : 0)
      return Value(shape: shape, source: .variable(number))
    }
    if let range { return Value(shape: Shape(tensor.shape), source: .constant(.file(range))) }
    // A constant without elements needs no data.
    if let shape = Shape(tensor.shape), shape.count == 0, shape.rank > 0, tensor.buffer > 0 {
      return Value(shape: shape, source: .constant(.file(0..<0)))
    }
    return Value(shape: nil, source: .unset)
  }

  // MARK: Steps

  /// Translates all operators, each on the device that claims it; returns what profiles say of those that run.
  mutating func translateAll(_ codes: [ModelFile.OperatorCode]) throws(ModelError) -> [OperatorFacts?] {
    var facts = [OperatorFacts?](repeating: nil, count: codes.count)
    for segment in Partition(codes, claims: context.device.claims).segments {
      for index in segment.operators {
        do throws(ModelError) {
          facts[index] = try translate(operator: index, codes[index], onAccelerator: segment.owner != .cpu)
        } catch {
          // Graphs that are called leave it to their callers.
          guard error.deferral != nil, depth == 0, context.device.isCPU else { throw error }
          rollBack()
          try translateRest(from: index, codes, &facts)
          try checkConstants()
          return facts
        }
      }
    }
    try checkConstants()
    return facts
  }

  /// Translates one operator; returns what profiles say of it if it runs.
  mutating func translate(
    operator index: Int, _ code: ModelFile.OperatorCode, onAccelerator: Bool = false
  ) throws(ModelError) -> OperatorFacts? {
    try begin(index)
    let operation = try onAccelerator ? translateForAccelerator() : translate(code)
    // Before the step ends: of one that is computed at load nothing is left.
    let facts = operation?.facts
    try end(operation)
    return facts
  }

  /// Forgets what the current operator, which cannot be translated now, has left.
  mutating func rollBack() {
    while let last = steps.last, last.operatorIndex == operatorIndex { steps.removeLast() }
    forgetOperands()
    children.removeLast(children.count - firstChild)
    customRuns.removeLast(customRuns.count - firstCustomRun)
    for tensor in node.outputs { values[tensor] = Value(shape: nil, source: .unset) }
  }

  /// Forgets all steps and what they need, but for constants.
  mutating func removeSteps() {
    steps = []
    operands = []
    scratchByteCounts = []
    children = []
    customRuns = []
    folded = []
    foldedInto = [:]
    inPlace = []
    parts = [:]
    idle = []
    estimate = WorkEstimate()
    isKnown = [Bool](repeating: false, count: values.count)
    writtenOperands = [Int](repeating: -1, count: values.count)
  }

  /// Refuses a constant with too little data that no operator reads: a caller may, or an observer.
  private func checkConstants() throws(ModelError) {
    for (tensor, value) in zip(subgraph.tensors, values) {
      guard case .constant(.file(let range)) = value.source, tensor.sparsity == nil, let shape = value.shape,
        let needed = tensor.elementType.byteCount(of: shape.count), needed > range.count
      else { continue }
      throw ModelError(
        .invalidGraph,
        "constant tensor \(tensor.name) of \(tensor.elementType) \(shape) needs \(needed) bytes; its buffer has "
          + "\(range.count)",
        tensorName: tensor.name)
    }
  }

  /// Has the device that claims the current operator take it.
  private mutating func translateForAccelerator() throws(ModelError) -> Operation? {
    switch context.device.kind {
    case .cpu: throw error(.wrongDevice, "the CPU cannot run it")
    case .edgeTPU(let options): return try CompiledOperator.translate(&self, on: options)
    }
  }

  /// The operators of this graph that a device runs.
  mutating func compiledGraph(on device: OpenEdgeTPU) throws(ModelError) -> CompiledGraph {
    if let compiled { return compiled }
    let graph = try device.graph(CompiledGraphShape(subgraph, file.operatorCodes), in: file.storage)
    compiled = graph
    return graph
  }

  private mutating func translate(_ code: ModelFile.OperatorCode) throws(ModelError) -> Operation? {
    if let custom = context.options.customOperator(code) { return try Custom.translate(&self, custom) }
    guard let entry = context.entry(forCode: node.codeIndex) else {
      throw error(.unsupportedOperator, "it is not supported")
    }
    if HalfOperation.isNeeded(self, for: entry.code) { return try HalfOperation.translate(&self, entry) }
    return try entry.translate(&self)
  }

  /// Refuses a graph with an output that nothing writes.
  func checkOutputs(_ outputs: [Int]) throws(ModelError) {
    for tensor in outputs {
      if case .unset = values[tensor].source {
        let name = subgraph.tensors[tensor].name
        throw ModelError(.invalidGraph, "output \(name) is written by no operator", tensorName: name)
      }
    }
  }

  /// Begins the translation of an operator.
  mutating func begin(_ index: Int) throws(ModelError) {
    try context.checkCancellation()
    operatorIndex = index
    node = subgraph.operators[index]
    nodeName = file.name(of: node)
    for tensor in node.inputs where tensor >= 0 { try densify(tensor) }
    firstOperand = operands.count
    firstBlock = blocks.count
    firstScratch = scratchByteCounts.count
    firstChild = children.count
    firstCustomRun = customRuns.count
    hasInputsInPlace = false
    newCopies = []
    try spend(work: workOfLooking)
    for tensor in node.outputs {
      guard case .unset = values[tensor].source else {
        throw error(
          .invalidGraph, "tensor \(subgraph.tensors[tensor].name) is an input, a constant or already written")
      }
    }
  }

  /// Steps of a look at all that the current operator refers to.
  ///
  /// Constants are bounded by the file's size, computed ones by the budget, and counts by the file's size: sums of
  /// products of two of them fit.
  private var workOfLooking: Int {
    var work = Self.operatorWork + 16 * (node.inputs.count + node.outputs.count) + (node.customOptions?.count ?? 0)
    for tensor in node.inputs where tensor >= 0 {
      if case .constant(let place) = values[root(of: tensor)].source {
        switch place {
        case .file(let range): work += range.count
        case .block(let block): work += blocks[block].byteCount
        }
      }
    }
    return work
  }

  /// Steps of the translation of an operator that has no constants.
  private static let operatorWork = 1024

  /// Ends the translation of an operator; `operation` is `nil` for a view, which costs no step.
  mutating func end(_ operation: Operation?) throws(ModelError) {
    for tensor in node.outputs {
      if case .unset = values[tensor].source {
        throw error(.invalidOperator, "output \(subgraph.tensors[tensor].name) is not computed by this operator")
      }
    }
    guard let operation else { return }
    let inputs = operation.isPure ? knowledge() : operation.drawsAlone ? .computed : .none
    if operation.isSkippable, hasNothingToDo {
      try skip(isConstant: inputs == .constants)
      return
    }
    if inputs != .none {
      let cost = cost(of: operation)
      if inputs == .constants, mayFold, context.budget.spendFolding(work: cost.work, bytes: cost.bytes) {
        try fold(operation)
        return
      }
      guard context.budget.spendConstant(work: cost.work, bytes: cost.bytes) else {
        throw error(
          .tooLarge,
          "what it computes from constants alone takes \(cost.work) steps and \(cost.bytes) bytes, more than a file of "
            + "this size may ask for; raise Limits.loadWork and Limits.loadBytes if the file is to be trusted")
      }
      for tensor in node.outputs { isKnown[tensor] = true }
    }
    append(operation)
  }

  /// Adds a step of the current operator.
  private mutating func append(_ operation: Operation) {
    let facts = operation.facts
    estimate.add(
      WorkEstimate(
        multiplyAccumulates: facts.multiplyAccumulates, steps: cost(of: operation).work,
        isOpenEnded: facts.isOpenEnded))
    steps.append(
      Step(operation: operation, operatorIndex: operatorIndex, operands: firstOperand..<operands.count))
  }

  /// Whether all that the current operator writes, outputs and variables, is without elements.
  private var hasNothingToDo: Bool {
    guard !node.outputs.isEmpty else { return false }
    for tensor in node.outputs {
      guard case .written = values[tensor].source, byteCount(of: tensor) == 0 else { return false }
    }
    for operand in operands[firstOperand...] {
      switch operand {
      case .part: return false
      case .variable(let number): if context.variables[number].contents?.byteCount != 0 { return false }
      case .tensor, .file, .block, .scratch: break
      }
    }
    return true
  }

  /// Ends an operator that has nothing to do. What it has packed is not needed.
  private mutating func skip(isConstant: Bool) throws(ModelError) {
    context.finishPacking()
    forgetOperands()
    if isConstant {
      for tensor in node.outputs { values[tensor].source = .constant(.file(0..<0)) }
    }
    idle.insert(operatorIndex)
  }

  /// Forgets what was packed for the current operator alone, which needs no step.
  private mutating func forgetOperands() {
    operands.removeLast(operands.count - firstOperand)
    blocks.removeLast(blocks.count - firstBlock)
    scratchByteCounts.removeLast(scratchByteCounts.count - firstScratch)
    for tensor in newCopies { alignedCopies[tensor] = nil }
    newCopies = []
  }

  /// Adds a step of the current operator, which ends with another one; both see the same operands.
  mutating func emit(_ operation: Operation) { append(operation) }

  /// Has the current step write one of its outputs; returns its place among the step's operands.
  mutating func addOutputOperand(_ tensor: Int) -> Int {
    writtenOperands[tensor] = operands.count
    return addOperand(.tensor(tensor, byteCount: byteCount(of: tensor) ?? 0))
  }

  /// Where among the operands of all steps a tensor is that a step writes, or `nil`.
  func operand(writing tensor: Int) -> Int? { writtenOperands[tensor] < 0 ? nil : writtenOperands[tensor] }

  /// Whether the current operator writes a tensor.
  func isWritten(_ tensor: Int) -> Bool { definers[tensor] == operatorIndex }

  /// The operands of the current step so far.
  var stepOperands: Range<Int> { firstOperand..<operands.count }

  /// The steps of a run.
  var liveSteps: [Step] { steps.filter { !$0.isAbsorbed } }

  /// Notes that other operators write the current one's output.
  mutating func markInPlace() { inPlace.insert(operatorIndex) }

  /// Notes that another operator writes an input of the current one into its output.
  mutating func markInputInPlace() { hasInputsInPlace = true }

  /// The last step of the operator that writes a tensor, if it has one.
  func lastStep(writing tensor: Int) -> Int? {
    let writer = writers[tensor]
    guard writer >= 0 else { return nil }
    // Steps are in the order of their operators.
    var low = 0
    var high = steps.count
    while low < high {
      let middle = (low + high) / 2
      if steps[middle].operatorIndex <= writer { low = middle + 1 } else { high = middle }
    }
    return low > 0 && steps[low - 1].operatorIndex == writer && !steps[low - 1].isAbsorbed ? low - 1 : nil
  }

  /// Whether all steps of the operator that writes a tensor are others' work, which wrote it in place.
  func isWrittenInPlace(_ tensor: Int) -> Bool { writers[tensor] >= 0 && inPlace.contains(writers[tensor]) }

  /// Whether a tensor that is no view is read by one operator alone, as it is or through one view of it after the
  /// other, and not after a run.
  func isReadOnce(_ root: Int) -> Bool { isReadOnce[root] && readCounts[root] <= 1 && !isOutput[root] }

  /// Has a step do its operator's work in another way.
  mutating func replace(step index: Int, by operation: Operation) {
    let step = steps[index]
    steps[index] = Step(operation: operation, operatorIndex: step.operatorIndex, operands: step.operands)
  }

  /// Has the current operator do the work of earlier steps. Their operands, which no step has any more, become
  /// `source`, which the current operator reads.
  mutating func absorb(steps absorbed: [Int], source: OperandSource) {
    for index in absorbed {
      steps[index].isAbsorbed = true
      let step = steps[index]
      for operand in step.operands { operands[operand] = source }
      foldedInto[step.operatorIndex] = operatorIndex
    }
  }

  /// Whether the current operator's outputs may become constants.
  private var mayFold: Bool {
    options.passes.contains(.folding)
      || node.outputs.allSatisfy { [.int32, .int64, .bool].contains(subgraph.tensors[$0].elementType) }
  }

  /// What a run can change of the tensors that an operator reads.
  private enum Knowledge {
    /// Nothing: all of them are constant.
    case constants
    /// Nothing, but a run computes some of them.
    case computed
    /// Some of them.
    case none
  }

  private func knowledge() -> Knowledge {
    // What lies in its output already is no operand of its step.
    if hasInputsInPlace { return .none }
    var knowledge = Knowledge.constants
    for operand in operands[firstOperand...] {
      switch operand {
      case .tensor(let tensor, _):
        if isWritten(tensor) { continue }
        guard isKnown[tensor] else { return .none }
        knowledge = .computed
      case .variable, .part: return .none
      case .file, .block, .scratch: break
      }
    }
    return knowledge
  }

  /// Runs the current operator now; its outputs become constants.
  private mutating func fold(_ operation: Operation) throws(ModelError) {
    context.finishPacking()
    var memories: [AlignedMemory] = []
    func allocate(_ byteCount: Int) throws(ModelError) -> AlignedMemory {
      guard let memory = AlignedMemory(byteCount: byteCount) else { throw .outOfMemory(byteCount) }
      memories.append(memory)
      return memory
    }
    var results: [(tensor: Int, memory: AlignedMemory)] = []
    let table = try OperandTable(count: operands.count - firstOperand)
    for (index, operand) in operands[firstOperand...].enumerated() {
      switch operand {
      case .tensor(let tensor, let byteCount):
        let memory = try allocate(byteCount)
        results.append((tensor, memory))
        table.set(index, memory, byteCount: byteCount)
      case .file(let offset, let byteCount): table.set(index, file.storage, offset: offset, byteCount: byteCount)
      case .block(let number): table.set(index, blocks[number], byteCount: blocks[number].byteCount)
      case .variable, .part: preconditionFailure("an operator with a variable is not constant")
      case .scratch(let number):
        table.set(index, try allocate(scratchByteCounts[number]), byteCount: scratchByteCounts[number])
      }
    }
    do throws(SessionError) {
      try operation.run(table.memory(at: 0), in: nil)
    } catch {
      throw self.error(.invalidOperator, error.message)
    }
    forgetOperands()
    for result in results {
      values[result.tensor].source = .constant(.block(addBlock(result.memory)))
    }
    folded.insert(operatorIndex)
  }

  // MARK: What operands need

  /// Adds an operand to the step; returns its place.
  mutating func addOperand(_ source: OperandSource) -> Int {
    operands.append(source)
    return operands.count - 1 - firstOperand
  }

  /// Where an operand of the current step comes from.
  func source(of slot: ReadSlot) -> OperandSource { operands[firstOperand + slot.index] }

  mutating func addBlock(_ block: AlignedMemory) -> Int {
    blocks.append(block)
    return blocks.count - 1
  }

  /// Adds a graph that the current operator calls; returns its number.
  mutating func addChild(_ plan: Plan, scratch: Int) -> Int {
    children.append((plan, scratch))
    return children.count - 1
  }

  /// Adds the work of a custom operator; returns its number.
  mutating func addCustomRun(_ run: @escaping CustomRun) -> Int {
    customRuns.append(run)
    return customRuns.count - 1
  }

  mutating func addScratch(byteCount: Int) -> Int {
    scratchByteCounts.append(byteCount)
    return scratchByteCounts.count - 1
  }

  /// Says what a tensor holds from now on.
  mutating func define(_ tensor: Int, shape: Shape, source: Value.Source) throws(ModelError) {
    // Checked when the operator began; two outputs may still be one tensor.
    guard case .unset = values[tensor].source else {
      throw error(.invalidGraph, "tensor \(subgraph.tensors[tensor].name) is written twice")
    }
    values[tensor].shape = shape
    values[tensor].source = source
    definers[tensor] = operatorIndex
    if case .view(let root) = source {
      if readCounts[tensor] > 1 || isOutput[tensor] { isReadOnce[root] = false }
      isKnown[tensor] = isKnown[root]
    }
    if case .resource = source { return }
    try checkSize(of: tensor, shape)
  }

  /// Has an output of the current operator be of another type than the file says, and without a quantization.
  mutating func retypeOutput(_ index: Int, _ type: ElementType) {
    let tensor = node.outputs[index]
    if subgraph.tensors[tensor].elementType != type { subgraph.retype(tensor, type) }
  }

  /// Has a constant lie elsewhere.
  mutating func replaceConstant(_ tensor: Int, by place: ConstantPlace) {
    values[tensor].source = .constant(place)
  }

  /// The tensor whose memory a tensor's elements lie in: itself unless it is a view.
  func root(of tensor: Int) -> Int {
    // Views refer to earlier tensors only, and each to a root: no chain to follow.
    if case .view(let root) = values[tensor].source { return root }
    return tensor
  }

  /// The bytes of a tensor's elements; `nil` for types without a fixed size.
  func byteCount(of tensor: Int) -> Int? {
    guard let shape = values[tensor].shape else { return nil }
    return subgraph.tensors[tensor].elementType.byteCount(of: shape.count)
  }

  /// Where the bytes of a constant can be read with its element type's alignment: a copy is made, once, of one whose
  /// place in the file does not suit.
  ///
  /// - Parameters:
  ///   - tensor: the constant tensor.
  ///   - byteCount: bytes of its elements.
  mutating func alignedPlace(ofConstant tensor: Int, byteCount: Int) throws(ModelError) -> OperandSource? {
    guard case .constant(let place) = values[root(of: tensor)].source else { return nil }
    switch place {
    case .block(let block): return .block(block)
    case .file(let range):
      // Of a sparse constant that no operator reads.
      guard byteCount <= range.count else { return nil }
      let alignment = max(1, (subgraph.tensors[tensor].elementType.bitWidth ?? 8) / 8)
      if file.storage.isAligned(range.lowerBound, to: min(alignment, 8)) {
        return .file(offset: range.lowerBound, byteCount: byteCount)
      }
      if let block = alignedCopies[tensor] { return .block(block) }
      guard byteCount <= limits.tensorBytes else {
        throw error(
          .tooLarge,
          "\(subgraph.tensors[tensor].name) does not lie in the file as its type needs it, and its \(byteCount) bytes are "
            + "more than the limit of \(limits.tensorBytes) for a copy")
      }
      try spend(bytes: byteCount)
      let copied = range.lowerBound..<(range.lowerBound + byteCount)
      let block = addBlock(try AlignedMemory.holding(file.bytes.extracting(copied)))
      alignedCopies[tensor] = block
      newCopies.append(tensor)
      return .block(block)
    }
  }

  private func checkSize(of tensor: Int, _ shape: Shape) throws(ModelError) {
    let description = subgraph.tensors[tensor]
    // A view of a constant is read where that lies in the file.
    if case .constant(.file) = values[root(of: tensor)].source, description.elementType.bitWidth != nil { return }
    guard let byteCount = description.elementType.byteCount(of: shape.count) else {
      throw ModelError(
        .unsupportedOperator,
        "tensor \(description.name) is of the type \(description.elementType), "
          + description.elementType.whyUnsupported,
        tensorName: description.name)
    }
    guard byteCount <= limits.tensorBytes else {
      throw ModelError(
        .tooLarge,
        "tensor \(description.name) of \(description.elementType) \(shape) has \(byteCount) bytes, more than the limit "
          + "of \(limits.tensorBytes) for one tensor",
        tensorName: description.name)
    }
  }

  // MARK: Errors

  /// An error of the operator that is translated now.
  func error(_ code: ModelError.Code, _ message: String) -> ModelError {
    ModelError(code, "operator \(operatorIndex) (\(nodeName)): \(message)", operatorIndex: operatorIndex)
  }
}
