/// Bitmaps compressed by run lengths, RLE4 and RLE8: pairs of a count and a byte; after a count of 0 the second byte is
/// a command. Rows come from the bottom up.
enum BitmapRuns {
  /// Pixels that a byte may stand for. Runs have at most 128; commands skip more, but no picture consists of them.
  private static let mostPixelsPerByte = 1032

  /// The palette's index of each pixel. Pixels that are skipped have index 0; what goes over a row's end is dropped.
  static func indices(_ source: PictureSource, _ header: BitmapHeader) throws(PictureError) -> [UInt8] {
    let width = header.width
    let height = header.height
    let bytes = source.bytes
    let isHalf = header.depth == 4
    func cutOff() -> PictureError { source.truncated("ends before its \(width) x \(height) pixels do") }
    // A count below 2^31, whose pixels were counted against the limit; the file has fewer than 2^50 bytes.
    guard width * height <= (bytes.count - header.start) * mostPixelsPerByte else { throw cutOff() }

    var indices = [UInt8](repeating: 0, count: width * height)
    var position = header.start
    var column = 0
    var row = 0
    func set(_ index: UInt8) {
      if column < width { indices[(height - 1 - row) * width + column] = index }
      column += 1
    }
    while true {
      guard position + 2 <= bytes.count else {
        // Some writers leave out the end mark.
        if row >= height || row == height - 1 && column >= width { return indices }
        throw cutOff()
      }
      let count = Int(bytes[position])
      let value = bytes[position + 1]
      position += 2
      if count == 0, value == 0 {
        column = 0
        row += 1
        continue
      }
      if count == 0, value == 1 { return indices }
      guard row < height else { throw source.damaged("has more rows than it says", at: position - 2) }
      if count > 0 {
        for index in 0..<count { set(isHalf ? (index & 1 == 0 ? value >> 4 : value & 15) : value) }
      } else if value == 2 {
        guard position + 2 <= bytes.count else { throw cutOff() }
        column += Int(bytes[position])
        row += Int(bytes[position + 1])
        position += 2
      } else {
        // As many indices as they are, filled up to an even count of bytes.
        let count = Int(value)
        let size = isHalf ? (count + 1) / 2 : count
        guard position + size <= bytes.count else { throw cutOff() }
        for index in 0..<count {
          let byte = bytes[position + (isHalf ? index / 2 : index)]
          set(isHalf ? (index & 1 == 0 ? byte >> 4 : byte & 15) : byte)
        }
        position += size + size & 1
      }
    }
  }
}
