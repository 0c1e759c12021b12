import Foundation
import ImageFiles
import Testing

@testable import tinyrun

@Suite("Drawings, masks and batches of pictures")
struct PictureCommandTests {
  private let objects = Fixtures.path("described/objects.tflite")
  private let regions = Fixtures.path("described/regions.tflite")

  /// A picture of 4 x 4 pixels in which detect finds apples and a pear.
  private let boxes: [UInt8] = {
    var bytes = Array("P6 4 4 255\n".utf8)
    for box in 0..<6 { bytes += [UInt8(10 * box), 20, 5, 8, 0, UInt8(240 - 30 * box), UInt8(30 * box), 0] }
    return bytes
  }()

  /// Red, but for a green pixel at (1, 2) and two blue ones at (3, 0) and (3, 1).
  private let colours: [UInt8] = {
    var pixels = [UInt8](repeating: 0, count: 48)
    for pixel in 0..<16 {
      let (y, x) = pixel.quotientAndRemainder(dividingBy: 4)
      pixels[3 * pixel + ((x, y) == (1, 2) ? 1 : x == 3 && y < 2 ? 2 : 0)] = 200
    }
    return Array("P6 4 4 255\n".utf8) + pixels
  }()

  private func colour(_ picture: Picture, _ x: Int, _ y: Int) -> Colour {
    let start = (y * picture.width + x) * picture.channels
    return Colour(
      red: picture.pixels[start], green: picture.pixels[start + 1], blue: picture.pixels[start + 2])
  }

  @Test("detect draws boxes at their places, each pixel of a small picture enlarged")
  func detect() async throws {
    let folder = try Folder()
    let picture = try folder.file("boxes.ppm", boxes)
    let result = try await Tool.run(
      "detect", objects, picture, "--quiet", "--top", "1", "--output", folder.path("a.png"))
    #expect(result.status == 0 && result.error.isEmpty && result.output.contains("apple"))
    let drawn = try Picture(decoding: folder.bytes("a.png"))
    #expect(drawn.width == 400 && drawn.height == 400 && drawn.channels == 3)
    // The box reaches from 0 to 1 across and from 0 to 2 down; its label lies inside, at the top.
    for y in [30, 120, 199] { #expect(colour(drawn, 0, y) == .of(0) && colour(drawn, 99, y) == .of(0)) }
    for x in [0, 50, 99] { #expect(colour(drawn, x, 199) == .of(0)) }
    // All else is as it was: the pixels (0, 1) and (3, 3) of the picture.
    let source = try Picture(decoding: boxes)
    #expect(colour(drawn, 50, 150) == colour(source, 0, 1) && colour(drawn, 350, 350) == colour(source, 3, 3))
    #expect(colour(drawn, 150, 150) == colour(source, 1, 1))
  }

  @Test("segment tints its classes, explains them below, and writes them as a mask")
  func segment() async throws {
    let folder = try Folder()
    let picture = try folder.file("colours.ppm", colours)
    let labels = try folder.file("labels.txt", Array("background\ngreen\nblue\n".utf8))
    let result = try await Tool.run(
      "segment", regions, picture, "--labels", labels, "--output", folder.path("a.png"), "--mask", folder.path("m.png"))
    #expect(result.status == 0, "\(result.error)")
    let mask = try Picture(decoding: folder.bytes("m.png"))
    #expect(mask.width == 4 && mask.height == 4 && mask.channels == 1)
    #expect(mask.pixels == [0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0])
    let drawn = try Picture(decoding: folder.bytes("a.png"))
    #expect(drawn.width == 400 && drawn.height > 400)
    #expect(colour(drawn, 50, 50) == Colour(red: 200, green: 0, blue: 0))
    let green = Colour.of(1)
    let wanted = [green.red, green.green, green.blue].enumerated().map { index, part in
      (Double(part) + (index == 1 ? 200 : 0)) / 2
    }
    let found = colour(drawn, 150, 250)
    for (part, value) in zip([found.red, found.green, found.blue], wanted) { #expect(abs(Double(part) - value) <= 0.5) }
    // Named otherwise, class 0 is no background.
    let named = try folder.file("named.txt", Array("red\ngreen\nblue\n".utf8))
    _ = try await Tool.run("segment", regions, picture, "--labels", named, "--output", folder.path("b.png"))
    #expect(colour(try Picture(decoding: folder.bytes("b.png")), 50, 50) != Colour(red: 200, green: 0, blue: 0))
  }

  @Test("padding and cropping: classes are where the picture has them, and what was not seen has none")
  func fits() async throws {
    let folder = try Folder()
    // The upper half red, the lower one green; 8 x 4 pixels are padded to 4 x 2, in rows 1 and 2 of the input.
    let wide = (0..<32).flatMap { $0 < 16 ? [200, 0, 0] : [0, 200, 0] as [UInt8] }
    let picture = try folder.file("wide.ppm", Array("P6 8 4 255\n".utf8) + wide)
    let mask = folder.path("m.png")
    func run(_ fit: String) async throws -> [[String: Any]] {
      let json = try await Tool.run("segment", regions, picture, "--fit", fit, "--mask", mask, "--json", "--quiet").json
      #expect(json["fit"] as? String == fit)
      return try #require((json["pictures"] as? [[String: Any]])?.first?["regions"] as? [[String: Any]])
    }
    func box(_ region: [String: Any]) -> [Int?] { ["left", "top", "right", "bottom"].map { region[$0] as? Int } }
    for fit in ["stretch", "pad"] {
      let found = try await run(fit)
      #expect(found.map { $0["class"] as? Int } == [0, 1])
      #expect(found.map { $0["share"] as? Double } == [0.5, 0.5])
      #expect(found.map(box) == [[0, 0, 8, 2], [0, 2, 8, 4]])
      let pixels = try Picture(decoding: folder.bytes("m.png")).pixels
      #expect(pixels == [UInt8](repeating: 0, count: 16) + [UInt8](repeating: 1, count: 16))
    }
    #expect(try await run("crop").map(box) == [[2, 0, 6, 2], [2, 2, 6, 4]])
    let row: [UInt8] = [255, 255, 0, 0, 0, 0, 255, 255]
    #expect(Array(try Picture(decoding: folder.bytes("m.png")).pixels.prefix(8)) == row)
    #expect(try await Tool.run("segment", regions, picture, "--fit", "squeeze").status == 2)
  }

  @Test("classify writes its classes below the picture, pose its bones")
  func captions() async throws {
    let folder = try Folder()
    let result = try await Tool.run(
      "classify", Fixtures.model, "\(Fixtures.images):0", "--quiet", "--output", folder.path("digit.png"))
    #expect(result.status == 0 && result.output.contains("7  0.9961"))
    let drawn = try Picture(decoding: folder.bytes("digit.png"))
    // 28 pixels, each 15 wide.
    #expect(drawn.width == 420 && drawn.height > 420)
    let digit = try Fixtures.digit(0)
    #expect(colour(drawn, 15 * 10 + 7, 15 * 9 + 7).red == digit[9 * 28 + 10])

    // All joints of a person but two: at both ends of the row of 17 pixels.
    var pixels: [UInt8] = []
    for joint in 0..<17 { pixels += [128, joint == 6 ? 255 : 0, joint == 5 || joint == 6 ? 204 : 0] }
    let row = try folder.file("row.ppm", Array("P6 17 1 255\n".utf8) + pixels)
    let pose = try await Tool.run(
      "pose", Fixtures.path("described/joints.tflite"), row, "--quiet", "--output", folder.path("pose.png"))
    #expect(pose.status == 0)
    let bones = try Picture(decoding: folder.bytes("pose.png"))
    #expect(bones.width == 17 * 24 && bones.height == 24)
    for x in [30, 200, 380] { #expect(colour(bones, x, 12) == .of(0)) }
    #expect(colour(bones, 200, 2) != .of(0))
  }

  @Test("a folder is all pictures in it; one that cannot be read does not stop the others")
  func batch() async throws {
    let folder = try Folder()
    let pictures = folder.url.appendingPathComponent("in")
    try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
    for (name, bytes) in [
      ("b.ppm", colours), ("a.PPM", boxes), ("broken.ppm", Array("P6 4 4 255\n".utf8)), ("notes.txt", [1]),
      (".hidden.ppm", colours),
    ] { try Data(bytes).write(to: pictures.appendingPathComponent(name)) }
    try FileManager.default.createDirectory(
      at: pictures.appendingPathComponent("folder.ppm"), withIntermediateDirectories: true)
    let output = folder.path("out/drawn") + "/"
    let result = try await Tool.run("detect", objects, pictures.path, "--json", "--output", output)
    #expect(result.status == 3 && !result.wasKilled)
    #expect(result.error.contains("broken.ppm") && result.error.contains("1 of 3 pictures failed"))
    #expect(result.error.contains("2 pictures in "))
    let list = try #require(try result.json["pictures"] as? [[String: Any]])
    let names = list.map { ($0["picture"] as? String).map { URL(fileURLWithPath: $0).lastPathComponent } }
    #expect(names == ["a.PPM", "b.ppm", "broken.ppm"])
    #expect(list.map { $0["error"] != nil } == [false, false, true])
    #expect(list.map { $0["objects"] != nil } == [true, true, false])
    let written = try FileManager.default.contentsOfDirectory(atPath: output).sorted()
    #expect(written == ["a.png", "b.png"])

    let text = try await Tool.run("detect", objects, pictures.path, "--quiet")
    #expect(text.status == 3 && text.output.contains("a.PPM   5 objects") && !text.error.contains("pictures in"))
    let empty = folder.url.appendingPathComponent("empty")
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
    let none = try await Tool.run("detect", objects, empty.path)
    #expect(none.status == 3 && none.error.contains("has no pictures in it"))
  }

  @Test("each picture gets a file of its own, and none of them is written over")
  func names() async throws {
    let folder = try Folder()
    for name in ["x", "y", "out"] {
      try FileManager.default.createDirectory(
        at: folder.url.appendingPathComponent(name), withIntermediateDirectories: true)
    }
    let first = try folder.file("x/cat.ppm", boxes)
    let second = try folder.file("y/cat.ppm", colours)
    // A picture among the drawings, under the name of one.
    let third = try folder.file("out/cat.png", boxes)
    let digit = "\(Fixtures.images):3"
    let paths = try PictureOutputs(folder.path("out"), option: "--output", for: [first, second, third, digit]).paths
    let names = paths.map { URL(fileURLWithPath: $0).lastPathComponent }
    #expect(names == ["cat-2.png", "cat-3.png", "cat-4.png", "t10k-images.idx3-ubyte-3.png"])
  }

  @Test("an --output that cannot be is refused, and says what to do")
  func refused() async throws {
    let folder = try Folder()
    let one = try folder.file("one.png", boxes)
    let two = try folder.file("two.ppm", boxes)
    for (words, part) in [
      ([one, two, "--output", folder.path("a.png")], "name a folder"),
      ([two, "--output", folder.path("a.jpg")], "writes PNG"), ([one, "--output", one], "the picture itself"),
      ([two, "--output", "-"], "writes PNG"),
    ] {
      let result = try await Tool.run(["detect", objects] + words)
      #expect(result.status == 2 && result.error.contains(part), "\(result.error)")
    }
    #expect(try folder.bytes("one.png") == boxes)
    let same = try await Tool.run(
      "segment", regions, two, "--output", folder.path("s.png"), "--mask", folder.path("s.png"))
    #expect(same.status == 2 && same.error.contains("--output and --mask"))
    // The result is printed, then the drawing fails.
    for json in [[], ["--json"]] {
      let result = try await Tool.run(["detect", objects, two, "--output", folder.path("no/where.png")] + json)
      #expect(result.status == 3 && result.error.contains("cannot write") && result.output.contains("apple"))
    }
    let file = try await Tool.run("detect", objects, one, two, "--output", two + "/")
    #expect(file.status == 3 && file.error.contains("cannot make the folder"))
  }

  @Test("the bird's pixels are the bird's", .enabled(if: shared != nil, "there is no ../shared"))
  func bird() async throws {
    let shared = try #require(Self.shared)
    let folder = try Folder()
    let result = try await Tool.run(
      "segment", shared.appendingPathComponent("models-real/seg_deeplabv3_mnv2_dm05_uint8/model.tflite").path,
      shared.appendingPathComponent("images/bird_segmentation.bmp").path, "--mask", folder.path("bird.png"))
    #expect(result.status == 0)
    let found = try Picture(decoding: folder.bytes("bird.png"))
    let file = try Data(contentsOf: shared.appendingPathComponent("images/bird_segmentation_mask.bmp"))
    let wanted = try Picture(decoding: [UInt8](file))
      .resized(width: found.width, height: found.height, method: .nearest)
    // Class 3 of the Pascal set.
    let both = zip(found.pixels, wanted.pixels).filter { $0 == 3 && $1 == 3 }.count
    let either = zip(found.pixels, wanted.pixels).filter { $0 == 3 || $1 == 3 }.count
    #expect(wanted.channels == 1 && Double(both) / Double(either) >= 0.8, "\(both) of \(either)")
  }

  private static var shared: URL? {
    let folder = Fixtures.package.deletingLastPathComponent().appendingPathComponent("shared")
    let picture = folder.appendingPathComponent("images/bird_segmentation.bmp")
    return FileManager.default.fileExists(atPath: picture.path) ? folder : nil
  }
}
