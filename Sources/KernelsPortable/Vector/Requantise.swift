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
  static var flip: Int { @inline(__always) get { 6 } }
  static var oddMultiplier: Int { @inline(__always) get { 7 } }
  static var evenRounding: Int { @inline(__always) get { 8 } }
  static var oddRounding: Int { @inline(__always) get { 9 } }
  static var highShift: Int { @inline(__always) get { 10 } }
  static var count: Int { @inline(__always) get { 11 } }
}

/// The numbers of one vector of channels that scale its sums; see ``ChannelRow``.
struct ScalingVectors {
  private let panel: UnsafeRawPointer
  private let vector: Int
  private let width: Int

  /// - Parameters:
  ///   - panel: the channels' panel.
  ///   - vector: which of its vectors.
  ///   - width: vectors of the panel.
  @inline(__always)
  init(_ panel: UnsafeRawPointer, vector: Int, of width: Int) {
    self.panel = panel
    self.vector = vector
    self.width = width
  }

  @inline(__always)
  private func row(_ row: Int) -> Lanes { loadLanes(panel, row &* width &+ vector) }

  /// Sums times their factors, rounded twice as the reference does; see ``SumScaling``.
  ///
  /// `.positive` may give negative results that are 1 too large: they are all below the output's minimum. `.general`
  /// requires `|sum << left| < 2^30`, so that twice as much fits 32 bits: proven at load. In the others a product is
  /// below `2^62` and what is added to it at most `2^61 + 2^30`: no overflow in 64 bits.
  @inline(__always)
  func scaled(_ sums: Lanes, _ scaling: SumScaling) -> Lanes {
    switch scaling {
    case .positive:
      return shiftedRight(
        highProduct(
          sums, even: row(PanelRow.multiplier), odd: row(PanelRow.oddMultiplier),
          plusEven: row(PanelRow.evenRounding), plusOdd: row(PanelRow.oddRounding)), row(PanelRow.highShift))
    case .signed:
      // The first rounding of a negative product gives a negative number or, for -2^30 alone, 0; the second rounds that
      // to 0 with and without the sign's term.
      return shiftedRight(
        signedHighProduct(
          sums, even: row(PanelRow.multiplier), odd: row(PanelRow.oddMultiplier),
          plusEven: row(PanelRow.evenRounding), plusOdd: row(PanelRow.oddRounding)), row(PanelRow.highShift))
    case .general:
      let product = roundedHighProduct(shiftedLeft(sums, row(PanelRow.scaling)), row(PanelRow.multiplier))
      // A product is negative where its sum is, but for the sum -1 with the factor 2^30, as above.
      return shiftedRight(
        product &+ row(PanelRow.rounding) &+ (signs(sums) & row(PanelRow.sign)), row(PanelRow.shift))
    }
  }
}

/// A vector of lanes from memory that is aligned to it.
@inline(__always)
func loadLanes(_ base: UnsafeRawPointer, _ vector: Int) -> Lanes {
  base.load(fromByteOffset: vector &* MemoryLayout<Lanes>.size, as: Lanes.self)
}
