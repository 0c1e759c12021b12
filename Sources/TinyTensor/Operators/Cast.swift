import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// CAST: elements as those of another type, without scales. Integers keep their lowest bits; real numbers are truncated
/// and saturated.
struct Cast: Sendable {
  enum Kind: Sendable {
    case int8
    case uint8
    case int16
    case uint16
    case int32
    case uint32
    case int64
    case float16
    case float32
    case float64
    case bool

    /// `nil` for types that are not converted.
    init?(_ type: ElementType) {
      switch type {
      case .int8: self = .int8
      case .uint8: self = .uint8
      case .int16: self = .int16
      case .uint16: self = .uint16
      case .int32: self = .int32
      case .uint32: self = .uint32
      case .int64: self = .int64
      case .float16: self = .float16
      case .float32: self = .float32
      case .float64: self = .float64
      case .bool: self = .bool
      default: return nil
      }
    }

    var isReal: Bool {
      switch self {
      case .float16, .float32, .float64: true
      default: false
      }
    }
  }

  /// Elements that are converted at a time.
  private static let chunk = 256

  let source: Kind
  let target: Kind
  let count: Int
  /// The instruction set whose kernel runs in place of the reference: from bytes to real numbers.
  let set: InstructionSet?
  let input: ReadSlot
  /// `chunk` elements of the widest type of the input's kind.
  let wide: WriteSlot
  let output: WriteSlot
}

extension Cast {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let input = try graph.input(0)
    let type = try graph.outputType()
    if input.elementType == type { return try Copy.view(&graph, of: input, shape: input.shape) }
    guard let source = Kind(input.elementType), let target = Kind(type) else {
      throw graph.error(.unsupportedOperator, "a cast from \(input.elementType) to \(type) is not supported")
    }
    return try graph.operation(
      Operation.cast,
      Cast(
        source: source, target: target, count: input.shape.count,
        set: ByteType(input.elementType) != nil && type == .float32 ? graph.context.instructionSet : nil,
        input: try graph.bind(input),
        wide: try graph.bindScratch(count: chunk, of: Int64.self), output: try graph.bindOutput(shape: input.shape)))
  }

  func run(_ memory: OperatorMemory) {
    if let set {
      return unsafe VectorWork.run(
        set,
        .dequantize(
          DequantizeTask(
            input: memory.pointer(input), output: memory.pointer(output).assumingMemoryBound(to: Float.self),
            count: count, scale: 1, zeroPoint: 0, isUnsigned: source == .uint8)), memory.workers)
    }
    var start = 0
    while start < count {
      let length = min(count - start, Self.chunk)
      if source.isReal {
        read(memory, from: start, real: length)
        write(memory, from: start, real: length)
      } else {
        read(memory, from: start, integers: length)
        write(memory, from: start, integers: length)
      }
      start += length
    }
  }

  private func read(_ memory: OperatorMemory, from start: Int, real count: Int) {
    var wide = memory.write(wide, as: Double.self)
    switch source {
    case .float16: widenHalf(memory.read(input, as: UInt16.self), from: start, count: count, to: &wide)
    case .float32: widen(memory.read(input, as: Float.self), from: start, count: count, to: &wide)
    default: widen(memory.read(input, as: Double.self), from: start, count: count, to: &wide)
    }
  }

  private func read(_ memory: OperatorMemory, from start: Int, integers count: Int) {
    var wide = memory.write(wide, as: Int64.self)
    switch source {
    case .int8: widen(memory.read(input, as: Int8.self), from: start, count: count, to: &wide)
    case .uint8: widen(memory.read(input, as: UInt8.self), from: start, count: count, to: &wide)
    case .int16: widen(memory.read(input, as: Int16.self), from: start, count: count, to: &wide)
    case .uint16: widen(memory.read(input, as: UInt16.self), from: start, count: count, to: &wide)
    case .int32: widen(memory.read(input, as: Int32.self), from: start, count: count, to: &wide)
    case .uint32: widen(memory.read(input, as: UInt32.self), from: start, count: count, to: &wide)
    case .bool: widenTruth(memory.read(input, as: UInt8.self), from: start, count: count, to: &wide)
    default: widen(memory.read(input, as: Int64.self), from: start, count: count, to: &wide)
    }
  }

  private func write(_ memory: OperatorMemory, from start: Int, real count: Int) {
    let wide = memory.read(ReadSlot(index: wide.index), as: Double.self)
    switch target {
    case .int8: truncate(memory, wide, count, start, Int8.self)
    case .uint8: truncate(memory, wide, count, start, UInt8.self)
    case .int16: truncate(memory, wide, count, start, Int16.self)
    case .uint16: truncate(memory, wide, count, start, UInt16.self)
    case .int32: truncate(memory, wide, count, start, Int32.self)
    case .uint32: truncate(memory, wide, count, start, UInt32.self)
    case .int64: truncate(memory, wide, count, start, Int64.self)
    case .float16:
      var output = memory.write(output, as: UInt16.self)
      narrowToHalf(wide, count: count, to: &output, from: start)
    case .float32:
      var output = memory.write(output, as: Float.self)
      narrow(wide, count: count, to: &output, from: start)
    case .float64:
      var output = memory.write(output, as: Double.self)
      narrow(wide, count: count, to: &output, from: start)
    case .bool:
      var output = memory.write(output, as: UInt8.self)
      truth(of: wide, count: count, to: &output, from: start)
    }
  }

  private func truncate<Element: FixedWidthInteger & BitwiseCopyable>(
    _ memory: OperatorMemory, _ wide: Span<Double>, _ count: Int, _ start: Int, _: Element.Type
  ) {
    var output = memory.write(output, as: Element.self)
    TinyTensorKernels.truncate(wide, count: count, to: &output, from: start)
  }

  private func write(_ memory: OperatorMemory, from start: Int, integers count: Int) {
    let wide = memory.read(ReadSlot(index: wide.index), as: Int64.self)
    switch target {
    case .int8: write(memory, wide, count, start, Int8.self)
    case .uint8: write(memory, wide, count, start, UInt8.self)
    case .int16: write(memory, wide, count, start, Int16.self)
    case .uint16: write(memory, wide, count, start, UInt16.self)
    case .int32: write(memory, wide, count, start, Int32.self)
    case .uint32: write(memory, wide, count, start, UInt32.self)
    case .int64: write(memory, wide, count, start, Int64.self)
    case .float16:
      var output = memory.write(output, as: UInt16.self)
      narrowToHalf(wide, count: count, to: &output, from: start)
    case .float32:
      var output = memory.write(output, as: Float.self)
      narrow(wide, count: count, to: &output, from: start)
    case .float64:
      var output = memory.write(output, as: Double.self)
      narrow(wide, count: count, to: &output, from: start)
    case .bool:
      var output = memory.write(output, as: UInt8.self)
      truth(of: wide, count: count, to: &output, from: start)
    }
  }

  private func write<Element: FixedWidthInteger & BitwiseCopyable>(
    _ memory: OperatorMemory, _ wide: Span<Int64>, _ count: Int, _ start: Int, _: Element.Type
  ) {
    var output = memory.write(output, as: Element.self)
    narrow(wide, count: count, to: &output, from: start)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "cast.reference", set: set) }
}
