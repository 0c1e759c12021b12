/// What becomes of sums that have been scaled: zero point, activation and type, all as int8; a uint8 output is an int8
/// one with the sign bits flipped at the end.
package struct OutputBytes: BitwiseCopyable, Sendable, Hashable {
  /// Of the output; of uint8, 128 less.
  package var zeroPoint: Int32
  /// The activation's bounds; of uint8, 128 less.
  package var minimum: Int32
  package var maximum: Int32
  /// `0x80` in every byte for uint8, 0 for int8.
  package var flip: Int32
  /// How sums are scaled.
  package var scaling: SumScaling

  package init(zeroPoint: Int32, minimum: Int32, maximum: Int32, isUnsigned: Bool) {
    scaling = minimum < zeroPoint ? .signed : .positive
    self.zeroPoint = isUnsigned ? zeroPoint - 128 : zeroPoint
    self.minimum = isUnsigned ? minimum - 128 : minimum
    self.maximum = isUnsigned ? maximum - 128 : maximum
    flip = isUnsigned ? Int32(bitPattern: 0x8080_8080) : 0
  }
}

/// How a layer scales its sums. All round twice, as the reference does: the product to a multiple of `2^31`, ties up,
/// then to one of `2^shift`, ties away from zero.
package enum SumScaling: UInt8, BitwiseCopyable, Sendable, Hashable {
  /// Sums times the multiplier plus `2^30 + 2^(30 + shift)`, then the high words shifted by one less than `shift`:
  /// roundings down nest. For shifts to the right by at least 1, where no sum below zero can be seen, since the
  /// activation's lower bound is the zero point.
  case positive
  /// The same, less `2^31` for negative products, which takes their ties away from zero.
  case signed
  /// Sums shifted left, doubled, times the multiplier, the high words, and then `rounding` and `sign`. For all shifts;
  /// sums must stay below `2^30`.
  case general
}

/// The rows of numbers that a block of channels has before its weights, each one vector a vector of channels.
package enum ChannelRow {
  /// The bias with all corrections folded in.
  package static let bias = 0
  /// The 31-bit factor.
  package static let multiplier = 1
  /// `2^(shift - 1)`, or 0 for the shift 0.
  package static let rounding = 2
  /// How far the product is shifted right: 0 to 31.
  package static let shift = 3
  /// 1 more than how far the sum is shifted left before: 1 to 31.
  package static let scaling = 4
  /// -1, or 0 for the shift 0: what of a negative sum's sign is added before the shift.
  package static let sign = 5
  /// What turns 4 input bytes into uint8; the same in all lanes.
  package static let flip = 6
  /// The factors of odd lanes, in the even lanes before them.
  package static let oddMultiplier = 7
  /// `2^30 + 2^(30 + shift)` of even lanes, in 64 bits each.
  package static let evenRounding = 8
  /// `2^30 + 2^(30 + shift)` of odd lanes, in 64 bits each, from the even lanes before them on.
  package static let oddRounding = 9
  /// One less than `shift`, or 0.
  package static let highShift = 10
  package static let count = 11
}

/// Channels of a block, and where each of them lies among the lanes.
///
/// Sums of a full block of `4 * lanes` channels are narrowed four vectors at a time with packs that work inside 128
/// bits; their order is chosen so that the bytes come out in the order of channels. So are those of a last block of
/// just `2 * lanes` channels, two rows at a time.
package struct ChannelOrder: BitwiseCopyable, Sendable, Hashable {
  /// int32 lanes of a vector: 4, 8 or 16.
  package var lanes: Int

  package init(lanes: Int) { self.lanes = lanes }

  /// The channel, in a full block, of a lane of one of its four vectors.
  package func channel(vector: Int, lane: Int) -> Int {
    (lane / 4) * 16 + vector * 4 + lane % 4
  }

  /// The channel, in half a block, of a lane of one of its two vectors.
  package func halfChannel(vector: Int, lane: Int) -> Int {
    (lane / 4) * 8 + vector * 4 + lane % 4
  }
}
