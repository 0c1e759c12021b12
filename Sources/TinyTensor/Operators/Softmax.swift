import FlatbufferReader
import TinyTensorKernels

/// SOFTMAX over the last axis.
struct Softmax: Sendable {
  let type: ByteType
  let parameters: SoftmaxParameters
  let input: ReadSlot
  let output: WriteSlot
}

extension Softmax {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let beta = try graph.requiredOptions(9) { (table) throws(ReadError) in try table.scalar(0, default: Float(0)) }
    let input = try graph.input(0, .int8, .uint8)
    guard let type = ByteType(try graph.outputType(0, input.elementType)) else {
      throw graph.error(.invalidOperator, "its output must be int8 or uint8")
    }
    guard beta > 0, beta.isFinite else {
      throw graph.error(.invalidOperator, "its option beta is not a positive finite number")
    }
    guard input.shape.rank > 0, input.shape[input.shape.rank - 1] > 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) has no elements along its last axis")
    }
    try graph.requireProbabilityOutput(type)
    let depth = input.shape[input.shape.rank - 1]
    let parameters = SoftmaxParameters(
      rows: input.shape.count / depth, depth: depth, beta: beta, inputScale: try graph.affine(of: input).scale)
    guard parameters.isUsable else {
      throw graph.error(.invalidOperator, "beta times its input's scale is below 2^-26")
    }
    return .softmax(
      Softmax(
        type: type, parameters: parameters, input: try graph.bind(input),
        output: try graph.bindOutput(shape: input.shape)))
  }
}

extension Softmax {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    softmaxReference(parameters, input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(kernel: type == .int8 ? "softmax.i8.reference" : "softmax.u8.reference")
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
