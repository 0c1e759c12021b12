import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D. Scales play no part: input and output share them.
struct Pool: Sendable {
  enum Kind: Sendable {
    case average(IntegerType, minimum: Int32, maximum: Int32)
    case max(IntegerType, minimum: Int32, maximum: Int32)
    case real(RealPool, RealActivation)
  }

  let kind: Kind
  let geometry: WindowGeometry
  /// The instruction set whose kernel runs in place of the reference: for bytes and real numbers.
  let set: InstructionSet?
  let input: ReadSlot
  let output: WriteSlot
}

extension Pool {
  static func translateAverage(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .average)
  }

  static func translateMax(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .max)
  }

  static func translateL2(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, .l2)
  }

  private static func translate(_ graph: inout GraphBuilder, _ pool: RealPool) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 1...1)
    let options = try graph.requiredOptions(5) { (table) throws(ReadError) in
      (
        window: WindowOptions(
          padding: try table.scalar(0, default: 0), strideWidth: try table.scalar(1, default: 0),
          strideHeight: try table.scalar(2, default: 0)),
        filterWidth: Int(try table.scalar(3, default: Int32(0))),
        filterHeight: Int(try table.scalar(4, default: Int32(0))),
        activation: try table.scalar(5, default: Int8(0))
      )
    }
    let input =
      pool == .l2 ? try graph.input(0, .float32) : try graph.input(0, .int8, .uint8, .int16, .float32)
    try graph.requireImage(input)
    _ = try graph.outputType(0, input.elementType)
    let geometry = try graph.window(
      options.window, input: input.shape, kernelHeight: options.filterHeight, kernelWidth: options.filterWidth,
      outputChannels: input.shape[3])
    let kind: Kind
    if let type = IntegerType(input.elementType) {
      // Sums over a window must fit 32 bits.
      let limit: Int64 = type == .int16 ? 1 << 15 : 1 << 23
      guard Int64(options.filterHeight) * Int64(options.filterWidth) < limit else {
        throw graph.error(
          .invalidOperator, "its window of \(options.filterHeight) x \(options.filterWidth) elements is too large")
      }
      let activation = try graph.activation(options.activation)
      // Plain numbers have no activation: nothing says where its bounds lie.
      let plain = Affine(scale: 1, zeroPoint: 0)
      let affine =
        activation == .none && graph.lacksQuantization(input) ? plain : try graph.outputAffine()
      let range = graph.activationRange(activation, type, affine)
      kind =
        pool == .max
        ? .max(type, minimum: range.minimum, maximum: range.maximum)
        : .average(type, minimum: range.minimum, maximum: range.maximum)
    } else {
      kind = .real(pool, try graph.realActivation(options.activation))
    }
    return try graph.operation(
      Operation.pool,
      Pool(
        kind: kind, geometry: geometry, set: graph.poolInstructionSet(for: input), input: try graph.bind(input),
        output: try graph.bindOutput(shape: graph.outputShape(geometry))))
  }
}

extension Pool {
  func run(_ memory: OperatorMemory) {
    if let set { return run(memory, set) }
    switch kind {
    case .average(.int8, let minimum, let maximum): runAverage(memory, Int8.self, minimum, maximum)
    case .average(.uint8, let minimum, let maximum): runAverage(memory, UInt8.self, minimum, maximum)
    case .average(.int16, let minimum, let maximum): runAverage(memory, Int16.self, minimum, maximum)
    case .max(.int8, let minimum, let maximum): runMax(memory, Int8.self, minimum, maximum)
    case .max(.uint8, let minimum, let maximum): runMax(memory, UInt8.self, minimum, maximum)
    case .max(.int16, let minimum, let maximum): runMax(memory, Int16.self, minimum, maximum)
    case .real(let pool, let activation):
      var output = memory.write(output, as: Float.self)
      realPoolReference(pool, geometry, activation: activation, input: memory.read(input), output: &output)
    }
  }

  private func run(_ memory: OperatorMemory, _ set: InstructionSet) {
    if case .real(let pool, let activation) = kind {
      return unsafe VectorWork.run(
        set,
        .realPool(
          RealPoolTask(
            kind: RealPoolKind(pool), sizes: WindowSizes(poolOf: geometry),
            input: memory.pointer(input).assumingMemoryBound(to: Float.self),
            output: memory.pointer(output).assumingMemoryBound(to: Float.self), minimum: activation.minimum,
            maximum: activation.maximum, firstRow: 0, endRow: geometry.batches * geometry.outputHeight)),
        memory.workers)
    }
    guard let layer = PoolLayer(kind, geometry) else { return }
    unsafe VectorWork.run(
      set,
      .pool(
        PoolTask(
          layer: layer, input: memory.pointer(input), output: memory.pointer(output), firstRow: 0,
          endRow: geometry.batches * geometry.outputHeight)), memory.workers)
  }

  private func runAverage<Element: QuantizedElement>(
    _ memory: OperatorMemory, _: Element.Type, _ minimum: Int32, _ maximum: Int32
  ) {
    var output = memory.write(output, as: Element.self)
    averagePoolReference(geometry, minimum: minimum, maximum: maximum, input: memory.read(input), output: &output)
  }

  private func runMax<Element: QuantizedElement>(
    _ memory: OperatorMemory, _: Element.Type, _ minimum: Int32, _ maximum: Int32
  ) {
    var output = memory.write(output, as: Element.self)
    maxPoolReference(geometry, minimum: minimum, maximum: maximum, input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(
      kernel: kernel, set: set,
      furtherSteps: OperatorFacts.product(
        geometry.batches, geometry.outputHeight, geometry.outputWidth, geometry.inputChannels, geometry.kernelHeight,
        geometry.kernelWidth))
  }

  private var kernel: StaticString {
    switch kind {
    case .average(.int8, _, _): "avgpool.i8.reference"
    case .average(.uint8, _, _): "avgpool.u8.reference"
    case .average(.int16, _, _): "avgpool.i16.reference"
    case .max(.int8, _, _): "maxpool.i8.reference"
    case .max(.uint8, _, _): "maxpool.u8.reference"
    case .max(.int16, _, _): "maxpool.i16.reference"
    case .real(.average, _): "avgpool.f32.reference"
    case .real(.max, _): "maxpool.f32.reference"
    case .real(.l2, _): "l2pool.f32.reference"
    }
  }
}

extension PoolLayer {
  /// `nil` for pools of other types than bytes.
  fileprivate init?(_ kind: Pool.Kind, _ geometry: WindowGeometry) {
    let isMaximum: Bool
    let type: IntegerType
    let bounds: (minimum: Int32, maximum: Int32)
    switch kind {
    case .average(let element, let minimum, let maximum):
      (isMaximum, type, bounds) = (false, element, (minimum, maximum))
    case .max(let element, let minimum, let maximum): (isMaximum, type, bounds) = (true, element, (minimum, maximum))
    case .real: return nil
    }
    guard type != .int16 else { return nil }
    self.init(
      channels: geometry.inputChannels, inputHeight: geometry.inputHeight, inputWidth: geometry.inputWidth,
      outputHeight: geometry.outputHeight, outputWidth: geometry.outputWidth, kernelHeight: geometry.kernelHeight,
      kernelWidth: geometry.kernelWidth, strideHeight: geometry.strideHeight, strideWidth: geometry.strideWidth,
      paddingTop: geometry.paddingTop, paddingLeft: geometry.paddingLeft, isMaximum: isMaximum,
      isUnsigned: type == .uint8, minimum: bounds.minimum, maximum: bounds.maximum)
  }
}

extension RealPoolKind {
  fileprivate init(_ pool: RealPool) {
    switch pool {
    case .average: self = .average
    case .max: self = .maximum
    case .l2: self = .rootMeanSquare
    }
  }
}

extension WindowSizes {
  /// Of a pool, each of whose outputs sees its own channel.
  fileprivate init(poolOf geometry: WindowGeometry) {
    self.init(
      inputHeight: geometry.inputHeight, inputWidth: geometry.inputWidth, inputStep: geometry.inputChannels,
      outputHeight: geometry.outputHeight, outputWidth: geometry.outputWidth, outputStep: geometry.outputChannels,
      kernelHeight: geometry.kernelHeight, kernelWidth: geometry.kernelWidth, strideHeight: geometry.strideHeight,
      strideWidth: geometry.strideWidth, dilationHeight: 1, dilationWidth: 1, paddingTop: geometry.paddingTop,
      paddingLeft: geometry.paddingLeft, depth: 1, channels: geometry.inputChannels, isDepthwise: true)
  }
}

extension GraphBuilder {
  /// The set whose kernels can read a pool's image beyond its end: of bytes or real numbers; `nil` where there is none.
  fileprivate func poolInstructionSet(for input: Operand) -> InstructionSet? {
    guard input.elementType == .float32 else { return byteInstructionSet(for: input) }
    return isInMemory(input) ? context.instructionSet : nil
  }
}
