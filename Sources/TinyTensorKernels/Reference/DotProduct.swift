/// `sum (lhs[i] - lhsZeroPoint) * (rhs[i] - rhsZeroPoint)` over spans of equal count.
///
/// Requires elements of 8 bits. Zero points are in the elements' range, so each difference fits 9 bits and a sign and each product is below `2^16`;
/// the sum is taken modulo `2^32`, as the reference takes it.
@inline(__always)
func dotProduct<Lhs: QuantizedElement, Rhs: QuantizedElement>(
  _ lhs: Span<Lhs>, _ lhsZeroPoint: Int16, _ rhs: Span<Rhs>, _ rhsZeroPoint: Int16
) -> Int32 {
  precondition(lhs.count == rhs.count)
  var sum: Int32 = 0
  if rhsZeroPoint == 0 {
    for index in lhs.indices {
      // Sound: both spans have this count.
      let left = Int16(truncatingIfNeeded: unsafe lhs[unchecked: index]) &- lhsZeroPoint
      let right = Int16(truncatingIfNeeded: unsafe rhs[unchecked: index])
      sum &+= Int32(left) &* Int32(right)
    }
    return sum
  }
  for index in lhs.indices {
    // Sound: both spans have this count.
    let left = Int16(truncatingIfNeeded: unsafe lhs[unchecked: index]) &- lhsZeroPoint
    let right = Int16(truncatingIfNeeded: unsafe rhs[unchecked: index]) &- rhsZeroPoint
    sum &+= Int32(left) &* Int32(right)
  }
  return sum
}

/// `sum lhs[i] * rhs[i]` over spans of equal count, of elements whose products fit 32 bits, added to `sum` modulo its
/// type.
@inline(__always)
func addProducts<Lhs: QuantizedElement, Rhs: QuantizedElement, Sum: FixedWidthInteger>(
  _ lhs: Span<Lhs>, _ rhs: Span<Rhs>, to sum: inout Sum
) {
  precondition(lhs.count == rhs.count)
  for index in lhs.indices {
    // Sound: both spans have this count.
    let left = Int32(truncatingIfNeeded: unsafe lhs[unchecked: index])
    let right = Int32(truncatingIfNeeded: unsafe rhs[unchecked: index])
    sum &+= Sum(truncatingIfNeeded: left &* right)
  }
}
