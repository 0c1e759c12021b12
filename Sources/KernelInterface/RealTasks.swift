/// Real numbers that become bytes.
package struct QuantizeTask: BitwiseCopyable, @unchecked Sendable {
  package var input: UnsafePointer<Float>
  package var output: UnsafeMutableRawPointer
  package var count: Int
  package var scale: Float
  package var zeroPoint: Int32
  package var isUnsigned: Bool

  package init(
    input: UnsafePointer<Float>, output: UnsafeMutableRawPointer, count: Int, scale: Float, zeroPoint: Int32,
    isUnsigned: Bool
  ) {
    self.input = input
    self.output = output
    self.count = count
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.isUnsigned = isUnsigned
  }
}

/// Real numbers whose range is looked for.
package struct RealRangeTask: BitwiseCopyable, @unchecked Sendable {
  package var input: UnsafePointer<Float>
  package var count: Int

  package init(input: UnsafePointer<Float>, count: Int) {
    self.input = input
    self.count = count
  }
}

/// The smallest and the largest of some numbers and 0; what is not a number does not count.
package struct RealRange: BitwiseCopyable, Sendable, Hashable {
  package var smallest: Float
  package var largest: Float

  package init(smallest: Float, largest: Float) {
    self.smallest = smallest
    self.largest = largest
  }
}

/// Real numbers that become int8 by a factor that was found in the run: `number * factor`, rounded half away from zero,
/// plus `offset`, from `lowest` to 127. What is not a number counts as 0. A part of a row begins at a multiple of eight
/// numbers, as the last numbers of a row, fewer than eight, are rounded in another way.
package struct DynamicQuantizeTask: BitwiseCopyable, @unchecked Sendable {
  package var input: UnsafePointer<Float>
  package var output: UnsafeMutablePointer<Int8>
  package var count: Int
  package var factor: Float
  /// From -128 to 127.
  package var offset: Int32
  package var lowest: Int32

  package init(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Int8>, count: Int, factor: Float, offset: Int32,
    lowest: Int32
  ) {
    self.input = input
    self.output = output
    self.count = count
    self.factor = factor
    self.offset = offset
    self.lowest = lowest
  }
}

/// Bytes that become real numbers.
package struct DequantizeTask: BitwiseCopyable, @unchecked Sendable {
  package var input: UnsafeRawPointer
  package var output: UnsafeMutablePointer<Float>
  package var count: Int
  package var scale: Float
  package var zeroPoint: Int32
  package var isUnsigned: Bool

  package init(
    input: UnsafeRawPointer, output: UnsafeMutablePointer<Float>, count: Int, scale: Float, zeroPoint: Int32,
    isUnsigned: Bool
  ) {
    self.input = input
    self.output = output
    self.count = count
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.isUnsigned = isUnsigned
  }
}

/// Rows of sums that are scaled in double precision, rounded half away from zero, and become bytes.
package struct SumScalingTask: BitwiseCopyable, @unchecked Sendable {
  /// `[rows, channels]`.
  package var sums: UnsafePointer<Int32>
  /// One a channel, finite.
  package var factors: UnsafePointer<Double>
  /// `[rows, channels]` of bytes.
  package var output: UnsafeMutableRawPointer
  package var rows: Int
  package var channels: Int
  package var zeroPoint: Int32
  package var minimum: Int32
  package var maximum: Int32

  package init(
    sums: UnsafePointer<Int32>, factors: UnsafePointer<Double>, output: UnsafeMutableRawPointer, rows: Int,
    channels: Int, zeroPoint: Int32, minimum: Int32, maximum: Int32
  ) {
    self.sums = sums
    self.factors = factors
    self.output = output
    self.rows = rows
    self.channels = channels
    self.zeroPoint = zeroPoint
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// Sums of a layer of real numbers whose inputs were quantized in the run:
/// `bias + (sum - inputZeroPoint * weightSum) * (inputScale * factor)`, inside bounds; the sum is multiplied with the
/// factor first where `isFactorFirst` says so.
package struct RealScalingTask: BitwiseCopyable, @unchecked Sendable {
  /// `[rows, channels]`: the sums, in whose place the results are stored. They are int32, or, where there are no sums of
  /// weights, real numbers from which the zero point's share was left out.
  package var sums: UnsafeMutableRawPointer
  /// One a channel each.
  package var weightSums: UnsafePointer<Int32>?
  package var factors: UnsafePointer<Float>
  package var bias: UnsafePointer<Float>
  package var rows: Int
  package var channels: Int
  package var inputScale: Float
  package var inputZeroPoint: Int32
  package var isFactorFirst: Bool
  package var minimum: Float
  package var maximum: Float

  package init(
    sums: UnsafeMutableRawPointer, weightSums: UnsafePointer<Int32>?, factors: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, rows: Int, channels: Int, inputScale: Float, inputZeroPoint: Int32,
    isFactorFirst: Bool, minimum: Float, maximum: Float
  ) {
    self.sums = sums
    self.weightSums = weightSums
    self.factors = factors
    self.bias = bias
    self.rows = rows
    self.channels = channels
    self.inputScale = inputScale
    self.inputZeroPoint = inputZeroPoint
    self.isFactorFirst = isFactorFirst
    self.minimum = minimum
    self.maximum = maximum
  }
}
