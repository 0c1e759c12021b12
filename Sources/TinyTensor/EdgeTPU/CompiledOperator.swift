/// An operator that was compiled for the Edge TPU: checked against its package, then handed to the device.
enum CompiledOperator {
  /// Checks the current operator and has the device take it.
  ///
  /// - Parameters:
  ///   - graph: whose current operator carries a package.
  ///   - options: which device.
  static func translate(
    _ graph: inout GraphBuilder, on options: EdgeTPUOptions
  ) throws(ModelError) -> Operation? {
    try pay(for: graph.node, in: graph)
    let package = try package(of: graph.node, at: graph.operatorIndex, in: graph.file)
    try checkFurtherPackages(of: graph)
    var inputs: [Operand] = []
    for index in graph.node.inputs.indices { inputs.append(try graph.input(index, oneOf: [])) }
    let operands = try operands(of: graph, inputs)
    try check(graph, package, operands)
    let sizes: [[Int]]
    let compiled: CompiledGraph
    do throws(ModelError) {
      let device = try graph.context.edgeTPU(options, needing: package.minimumRuntimeVersion)
      compiled = try graph.compiledGraph(on: device)
      sizes = try compiled.prepare(graph.operatorIndex, operands)
    } catch {
      // The device's troubles are not the operator's.
      throw error.code.isAboutDevice ? error : graph.error(error.code, error.message)
    }
    return try bind(&graph, compiled, inputs, sizes)
  }

  /// Refuses a graph with a package that cannot be read: libedgetpu gets all of them at once, and trusts them.
  private static func checkFurtherPackages(of graph: GraphBuilder) throws(ModelError) {
    let operators = graph.subgraph.operators
    func isCompiled(_ index: Int) -> Bool {
      graph.file.operatorCodes[operators[index].codeIndex].isCompiledForEdgeTPU
    }
    // With the first of them that is done for all.
    guard !operators[..<graph.operatorIndex].indices.contains(where: isCompiled) else { return }
    for index in (graph.operatorIndex + 1)..<operators.count where isCompiled(index) {
      try pay(for: operators[index], in: graph)
      _ = try package(of: operators[index], at: index, in: graph.file)
    }
  }

  /// Pays for reading a package, which operators may share.
  private static func pay(for node: ModelFile.Operator, in graph: GraphBuilder) throws(ModelError) {
    try graph.spend(work: 8 * (node.customOptions?.count ?? 0))
  }

  private static func package(
    of node: ModelFile.Operator, at index: Int, in file: ModelFile
  ) throws(ModelError) -> EdgeTPUPackage {
    func refuse(_ code: ModelError.Code, _ message: String, at byte: Int? = nil) -> ModelError {
      ModelError(
        code, "operator \(index) (\(compiledOperatorName)): \(message)", byteOffset: byte, operatorIndex: index)
    }
    let package: EdgeTPUPackage?
    do throws(ModelError) {
      package = try file.edgeTPUPackage(of: node)
    } catch {
      throw refuse(error.code, error.message, at: error.byteOffset)
    }
    guard let package, package.mainExecutable != nil else {
      throw refuse(.malformedFile, "its package holds no executable; compile the model again")
    }
    guard package.furtherChipCount == 0, package.virtualChip >= 0 else {
      throw refuse(
        .unsupportedOperator, "its package is for several chips, which libedgetpu does not run; compile it for one")
    }
    return package
  }

  /// What the device gets to see of the operator's tensors.
  private static func operands(
    of graph: GraphBuilder, _ inputs: [Operand]
  ) throws(ModelError) -> CompiledOperands {
    func tensor(
      _ name: String, _ type: ElementType, _ shape: Shape?, _ quantization: Quantization?, isVariable: Bool
    ) throws(ModelError) -> CompiledTensor {
      // The device takes the first size for the batch.
      guard let shape, shape.rank > 0, let byteCount = type.byteCount(of: shape.count), byteCount > 0,
        byteCount <= graph.limits.tensorBytes
      else { throw graph.error(.invalidOperator, "\(name) has no size, or one that the Edge TPU cannot have") }
      guard let number = HostLayout.type(type) else {
        throw graph.error(.invalidOperator, "\(name) is \(type), which the Edge TPU does not have")
      }
      return CompiledTensor(
        type: number, sizes: shape.array, byteCount: byteCount, scale: quantization?.scale ?? 0,
        zeroPoint: Int32(clamping: quantization?.zeroPoint ?? 0), isVariable: isVariable)
    }
    var operands = CompiledOperands(inputs: [], outputs: [])
    for input in inputs {
      operands.inputs.append(
        try tensor(
          input.name, input.elementType, input.shape, input.quantization, isVariable: graph.isVariable(input)))
    }
    for index in graph.node.outputs {
      let output = graph.subgraph.tensors[index]
      operands.outputs.append(
        try tensor(output.name, output.elementType, Shape(output.shape), output.quantization, isVariable: false))
    }
    return operands
  }

  // MARK: Check

  /// Refuses tensors that do not match the executable's layers, in place of libedgetpu, which says less.
  private static func check(
    _ graph: GraphBuilder, _ package: EdgeTPUPackage, _ operands: CompiledOperands
  ) throws(ModelError) {
    guard let executable = package.mainExecutable else { return }
    // New states of an LSTM go where the old ones were: they are no outputs of the operator.
    let outputs = executable.outputs.filter { !isState($0) }
    let lists = [
      ("input", executable.inputs, operands.inputs, graph.node.inputs),
      ("output", outputs, operands.outputs, graph.node.outputs),
    ]
    for (what, layers, tensors, indices) in lists {
      guard layers.count == tensors.count else {
        throw graph.error(
          .packageMismatch,
          "its executable has \(layers.count) \(what)s, the operator \(tensors.count); compile the model again")
      }
      for (place, layer) in layers.enumerated() {
        let name = graph.subgraph.tensors[indices[place]].name
        try check(graph, "\(what) \(place) (\(name))", layer, tensors[place], batch: batch(of: operands, executable))
      }
    }
  }

  private static func isState(_ layer: EdgeTPUPackage.Layer) -> Bool {
    Array(layer.name.utf8).suffix(stateSuffix.count).elementsEqual(stateSuffix)
  }

  private static let stateSuffix = Array("_variable_output".utf8)

  /// How often the first input holds what its layer takes.
  private static func batch(of operands: CompiledOperands, _ executable: EdgeTPUPackage.Executable) -> Int {
    guard let tensor = operands.inputs.first, let single = executable.inputs.first?.elementByteCount, single > 0,
      let first = tensor.sizes.first, single.multipliedReportingOverflow(by: first) == (tensor.byteCount, false)
    else { return 1 }
    return first
  }

  private static func check(
    _ graph: GraphBuilder, _ what: String, _ layer: EdgeTPUPackage.Layer, _ tensor: CompiledTensor, batch: Int
  ) throws(ModelError) {
    // Of what this version does not know, libedgetpu is to judge.
    guard let type = layer.type.elementType, let single = layer.elementByteCount else { return }
    guard HostLayout.type(type) == tensor.type else {
      throw graph.error(
        .packageMismatch, "\(what) has another type than the executable, which has \(type); compile the model again")
    }
    let (wanted, overflow) = single.multipliedReportingOverflow(by: batch)
    // libedgetpu gives outputs the batch of the inputs, where theirs is another.
    guard !overflow, tensor.byteCount == wanted || tensor.byteCount == single else {
      throw graph.error(
        .packageMismatch,
        "\(what) has \(tensor.byteCount) bytes; the executable has \(single), in a batch of \(batch); compile the "
          + "model again")
    }
  }

  // MARK: Run

  private static func bind(
    _ graph: inout GraphBuilder, _ compiled: CompiledGraph, _ inputs: [Operand], _ sizes: [[Int]]
  ) throws(ModelError) -> Operation? {
    var slots = CompiledSlots()
    for input in inputs {
      if let copy = try copy(ofConstant: input, in: graph) {
        slots.inputs.append(graph.bind(packed: copy))
      } else {
        slots.inputs.append(try graph.bind(input))
      }
      if graph.isVariable(input), let slot = slots.inputs.last { slots.states.append(slot) }
    }
    for (index, sizes) in sizes.enumerated() {
      guard let shape = Shape(sizes) else {
        throw graph.error(.packageMismatch, "the device gives output \(index) the shape \(describeShape(sizes))")
      }
      slots.outputs.append(try graph.bindOutput(index, shape: shape))
    }
    let index = graph.operatorIndex
    let number = graph.addCustomRun { [slots] (memory) throws(SessionError) in
      try compiled.run(index, memory, slots)
    }
    return try graph.operation(Operation.custom, Custom(number: number, multiplyAccumulates: 0, kernel: "edgetpu"))
  }
}

extension CompiledOperator {
  /// A copy of a constant, since the device's driver may write to inputs, and the file cannot be written; `nil` for an
  /// input that is no constant.
  private static func copy(
    ofConstant input: Operand, in graph: borrowing GraphBuilder
  ) throws(ModelError) -> AlignedMemory? {
    guard let bytes = graph.constantBytes(input) else { return nil }
    let byteCount = input.elementType.byteCount(of: input.shape.count) ?? 0
    return try AlignedMemory.holding(bytes.extracting(0..<byteCount))
  }
}

extension EdgeTPUPackage.LayerType {
  /// The type that a model's tensor must have; `nil` where no tensor can be this.
  var elementType: ElementType? {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .float16: .float16
    case .float32: .float32
    case .uint16, .bfloat16, .unknown: nil
    }
  }
}

extension EdgeTPUPackage.Layer {
  /// Bytes of its elements without padding, once; `nil` for a type that no tensor can have, and beyond the largest
  /// `Int`.
  var elementByteCount: Int? {
    guard let shape = Shape(sizes) else { return nil }
    return elementType.flatMap { $0.byteCount(of: shape.count) }
  }

  private var elementType: ElementType? { type.elementType }
}
