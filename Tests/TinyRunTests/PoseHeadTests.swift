import Foundation
import Testing

/// Models whose outputs are their pixels: Fixtures/make/make_picture_models.py.
@Suite("The heads of tinyrun pose")
struct PoseHeadTests {
  /// Maps of 3 x 5 cells, as the bytes of a picture: a byte v is (v - 128) / 12.75.
  private struct Maps {
    static let (rows, columns, pixels) = (3, 5, 19 * 37)
    private var bytes = [UInt8](repeating: 128, count: 3 * Maps.pixels)
    private let depths: [Int]

    /// - Parameter depths: channels of each map.
    init(_ depths: [Int]) {
      self.depths = depths
      // No joint anywhere.
      for index in 0..<(Self.rows * Self.columns * depths[0]) { bytes[index] = 0 }
    }

    subscript(map: Int, row: Int, column: Int, channel: Int) -> UInt8 {
      get { bytes[index(map, row, column, channel)] }
      set { bytes[index(map, row, column, channel)] = newValue }
    }

    private func index(_ map: Int, _ row: Int, _ column: Int, _ channel: Int) -> Int {
      let start = depths[..<map].reduce(0) { $0 + Self.rows * Self.columns * $1 }
      return start + (row * Self.columns + column) * depths[map] + channel
    }

    var file: [UInt8] { Array("P6 37 19 255\n".utf8) + bytes }
  }

  /// The cell of a joint of a person whose nose is in a column: heads in the first row, arms and hips in the second,
  /// legs in the third; joints of the left side in the column before.
  private func cell(_ joint: Int, nose: Int) -> (row: Int, column: Int) {
    (joint < 5 ? 0 : joint < 13 ? 1 : 2, joint % 2 == 1 ? nose - 1 : nose)
  }

  private let edges = [
    (0, 1), (1, 3), (0, 2), (2, 4), (0, 5), (5, 7), (7, 9), (5, 11), (11, 13), (13, 15), (0, 6), (6, 8), (8, 10),
    (6, 12), (12, 14), (14, 16),
  ]

  private func poses(_ result: Tool.Result) throws -> [[String: Any]] {
    #expect(result.status == 0, "\(result.error)")
    return try #require((try result.json["pictures"] as? [[String: Any]])?.first?["poses"] as? [[String: Any]])
  }

  @Test("two people in maps with displacements, whatever their order and names")
  func several() async throws {
    var maps = Maps([17, 34, 32, 32])
    let noses = [1, 4]
    for (person, nose) in noses.enumerated() {
      for joint in 0..<17 {
        let place = cell(joint, nose: nose)
        // The nose's score is the largest, so that the skeleton is followed from there.
        maps[0, place.row, place.column, joint] = joint == 0 ? 255 - UInt8(person) : 240
      }
      // Edges lead one cell of 9 pixels on, or nowhere.
      for (index, (from, to)) in edges.enumerated() {
        let (start, end) = (cell(from, nose: nose), cell(to, nose: nose))
        maps[2, start.row, start.column, index] = UInt8(128 + 115 * (end.row - start.row))
        maps[2, start.row, start.column, 16 + index] = UInt8(128 + 115 * (end.column - start.column))
      }
      // The right wrist is 2 pixels further down and 3 to the left.
      let wrist = cell(10, nose: nose)
      maps[1, wrist.row, wrist.column, 10] = 128 + 26
      maps[1, wrist.row, wrist.column, 17 + 10] = 128 - 38
    }
    let folder = try Folder()
    let picture = try folder.file("maps.ppm", maps.file)
    let found = try poses(try await Tool.run("pose", Fixtures.path("described/maps.tflite"), picture, "--json"))
    #expect(found.count == 2)
    for (person, pose) in zip(noses, found) {
      let joints = try #require(pose["joints"] as? [[String: Any]])
      for (index, joint) in joints.enumerated() {
        let place = cell(index, nose: person)
        // The decoder's steps between cells end a little beside the wrist's own offset.
        let isWrist = index == 10
        let (x, y) = (9 * place.column - (isWrist ? 3 : 0), 9 * place.row + (isWrist ? 2 : 0))
        let (foundX, foundY) = (try #require(joint["x"] as? Int), try #require(joint["y"] as? Int))
        #expect(abs(foundX - x) <= (isWrist ? 4 : 1) && abs(foundY - y) <= (isWrist ? 4 : 1), "\(index) \(joint)")
        let score = try #require(joint["score"] as? Double)
        if !isWrist { #expect(score > 0.99) }
      }
    }
    let none = try await Tool.run(
      "pose", Fixtures.path("described/maps.tflite"), picture, "--threshold", "1", "--quiet")
    #expect(none.output.contains("0 people"))
  }

  @Test("one person in maps of scores and offsets: each joint where its score is largest, moved by its offset")
  func single() async throws {
    var maps = Maps([17, 34])
    for joint in 0..<17 {
      maps[0, joint % 3, joint % 5, joint] = 128 + 26
      maps[1, joint % 3, joint % 5, joint] = 128 + 26
      maps[1, joint % 3, joint % 5, 17 + joint] = 128 - 13
    }
    let folder = try Folder()
    let picture = try folder.file("maps.ppm", maps.file)
    let found = try poses(try await Tool.run("pose", Fixtures.path("described/person.tflite"), picture, "--json"))
    #expect(found.count == 1)
    let joints = try #require(found.first?["joints"] as? [[String: Any]])
    for (index, joint) in joints.enumerated() {
      // Cells are 9 pixels apart; a byte's step is 1 / 12.75 pixel.
      #expect(joint["y"] as? Int == min(18, 9 * (index % 3) + 2) && joint["x"] as? Int == max(0, 9 * (index % 5) - 1))
      // LOGISTIC is in the model: the score is not put through it again.
      let score = try #require(joint["score"] as? Double)
      #expect(abs(score - 1 / (1 + exp(-26 / 12.75))) < 1e-4)
    }
    let mean = try #require(found.first?["score"] as? Double)
    #expect(abs(mean - 1 / (1 + exp(-26 / 12.75))) < 1e-4)
  }

  @Test("MoveNet's six people, the likeliest first")
  func crowd() async throws {
    // y, x and score of each joint, four sides of a box, and the person's score.
    var bytes: [UInt8] = []
    for person in 0..<6 {
      for joint in 0..<17 { bytes += [UInt8(15 * joint), UInt8(255 - 15 * joint), 204] }
      bytes += [0, 0, 255, 255, UInt8(40 * person)]
    }
    let folder = try Folder()
    let picture = try folder.file("crowd.ppm", Array("P6 14 8 255\n".utf8) + bytes)
    let found = try poses(
      try await Tool.run("pose", Fixtures.path("described/crowd.tflite"), picture, "--json", "--threshold", "0.4"))
    let scores = found.compactMap { $0["score"] as? Double }
    #expect(zip(scores, [200.0, 160, 120]).allSatisfy { abs($0 - $1 / 255) < 1e-6 } && scores.count == 3)
    let last = try #require((found.first?["joints"] as? [[String: Any]])?.last)
    #expect(last["name"] as? String == "right ankle")
    // 15 and 240 of 255, in 14 x 8 pixels.
    #expect(last["x"] as? Int == 1 && last["y"] as? Int == 7)
  }

  @Test("other heads are refused with what they have")
  func refused() async throws {
    let folder = try Folder()
    let picture = try folder.file("one.pgm", Array("P5 1 1 255\n".utf8) + [9])
    for command in ["pose", "detect", "segment"] {
      let result = try await Tool.run(command, Fixtures.model, picture)
      #expect(result.status == 3 && result.error.contains("\(command) wants") && result.error.contains("int8 [1,10]"))
    }
  }

  @Test("two people walk through the snow", .enabled(if: shared != nil, "there is no ../shared"))
  func pictures() async throws {
    let folder = try #require(Self.shared)
    let model = folder.appendingPathComponent("models-real/pose_posenet_353_481_uint8/model.tflite").path
    let picture = folder.appendingPathComponent("images/posenet_test_image.bmp").path
    for fit in ["stretch", "pad", "crop"] {
      let found = try poses(try await Tool.run("pose", model, picture, "--json", "--fit", fit))
      #expect(found.count == 2)
      // The noses, seen in the picture.
      for (pose, nose) in zip(found, [(270, 133), (346, 144)]) {
        let joint = try #require((pose["joints"] as? [[String: Any]])?.first)
        let (x, y) = (try #require(joint["x"] as? Int), try #require(joint["y"] as? Int))
        #expect(abs(x - nose.0) < 8 && abs(y - nose.1) < 8, "\(fit) \(x) \(y)")
      }
    }
  }

  private static var shared: URL? {
    let folder = Fixtures.package.deletingLastPathComponent().appendingPathComponent("shared")
    let picture = folder.appendingPathComponent("images/posenet_test_image.bmp")
    return FileManager.default.fileExists(atPath: picture.path) ? folder : nil
  }
}
