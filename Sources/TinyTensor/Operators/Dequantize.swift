import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// DEQUANTIZE to float32: integers with one scale or one for each slice along an axis, and float16.
struct Dequantize: Sendable {
  enum Kind: Sendable {
    case integer(IntegerType, Affine)
    /// With a scale and a zero point for each slice along an axis, of `inner` elements.
    case channels(IntegerType, scales: ReadSlot, zeroPoints: ReadSlot, inner: Int)
    /// From float16: every number has an equal one.
    case float16

    /// Whether all elements are bytes of one scale.
    var isOfBytes: Bool {
      switch self {
      case .integer(let type, _): type != .int16
      case .channels, .float16: false
      }
    }
  }

  let kind: Kind
  let set: InstructionSet?
  let input: ReadSlot
  /// Where elements of fewer than 8 bits that arrive in a run are unpacked; `input` is that place.
  let packed: Packed?
  let output: WriteSlot

  struct Packed: Sendable {
    let input: ReadSlot
    let bits: Int
    let elements: WriteSlot
  }
}

extension Dequantize {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0, .int8, .uint8, .int16, .int4, .int2, .float16)
    _ = try graph.outputType(0, .float32)
    let kind = try kind(&graph, input)
    let packed = try packed(&graph, input)
    var slot = ReadSlot(index: packed?.elements.index ?? 0)
    if packed == nil { slot = try graph.bindWeights(input) }
    return try graph.operation(
      Operation.dequantize,
      Dequantize(
        kind: kind, set: kind.isOfBytes ? graph.context.instructionSet : nil, input: slot, packed: packed,
        output: try graph.bindOutput(shape: input.shape)))
  }

  /// Constants are unpacked at load.
  private static func packed(_ graph: inout GraphBuilder, _ input: Operand) throws(ModelError) -> Packed? {
    guard let bits = input.elementType.bitWidth, bits < 8, input.constant == nil else { return nil }
    return Packed(
      input: try graph.bind(input), bits: bits,
      elements: try graph.bindScratch(count: input.shape.count, of: Int8.self))
  }

  private static func kind(_ graph: inout GraphBuilder, _ input: Operand) throws(ModelError) -> Kind {
    if input.elementType == .float16 { return .float16 }
    // Those of fewer than 8 bits are unpacked.
    let type = IntegerType(input.elementType) ?? .int8
    // The reference takes integers that stand for nothing for zeros, each with its sign.
    guard input.quantization?.isPresent == true else { return .integer(type, Affine(scale: 0, zeroPoint: 0)) }
    guard let quantization = input.quantization, quantization.scales.count > 1 else {
      return .integer(type, try graph.affine(of: input))
    }
    let axis = quantization.axis
    let count = quantization.scales.count
    guard axis >= 0, axis < input.shape.rank, input.shape[axis] == count,
      let inner = input.shape.count(of: (axis + 1)..<input.shape.rank), input.shape.count > 0
    else {
      throw graph.error(
        .invalidOperator, "\(input.name) \(input.shape) cannot have \(count) scales along axis \(axis)")
    }
    guard quantization.zeroPoints.count == count || quantization.zeroPoints.count <= 1 else {
      throw graph.error(
        .invalidOperator,
        "\(input.name) has \(count) scales but \(quantization.zeroPoints.count) zero points")
    }
    var zeroPoints: [Int32] = []
    for channel in 0..<count {
      let zeroPoint =
        quantization.zeroPoints.count == count ? quantization.zeroPoints[channel] : quantization.zeroPoints.first ?? 0
      var slice = Quantization(scale: quantization.scales[channel], zeroPoint: zeroPoint)
      slice.details = quantization.details
      let operand = Operand(
        tensor: input.tensor, name: input.name, elementType: input.elementType, shape: input.shape,
        quantization: slice, constant: input.constant)
      zeroPoints.append(try graph.affine(of: operand).zeroPoint)
    }
    return .channels(
      type, scales: try graph.bind(packed: quantization.scales), zeroPoints: try graph.bind(packed: zeroPoints),
      inner: inner)
  }
}

extension Dequantize {
  func run(_ memory: OperatorMemory) {
    if let packed {
      var elements = memory.write(packed.elements, as: Int8.self)
      unpackSigned(memory.readBytes(packed.input), bits: packed.bits, to: &elements)
    }
    if let set, case .integer(let type, let affine) = kind {
      let count = memory.readBytes(input).byteCount
      return unsafe VectorWork.run(
        set,
        .dequantize(
          DequantizeTask(
            input: memory.pointer(input), output: memory.pointer(output).assumingMemoryBound(to: Float.self),
            count: count, scale: affine.scale, zeroPoint: affine.zeroPoint, isUnsigned: type == .uint8)), memory.workers
      )
    }
    switch kind {
    case .integer(.int8, let affine): run(memory, Int8.self, affine)
    case .integer(.uint8, let affine): run(memory, UInt8.self, affine)
    case .integer(.int16, let affine): run(memory, Int16.self, affine)
    case .channels(.int8, let scales, let zeroPoints, let inner):
      runChannels(memory, Int8.self, scales, zeroPoints, inner)
    case .channels(.uint8, let scales, let zeroPoints, let inner):
      runChannels(memory, UInt8.self, scales, zeroPoints, inner)
    case .channels(.int16, let scales, let zeroPoints, let inner):
      runChannels(memory, Int16.self, scales, zeroPoints, inner)
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

  private func runChannels<Element: QuantizedElement>(
    _ memory: OperatorMemory, _: Element.Type, _ scales: ReadSlot, _ zeroPoints: ReadSlot, _ inner: Int
  ) {
    var output = memory.write(output, as: Float.self)
    dequantizeChannelsReference(
      inner: inner, scales: memory.read(scales), zeroPoints: memory.read(zeroPoints),
      input: memory.read(input, as: Element.self), output: &output)
  }

  var facts: OperatorFacts {
    switch kind {
    case .integer(.int8, _): OperatorFacts(kernel: "dequantize.i8f32.reference", set: set)
    case .integer(.uint8, _): OperatorFacts(kernel: "dequantize.u8f32.reference", set: set)
    case .integer(.int16, _): OperatorFacts(kernel: "dequantize.i16f32.reference")
    case .channels(.int8, _, _, _): OperatorFacts(kernel: "dequantize.channels.i8f32.reference")
    case .channels(.uint8, _, _, _): OperatorFacts(kernel: "dequantize.channels.u8f32.reference")
    case .channels(.int16, _, _, _): OperatorFacts(kernel: "dequantize.channels.i16f32.reference")
    case .float16: OperatorFacts(kernel: "dequantize.f16f32.reference")
    }
  }
}
