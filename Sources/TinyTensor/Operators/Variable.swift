import FlatbufferReader
import TinyTensorKernels

/// VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE: values that are kept from run to run, by name.
///
/// A handle is known when the model is loaded and costs nothing. A variable has one type and shape, and holds the real
/// value 0 before anything is assigned to it. Its value lasts until ``Session/reset()``.
enum Variable {
  static func translateHandle(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 0...0)
    let name = try graph.requiredOptions(111) { (table) throws(ReadError) in
      var budget = ReadBudget(ReadLimits(maximumWork: 1 << 16))
      return (
        container: try table.string(0)?.text(&budget) ?? "", name: try table.string(1)?.text(&budget) ?? ""
      )
    }
    let resource = graph.context.resource(container: name.container, name: name.name)
    try graph.define(graph.node.outputs[0], shape: .scalar, source: .resource(resource))
    return nil
  }

  static func translateRead(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    guard let resource = graph.resourceInput(0) else {
      throw graph.error(.invalidOperator, "its input is not a handle of a variable")
    }
    let type = try graph.outputType()
    // The first operator that uses a variable says what it holds.
    if graph.context.variables[resource].contents == nil {
      guard let shape = Shape(graph.subgraph.tensors[graph.node.outputs[0]].shape) else {
        throw graph.error(.invalidOperator, "its output has an impossible shape")
      }
      try graph.context.setContents(of: resource, elementType: type, shape: shape)
    }
    guard let contents = graph.context.variables[resource].contents, contents.elementType == type else {
      throw graph.error(.invalidOperator, "its output is \(type), which is not what the variable holds")
    }
    let input = ReadSlot(index: graph.addOperand(.variable(resource)))
    return try graph.operation(Operation.copy, Copy(input: input, output: try graph.bindOutput(shape: contents.shape)))
  }

  static func translateAssign(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2, outputs: 0)
    guard let resource = graph.resourceInput(0) else {
      throw graph.error(.invalidOperator, "its first input is not a handle of a variable")
    }
    let value = try graph.input(1)
    try graph.context.setContents(of: resource, elementType: value.elementType, shape: value.shape)
    return try graph.operation(
      Operation.copy,
      Copy(input: try graph.bind(value), output: WriteSlot(index: graph.addOperand(.variable(resource)))))
  }
}
