/// The scale and zero point that real numbers were given in a run.
package struct DynamicScale: BitwiseCopyable, Sendable, Hashable {
  package var scale: Float
  /// From -128 to 127.
  package var zeroPoint: Int16

  package init(scale: Float, zeroPoint: Int16) {
    self.scale = scale
    self.zeroPoint = zeroPoint
  }
}

/// Quantizes real numbers to int8 so that their range is used: from -127 to 127 around 0, or from -128 to 127 around a
/// zero point.
///
/// - Parameters:
///   - isAsymmetric: whether there is a zero point.
///   - input: the numbers.
///   - output: as many elements.
/// - Returns: what the elements stand for. Numbers that are all 0 give zeros and the scale 1. With numbers that are
///   infinite or not numbers the elements are unspecified, but valid.
package func quantizeDynamicallyReference(
  isAsymmetric: Bool, input: Span<Float>, output: inout MutableSpan<Int8>
) -> DynamicScale {
  var smallest: Float = 0
  var largest: Float = 0
  for index in input.indices {
    smallest = input[index] < smallest ? input[index] : smallest
    largest = input[index] > largest ? input[index] : largest
  }
  guard let scale = DynamicScale.covering(smallest, largest, isAsymmetric: isAsymmetric) else {
    for index in input.indices { output[index] = 0 }
    return DynamicScale(scale: 1, zeroPoint: 0)
  }
  let offset = Int64(scale.result.zeroPoint)
  let lowest: Int64 = isAsymmetric ? -128 : -127
  for index in input.indices {
    let number = input[index] * scale.inverse
    let isInVector = index < input.count / DynamicScale.vectorCount * DynamicScale.vectorCount
    // Below 2^62 in magnitude, and the offset below 2^7: no overflow.
    let whole = (isInVector ? DynamicScale.roundedInVector(number) : roundHalfAwayFromZero(Double(number))) &+ offset
    output[index] = Int8(truncatingIfNeeded: min(max(whole, lowest), 127))
  }
  return scale.result
}

extension DynamicScale {
  /// The reference rounds as many numbers at once, and what is left of a row one by one.
  fileprivate static var vectorCount: Int { 8 }

  /// A number of those that are rounded at once: a half is added, then the fraction is dropped. Beside ties away from
  /// zero, this raises the largest number below one half, whose sum with a half is rounded to 1.
  fileprivate static func roundedInVector(_ number: Float) -> Int64 {
    let raised = number + (number < 0 ? -0.5 : 0.5)
    guard raised.magnitude < 0x1p31 else { return roundHalfAwayFromZero(Double(raised)) }
    return Int64(raised)
  }

  /// What numbers of a range are given, and the factor that they are multiplied with; `nil` if all are 0.
  ///
  /// - Parameters:
  ///   - smallest: the smallest number, or 0 if that is smaller.
  ///   - largest: the largest number, or 0 if that is larger.
  ///   - isAsymmetric: whether there is a zero point.
  package static func covering(
    _ smallest: Float, _ largest: Float, isAsymmetric: Bool
  ) -> (result: DynamicScale, inverse: Float)? {
    isAsymmetric ? asymmetricScale(smallest, largest) : symmetricScale(smallest, largest)
  }
}

/// `nil` if all numbers are 0. Quotients in single precision.
private func symmetricScale(_ smallest: Float, _ largest: Float) -> (result: DynamicScale, inverse: Float)? {
  let range = max(-smallest, largest)
  guard range > 0 else { return nil }
  return (DynamicScale(scale: range / 127, zeroPoint: 0), 127 / range)
}

/// `nil` if all numbers are 0. The range is a difference in single precision; quotients are in double precision, and the
/// scale is rounded to single precision before it is inverted. The zero point is computed from the end of the range that
/// gives the smaller error. A range that is not finite gives a scale that is not, and a valid zero point.
private func asymmetricScale(_ smallest: Float, _ largest: Float) -> (result: DynamicScale, inverse: Float)? {
  guard smallest < largest else { return nil }
  let low = Double(smallest)
  let high = Double(largest)
  let scale = Double(largest - smallest) / 255
  let fromLow = -128 - low / scale
  let fromHigh = 127 - high / scale
  let lowError = 128 + (low / scale).magnitude
  let highError = 127 + (high / scale).magnitude
  let zeroPoint = min(max(roundHalfAwayFromZero(lowError < highError ? fromLow : fromHigh), -128), 127)
  let rounded = Float(scale)
  let result = DynamicScale(scale: rounded, zeroPoint: Int16(truncatingIfNeeded: zeroPoint))
  return (result, rounded == 0 ? 0 : Float(1 / Double(rounded)))
}
