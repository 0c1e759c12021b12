/// The numbers that a layer of sums of products computes with: convolutions, fully connected layers and products of
/// matrices each have one loop, and this says what is multiplied, summed and stored.
package protocol LayerArithmetic: BitwiseCopyable, Sendable {
  associatedtype Input: BitwiseCopyable
  associatedtype Weight: BitwiseCopyable
  associatedtype Bias: BitwiseCopyable
  /// What turns a sum into the output's units, one a channel.
  associatedtype Factor: BitwiseCopyable
  associatedtype Sum: BitwiseCopyable
  associatedtype Output: BitwiseCopyable

  static var emptySum: Sum { get }
  static var noBias: Bias { get }

  /// Adds the products of the elements of two spans of equal count, in their order.
  func add(_ inputs: Span<Input>, times weights: Span<Weight>, to sum: inout Sum)

  /// Adds one product.
  func add(_ input: Input, times weight: Weight, to sum: inout Sum)

  /// The output that a complete sum gives.
  func output(_ sum: Sum, bias: Bias, factor: Factor) -> Output
}

// MARK: Integers

/// What scales a sum of integers to the output's scale.
package protocol SumFactor: BitwiseCopyable, Sendable {
  /// The sum scaled, then shifted and clamped to the range of `stage`.
  func scale(_ sum: Int32, _ stage: OutputStage) -> Int32
  /// The sum scaled, then shifted and clamped to the range of `stage`.
  func scale(_ sum: Int64, _ stage: OutputStage) -> Int32
}

/// Fixed point: two roundings for 32-bit sums, one of a shorter factor for 64-bit ones.
extension QuantizedMultiplier: SumFactor {
  @inline(__always)
  package func scale(_ sum: Int32, _ stage: OutputStage) -> Int32 {
    clamp(apply(to: sum) &+ stage.zeroPoint, stage.minimum, stage.maximum)
  }

  @inline(__always)
  package func scale(_ sum: Int64, _ stage: OutputStage) -> Int32 {
    clamp(apply(toWide: sum) &+ stage.zeroPoint, stage.minimum, stage.maximum)
  }
}

/// Double precision, rounded half away from zero.
extension Double: SumFactor {
  @inline(__always)
  package func scale(_ sum: Int32, _ stage: OutputStage) -> Int32 { Self.stored(Double(sum) * self, stage) }

  @inline(__always)
  package func scale(_ sum: Int64, _ stage: OutputStage) -> Int32 { Self.stored(Double(sum) * self, stage) }

  @inline(__always)
  private static func stored(_ real: Double, _ stage: OutputStage) -> Int32 {
    // |rounded| <= 2^62 and the zero point fits 16 bits: no overflow in 64 bits.
    let rounded = roundHalfAwayFromZero(real) &+ Int64(stage.zeroPoint)
    return Int32(truncatingIfNeeded: min(max(rounded, Int64(stage.minimum)), Int64(stage.maximum)))
  }
}

/// A type that integers are summed in.
package protocol IntegerSum: FixedWidthInteger, SignedInteger, BitwiseCopyable, Sendable {
  func scaled<Factor: SumFactor>(by factor: Factor, _ stage: OutputStage) -> Int32
}

extension Int32: IntegerSum {
  @inline(__always)
  package func scaled<Factor: SumFactor>(by factor: Factor, _ stage: OutputStage) -> Int32 {
    factor.scale(self, stage)
  }
}

extension Int64: IntegerSum {
  @inline(__always)
  package func scaled<Factor: SumFactor>(by factor: Factor, _ stage: OutputStage) -> Int32 {
    factor.scale(self, stage)
  }
}

/// `clamp(zeroPoint + scaled(bias + sum (input - inputZeroPoint) * (weight - weightZeroPoint)))`.
///
/// Zero points count for 8-bit elements alone; operands of which one has 16 bits have none. Sums are taken modulo their
/// type: 32-bit ones as the reference takes them; 64-bit ones cannot overflow, as a product is at most `2^30` and a
/// tensor has fewer than `2^31` elements, unless the bias is beyond `2^62`.
package struct IntegerArithmetic<
  Input: QuantizedElement, Weight: QuantizedElement, Sum: IntegerSum, Factor: SumFactor, Output: QuantizedElement
>: LayerArithmetic {
  package typealias Bias = Sum

  package var inputZeroPoint: Int16
  package var weightZeroPoint: Int16
  package var stage: OutputStage

  package init(inputZeroPoint: Int16, weightZeroPoint: Int16, stage: OutputStage) {
    self.inputZeroPoint = inputZeroPoint
    self.weightZeroPoint = weightZeroPoint
    self.stage = stage
  }

  @inline(__always) package static var emptySum: Sum { 0 }
  @inline(__always) package static var noBias: Sum { 0 }

  @inline(__always)
  package func add(_ inputs: Span<Input>, times weights: Span<Weight>, to sum: inout Sum) {
    if Input.bitWidth == 8 && Weight.bitWidth == 8 {
      sum &+= Sum(truncatingIfNeeded: dotProduct(inputs, inputZeroPoint, weights, weightZeroPoint))
    } else {
      addProducts(inputs, weights, to: &sum)
    }
  }

  @inline(__always)
  package func add(_ input: Input, times weight: Weight, to sum: inout Sum) {
    let left = Int32(truncatingIfNeeded: input) &- Int32(inputZeroPoint)
    let right = Int32(truncatingIfNeeded: weight) &- Int32(weightZeroPoint)
    sum &+= Sum(truncatingIfNeeded: left &* right)
  }

  @inline(__always)
  package func output(_ sum: Sum, bias: Sum, factor: Factor) -> Output {
    narrow((sum &+ bias).scaled(by: factor, stage), to: Output.self)
  }
}

/// int8 activations and weights.
package typealias Int8Arithmetic = IntegerArithmetic<Int8, Int8, Int32, QuantizedMultiplier, Int8>
/// uint8 activations and weights, both with zero points.
package typealias UInt8Arithmetic = IntegerArithmetic<UInt8, UInt8, Int32, QuantizedMultiplier, UInt8>
/// int16 activations and int8 weights, summed in 32 bits.
package typealias Int16Arithmetic = IntegerArithmetic<Int16, Int8, Int32, QuantizedMultiplier, Int16>
/// int16 activations and int8 weights, summed in 64 bits.
package typealias Int16WideArithmetic = IntegerArithmetic<Int16, Int8, Int64, QuantizedMultiplier, Int16>
/// int16 times int16, summed in 64 bits.
package typealias Int16MatrixArithmetic = IntegerArithmetic<Int16, Int16, Int64, QuantizedMultiplier, Int16>

// MARK: Real numbers

/// The activation of real numbers: a range, and a hyperbolic tangent behind it.
package struct RealActivation: BitwiseCopyable, Sendable, Hashable {
  package var minimum: Float
  package var maximum: Float
  package var isHyperbolicTangent: Bool

  package init(minimum: Float, maximum: Float, isHyperbolicTangent: Bool = false) {
    self.minimum = minimum
    self.maximum = maximum
    self.isHyperbolicTangent = isHyperbolicTangent
  }

  /// All values, infinities among them: of operators that have no activation.
  package static let none = RealActivation(minimum: -.infinity, maximum: .infinity)

  /// `value` inside the range; not a number stays what it is.
  @inline(__always)
  package func apply(to value: Float) -> Float {
    let raised = value < minimum ? minimum : value
    let clamped = maximum < raised ? maximum : raised
    return isHyperbolicTangent ? Float(hyperbolicTangent(Double(clamped))) : clamped
  }
}

/// `activation(bias + sum input * weight)` in single precision, each product and sum rounded, in their natural order.
package struct RealArithmetic: LayerArithmetic {
  package var activation: RealActivation

  package init(activation: RealActivation) { self.activation = activation }

  @inline(__always) package static var emptySum: Float { 0 }
  @inline(__always) package static var noBias: Float { 0 }

  @inline(__always)
  package func add(_ inputs: Span<Float>, times weights: Span<Float>, to sum: inout Float) {
    precondition(inputs.count == weights.count)
    for index in inputs.indices {
      // Sound: both spans have this count.
      unsafe sum += inputs[unchecked: index] * weights[unchecked: index]
    }
  }

  @inline(__always)
  package func add(_ input: Float, times weight: Float, to sum: inout Float) { sum += input * weight }

  /// The factor is not read.
  @inline(__always)
  package func output(_ sum: Float, bias: Float, factor: Float) -> Float { activation.apply(to: sum + bias) }
}

/// Real activations, quantized to int8 on the fly, with int8 weights:
/// `activation(bias + sum * (inputScale * weightScale))`, where `sum` is that of `(input - inputZeroPoint) * weight`; or
/// `activation(bias + sum * weightScale * inputScale)`.
package struct HybridArithmetic: LayerArithmetic {
  package var inputScale: Float
  package var inputZeroPoint: Int16
  /// Whether sums are multiplied with the weights' scale first, and with the input's then.
  package var isFactorFirst: Bool
  package var activation: RealActivation

  package init(inputScale: Float, inputZeroPoint: Int16, isFactorFirst: Bool, activation: RealActivation) {
    self.inputScale = inputScale
    self.inputZeroPoint = inputZeroPoint
    self.isFactorFirst = isFactorFirst
    self.activation = activation
  }

  @inline(__always) package static var emptySum: Int32 { 0 }
  @inline(__always) package static var noBias: Float { 0 }

  /// The sum is taken modulo `2^32`.
  @inline(__always)
  package func add(_ inputs: Span<Int8>, times weights: Span<Int8>, to sum: inout Int32) {
    sum &+= dotProduct(inputs, inputZeroPoint, weights, 0)
  }

  @inline(__always)
  package func add(_ input: Int8, times weight: Int8, to sum: inout Int32) {
    sum &+= (Int32(input) &- Int32(inputZeroPoint)) &* Int32(weight)
  }

  /// - Parameters:
  ///   - sum: the sum of products.
  ///   - bias: in real units.
  ///   - factor: the weights' scale.
  @inline(__always)
  package func output(_ sum: Int32, bias: Float, factor: Float) -> Float {
    let real = Float(sum)
    return activation.apply(to: bias + (isFactorFirst ? real * factor * inputScale : real * (inputScale * factor)))
  }
}
