import FlatbufferReader
import TinyTensorKernels

/// An operation on two quantized tensors, with broadcasting: ADD, SUB, MUL, SQUARED_DIFFERENCE, PRELU.
struct QuantizedArithmetic: Sendable {
  let kernel: StaticString
  let type: IntegerType
  let kind: QuantizedArithmeticKind
  let parameters: QuantizedArithmeticParameters
  let packed: PackedPairs?
  let lhs: ReadSlot
  let rhs: ReadSlot
  let output: WriteSlot
}

extension QuantizedArithmetic {
  /// ADD and SUB. 16-bit tensors whose scales are all powers of two are only shifted, unless the options forbid it.
  static func translateSum(
    _ graph: inout GraphBuilder, _ pair: OperandPair, _ type: IntegerType, isDifference: Bool, options: UInt8,
    _ names: KernelNames
  ) throws(ModelError) -> Operation? {
    let options =
      try graph.options(options) { (table) throws(ReadError) in
        (activation: try table.scalar(0, default: Int8(0)), shiftsPowersOfTwo: try table.scalar(1, default: true))
      } ?? (activation: 0, shiftsPowersOfTwo: true)
    _ = try graph.outputType(0, pair.type)
    if type == .int16, !isDifference, graph.lacksQuantization(pair.lhs, pair.rhs) {
      return try IntegerOperation.translatePlain(&graph, pair, .sum, graph.activation(options.activation))
    }
    let lhs = try graph.affine(of: pair.lhs)
    let rhs = try graph.affine(of: pair.rhs)
    let output = try graph.outputAffine()
    let stage = try graph.outputStage(graph.activation(options.activation), type, output)
    if type == .int16, options.shiftsPowersOfTwo, let left = graph.binaryLogarithm(of: lhs.scale),
      let right = graph.binaryLogarithm(of: rhs.scale), let result = graph.binaryLogarithm(of: output.scale)
    {
      guard lhs.zeroPoint == 0, rhs.zeroPoint == 0, output.zeroPoint == 0 else {
        throw graph.error(.invalidOperator, "int16 tensors whose scales are powers of two must have zero points of 0")
      }
      let (leftShift, rightShift) = (left - result, right - result)
      guard leftShift <= 0, rightShift <= 0, leftShift == 0 || rightShift == 0 else {
        throw graph.error(
          .invalidOperator,
          "the larger of its int16 inputs' scales, which are powers of two, must be the output's")
      }
      return try bind(
        &graph, pair, type, isDifference ? .subtractShifted : .addShifted,
        QuantizedArithmeticParameters(
          broadcast: pair.broadcast, lhsZeroPoint: 0, rhsZeroPoint: 0, lhsFactor: shift(leftShift),
          rhsFactor: shift(rightShift), output: stage),
        isDifference ? "sub_shifted.i16.reference" : "add_shifted.i16.reference")
    }
    // Twice the larger scale, and the output's scale shifted, are single-precision products; the quotients are not.
    let leftShift: Int32 = type == .int16 ? 15 : 20
    let common = Double(2 * max(lhs.scale, rhs.scale))
    let outputReal = common / Double(Float(1 << leftShift) * output.scale)
    // The reference's ADD has no kernel for larger ones; its SUB has.
    guard isDifference || outputReal < 1 else {
      throw graph.error(
        .invalidOperator,
        "its output's scale is too small for its inputs': their ratio exceeds 2^\(leftShift - 1)")
    }
    return try bind(
      &graph, pair, type, isDifference ? .subtract : .add,
      QuantizedArithmeticParameters(
        broadcast: pair.broadcast, lhsZeroPoint: lhs.zeroPoint, rhsZeroPoint: rhs.zeroPoint,
        lhsFactor: try graph.multiplier(Double(lhs.scale) / common),
        rhsFactor: try graph.multiplier(Double(rhs.scale) / common),
        outputFactor: try graph.boundedMultiplier(outputReal), leftShift: leftShift, output: stage),
      names[pair.type])
  }

  /// A shift right as a factor; beyond 31 nothing is left of an element.
  private static func shift(_ exponent: Int32) -> QuantizedMultiplier {
    QuantizedMultiplier(multiplier: 0, shift: max(exponent, -31))
  }

  static func translateProduct(
    _ graph: inout GraphBuilder, _ pair: OperandPair, _ type: IntegerType, _ activation: Activation,
    _ names: KernelNames
  ) throws(ModelError) -> Operation? {
    _ = try graph.outputType(0, pair.type)
    if type == .int16, graph.lacksQuantization(pair.lhs, pair.rhs) {
      return try IntegerOperation.translatePlain(&graph, pair, .product, activation)
    }
    if activation == .none, graph.lacksQuantization(pair.lhs, pair.rhs) {
      return try Fill.scaledByZero(&graph, pair.lhs, shape: pair.shape)
    }
    let lhs = try graph.affine(of: pair.lhs)
    let rhs = try graph.affine(of: pair.rhs)
    let output = try graph.outputAffine()
    // Single precision throughout, as in the reference.
    let real = lhs.scale * rhs.scale / output.scale
    return try bind(
      &graph, pair, type, .multiply,
      QuantizedArithmeticParameters(
        broadcast: pair.broadcast, lhsZeroPoint: lhs.zeroPoint, rhsZeroPoint: rhs.zeroPoint,
        outputFactor: try graph.multiplier(Double(real)),
        output: graph.outputStage(activation, type, output)),
      names[pair.type])
  }

  static func translateSquaredDifference(
    _ graph: inout GraphBuilder, _ pair: OperandPair, _ names: KernelNames
  ) throws(ModelError) -> Operation? {
    _ = try graph.outputType(0, pair.type)
    let lhs = try graph.affine(of: pair.lhs)
    let rhs = try graph.affine(of: pair.rhs)
    let output = try graph.outputAffine()
    let common = Double(2 * max(lhs.scale, rhs.scale))
    // Differences are shifted left by 7, their squares by 14.
    let outputReal = common * common / Double(Float(1 << 14) * output.scale)
    guard outputReal < 1 else {
      throw graph.error(.invalidOperator, "its output's scale is too small for the squares of its inputs'")
    }
    return try bind(
      &graph, pair, .int8, .squaredDifference,
      QuantizedArithmeticParameters(
        broadcast: pair.broadcast, lhsZeroPoint: lhs.zeroPoint, rhsZeroPoint: rhs.zeroPoint,
        lhsFactor: try graph.multiplier(Double(lhs.scale) / common),
        rhsFactor: try graph.multiplier(Double(rhs.scale) / common),
        outputFactor: try graph.multiplier(outputReal), leftShift: 7,
        output: graph.outputStage(.none, IntegerType.int8, output)),
      names[pair.type])
  }

  static func translatePrelu(
    _ graph: inout GraphBuilder, _ pair: OperandPair, _ type: IntegerType, _ names: KernelNames
  ) throws(ModelError) -> Operation? {
    _ = try graph.outputType(0, pair.type)
    if graph.lacksQuantization(pair.lhs, pair.rhs) { return try Fill.scaledByZero(&graph, pair.lhs, shape: pair.shape) }
    let input = try graph.affine(of: pair.lhs)
    let slope = try graph.affine(of: pair.rhs)
    let output = try graph.outputAffine()
    let parameters = QuantizedArithmeticParameters(
      broadcast: pair.broadcast, lhsZeroPoint: input.zeroPoint, rhsZeroPoint: slope.zeroPoint,
      lhsFactor: try graph.multiplier(Double(input.scale / output.scale)),
      rhsFactor: try graph.multiplier(Double(input.scale * slope.scale / output.scale)),
      output: graph.outputStage(.none, type, output))
    guard type == .int16 else { return try bind(&graph, pair, type, .slope, parameters, names[pair.type]) }
    // The slopes of 16-bit elements are of 8 bits.
    let slopes = try widened(graph, pair.rhs)
    return try graph.operation(
      Operation.quantizedArithmetic,
      QuantizedArithmetic(
        kernel: names[pair.type], type: type, kind: .slope, parameters: parameters, packed: nil,
        lhs: try graph.bind(pair.lhs), rhs: try graph.bind(packed: slopes),
        output: try graph.bindOutput(shape: pair.shape)))
  }

  /// The elements of a constant of int8.
  private static func widened(_ graph: GraphBuilder, _ slopes: Operand) throws(ModelError) -> [Int16] {
    guard let bytes = graph.constantBytes(slopes) else {
      throw graph.error(.invalidOperator, "the slopes (\(slopes.name)) of int16 elements must be constant")
    }
    var elements: [Int16] = []
    for index in 0..<slopes.shape.count { elements.append(Int16(Int8.load(bytes, at: index))) }
    return elements
  }

  private static func bind(
    _ graph: inout GraphBuilder, _ pair: OperandPair, _ type: IntegerType, _ kind: QuantizedArithmeticKind,
    _ parameters: QuantizedArithmeticParameters, _ kernel: StaticString
  ) throws(ModelError) -> Operation? {
    try graph.operation(
      Operation.quantizedArithmetic,
      QuantizedArithmetic(
        kernel: kernel, type: type, kind: kind, parameters: parameters,
        packed: try graph.packedPairs(kind, type, parameters, count: pair.shape.count),
        lhs: try graph.bindPadded(pair.lhs), rhs: try graph.bindPadded(pair.rhs),
        output: try graph.bindOutput(shape: pair.shape)))
  }
}

extension QuantizedArithmetic {
  func run(_ memory: OperatorMemory) {
    if let packed { return packed.run(memory, lhs: lhs, rhs: rhs, output: output) }
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    case .int16: run(memory, Int16.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    quantizedArithmeticReference(kind, parameters, lhs: memory.read(lhs), rhs: memory.read(rhs), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel, set: packed?.set) }
}

/// DIV of quantized tensors.
struct QuantizedQuotient: Sendable {
  let type: IntegerType
  let parameters: QuantizedArithmeticParameters
  let lhs: ReadSlot
  let rhs: ReadSlot
  let output: WriteSlot
}

extension QuantizedQuotient {
  static func translate(
    _ graph: inout GraphBuilder, _ pair: OperandPair, _ type: IntegerType, _ activation: Activation
  ) throws(ModelError) -> Operation? {
    _ = try graph.outputType(0, pair.type)
    let lhs = try graph.affine(of: pair.lhs)
    let rhs = try graph.affine(of: pair.rhs)
    let output = try graph.outputAffine()
    let factor = try graph.multiplier(Double(lhs.scale / (rhs.scale * output.scale)))
    return try graph.operation(
      Operation.quantizedQuotient,
      QuantizedQuotient(
        type: type,
        parameters: QuantizedArithmeticParameters(
          broadcast: pair.broadcast, lhsZeroPoint: lhs.zeroPoint, rhsZeroPoint: rhs.zeroPoint, outputFactor: factor,
          output: graph.outputStage(activation, type, output)),
        lhs: try graph.bind(pair.lhs), rhs: try graph.bind(pair.rhs),
        output: try graph.bindOutput(shape: pair.shape)))
  }
}

extension QuantizedQuotient {
  func run(_ memory: OperatorMemory) throws(SessionError) {
    let isDefined =
      switch type {
      case .int8: run(memory, Int8.self)
      case .uint8: run(memory, UInt8.self)
      case .int16: run(memory, Int16.self)
      }
    guard isDefined else { throw SessionError(.invalidData, "an element is divided by 0") }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) -> Bool {
    var output = memory.write(output, as: Element.self)
    return quantizedQuotientReference(parameters, lhs: memory.read(lhs), rhs: memory.read(rhs), output: &output)
  }

  var facts: OperatorFacts {
    switch type {
    case .int8: OperatorFacts(kernel: "div.i8.reference")
    case .uint8: OperatorFacts(kernel: "div.u8.reference")
    case .int16: OperatorFacts(kernel: "div.i16.reference")
    }
  }
}
