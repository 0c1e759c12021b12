/// `sum (lhs[i] - lhsZeroPoint) * (rhs[i] - rhsZeroPoint)` over spans of equal count.
///
/// Zero points are in the elements' range, so each difference fits 9 bits and a sign and each product is below `2^16`;
/// the sum is taken modulo `2^32`, as the reference takes it.
@inline(__always)
func dotProduct<Element: QuantizedElement>(
  _ lhs: Span<Element>, _ lhsZeroPoint: Int16, _ rhs: Span<Element>, _ rhsZeroPoint: Int16
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
