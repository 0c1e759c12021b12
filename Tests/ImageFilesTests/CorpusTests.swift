import ImageFiles
import Testing

@Suite("Fixtures/images")
struct CorpusTests {
  @Test("every picture has the pixels that Pillow reads")
  func pictures() throws {
    let corpus = try Corpus.load()
    let expected = try Corpus.bytes("expected.bin")
    #expect(corpus.pictures.count > 150)
    for entry in corpus.pictures {
      let picture = try Picture(decoding: try Corpus.bytes(entry.file))
      #expect(
        [picture.width, picture.height, picture.channels] == [entry.width, entry.height, entry.channels],
        "\(entry.file)")
      // JPEG's samples too: the arithmetic is that of libjpeg-turbo.
      let pixels = expected[entry.offset..<(entry.offset + entry.width * entry.height * entry.channels)]
      let isEqual = picture.pixels.elementsEqual(pixels)
      #expect(isEqual, "\(entry.file)")
    }
  }

  @Test("resized pictures have the pixels that Pillow makes")
  func resized() throws {
    let corpus = try Corpus.load()
    let expected = try Corpus.bytes("expected.bin")
    let methods: [String: ResizeMethod] = ["bilinear": .bilinear, "area": .area, "nearest": .nearest]
    #expect(corpus.resized.count > 100)
    for entry in corpus.resized {
      let method = try #require(methods[entry.method])
      let picture = try Picture(decoding: try Corpus.bytes(entry.file))
      let resized = picture.resized(width: entry.width, height: entry.height, method: method)
      let pixels = expected[entry.offset..<(entry.offset + entry.width * entry.height * picture.channels)]
      let isEqual = resized.pixels.elementsEqual(pixels)
      #expect(isEqual, "\(entry.file) \(entry.method) \(entry.width) x \(entry.height)")
    }
  }

  @Test("pictures of kinds that are not read are refused by name")
  func refused() throws {
    let codes: [String: PictureError.Code] = [
      "unsupported": .unsupported, "unknownFormat": .unknownFormat, "damaged": .damaged,
    ]
    for entry in try Corpus.load().refused {
      let bytes = try Corpus.bytes(entry.file)
      let error = try #require(throws: PictureError.self) { try Picture(decoding: bytes) }
      #expect(error.code == codes[entry.code] && error.message.contains(entry.reason), "\(entry.file): \(error)")
    }
  }

  @Test("Exif orientations turn the picture that lies in the file")
  func orientation() throws {
    func decoded(_ orientation: Int) throws -> Picture {
      try Picture(decoding: try Corpus.bytes("jpeg-turned-\(orientation).jpg"))
    }
    let upright = try decoded(1)
    func pixel(_ picture: Picture, _ x: Int, _ y: Int) -> [UInt8] {
      let start = (y * picture.width + x) * 3
      return Array(picture.pixels[start..<(start + 3)])
    }
    let (width, height) = (upright.width, upright.height)
    // Where the upper left pixel of the file, and the one on its right, come to lie.
    let places = [
      2: (width - 1, 0, -1, 0), 3: (width - 1, height - 1, -1, 0), 4: (0, height - 1, 1, 0), 5: (0, 0, 0, 1),
      6: (height - 1, 0, 0, 1), 7: (height - 1, width - 1, 0, -1), 8: (0, width - 1, 0, -1),
    ]
    for (orientation, (x, y, right, down)) in places {
      let turned = try decoded(orientation)
      #expect((turned.width == width) == (orientation < 5))
      #expect(pixel(turned, x, y) == pixel(upright, 0, 0), "\(orientation)")
      #expect(pixel(turned, x + right, y + down) == pixel(upright, 1, 0), "\(orientation)")
    }
  }
}
