import FlatbufferReader
import TinyTensorKernels

/// MEAN, SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN, REDUCE_ANY and REDUCE_ALL over the axes of a constant list: of plain
/// numbers and truth values, and of quantized elements where these are only compared.
struct Reduce: Sendable {
  enum StoredType: Sendable {
    case float32
    case int32
    case int64
    /// Only compared, or multiplied modulo their range where nothing says what they stand for.
    case int8
    case uint8
    case int16
    /// Truth values.
    case bool
  }

  let kernel: StaticString
  let type: StoredType
  /// Of truth values, `minimum` and `product` are whether all are true, the others whether any is.
  let kind: ReductionKind
  let geometry: ReductionGeometry
  /// What sums are divided by; 0 if they are not.
  let divisor: Int
  /// What the kernels of an instruction set need to run in place of the reference: for real numbers.
  let packed: PackedRealReduction?
  let input: ReadSlot
  /// Room for a 64-bit sum an output element, for means of int32.
  let sums: WriteSlot
  let output: WriteSlot
}

extension Reduce {
  static func translateMean(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(
      float32: "mean.f32.reference", int32: "mean.i32.reference", int64: "mean.i64.reference",
      int8: "mean.i8.reference", uint8: "mean.u8.reference", int16: "mean.i16.reference")
    let input = try operand(graph, names)
    if let type = IntegerType(input.elementType) {
      return try QuantizedMean.translate(&graph, input, type, isMean: true, names[input.elementType])
    }
    return try translate(&graph, input, .sum, names, divides: true)
  }

  /// The reference reads int8 and int16 tensors as uint8 here; this follows its formula instead.
  static func translateSum(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(
      float32: "sum.f32.reference", int32: "sum.i32.reference", int64: "sum.i64.reference",
      int8: "sum.i8.reference", uint8: "sum.u8.reference", int16: "sum.i16.reference", bool: "reduce_any.reference")
    let input = try operand(graph, names)
    if let type = IntegerType(input.elementType) {
      return try QuantizedMean.translate(&graph, input, type, isMean: false, names[input.elementType])
    }
    return try translate(&graph, input, .sum, names)
  }

  static func translateProduct(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(
      float32: "reduce_prod.f32.reference", int32: "reduce_prod.i32.reference", int64: "reduce_prod.i64.reference",
      int8: "reduce_prod.i8.reference", uint8: "reduce_prod.u8.reference", int16: "reduce_prod.i16.reference",
      bool: "reduce_all.reference")
    let input = try operand(graph, names)
    if let type = IntegerType(input.elementType), !graph.lacksQuantization(input) {
      guard type != .uint8 else { throw graph.error(.invalidOperator, "a product of quantized uint8 is not supported") }
      return try QuantizedProduct.translate(&graph, input, type, names[input.elementType])
    }
    return try translate(&graph, input, .product, names)
  }

  static func translateMaximum(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(
      float32: "reduce_max.f32.reference", int32: "reduce_max.i32.reference", int64: "reduce_max.i64.reference",
      int8: "reduce_max.i8.reference", uint8: "reduce_max.u8.reference", int16: "reduce_max.i16.reference",
      bool: "reduce_any.reference")
    return try translate(&graph, operand(graph, names), .maximum, names)
  }

  static func translateMinimum(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(
      float32: "reduce_min.f32.reference", int32: "reduce_min.i32.reference", int64: "reduce_min.i64.reference",
      int8: "reduce_min.i8.reference", uint8: "reduce_min.u8.reference", int16: "reduce_min.i16.reference",
      bool: "reduce_all.reference")
    return try translate(&graph, operand(graph, names), .minimum, names)
  }

  static func translateAny(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(bool: "reduce_any.reference")
    return try translate(&graph, operand(graph, names), .maximum, names)
  }

  static func translateAll(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let names = KernelNames(bool: "reduce_all.reference")
    return try translate(&graph, operand(graph, names), .minimum, names)
  }

  private static func operand(_ graph: GraphBuilder, _ names: KernelNames) throws(ModelError) -> Operand {
    try graph.requireOperands(inputs: 2...2)
    return try graph.input(0, oneOf: names.types)
  }

  private static func translate(
    _ graph: inout GraphBuilder, _ input: Operand, _ kind: ReductionKind, _ names: KernelNames, divides: Bool = false
  ) throws(ModelError) -> Operation? {
    _ = try graph.outputType(0, input.elementType)
    let reduction = try graph.reduction(of: input)
    guard !divides || reduction.count > 0 else {
      throw graph.error(.invalidOperator, "its input \(input.shape) leaves it no elements to take a mean of")
    }
    let type: StoredType
    switch input.elementType {
    case .float32: type = .float32
    case .int32: type = .int32
    case .int64: type = .int64
    case .bool: type = .bool
    default:
      type = input.elementType == .int8 ? .int8 : input.elementType == .uint8 ? .uint8 : .int16
      // The reference refuses them too.
      try graph.requireOutputQuantization([input])
    }
    let packed =
      type == .float32 && input.shape.count > 0
      ? graph.context.instructionSet.flatMap {
        PackedRealReduction(set: $0, kind, reduction.geometry, divisor: divides ? reduction.count : 1)
      } : nil
    return try graph.operation(
      Operation.reduce,
      Reduce(
        kernel: names[input.elementType], type: type, kind: kind, geometry: reduction.geometry,
        divisor: divides ? reduction.count : 0, packed: packed,
        input: packed == nil ? try graph.bind(input) : try graph.bindPadded(input),
        sums: try graph.bindScratch(count: divides && type == .int32 ? reduction.output.count : 0, of: Int64.self),
        output: try graph.bindOutput(shape: reduction.output)))
  }
}

extension Reduce {
  func run(_ memory: OperatorMemory) {
    if let packed { return packed.run(memory, input: input, output: output) }
    switch type {
    case .float32:
      var output = memory.write(output, as: Float.self)
      reduceReference(kind, geometry, input: memory.read(input), output: &output)
      if divisor > 0 { divideReference(&output, by: divisor) }
    case .int32:
      var output = memory.write(output, as: Int32.self)
      if divisor > 0 {
        var sums = memory.write(sums, as: Int64.self)
        meanReference(geometry, count: divisor, input: memory.read(input), sums: &sums, output: &output)
      } else {
        reduceReference(kind, geometry, input: memory.read(input), output: &output)
      }
    case .int64:
      var output = memory.write(output, as: Int64.self)
      reduceReference(kind, geometry, input: memory.read(input), output: &output)
      if divisor > 0 { divideReference(&output, by: divisor) }
    case .int8: runExtreme(memory, Int8.self)
    case .uint8: runExtreme(memory, UInt8.self)
    case .int16: runExtreme(memory, Int16.self)
    case .bool:
      var output = memory.write(output, as: UInt8.self)
      truthReference(isAll: kind == .minimum || kind == .product, geometry, input: memory.read(input), output: &output)
    }
  }

  private func runExtreme<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    if kind == .product { return wrappingProductReference(geometry, input: memory.read(input), output: &output) }
    extremeReference(isMaximum: kind == .maximum, geometry, input: memory.read(input), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: kernel, set: packed?.set) }
}

/// How a tensor shrinks when it is reduced over some of its axes.
struct Reduction {
  var output: Shape
  /// Input elements an output element.
  var count: Int
  var geometry: ReductionGeometry
}

extension GraphBuilder {
  /// Which axes a constant list names; negative ones count from the back and repetition changes nothing.
  func reducedAxes(_ operand: Operand, of shape: Shape) throws(ModelError) -> [Bool] {
    var isReduced = [Bool](repeating: false, count: shape.rank)
    for axis in try constantIntegers(operand, what: "the list of axes") {
      guard axis >= -shape.rank, axis < shape.rank, let normalized = shape.normalized(axis: axis) else {
        throw error(.invalidOperator, "its input \(shape) has no axis \(axis)")
      }
      isReduced[normalized] = true
    }
    return isReduced
  }

  /// How a shape shrinks over axes.
  func reduction(of shape: Shape, over isReduced: [Bool], keepsAxes: Bool) throws(ModelError) -> Reduction {
    var outputSizes: [Int] = []
    var count = 1
    var strides = SIMD8<Int32>(repeating: 0)
    var stride = 1
    for axis in (0..<shape.rank).reversed() {
      if isReduced[axis] {
        count = try product(count, shape[axis])
        if keepsAxes { outputSizes.append(1) }
      } else {
        strides[axis] = Int32(clamping: stride)
        stride = try product(stride, shape[axis])
        outputSizes.append(shape[axis])
      }
    }
    guard let output = Shape(outputSizes.reversed()) else {
      throw error(.tooLarge, "its output \(describeShape(outputSizes.reversed())) is too large")
    }
    return Reduction(
      output: output, count: count,
      geometry: ReductionGeometry(rank: max(shape.rank, 1), sizes: shape.sizes, outputStrides: strides))
  }

  /// The product of some of a shape's sizes: without those that are 0 it may not fit.
  private func product(_ lhs: Int, _ rhs: Int) throws(ModelError) -> Int {
    let (product, overflow) = lhs.multipliedReportingOverflow(by: rhs)
    guard !overflow else { throw error(.tooLarge, "its input has too many elements along some of its axes") }
    return product
  }

  /// The reduction that the operator's options and its second input, a constant list of axes, ask for.
  func reduction(of input: Operand) throws(ModelError) -> Reduction {
    let keepsAxes = try options(27) { (table) throws(ReadError) in try table.scalar(0, default: false) } ?? false
    let axes = try reducedAxes(self.input(1, .int32, .int64), of: input.shape)
    return try reduction(of: input.shape, over: axes, keepsAxes: keepsAxes)
  }
}
