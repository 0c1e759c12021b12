import Foundation

/// The files in Fixtures/golden-flatbuffers; make_flatbuffer_goldens.py beside it says what they contain.
enum Goldens {
  static let monsters = [
    "monster.bin", "monster-plain.bin", "monster-sized.bin", "monster-defaults.bin", "monster-forced.bin",
    "monster-bare.bin",
  ]
  static let zoo = "zoo.bin"
  static let flexBuffers = [
    "flex-null.bin", "flex-empty-vector.bin", "flex-empty-map.bin", "flex-string.bin", "flex-uint64.bin",
    "flex-float32.bin", "flex-map.bin", "flex-numbers.bin", "flex-options.bin", "flex-typed.bin", "flex-fixed.bin",
    "flex-long.bin",
  ]
  static let all = monsters + [zoo] + flexBuffers

  static func bytes(_ name: String) throws -> [UInt8] {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return [UInt8](try Data(contentsOf: repository.appending(path: "Fixtures/golden-flatbuffers/\(name)")))
  }
}
