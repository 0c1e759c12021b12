/// A filter as a file has it, and how it goes into panels of ``MatrixLayer``.
package struct MatrixFilter: BitwiseCopyable {
  /// `[channels, taps]` of bytes; the taps of a segment are neighbours.
  package var bytes: UnsafeRawPointer
  package var channels: Int
  /// Taps of a channel.
  package var taps: Int
  /// Taps of one segment; a divisor of `taps`.
  package var segmentTaps: Int
  /// What makes uint8 weights int8: `0x80808080`, or 0 for int8.
  package var flip: UInt32

  package init(bytes: UnsafeRawPointer, channels: Int, taps: Int, segmentTaps: Int, flip: UInt32) {
    self.bytes = bytes
    self.channels = channels
    self.taps = taps
    self.segmentTaps = segmentTaps
    self.flip = flip
  }

  /// Groups of 4 taps of a segment.
  package var segmentGroups: Int { (segmentTaps + 3) / 4 }
  /// Groups of 4 taps of a channel.
  package var groups: Int { taps / segmentTaps * segmentGroups }

  /// The sum of a channel's weights, as int8.
  package func sum(_ channel: Int) -> Int32 {
    let weights = (bytes + channel * taps).assumingMemoryBound(to: UInt8.self)
    let mask = UInt8(truncatingIfNeeded: flip)
    var sum: Int32 = 0
    for tap in 0..<taps { sum &+= Int32(Int8(bitPattern: weights[tap] ^ mask)) }
    return sum
  }
}

/// What a channel's sums start from and are scaled by.
package struct ChannelNumbers: BitwiseCopyable {
  package var bias: Int32
  package var multiplier: Int32
  /// Positive shifts left; -31 to 30.
  package var shift: Int32
  /// What turns 4 input bytes into uint8: `0x80808080` for int8.
  package var inputFlip: Int32

  package init(bias: Int32, multiplier: Int32, shift: Int32, inputFlip: Int32) {
    self.bias = bias
    self.multiplier = multiplier
    self.shift = shift
    self.inputFlip = inputFlip
  }

  /// Whether the product can be scaled by its high words alone; see ``ChannelRow``.
  package var shiftsRight: Bool { shift < 0 }

  /// Stores the numbers in their rows.
  ///
  /// - Parameters:
  ///   - panel: the channel's panel.
  ///   - vector: which of the panel's `width` vectors has the channel.
  ///   - lane: its lane in that vector, of `lanes`.
  func store(_ panel: UnsafeMutableRawPointer, vector: Int, of width: Int, lane: Int, lanes: Int) {
    let right = max(0, -shift)
    func put(_ row: Int, _ value: Int32, _ lane: Int) {
      panel.storeBytes(of: value, toByteOffset: ((row * width + vector) * lanes + lane) * 4, as: Int32.self)
    }
    put(ChannelRow.bias, bias, lane)
    put(ChannelRow.multiplier, multiplier, lane)
    put(ChannelRow.rounding, right > 0 ? 1 << (right - 1) : 0, lane)
    put(ChannelRow.shift, right, lane)
    put(ChannelRow.scaling, 1 + max(0, shift), lane)
    put(ChannelRow.sign, right > 0 ? -1 : 0, lane)
    put(ChannelRow.highShift, max(0, right - 1), lane)
    let rounding: Int64 = 1 << 30 + 1 << (30 + Int64(right))
    let even = lane & ~1
    let row = lane == even ? ChannelRow.evenRounding : ChannelRow.oddRounding
    put(row, Int32(truncatingIfNeeded: rounding), even)
    put(row, Int32(truncatingIfNeeded: rounding >> 32), even + 1)
    if lane != even { put(ChannelRow.oddMultiplier, multiplier, even) }
  }
}

/// How the channels of a matrix layer lie in panels.
package struct MatrixPanels: BitwiseCopyable, Sendable {
  package var lanes: Int
  package var channels: Int
  package var groups: Int
  /// Whether full blocks keep their natural order, as layers that store sums want it.
  package var isNatural: Bool

  package init(lanes: Int, channels: Int, groups: Int, isNatural: Bool) {
    self.lanes = lanes
    self.channels = channels
    self.groups = groups
    self.isNatural = isNatural
  }

  package var blockChannels: Int { 4 * lanes }
  package var blocks: Int { (channels + blockChannels - 1) / blockChannels }
  /// Bytes of one vector of every panel.
  private var vectorBytes: Int { (ChannelRow.count + groups) * 4 * lanes }
  package var panelStride: Int { 4 * vectorBytes }

  /// Vectors of a block.
  private func width(_ block: Int) -> Int {
    (min(blockChannels, channels - block * blockChannels) + lanes - 1) / lanes
  }

  package var byteCount: Int { (blocks - 1) * panelStride + width(blocks - 1) * vectorBytes }

  /// Fills the panels of some blocks.
  ///
  /// - Parameters:
  ///   - panels: zeroed memory of ``byteCount`` bytes.
  ///   - filter: what the panels shall hold.
  ///   - numbers: one a channel.
  package func fill(
    _ panels: UnsafeMutableRawPointer, blocks range: Range<Int>, _ filter: MatrixFilter,
    _ numbers: UnsafePointer<ChannelNumbers>
  ) {
    for block in range {
      let panel = panels + block * panelStride
      let width = width(block)
      let first = block * blockChannels
      let isFull = channels - first >= blockChannels
      let isHalf = channels - first == 2 * lanes
      let order = ChannelOrder(lanes: lanes)
      for vector in 0..<width {
        for lane in 0..<lanes {
          let place =
            isNatural || !(isFull || isHalf)
            ? vector * lanes + lane
            : isFull ? order.channel(vector: vector, lane: lane) : order.halfChannel(vector: vector, lane: lane)
          let channel = first + place
          panel.storeBytes(
            of: numbers[0].inputFlip, toByteOffset: ((ChannelRow.flip * width + vector) * lanes + lane) * 4,
            as: Int32.self)
          guard channel < channels else { continue }
          numbers[channel].store(panel, vector: vector, of: width, lane: lane, lanes: lanes)
          fill(
            panel + ((ChannelRow.count * width + vector) * lanes + lane) * 4, step: width * lanes * 4, filter, channel)
        }
      }
    }
  }

  /// Puts the weights of a channel into its lane, `step` bytes from group to group.
  @inline(__always)
  private func fill(_ lane: UnsafeMutableRawPointer, step: Int, _ filter: MatrixFilter, _ channel: Int) {
    var target = lane
    var source = filter.bytes + channel * filter.taps
    let whole = filter.segmentTaps / 4
    let rest = filter.segmentTaps % 4
    for _ in 0..<(filter.taps / filter.segmentTaps) {
      for _ in 0..<whole {
        target.storeBytes(of: source.loadUnaligned(as: UInt32.self) ^ filter.flip, as: UInt32.self)
        target += step
        source += 4
      }
      if rest > 0 {
        var word: UInt32 = 0
        for place in 0..<rest {
          let byte = source.load(fromByteOffset: place, as: UInt8.self) ^ UInt8(truncatingIfNeeded: filter.flip)
          word |= UInt32(byte) << UInt32(8 * place)
        }
        target.storeBytes(of: word, as: UInt32.self)
        target += step
        source += rest
      }
    }
  }
}
