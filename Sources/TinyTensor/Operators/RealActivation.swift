import TinyTensorKernels

extension GraphBuilder {
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
}
