import TinyTensorKernels

/// The activation that an operator applies to its result.
enum Activation: Sendable, Hashable {
  case none
  case relu
  case relu0To1
  case reluN1To1
  case relu6
}

extension Activation {
  /// The range that it leaves of plain numbers.
  var range: NumberRange {
    switch self {
    case .none: .unbounded
    case .relu: NumberRange(lower: 0, upper: nil)
    case .relu0To1: NumberRange(lower: 0, upper: 1)
    case .reluN1To1: NumberRange(lower: -1, upper: 1)
    case .relu6: NumberRange(lower: 0, upper: 6)
    }
  }
}

extension IntegerType {
  /// The values that the type can store.
  var storedRange: ClosedRange<Int32> {
    switch self {
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    }
  }
}

extension ByteType {
  var integerType: IntegerType {
    switch self {
    case .int8: .int8
    case .uint8: .uint8
    }
  }
}

extension GraphBuilder {
  /// An activation by its number in the schema.
  func activation(_ number: Int8) throws(ModelError) -> Activation {
    switch number {
    case 0: return .none
    case 1: return .relu
    case 2: return .reluN1To1
    case 3: return .relu6
    case 4: throw error(.unsupportedOperator, Self.refusedHyperbolicTangent)
    case 5: throw error(.unsupportedOperator, "the fused activation SIGN_BIT is not supported")
    default: throw error(.invalidOperator, "the fused activation \(number) is not in the schema")
    }
  }

  /// The range that an activation leaves of a type's range, in stored values.
  func activationRange(
    _ activation: Activation, _ type: IntegerType, _ affine: Affine
  ) -> (minimum: Int32, maximum: Int32) {
    let range = type.storedRange
    let (lowest, highest) = (range.lowerBound, range.upperBound)
    switch activation {
    case .none:
      return (lowest, highest)
    case .relu:
      return (max(lowest, stored(0, affine)), highest)
    case .relu0To1:
      return (max(lowest, stored(0, affine)), min(highest, stored(1, affine)))
    case .reluN1To1:
      return (max(lowest, stored(-1, affine)), min(highest, stored(1, affine)))
    case .relu6:
      return (max(lowest, stored(0, affine)), min(highest, stored(6, affine)))
    }
  }

  /// The range that an activation leaves of a type's range, in stored values.
  func activationRange(
    _ activation: Activation, _ type: ByteType, _ affine: Affine
  ) -> (minimum: Int32, maximum: Int32) {
    activationRange(activation, type.integerType, affine)
  }

  /// What an operator does after it has scaled its sum.
  func outputStage(
    _ activation: Activation, _ type: IntegerType, _ affine: Affine
  ) -> OutputStage {
    let range = activationRange(activation, type, affine)
    return OutputStage(zeroPoint: affine.zeroPoint, minimum: range.minimum, maximum: range.maximum)
  }

  /// What an operator does after it has scaled its sum.
  func outputStage(
    _ activation: Activation, _ type: ByteType, _ affine: Affine
  ) -> OutputStage {
    outputStage(activation, type.integerType, affine)
  }

  /// The stored value of a real one; the quotient is taken in single precision. One beyond 32 bits, which the reference
  /// refuses, is beyond the type's range: its end takes its place.
  private func stored(_ real: Float, _ affine: Affine) -> Int32 {
    let rounded = roundHalfAwayFromZero(Double(real / affine.scale))
    // The zero point has at most 32 bits: the sum cannot overflow 64 bits.
    return Int32(clamping: rounded + Int64(affine.zeroPoint))
  }
}
