import FlatbufferReader
import TinyTensorKernels

/// QUANTIZE from float32; between 8-bit types it is a ``LookUp``.
struct Quantize: Sendable {
  let type: ByteType
  let affine: Affine
  let input: ReadSlot
  let output: WriteSlot
}

extension Quantize {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0, .float32, .int8, .uint8)
    guard let type = ByteType(try graph.outputType(0, .int8, .uint8)) else {
      throw graph.error(.invalidOperator, "its output must be int8 or uint8")
    }
    let outputAffine = try graph.outputAffine()
    guard let inputType = ByteType(input.elementType) else {
      return .quantize(
        Quantize(
          type: type, affine: outputAffine, input: try graph.bind(input),
          output: try graph.bindOutput(shape: input.shape)))
    }
    let table = try requantizationTable(
      &graph, from: inputType, graph.affine(of: input), to: type, outputAffine)
    return try LookUp.translate(&graph, input, table, "requantize.8.reference")
  }

  /// All 256 answers for a change of scale and zero point between 8-bit types, in fixed point.
  private static func requantizationTable(
    _ graph: inout GraphBuilder, from inputType: ByteType, _ input: Affine, to type: ByteType, _ output: Affine
  ) throws(ModelError) -> [UInt8] {
    let factor = try graph.multiplier(Double(input.scale) / Double(output.scale))
    let lowest: Int32 = type == .int8 ? -128 : 0
    return LookUp.byteTable(inputType) { value in
      clamp(factor.apply(to: value - input.zeroPoint) &+ output.zeroPoint, lowest, lowest + 255)
    }
  }
}

extension Quantize {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    quantizeReference(
      scale: affine.scale, zeroPoint: affine.zeroPoint, input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(kernel: type == .int8 ? "quantize.f32i8.reference" : "quantize.f32u8.reference")
  }
}
