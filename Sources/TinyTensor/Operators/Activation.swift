import TinyTensorKernels

/// The activation that an operator applies to its result.
enum Activation: Sendable, Hashable {
  case none
  case relu
  case reluN1To1
  case relu6
}

extension GraphBuilder {
  /// An activation by its number in the schema.
  func activation(_ number: Int8) throws(ModelError) -> Activation {
    switch number {
    case 0: return .none
    case 1: return .relu
    case 2: return .reluN1To1
    case 3: return .relu6
    case 4: throw error(.unsupportedOperator, "the fused activation TANH is not supported on quantized tensors")
    case 5: throw error(.unsupportedOperator, "the fused activation SIGN_BIT is not supported")
    default: throw error(.invalidOperator, "the fused activation \(number) is not in the schema")
    }
  }

  /// The range that an activation leaves of a type's range, in stored values.
  func activationRange(
    _ activation: Activation, _ type: ByteType, _ affine: Affine
  ) throws(ModelError) -> (minimum: Int32, maximum: Int32) {
    try activationRange(activation, type == .int8 ? ElementType.int8 : .uint8, affine)
  }

  /// The range that an activation leaves of an integer type's range, in stored values.
  func activationRange(
    _ activation: Activation, _ type: ElementType, _ affine: Affine
  ) throws(ModelError) -> (minimum: Int32, maximum: Int32) {
    let lowest = storedRange(of: type).lowerBound
    let highest = storedRange(of: type).upperBound
    switch activation {
    case .none:
      return (lowest, highest)
    case .relu:
      return (max(lowest, try stored(0, affine)), highest)
    case .reluN1To1:
      return (max(lowest, try stored(-1, affine)), min(highest, try stored(1, affine)))
    case .relu6:
      return (max(lowest, try stored(0, affine)), min(highest, try stored(6, affine)))
    }
  }

  /// What an operator does after it has scaled its sum.
  func outputStage(
    _ activation: Activation, _ type: ByteType, _ affine: Affine
  ) throws(ModelError) -> OutputStage {
    try outputStage(activation, type == .int8 ? ElementType.int8 : .uint8, affine)
  }

  /// What an operator does after it has scaled its sum.
  func outputStage(
    _ activation: Activation, _ type: ElementType, _ affine: Affine
  ) throws(ModelError) -> OutputStage {
    let range = try activationRange(activation, type, affine)
    return OutputStage(zeroPoint: affine.zeroPoint, minimum: range.minimum, maximum: range.maximum)
  }

  /// An activation of real numbers by its number in the schema. Without one, infinities still become the largest
  /// numbers, as in the reference.
  func realActivation(_ number: Int8, allowsHyperbolicTangent: Bool = false) throws(ModelError) -> RealActivation {
    let largest = Float.greatestFiniteMagnitude
    if number == 4, allowsHyperbolicTangent {
      return RealActivation(minimum: -largest, maximum: largest, isHyperbolicTangent: true)
    }
    switch number {
    case 0: return RealActivation(minimum: -largest, maximum: largest)
    case 1: return RealActivation(minimum: 0, maximum: largest)
    case 2: return RealActivation(minimum: -1, maximum: 1)
    case 3: return RealActivation(minimum: 0, maximum: 6)
    case 4: throw error(.unsupportedOperator, "the fused activation TANH is not supported in this operator")
    case 5: throw error(.unsupportedOperator, "the fused activation SIGN_BIT is not supported")
    default: throw error(.invalidOperator, "the fused activation \(number) is not in the schema")
    }
  }

  /// The stored value of a real one; the quotient is taken in single precision.
  private func stored(_ real: Float, _ affine: Affine) throws(ModelError) -> Int32 {
    let rounded = roundHalfAwayFromZero(Double(real / affine.scale))
    // The zero point fits 16 bits: the sum cannot overflow 64 bits.
    guard let value = Int32(exactly: rounded + Int64(affine.zeroPoint)) else {
      throw error(.invalidOperator, "its output scale is too small for its activation")
    }
    return value
  }
}
