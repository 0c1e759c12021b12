/// A factor for sums that are known to be small, as kernels apply it: rounded twice, as the reference does.
package struct FixedFactor: BitwiseCopyable, Sendable, Hashable {
  /// 0 to `2^31 - 1`.
  package var multiplier: Int32
  /// How far a number is shifted left first: 0 to 30.
  package var left: Int32
  /// How far the product is shifted right: 0 to 31.
  package var right: Int32

  /// - Parameters:
  ///   - multiplier: the 31-bit factor.
  ///   - shift: positive shifts left; -31 to 30.
  package init(multiplier: Int32, shift: Int32) {
    self.multiplier = multiplier
    left = max(shift, 0)
    right = max(0 &- shift, 0)
  }

  /// Whether the factor is exactly 1/2.
  package var isHalf: Bool { multiplier == 1 << 30 && left == 0 && right == 0 }

  /// Whether numbers of up to that magnitude stay below `2^30` when they are shifted left.
  package func fits(_ magnitude: Int64) -> Bool { magnitude << Int64(left) < 1 << 30 }
}
