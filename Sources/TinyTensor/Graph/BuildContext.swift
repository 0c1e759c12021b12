import FlatbufferReader

/// What the graphs of one model share while they are built: the file, the choices of the caller, and the variables.
final class BuildContext {
  let file: ModelFile
  let device: Device
  let options: ModelOptions
  /// The set that kernels come from.
  let kernelSet: KernelSet
  /// Who packs constants.
  let workers: Workers
  let packingQueue = PackingQueue()
  /// What the load may still take.
  var budget: LoadBudget
  private(set) var variables: [Variable] = []
  private var resources: [ResourceName: Int] = [:]
  private var graphCount = 0
  /// Bytes of constants that were stored sparsely.
  private var denseByteCount = 0
  /// What reading the lists of all such constants may cost.
  var sparseBudget: ReadBudget
  private var edgeTPU: OpenEdgeTPU?
  /// Whether no variable may be added any more.
  var isSealed = false
  /// Whether the variables' memory is planned: what they hold is known.
  private var isPlanned = false

  /// How deep graphs may be inside each other.
  static let maximumDepth = 16
  /// How many graphs a model may consist of, those that are called from several places counted each time.
  static let maximumGraphs = 1024

  init(_ file: ModelFile, device: Device, options: ModelOptions) throws(ModelError) {
    kernelSet = try device.cpuOptions.chosenKernels()
    self.file = file
    // Graphs that are called from several places read them each time.
    sparseBudget = ReadBudget(ReadLimits(forByteCount: min(file.byteCount, Int.max / 64) * 8))
    self.device = device
    self.options = options
    budget = LoadBudget(options.limits, fileSize: file.byteCount)
    workers = Workers(for: device.cpuOptions)
  }

  /// What a graph that is translated in a run shares: a copy, as sessions run side by side.
  init(copying other: BuildContext) {
    kernelSet = other.kernelSet
    file = other.file
    device = other.device
    // The load is over.
    var options = other.options
    options.canceller = nil
    self.options = options
    budget = LoadBudget(options.limits, fileSize: other.file.byteCount)
    workers = other.workers
    variables = other.variables
    resources = other.resources
    sparseBudget = other.sparseBudget
    isSealed = true
    isPlanned = true
  }

  /// The Edge TPU that runs the model's compiled operators; it is opened for the first of them.
  ///
  /// - Parameters:
  ///   - options: which one.
  ///   - runtimeVersion: the least version of libedgetpu that the operator needs.
  func edgeTPU(_ options: EdgeTPUOptions, needing runtimeVersion: Int) throws(ModelError) -> OpenEdgeTPU {
    if let edgeTPU {
      try edgeTPU.require(runtimeVersion)
      return edgeTPU
    }
    let opened = try OpenEdgeTPU(options, needing: runtimeVersion)
    edgeTPU = opened
    return opened
  }

  /// Packs what operators left to be packed.
  func finishPacking() { packingQueue.finish(workers) }

  /// The vector kernels to pack constants for; `nil` where the reference kernels shall run.
  var instructionSet: InstructionSet? {
    InstructionSet.allCases.first { $0.name == kernelSet.rawValue }
  }

  /// A value that is kept from run to run.
  struct Variable: Sendable {
    var name: String
    /// `nil` before an operator has said what the variable holds.
    var contents: Contents?
    /// What its bytes are at first: those of the real value 0.
    var initialByte: UInt8

    struct Contents: Sendable, Hashable {
      var elementType: ElementType
      var shape: Shape
      var byteCount: Int
    }
  }

  private struct ResourceName: Hashable {
    let container: String
    let name: String
  }

  /// For each operator code of the file its entry in the table, once it has been looked up.
  private var entries: [Int: OperatorEntry] = [:]

  /// The entry for an operator code of the file's, or `nil` if this library does not have it.
  func entry(forCode index: Int) -> OperatorEntry? {
    if let known = entries[index] { return known }
    let entry = OperatorEntry.entry(for: file.operatorCodes[index])
    entries[index] = entry
    return entry
  }

  /// Ends the load if the caller wants that.
  func checkCancellation() throws(ModelError) {
    if let canceller = options.canceller, canceller.isCancelled {
      throw ModelError(.cancelled, "the load was cancelled before its end")
    }
  }

  /// Pays for the operators and tensors of a graph that is about to be built.
  func pay(for subgraph: ModelFile.Subgraph) throws(ModelError) {
    guard budget.spendGraph(operators: subgraph.operators.count, tensors: subgraph.tensors.count) else {
      throw ModelError(
        .tooLarge,
        "the graphs of the model have more than \(options.limits.operators) operators or \(options.limits.tensors) "
          + "tensors, those that are called from several places counted each time")
    }
  }

  /// Begins to count graphs anew, for a stage.
  func beginStage() { graphCount = 0 }

  /// Counts a graph that is about to be built.
  func enterGraph(depth: Int) throws(ModelError) {
    graphCount += 1
    guard depth <= Self.maximumDepth, graphCount <= Self.maximumGraphs else {
      throw ModelError(
        .invalidGraph,
        "graphs call each other more than \(Self.maximumDepth) deep or \(Self.maximumGraphs) times in all")
    }
  }

  /// Counts a constant that gets its zeros back: all of them together may be ``densePerFileByte`` times the file, and
  /// ``denseAllowance`` more.
  func reserveDense(_ byteCount: Int, of name: String) throws(ModelError) {
    let limit = Self.denseAllowance + Self.densePerFileByte * file.byteCount
    guard byteCount <= limit - denseByteCount else {
      throw ModelError(
        .tooLarge,
        "tensor \(name) is stored sparsely and would have \(byteCount) bytes; such tensors of a file of this size may "
          + "have \(limit) in all",
        tensorName: name)
    }
    denseByteCount += byteCount
  }

  private static let denseAllowance = 16 << 20
  private static let densePerFileByte = 64

  /// Adds a variable whose contents are known; returns its number.
  func addVariable(
    name: String, elementType: ElementType, shape: Shape, initialByte: UInt8
  ) throws(ModelError) -> Int {
    guard !isSealed else {
      throw ModelError(
        .unsupportedOperator,
        "variable \(name) belongs to a graph that is called after shapes that a run decides, which is not supported")
    }
    variables.append(Variable(name: name, contents: nil, initialByte: initialByte))
    try setContents(of: variables.count - 1, elementType: elementType, shape: shape)
    return variables.count - 1
  }

  /// The variable of that name, which is made when it is first asked for.
  func resource(container: String, name: String) -> Int {
    let key = ResourceName(container: container, name: name)
    if let number = resources[key] { return number }
    variables.append(Variable(name: name, contents: nil, initialByte: 0))
    resources[key] = variables.count - 1
    return variables.count - 1
  }

  /// Says what a variable holds; it cannot change afterwards.
  func setContents(of number: Int, elementType: ElementType, shape: Shape) throws(ModelError) {
    guard let byteCount = elementType.byteCount(of: shape.count), byteCount <= options.limits.tensorBytes else {
      throw ModelError(
        .tooLarge, "variable \(variables[number].name) of \(elementType) \(shape) is too large or has no fixed size")
    }
    let contents = Variable.Contents(elementType: elementType, shape: shape, byteCount: byteCount)
    if let known = variables[number].contents, known != contents {
      throw ModelError(
        .invalidGraph,
        "variable \(variables[number].name) is used as \(known.elementType) \(known.shape) and as \(elementType) "
          + "\(shape)")
    }
    guard !isPlanned || variables[number].contents != nil else {
      throw ModelError(.unsupportedOperator, "a variable whose shape a run decides is not supported")
    }
    variables[number].contents = contents
  }
}
