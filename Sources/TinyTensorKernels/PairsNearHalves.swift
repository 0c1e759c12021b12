/// The pairs of bytes whose weighted sum lies close to a number with a fraction of 1/2.
///
/// - Parameters:
///   - term: what is added to all sums.
///   - lhsStep: the weight of the left byte, as int8. Sums are below `2^47` in magnitude, with the reach.
///   - rhsStep: the weight of the right byte.
///   - point: binary places of a sum, less than 47. Half a unit is in the term: a sum is close where its places are
///     within `reach` of 0.
///   - reach: how far from it is close.
/// - Returns: left and right bytes, as int8.
package func pairsNearHalves(
  term: Int64, lhsStep: Int64, rhsStep: Int64, point: Int64, reach: Int64
) -> [(lhs: Int64, rhs: Int64)] {
  var pairs: [(lhs: Int64, rhs: Int64)] = []
  let mask = Int64(1) << point - 1
  for lhs in Int64(-128)...127 {
    let start = term &+ lhs &* lhsStep &+ reach
    for rhs in Int64(-128)...127 where (start &+ rhs &* rhsStep) & mask <= 2 &* reach { pairs.append((lhs, rhs)) }
  }
  return pairs
}
