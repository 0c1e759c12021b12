import Deflate

/// Reads PNG pictures (ISO/IEC 15948): all colour types and depths, palettes, transparency, and Adam7's interlace.
///
/// Samples of 1, 2 and 4 bits are stretched to eight; of 16 bits the high byte is taken. A palette gives colours. Where
/// a `tRNS` chunk says which pixels are transparent, they get an alpha. The picture is turned as an `eXIf` chunk says.
struct PNGReader {
  private let source: PictureSource
  private let header: PNGHeader
  /// Red, green and blue of each colour.
  private var palette: [UInt8] = []
  /// The contents of `tRNS`; empty without it.
  private var transparency: [UInt8] = []
  /// How Exif data say that the picture is turned.
  private var orientation: Int?

  static func isRecognized(_ bytes: [UInt8]) -> Bool { bytes.starts(with: PNG.signature) }

  static func decode(_ bytes: [UInt8], _ limits: PictureLimits) throws(PictureError) -> Picture {
    let source = PictureSource(bytes: bytes, format: "PNG")
    var reader = PNGReader(source: source, header: try PNGHeader(source, limits))
    let data = try reader.readChunks()
    var rows = try source.inflated(data, count: reader.header.dataSize)
    return try reader.picture(&rows).turned(reader.orientation ?? 1)
  }

  private init(source: PictureSource, header: PNGHeader) {
    self.source = source
    self.header = header
  }

  // MARK: Chunks

  /// Reads all chunks behind the header, and returns the compressed data.
  private mutating func readChunks() throws(PictureError) -> [UInt8] {
    let bytes = source.bytes
    var data: [UInt8] = []
    var dataEnd: Int?
    var position = PNG.signature.count
    while true {
      guard position + 12 <= bytes.count else { throw source.truncated("ends before its end mark") }
      let size = try source.big(position, 4)
      let type = Array(bytes[(position + 4)..<(position + 8)])
      let start = position + 8
      guard size <= bytes.count - start - 4 else { throw source.truncated("ends inside a chunk", at: position) }
      let sum = Checksum.crc32(bytes.span.extracting((position + 4)..<(start + size)))
      guard try source.big(start + size, 4) == Int(sum) else {
        throw source.damaged("has a chunk that its check sum denies", at: position)
      }
      let contents = bytes[start..<(start + size)]
      switch String(decoding: type, as: UTF8.self) {
      case "IHDR" where position == PNG.signature.count: break
      case "PLTE":
        guard size % 3 == 0, (1...256).contains(size / 3), palette.isEmpty, dataEnd == nil else {
          throw source.damaged("has a palette of \(size) bytes, or in a wrong place", at: position)
        }
        palette = Array(contents)
      case "tRNS":
        guard dataEnd == nil, !header.hasAlpha, size > 0 else { break }
        let most = header.colourType == .palette ? palette.count / 3 : header.colourType == .grey ? 2 : 6
        guard header.colourType == .palette ? size <= most : size == most else {
          throw source.damaged("has a transparency of \(size) bytes", at: position)
        }
        transparency = Array(contents)
      case "eXIf":
        // Anywhere before the end; of several, the first.
        if orientation == nil { orientation = ExifOrientation.value(bytes.span.extracting(start..<(start + size))) }
      case "IDAT":
        guard dataEnd == nil || dataEnd == position else {
          throw source.damaged("has data in several places", at: position)
        }
        data += contents
        dataEnd = start + size + 4
      case "IEND":
        guard dataEnd != nil else { throw source.damaged("has no data", at: position) }
        guard header.colourType != .palette || !palette.isEmpty else { throw source.damaged("has no palette") }
        return data
      default:
        // Lower case says that the chunk may be skipped.
        guard type[0] & 0x20 != 0 else {
          throw source.unsupported("has a chunk of a kind that is not read, and which may not be skipped", at: position)
        }
      }
      position = start + size + 4
    }
  }

  // MARK: Pixels

  /// Makes pixels out of filtered rows, in place.
  private func picture(_ rows: inout [UInt8]) throws(PictureError) -> Picture {
    let channels = header.samples(withAlpha: !transparency.isEmpty)
    var pixels = [UInt8](repeating: 0, count: header.width * header.height * channels)
    var start = 0
    for pass in header.passes {
      let rowSize = header.rowSize(pass.columns)
      if pass.columns == 0 { continue }
      for row in 0..<pass.rows {
        let filter = rows[start]
        guard filter < 5 else { throw source.damaged("has a row with filter \(filter), which does not exist") }
        let above = row == 0 ? nil : start - rowSize
        PNGFilter.undo(filter, &rows, (start + 1)..<(start + 1 + rowSize), above, header.filterDistance)
        let place = ((pass.firstRow + row * pass.rowStep) * header.width + pass.firstColumn) * channels
        let line = rows.span.extracting((start + 1)..<(start + 1 + rowSize))
        try unpack(line, pass.columns, into: &pixels, at: place, step: pass.columnStep * channels)
        start += rowSize + 1
      }
    }
    return Picture(width: header.width, height: header.height, channels: channels, pixels: pixels)
  }

  /// Sets the pixels of a row.
  ///
  /// - Parameters:
  ///   - row: its bytes.
  ///   - count: of pixels in it.
  ///   - pixels: the picture's.
  ///   - start: the place of the first one.
  ///   - step: from one to the next.
  private func unpack(
    _ row: Span<UInt8>, _ count: Int, into pixels: inout [UInt8], at start: Int, step: Int
  ) throws(PictureError) {
    let hasTransparency = !transparency.isEmpty
    var place = start
    switch header.colourType {
    case .palette:
      for index in 0..<count {
        let colour = sample(row, index)
        guard 3 * colour < palette.count else {
          throw source.damaged("has a pixel of colour \(colour), which its palette lacks")
        }
        for channel in 0..<3 { pixels[place + channel] = palette[3 * colour + channel] }
        if hasTransparency { pixels[place + 3] = colour < transparency.count ? transparency[colour] : 255 }
        place += step
      }
    case .grey where header.depth < 8:
      let scale = 255 / (1 << header.depth - 1)
      let transparent = hasTransparency ? Int(transparency[0]) << 8 | Int(transparency[1]) : -1
      for index in 0..<count {
        let grey = sample(row, index)
        pixels[place] = UInt8(grey * scale)
        if hasTransparency { pixels[place + 1] = grey == transparent ? 0 : 255 }
        place += step
      }
    default:
      let samples = header.samples(withAlpha: false)
      let size = header.depth / 8
      if size == 1, step == samples {
        var span = pixels.mutableSpan
        for index in 0..<(count * samples) { span[start + index] = row[index] }
        return
      }
      var from = 0
      for _ in 0..<count {
        // Of 16 bits, the first byte is the high one.
        for channel in 0..<samples { pixels[place + channel] = row[from + channel * size] }
        if hasTransparency { pixels[place + samples] = isTransparent(row, from, samples, size) ? 0 : 255 }
        from += samples * size
        place += step
      }
    }
  }

  /// A sample of at most 8 bits.
  private func sample(_ row: Span<UInt8>, _ index: Int) -> Int {
    let perByte = 8 / header.depth
    let shift = 8 - header.depth * (index % perByte + 1)
    return Int(row[index / perByte]) >> shift & (1 << header.depth - 1)
  }

  /// Whether a pixel of 8 or 16 bits has the colour that `tRNS` names, with two bytes a sample.
  private func isTransparent(_ row: Span<UInt8>, _ from: Int, _ samples: Int, _ size: Int) -> Bool {
    for channel in 0..<samples {
      let low = row[from + channel * size + size - 1]
      let high = size == 2 ? row[from + channel * size] : 0
      if transparency[2 * channel] != high || transparency[2 * channel + 1] != low { return false }
    }
    return true
  }
}
