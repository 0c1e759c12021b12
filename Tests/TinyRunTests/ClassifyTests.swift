import Foundation
import ImageFiles
import Testing

@Suite("tinyrun classify")
struct ClassifyTests {
  /// The class and score that come first for each picture.
  private func best(_ words: [String]) async throws -> [(index: Int, score: Double)] {
    let result = try await Tool.run(["classify"] + words + ["--json"])
    #expect(result.status == 0, "\(result.error)")
    let pictures = try #require(try result.json["pictures"] as? [[String: Any]])
    return try pictures.map { picture in
      let top = try #require((picture["top"] as? [[String: Any]])?.first)
      return (try #require(top["class"] as? Int), try #require(top["score"] as? Double))
    }
  }

  private func score(_ model: String, _ index: Int) throws -> (index: Int, score: Double) {
    let scores = try Fixtures.scores(model, index).map { Int(Int8(bitPattern: $0)) }
    let largest = scores.max() ?? 0
    return (scores.firstIndex(of: largest) ?? 0, Double(largest + 128) / 256)
  }

  @Test("images of an IDX file give the expected scores", arguments: ["mnist_cnn_int8", "mnist_mlp_int8"])
  func idx(_ model: String) async throws {
    let rows = [0, 1, 8, 9999]
    let results = try await best([Fixtures.path("models/\(model).tflite")] + rows.map { "\(Fixtures.images):\($0)" })
    for (row, result) in zip(rows, results) {
      #expect(try result == score(model, row))
    }
  }

  @Test("text is one line a picture: name, classes with scores, time; and the mapping on standard error")
  func text() async throws {
    let result = try await Tool.run("classify", Fixtures.model, "\(Fixtures.images):0", "\(Fixtures.images):1")
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("\(Fixtures.images):0   7  0.9961   "))
    #expect(lines[0].hasSuffix(" us"))
    let messages = result.error.split(separator: "\n")
    #expect(messages.first == "mapping unit: the input's values reach from 0 to 1; --mapping takes another one")
    #expect(messages.count == 2 && messages[1].hasPrefix("2 pictures in ") && messages[1].hasSuffix(" pictures/s"))
    let quiet = try await Tool.run("classify", Fixtures.model, "\(Fixtures.images):0", "--mapping", "unit")
    #expect(quiet.error.isEmpty)
  }

  @Test("--top says how many classes are printed, at most all")
  func top() async throws {
    for (top, count) in [("1", 1), ("5", 5), ("9223372036854775807", 10)] {
      let result = try await Tool.run("classify", Fixtures.model, "\(Fixtures.images):0", "--top", top, "--json")
      let pictures = try #require(try result.json["pictures"] as? [[String: Any]])
      #expect((pictures.first?["top"] as? [Any])?.count == count)
    }
  }

  @Test("one digit gives the same scores in every format that can hold it")
  func formats() async throws {
    let folder = try Folder()
    let digit = try Fixtures.digit(2)
    let text = digit.map(String.init).joined(separator: " ")
    let colours: [UInt8] = digit.flatMap { [$0, $0, $0] as [UInt8] }
    let wide = digit.flatMap { [$0, 0x80] as [UInt8] }
    let files: [(String, [UInt8])] = [
      ("p5.pgm", Array("P5\n# a comment\n28 28\n255\n".utf8) + digit),
      ("p2.pgm", Array("P2 28 28 # sizes\n255 \(text)".utf8)),
      ("p6.ppm", Array("P6 28 28 255\n".utf8) + colours),
      ("p3.ppm", Array("P3\n28\t28\n255\n\(colours.map(String.init).joined(separator: "\n"))\n".utf8)),
      ("wide.pgm", Array("P5 28 28 65535\n".utf8) + wide),
      ("8.bmp", Pictures.bitmap(28, 28, depth: 8, palette: Pictures.greys, rows: Pictures.rows(digit, 28))),
      ("8-down.bmp", Pictures.bitmap(28, -28, depth: 8, palette: Pictures.greys, rows: Pictures.rows(digit, 28))),
      ("24.bmp", Pictures.bitmap(28, 28, depth: 24, rows: Pictures.rows(colours, 84))),
      (
        "32.bmp",
        Pictures.bitmap(28, -28, depth: 32, rows: Pictures.rows(digit.flatMap { [$0, $0, $0, 0] as [UInt8] }, 112))
      ),
      ("core.bmp", Pictures.coreBitmap(28, 28, depth: 24, rows: Pictures.rows(colours, 84))),
      ("grey.png", Picture(width: 28, height: 28, channels: 1, pixels: digit).png()),
      ("colours.png", Picture(width: 28, height: 28, channels: 3, pixels: colours).png()),
    ]
    let paths = try files.map { try folder.file($0.0, $0.1) }
    let expected = try score("mnist_cnn_int8", 2)
    for (result, file) in zip(try await best([Fixtures.model] + paths), files) {
      #expect(result == expected, "\(file.0)")
    }
  }

  @Test("a JPEG gives the same scores as its pixels in a PPM, and its error names the file")
  func jpeg() async throws {
    let folder = try Folder()
    let path = Fixtures.path("images/jpeg-420-40x30.jpg")
    let bytes = try Fixtures.bytes("images/jpeg-420-40x30.jpg")
    let picture = try Picture(decoding: bytes)
    let plain = try folder.file("plain.ppm", Array("P6 40 30 255\n".utf8) + picture.pixels)
    let results = try await best([Fixtures.model, path, plain])
    #expect(results[0] == results[1])
    let short = try folder.file("short.jpg", Array(bytes.dropLast(99)))
    let result = try await Tool.run("classify", Fixtures.model, short, "--quiet")
    #expect(result.status == 3 && result.error.contains("\(short): the JPEG picture ends"), "\(result.error)")
  }

  @Test("palettes of 1 and 4 bits, and colours, give the same scores as their grey")
  func palettes() async throws {
    let folder = try Folder()
    let digit = try Fixtures.digit(4)
    func packed(_ values: [UInt8], _ depth: Int) -> [[UInt8]] {
      Pictures.rows(values, 28).map { row in
        stride(from: 0, to: 28, by: 8 / depth).map { start in
          var byte: UInt8 = 0
          for index in start..<(start + 8 / depth) { byte = byte << UInt8(depth) | (index < 28 ? row[index] : 0) }
          return byte
        }
      }
    }
    let sixteen: [[UInt8]] = (0..<16).map { [17 * $0, 17 * $0, 17 * $0] }
    let fours = digit.map { $0 / 16 }
    let ones: [UInt8] = digit.map { $0 > 127 ? 1 : 0 }
    // Pure red, green and blue have the lumas 76, 150 and 29.
    let coloured: [[UInt8]] = digit.map { $0 > 127 ? [255, 0, 0] : [0, 0, 255] }
    let files: [([UInt8], [UInt8])] = [
      (Pictures.bitmap(28, 28, depth: 4, palette: sixteen, rows: packed(fours, 4)), fours.map { $0 * 17 }),
      (
        Pictures.bitmap(28, 28, depth: 1, palette: [[9, 9, 9], [200, 200, 200]], rows: packed(ones, 1)),
        ones.map { $0 == 1 ? 200 : 9 }
      ),
      (
        Pictures.bitmap(28, 28, depth: 1, palette: [[255, 0, 0], [0, 255, 0]], rows: packed(ones, 1)),
        ones.map { $0 == 1 ? 150 : 29 }
      ),
      (Array("P6 28 28 255\n".utf8) + coloured.flatMap { $0 }, coloured.map { $0[0] == 255 ? 76 : 29 }),
    ]
    for (index, file) in files.enumerated() {
      let picture = try folder.file("picture-\(index)", file.0)
      let grey = try folder.file("grey-\(index)", Array("P5 28 28 255\n".utf8) + file.1)
      let results = try await best([Fixtures.model, picture, grey])
      #expect(results[0] == results[1], "picture \(index)")
    }
  }

  @Test("a picture of another size is made to fit")
  func sizes() async throws {
    let folder = try Folder()
    let digit = try Fixtures.digit(0)
    // Each pixel four times as wide and high: averaging gives nearly the digit back.
    let large = Pictures.rows(digit, 28).flatMap { row in
      [[UInt8]](repeating: row.flatMap { [$0, $0, $0, $0] as [UInt8] }, count: 4).flatMap { $0 }
    }
    let path = try folder.file("large.pgm", Array("P5 112 112 255\n".utf8) + large)
    let one = try folder.file("one.pgm", Array("P5 1 1 255\n".utf8) + [0])
    let black = try folder.file("black.pgm", Array("P5 28 28 255\n".utf8) + [UInt8](repeating: 0, count: 784))
    let results = try await best([Fixtures.model, path, one, black])
    #expect(results[0].index == 7 && results[0].score > 0.9)
    #expect(results[1] == results[2])
  }

  /// A model whose outputs are its inputs, with other scales, in a file.
  private func identity(_ name: String, scale: Float, in folder: Folder) throws -> String {
    var model = PatchedModel(try Fixtures.bytes("\(name)/model.tflite"))
    let isReplaced = model.replaceScales(by: scale)
    #expect(isReplaced)
    return try folder.file("identity.tflite", model.bytes)
  }

  /// The scores of a picture, by class.
  private func scores(_ words: String...) async throws -> (values: [Double], mapping: String?) {
    let result = try await Tool.run(["classify"] + words + ["--top", "99", "--json"])
    #expect(result.status == 0, "\(result.error)")
    let json = try result.json
    let picture = try #require((json["pictures"] as? [[String: Any]])?.first)
    var values: [Int: Double] = [:]
    for entry in try #require(picture["top"] as? [[String: Any]]) {
      values[try #require(entry["class"] as? Int)] = try #require(entry["score"] as? Double)
    }
    return (values.sorted { $0.key < $1.key }.map(\.value), json["mapping"] as? String)
  }

  @Test("pixels are averaged where a picture shrinks and interpolated where it grows")
  func resizing() async throws {
    let folder = try Folder()
    // [1,5,1,1] of uint8, from 0 to 255.
    let model = try identity("cases/case-206", scale: 1, in: folder)
    func resized(_ rows: [UInt8]) async throws -> [Double] {
      let path = try folder.file("rows.pgm", Array("P5 1 \(rows.count) 255\n".utf8) + rows)
      let (values, mapping) = try await scores(model, path)
      #expect(mapping == "raw")
      return values
    }
    #expect(try await resized([1, 20, 255, 0, 77]) == [1, 20, 255, 0, 77])
    #expect(try await resized([9]) == [9, 9, 9, 9, 9])
    // New middles are 0.2, 0.6, 1, 1.4 and 1.8; old ones 0.5 and 1.5.
    #expect(try await resized([0, 100]) == [0, 10, 50, 90, 100])
    // Half the size: weights 1, 3, 3, 1 around each new middle, without those outside.
    #expect(try await resized([80, 80, 80, 80, 240, 80, 80, 80, 80, 0]) == [80, 100, 140, 80, 46])
    // Four columns become one: weights 5, 7, 7, 5.
    let wide = try folder.file("wide.pgm", Array("P2 4 1 255\n0 10 20 30\n".utf8))
    #expect(try await scores(model, wide).values == [15, 15, 15, 15, 15])
  }

  @Test("colours and grey become what four channels want")
  func channels() async throws {
    let folder = try Folder()
    // [1,2,3,4] of uint8 with zero point 68: from -68 to 187.
    let model = try identity("cases-extra/case-301", scale: 1, in: folder)
    let colours = (1...18).map { UInt8($0 * 10) }
    let path = try folder.file("colours.ppm", Array("P6 3 2 255\n".utf8) + colours)
    var expected: [Double] = []
    for start in stride(from: 0, to: 18, by: 3) { expected += colours[start..<(start + 3)].map { Double($0) } + [187] }
    #expect(try await scores(model, path, "--mapping", "raw").values == expected)
    let grey = try folder.file("grey.pgm", Array("P2 3 2 255\n1 2 3 4 5 6\n".utf8))
    let opaque = (1...6).flatMap { [Double($0), Double($0), Double($0), 187] as [Double] }
    #expect(try await scores(model, grey, "--mapping", "raw").values == opaque)
  }

  @Test(
    "the mapping follows the range of a quantized input",
    arguments: [
      ("cases-extra/case-303", 1 / 127.5, "centred"), ("cases/case-206", 1 / 255, "unit"),
      ("cases/case-206", 1, "raw"),
    ] as [(String, Float, String)])
  func mapping(_ name: String, _ scale: Float, _ mapping: String) async throws {
    let folder = try Folder()
    let model = try identity(name, scale: scale, in: folder)
    let picture = try folder.file("grey.pgm", Array("P2 1 1 255 7".utf8))
    #expect(try await scores(model, picture).mapping == mapping)
    #expect(try await scores(model, picture, "--mapping", "centered").mapping == "centred")
    #expect(try await Tool.run("classify", model, picture).error.hasPrefix("mapping \(mapping): the input's values "))
  }

  @Test(
    "an input whose range no mapping fills is refused until one is asked for",
    arguments: [("cases-extra/case-303", 0.01), ("cases/case-206", 100)] as [(String, Float)])
  func unusualRange(_ name: String, _ scale: Float) async throws {
    let folder = try Folder()
    let model = try identity(name, scale: scale, in: folder)
    let picture = try folder.file("grey.pgm", Array("P2 1 1 255 7".utf8))
    let result = try await Tool.run("classify", model, picture)
    #expect(result.status == 3 && result.error.contains("\(model): the input's values reach from "))
    #expect(result.error.contains("--mean and --deviation"))
    #expect(try await scores(model, picture, "--mapping", "unit").mapping == "unit")
  }

  @Test("labels come as lines, or as numbers and names")
  func labels() async throws {
    let folder = try Folder()
    let names = ["zero", "one", "two", "three", "four", "five", "six", "7 of 9", "eight", "nine"]
    let plain = try folder.file("plain.txt", Array((names.joined(separator: "\r\n") + "\n\n").utf8))
    let numbered = names.enumerated().map { "\($0.offset)  \($0.element)" }.reversed().joined(separator: "\n")
    let coral = try folder.file("coral.txt", Array(numbered.utf8))
    let short = try folder.file("short.txt", Array("only one".utf8))
    let picture = "\(Fixtures.images):0"
    for labels in [plain, coral] {
      let result = try await Tool.run("classify", Fixtures.model, picture, "--labels", labels)
      #expect(result.output.contains("   7 \"7 of 9\"  0.9961   "), "\(labels)")
      let json = try await Tool.run("classify", Fixtures.model, picture, "--labels", labels, "--json").json
      let top = ((json["pictures"] as? [[String: Any]])?.first?["top"] as? [[String: Any]])?.first
      #expect(top?["label"] as? String == "7 of 9")
    }
    let few = try await Tool.run("classify", Fixtures.model, picture, "--labels", short)
    #expect(few.output.contains("   7  0.9961"))
    #expect(few.error.contains("short.txt has 1 label, the model 10 classes"))
    #expect(try await !Tool.run("classify", Fixtures.model, picture, "--labels", plain).error.contains("classes"))
    let empty = try folder.file("empty.txt", [10, 10])
    #expect(try await Tool.run("classify", Fixtures.model, picture, "--labels", empty).status == 3)
  }

  @Test(
    "pictures that cannot be read are refused with a reason",
    arguments: [
      ("P5 28 28 255\n", "ends before"), ("P5 999999999 999999999 255\n", "allowed"), ("P5 28", "header"),
      ("P5 0 28 255\n", "0 x 28"), ("P5 1 1 65536\nx", "65536"), ("P2 1 1 9\n10", "above its maximum"),
      ("P2 99999999999 1 1\n1", "header"), ("P2 2 2 255 1 2 3", "ends before"), ("P7 8 1\nx", "P7"),
      ("BM", "inside its header"), ("BMxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "header"),
      ("", "no picture"), ("hello", "no picture"), ("\u{FF}", "no picture"), ("GIF89a", "a GIF file"),
    ])
  func unreadable(_ contents: String, _ reason: String) async throws {
    let folder = try Folder()
    let path = try folder.file("picture", Array(contents.utf8))
    let result = try await Tool.run("classify", Fixtures.model, path, "--quiet")
    #expect(result.status == 3 && !result.wasKilled)
    #expect(result.output.isEmpty)
    #expect(result.error.contains(reason) && result.error.contains(path), "\(result.error)")
  }

  @Test("bitmaps with sizes, depths and palettes that do not hold are refused")
  func wrongBitmaps() async throws {
    let folder = try Folder()
    let row = [[UInt8](repeating: 1, count: 8)]
    let files = [
      Pictures.bitmap(0, 1, depth: 8, palette: Pictures.greys, rows: row),
      Pictures.bitmap(-8, 1, depth: 8, palette: Pictures.greys, rows: row),
      Pictures.bitmap(8, 2, depth: 8, palette: Pictures.greys, rows: row),
      Pictures.bitmap(8, .min, depth: 8, palette: Pictures.greys, rows: row),
      Pictures.bitmap(.max, .max, depth: 32, rows: row),
      Pictures.bitmap(8, 1, depth: 7, palette: Pictures.greys, rows: row),
      Pictures.bitmap(8, 1, depth: 16, rows: row), Pictures.bitmap(8, 1, depth: 8, palette: [], rows: row),
      Pictures.bitmap(8, 1, depth: 8, compression: 1, palette: Pictures.greys, rows: row),
    ]
    for (index, file) in files.enumerated() {
      let path = try folder.file("\(index).bmp", file)
      let result = try await Tool.run("classify", Fixtures.model, path, "--quiet")
      #expect(result.status == 3 && !result.wasKilled, "bitmap \(index): \(result.error)")
      #expect(result.error.contains("BMP"))
    }
  }

  @Test("a model that takes no picture is refused")
  func noPictureModel() async throws {
    let result = try await Tool.run(
      "classify", Fixtures.path("cases/case-83/model.tflite"), "\(Fixtures.images):0")
    #expect(result.status == 3)
    #expect(result.error.contains("classify wants"))
  }
}

/// Windows bitmaps, made for the tests.
enum Pictures {
  static let greys: [[UInt8]] = (0...255).map { [$0, $0, $0] }

  static func rows(_ bytes: [UInt8], _ width: Int) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: width).map { [UInt8](bytes[$0..<($0 + width)]) }
  }

  private static func little(_ value: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// Rows from the top; they are turned over if the height is positive. Palette entries are blue, green, red.
  static func bitmap(
    _ width: Int32, _ height: Int32, depth: Int, compression: Int = 0, palette: [[UInt8]] = [], rows: [[UInt8]]
  ) -> [UInt8] {
    var header = little(40, 4) + little(Int(width), 4) + little(Int(height), 4) + little(1, 2) + little(depth, 2)
    header += little(compression, 4) + little(0, 12) + little(palette.count, 4) + little(0, 4)
    return file(header + palette.flatMap { $0 + [0] }, rows, turned: height > 0)
  }

  /// A bitmap with the header of OS/2 1.x.
  static func coreBitmap(_ width: Int, _ height: Int, depth: Int, rows: [[UInt8]]) -> [UInt8] {
    file(little(12, 4) + little(width, 2) + little(height, 2) + little(1, 2) + little(depth, 2), rows, turned: true)
  }

  private static func file(_ header: [UInt8], _ rows: [[UInt8]], turned: Bool) -> [UInt8] {
    let padded = (turned ? rows.reversed() : rows).map { $0 + [UInt8](repeating: 0, count: (4 - $0.count % 4) % 4) }
    let start = 14 + header.count
    let pixels = padded.flatMap { $0 }
    return [0x42, 0x4D] + little(start + pixels.count, 4) + little(0, 4) + little(start, 4) + header + pixels
  }
}
