/// Scans that bring some bits of some coefficients (ISO/IEC 10918-1, Annex G).
extension JPEGScan {
  /// Reads a scan of a progressive picture.
  ///
  /// - Returns: where the next marker is looked for.
  func readProgressive(
    _ frame: JPEGFrame, _ source: PictureSource, _ start: Int, into coefficients: inout [Int16]
  ) throws(PictureError) -> Int {
    var bits = JPEGBits(position: start)
    let input = source.bytes.span
    var last = [Int](repeating: 0, count: parts.count)
    // Blocks that bring nothing more.
    var emptyBlocks = 0
    let isFirstBand = band.lowerBound == 0
    let isRefinement = knownBits > 0
    var values = coefficients.mutableSpan
    let layouts = parts.map { frame.components[$0.component].layout }
    // The tables of all parts, one after the other.
    let firstEntries = parts.flatMap(\.first.entries)
    let otherEntries = parts.flatMap(\.other.entries)
    try forEachBlock(frame, source, &bits) { (bits, part, block, isRestart) throws(PictureError) in
      if isRestart {
        for index in last.indices { last[index] = 0 }
        emptyBlocks = 0
      }
      let place = 64 &* (layouts[part].firstBlock &+ block.row &* layouts[part].storedWide &+ block.column)
      var isRight = true
      switch (isFirstBand, isRefinement) {
      case (true, false):
        // The difference from the block before.
        bits.refill(input)
        let size = bits.symbol(firstEntries.span, part << JPEGHuffman.bits) { parts[part].first }
        isRight = size >= 0 && size < 16
        if isRight, size > 0 { last[part] &+= JPEGHuffman.extended(bits.take(size), size) }
        values[place] = Int16(truncatingIfNeeded: last[part] &<< lowestBit)
      case (true, true):
        bits.refill(input)
        if bits.take(1) == 1 { values[place] |= 1 &<< Int16(lowestBit) }
      case (false, false): isRight = readBand(&bits, input, otherEntries.span, &emptyBlocks, &values, place)
      case (false, true): isRight = refineBand(&bits, input, otherEntries.span, &emptyBlocks, &values, place)
      }
      if !isRight { throw source.damaged("has a block that is wrong", at: bits.position) }
    }
    return bits.position
  }

  /// The upper bits of other coefficients, in a scan of one component.
  @inline(__always)
  private func readBand(
    _ bits: inout JPEGBits, _ input: Span<UInt8>, _ entries: Span<UInt16>, _ emptyBlocks: inout Int,
    _ values: inout MutableSpan<Int16>, _ place: Int
  ) -> Bool {
    if emptyBlocks > 0 {
      emptyBlocks &-= 1
      return true
    }
    let order = JPEGFrame.order.span
    var index = band.lowerBound
    while index <= band.upperBound {
      if bits.count < 32 { bits.refill(input) }
      let symbol = bits.symbol(entries, 0) { parts[0].other }
      guard symbol >= 0 else { return false }
      let size = symbol & 15
      let run = symbol >> 4
      if size == 0 {
        if run < 15 {
          // This block and as many more.
          emptyBlocks = 1 &<< run &- 1
          if run > 0 { emptyBlocks &+= bits.take(run) }
          return true
        }
        index &+= 16
        continue
      }
      index &+= run
      guard index <= band.upperBound else { return false }
      let value = JPEGHuffman.extended(bits.take(size), size)
      values[place &+ order[index]] = Int16(truncatingIfNeeded: value &<< lowestBit)
      index &+= 1
    }
    return true
  }

  /// A lower bit of other coefficients: of those that are not zero, whether their magnitude grows; and which of the
  /// others are not zero any more.
  @inline(__always)
  private func refineBand(
    _ bits: inout JPEGBits, _ input: Span<UInt8>, _ entries: Span<UInt16>, _ emptyBlocks: inout Int,
    _ values: inout MutableSpan<Int16>, _ place: Int
  ) -> Bool {
    let order = JPEGFrame.order.span
    let step = Int16(truncatingIfNeeded: 1 << lowestBit)
    // Reads a bit for a coefficient that is not zero.
    @inline(__always)
    func refine(_ at: Int) {
      if bits.count < 1 { bits.refill(input) }
      // A bit that is set already has been read before, in a file that is wrong.
      if bits.take(1) == 1, values[at] & step == 0 { values[at] &+= values[at] > 0 ? step : -step }
    }
    var index = band.lowerBound
    if emptyBlocks == 0 {
      while index <= band.upperBound {
        if bits.count < 32 { bits.refill(input) }
        let symbol = bits.symbol(entries, 0) { parts[0].other }
        guard symbol >= 0 else { return false }
        var run = symbol >> 4
        var new: Int16 = 0
        switch symbol & 15 {
        case 0:
          if run < 15 {
            emptyBlocks = 1 &<< run
            if run > 0 { emptyBlocks &+= bits.take(run) }
          }
        case 1: new = bits.take(1) == 1 ? step : -step
        default: return false
        }
        if emptyBlocks > 0 { break }
        // Skips as many zeros as the run says, and refines what is not zero on the way.
        while index <= band.upperBound {
          let at = place &+ order[index]
          if values[at] != 0 {
            refine(at)
          } else {
            if run == 0 { break }
            run &-= 1
          }
          index &+= 1
        }
        if new != 0 {
          guard index <= band.upperBound else { return false }
          values[place &+ order[index]] = new
        }
        index &+= 1
      }
    }
    if emptyBlocks > 0 {
      while index <= band.upperBound {
        let at = place &+ order[index]
        if values[at] != 0 { refine(at) }
        index &+= 1
      }
      emptyBlocks &-= 1
    }
    return true
  }
}
