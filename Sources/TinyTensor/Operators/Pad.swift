import FlatbufferReader
import TinyTensorKernels

/// PAD with the value that stands for 0: the output's zero point, or zero bytes where there is none.
struct Pad: Sendable {
  let parameters: PadParameters
  let input: ReadSlot
  let output: WriteSlot
}

extension Pad {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 2...2)
    let input = try graph.input(0)
    let paddings = try graph.input(1, .int32, .int64)
    let rank = input.shape.rank
    guard let bits = input.elementType.bitWidth, [8, 16, 32, 64].contains(bits) else {
      throw graph.error(.invalidOperator, "its input is \(input.elementType), which cannot be padded")
    }
    guard paddings.shape.rank == 2, paddings.shape[0] == rank, paddings.shape[1] == 2 else {
      throw graph.error(
        .invalidOperator, "its paddings have the shape \(paddings.shape) instead of [\(rank),2]")
    }
    let type = try graph.outputType(0, input.elementType)
    let amounts = try graph.constantIntegers(paddings, what: "the paddings")
    var before = SIMD8<Int32>(repeating: 0)
    var sizes: [Int] = []
    for axis in 0..<rank {
      guard let front = Int32(exactly: amounts[2 * axis]), let back = Int32(exactly: amounts[2 * axis + 1]),
        front >= 0, back >= 0
      else {
        throw graph.error(
          .invalidOperator, "it pads axis \(axis) by \(amounts[2 * axis]) and \(amounts[2 * axis + 1])")
      }
      let size = Int64(input.shape[axis]) + Int64(front) + Int64(back)
      sizes.append(Int(clamping: size))
      before[axis] = front
    }
    guard let shape = Shape(sizes) else {
      throw graph.error(.tooLarge, "its output \(describeShape(sizes)) is too large")
    }
    var pattern: UInt64 = 0
    if ByteType(type) != nil { pattern = UInt64(UInt8(truncatingIfNeeded: try graph.outputAffine().zeroPoint)) }
    return .pad(
      Pad(
        parameters: PadParameters(
          rank: max(rank, 1), inputSizes: input.shape.sizes, outputSizes: shape.sizes, before: before,
          elementSize: bits / 8, pattern: pattern),
        input: try graph.bind(input), output: try graph.bindOutput(shape: shape)))
  }
}

extension Pad {
  func run(_ memory: OperatorMemory) {
    var output = memory.writeBytes(output)
    padReference(parameters, input: memory.readBytes(input), output: &output)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "pad.reference") }
}
