/// Functions of one float32 element.
package enum FloatFunction: Sendable, Hashable {
  case absolute
  case ceiling
  case clamp
  case cosine
  case elu
  case exponential
  case fakeQuantize
  case floor
  case gelu
  case geluByTangent
  case hardSwish
  case hyperbolicTangent
  case inverseSquareRoot
  case leakyRelu
  case logarithm
  case logistic
  case negate
  case round
  case sign
  case sine
  case square
  case squareRoot
}

/// Numbers that a function takes beside its element.
package struct FloatFunctionParameters: BitwiseCopyable, Sendable, Hashable {
  /// The bounds of `clamp` and of `fakeQuantize`.
  package var lower: Float
  package var upper: Float
  /// The slope of `leakyRelu` below 0; the step of `fakeQuantize`.
  package var factor: Float

  package init(lower: Float = 0, upper: Float = 0, factor: Float = 0) {
    self.lower = lower
    self.upper = upper
    self.factor = factor
  }
}

/// `output[i] = function(input[i])`. Mathematical functions are computed in double precision and rounded once, except
/// where the reference's own roundings are part of the result.
package func floatFunctionReference(
  _ function: FloatFunction, _ parameters: FloatFunctionParameters, input: Span<Float>,
  output: inout MutableSpan<Float>
) {
  let (lower, upper, factor) = (parameters.lower, parameters.upper, parameters.factor)
  switch function {
  case .absolute: apply(input, &output) { $0.magnitude }
  case .ceiling: apply(input, &output) { rounded($0, .up) }
  case .clamp: apply(input, &output) { clamp($0, lower, upper) }
  case .cosine: apply(input, &output) { Float(cosine(Double($0))) }
  case .elu: apply(input, &output) { $0 < 0 ? Float(exponentialMinusOne(Double($0))) : $0 }
  case .exponential: apply(input, &output) { Float(exponential(Double($0))) }
  case .fakeQuantize:
    let inverse = 1 / factor
    apply(input, &output) { value in
      let steps = Float(roundHalfAwayFromZero(Double((clamp(value, lower, upper) - lower) * inverse)))
      return steps * factor + lower
    }
  case .floor: apply(input, &output) { rounded($0, .down) }
  case .gelu: apply(input, &output) { FloatFunction.gelu($0) }
  case .geluByTangent: apply(input, &output) { FloatFunction.geluByTangent($0) }
  case .hardSwish: apply(input, &output) { $0 * clamp($0 + 3, 0, 6) / 6 }
  case .hyperbolicTangent: apply(input, &output) { Float(hyperbolicTangent(Double($0))) }
  case .inverseSquareRoot: apply(input, &output) { Float(1 / Double($0).squareRoot()) }
  case .leakyRelu: apply(input, &output) { $0 > 0 ? $0 : $0 * factor }
  case .logarithm: apply(input, &output) { Float(logarithm(Double($0))) }
  case .logistic: apply(input, &output) { Float(1 / (1 + exponential(-Double($0)))) }
  case .negate: apply(input, &output) { -$0 }
  case .round: apply(input, &output) { rounded($0, .nearestEven) }
  case .sign: apply(input, &output) { $0 > 0 ? 1 : ($0 < 0 ? -1 : $0) }
  case .sine: apply(input, &output) { Float(sine(Double($0))) }
  case .square: apply(input, &output) { $0 * $0 }
  case .squareRoot: apply(input, &output) { $0.squareRoot() }
  }
}

extension FloatFunction {
  /// `x` times the standard normal distribution's function, by the complementary error function.
  package static func gelu(_ x: Float) -> Float {
    0.5 * x * Float(complementaryErrorFunction(Double(x * -0.70710678)))
  }

  /// The approximation of ``gelu(_:)`` by a hyperbolic tangent.
  package static func geluByTangent(_ x: Float) -> Float {
    0.5 * x * (1 + Float(TinyTensorKernels.hyperbolicTangent(Double(0.7978845608 * (x + 0.044715 * x * x * x)))))
  }
}

@inline(__always)
private func apply<Element: BitwiseCopyable>(
  _ input: Span<Element>, _ output: inout MutableSpan<Element>, _ function: (Element) -> Element
) {
  for index in input.indices { output[index] = function(input[index]) }
}

/// Functions of one integer; they wrap on overflow.
package enum IntegerFunction: Sendable, Hashable {
  case absolute
  case negate
  case sign
  case square
}

/// `output[i] = function(input[i])`.
@specialized(where Element == Int16)
@specialized(where Element == Int32)
@specialized(where Element == Int64)
package func integerFunctionReference<Element: FixedWidthInteger & BitwiseCopyable>(
  _ function: IntegerFunction, input: Span<Element>, output: inout MutableSpan<Element>
) {
  switch function {
  case .absolute: apply(input, &output) { $0 < 0 ? 0 &- $0 : $0 }
  case .negate: apply(input, &output) { 0 &- $0 }
  case .sign: apply(input, &output) { $0.signum() }
  case .square: apply(input, &output) { $0 &* $0 }
  }
}
