/// Comparisons of two tensors, element by element.
package enum ComparisonKind: Sendable, Hashable {
  case equal
  case notEqual
  case less
  case lessEqual
  case greater
  case greaterEqual

  @inline(__always)
  func holds<Element: Comparable>(_ lhs: Element, _ rhs: Element) -> Bool {
    switch self {
    case .equal: lhs == rhs
    case .notEqual: lhs != rhs
    case .less: lhs < rhs
    case .lessEqual: lhs <= rhs
    case .greater: lhs > rhs
    case .greaterEqual: lhs >= rhs
    }
  }
}

/// `output = lhs op rhs` as 1 or 0, for elements that are compared as they are stored.
@specialized(where Element == Float)
@specialized(where Element == Int64)
@specialized(where Element == Int32)
@specialized(where Element == Int16)
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
package func compareReference<Element: Comparable & BitwiseCopyable>(
  _ kind: ComparisonKind, _ broadcast: Broadcast, lhs: Span<Element>, rhs: Span<Element>,
  output: inout MutableSpan<UInt8>
) {
  broadcast.forEach { index, left, right in output[index] = kind.holds(lhs[left], rhs[right]) ? 1 : 0 }
}

/// What a comparison of quantized tensors needs beside its operands.
package struct QuantizedComparisonParameters: BitwiseCopyable, Sendable, Hashable {
  package var broadcast: Broadcast
  package var lhsZeroPoint: Int32
  package var rhsZeroPoint: Int32
  /// The operands' scales.
  package var lhsFactor: QuantizedMultiplier
  package var rhsFactor: QuantizedMultiplier

  package init(
    broadcast: Broadcast, lhsZeroPoint: Int32, rhsZeroPoint: Int32, lhsFactor: QuantizedMultiplier,
    rhsFactor: QuantizedMultiplier
  ) {
    self.broadcast = broadcast
    self.lhsZeroPoint = lhsZeroPoint
    self.rhsZeroPoint = rhsZeroPoint
    self.lhsFactor = lhsFactor
    self.rhsFactor = rhsFactor
  }
}

/// `output = lhs op rhs` as 1 or 0 for quantized elements, compared in steps of 1/256 of a real unit.
///
/// Differences of 16-bit elements are below `2^17`, shifted by 8 below `2^25`: factors are to be below `2^6`, those of
/// bytes below `2^14`.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
package func quantizedCompareReference<Element: QuantizedElement>(
  _ kind: ComparisonKind, _ parameters: QuantizedComparisonParameters, lhs: Span<Element>, rhs: Span<Element>,
  output: inout MutableSpan<UInt8>
) {
  parameters.broadcast.forEach { index, lhsIndex, rhsIndex in
    let left = (Int32(truncatingIfNeeded: lhs[lhsIndex]) &- parameters.lhsZeroPoint) &<< 8
    let right = (Int32(truncatingIfNeeded: rhs[rhsIndex]) &- parameters.rhsZeroPoint) &<< 8
    output[index] = kind.holds(parameters.lhsFactor.apply(to: left), parameters.rhsFactor.apply(to: right)) ? 1 : 0
  }
}
