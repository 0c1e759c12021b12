import FlatbufferReader
import TinyTensorKernels

/// L2_NORMALIZATION over the last axis.
struct L2Normalization: Sendable {
  enum Kind: Sendable {
    case int8
    case uint8
    case float32
  }

  let kind: Kind
  let rows: Int
  let depth: Int
  let inputZeroPoint: Int32
  let input: ReadSlot
  let output: WriteSlot
}

extension L2Normalization {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    guard try graph.fusedActivation(12) == .none else {
      throw graph.error(.unsupportedOperator, "a fused activation is not supported in a normalization")
    }
    let input = try graph.input(0, .int8, .uint8, .float32)
    _ = try graph.outputType(0, input.elementType)
    let (rows, depth) = try graph.rows(of: input)
    var kind = Kind.float32
    var inputZeroPoint: Int32 = 0
    if let type = ByteType(input.elementType) {
      kind = type == .int8 ? .int8 : .uint8
      inputZeroPoint = try graph.affine(of: input).zeroPoint
      let to = try graph.outputAffine()
      let zeroPoint: Int32 = type == .int8 ? 0 : 128
      guard to.scale == 1 / 128, to.zeroPoint == zeroPoint else {
        throw graph.error(.invalidOperator, "its output must have the scale 1/128 and the zero point \(zeroPoint)")
      }
      guard depth < 1 << 15 else {
        throw graph.error(.invalidOperator, "it sums up \(depth) squares, more than 32 bits hold")
      }
    }
    return try graph.operation(
      Operation.l2Normalization,
      L2Normalization(
        kind: kind, rows: rows, depth: depth, inputZeroPoint: inputZeroPoint, input: try graph.bind(input),
        output: try graph.bindOutput(shape: input.shape)))
  }
}

extension L2Normalization {
  func run(_ memory: OperatorMemory) {
    switch kind {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    case .float32:
      var output = memory.write(output, as: Float.self)
      normalizeReference(rows: rows, depth: depth, input: memory.read(input), output: &output)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    normalizeReference(
      rows: rows, depth: depth, inputZeroPoint: inputZeroPoint, input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts {
    switch kind {
    case .int8: OperatorFacts(kernel: "l2_normalization.i8.reference")
    case .uint8: OperatorFacts(kernel: "l2_normalization.u8.reference")
    case .float32: OperatorFacts(kernel: "l2_normalization.f32.reference")
    }
  }
}

/// LOCAL_RESPONSE_NORMALIZATION over neighbouring channels.
struct LocalResponseNormalization: Sendable {
  let parameters: LocalResponseParameters
  let input: ReadSlot
  let output: WriteSlot
}

extension LocalResponseNormalization {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let options = try graph.requiredOptions(13) { (table) throws(ReadError) in
      (
        radius: try table.scalar(0, default: Int32(0)), bias: try table.scalar(1, default: Float(0)),
        alpha: try table.scalar(2, default: Float(0)), beta: try table.scalar(3, default: Float(0))
      )
    }
    guard options.radius >= 0 else { throw graph.error(.invalidOperator, "its radius is \(options.radius)") }
    let input = try graph.input(0, .float32)
    _ = try graph.outputType(0, .float32)
    let (rows, depth) = try graph.rows(of: input)
    return try graph.operation(
      Operation.localResponseNormalization,
      LocalResponseNormalization(
        parameters: LocalResponseParameters(
          rows: rows, depth: depth, radius: min(Int(options.radius), depth), bias: options.bias,
          alpha: options.alpha, beta: options.beta),
        input: try graph.bind(input), output: try graph.bindOutput(shape: input.shape)))
  }
}

extension LocalResponseNormalization {
  func run(_ memory: OperatorMemory) {
    var output = memory.write(output, as: Float.self)
    localResponseReference(parameters, input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(
      kernel: "local_response_normalization.f32.reference",
      furtherSteps: OperatorFacts.product(parameters.rows, parameters.depth, 2 * parameters.radius + 1))
  }
}
