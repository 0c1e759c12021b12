import KernelInterface

/// The rows of a panel, as ``ChannelRow`` numbers them: constants of this module, since those of another one are read by
/// a call.
enum PanelRow {
  static var bias: Int { @inline(__always) get { 0 } }
  static var multiplier: Int { @inline(__always) get { 1 } }
  static var rounding: Int { @inline(__always) get { 2 } }
  static var shift: Int { @inline(__always) get { 3 } }
  static var scaling: Int { @inline(__always) get { 4 } }
  static var sign: Int { @inline(__always) get { 5 } }
  static var count: Int { @inline(__always) get { 6 } }
}

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
    scaling = loadLanes(panel, PanelRow.scaling &* width &+ vector)
    multiplier = loadLanes(panel, PanelRow.multiplier &* width &+ vector)
    rounding = loadLanes(panel, PanelRow.rounding &* width &+ vector)
    shift = loadLanes(panel, PanelRow.shift &* width &+ vector)
    sign = loadLanes(panel, PanelRow.sign &* width &+ vector)
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
