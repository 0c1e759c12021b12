/// Scans of whole blocks (ISO/IEC 10918-1, Annex F).
extension JPEGScan {
  /// Reads a scan of whole blocks and makes their samples.
  ///
  /// - Returns: where the next marker is looked for.
  func readSequential(
    _ frame: JPEGFrame, _ source: PictureSource, _ start: Int, into samples: inout [UInt8]
  ) throws(PictureError) -> Int {
    var bits = JPEGBits(position: start)
    let input = source.bytes.span
    var last = [Int](repeating: 0, count: parts.count)
    var coefficients = [Int16](repeating: 0, count: 64)
    var transform = JPEGTransform(parts.map { frame.components[$0.component] })
    // The tables of all parts, one after the other.
    let firstEntries = parts.flatMap(\.first.entries)
    let otherEntries = parts.flatMap(\.other.entries)
    let values = parts.flatMap(\.other.values)
    try forEachBlock(frame, source, &bits) { (bits, part, block, isRestart) throws(PictureError) in
      if isRestart { for index in last.indices { last[index] = 0 } }
      let table = part << JPEGHuffman.bits
      var output = coefficients.mutableSpan
      for index in 0..<64 { output[index] = 0 }

      bits.refill(input)
      let size = bits.symbol(firstEntries.span, table) { parts[part].first }
      guard size >= 0, size < 16 else { throw source.damaged("has a block that is wrong", at: bits.position) }
      if size > 0 { last[part] &+= JPEGHuffman.extended(bits.take(size), size) }
      output[0] = Int16(truncatingIfNeeded: last[part])
      let isFlat = Self.readOthers(
        &bits, input, otherEntries.span, values.span, table, { parts[part].other }, into: &output)
      guard let isFlat else { throw source.damaged("has a block that is wrong", at: bits.position) }
      transform.makeSamples(coefficients, from: 0, isFlat, part, block, into: &samples)
    }
    return bits.position
  }

  /// Reads all coefficients of a block but the first.
  ///
  /// - Returns: whether they are zeros; `nil` when the block is wrong.
  @inline(__always)
  private static func readOthers(
    _ bits: inout JPEGBits, _ input: Span<UInt8>, _ entries: Span<UInt16>, _ values: Span<Int32>, _ table: Int,
    _ code: () -> JPEGHuffman, into coefficients: inout MutableSpan<Int16>
  ) -> Bool? {
    let order = JPEGFrame.order.span
    var place = 1
    var isFlat = true
    while place < 64 {
      // A code has 16 bits at most, a value 15.
      if bits.count < 32 { bits.refill(input) }
      let entry = values[table &+ bits.peek(JPEGHuffman.bits)]
      if entry != 0 {
        bits.skip(Int(entry & 0xFF))
        place &+= Int(entry >> 8 & 0xFF)
        guard place < 64 else { return nil }
        coefficients[order[place]] = Int16(truncatingIfNeeded: entry >> 16)
      } else {
        let symbol = bits.symbol(entries, table, code)
        guard symbol >= 0 else { return nil }
        let size = symbol & 15
        if size == 0 {
          if symbol < 0xF0 { break }
          place &+= 16
          continue
        }
        place &+= symbol >> 4
        guard place < 64 else { return nil }
        coefficients[order[place]] = Int16(truncatingIfNeeded: JPEGHuffman.extended(bits.take(size), size))
      }
      place &+= 1
      isFlat = false
    }
    return isFlat
  }
}
