/// An operator that the program brought along, or that a device runs: its number among those of its graph.
struct Custom: Sendable {
  let number: Int
  let multiplyAccumulates: Int
  /// What does the work, for profiles.
  var kernel: StaticString = "custom"
}

/// A custom operator's work, which knows where its operands are.
typealias CustomRun = @Sendable (OperatorMemory) throws(SessionError) -> Void

extension Custom {
  static func translate(
    _ graph: inout GraphBuilder, _ custom: CustomOperator
  ) throws(ModelError) -> Operation? {
    var operands: [Operand?] = []
    for index in graph.node.inputs.indices { operands.append(try graph.optionalInput(index)) }
    let plan: CustomOperator.Plan
    do throws(ModelError) {
      plan = try custom.prepare(graph.customNode(operands))
    } catch {
      throw graph.error(error.code, error.message)
    }
    guard plan.outputShapes.count == graph.node.outputs.count, plan.scratchByteCount >= 0 else {
      throw graph.error(
        .invalidOperator,
        "it gives \(plan.outputShapes.count) shapes for \(graph.node.outputs.count) outputs, or a negative size")
    }
    var list = CustomOperator.OperandList(inputs: [], outputs: [], scratch: nil)
    for operand in operands {
      if let operand {
        list.inputs.append((try graph.bind(operand), operand.elementType))
      } else {
        list.inputs.append(nil)
      }
    }
    for (index, sizes) in plan.outputShapes.enumerated() {
      guard let shape = Shape(sizes) else {
        throw graph.error(.invalidOperator, "it gives output \(index) the shape \(describeShape(sizes))")
      }
      let type = try graph.outputType(index)
      list.outputs.append((try graph.bindOutput(index, shape: shape), type))
    }
    if plan.scratchByteCount > 0 {
      list.scratch = try graph.bindScratch(count: plan.scratchByteCount, of: UInt8.self)
    }
    let number = graph.addCustomRun { [list] (memory) throws(SessionError) in
      try plan.run(CustomOperator.Memory(memory, list))
    }
    return try graph.operation(Operation.custom, Custom(number: number, multiplyAccumulates: plan.multiplyAccumulates))
  }
}

extension Custom {
  func run(_ memory: OperatorMemory, in graph: GraphInstance?) throws(SessionError) {
    // Operators of this kind are not pure: they run in a session alone.
    guard let graph else { return }
    try graph.customRun(number)(memory)
  }

  var facts: OperatorFacts {
    OperatorFacts(kernel: kernel, multiplyAccumulates: multiplyAccumulates, isOpenEnded: true)
  }
}

extension GraphBuilder {
  /// What a custom operator gets to see of its use.
  fileprivate func customNode(_ operands: [Operand?]) -> CustomOperator.Node {
    var inputs: [TensorInfo?] = []
    var constants: [[UInt8]?] = []
    for operand in operands {
      guard let operand else {
        inputs.append(nil)
        constants.append(nil)
        continue
      }
      let byteCount = operand.elementType.byteCount(of: operand.shape.count) ?? 0
      inputs.append(
        TensorInfo(
          name: operand.name, tensor: operand.tensor, elementType: operand.elementType, shape: operand.shape.array,
          quantization: operand.quantization, count: operand.shape.count, byteCount: byteCount, isBound: false))
      if let bytes = constantBytes(operand) {
        constants.append(copiedBytes(bytes.extracting(0..<byteCount)))
      } else {
        constants.append(nil)
      }
    }
    var outputs: [TensorInfo] = []
    for tensor in node.outputs {
      let description = subgraph.tensors[tensor]
      outputs.append(
        TensorInfo(
          name: description.name, tensor: tensor, elementType: description.elementType, shape: description.shape,
          quantization: description.quantization, count: 0, byteCount: 0, isBound: false))
    }
    var options: [UInt8] = []
    if let range = node.customOptions { options = copiedBytes(file.storage.bytes.extracting(range)) }
    return CustomOperator.Node(inputs: inputs, outputs: outputs, options: options, constants: constants)
  }
}
