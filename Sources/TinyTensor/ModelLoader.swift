/// Makes a runnable model of a file: selects the entry point, checks the graph, has operators translated, plans memory.
struct ModelLoader {
  let signature: ModelFile.Signature?
  let inputs: [TensorInfo]
  let outputs: [TensorInfo]
  let operators: [OperatorInfo]
  let tensors: [TensorInfo]
  let plan: Plan
  let kernelSet: KernelSet
  let workers: Workers

  init(_ file: ModelFile, device: Device, options: ModelOptions) throws(ModelError) {
    let entry = try EntryPoint(file, options)
    let subgraph = file.subgraphs[entry.subgraph]
    try Self.checkEntry(subgraph, entry)
    let codes = try Self.checkedCodes(file, subgraph, device, options)
    try Self.checkDevice(device, file)
    try Self.checkBounds(file, options)
    let context = try BuildContext(file, device: device, options: options)
    var builder = try GraphBuilder(
      context, subgraph: entry.subgraph, inputs: try entry.shapedInputs(options, subgraph),
      outputs: entry.outputs.map { $0.tensor })
    let kernels = try builder.translateAll(codes)
    try builder.checkOutputs(entry.outputs.map { $0.tensor })
    context.finishPacking()

    let values = builder.values
    func info(_ tensor: Int, _ name: String) -> TensorInfo {
      // Operators may have changed types.
      let description = builder.subgraph.tensors[tensor]
      let shape = values[tensor].shape?.array ?? description.shape
      return TensorInfo(
        name: name, tensor: tensor, elementType: description.elementType, shape: shape,
        quantization: description.quantization?.isPresent == true ? description.quantization : nil,
        count: values[tensor].shape?.count ?? 0, byteCount: builder.byteCount(of: tensor) ?? 0,
        isBound: builder.decided.contains(tensor))
    }
    kernelSet = context.kernelSet
    workers = context.workers
    signature = entry.signature
    inputs = entry.inputs.map { info($0.tensor, $0.name) }
    outputs = entry.outputs.map { info($0.tensor, $0.name) }
    tensors = subgraph.tensors.indices.map { info($0, subgraph.tensors[$0].name) }
    operators = subgraph.operators.indices.map { index in
      let hasStep = !builder.folded.contains(index) && !builder.idle.contains(index)
      let facts = hasStep ? kernels[index] : nil
      let foldedInto = builder.foldedInto[index]
      return OperatorInfo(
        name: codes[index].name, device: device.claims(codes[index]) ? device : .cpu,
        kernel: foldedInto.map { "folded into operator \($0)" } ?? facts?.kernelName
          ?? Self.kernelName(withoutStep: index, builder),
        inputs: subgraph.operators[index].inputs, outputs: subgraph.operators[index].outputs,
        multiplyAccumulates: facts?.multiplyAccumulates ?? 0, isOpenEnded: facts?.isOpenEnded ?? false,
        foldedInto: foldedInto)
    }
    plan = try Plan(
      builder, inputs: entry.inputs.map { $0.tensor }, outputs: entry.outputs.map { $0.tensor })
  }

  /// How the kernel of an operator is called that has no step.
  private static func kernelName(withoutStep index: Int, _ builder: GraphBuilder) -> String {
    if builder.folded.contains(index) { return "folded" }
    if builder.inPlace.contains(index) { return "in place" }
    return builder.idle.contains(index) ? "empty" : "view"
  }

  /// Refuses an entry point whose tensors do not exist.
  private static func checkEntry(_ subgraph: ModelFile.Subgraph, _ entry: EntryPoint) throws(ModelError) {
    let tensors = subgraph.tensors.indices
    for tensor in entry.inputs where !tensors.contains(tensor.tensor) {
      throw ModelError(.invalidGraph, "an input of the graph is tensor \(tensor.tensor) of \(tensors.count)")
    }
    for tensor in entry.outputs where !tensors.contains(tensor.tensor) {
      throw ModelError(.invalidGraph, "an output of the graph is tensor \(tensor.tensor) of \(tensors.count)")
    }
    var isInput = [Bool](repeating: false, count: tensors.count)
    for tensor in entry.inputs {
      guard !isInput[tensor.tensor] else {
        throw ModelError(.invalidGraph, "tensor \(tensor.tensor) is an input of the graph twice")
      }
      isInput[tensor.tensor] = true
    }
  }

  /// Refuses bounds of tensors that no graph of the file has.
  private static func checkBounds(_ file: ModelFile, _ options: ModelOptions) throws(ModelError) {
    var unknown = Set(options.bounds.keys)
    if unknown.isEmpty { return }
    for subgraph in file.subgraphs {
      for tensor in subgraph.tensors { unknown.remove(tensor.name) }
    }
    guard let name = unknown.min() else { return }
    throw ModelError(
      .unknownName, "a bound is given for \"\(name)\"; no tensor of the model has that name", tensorName: name)
  }

  /// Refuses an accelerator that would have nothing to run.
  private static func checkDevice(_ device: Device, _ file: ModelFile) throws(ModelError) {
    guard case .edgeTPU = device.kind, !file.operatorCodes.contains(where: device.claims) else { return }
    throw ModelError(
      .wrongDevice,
      "the model has no operators that were compiled for the Edge TPU; compile it with edgetpu_compiler, or run it on "
        + "the CPU")
  }

  /// The operators' codes, after a look at all indices and at whether every operator can run.
  static func checkedCodes(
    _ file: ModelFile, _ subgraph: ModelFile.Subgraph, _ device: Device, _ options: ModelOptions
  ) throws(ModelError) -> [ModelFile.OperatorCode] {
    let tensors = subgraph.tensors.indices
    let limits = options.limits
    guard subgraph.operators.count <= limits.operators else {
      throw ModelError(
        .tooLarge, "the graph has \(subgraph.operators.count) operators; the limit is \(limits.operators)")
    }
    for (index, node) in subgraph.operators.enumerated() {
      func refuse(_ message: String) -> ModelError {
        ModelError(.invalidGraph, "operator \(index): \(message)", operatorIndex: index)
      }
      guard file.operatorCodes.indices.contains(node.codeIndex) else {
        throw refuse("it refers to operator code \(node.codeIndex) of \(file.operatorCodes.count)")
      }
      for tensor in node.inputs where tensor != -1 && !tensors.contains(tensor) {
        throw refuse("it reads tensor \(tensor) of \(tensors.count)")
      }
      for tensor in node.outputs + node.intermediates where !tensors.contains(tensor) {
        throw refuse("it writes tensor \(tensor) of \(tensors.count)")
      }
    }
    let codes = subgraph.operators.map { file.operatorCodes[$0.codeIndex] }
    try checkSupport(subgraph, file.operatorCodes, device, options)
    return codes
  }

  /// Refuses a graph with operators that cannot run, and names all of them.
  private static func checkSupport(
    _ subgraph: ModelFile.Subgraph, _ codes: [ModelFile.OperatorCode], _ device: Device, _ options: ModelOptions
  ) throws(ModelError) {
    var reasons: [(text: String, operators: [Int])] = []
    // For each code the number of its reason, or -1 if it can run; `nil` before it has been looked at.
    var seen = [Int?](repeating: nil, count: codes.count)
    for (index, node) in subgraph.operators.enumerated() {
      let code = codes[node.codeIndex]
      if let known = seen[node.codeIndex] {
        if known >= 0 { reasons[known].operators.append(index) }
        continue
      }
      if code.isCompiledForEdgeTPU, !device.claims(code),
        options.customOperator(code) == nil
      {
        throw ModelError(
          .wrongDevice,
          "operator \(index) (edgetpu-custom-op) was compiled for the Edge TPU and cannot run on the CPU; use the "
            + "model file that it was compiled from",
          operatorIndex: index)
      }
      guard !device.claims(code), options.customOperator(code) == nil, let text = whyUnsupported(code) else {
        seen[node.codeIndex] = -1
        continue
      }
      seen[node.codeIndex] = reasons.count
      reasons.append((text, [index]))
    }
    guard !reasons.isEmpty else { return }
    var message = reasons.count == 1 ? "the model uses an operator" : "the model uses operators"
    message += " that this version does not support: "
    for (number, reason) in reasons.prefix(mostReasons).enumerated() {
      let places = reason.operators
      message += (number == 0 ? "" : "; ") + reason.text
      message += " (operator \(places[0])" + (places.count == 1 ? ")" : " and \(places.count - 1) more)")
    }
    if reasons.count > mostReasons { message += "; and \(reasons.count - mostReasons) other operators" }
    throw ModelError(.unsupportedOperator, message, operatorIndex: reasons[0].operators[0])
  }

  /// How many reasons a message lists.
  private static let mostReasons = 64

  private static func whyUnsupported(_ code: ModelFile.OperatorCode) -> String? {
    guard let entry = OperatorEntry.entry(for: code) else {
      guard code.builtin == .custom else { return code.builtin.name }
      guard let name = code.customName, !name.isEmpty else { return "a custom operator without a name" }
      return "custom operator \(name)"
    }
    guard code.version >= 1, code.version <= entry.newestVersion else {
      return "\(entry.name) version \(code.version) (known up to \(entry.newestVersion))"
    }
    return nil
  }
}
