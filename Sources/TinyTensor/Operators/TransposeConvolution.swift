import FlatbufferReader
import TinyTensorKernels

/// TRANSPOSE_CONV: the input is what a convolution would make of the output.
struct TransposeConvolution: Sendable {
  /// That convolution's window.
  let geometry: WindowGeometry
  let operands: FilterOperands
  let output: WriteSlot
}

extension TransposeConvolution {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 3...4)
    let options = try graph.requiredOptions(49) { (table) throws(ReadError) in
      (
        window: WindowOptions(
          padding: try table.scalar(0, default: 0), strideWidth: try table.scalar(1, default: 0),
          strideHeight: try table.scalar(2, default: 0)),
        activation: try table.scalar(3, default: Int8(0)),
        biasType: try table.scalar(4, default: Int8(0))
      )
    }
    let sizes = try graph.input(0, .int32)
    let filter = try graph.input(1)
    let input = try graph.input(2, .int8, .uint8, .int16, .float32)
    try graph.requireImage(input)
    try graph.requireImage(filter)
    guard sizes.shape.rank == 1, sizes.shape[0] == 4,
      let shape = Shape(try graph.constantIntegers(sizes, what: "the output shape")), shape.count > 0
    else {
      throw graph.error(.invalidOperator, "its output shape is not a list of 4 positive sizes")
    }
    guard shape[0] == input.shape[0], shape[3] == filter.shape[0], filter.shape[3] == input.shape[3] else {
      throw graph.error(
        .invalidOperator,
        "its input \(input.shape), filter \(filter.shape) and output shape \(shape) do not belong together")
    }
    let geometry = try graph.window(
      options.window, input: shape, kernelHeight: filter.shape[1], kernelWidth: filter.shape[2],
      outputChannels: input.shape[3])
    guard geometry.outputHeight == input.shape[1], geometry.outputWidth == input.shape[2] else {
      throw graph.error(
        .invalidOperator,
        "its input \(input.shape) is not what a convolution of its output shape \(shape) would give: "
          + "\(geometry.outputHeight) x \(geometry.outputWidth) pixels")
    }
    return try graph.operation(
      Operation.transposeConvolution,
      TransposeConvolution(
        geometry: geometry,
        operands: try graph.filterOperands(
          input: input, filter: filter, bias: 3, axis: 0, activation: options.activation,
          wideBias: .option(options.biasType)),
        output: try graph.bindOutput(shape: shape)))
  }
}

extension TransposeConvolution {
  func run(_ memory: OperatorMemory) {
    switch operands.arithmetic {
    case .int8(let arithmetic): run(memory, arithmetic)
    case .uint8(let arithmetic): run(memory, arithmetic)
    case .int16(let arithmetic): run(memory, arithmetic)
    case .int16Wide(let arithmetic): run(memory, arithmetic)
    case .float32(let arithmetic): run(memory, arithmetic)
    }
  }

  private func run<Arithmetic: LayerArithmetic>(_ memory: OperatorMemory, _ arithmetic: Arithmetic) {
    var output = memory.write(output, as: Arithmetic.Output.self)
    convolveTransposedReference(
      arithmetic, geometry, input: memory.read(operands.input), filter: memory.read(operands.filter),
      bias: memory.read(operands.bias), factors: memory.read(operands.factors), output: &output)
  }

  var facts: OperatorFacts {
    let kernel: StaticString =
      switch operands.arithmetic {
      case .int8: "tconv2d.i8i8.reference"
      case .uint8: "tconv2d.u8u8.reference"
      case .int16: "tconv2d.i16i8.reference"
      case .int16Wide: "tconv2d.i16i8i64.reference"
      case .float32: "tconv2d.f32f32.reference"
      }
    // Each input pixel adds a window to the output; those that padding cuts off are counted too.
    return OperatorFacts(
      kernel: kernel,
      multiplyAccumulates: OperatorFacts.product(
        geometry.outputCount, geometry.kernelHeight, geometry.kernelWidth, geometry.inputChannels))
  }
}
