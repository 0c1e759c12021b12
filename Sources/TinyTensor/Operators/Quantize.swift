import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// QUANTIZE from float32.
struct Quantize: Sendable {
  /// A scale and a zero point for each slice along an axis.
  struct Channels: Sendable {
    let scales: ReadSlot
    let zeroPoints: ReadSlot
    /// Elements that follow each other in one slice.
    let inner: Int
  }

  let type: IntegerType
  let affine: Affine
  var channels: Channels?
  let set: InstructionSet?
  let input: ReadSlot
  let output: WriteSlot
}

extension Quantize {
  /// Between integers a change of scale: a table for bytes, fixed point for wider types.
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0, .float32, .int8, .uint8, .int16, .int32)
    let outputType = try graph.outputType(0, .int8, .uint8, .int16, .int32)
    if input.elementType == .float32, let type = IntegerType(outputType),
      let quantization = graph.subgraph.tensors[graph.node.outputs[0]].quantization, quantization.scales.count > 1
    {
      return try translateChannels(&graph, input, type, quantization)
    }
    let outputAffine = try graph.outputAffine()
    if input.elementType == .float32 {
      guard let type = IntegerType(outputType) else {
        throw graph.error(.invalidOperator, "from float32 its output must be int8, uint8 or int16")
      }
      return try graph.operation(
        Operation.quantize,
        Quantize(
          type: type, affine: outputAffine, set: type == .int16 ? nil : graph.context.instructionSet,
          input: try graph.bind(input),
          output: try graph.bindOutput(shape: input.shape)))
    }
    let inputAffine = try graph.affine(of: input)
    let range = storedRange(of: outputType)
    let parameters = RequantizeParameters(
      factor: try graph.multiplier(Double(inputAffine.scale) / Double(outputAffine.scale)),
      inputZeroPoint: inputAffine.zeroPoint,
      output: OutputStage(zeroPoint: outputAffine.zeroPoint, minimum: range.lowerBound, maximum: range.upperBound))
    if let type = ByteType(input.elementType), ByteType(outputType) != nil {
      let table = LookUp.byteTable(type) { value in parameters.apply(to: value) }
      return try LookUp.translate(&graph, input, table, "requantize.8.reference")
    }
    guard let kind = Requantize.Kind(from: input.elementType, to: outputType) else {
      throw graph.error(
        .invalidOperator, "a change from \(input.elementType) to \(outputType) is not supported")
    }
    return try graph.operation(
      Operation.requantize,
      Requantize(
        kind: kind, parameters: parameters, input: try graph.bind(input),
        output: try graph.bindOutput(shape: input.shape)))
  }
}

extension Quantize {
  private static func translateChannels(
    _ graph: inout GraphBuilder, _ input: Operand, _ type: IntegerType, _ quantization: Quantization
  ) throws(ModelError) -> Operation? {
    let count = quantization.scales.count
    let axis = quantization.axis
    guard axis >= 0, axis < input.shape.rank, input.shape[axis] == count, input.shape.count > 0,
      let inner = input.shape.count(of: (axis + 1)..<input.shape.rank)
    else {
      throw graph.error(.invalidOperator, "its output \(input.shape) cannot have \(count) scales along axis \(axis)")
    }
    guard quantization.zeroPoints.count == count || quantization.zeroPoints.count == 1 else {
      throw graph.error(
        .invalidOperator, "its output has \(count) scales but \(quantization.zeroPoints.count) zero points")
    }
    var zeroPoints: [Int32] = []
    for channel in 0..<count {
      var slice = Quantization(
        scale: quantization.scales[channel],
        zeroPoint: quantization.zeroPoints[quantization.zeroPoints.count == 1 ? 0 : channel])
      slice.details = quantization.details
      zeroPoints.append(try graph.affine(slice, try graph.outputType(), "its output").zeroPoint)
    }
    return try graph.operation(
      Operation.quantize,
      Quantize(
        type: type, affine: Affine(scale: 1, zeroPoint: 0),
        channels: Channels(
          scales: try graph.bind(packed: quantization.scales), zeroPoints: try graph.bind(packed: zeroPoints),
          inner: inner),
        set: nil, input: try graph.bind(input), output: try graph.bindOutput(shape: input.shape)))
  }

  func run(_ memory: OperatorMemory) {
    if let set {
      let count = memory.read(input, as: Float.self).count
      return unsafe VectorWork.run(
        set,
        .quantize(
          QuantizeTask(
            input: memory.pointer(input).assumingMemoryBound(to: Float.self), output: memory.pointer(output),
            count: count, scale: affine.scale, zeroPoint: affine.zeroPoint, isUnsigned: type == .uint8)), memory.workers
      )
    }
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    case .int16: run(memory, Int16.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    if let channels {
      return quantizeChannelsReference(
        inner: channels.inner, scales: memory.read(channels.scales), zeroPoints: memory.read(channels.zeroPoints),
        input: memory.read(input), output: &output)
    }
    quantizeReference(
      scale: affine.scale, zeroPoint: affine.zeroPoint, input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts {
    switch type {
    case .int8: OperatorFacts(kernel: "quantize.f32i8.reference", set: set)
    case .uint8: OperatorFacts(kernel: "quantize.f32u8.reference", set: set)
    case .int16: OperatorFacts(kernel: "quantize.f32i16.reference")
    }
  }
}

/// QUANTIZE between integers of which one is wider than a byte.
struct Requantize: Sendable {
  enum Kind: Sendable {
    case int8To16
    case uint8To16
    case int16To8
    case int16To16
    case int16To32
    case int32To8
    case int32To16

    /// `nil` for pairs that the reference does not have.
    init?(from input: ElementType, to output: ElementType) {
      switch (input, output) {
      case (.int8, .int16): self = .int8To16
      case (.uint8, .int16): self = .uint8To16
      case (.int16, .int8): self = .int16To8
      case (.int16, .int16): self = .int16To16
      case (.int16, .int32): self = .int16To32
      case (.int32, .int8): self = .int32To8
      case (.int32, .int16): self = .int32To16
      default: return nil
      }
    }
  }

  let kind: Kind
  let parameters: RequantizeParameters
  let input: ReadSlot
  let output: WriteSlot
}

extension Requantize {
  func run(_ memory: OperatorMemory) {
    switch kind {
    case .int8To16: run(memory, Int8.self, Int16.self)
    case .uint8To16: run(memory, UInt8.self, Int16.self)
    case .int16To8: run(memory, Int16.self, Int8.self)
    case .int16To16: run(memory, Int16.self, Int16.self)
    case .int16To32: run(memory, Int16.self, Int32.self)
    case .int32To8: run(memory, Int32.self, Int8.self)
    case .int32To16: run(memory, Int32.self, Int16.self)
    }
  }

  private func run<Element: QuantizedElement, Result: QuantizedElement>(
    _ memory: OperatorMemory, _: Element.Type, _: Result.Type
  ) {
    var output = memory.write(output, as: Result.self)
    requantizeReference(parameters, input: memory.read(input, as: Element.self), output: &output)
  }

  var facts: OperatorFacts {
    switch kind {
    case .int8To16: OperatorFacts(kernel: "requantize.i8i16.reference")
    case .uint8To16: OperatorFacts(kernel: "requantize.u8i16.reference")
    case .int16To8: OperatorFacts(kernel: "requantize.i16i8.reference")
    case .int16To16: OperatorFacts(kernel: "requantize.i16i16.reference")
    case .int16To32: OperatorFacts(kernel: "requantize.i16i32.reference")
    case .int32To8: OperatorFacts(kernel: "requantize.i32i8.reference")
    case .int32To16: OperatorFacts(kernel: "requantize.i32i16.reference")
    }
  }
}
