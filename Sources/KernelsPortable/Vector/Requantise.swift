import KernelInterface

/// The numbers of one vector of channels that scale its sums; see ``ChannelRow``.
struct ScalingVectors {
  private let scaling: Lanes
  private let multiplier: Lanes
  private let rounding: Lanes
  private let shift: Lanes
  private let sign: Lanes

  /// - Parameters:
  ///   - panel: the channels' panel.
  ///   - vector: which of its vectors.
  ///   - width: vectors of the panel.
  @inline(__always)
  init(_ panel: UnsafeRawPointer, vector: Int, of width: Int) {
    scaling = loadLanes(panel, ChannelRow.scaling &* width &+ vector)
    multiplier = loadLanes(panel, ChannelRow.multiplier &* width &+ vector)
    rounding = loadLanes(panel, ChannelRow.rounding &* width &+ vector)
    shift = loadLanes(panel, ChannelRow.shift &* width &+ vector)
    sign = loadLanes(panel, ChannelRow.sign &* width &+ vector)
  }

  /// Sums times their factors, rounded twice as the reference does.
  ///
  /// Requires `|sum << left| < 2^30`, so that twice as much fits 32 bits: proven at load. Without `seesNegative`,
  /// negative results may be 1 too large: they are all below the output's minimum.
  @inline(__always)
  func scaled(_ sums: Lanes, seesNegative: Bool) -> Lanes {
    let product = roundedHighProduct(shiftedLeft(sums, scaling), multiplier)
    if seesNegative {
      // A product is negative where its sum is, but for the sum -1 with the factor 2^30, whose product 0 rounds to 0
      // with and without the sign's term.
      return shiftedRight(product &+ rounding &+ (signs(sums) & sign), shift)
    }
    return shiftedRight(product &+ rounding, shift)
  }
}

/// A vector of lanes from memory that is aligned to it.
@inline(__always)
func loadLanes(_ base: UnsafeRawPointer, _ vector: Int) -> Lanes {
  base.load(fromByteOffset: vector &* MemoryLayout<Lanes>.size, as: Lanes.self)
}
