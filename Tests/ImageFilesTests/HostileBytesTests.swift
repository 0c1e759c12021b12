import Deflate
import Testing

@testable import ImageFiles

@Suite("Hostile pictures")
struct HostileBytesTests {
  private let limits = PictureLimits(pixels: 4_000_000)

  /// Reads a picture, which must end in one of a size that its file can hold, or in an error.
  ///
  /// - Returns: whether it was read.
  private func isRead(_ bytes: [UInt8], _ what: @autoclosure () -> String) -> Bool {
    do {
      let picture = try Picture(decoding: bytes, limits: limits)
      #expect(picture.width * picture.height <= limits.pixels, "\(what())")
      // Nothing stands for more pixels in a byte: 1032 bytes of PNG's rows of eight pixels each.
      #expect(picture.width * picture.height <= bytes.count * 1032 * 8, "\(what())")
      return true
    } catch {
      #expect(!error.message.isEmpty, "\(what())")
      return false
    }
  }

  /// Sets the check sums of a PNG's chunks, as far as there are chunks, so that what is behind them is read.
  private func withRightSums(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var position = 8
    while position + 12 <= bytes.count {
      let size = bytes[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
      let end = position + 8 + size
      guard end + 4 <= bytes.count else { break }
      let sum = Checksum.crc32(bytes.span.extracting((position + 4)..<end))
      bytes.replaceSubrange(end..<(end + 4), with: PNG.big(Int(sum)))
      position = end + 4
    }
    return bytes
  }

  @Test("20,000 damaged files end in a picture or an error")
  func mutations() throws {
    let files = try Corpus.files()
    var generator = SeededGenerator(seed: 1)
    var read = 0
    for round in 0..<20_000 {
      var bytes = files[Int.random(in: 0..<files.count, using: &generator)]
      func place() -> Int { Int.random(in: 0..<bytes.count, using: &generator) }
      switch round % 6 {
      case 0:
        for _ in 0...Int.random(in: 0..<4, using: &generator) {
          bytes[place()] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        }
      case 1: bytes.removeLast(bytes.count - place())
      case 2:
        // The beginning of one file and the end of another.
        let other = files[Int.random(in: 0..<files.count, using: &generator)]
        bytes = Array(bytes[..<place()] + other[Int.random(in: 0..<other.count, using: &generator)...])
      case 3:
        // A number that is too large or too small, most likely in a header.
        let start = min(place(), place(), place())
        let values: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF]
        let value = values[Int.random(in: 0..<values.count, using: &generator)]
        for index in start..<min(start + Int.random(in: 1...4, using: &generator), bytes.count) { bytes[index] = value }
      case 4:
        let start = place()
        bytes.removeSubrange(start..<min(start + Int.random(in: 1...20, using: &generator), bytes.count))
      default:
        let start = place()
        let part = Array(bytes[start..<min(start + Int.random(in: 1...40, using: &generator), bytes.count)])
        bytes.insert(contentsOf: part, at: place())
      }
      if round % 2 == 0, PNGReader.isRecognized(bytes) { bytes = withRightSums(bytes) }
      if isRead(bytes, "round \(round)") { read += 1 }
    }
    // Some changes do not show, such as those of pixels of a bitmap; most do.
    #expect(read > 500 && read < 15_000, "\(read)")
  }

  @Test("every beginning of a file that is cut off is refused")
  func truncations() throws {
    for name in [
      "png-rgb-8-adam7.png", "jpeg-420-16x16.jpg", "jpeg-420-16x16-progressive.jpg", "bmp-24.bmp", "bmp-rle8.bmp",
      "pnm-p6.ppm", "pnm-p5-65535.pgm",
    ] {
      let bytes = try Corpus.bytes(name)
      // Run lengths may lack their end mark of two bytes behind the last row.
      let end = name == "bmp-rle8.bmp" ? bytes.count - 2 : bytes.count
      for count in 0..<end {
        let wasRead = isRead(Array(bytes[..<count]), name)
        #expect(!wasRead, "\(name) \(count)")
      }
      let wasRead = isRead(bytes, name)
      #expect(wasRead, "\(name)")
    }
  }

  @Test("rows of PNG that are random bytes are read, whatever their filters say")
  func randomRows() {
    var generator = SeededGenerator(seed: 2)
    var read = 0
    for round in 0..<2000 {
      let kinds: [(type: UInt8, depth: UInt8, samples: Int)] = [
        (0, 1, 1), (0, 4, 1), (0, 8, 1), (0, 16, 1), (2, 8, 3), (2, 16, 3), (3, 2, 1), (3, 8, 1), (4, 8, 2), (6, 16, 4),
      ]
      let kind = kinds[Int.random(in: 0..<kinds.count, using: &generator)]
      let width = Int.random(in: 1...12, using: &generator)
      let height = Int.random(in: 1...12, using: &generator)
      let rowSize = (width * kind.samples * Int(kind.depth) + 7) / 8
      var rows: [UInt8] = []
      for _ in 0..<height {
        rows.append(UInt8.random(in: 0..<(round % 8 == 0 ? 6 : 5), using: &generator))
        for _ in 0..<rowSize { rows.append(UInt8.random(in: 0...255, using: &generator)) }
      }
      // Sometimes a byte too many or too few.
      if round % 16 == 1 { rows.append(0) }
      if round % 16 == 2 { rows.removeLast() }
      var bytes = PNG.signature
      PNG.append("IHDR", PNG.big(width) + PNG.big(height) + [kind.depth, kind.type, 0, 0, 0], to: &bytes)
      if kind.type == 3 { PNG.append("PLTE", [UInt8](repeating: 9, count: 3 << Int(kind.depth)), to: &bytes) }
      PNG.append("IDAT", Deflater.zlib(rows), to: &bytes)
      PNG.append("IEND", [], to: &bytes)
      let wasRead = isRead(bytes, "round \(round)")
      if round % 16 == 1 || round % 16 == 2 { #expect(!wasRead, "round \(round)") }
      if wasRead { read += 1 }
    }
    #expect(read > 1000)
  }

  @Test("files that claim more pixels than they hold are refused at once")
  func claims() throws {
    func expectRefusal(_ bytes: [UInt8], _ code: PictureError.Code, _ what: String) {
      let error = #expect(throws: PictureError.self) { try Picture(decoding: bytes) }
      #expect(error?.code == code, "\(what): \(String(describing: error))")
    }
    func png(_ width: Int, _ height: Int) -> [UInt8] {
      var bytes = PNG.signature
      PNG.append("IHDR", PNG.big(width) + PNG.big(height) + [16, 6, 0, 0, 0], to: &bytes)
      PNG.append("IDAT", Deflater.zlib([1, 2, 3]), to: &bytes)
      PNG.append("IEND", [], to: &bytes)
      return bytes
    }
    expectRefusal(png(10_000, 10_000), .truncated, "PNG")
    expectRefusal(png(0x7FFF_FFFF, 0x7FFF_FFFF), .tooLarge, "PNG")
    expectRefusal(png(0, 5), .damaged, "PNG")
    var jpeg = try Corpus.bytes("jpeg-420-16x16.jpg")
    let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0x20, 0, 0x20, 0])
    expectRefusal(jpeg, .truncated, "JPEG")
    jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFF, 0xFF, 0xFF, 0xFF])
    expectRefusal(jpeg, .tooLarge, "JPEG")
    for name in ["bmp-24.bmp", "bmp-rle8.bmp", "bmp-32-alpha-124.bmp"] {
      var bitmap = try Corpus.bytes(name)
      bitmap.replaceSubrange(18..<26, with: [0, 0x20, 0, 0, 0, 0x20, 0, 0])
      expectRefusal(bitmap, .truncated, name)
      bitmap.replaceSubrange(18..<26, with: [0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0x7F])
      expectRefusal(bitmap, .tooLarge, name)
      bitmap.replaceSubrange(18..<26, with: [1, 0, 0, 0, 0, 0, 0, 0x80])
      expectRefusal(bitmap, .tooLarge, name)
    }
    for kind in 1...6 {
      let most = kind == 1 || kind == 4 ? "" : "255\n"
      expectRefusal(Array("P\(kind) 9000 9000\n\(most)1 2 3".utf8), .truncated, "P\(kind)")
      expectRefusal(Array("P\(kind) 999999999 999999999\n\(most)1 2 3".utf8), .tooLarge, "P\(kind)")
    }
  }

  @Test("a picture of as many pixels as are allowed is read, and one of a pixel more is not")
  func limit() throws {
    let bytes = Picture(width: 10, height: 7, channels: 1, pixels: [UInt8](repeating: 5, count: 70)).png()
    #expect(try Picture(decoding: bytes, limits: PictureLimits(pixels: 70)).width == 10)
    let error = #expect(throws: PictureError.self) {
      try Picture(decoding: bytes, limits: PictureLimits(pixels: 69))
    }
    #expect(error?.code == .tooLarge)
    #expect(throws: PictureError.self) { try Picture(decoding: bytes, limits: PictureLimits(pixels: .min)) }
    #expect(try Picture(decoding: bytes, limits: PictureLimits(pixels: .max)).height == 7)
  }

  @Test("check sums of PNG are checked: of each chunk, and of the data")
  func sums() throws {
    let bytes = try Corpus.bytes("png-stored.png")
    // Every bit outside the signature and the sizes counts.
    for position in stride(from: 12, to: bytes.count - 12, by: 7) {
      var changed = bytes
      changed[position] ^= 4
      let wasRead = isRead(changed, "\(position)")
      #expect(!wasRead, "\(position)")
    }
    // A changed pixel with the right sum of its chunk: the sum of the data says so.
    var changed = bytes
    changed[bytes.count - 40] ^= 4
    let error = try #require(throws: PictureError.self) { try Picture(decoding: withRightSums(changed)) }
    #expect(error.message.contains("check sum"), "\(error)")
  }

  @Test("restart markers in another order, and scans that repeat, are refused")
  func scans() throws {
    var bytes = try Corpus.bytes("jpeg-restart-411.jpg")
    let first = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xD0 })
    bytes[first + 1] = 0xD3
    let wasRead = isRead(bytes, "restart")
    #expect(!wasRead)
    let whole = try Corpus.bytes("jpeg-scans.jpg")
    let scan = try #require(whole.indices.dropLast().first { whole[$0] == 0xFF && whole[$0 + 1] == 0xDA })
    let twice = whole.dropLast(2) + whole[scan...]
    let error = try #require(throws: PictureError.self) { try Picture(decoding: Array(twice)) }
    #expect(error.message.contains("follow"), "\(error)")
  }
}
