import FlatbufferReader
import TinyTensorKernels

/// DEQUANTIZE to float32.
struct Dequantize: Sendable {
  let type: IntegerType
  let affine: Affine
  let input: ReadSlot
  let output: WriteSlot
}

extension Dequantize {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0, .int8, .uint8, .int16)
    guard let type = IntegerType(input.elementType) else {
      throw graph.error(.invalidOperator, "its input must be int8, uint8 or int16")
    }
    _ = try graph.outputType(0, .float32)
    return .dequantize(
      Dequantize(
        type: type, affine: try graph.affine(of: input), input: try graph.bind(input),
        output: try graph.bindOutput(shape: input.shape)))
  }
}

extension Dequantize {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    case .int16: run(memory, Int16.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Float.self)
    dequantizeReference(
      scale: affine.scale, zeroPoint: affine.zeroPoint, input: memory.read(input, as: Element.self),
      output: &output)
  }

  var facts: OperatorFacts {
    switch type {
    case .int8: OperatorFacts(kernel: "dequantize.i8f32.reference")
    case .uint8: OperatorFacts(kernel: "dequantize.u8f32.reference")
    case .int16: OperatorFacts(kernel: "dequantize.i16f32.reference")
    }
  }
}
