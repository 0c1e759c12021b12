import FlatbufferReader
import TinyTensorKernels

/// MUL of two quantized tensors, with broadcasting.
struct Multiply: Sendable {
  let type: ByteType
  let parameters: MultiplyParameters
  let lhs: ReadSlot
  let rhs: ReadSlot
  let output: WriteSlot
}

extension Multiply {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let activation =
      try graph.options(21) { (table) throws(ReadError) in try table.scalar(0, default: Int8(0)) } ?? 0
    let lhs = try graph.input(0, .int8, .uint8)
    let rhs = try graph.input(1, lhs.elementType)
    guard let type = ByteType(try graph.outputType(0, lhs.elementType)) else {
      throw graph.error(.invalidOperator, "its output must be int8 or uint8")
    }
    let lhsAffine = try graph.affine(of: lhs)
    let rhsAffine = try graph.affine(of: rhs)
    let outputAffine = try graph.outputAffine()
    let (shape, broadcast) = try graph.broadcast(lhs.shape, rhs.shape)
    // Single precision throughout, as in the reference.
    let real = lhsAffine.scale * rhsAffine.scale / outputAffine.scale
    return .multiply(
      Multiply(
        type: type,
        parameters: MultiplyParameters(
          broadcast: broadcast, lhsZeroPoint: lhsAffine.zeroPoint, rhsZeroPoint: rhsAffine.zeroPoint,
          factor: try graph.multiplier(Double(real)),
          output: try graph.outputStage(graph.activation(activation), type, outputAffine)),
        lhs: try graph.bind(lhs), rhs: try graph.bind(rhs), output: try graph.bindOutput(shape: shape)))
  }
}

extension Multiply {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    multiplyReference(parameters, lhs: memory.read(lhs), rhs: memory.read(rhs), output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(kernel: type == .int8 ? "mul.i8.reference" : "mul.u8.reference")
  }
}
