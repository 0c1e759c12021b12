import Foundation
import Testing

@Suite("tinyrun eval")
struct EvalTests {
  private static func eval(_ model: String, _ more: String...) async throws -> Tool.Result {
    try await Tool.run(
      ["eval", Fixtures.path("models/\(model).tflite"), "--images", Fixtures.images, "--labels", Fixtures.labels] + more
    )
  }

  @Test(
    "accuracy, confusion and output bytes are those of the expected scores",
    arguments: [
      ("mnist_cnn_int8", true), ("mnist_mlp_int8", true), ("mnist_cnn_uint8", false),
    ])
  func accuracy(_ model: String, _ isSigned: Bool) async throws {
    let folder = try Folder()
    let result = try await Self.eval(model, "--limit", "200", "--json", "--outputs", folder.path("scores.bin"))
    #expect(result.status == 0)
    #expect(result.error.isEmpty)
    #expect(try folder.bytes("scores.bin") == [UInt8](Fixtures.bytes("expected/\(model).bin").prefix(2000)))

    var correct = 0
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: 10), count: 10)
    for (index, label) in try Fixtures.labels(200).enumerated() {
      // Flipping the sign bit makes signed bytes rise as unsigned ones do.
      let scores = try Fixtures.scores(model, index).map { isSigned ? $0 ^ 0x80 : $0 }
      let predicted = try #require(scores.firstIndex(of: scores.max() ?? 0))
      if predicted == label { correct += 1 }
      confusion[label][predicted] += 1
    }
    let json = try result.json
    #expect(json["schema"] as? Int == 1)
    #expect(json["images"] as? Int == 200)
    #expect(json["correct"] as? Int == correct)
    #expect(json["accuracy"] as? Double == Double(correct) / 200)
    #expect(json["confusion"] as? [[Int]] == confusion)
    #expect((json["images_per_second"] as? Double).map { $0 > 0 } == true)
  }

  @Test("text says how many were right and shows the confusion")
  func text() async throws {
    let result = try await Self.eval("mnist_mlp_int8", "--limit", "10")
    #expect(result.output.contains("10 of 10 right, accuracy 100.00 %"))
    #expect(result.output.contains("label   predicted"))
    #expect(result.output.contains("images/s"))
    // No terminal, no progress bar.
    #expect(result.error.isEmpty)
  }

  @Test("an accuracy below --min ends with status 1, its result printed")
  func minimum() async throws {
    let folder = try Folder()
    let images = try folder.file("images", Self.images(2, 28, 28, Fixtures.digit(0) + Fixtures.digit(1)))
    let labels = try folder.file("labels", [0, 0, 8, 1, 0, 0, 0, 2, 7, 0])
    let words = ["eval", Fixtures.model, "--images", images, "--labels", labels, "--json", "--min"]
    let result = try await Tool.run(words + ["0.75"])
    #expect(result.status == 1)
    #expect(try result.json["accuracy"] as? Double == 0.5)
    #expect(result.error.contains("the accuracy 0.5 is below 0.75"))
    #expect(try await Tool.run(words + ["0.5"]).status == 0)
  }

  @Test("labels beyond the model's classes are counted as wrong")
  func largeLabels() async throws {
    let folder = try Folder()
    let images = try folder.file("images", Self.images(2, 28, 28, Fixtures.digit(0) + Fixtures.digit(1)))
    let labels = try folder.file("labels", [0, 0, 8, 1, 0, 0, 0, 2, 255, 2])
    let words = ["eval", Fixtures.model, "--images", images, "--labels", labels]
    let result = try await Tool.run(words + ["--json"])
    #expect(result.status == 0 && !result.wasKilled)
    #expect(try result.json["correct"] as? Int == 1)
    let rows = try #require(try result.json["confusion"] as? [[Int]])
    #expect(rows.count == 256 && rows[255][7] == 1 && rows[2][2] == 1)
    #expect(try await !Tool.run(words).output.contains("label   predicted"))
  }

  @Test(
    "an IDX header that does not fit its file is refused",
    arguments: [
      (UInt32.max, UInt32.max, UInt32.max), (UInt32.max, 32767, 32767), (2, 28, 28), (1, 0, 784), (0, 28, 28),
    ] as [(UInt32, UInt32, UInt32)])
  func wrongHeader(_ count: UInt32, _ height: UInt32, _ width: UInt32) async throws {
    let folder = try Folder()
    let pixels = count == 0 ? [] : try Fixtures.digit(0)
    let images = try folder.file("images", Self.images(count, height, width, pixels))
    let labels = try folder.file("labels", count == 0 ? [0, 0, 8, 1, 0, 0, 0, 0] : [0, 0, 8, 1, 0, 0, 0, 1, 7])
    let result = try await Tool.run("eval", Fixtures.model, "--images", images, "--labels", labels)
    #expect(result.status == 3 && !result.wasKilled, "\(result.error)")
  }

  /// An IDX file of images.
  private static func images(_ count: UInt32, _ height: UInt32, _ width: UInt32, _ pixels: [UInt8]) -> [UInt8] {
    let sizes = [count, height, width].flatMap { size in
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> UInt32($0)) }
    }
    return [0, 0, 8, 3] + sizes + pixels
  }
}
