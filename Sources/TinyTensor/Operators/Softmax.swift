import FlatbufferReader
import TinyTensorKernels

/// SOFTMAX over the last axis.
struct Softmax: Sendable {
  enum Kind: Sendable {
    case int8
    case uint8
    /// From int8 to int16.
    case int8To16
  }

  let kind: Kind
  let parameters: SoftmaxParameters
  let input: ReadSlot
  let output: WriteSlot
}

extension Softmax {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let beta = try graph.requiredOptions(9) { (table) throws(ReadError) in try table.scalar(0, default: Float(0)) }
    let input = try graph.input(0, .int8, .uint8)
    let kind = try kind(&graph, input)
    guard beta > 0, beta.isFinite else {
      throw graph.error(.invalidOperator, "its option beta is not a positive finite number")
    }
    guard input.shape.rank > 0, input.shape[input.shape.rank - 1] > 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) has no elements along its last axis")
    }
    let depth = input.shape[input.shape.rank - 1]
    let parameters = SoftmaxParameters(
      rows: input.shape.count / depth, depth: depth, beta: beta, inputScale: try graph.affine(of: input).scale)
    guard parameters.isUsable else {
      throw graph.error(.invalidOperator, "beta times its input's scale is below 2^-26")
    }
    return .softmax(
      Softmax(
        kind: kind, parameters: parameters, input: try graph.bind(input),
        output: try graph.bindOutput(shape: input.shape)))
  }
}

extension Softmax {
  /// The reference has three forms; each has one output quantization.
  private static func kind(_ graph: inout GraphBuilder, _ input: Operand) throws(ModelError) -> Kind {
    switch (input.elementType, try graph.outputType(0, .int8, .uint8, .int16)) {
    case (.int8, .int8):
      try graph.requireProbabilityOutput(.int8)
      return .int8
    case (.uint8, .uint8):
      try graph.requireProbabilityOutput(.uint8)
      return .uint8
    case (.int8, .int16):
      guard try graph.outputAffine().zeroPoint == -32768 else {
        throw graph.error(.invalidOperator, "its output must have the zero point -32768")
      }
      return .int8To16
    case (let input, let output):
      throw graph.error(.invalidOperator, "a softmax from \(input) to \(output) is not supported")
    }
  }
}

extension Softmax {
  func run(_ memory: OperatorMemory) {
    switch kind {
    case .int8: run(memory, Int8.self, Int8.self)
    case .uint8: run(memory, UInt8.self, UInt8.self)
    case .int8To16: run(memory, Int8.self, Int16.self)
    }
  }

  private func run<Element: QuantizedElement, Result: QuantizedElement>(
    _ memory: OperatorMemory, _: Element.Type, _: Result.Type
  ) {
    var output = memory.write(output, as: Result.self)
    softmaxReference(parameters, input: memory.read(input, as: Element.self), output: &output)
  }

  var facts: OperatorFacts {
    switch kind {
    case .int8: OperatorFacts(kernel: "softmax.i8.reference")
    case .uint8: OperatorFacts(kernel: "softmax.u8.reference")
    case .int8To16: OperatorFacts(kernel: "softmax.i8i16.reference")
    }
  }
}

extension GraphBuilder {
  /// Refuses an output that does not stand for numbers from 0 to 1 in steps of 1/256.
  func requireProbabilityOutput(_ type: ByteType) throws(ModelError) {
    let affine = try outputAffine()
    let zeroPoint: Int32 = type == .int8 ? -128 : 0
    guard affine.scale == 1 / 256, affine.zeroPoint == zeroPoint else {
      throw error(.invalidOperator, "its output must have the scale 1/256 and the zero point \(zeroPoint)")
    }
  }
}
