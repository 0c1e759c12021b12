import FlatbufferReader
import TinyTensorKernels

/// Operators whose output byte depends on one input byte alone: a table of all 256 answers, made at load.
///
/// RELU, RELU6, LOGISTIC, and QUANTIZE between 8-bit types.
struct LookUp: Sendable {
  let kernel: StaticString
  let table: ReadSlot
  let input: ReadSlot
  let output: WriteSlot
}

extension LookUp {
  static func translateRelu(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translateRelu(&graph, .relu, "relu.8.reference")
  }

  static func translateRelu6(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translateRelu(&graph, .relu6, "relu6.8.reference")
  }

  private static func translateRelu(
    _ graph: inout GraphBuilder, _ activation: Activation, _ kernel: StaticString
  ) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0, .int8, .uint8)
    guard let type = ByteType(try graph.outputType(0, input.elementType)) else {
      throw graph.error(.invalidOperator, "its output must be int8 or uint8")
    }
    let inputAffine = try graph.affine(of: input)
    let outputAffine = try graph.outputAffine()
    let factor = try graph.multiplier(Double(inputAffine.scale / outputAffine.scale))
    let stage = try graph.outputStage(activation, type, outputAffine)
    let table = byteTable(type) { value in
      clamp(
        factor.apply(to: value - inputAffine.zeroPoint) &+ stage.zeroPoint, stage.minimum, stage.maximum)
    }
    return try translate(&graph, input, table, kernel)
  }

  /// The reference computes in single precision: the argument, the exponential, the sum, the quotient and the product
  /// with the output's inverse scale, 256, are each rounded to it.
  static func translateLogistic(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0, .int8, .uint8)
    guard let type = ByteType(try graph.outputType(0, input.elementType)) else {
      throw graph.error(.invalidOperator, "its output must be int8 or uint8")
    }
    try graph.requireProbabilityOutput(type)
    let inputAffine = try graph.affine(of: input)
    let outputAffine = try graph.outputAffine()
    let table = byteTable(type) { value in
      let argument = inputAffine.scale * Float(value - inputAffine.zeroPoint)
      let result = 1 / (1 + Float(exponential(Double(-argument))))
      let scaled = roundHalfAwayFromZero(Double(result * (1 / outputAffine.scale)))
      // The result is from 0 to 1, scaled from 0 to 256.
      let lowest: Int32 = type == .int8 ? -128 : 0
      return clamp(Int32(scaled) + outputAffine.zeroPoint, lowest, lowest + 255)
    }
    return try translate(&graph, input, table, "logistic.8.reference")
  }

  /// The step of a table that is known.
  static func translate(
    _ graph: inout GraphBuilder, _ input: Operand, _ table: [UInt8], _ kernel: StaticString
  ) throws(ModelError) -> Operation? {
    .lookUp(
      LookUp(
        kernel: kernel, table: try graph.bind(packed: table), input: try graph.bind(input),
        output: try graph.bindOutput(shape: input.shape)))
  }

  /// The bit patterns of all answers, by the bit pattern of the stored value.
  static func byteTable(_ type: ByteType, _ answer: (Int32) -> Int32) -> [UInt8] {
    var table: [UInt8] = []
    table.reserveCapacity(256)
    for pattern in UInt8.min...UInt8.max {
      let value =
        switch type {
        case .int8: Int32(Int8(bitPattern: pattern))
        case .uint8: Int32(pattern)
        }
      table.append(UInt8(truncatingIfNeeded: answer(value)))
    }
    return table
  }
}

extension LookUp {
  func run(_ memory: OperatorMemory) {
    var output = memory.write(output, as: UInt8.self)
    lookUpReference(table: memory.read(table), input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel) }
}
