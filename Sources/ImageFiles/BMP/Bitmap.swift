/// Windows and OS/2 bitmaps: 1, 4 and 8 bits with a palette, 16, 24 and 32 bits with or without masks, RLE4 and RLE8,
/// from the bottom up or the top down.
///
/// A picture whose palette holds grey alone becomes grey. Alpha is read where a mask says where it is.
struct Bitmap {
  private let source: PictureSource
  private let header: BitmapHeader

  static func isRecognized(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x42, 0x4D]) }

  static func decode(_ bytes: [UInt8], _ limits: PictureLimits) throws(PictureError) -> Picture {
    let source = PictureSource(bytes: bytes, format: "BMP")
    let bitmap = Bitmap(source: source, header: try BitmapHeader(source, limits))
    switch bitmap.header.compression {
    case .runs: return try bitmap.coloured(try BitmapRuns.indices(source, bitmap.header))
    case .none where bitmap.header.depth <= 8: return try bitmap.coloured(try bitmap.indices())
    case .none, .masks: return try bitmap.masked()
    }
  }

  /// The place of a row's first byte, counted from the top, after a check that all rows are there.
  private func rowPlaces() throws(PictureError) -> (Int) -> Int {
    // Rows are padded to multiples of four bytes. Sizes have 32 bits and depth 6: nothing overflows 64.
    let rowSize = (header.width * header.depth + 31) / 32 * 4
    guard header.height <= (source.count - header.start) / rowSize else {
      throw source.truncated("ends before its \(header.width) x \(header.height) pixels do")
    }
    let header = header
    return { row in header.start + (header.isTopDown ? row : header.height - 1 - row) * rowSize }
  }

  // MARK: Palettes

  /// The palette's index of each pixel, of a picture without compression.
  private func indices() throws(PictureError) -> [UInt8] {
    let place = try rowPlaces()
    let depth = header.depth
    let perByte = 8 / depth
    let mask = UInt8(0xFF >> (8 - depth))
    var indices: [UInt8] = []
    indices.reserveCapacity(header.width * header.height)
    for row in 0..<header.height {
      let from = place(row)
      for column in 0..<header.width {
        // The leftmost pixel is in the highest bits.
        let shift = 8 - depth * (column % perByte + 1)
        indices.append(source.bytes[from + column / perByte] >> UInt8(shift) & mask)
      }
    }
    return indices
  }

  /// The picture of given indices of the palette.
  private func coloured(_ indices: [UInt8]) throws(PictureError) -> Picture {
    let entrySize = header.isCore ? 3 : 4
    let stored = max(0, header.start - header.paletteStart) / entrySize
    let most = 1 << header.depth
    let count = min(header.coloursUsed == 0 ? most : header.coloursUsed, most, stored)
    guard Int(indices.max() ?? 0) < count else { throw source.damaged("has a palette that is too short") }
    // Blue, green and red.
    let colours = (0..<count).map { index in
      let at = header.paletteStart + index * entrySize
      return (source.bytes[at + 2], source.bytes[at + 1], source.bytes[at])
    }
    var pixels: [UInt8] = []
    if colours.allSatisfy({ $0 == $1 && $1 == $2 }) {
      pixels.reserveCapacity(indices.count)
      for index in indices { pixels.append(colours[Int(index)].0) }
      return Picture(width: header.width, height: header.height, channels: 1, pixels: pixels)
    }
    pixels.reserveCapacity(indices.count * 3)
    for index in indices {
      let colour = colours[Int(index)]
      pixels.append(colour.0)
      pixels.append(colour.1)
      pixels.append(colour.2)
    }
    return Picture(width: header.width, height: header.height, channels: 3, pixels: pixels)
  }

  // MARK: Masks

  /// The picture of pixels that hold their colours themselves.
  private func masked() throws(PictureError) -> Picture {
    let place = try rowPlaces()
    let size = header.depth / 8
    var fields: [BitField] = []
    for mask in header.masks {
      guard let field = BitField(mask) else { throw source.damaged("has a colour mask with gaps") }
      fields.append(field)
    }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(header.width * header.height * fields.count)
    for row in 0..<header.height {
      var from = place(row)
      for _ in 0..<header.width {
        var value: UInt32 = 0
        for index in 0..<size { value |= UInt32(source.bytes[from + index]) << UInt32(8 * index) }
        for field in fields { pixels.append(field.byte(of: value)) }
        from += size
      }
    }
    return Picture(width: header.width, height: header.height, channels: fields.count, pixels: pixels)
  }

  /// Where a colour stands in a pixel.
  private struct BitField {
    let shift: UInt32
    /// The largest value; 0 where there is none.
    let largest: UInt32

    /// - Returns: `nil` when the mask's ones do not follow each other.
    init?(_ mask: UInt32) {
      shift = mask == 0 ? 0 : UInt32(mask.trailingZeroBitCount)
      largest = mask >> shift
      if largest & (largest &+ 1) != 0 { return nil }
    }

    /// The colour, stretched to 0...255 and rounded down, as Pillow does.
    func byte(of pixel: UInt32) -> UInt8 {
      let value = pixel >> shift & largest
      if largest == 255 { return UInt8(truncatingIfNeeded: value) }
      return largest == 0 ? 0 : UInt8(truncatingIfNeeded: UInt64(value) * 255 / UInt64(largest))
    }
  }
}

/// What a bitmap says of itself before its pixels.
struct BitmapHeader {
  enum Compression {
    case none
    case masks
    case runs
  }

  let width: Int
  let height: Int
  let isTopDown: Bool
  /// Bits a pixel.
  let depth: Int
  let compression: Compression
  /// Of red, green and blue, and of alpha where there is one; used with 16 bits and more.
  private(set) var masks: [UInt32]
  /// Whether it is OS/2's first header, with palettes of three bytes a colour.
  let isCore: Bool
  let paletteStart: Int
  /// 0 for all that the depth allows.
  let coloursUsed: Int
  /// Where the pixels begin; inside the file.
  let start: Int

  init(_ source: PictureSource, _ limits: PictureLimits) throws(PictureError) {
    let size = try source.little(14, 4)
    isCore = size == 12
    guard isCore || (40...1024).contains(size) else {
      throw source.damaged("says that its header has \(size) bytes", at: 14)
    }
    guard source.count >= 14 + size else { throw source.truncated("ends inside its header") }
    func signed(_ at: Int) throws(PictureError) -> Int { Int(Int32(truncatingIfNeeded: try source.little(at, 4))) }
    width = isCore ? try source.little(18, 2) : try signed(18)
    let signedHeight = isCore ? try source.little(20, 2) : try signed(22)
    height = abs(signedHeight)
    isTopDown = signedHeight < 0
    guard width > 0, height > 0 else { throw source.damaged("says that it has \(width) x \(signedHeight) pixels") }
    _ = try source.pixelCount(width, height, limits)
    depth = try source.little(isCore ? 24 : 28, 2)
    guard [1, 4, 8, 16, 24, 32].contains(depth) else {
      throw source.unsupported("has \(depth) bits a pixel; save it with 24", at: isCore ? 24 : 28)
    }
    coloursUsed = isCore ? 0 : try source.little(46, 4)
    start = try source.little(10, 4)

    let number = isCore ? 0 : try source.little(30, 4)
    // OS/2's second header has other meanings for 3 and 4.
    let isOS2 = size == 64
    masks = depth == 16 ? [0x7C00, 0x3E0, 0x1F] : [0xFF0000, 0xFF00, 0xFF]
    switch number {
    case 0: compression = .none
    case 1 where depth == 8, 2 where depth == 4: compression = .runs
    case 3 where !isOS2 && (depth == 16 || depth == 32), 6 where depth == 16 || depth == 32: compression = .masks
    case 1, 2, 3, 6: throw source.unsupported("has \(depth) bits with compression \(number); save it without", at: 30)
    case 4: throw source.unsupported("holds a JPEG picture; save it without compression", at: 30)
    case 5: throw source.unsupported("holds a PNG picture; save it without compression", at: 30)
    default: throw source.unsupported("has the compression \(number); save it without", at: 30)
    }
    guard compression != .runs || !isTopDown else {
      throw source.damaged("is compressed and stands upright, which the format does not allow")
    }

    // Masks stand in a later version's header, or behind the first version's.
    let hasAlphaMask = number == 6 || size >= 56
    var end = 14 + size
    if compression == .masks {
      masks = []
      for index in 0..<(hasAlphaMask ? 4 : 3) {
        masks.append(UInt32(truncatingIfNeeded: try source.little(54 + 4 * index, 4)))
      }
      if masks.count == 4, masks[3] == 0 { masks.removeLast() }
      if size < 52 { end += hasAlphaMask ? 16 : 12 }
    }
    paletteStart = end
    guard start >= end, start <= source.count else {
      throw source.damaged("says that its pixels begin at byte \(start)", at: 10)
    }
  }
}
