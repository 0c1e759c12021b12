import FlatbufferReader
import TinyTensorKernels

/// ADD of two quantized tensors, with broadcasting.
struct Add: Sendable {
  let type: ByteType
  let parameters: AddParameters
  let lhs: ReadSlot
  let rhs: ReadSlot
  let output: WriteSlot
}

extension Add {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let activation =
      try graph.options(11) { (table) throws(ReadError) in try table.scalar(0, default: Int8(0)) } ?? 0
    let lhs = try graph.input(0, .int8, .uint8)
    let rhs = try graph.input(1, lhs.elementType)
    guard let type = ByteType(try graph.outputType(0, lhs.elementType)) else {
      throw graph.error(.invalidOperator, "its output must be int8 or uint8")
    }
    let lhsAffine = try graph.affine(of: lhs)
    let rhsAffine = try graph.affine(of: rhs)
    let outputAffine = try graph.outputAffine()
    let (shape, broadcast) = try graph.broadcast(lhs.shape, rhs.shape)
    // Twice the larger scale, and the output's scale shifted, are single-precision products; the quotients are not.
    let common = Double(2 * max(lhsAffine.scale, rhsAffine.scale))
    let outputReal = common / Double(Float(1 << AddParameters.leftShift) * outputAffine.scale)
    guard outputReal < 1 else {
      throw graph.error(
        .invalidOperator, "its output's scale is too small for its inputs': their ratio exceeds 2^19")
    }
    return .add(
      Add(
        type: type,
        parameters: AddParameters(
          broadcast: broadcast, lhsZeroPoint: lhsAffine.zeroPoint, rhsZeroPoint: rhsAffine.zeroPoint,
          lhsFactor: try graph.multiplier(Double(lhsAffine.scale) / common),
          rhsFactor: try graph.multiplier(Double(rhsAffine.scale) / common),
          outputFactor: try graph.multiplier(outputReal),
          output: try graph.outputStage(graph.activation(activation), type, outputAffine)),
        lhs: try graph.bind(lhs), rhs: try graph.bind(rhs), output: try graph.bindOutput(shape: shape)))
  }
}

extension Add {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    addReference(parameters, lhs: memory.read(lhs), rhs: memory.read(rhs), output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(kernel: type == .int8 ? "add.i8.reference" : "add.u8.reference")
  }
}
