import FlatbufferReader
import TinyTensorKernels

/// FULLY_CONNECTED: `output[r, u] = clamp(zero + round(factor[u] * (bias[u] + sum (input - zero) * (weights - zero))))`.
struct FullyConnected: Sendable {
  let type: ByteType
  let parameters: FullyConnectedParameters
  let input: ReadSlot
  let weights: ReadSlot
  let bias: ReadSlot
  let factors: ReadSlot
  let output: WriteSlot
}

extension FullyConnected {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...3)
    let options =
      try graph.options(8) { (table) throws(ReadError) in
        (
          activation: try table.scalar(0, default: Int8(0)), weightsFormat: try table.scalar(1, default: Int8(0)),
          keepsAxes: try table.scalar(2, default: false)
        )
      } ?? (activation: 0, weightsFormat: 0, keepsAxes: false)
    guard options.weightsFormat == 0 else {
      throw graph.error(.unsupportedOperator, "the shuffled weights format is not supported")
    }
    let input = try graph.input(0, .int8, .uint8)
    let weights = try graph.input(1, input.elementType)
    guard weights.shape.rank == 2, weights.shape.count > 0 else {
      throw graph.error(
        .invalidOperator, "its weights have the shape \(weights.shape) instead of [units, depth] above 0")
    }
    let units = weights.shape[0]
    let depth = weights.shape[1]
    guard input.shape.count > 0, input.shape.count % depth == 0 else {
      throw graph.error(
        .invalidOperator, "its input \(input.shape) is not a whole number of rows of \(depth) elements")
    }
    let rows = input.shape.count / depth
    var sizes = [rows, units]
    if options.keepsAxes {
      guard input.shape.rank > 0, input.shape[input.shape.rank - 1] == depth else {
        throw graph.error(.invalidOperator, "its input \(input.shape) does not end with the depth \(depth)")
      }
      sizes = input.shape.array
      sizes[sizes.count - 1] = units
    }
    guard let shape = Shape(sizes) else {
      throw graph.error(.tooLarge, "its output \(describeShape(sizes)) is too large")
    }
    guard let type = ByteType(try graph.outputType(0, input.elementType)) else {
      throw graph.error(.invalidOperator, "its output must be int8 or uint8")
    }
    let inputAffine = try graph.affine(of: input)
    let outputAffine = try graph.outputAffine()
    // A zero point of weights counts where they have a single scale.
    var weightsZeroPoint: Int16 = 0
    let scales: [Float]
    if weights.quantization?.scales.count == 1 {
      let affine = try graph.affine(of: weights)
      weightsZeroPoint = Int16(affine.zeroPoint)
      scales = [affine.scale]
    } else {
      guard type == .int8 else {
        throw graph.error(.invalidOperator, "uint8 weights must have a single scale")
      }
      scales = try graph.channelScales(of: weights, axis: 0, channels: units)
    }
    var factors: [Double] = []
    factors.reserveCapacity(units)
    for unit in 0..<units {
      let scale = scales[scales.count == 1 ? 0 : unit]
      factors.append(Double(inputAffine.scale) * Double(scale) / Double(outputAffine.scale))
    }
    let stage = try graph.outputStage(graph.activation(options.activation), type, outputAffine)
    return .fullyConnected(
      FullyConnected(
        type: type,
        parameters: FullyConnectedParameters(
          rows: rows, depth: depth, units: units, inputZeroPoint: Int16(inputAffine.zeroPoint),
          weightsZeroPoint: weightsZeroPoint, output: stage),
        input: try graph.bind(input),
        weights: try graph.bind(weights),
        bias: try graph.bindBias(2, channels: units),
        factors: try graph.bind(packed: factors),
        output: try graph.bindOutput(shape: shape)))
  }
}

extension FullyConnected {
  func run(_ memory: OperatorMemory) {
    switch type {
    case .int8: run(memory, Int8.self)
    case .uint8: run(memory, UInt8.self)
    }
  }

  private func run<Element: QuantizedElement>(_ memory: OperatorMemory, _: Element.Type) {
    var output = memory.write(output, as: Element.self)
    fullyConnectedReference(
      parameters, input: memory.read(input), weights: memory.read(weights), bias: memory.read(bias),
      factors: memory.read(factors), output: &output)
  }

  var facts: OperatorFacts {
    OperatorFacts(
      kernel: type == .int8 ? "fc.i8i8.reference" : "fc.u8u8.reference",
      multiplyAccumulates: OperatorFacts.product(parameters.rows, parameters.depth, parameters.units))
  }
}
