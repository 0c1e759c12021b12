/// A scan of a JPEG picture: which coefficients of which components it brings, and the reading of whole blocks.
struct JPEGScan {
  struct Part {
    /// Its place in the frame.
    let component: Int
    /// The codes of first coefficients and of the others; the ones that the scan needs are there.
    let first: JPEGHuffman
    let other: JPEGHuffman
  }

  var parts: [Part] = []
  /// Coefficients in zigzag order.
  let band: ClosedRange<Int>
  /// The lowest bit that earlier scans brought; 0 for a first scan.
  let knownBits: Int
  /// The lowest bit that this one brings.
  let lowestBit: Int
  /// Units between restarts; 0 for none.
  let restartInterval: Int

  init(band: ClosedRange<Int>, knownBits: Int, lowestBit: Int, restartInterval: Int) {
    self.band = band
    self.knownBits = knownBits
    self.lowestBit = lowestBit
    self.restartInterval = restartInterval
  }

  // MARK: Units

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
    var middle = [Int32](repeating: 0, count: 64)
    try forEachUnit(frame, source, &bits) { (bits, part, block, isRestart) throws(PictureError) in
      if isRestart { for index in last.indices { last[index] = 0 } }
      let component = frame.components[parts[part].component]
      for index in 0..<64 { coefficients[index] = 0 }
      var span = coefficients.mutableSpan
      let end = Self.readBlock(&bits, input, parts[part], &last[part], &span)
      if end < 0 { throw source.damaged("has a block that is wrong", at: bits.position) }
      Self.transform(coefficients, from: 0, end == 1, component, block, &middle, into: &samples)
    }
    return bits.position
  }

  /// Calls a function for each block of the scan, in its order, and reads the restart markers between.
  ///
  /// - Parameters:
  ///   - frame: the frame.
  ///   - source: the file.
  ///   - bits: the scan's.
  ///   - body: takes the bits, the number of the part, the block as row and column among those of its component that are kept,
  ///     and whether predictions begin anew.
  @inline(__always)
  func forEachUnit(
    _ frame: JPEGFrame, _ source: PictureSource, _ bits: inout JPEGBits,
    _ body: (inout JPEGBits, Int, (row: Int, column: Int), Bool) throws(PictureError) -> Void
  ) throws(PictureError) {
    // Scans of one component have only blocks with samples, one a unit.
    let single = parts.count == 1 ? frame.components[parts[0].component] : nil
    let wide = single?.blocksWide ?? frame.unitsWide
    let high = single?.blocksHigh ?? frame.unitsHigh
    var left = restartInterval
    var expected = 0
    var isRestart = false
    for unitRow in 0..<high {
      for unitColumn in 0..<wide {
        if restartInterval > 0, left == 0 {
          try readRestart(source, &bits, expected)
          expected = (expected + 1) & 7
          left = restartInterval
          isRestart = true
        }
        left -= 1
        if single != nil {
          try body(&bits, 0, (unitRow, unitColumn), isRestart)
        } else {
          for (number, part) in parts.enumerated() {
            let component = frame.components[part.component]
            for row in 0..<component.vertical {
              for column in 0..<component.horizontal {
                let block = (unitRow * component.vertical + row, unitColumn * component.horizontal + column)
                try body(&bits, number, block, isRestart)
                isRestart = false
              }
            }
          }
        }
        isRestart = false
        if bits.isExhausted {
          if bits.position >= source.count { throw source.truncated("ends inside a scan") }
          throw source.damaged("has a scan that ends before its blocks do", at: bits.position)
        }
      }
    }
  }

  /// Reads the marker behind an interval.
  private func readRestart(_ source: PictureSource, _ bits: inout JPEGBits, _ expected: Int) throws(PictureError) {
    let bytes = source.bytes.span
    var position = bits.position
    while position < bytes.count, bytes[position] != 0xFF { position += 1 }
    while position < bytes.count, bytes[position] == 0xFF { position += 1 }
    guard position < bytes.count else { throw source.truncated("ends inside a scan") }
    guard Int(bytes[position]) == 0xD0 + expected else {
      throw source.damaged("lacks a restart marker", at: position)
    }
    bits = JPEGBits(position: position + 1)
  }

  // MARK: Blocks

  /// Reads a block of zeros' coefficients.
  ///
  /// - Returns: one more than the place in zigzag order of the last one that was set; -1 when the block is wrong.
  @inline(__always)
  private static func readBlock(
    _ bits: inout JPEGBits, _ input: Span<UInt8>, _ part: borrowing Part, _ last: inout Int,
    _ coefficients: inout MutableSpan<Int16>
  ) -> Int {
    let order = JPEGFrame.order.span
    bits.refill(input)
    let size = bits.symbol(part.first)
    guard size >= 0, size < 16 else { return -1 }
    if size > 0 { last &+= JPEGHuffman.extended(bits.take(size), size) }
    coefficients[0] = Int16(truncatingIfNeeded: last)
    var place = 1
    var end = 1
    while place < 64 {
      // A code has 16 bits at most, a value 15.
      if bits.count < 32 { bits.refill(input) }
      let entry = part.other.values[bits.peek(JPEGHuffman.bits)]
      if entry != 0 {
        bits.skip(Int(entry & 0xFF))
        place &+= Int(entry >> 8 & 0xFF)
        guard place < 64 else { return -1 }
        coefficients[order[place]] = Int16(truncatingIfNeeded: entry >> 16)
        place &+= 1
        end = place
        continue
      }
      let symbol = bits.symbol(part.other)
      guard symbol >= 0 else { return -1 }
      let size = symbol & 15
      let run = symbol >> 4
      if size == 0 {
        if run < 15 { break }
        place &+= 16
        continue
      }
      place &+= run
      guard place < 64 else { return -1 }
      coefficients[order[place]] = Int16(truncatingIfNeeded: JPEGHuffman.extended(bits.take(size), size))
      place &+= 1
      end = place
    }
    return end
  }

  /// Makes the samples of a block.
  @inline(__always)
  private static func transform(
    _ coefficients: [Int16], from first: Int, _ isFlat: Bool, _ component: JPEGFrame.Component,
    _ block: (row: Int, column: Int), _ middle: inout [Int32], into samples: inout [UInt8]
  ) {
    let rowSize = component.rowSize
    let start = component.firstSample + block.row * 8 * rowSize + block.column * 8
    precondition(first >= 0 && first + 64 <= coefficients.count && component.table.count == 64 && middle.count == 64)
    precondition(start >= 0 && start + 7 * rowSize + 8 <= samples.count)
    // Sound: all that is read and written was checked above to lie inside the arrays.
    unsafe samples.withUnsafeMutableBufferPointer { samples in
      guard let samples = samples.baseAddress else { return }
      let output = unsafe samples + start
      if isFlat {
        let sample = InverseCosine.flatSample(coefficients[first], component.table[0])
        for row in 0..<8 { unsafe (output + row * rowSize).update(repeating: sample, count: 8) }
        return
      }
      unsafe coefficients.withUnsafeBufferPointer { coefficients in
        unsafe component.table.withUnsafeBufferPointer { table in
          unsafe middle.withUnsafeMutableBufferPointer { middle in
            guard let coefficients = coefficients.baseAddress, let table = table.baseAddress,
              let middle = middle.baseAddress
            else { return }
            unsafe InverseCosine.transform(coefficients + first, table, middle, to: output, rowSize: rowSize)
          }
        }
      }
    }
  }

  /// Makes the samples of all blocks of a progressive picture.
  static func transform(_ coefficients: [Int16], _ frame: JPEGFrame, into samples: inout [UInt8]) {
    var middle = [Int32](repeating: 0, count: 64)
    for component in frame.components {
      for row in 0..<component.blocksHigh {
        for column in 0..<component.blocksWide {
          let first = 64 * (component.firstBlock + row * component.storedWide + column)
          transform(coefficients, from: first, false, component, (row, column), &middle, into: &samples)
        }
      }
    }
  }
}
