import FlatbufferReader
import KernelInterface
import TinyTensorKernels

/// MEAN or SUM of a quantized tensor over the axes of a constant list.
struct QuantizedMean: Sendable {
  let kernel: StaticString
  let type: IntegerType
  let parameters: MeanParameters
  let packed: PackedMean?
  let input: ReadSlot
  let sums: WriteSlot
  let output: WriteSlot
}

extension QuantizedMean {
  static func translate(
    _ graph: inout GraphBuilder, _ input: Operand, _ type: IntegerType, isMean: Bool, _ kernel: StaticString
  ) throws(ModelError) -> Operation? {
    _ = try graph.outputType(0, input.elementType)
    guard input.shape.count > 0 else { throw graph.error(.invalidOperator, "its input is empty") }
    let reduction = try graph.reduction(of: input)
    if graph.lacksQuantization(input) { return try Fill.scaledByZero(&graph, input, shape: reduction.output) }
    // Sums must fit 32 bits.
    let limit = type == .int16 ? 1 << 16 : 1 << 23
    guard reduction.count < limit else {
      throw graph.error(.invalidOperator, "it sums up \(reduction.count) elements, more than 32 bits hold")
    }
    let from = try graph.affine(of: input)
    let to = try graph.outputAffine()
    let factor = try graph.finiteMultiplier(Double(from.scale) / Double(to.scale))
    let parameters = MeanParameters(
      geometry: reduction.geometry, sumOffset: from.zeroPoint * Int32(reduction.count),
      factor: (isMean ? factor.divided(byCount: reduction.count) : factor).wrapped,
      output: graph.outputStage(.none, type, to))
    return try graph.operation(
      Operation.quantizedMean,
      QuantizedMean(
        kernel: kernel, type: type, parameters: parameters,
        packed: graph.byteInstructionSet(for: input).flatMap {
          PackedMean(set: $0, parameters, count: reduction.count, isUnsigned: type == .uint8)
        },
        input: try graph.bind(input),
        sums: try graph.bindScratch(count: reduction.output.count, of: Int32.self),
        output: try graph.bindOutput(shape: reduction.output)))
  }
}

extension QuantizedMean {
  func run(_ memory: OperatorMemory) {
    if let packed { return packed.run(memory, input: input, output: output) }
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    case .int16: run(memory, Int16.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    var sums = memory.write(sums, as: Int32.self)
    meanReference(parameters, input: memory.read(input), sums: &sums, output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel, set: packed?.set) }
}

/// REDUCE_PROD of a quantized tensor.
struct QuantizedProduct: Sendable {
  let kernel: StaticString
  let type: IntegerType
  let parameters: QuantizedProductParameters
  let input: ReadSlot
  let products: WriteSlot
  let output: WriteSlot
}

extension QuantizedProduct {
  static func translate(
    _ graph: inout GraphBuilder, _ input: Operand, _ type: IntegerType, _ kernel: StaticString
  ) throws(ModelError) -> Operation? {
    _ = try graph.outputType(0, input.elementType)
    guard input.shape.count > 0 else { throw graph.error(.invalidOperator, "its input is empty") }
    let reduction = try graph.reduction(of: input)
    let from = try graph.affine(of: input)
    let to = try graph.outputAffine()
    let factor = QuantizedMultiplier(Double(from.scale) / power(Double(to.scale), 1 / Double(reduction.count)))
    guard factor.shift < 8 else {
      throw graph.error(.invalidOperator, "its output's scale is too small for a product of its input's elements")
    }
    return try graph.operation(
      Operation.quantizedProduct,
      QuantizedProduct(
        kernel: kernel, type: type,
        parameters: QuantizedProductParameters(
          geometry: reduction.geometry, inputZeroPoint: from.zeroPoint, factor: factor,
          output: graph.outputStage(.none, type, to)),
        input: try graph.bind(input),
        products: try graph.bindScratch(count: reduction.output.count, of: Int64.self),
        output: try graph.bindOutput(shape: reduction.output)))
  }
}

extension QuantizedProduct {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    case .int16: run(memory, Int16.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    var products = memory.write(products, as: Int64.self)
    quantizedProductReference(parameters, input: memory.read(input), products: &products, output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel) }
}
