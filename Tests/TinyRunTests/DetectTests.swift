import Foundation
import Testing

@Suite("tinyrun detect, and models that say what they want")
struct DetectTests {
  private let model = Fixtures.path("described/objects.tflite")

  /// A picture of 4 x 4 pixels, whose bytes are six boxes and the scores of their three classes, the first for nothing.
  private func picture(_ folder: Folder) throws -> String {
    var bytes = Array("P6 4 4 255\n".utf8)
    for box in 0..<6 {
      bytes += [UInt8(10 * box), 20, 5, 8, 0, UInt8(240 - 30 * box), UInt8(30 * box), 0]
    }
    return try folder.file("boxes.ppm", bytes)
  }

  @Test("objects, likeliest first, with labels from behind the model and boxes in pixels")
  func objects() async throws {
    let folder = try Folder()
    let path = try picture(folder)
    let result = try await Tool.run("detect", model, path, "--json")
    #expect(result.status == 0 && result.error.contains("mapping unit: the model's metadata say so"))
    let json = try result.json
    #expect(json["mapping"] as? String == "unit")
    let pictures = try #require(json["pictures"] as? [[String: Any]])
    let objects = try #require(pictures.first?["objects"] as? [[String: Any]])
    // Pixels of 240, 210, 180 and 150 of 255; the sixth box has 150 for the second class.
    #expect(objects.map { $0["label"] as? String } == ["apple", "apple", "apple", "apple", "pear"])
    let scores = objects.compactMap { $0["score"] as? Double }
    for (score, pixel) in zip(scores, [240.0, 210, 180, 150, 150]) { #expect(abs(score - pixel / 255) < 1e-6) }
    #expect(scores.count == 5)
    // The first anchor: its middle at (1/4, 1/6) of the picture, half as high and 0.3 as wide, hardly moved.
    let first = objects[0]
    #expect(["left", "top", "right", "bottom"].map { first[$0] as? Int } == [0, 0, 1, 2])

    let text = try await Tool.run("detect", model, path, "--quiet").output
    #expect(text.contains("5 objects") && text.contains("0.9412") && text.contains("pear"))
  }

  @Test("the threshold and the count bound what is printed")
  func bounds() async throws {
    let folder = try Folder()
    let path = try picture(folder)
    for (options, count) in [
      (["--threshold", "0.7"], 3), (["--threshold", "1"], 0), (["--top", "2"], 2), (["--threshold", "0.1"], 6),
    ] {
      let json = try await Tool.run(["detect", model, path, "--json"] + options, environment: [:]).json
      let objects = (json["pictures"] as? [[String: Any]])?.first?["objects"] as? [Any]
      #expect(objects?.count == count, "\(options)")
    }
    for options in [["--threshold", "2"], ["--threshold", "x"], ["--top", "0"]] {
      #expect(try await Tool.run(["detect", model, path] + options).status == 2)
    }
  }

  @Test("a box with several classes is as many objects")
  func severalClasses() async throws {
    let folder = try Folder()
    let doubts = Fixtures.path("described/doubts.tflite")
    let json = try await Tool.run("detect", doubts, try picture(folder), "--json", "--threshold", "0", "--top", "20")
      .json
    let objects = try #require((json["pictures"] as? [[String: Any]])?.first?["objects"] as? [[String: Any]])
    let labels = objects.compactMap { $0["label"] as? String }
    // Each of six boxes has 240, 210, 180, 150, 120 or 90 of 255 for one class and 0 to 150 for the other.
    #expect(labels.filter { $0 == "apple" }.count == 6 && labels.filter { $0 == "pear" }.count == 6)
    let scores = objects.compactMap { $0["score"] as? Double }
    let pixels = (0..<6).flatMap { [240 - 30 * $0, 30 * $0] }.sorted(by: >)
    #expect(scores.count == 12)
    for (score, pixel) in zip(scores, pixels) { #expect(abs(score - Double(pixel) / 255) < 1e-6) }
    // The doubtful one's classes share its box.
    let boxes = objects.map { object in ["left", "top", "right", "bottom"].map { object[$0] as? Int } }
    #expect(Set(boxes).count <= 6)
  }

  @Test("models that are no detectors are refused")
  func refused() async throws {
    let folder = try Folder()
    let result = try await Tool.run("detect", Fixtures.model, try picture(folder))
    #expect(result.status == 3 && result.error.contains("TFLite_Detection_PostProcess"))
    #expect(try await Tool.run("detect", model).status == 2)
    #expect(try await Tool.run("detect", model, "/nowhere.ppm").status == 3)
  }

  @Test("classes are named by the model's own labels, unless others are given")
  func labels() async throws {
    let folder = try Folder()
    let digits = Fixtures.path("described/digits.tflite")
    let seven = "\(Fixtures.images):0"
    let own = try await Tool.run("classify", digits, seven, "--quiet").output
    #expect(own.contains("7 \"seven\"") && own.contains("0 \"zero\""))
    let labels = try folder.file("labels.txt", Array("7 siete\n0 cero\n".utf8))
    let other = try await Tool.run("classify", digits, seven, "--quiet", "--labels", labels).output
    #expect(other.contains("7 \"siete\"") && !other.contains("seven"))
    // The answer is that of the model without a description.
    let plain = try await Tool.run("classify", Fixtures.model, seven, "--quiet", "--mapping", "unit").output
    #expect(
      plain.split(separator: " ").filter { $0.hasPrefix("0.") }
        == own.split(separator: " ").filter { $0.hasPrefix("0.") })
  }

  @Test("inspect shows what a model says of itself")
  func inspect() async throws {
    let text = try await Tool.run("inspect", Fixtures.path("described/digits.tflite")).output
    for words in [
      "described as  Digits  1", "in 0  image  a picture, red green blue  pixel unit", "labels digits.txt",
      "file behind it  digits.txt 50 B",
    ] { #expect(text.contains(words), "\(words)") }
    let json = try await Tool.run("inspect", model, "--json").json
    let described = try #require(json["described_as"] as? [String: Any])
    #expect(described["name"] as? String == "Boxes")
    #expect((described["outputs"] as? [[String: Any]])?.count == 4)
    #expect((json["attached_files"] as? [[String: Any]])?.first?["name"] as? String == "things.txt")
    #expect(try await Tool.run("inspect", Fixtures.model, "--json").json["described_as"] is NSNull)
  }

  @Test("the cat and the person are found", .enabled(if: shared != nil, "there is no ../shared"))
  func pictures() async throws {
    let folder = try #require(Self.shared)
    let model = folder.appendingPathComponent("models-real/det_coco_ssd_mobilenet_v1_uint8/model.tflite").path
    for (name, label) in [("cat", "cat"), ("grace_hopper", "person")] {
      let picture = folder.appendingPathComponent("images/\(name).bmp").path
      let json = try await Tool.run("detect", model, picture, "--json").json
      let objects = (json["pictures"] as? [[String: Any]])?.first?["objects"] as? [[String: Any]]
      #expect(objects?.first?["label"] as? String == label)
    }
  }

  private static var shared: URL? {
    let folder = Fixtures.package.deletingLastPathComponent().appendingPathComponent("shared")
    return FileManager.default.fileExists(atPath: folder.appendingPathComponent("images/cat.bmp").path) ? folder : nil
  }
}
