/// A scan of a JPEG picture: which coefficients of which components it brings, in which units.
struct JPEGScan {
  struct Part {
    /// Its place in the frame.
    let component: Int
    /// The codes of first coefficients and of the others; the ones that the scan needs are there.
    let first: JPEGHuffman
    let other: JPEGHuffman
  }

  /// A block's place among those of its component that are kept.
  typealias Block = (row: Int, column: Int)

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

  /// Calls a function for each block of the scan, in its order, and reads the restart markers between.
  ///
  /// - Parameters:
  ///   - frame: the frame.
  ///   - source: the file.
  ///   - bits: the scan's.
  ///   - body: takes the bits, the number of the part, the block, and whether predictions begin anew.
  @inline(__always)
  func forEachBlock(
    _ frame: JPEGFrame, _ source: PictureSource, _ bits: inout JPEGBits,
    _ body: (inout JPEGBits, Int, Block, Bool) throws(PictureError) -> Void
  ) throws(PictureError) {
    // Scans of one component have only blocks with samples, one a unit.
    let layouts = parts.map { frame.components[$0.component].layout }
    let isSingle = layouts.count == 1
    let wide = isSingle ? layouts[0].blocksWide : frame.unitsWide
    let high = isSingle ? layouts[0].blocksHigh : frame.unitsHigh
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
        left &-= 1
        for part in 0..<layouts.count {
          let across = isSingle ? 1 : layouts[part].horizontal
          let down = isSingle ? 1 : layouts[part].vertical
          for row in 0..<down {
            for column in 0..<across {
              try body(&bits, part, (unitRow &* down &+ row, unitColumn &* across &+ column), isRestart)
              isRestart = false
            }
          }
        }
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
}
