/// Reads JPEG pictures (ISO/IEC 10918-1) with Huffman codes and 8 bits a sample: baseline, extended sequential and
/// progressive ones, grey or in three colours, turned as their Exif data say.
///
/// Samples are those of libjpeg-turbo's default decoder: the accurate integer transform, chroma interpolated by a
/// triangle where it has half the picture's width or height, and the colours of JFIF.
struct JPEGReader {
  private let source: PictureSource
  private let limits: PictureLimits
  private var position = 2
  /// In the order of rows.
  private var quantizationTables = [[Int32]](repeating: [], count: 4)
  private var firstTables = [JPEGHuffman?](repeating: nil, count: 4)
  private var otherTables = [JPEGHuffman?](repeating: nil, count: 4)
  private var restartInterval = 0
  private var hasJFIF = false
  /// What an Adobe marker says of the colours.
  private var adobeTransform: Int?
  private var orientation: Int?
  private var scanCount = 0
  /// Scans of a picture that is read; each one may cost a look at all blocks.
  private static let mostScans = 256
  /// Looks at blocks of a progressive picture, all scans together, where that is more than ``scansOfAll`` of all blocks.
  private static let mostLooks = 1 << 26
  /// Scans of all components that the largest pictures may have.
  private static let scansOfAll = 32
  private var looks = 0

  private var frame: JPEGFrame?
  /// Coefficients of all blocks, by row; of progressive pictures.
  private var coefficients: [Int16] = []
  /// Samples of all components; each row of blocks is eight rows.
  private var samples: [UInt8] = []

  static func isRecognized(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0xFF, 0xD8, 0xFF]) }

  static func decode(_ bytes: [UInt8], _ limits: PictureLimits) throws(PictureError) -> Picture {
    var reader = JPEGReader(source: PictureSource(bytes: bytes, format: "JPEG"), limits: limits)
    while try reader.readSegment() {}
    return try reader.picture()
  }

  private init(source: PictureSource, limits: PictureLimits) {
    self.source = source
    self.limits = limits
  }

  // MARK: Segments

  /// The next marker, behind what lies before it.
  private mutating func nextMarker() throws(PictureError) -> Int {
    let bytes = source.bytes
    var at = position
    while at < bytes.count {
      if bytes[at] != 0xFF {
        at += 1
        continue
      }
      // Any count of 0xFF may stand before a marker; a zero says that there is none.
      while at < bytes.count, bytes[at] == 0xFF { at += 1 }
      guard at < bytes.count else { break }
      at += 1
      if bytes[at - 1] != 0 {
        position = at
        return Int(bytes[at - 1])
      }
    }
    throw source.truncated("ends before its end mark")
  }

  /// Reads a marker and what belongs to it.
  ///
  /// - Returns: `false` behind the end mark.
  private mutating func readSegment() throws(PictureError) -> Bool {
    let marker = try nextMarker()
    switch marker {
    case 0xD9: return false
    // A restart, a start or a temporary mark has no contents.
    case 0x01, 0xD0...0xD8: return true
    default: break
    }
    let size = try source.big(position, 2)
    guard size >= 2, size <= source.count - position else {
      throw source.truncated("ends inside a segment", at: position)
    }
    let contents = (position + 2)..<(position + size)
    position = contents.upperBound
    switch marker {
    case 0xC0, 0xC1, 0xC2:
      guard frame == nil else { throw source.damaged("has two frames", at: contents.lowerBound) }
      let frame = try JPEGFrame(
        source, at: contents.lowerBound, size: contents.count, isProgressive: marker == 0xC2, limits)
      self.frame = frame
      samples = [UInt8](repeating: 0, count: frame.blockCount * 64)
      if frame.isProgressive { coefficients = [Int16](repeating: 0, count: frame.blockCount * 64) }
    case 0xC3: throw source.unsupported("is a lossless JPEG; save it as an ordinary one or as PNG")
    case 0xC5, 0xC6, 0xC7, 0xDE: throw source.unsupported("is a hierarchical JPEG; save it as an ordinary one")
    case 0xC9...0xCB, 0xCD...0xCF, 0xCC:
      throw source.unsupported("is an arithmetic coded JPEG; save it with Huffman codes")
    case 0xF7: throw source.unsupported("is a JPEG-LS picture; save it as an ordinary JPEG or as PNG")
    case 0xC4: try readHuffmanTables(contents)
    case 0xDB: try readQuantizationTables(contents)
    case 0xDD: restartInterval = try source.big(contents.lowerBound, 2)
    case 0xDA: try readScan(contents)
    case 0xE0: hasJFIF = hasJFIF || begins(contents, with: "JFIF\0")
    case 0xE1 where orientation == nil && begins(contents, with: "Exif\0\0"):
      orientation = ExifOrientation.value(source.bytes.span.extracting(contents).extracting(6...))
    case 0xEE where begins(contents, with: "Adobe") && contents.count >= 12:
      adobeTransform = Int(source.bytes[contents.lowerBound + 11])
    default: break
    }
    return true
  }

  private func begins(_ contents: Range<Int>, with text: StaticString) -> Bool {
    let size = text.utf8CodeUnitCount
    // Sound: a static string has as many bytes as it says.
    return unsafe contents.count >= size
      && source.bytes[contents].prefix(size).elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: size))
  }

  private mutating func readQuantizationTables(_ contents: Range<Int>) throws(PictureError) {
    var at = contents.lowerBound
    while at < contents.upperBound {
      let (size, index) = (try source.big(at, 1) >> 4 + 1, try source.big(at, 1) & 15)
      guard size <= 2, index < 4, at + 1 + 64 * size <= contents.upperBound else {
        throw source.damaged("has a quantization table that is wrong", at: at)
      }
      var table = [Int32](repeating: 0, count: 64)
      for (coefficient, place) in JPEGFrame.order.enumerated() {
        table[place] = Int32(try source.big(at + 1 + coefficient * size, size))
      }
      quantizationTables[index] = table
      at += 1 + 64 * size
    }
  }

  private mutating func readHuffmanTables(_ contents: Range<Int>) throws(PictureError) {
    var at = contents.lowerBound
    func damaged() -> PictureError { source.damaged("has a Huffman table that is wrong", at: at) }
    while at < contents.upperBound {
      let kind = source.bytes[at]
      guard kind & 0xEC == 0, at + 17 <= contents.upperBound else { throw damaged() }
      let counts = Array(source.bytes[(at + 1)..<(at + 17)])
      let count = counts.reduce(0) { $0 + Int($1) }
      guard count <= 256, at + 17 + count <= contents.upperBound,
        let table = JPEGHuffman(counts: counts, symbols: Array(source.bytes[(at + 17)..<(at + 17 + count)]))
      else { throw damaged() }
      if kind & 0x10 == 0 {
        firstTables[Int(kind & 3)] = table
      } else {
        otherTables[Int(kind & 3)] = table
      }
      at += 17 + count
    }
  }

  // MARK: Scans

  private mutating func readScan(_ contents: Range<Int>) throws(PictureError) {
    let at = contents.lowerBound
    guard var frame else { throw source.damaged("has a scan before its frame", at: at) }
    scanCount += 1
    guard scanCount <= Self.mostScans else {
      throw source.unsupported("has more than \(Self.mostScans) scans; save it anew", at: at)
    }
    let count = try source.big(at, 1)
    guard (1...frame.components.count).contains(count), contents.count == 4 + 2 * count else {
      throw source.damaged("has a scan of \(count) components", at: at)
    }
    let tail = at + 1 + 2 * count
    let (low, high) = (try source.big(tail, 1), try source.big(tail + 1, 1))
    let bits = try source.big(tail + 2, 1)
    // Other coefficients than the first come in scans of one component.
    let isRight = low == 0 ? high == 0 : low <= high && high < 64 && count == 1
    guard !frame.isProgressive || isRight && bits & 15 < 14 else {
      throw source.damaged("has a scan that cannot be", at: tail)
    }
    var scan = JPEGScan(
      band: frame.isProgressive ? low...high : 0...63, knownBits: bits >> 4, lowestBit: bits & 15,
      restartInterval: restartInterval)
    for index in 0..<count {
      let identifier = try source.big(at + 1 + 2 * index, 1)
      let tables = try source.big(at + 2 + 2 * index, 1)
      guard let component = frame.components.firstIndex(where: { $0.identifier == identifier }),
        !scan.parts.contains(where: { $0.component == component }), tables & 0xCC == 0
      else { throw source.damaged("has a scan of components that cannot be", at: at) }
      if frame.components[component].table.isEmpty {
        let table = quantizationTables[frame.components[component].tableIndex]
        guard !table.isEmpty else { throw source.damaged("lacks a quantization table", at: at) }
        frame.components[component].table = table
      }
      try advance(&frame.components[component], scan, isProgressive: frame.isProgressive, at: at)
      // Refinements of first coefficients are single bits; other scans of a band need one table, others both.
      let needsFirst = scan.band.lowerBound == 0 && (scan.knownBits == 0 || !frame.isProgressive)
      let needsOther = scan.band.upperBound > 0
      let first = firstTables[tables >> 4]
      let other = otherTables[tables & 3]
      guard first != nil || !needsFirst, other != nil || !needsOther else {
        throw source.damaged("lacks a Huffman table", at: at)
      }
      scan.parts.append(
        JPEGScan.Part(component: component, first: first ?? JPEGHuffman.none, other: other ?? JPEGHuffman.none))
    }
    self.frame = frame
    for part in scan.parts {
      let layout = frame.components[part.component].layout
      looks += layout.blocksWide * layout.blocksHigh
    }
    guard looks <= max(Self.mostLooks, Self.scansOfAll * frame.blockCount) else {
      throw source.unsupported("has too many scans for its size; save it anew", at: at)
    }
    if frame.isProgressive {
      position = try scan.readProgressive(frame, source, contents.upperBound, into: &coefficients)
    } else {
      position = try scan.readSequential(frame, source, contents.upperBound, into: &samples)
    }
  }

  /// Enters what a scan brings of a component, which must be more than is known: so scans are not more than coefficients
  /// have bits.
  private func advance(
    _ component: inout JPEGFrame.Component, _ scan: JPEGScan, isProgressive: Bool, at position: Int
  ) throws(PictureError) {
    for coefficient in scan.band {
      let known = component.knownBits[coefficient]
      let isNew = known < 0 && (scan.knownBits == 0 || !isProgressive)
      let isNext = isProgressive && known > 0 && known == scan.knownBits && scan.lowestBit == known - 1
      let followsFirst = coefficient == 0 || !isProgressive || component.knownBits[0] >= 0
      guard isNew || isNext, followsFirst else {
        throw source.damaged("has scans that do not follow each other", at: position)
      }
      component.knownBits[coefficient] = isProgressive ? scan.lowestBit : 0
    }
  }

  // MARK: The picture

  private mutating func picture() throws(PictureError) -> Picture {
    guard let frame else { throw source.damaged("has no frame") }
    guard frame.components.allSatisfy({ $0.knownBits[0] >= 0 }) else {
      throw source.truncated("ends before all of its components")
    }
    if frame.isProgressive {
      JPEGTransform.makeSamples(coefficients, frame, into: &samples)
      coefficients = []
    }
    let pixels = JPEGColours.pixels(samples, frame, areRGB: areRGB(frame))
    samples = []
    let picture = Picture(
      width: frame.width, height: frame.height, channels: frame.components.count, pixels: pixels)
    return picture.turned(orientation ?? 1)
  }

  /// Whether components are red, green and blue themselves, told as libjpeg does.
  private func areRGB(_ frame: JPEGFrame) -> Bool {
    if hasJFIF { return false }
    if let adobeTransform { return adobeTransform == 0 }
    return frame.components.map(\.identifier) == [0x52, 0x47, 0x42]
  }
}
