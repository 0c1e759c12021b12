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
/// `bias + (sum - inputZeroPoint * weightSum) * (inputScale * factor)`, inside bounds.
package struct RealScalingTask: BitwiseCopyable, @unchecked Sendable {
  /// `[rows, channels]`.
  package var sums: UnsafePointer<Int32>
  /// One a channel each.
  package var weightSums: UnsafePointer<Int32>
  package var factors: UnsafePointer<Float>
  package var bias: UnsafePointer<Float>
  package var output: UnsafeMutablePointer<Float>
  package var rows: Int
  package var channels: Int
  package var inputScale: Float
  package var inputZeroPoint: Int32
  package var minimum: Float
  package var maximum: Float

  package init(
    sums: UnsafePointer<Int32>, weightSums: UnsafePointer<Int32>, factors: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, rows: Int, channels: Int, inputScale: Float,
    inputZeroPoint: Int32, minimum: Float, maximum: Float
  ) {
    self.sums = sums
    self.weightSums = weightSums
    self.factors = factors
    self.bias = bias
    self.output = output
    self.rows = rows
    self.channels = channels
    self.inputScale = inputScale
    self.inputZeroPoint = inputZeroPoint
    self.minimum = minimum
    self.maximum = maximum
  }
}
