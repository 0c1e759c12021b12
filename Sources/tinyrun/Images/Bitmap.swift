/// Windows bitmaps without compression: 1, 4 and 8 bits with a palette, 24 and 32 bits, from the bottom up or the top
/// down.
///
/// A bitmap of 32 bits may say with masks where its colours are, as long as each is one byte. Alpha is left out. A
/// picture whose palette holds grey alone becomes grey.
enum Bitmap {
  static func isRecognized(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x42, 0x4D]) }

  static func decode(_ bytes: [UInt8], path: String) throws -> Picture {
    func refuse(_ why: String) -> Failure { Failure(.refused, "\(path) is not a readable BMP picture: \(why)") }
    func unsigned(_ at: Int, _ size: Int) -> Int {
      (0..<size).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }
    func signed(_ at: Int) -> Int { Int(Int32(truncatingIfNeeded: unsigned(at, 4))) }

    guard bytes.count >= 26 else { throw refuse("it ends inside its header") }
    let headerSize = unsigned(14, 4)
    let isCore = headerSize == 12
    guard isCore || (40...1024).contains(headerSize), bytes.count >= 14 + headerSize else {
      throw refuse("its header has \(headerSize) bytes")
    }
    let width = isCore ? unsigned(18, 2) : signed(18)
    let signedHeight = isCore ? unsigned(20, 2) : signed(22)
    let height = abs(signedHeight)
    let depth = unsigned(isCore ? 24 : 28, 2)
    let compression = isCore ? 0 : unsigned(30, 4)
    guard width > 0, height > 0 else { throw refuse("it has \(width) x \(signedHeight) pixels") }
    guard [1, 4, 8, 24, 32].contains(depth) else { throw refuse("it has \(depth) bits a pixel") }
    guard compression == 0 || compression == 3 && depth == 32 else {
      throw refuse("it is compressed; save it without compression")
    }

    // Rows are padded to multiples of four bytes. Sizes have 32 bits and depth 6: nothing overflows 64.
    let rowSize = (width * depth + 31) / 32 * 4
    let start = unsigned(10, 4)
    guard start >= 14 + headerSize, start <= bytes.count, height <= (bytes.count - start) / rowSize else {
      throw refuse("it ends before its \(width) x \(height) pixels do")
    }
    func row(_ y: Int) -> Int { start + (signedHeight < 0 ? y : height - 1 - y) * rowSize }

    if depth <= 8 {
      let colours = palette(
        bytes, at: 14 + headerSize, end: start, entrySize: isCore ? 3 : 4,
        used: isCore ? 0 : unsigned(46, 4), depth: depth)
      guard let picture = indexed(bytes, width, height, depth, colours, row: row) else {
        throw refuse("its palette is too short")
      }
      return picture
    }

    // Places of red, green and blue in a pixel's bytes.
    var places = [2, 1, 0]
    if compression == 3 {
      guard bytes.count >= 66 else { throw refuse("it ends inside its header") }
      places = try (0..<3).map { colour in
        let mask = unsigned(54 + 4 * colour, 4)
        guard let place = (0..<4).first(where: { mask == 0xFF << (8 * $0) }) else {
          throw refuse("its colour masks are not whole bytes")
        }
        return place
      }
    }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * 3)
    for y in 0..<height {
      let from = row(y)
      for x in 0..<width {
        for place in places { pixels.append(bytes[from + x * (depth / 8) + place]) }
      }
    }
    return Picture(width: width, height: height, channels: 3, pixels: pixels)
  }

  private struct Colour {
    var red: UInt8
    var green: UInt8
    var blue: UInt8
  }

  private static func palette(
    _ bytes: [UInt8], at: Int, end: Int, entrySize: Int, used: Int, depth: Int
  ) -> [Colour] {
    let stored = (end - at) / entrySize
    let count = min(used == 0 ? 1 << depth : used, 1 << depth, stored)
    return (0..<count).map { index in
      let entry = at + index * entrySize
      return Colour(red: bytes[entry + 2], green: bytes[entry + 1], blue: bytes[entry])
    }
  }

  /// A picture of palette indices, or `nil` if one of them lies behind the palette's end.
  private static func indexed(
    _ bytes: [UInt8], _ width: Int, _ height: Int, _ depth: Int, _ palette: [Colour], row: (Int) -> Int
  ) -> Picture? {
    let isGrey = palette.allSatisfy { $0.red == $0.green && $0.green == $0.blue }
    let perByte = 8 / depth
    let mask = 0xFF >> (8 - depth)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * (isGrey ? 1 : 3))
    for y in 0..<height {
      let from = row(y)
      for x in 0..<width {
        // The leftmost pixel is in the highest bits.
        let shift = 8 - depth * (x % perByte + 1)
        let index = Int(bytes[from + x / perByte]) >> shift & mask
        guard index < palette.count else { return nil }
        let colour = palette[index]
        pixels.append(colour.red)
        if !isGrey {
          pixels.append(colour.green)
          pixels.append(colour.blue)
        }
      }
    }
    return Picture(width: width, height: height, channels: isGrey ? 1 : 3, pixels: pixels)
  }
}
