import Foundation
import ImageFiles
import Testing

@testable import tinyrun

@Suite("How pictures become inputs")
struct PictureInputTests {
  private let colours = Fixtures.path("described/colours.tflite")
  private let planes = Fixtures.path("described/planes.tflite")
  private let row = Fixtures.path("described/row.tflite")

  /// Scores by class.
  private func scores(_ words: [String]) async throws -> [[Int: Double]] {
    let result = try await Tool.run(["classify"] + words + ["--json", "--top", "9"])
    #expect(result.status == 0, "\(result.error)")
    let pictures = try #require(try result.json["pictures"] as? [[String: Any]])
    return pictures.map { picture in
      var scores: [Int: Double] = [:]
      for entry in picture["top"] as? [[String: Any]] ?? [] {
        if let index = entry["class"] as? Int, let score = entry["score"] as? Double { scores[index] = score }
      }
      return scores
    }
  }

  private func ppm(_ width: Int, _ height: Int, _ pixels: [UInt8]) -> [UInt8] {
    Array("P6 \(width) \(height) 255\n".utf8) + pixels
  }

  @Test("free sides are those of the first picture that can be read, and it is said")
  func freeSides() async throws {
    let folder = try Folder()
    // Red is 51 on the left and 153 on the right, 102 in the mean of six pixels.
    let picture = try folder.file("a.ppm", ppm(3, 2, [51, 0, 0, 102, 0, 0, 153, 0, 0, 51, 0, 0, 102, 0, 0, 153, 0, 0]))
    let broken = try folder.file("broken.ppm", Array("P6 4".utf8))
    let result = try await Tool.run("classify", colours, broken, picture)
    #expect(result.status == 3)
    #expect(
      result.error.contains(
        "sides of the input are free: taking those of \(picture); --shape image=1,2,3,3 takes others"))
    #expect(result.output.contains("0 \"red of all colours\"  0.4000"))
    // From a pipe, which is read once.
    let piped = try await Tool.run(
      ["classify", colours, "-", "--quiet"], input: ppm(1, 2, [255, 0, 0, 0, 0, 0]))
    #expect(piped.status == 0 && piped.error.isEmpty && piped.output.contains("0.5020"))
    // --shape takes others, a picture of one pixel among them.
    let shaped = try await Tool.run("classify", colours, picture, "--shape", "image=1,1,1,3")
    #expect(shaped.status == 0 && !shaped.error.contains("free") && shaped.output.contains("0.4000"))
    // Where there are others than pictures to look at, they have to be given.
    let compared = try await Tool.run("compare", colours, picture, "--images")
    #expect(compared.status == 3 && compared.error.contains("are free; give them, as in --shape image=1,224,224,3"))
  }

  @Test("channels first: each colour is where the model takes it")
  func channelsFirst() async throws {
    let folder = try Folder()
    let pixels = (0..<15).flatMap { _ in [51, 102, 204] as [UInt8] }
    let picture = try folder.file("a.ppm", ppm(5, 3, pixels))
    /// Scores as they are stored.
    func stored(_ words: [String]) async throws -> [Int: Double] {
      try await scores([planes, picture] + words)[0].mapValues { ($0 * 255).rounded() }
    }
    #expect(try await stored([]) == [0: 51, 1: 102, 2: 204])
    // With a mean and a deviation for each colour: (v - mean) / deviation.
    #expect(try await stored(["--mean", "0,102,51", "--deviation", "255,255,1020"]) == [0: 51, 1: 0, 2: 38])
  }

  @Test("a range that no usual mapping has is refused, with what to give")
  func unusualRange() async throws {
    let folder = try Folder()
    let picture = try folder.file("a.ppm", ppm(3, 1, [0, 128, 255, 64, 128, 192, 1, 2, 3]))
    let result = try await Tool.run("classify", row, picture)
    #expect(result.status == 3 && result.output.isEmpty)
    #expect(result.error.contains("the input's values reach from -2 to 1.984, which is no usual range of pixels"))
    #expect(result.error.contains("--mean 128 --deviation 64 would fill the range"))
    let filled = try await scores([row, picture, "--mean", "128", "--deviation", "64"])[0]
    #expect(filled == [0: -2, 1: 0, 2: 1.984375, 3: -1, 4: 0, 5: 1, 6: -1.984375, 7: -1.96875, 8: -1.953125])
    let each = try await scores([row, picture, "--mean", "0,64,128", "--deviation", "128,64,64"])[0]
    #expect(each == [0: 0, 1: 1, 2: 1.984375, 3: 0.5, 4: 1, 5: 1, 6: 0.015625, 7: -0.96875, 8: -1.953125])
    #expect(try await scores([row, picture, "--mapping", "unit"])[0][2] == 1)
  }

  @Test(
    "--mean and --deviation that cannot be used are a usage error",
    arguments: [
      ["--mean", "x"], ["--mean", "1,2"], ["--mean", ""], ["--deviation", "0"], ["--deviation", "1,,2"],
      ["--mean", "1,2,3", "--deviation", "1,2"], ["--mean", "1,2,3,4,5"], ["--mean", "1", "--mapping", "unit"],
      ["--deviation", "inf"],
    ])
  func usage(_ words: [String]) async throws {
    let folder = try Folder()
    let picture = try folder.file("a.ppm", ppm(1, 1, [0, 0, 0]))
    let result = try await Tool.run(["classify", row, picture] + words)
    #expect(result.status == 2 && result.output.isEmpty, "\(result.error)")
  }

  @Test("eval and compare take them too")
  func others() async throws {
    let words = ["eval", Fixtures.model, "--images", Fixtures.images, "--labels", Fixtures.labels, "--limit", "50"]
    let plain = try await Tool.run(words + ["--json", "--quiet"]).json["accuracy"] as? Double
    let given = try await Tool.run(words + ["--json", "--quiet", "--deviation", "255"]).json["accuracy"] as? Double
    #expect(plain != nil && plain == given)
    let wrong = try await Tool.run(words + ["--json", "--quiet", "--mean", "255"]).json["accuracy"] as? Double
    #expect(plain != wrong)
    let compared = try await Tool.run(
      "compare", Fixtures.model, "\(Fixtures.images):0", "--images", "--deviation", "255", "--against", "portable",
      "--kernels", "reference")
    #expect(compared.status == 0 && compared.output.contains("mapping (v - 0) / 255"), "\(compared.output)")
    #expect(try await Tool.run("compare", Fixtures.model, "--mean", "1").status == 2)
  }

  @Test("a mapping is chosen for a range that is usual, or none")
  func choice() throws {
    #expect(PictureMapping(means: [0], deviations: [0], "") == nil)
    #expect(PictureMapping(means: [127.5], deviations: [64], "")?.name == "(v - 127.5) / 64")
    #expect(PictureMapping(means: [1, 2, 3], deviations: [4], "")?.name == "(v - [1, 2, 3]) / 4")
  }

  @Test("labels of one huge line are refused in time, and lines end in every way")
  func labels() async throws {
    let folder = try Folder()
    let huge = try folder.file("huge.txt", [UInt8](repeating: 0x78, count: 50_000_000))
    let result = try await Tool.run("classify", Fixtures.model, "\(Fixtures.images):0", "--labels", huge)
    #expect(
      result.status == 3 && result.error.contains("line 1 of \(huge) has 50000000 bytes; a label has at most 1024"))
    let picture = try Fixtures.bytes("digits/pictures/seven.png")
    #expect(throws: Failure.self) { try Labels(bytes: picture, name: "picture") }
    let empty = [UInt8](repeating: 0x0A, count: 1 << 20)
    #expect(throws: Failure.self) { try Labels(bytes: [0x78] + empty + empty, name: "lines") }
    #expect(try Labels(bytes: [0x78] + empty, name: "lines").count == 1)
    let labels = try Labels(bytes: Array("\u{FEFF}one\r\ntwo\rthree\n\nfive\n\n".utf8), name: "labels")
    #expect((0..<6).map { labels[$0] } == ["one", "two", "three", nil, "five", nil] && labels.count == 5)
  }
}
