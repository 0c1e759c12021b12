import TinyTensorKernels

/// How a tensor's stored integers stand for real numbers: `real = scale * (stored - zeroPoint)`.
public struct Quantization: Sendable, Hashable {
  /// One scale for the whole tensor, or one for each slice along ``axis``.
  public var scales: [Float]
  /// As many as ``scales``, or a single one for all.
  public var zeroPoints: [Int64]
  /// The axis along which scales differ, where there are several.
  public var axis: Int
  /// Smallest values seen while the model was calibrated; for information.
  public var minimum: [Float]
  /// Largest values seen while the model was calibrated; for information.
  public var maximum: [Float]
  /// Another scheme in place of scales and zero points, if the file has one. A custom one is for information: scales and
  /// zero points hold, as in TensorFlow Lite.
  public var details: Details?

  /// Quantization schemes beyond scale and zero point.
  public enum Details: Sendable, Hashable {
    /// A scheme of the file's own making, of this many bytes.
    case custom(byteCount: Int)
    /// Scales and zero points in tensors, one for each block of elements along the last axis.
    case blockwise(scales: Int, zeroPoints: Int, blockSize: Int)
    /// Scales and zero points in tensors, one for each block along several axes.
    case multiAxis(scales: Int, zeroPoints: Int, blockSize: Int, axes: [Int])
    /// A scheme that this library does not know, by its number in the schema.
    case unknown(type: UInt8)
  }

  /// One scale and zero point for a whole tensor.
  ///
  /// - Parameters:
  ///   - scale: real distance between neighbouring stored values; positive.
  ///   - zeroPoint: the stored value that stands for 0.
  public init(scale: Float, zeroPoint: Int64) {
    self.init(scales: [scale], zeroPoints: [zeroPoint])
  }

  init(
    scales: [Float], zeroPoints: [Int64], axis: Int = 0, minimum: [Float] = [], maximum: [Float] = [],
    details: Details? = nil
  ) {
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
    self.minimum = minimum
    self.maximum = maximum
    self.details = details
  }

  /// Whether there is anything to quantize with.
  public var isPresent: Bool { !scales.isEmpty || hasOtherScheme }

  /// The scale, if the tensor has a single one.
  public var scale: Float? { scales.count == 1 && !hasOtherScheme ? scales[0] : nil }

  /// The zero point, if the tensor has a single one.
  public var zeroPoint: Int64? { zeroPoints.count == 1 && !hasOtherScheme ? zeroPoints[0] : nil }

  /// Whether scales and zero points are not what counts.
  var hasOtherScheme: Bool {
    switch details {
    case nil, .custom: false
    case .blockwise, .multiAxis, .unknown: true
    }
  }

  /// The real number that a stored one stands for, in a tensor with a single scale: `scale * (stored - zeroPoint)`,
  /// computed in double precision and rounded once.
  ///
  /// - Parameter stored: the stored integer.
  /// - Returns: `nil` if the tensor has no single scale.
  public func real(_ stored: Int64) -> Float? {
    guard let scale else { return nil }
    return Float(Double(scale) * (Double(stored) - Double(zeroPoints.first ?? 0)))
  }

  /// The stored number nearest to a real one, in a tensor with a single scale: `round(real / scale) + zeroPoint`, half
  /// away from zero, clamped to the type.
  ///
  /// - Parameters:
  ///   - real: the real number; not a number becomes the zero point.
  ///   - type: the stored type.
  /// - Returns: `nil` if the tensor has no single scale.
  public func quantized<Stored: FixedWidthInteger>(_ real: Float, as type: Stored.Type = Stored.self) -> Stored? {
    guard let scale else { return nil }
    return Stored(clamping: Self.nearest(to: real, scale: scale, zeroPoint: zeroPoints.first ?? 0))
  }

  /// `round(real / scale) + zeroPoint`, half away from zero, as near as 64 bits come; the zero point where `real` is
  /// not a number.
  static func nearest(to real: Float, scale: Float, zeroPoint: Int64) -> Int64 {
    if real.isNaN { return zeroPoint }
    let rounded = roundHalfAwayFromZero(Double(real / scale))
    let (sum, overflow) = rounded.addingReportingOverflow(zeroPoint)
    return overflow ? (rounded < 0 ? Int64.min : Int64.max) : sum
  }
}
