import TinyTensorKernels

extension GraphBuilder {
  /// Why a fused TANH is refused but for recurrent layers and FULLY_CONNECTED of two number types: LiteRT's other
  /// FULLY_CONNECTED refuses it, and its other kernels leave it out without a word, so that no output is right.
  static let refusedHyperbolicTangent =
    "the fused activation TANH is not supported in this operator, and TensorFlow Lite does not apply it either; "
    + "convert the model with TANH as an operator of its own"

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
    case 4: throw error(.unsupportedOperator, Self.refusedHyperbolicTangent)
    case 5: throw error(.unsupportedOperator, "the fused activation SIGN_BIT is not supported")
    default: throw error(.invalidOperator, "the fused activation \(number) is not in the schema")
    }
  }
}
