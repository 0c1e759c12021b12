import Foundation
import Testing

@Suite("tinyrun segment and tinyrun pose")
struct SegmentAndPoseTests {
  @Test("the classes of a map, with shares, boxes and labels")
  func segment() async throws {
    let folder = try Folder()
    // Red, but for a green pixel at (1, 2) and two blue ones at (3, 0) and (3, 1).
    var pixels = [UInt8](repeating: 0, count: 48)
    for pixel in 0..<16 {
      let (y, x) = pixel.quotientAndRemainder(dividingBy: 4)
      let colour = (x, y) == (1, 2) ? 1 : x == 3 && y < 2 ? 2 : 0
      pixels[3 * pixel + colour] = 200
    }
    let path = try folder.file("picture.ppm", Array("P6 4 4 255\n".utf8) + pixels)
    let labels = try folder.file("labels.txt", Array("red\ngreen\nblue\n".utf8))
    let model = Fixtures.path("described/regions.tflite")
    let json = try await Tool.run("segment", model, path, "--labels", labels, "--json", "--quiet").json
    let regions = try #require(((json["pictures"] as? [[String: Any]])?.first?["regions"]) as? [[String: Any]])
    #expect(regions.map { $0["label"] as? String } == ["red", "blue", "green"])
    #expect(regions.map { $0["class"] as? Int } == [0, 2, 1])
    let shares = regions.compactMap { $0["share"] as? Double }
    let wanted = [0.8125, 0.125, 0.0625]
    #expect(shares == wanted)
    func box(_ region: [String: Any]) -> [Int?] { ["left", "top", "right", "bottom"].map { region[$0] as? Int } }
    #expect(regions.map(box) == [[0, 0, 4, 4], [3, 0, 4, 2], [1, 2, 2, 3]])
    let text = try await Tool.run("segment", model, path, "--labels", labels, "--top", "1", "--quiet").output
    #expect(text.contains("81.25 %") && text.contains("red") && !text.contains("blue"))

    let other = try await Tool.run("segment", Fixtures.model, path)
    #expect(other.status == 3 && other.error.contains("segment wants"))
  }

  @Test("a single row of pixels is no map")
  func row() async throws {
    let folder = try Folder()
    // 17 x 1 is no map: one row.
    let row = try folder.file("row.ppm", Array("P6 17 1 255\n".utf8) + [UInt8](repeating: 9, count: 51))
    #expect(try await Tool.run("segment", Fixtures.path("described/joints.tflite"), row).status == 3)
  }

  @Test("a person's joints, in pixels of the picture")
  func pose() async throws {
    let folder = try Folder()
    var pixels: [UInt8] = []
    // y, x and score; the score of the third joint is below the threshold.
    for joint in 0..<17 { pixels += [UInt8(15 * joint), 255 - UInt8(15 * joint), joint == 2 ? 51 : 204] }
    let path = try folder.file("joints.ppm", Array("P6 17 1 255\n".utf8) + pixels)
    let model = Fixtures.path("described/joints.tflite")
    let json = try await Tool.run("pose", model, path, "--json", "--quiet").json
    let poses = try #require(((json["pictures"] as? [[String: Any]])?.first?["poses"]) as? [[String: Any]])
    #expect(poses.count == 1)
    let joints = try #require(poses[0]["joints"] as? [[String: Any]])
    #expect(
      joints.count == 17 && joints[0]["name"] as? String == "nose" && joints[16]["name"] as? String == "right ankle")
    // Of 17 pixels the last is at 16.
    for (index, joint) in joints.enumerated() {
      let share = Double(255 - 15 * index) / 255
      #expect(joint["x"] as? Int == Int((16 * share).rounded()))
    }
    #expect(joints.allSatisfy { $0["y"] as? Int == 0 })
    let faint = try #require(joints[2]["score"] as? Double)
    #expect(abs(faint - 0.2) < 1e-6)
    let text = try await Tool.run("pose", model, path, "--quiet").output
    #expect(text.contains("1 person") && text.contains("0.8000  nose") && !text.contains("right eye"))
    let none = try await Tool.run("pose", model, path, "--quiet", "--threshold", "0.9").output
    #expect(none.contains("0 people"))
    let other = try await Tool.run("pose", Fixtures.model, path)
    #expect(other.status == 3 && other.error.contains("pose wants"))
  }

  @Test("the bird and the squat are found", .enabled(if: shared != nil, "there is no ../shared"))
  func pictures() async throws {
    let folder = try #require(Self.shared)
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    let bird = try await Tool.run(
      "segment", path("models-real/seg_deeplabv3_mnv2_dm05_uint8/model.tflite"), path("images/bird_segmentation.bmp"),
      "--labels", path("images/pascal_voc_segmentation_labels.txt"), "--json", "--quiet"
    ).json
    let regions = try #require(((bird["pictures"] as? [[String: Any]])?.first?["regions"]) as? [[String: Any]])
    #expect(regions.prefix(2).map { $0["label"] as? String } == ["background", "bird"])

    let squat = try await Tool.run(
      "pose", path("models-real/pose_movenet_lightning_int8/model.tflite"), path("images/squat.bmp"), "--json",
      "--quiet"
    ).json
    let poses = try #require(((squat["pictures"] as? [[String: Any]])?.first?["poses"]) as? [[String: Any]])
    let joints = try #require(poses.first?["joints"] as? [[String: Any]])
    // Places as shares of 500 x 610 pixels; the picture is stretched to the input's square.
    let reference = try String(
      contentsOfFile: path("images/movenet_single_pose_lightning_ptq_reference.csv"), encoding: .utf8)
    let rows = reference.split(whereSeparator: \.isNewline).dropFirst().map { line in
      line.split(separator: ",").compactMap { Double($0) }
    }
    #expect(rows.count == 17)
    for (joint, row) in zip(joints, rows) where row[3] > 0.3 {
      let x = Double(joint["x"] as? Int ?? 0) / 499
      let y = Double(joint["y"] as? Int ?? 0) / 609
      #expect(abs(x - row[4]) < 0.05 && abs(y - row[5]) < 0.05, "\(joint) \(row)")
    }
  }

  private static var shared: URL? {
    let folder = Fixtures.package.deletingLastPathComponent().appendingPathComponent("shared")
    return FileManager.default.fileExists(atPath: folder.appendingPathComponent("images/squat.bmp").path) ? folder : nil
  }
}
