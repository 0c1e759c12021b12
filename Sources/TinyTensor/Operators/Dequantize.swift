import FlatbufferReader
import TinyTensorKernels

/// DEQUANTIZE to float32.
struct Dequantize: Sendable {
  enum Kind: Sendable {
    case integer(IntegerType, Affine)
    /// From float16: every number has an equal one.
    case float16
  }

  let kind: Kind
  let input: ReadSlot
  let output: WriteSlot
}

extension Dequantize {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0, .int8, .uint8, .int16, .float16)
    _ = try graph.outputType(0, .float32)
    var kind = Kind.float16
    if let type = IntegerType(input.elementType) { kind = .integer(type, try graph.affine(of: input)) }
    return .dequantize(
      Dequantize(kind: kind, input: try graph.bind(input), output: try graph.bindOutput(shape: input.shape)))
  }
}

extension Dequantize {
  func run(_ memory: OperatorMemory) {
    switch kind {
    case .integer(.int8, let affine): run(memory, Int8.self, affine)
    case .integer(.uint8, let affine): run(memory, UInt8.self, affine)
    case .integer(.int16, let affine): run(memory, Int16.self, affine)
    case .float16:
      var output = memory.write(output, as: Float.self)
      dequantizeHalfReference(input: memory.read(input), output: &output)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type, _ affine: Affine) {
    var output = memory.write(output, as: Float.self)
    dequantizeReference(
      scale: affine.scale, zeroPoint: affine.zeroPoint, input: memory.read(input, as: Element.self),
      output: &output)
  }

  var facts: OperatorFacts {
    switch kind {
    case .integer(.int8, _): OperatorFacts(kernel: "dequantize.i8f32.reference")
    case .integer(.uint8, _): OperatorFacts(kernel: "dequantize.u8f32.reference")
    case .integer(.int16, _): OperatorFacts(kernel: "dequantize.i16f32.reference")
    case .float16: OperatorFacts(kernel: "dequantize.f16f32.reference")
    }
  }
}
