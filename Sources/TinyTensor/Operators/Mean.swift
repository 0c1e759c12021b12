import FlatbufferReader
import TinyTensorKernels

/// MEAN over the axes of a constant list.
struct Mean: Sendable {
  let type: ByteType
  let parameters: MeanParameters
  let input: ReadSlot
  let sums: WriteSlot
  let output: WriteSlot
}

extension Mean {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let keepsAxes =
      try graph.options(27) { (table) throws(ReadError) in try table.scalar(0, default: false) } ?? false
    let input = try graph.input(0, .int8, .uint8)
    let axes = try graph.reducedAxes(graph.input(1, .int32, .int64), of: input.shape)
    guard let type = ByteType(try graph.outputType(0, input.elementType)) else {
      throw graph.error(.invalidOperator, "its output must be int8 or uint8")
    }
    guard input.shape.count > 0 else { throw graph.error(.invalidOperator, "its input is empty") }
    let reduction = try graph.reduction(of: input.shape, over: axes, keepsAxes: keepsAxes)
    // Sums of bytes must fit 32 bits.
    guard reduction.count < 1 << 23 else {
      throw graph.error(.invalidOperator, "it sums up \(reduction.count) elements, more than 32 bits hold")
    }
    let inputAffine = try graph.affine(of: input)
    let outputAffine = try graph.outputAffine()
    let factor = try graph.multiplier(Double(inputAffine.scale) / Double(outputAffine.scale))
    return .mean(
      Mean(
        type: type,
        parameters: MeanParameters(
          rank: reduction.rank, sizes: reduction.sizes, outputStrides: reduction.outputStrides,
          sumOffset: inputAffine.zeroPoint * Int32(reduction.count), factor: factor.divided(byCount: reduction.count),
          output: try graph.outputStage(.none, type, outputAffine)),
        input: try graph.bind(input),
        sums: try graph.bindScratch(count: reduction.output.count, of: Int32.self),
        output: try graph.bindOutput(shape: reduction.output)))
  }
}

extension Mean {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    var sums = memory.write(sums, as: Int32.self)
    meanReference(parameters, input: memory.read(input), sums: &sums, output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(kernel: type == .int8 ? "mean.i8.reference" : "mean.u8.reference")
  }
}

/// How a tensor shrinks when it is reduced over some of its axes.
struct Reduction {
  var output: Shape
  /// Input elements an output element.
  var count: Int
  /// Axes of the input in use, at least 1.
  var rank: Int
  var sizes: SIMD8<Int32>
  /// How far the output moves along each axis of the input; 0 along a reduced one.
  var outputStrides: SIMD8<Int32>
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
        // The product of all sizes fits, and none is 0.
        count *= shape[axis]
        if keepsAxes { outputSizes.append(1) }
      } else {
        strides[axis] = Int32(clamping: stride)
        stride *= shape[axis]
        outputSizes.append(shape[axis])
      }
    }
    guard let output = Shape(outputSizes.reversed()) else {
      throw error(.tooLarge, "its output \(describeShape(outputSizes.reversed())) is too large")
    }
    return Reduction(
      output: output, count: count, rank: max(shape.rank, 1), sizes: shape.sizes, outputStrides: strides)
  }
}
