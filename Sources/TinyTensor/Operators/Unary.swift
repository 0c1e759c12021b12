import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// A function of float32 elements.
struct UnaryFloat: Sendable {
  let kernel: StaticString
  let function: FloatFunction
  let parameters: FloatFunctionParameters
  /// The instruction set whose kernel runs in place of the reference: for functions that IEEE 754's operations are
  /// enough for.
  let set: InstructionSet?
  /// Elementary steps beside the bytes of its operands.
  let furtherSteps: Int
  let input: ReadSlot
  let output: WriteSlot
}

extension UnaryFloat {
  func run(_ memory: OperatorMemory) {
    if let set, let function = RealFunction(function) {
      // Sound: an element is 4 bytes, and input and output have the same shape.
      return unsafe VectorWork.run(
        set,
        .realFunction(
          RealFunctionTask(
            function: function, lower: parameters.lower, upper: parameters.upper, factor: parameters.factor,
            input: memory.pointer(input).assumingMemoryBound(to: Float.self),
            output: memory.pointer(output).assumingMemoryBound(to: Float.self),
            count: memory.readBytes(input).byteCount / MemoryLayout<Float>.stride)), memory.workers)
    }
    var output = memory.write(output, as: Float.self)
    floatFunctionReference(function, parameters, input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel, set: set, furtherSteps: furtherSteps) }
}

extension RealFunction {
  /// `nil` for functions that vector kernels do not have.
  fileprivate init?(_ function: FloatFunction) {
    switch function {
    case .absolute: self = .absolute
    case .clamp: self = .clamp
    case .hardSwish: self = .hardSwish
    case .inverseSquareRoot: self = .inverseSquareRoot
    case .leakyRelu: self = .leakyRelu
    case .negate: self = .negate
    case .square: self = .square
    case .squareRoot: self = .squareRoot
    default: return nil
    }
  }
}

/// A function of integers that have no scale.
struct UnaryInteger: Sendable {
  enum StoredType: Sendable {
    case int8
    case int16
    case int32
    case int64
  }

  let kernel: StaticString
  let type: StoredType
  let function: IntegerFunction
  let input: ReadSlot
  let output: WriteSlot
}

extension UnaryInteger {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .int16: run(memory, Int16.self)
    case .int32: run(memory, Int32.self)
    case .int64: run(memory, Int64.self)
    }
  }

  private func run<Element: FixedWidthInteger & BitwiseCopyable>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    integerFunctionReference(function, input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel) }
}

/// A function of quantized 16-bit elements.
struct UnaryWide: Sendable {
  let kernel: StaticString
  let kind: WideFunctionKind
  let parameters: WideFunctionParameters
  /// Whether the function is defined for elements from 0 on only.
  let refusesNegative: Bool
  let table: ReadSlot
  let input: ReadSlot
  let output: WriteSlot
}

extension UnaryWide {
  func run(_ memory: OperatorMemory) throws(SessionError) {
    if refusesNegative, !areAllReference(memory.read(input, as: Int16.self), atLeast: 0) {
      throw SessionError(.invalidData, "an element stands for a number below 0, of which there is no root")
    }
    var output = memory.write(output, as: Int16.self)
    wideFunctionReference(kind, parameters, table: memory.read(table), input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel) }
}

/// An operator with one input and one output of the same type and shape.
struct UnaryOperand {
  let input: Operand
  let type: ElementType
  let names: KernelNames

  /// Refuses other operators, and types that no name is given for.
  init(_ graph: GraphBuilder, _ names: KernelNames) throws(ModelError) {
    try graph.requireOperands(inputs: 1...1)
    input = try graph.input(0, oneOf: names.types)
    type = try graph.outputType(0, input.elementType)
    self.names = names
  }

  func float(
    _ graph: inout GraphBuilder, _ function: FloatFunction, _ parameters: FloatFunctionParameters = .init()
  ) throws(ModelError) -> Operation? {
    let set = RealFunction(function) == nil ? nil : graph.context.instructionSet
    return try graph.operation(
      Operation.unaryFloat,
      UnaryFloat(
        kernel: names[type], function: function, parameters: parameters, set: set,
        furtherSteps: set == nil ? OperatorFacts.product(OperatorFacts.functionSteps, input.shape.count) : 0,
        input: set == nil ? try graph.bind(input) : try graph.bindPadded(input),
        output: try graph.bindOutput(shape: input.shape)))
  }

  /// Requires int8, int16, int32 or int64.
  func integer(_ graph: inout GraphBuilder, _ function: IntegerFunction) throws(ModelError) -> Operation? {
    let stored: UnaryInteger.StoredType =
      switch type {
      case .int8: .int8
      case .int16: .int16
      case .int32: .int32
      default: .int64
      }
    return try graph.operation(
      Operation.unaryInteger,
      UnaryInteger(
        kernel: names[type], type: stored, function: function, input: try graph.bind(input),
        output: try graph.bindOutput(shape: input.shape)))
  }

  /// Requires int16.
  func wide(
    _ graph: inout GraphBuilder, _ kind: WideFunctionKind, _ parameters: WideFunctionParameters, table: [Int32] = [],
    refusesNegative: Bool = false
  ) throws(ModelError) -> Operation? {
    try graph.operation(
      Operation.unaryWide,
      UnaryWide(
        kernel: names[type], kind: kind, parameters: parameters, refusesNegative: refusesNegative,
        table: try graph.bind(packed: table), input: try graph.bind(input),
        output: try graph.bindOutput(shape: input.shape)))
  }

  /// What the reference makes of integers where nothing says what they stand for: zeros.
  func scaledByZero(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try Fill.scaledByZero(&graph, input, shape: input.shape)
  }

  /// A table of bytes. Requires int8 or uint8.
  func lookUp(
    _ graph: inout GraphBuilder, smallestInput: Int32? = nil, _ answer: (Int32) -> Int32
  ) throws(ModelError) -> Operation? {
    let byteType: ByteType = type == .int8 ? .int8 : .uint8
    return try LookUp.translate(
      &graph, input, LookUp.byteTable(byteType, answer), names[type], smallestInput: smallestInput)
  }

  /// A table of bytes of a function of real numbers. Requires int8 or uint8.
  ///
  /// As the reference does, in single precision: the argument, the function, the product with the output's inverse
  /// scale and the sum with its zero point are each rounded to it.
  func lookUp(
    _ graph: inout GraphBuilder, real function: (Float) -> Float
  ) throws(ModelError) -> Operation? {
    let from = try graph.affine(of: input)
    let to = try graph.outputAffine()
    let range = storedRange(of: type)
    let inverse = 1 / to.scale
    // The function and what is rounded around it.
    try graph.spend(work: 256 * 2 * OperatorFacts.functionSteps)
    return try lookUp(&graph) { value in
      let scaled = function(from.scale * Float(value - from.zeroPoint)) * inverse
      // The rounded product saturates at 2^62, and the sum with a byte is clamped to bytes.
      let sum = roundHalfAwayFromZero(Double(Float(roundHalfAwayFromZero(Double(scaled))) + Float(to.zeroPoint)))
      return min(max(Int32(clamping: sum), range.lowerBound), range.upperBound)
    }
  }

  /// A table between whose values lines are drawn, of a function of real numbers in single precision. Requires int16.
  func interpolate(
    _ graph: inout GraphBuilder, refusesNegative: Bool = false, real function: (Float) -> Float
  ) throws(ModelError) -> Operation? {
    let (from, to) = try graph.symmetricPair(input)
    // Its values, and those between them.
    try graph.spend(work: 2 * 513 * OperatorFacts.functionSteps)
    let table = interpolationTable(
      inputScale: Double(from.scale), inputZeroPoint: 0, outputScale: Double(to.scale), isSingle: true
    ) { Double(function(Float($0))) }
    return try wide(&graph, .interpolate, WideFunctionParameters(), table: table, refusesNegative: refusesNegative)
  }
}

extension GraphBuilder {
  /// The input's and the output's quantization, whose zero points must be 0.
  func symmetricPair(_ input: Operand) throws(ModelError) -> (input: Affine, output: Affine) {
    let from = try affine(of: input)
    let to = try outputAffine()
    guard from.zeroPoint == 0, to.zeroPoint == 0 else {
      throw error(.invalidOperator, "int16 tensors must have zero points of 0 here")
    }
    return (from, to)
  }
}
