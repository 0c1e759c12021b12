import FlatbufferReader
import TinyTensorKernels

/// Two inputs of one type and the shape that they have together.
struct OperandPair: Sendable {
  let lhs: Operand
  let rhs: Operand
  let type: ElementType
  let shape: Shape
  let broadcast: Broadcast
}

extension GraphBuilder {
  /// Both inputs of an operator with one output, of one of these types; the right one of int16 may be of another.
  func operandPair(
    _ types: [ElementType], sixteenBitRhs: ElementType = .int16
  ) throws(ModelError) -> OperandPair {
    try requireOperands(inputs: 2...2)
    let lhs = try input(0, oneOf: types)
    let rhs = try input(1, lhs.elementType == .int16 ? sixteenBitRhs : lhs.elementType)
    let (shape, broadcast) = try broadcast(lhs.shape, rhs.shape)
    return OperandPair(lhs: lhs, rhs: rhs, type: lhs.elementType, shape: shape, broadcast: broadcast)
  }

  /// The fused activation of an operator's options, in their first field; none without options.
  func fusedActivation(_ optionsType: UInt8) throws(ModelError) -> Activation {
    // The float16 results are clamped.
    if half != nil { return .none }
    let number = try options(optionsType) { (table) throws(ReadError) in try table.scalar(0, default: Int8(0)) }
    return try activation(number ?? 0)
  }

  /// Refuses operands whose stored values mean something else than the output's, for operators that only move or
  /// compare them.
  func requireOutputQuantization(_ operands: [Operand]) throws(ModelError) {
    let output = subgraph.tensors[node.outputs[0]]
    for operand in operands {
      let given = operand.quantization?.isPresent == true
      let wanted = output.quantization?.isPresent == true
      // Without quantization on either side the elements are plain numbers.
      if !given && !wanted { continue }
      guard given, wanted, try affine(of: operand) == outputAffine() else {
        throw error(.invalidOperator, "\(operand.name) has another quantization than the output")
      }
    }
  }

  /// The whole binary logarithm of a scale that is a power of two but for a thousandth of its logarithm, else `nil`.
  ///
  /// Computed in single precision, as in the reference.
  func binaryLogarithm(of scale: Float) -> Int32? {
    let exponent = Float(logarithm(Double(scale))) * (1 / Float(logarithm(2)))
    let whole = roundHalfAwayFromZero(Double(exponent))
    // A positive finite number's exponent is from -149 to 128.
    return (exponent - Float(whole)).magnitude < 1e-3 ? Int32(whole) : nil
  }
}
