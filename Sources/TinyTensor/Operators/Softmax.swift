import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// SOFTMAX over the last axis, of bytes.
struct Softmax: Sendable {
  enum Kind: Sendable {
    case int8
    case uint8
    /// From int8 to int16.
    case int8To16
  }

  let kind: Kind
  let parameters: SoftmaxParameters
  /// Of outputs of bytes: exponentials by how far an element lies below its row's largest.
  let table: (set: InstructionSet, exponentials: ReadSlot)?
  let input: ReadSlot
  let output: WriteSlot
}

/// SOFTMAX of 16-bit elements.
struct WideSoftmax: Sendable {
  let parameters: WideSoftmaxParameters
  let exponentials: ReadSlot
  let reciprocals: ReadSlot
  let input: ReadSlot
  let output: WriteSlot
}

/// SOFTMAX or LOG_SOFTMAX of float32 elements.
struct FloatSoftmax: Sendable {
  let rows: Int
  let depth: Int
  /// `nil` for the logarithm.
  let beta: Float?
  let input: ReadSlot
  let output: WriteSlot
}

extension Softmax {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let beta = try graph.requiredOptions(9) { (table) throws(ReadError) in try table.scalar(0, default: Float(0)) }
    let input = try graph.input(0, .int8, .uint8, .int16, .float32)
    guard beta > 0, beta.isFinite else {
      throw graph.error(.invalidOperator, "its option beta is not a positive finite number")
    }
    let (rows, depth) = try graph.rows(of: input)
    if input.elementType == .float32 {
      _ = try graph.outputType(0, .float32)
      return try graph.operation(
        Operation.floatSoftmax,
        FloatSoftmax(
          rows: rows, depth: depth, beta: beta, input: try graph.bind(input),
          output: try graph.bindOutput(shape: input.shape)))
    }
    if input.elementType == .int16 { return try translateWide(&graph, input, rows: rows, depth: depth, beta: beta) }
    let kind = try kind(&graph, input)
    let parameters = SoftmaxParameters(
      rows: rows, depth: depth, beta: beta, inputScale: try graph.affine(of: input).scale)
    guard parameters.isUsable else {
      throw graph.error(.invalidOperator, "beta times its input's scale is below 2^-26")
    }
    return try graph.operation(
      Operation.softmax,
      Softmax(
        kind: kind, parameters: parameters, table: try table(&graph, kind, parameters), input: try graph.bind(input),
        output: try graph.bindOutput(shape: input.shape)))
  }

  private static func table(
    _ graph: inout GraphBuilder, _ kind: Kind, _ parameters: SoftmaxParameters
  ) throws(ModelError) -> (set: InstructionSet, exponentials: ReadSlot)? {
    guard let set = graph.context.instructionSet, kind != .int8To16 else { return nil }
    return (set, try graph.bind(packed: parameters.exponentialTable()))
  }

  private static func translateWide(
    _ graph: inout GraphBuilder, _ input: Operand, rows: Int, depth: Int, beta: Float
  ) throws(ModelError) -> Operation? {
    _ = try graph.outputType(0, .int16)
    let to = try graph.outputAffine()
    guard isNear(to.scale, 1 / 32768), to.zeroPoint == 0 else {
      throw graph.error(.invalidOperator, "its output must have the scale 1/32768 and the zero point 0")
    }
    guard depth < 1 << 16 else {
      throw graph.error(.invalidOperator, "it sums up \(depth) exponentials, more than 32 bits hold")
    }
    let scale = try graph.affine(of: input).scale
    return try graph.operation(
      Operation.wideSoftmax,
      WideSoftmax(
        parameters: WideSoftmaxParameters(
          rows: rows, depth: depth, inputFactor: try graph.boundedMultiplier(Double(scale * beta) / (10.0 / 65535))),
        exponentials: try graph.bind(packed: WideSoftmaxParameters.exponentialTable()),
        reciprocals: try graph.bind(packed: WideSoftmaxParameters.reciprocalTable()),
        input: try graph.bind(input), output: try graph.bindOutput(shape: input.shape)))
  }

  /// Whether a scale differs from another by a thousandth of that at most.
  private static func isNear(_ scale: Float, _ wanted: Float) -> Bool { (scale - wanted).magnitude <= 0.001 * wanted }

  /// The reference has three forms for bytes; each has one output quantization, in which results are stored whatever the
  /// file says.
  private static func kind(_ graph: inout GraphBuilder, _ input: Operand) throws(ModelError) -> Kind {
    switch (input.elementType, try graph.outputType(0, .int8, .uint8, .int16)) {
    case (.int8, .int8):
      let affine = try graph.outputAffine()
      guard isNear(affine.scale, 1 / 256), affine.zeroPoint == -128 else {
        throw graph.error(.invalidOperator, "its output must have the scale 1/256 and the zero point -128")
      }
      return .int8
    // The scales and zero points of these are not looked at.
    case (.uint8, .uint8): return .uint8
    case (.int8, .int16): return .int8To16
    case (let input, let output):
      throw graph.error(.invalidOperator, "a softmax from \(input) to \(output) is not supported")
    }
  }
}

extension Softmax {
  func run(_ memory: OperatorMemory) {
    if let table {
      return unsafe table.set.softmax(
        SoftmaxTask(
          exponentials: memory.pointer(table.exponentials).assumingMemoryBound(to: Int32.self),
          input: memory.pointer(input), output: memory.pointer(output), depth: parameters.depth, firstRow: 0,
          endRow: parameters.rows, isUnsigned: kind == .uint8))
    }
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
    case .int8: OperatorFacts(kernel: "softmax.i8.reference", set: table?.set)
    case .uint8: OperatorFacts(kernel: "softmax.u8.reference", set: table?.set)
    case .int8To16: OperatorFacts(kernel: "softmax.i8i16.reference")
    }
  }
}

extension WideSoftmax {
  func run(_ memory: OperatorMemory) {
    var output = memory.write(output, as: Int16.self)
    softmaxReference(
      parameters, exponentials: memory.read(exponentials), reciprocals: memory.read(reciprocals),
      input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "softmax.i16.reference") }
}

extension FloatSoftmax {
  func run(_ memory: OperatorMemory) {
    var output = memory.write(output, as: Float.self)
    if let beta {
      softmaxReference(rows: rows, depth: depth, beta: beta, input: memory.read(input), output: &output)
    } else {
      logSoftmaxReference(rows: rows, depth: depth, input: memory.read(input), output: &output)
    }
  }

  var facts: OperatorFacts {
    OperatorFacts(kernel: beta == nil ? "log_softmax.f32.reference" : "softmax.f32.reference")
  }
}

/// LOG_SOFTMAX over the last axis, of bytes.
struct LogSoftmax: Sendable {
  let type: ByteType
  let parameters: LogSoftmaxParameters
  let input: ReadSlot
  let output: WriteSlot
}

extension LogSoftmax {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0, .int8, .uint8, .float32)
    let (rows, depth) = try graph.rows(of: input)
    _ = try graph.outputType(0, input.elementType)
    guard let type = ByteType(input.elementType) else {
      return try graph.operation(
        Operation.floatSoftmax,
        FloatSoftmax(
          rows: rows, depth: depth, beta: nil, input: try graph.bind(input),
          output: try graph.bindOutput(shape: input.shape)))
    }
    let to = try graph.outputAffine()
    let zeroPoint: Int32 = type == .int8 ? 127 : 255
    guard to.scale == 16 / 256, to.zeroPoint == zeroPoint else {
      throw graph.error(.invalidOperator, "its output must have the scale 1/16 and the zero point \(zeroPoint)")
    }
    let parameters = LogSoftmaxParameters(rows: rows, depth: depth, inputScale: try graph.affine(of: input).scale)
    guard parameters.isUsable else { throw graph.error(.invalidOperator, "its input's scale is below 2^-26") }
    return try graph.operation(
      Operation.logSoftmax,
      LogSoftmax(
        type: type, parameters: parameters, input: try graph.bind(input),
        output: try graph.bindOutput(shape: input.shape)))
  }
}

extension LogSoftmax {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    logSoftmaxReference(parameters, input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(kernel: type == .int8 ? "log_softmax.i8.reference" : "log_softmax.u8.reference")
  }
}

extension GraphBuilder {
  /// An operand as rows along its last axis, which must have elements.
  func rows(of operand: Operand) throws(ModelError) -> (count: Int, depth: Int) {
    let shape = operand.shape
    guard shape.rank > 0, shape[shape.rank - 1] > 0 else {
      throw error(.invalidOperator, "its input \(shape) has no elements along its last axis")
    }
    let depth = shape[shape.rank - 1]
    return (shape.count / depth, depth)
  }
}
