/// An operation on two real numbers.
package enum RealPairKind: UInt8, BitwiseCopyable, Sendable, Hashable {
  case add
  case subtract
  case multiply
  case divide
  /// The right one where they do not compare.
  case maximum
  case minimum
  /// The square of the difference.
  case squaredDifference
  /// The left one from 0 on, else its product with the right one.
  case slope
}

/// Rows of pairs of real numbers; 60 bytes behind each operand may be read. Steps in elements.
package struct RealPairTask: BitwiseCopyable, @unchecked Sendable {
  package var kind: RealPairKind
  package var lhs: UnsafePointer<Float>
  package var rhs: UnsafePointer<Float>
  /// `[rows, count]`.
  package var output: UnsafeMutablePointer<Float>
  package var rows: Int
  /// Pairs of a row, which follow each other.
  package var count: Int
  /// From a row of an operand to the next one.
  package var lhsStep: Int
  package var rhsStep: Int
  /// Whether an operand is one number for all pairs of a row.
  package var repeatsLhs: Bool
  package var repeatsRhs: Bool
  /// The bounds of sums, differences, products and quotients.
  package var minimum: Float
  package var maximum: Float

  package init(
    kind: RealPairKind, lhs: UnsafePointer<Float>, rhs: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    rows: Int, count: Int, lhsStep: Int, rhsStep: Int, repeatsLhs: Bool, repeatsRhs: Bool, minimum: Float,
    maximum: Float
  ) {
    self.kind = kind
    self.lhs = lhs
    self.rhs = rhs
    self.output = output
    self.rows = rows
    self.count = count
    self.lhsStep = lhsStep
    self.rhsStep = rhsStep
    self.repeatsLhs = repeatsLhs
    self.repeatsRhs = repeatsRhs
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// A function of a real number that IEEE 754's operations are enough for.
package enum RealFunction: UInt8, BitwiseCopyable, Sendable, Hashable {
  case absolute
  /// Inside `lower` and `upper`.
  case clamp
  /// The number times itself plus 3 inside 0 and 6, over 6.
  case hardSwish
  /// In double precision, rounded once more.
  case inverseSquareRoot
  /// Times `factor` where it is not above 0.
  case leakyRelu
  case negate
  case square
  case squareRoot
}

/// Real numbers that a function is applied to; 60 bytes behind the input may be read.
package struct RealFunctionTask: BitwiseCopyable, @unchecked Sendable {
  package var function: RealFunction
  package var lower: Float
  package var upper: Float
  package var factor: Float
  package var input: UnsafePointer<Float>
  package var output: UnsafeMutablePointer<Float>
  package var count: Int

  package init(
    function: RealFunction, lower: Float, upper: Float, factor: Float, input: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, count: Int
  ) {
    self.function = function
    self.lower = lower
    self.upper = upper
    self.factor = factor
    self.input = input
    self.output = output
    self.count = count
  }
}

/// What a pool makes of a window of real numbers.
package enum RealPoolKind: UInt8, BitwiseCopyable, Sendable, Hashable {
  case average
  case maximum
  /// The square root of the average of the squares.
  case rootMeanSquare
}

/// A part of a pool of real numbers: output rows of all images, numbered `n * outputHeight + y`.
///
/// Sums are taken in the order of the taps, those outside the image left out; every window holds one inside.
package struct RealPoolTask: BitwiseCopyable, @unchecked Sendable {
  package var kind: RealPoolKind
  /// With dilations of 1.
  package var sizes: WindowSizes
  /// `[batches, inputHeight, inputWidth, channels]`; 60 bytes behind it may be read.
  package var input: UnsafePointer<Float>
  package var output: UnsafeMutablePointer<Float>
  package var minimum: Float
  package var maximum: Float
  package var firstRow: Int
  package var endRow: Int

  package init(
    kind: RealPoolKind, sizes: WindowSizes, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    minimum: Float, maximum: Float, firstRow: Int, endRow: Int
  ) {
    self.kind = kind
    self.sizes = sizes
    self.input = input
    self.output = output
    self.minimum = minimum
    self.maximum = maximum
    self.firstRow = firstRow
    self.endRow = endRow
  }
}

/// What real numbers along an axis are made into.
package enum RealReduction: UInt8, BitwiseCopyable, Sendable, Hashable {
  case sum
  case product
  case maximum
  case minimum
}

/// Real numbers reduced, in their order, over the middle one of three axes; 60 bytes behind the input may be read.
package struct RealReductionTask: BitwiseCopyable, @unchecked Sendable {
  package var reduction: RealReduction
  /// `[outer, reduced, inner]`.
  package var input: UnsafePointer<Float>
  /// `[outer, inner]`.
  package var output: UnsafeMutablePointer<Float>
  package var reduced: Int
  package var inner: Int
  /// What results are divided by; 1 if they are not.
  package var divisor: Float
  package var firstOuter: Int
  package var endOuter: Int
  package var firstColumn: Int
  package var endColumn: Int

  package init(
    reduction: RealReduction, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, reduced: Int,
    inner: Int, divisor: Float, firstOuter: Int, endOuter: Int, firstColumn: Int, endColumn: Int
  ) {
    self.reduction = reduction
    self.input = input
    self.output = output
    self.reduced = reduced
    self.inner = inner
    self.divisor = divisor
    self.firstOuter = firstOuter
    self.endOuter = endOuter
    self.firstColumn = firstColumn
    self.endColumn = endColumn
  }
}
