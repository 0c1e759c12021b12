import Foundation
import ImageFiles

/// The pictures in Fixtures/images, and the pixels that Pillow reads from them.
struct Corpus: Decodable {
  struct Entry: Decodable {
    let file: String
    let width: Int
    let height: Int
    let channels: Int
    /// Of its pixels among all expected ones.
    let offset: Int
  }

  struct Resized: Decodable {
    let file: String
    let method: String
    let width: Int
    let height: Int
    let offset: Int
  }

  struct Refused: Decodable {
    let file: String
    let code: String
    let reason: String
  }

  let pictures: [Entry]
  let resized: [Resized]
  let refused: [Refused]

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/images")

  static func load() throws -> Corpus { try JSONDecoder().decode(Corpus.self, from: Data(bytes("index.json"))) }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  /// All files that hold pictures.
  static func files() throws -> [[UInt8]] { try load().pictures.map { try bytes($0.file) } }
}

/// Numbers that look random and are the same in each run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    // SplitMix64, by Sebastiano Vigna.
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
