import Foundation
import TinyTensor

/// The files in `Fixtures`, and those beside the repository that only some machines have.
enum Fixtures {
  static let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let folder = repository.appendingPathComponent("Fixtures")

  /// Larger sets for development; `nil` where there are none.
  static var shared: URL? {
    let folder = repository.deletingLastPathComponent().appendingPathComponent("shared")
    return FileManager.default.fileExists(atPath: folder.appendingPathComponent("conformance/index.json").path)
      ? folder : nil
  }

  static func bytes(_ url: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }
}

/// A folder of cases: models with inputs and the outputs that the reference gave.
struct CaseFolder {
  struct Row: Decodable, Sendable {
    let `case`: String
    let op: String
    let dtype: String
    let runs: Int
  }

  struct Case: Decodable, Sendable {
    struct Tensor: Decodable, Sendable {
      let dtype: String
      /// The shape in each run, where runs decide it.
      let shapes: [[Int]]?
    }

    struct Parameters: Decodable, Sendable {
      /// The largest shapes of tensors: `NAME=SIZES`, several divided by semicolons.
      let bound: String?
    }

    let runs: Int
    let exact: Bool
    let inputs: [Tensor]
    let outputs: [Tensor]
    let params: Parameters?

    /// What a model is loaded with.
    var options: ModelOptions {
      var options = ModelOptions()
      for part in (params?.bound ?? "").split(separator: ";") {
        let sides = part.split(separator: "=", omittingEmptySubsequences: false)
        options.bounds[String(sides[0])] = sides[1].split(separator: ",").compactMap { Int($0) }
      }
      return options
    }
  }

  private struct Index: Decodable {
    let cases: [Row]
  }

  let url: URL
  let rows: [Row]

  init(_ url: URL) throws {
    self.url = url
    let data = try Data(contentsOf: url.appendingPathComponent("index.json"))
    rows = try JSONDecoder().decode(Index.self, from: data).cases
  }

  func description(_ row: Row) throws -> Case {
    let data = try Data(contentsOf: url.appendingPathComponent("\(row.case)/case.json"))
    return try JSONDecoder().decode(Case.self, from: data)
  }

  /// The file of an input or output of a run.
  func file(_ row: Row, _ kind: String, _ index: Int, run: Int) -> URL {
    url.appendingPathComponent("\(row.case)/\(kind)-\(index)\(run == 0 ? "" : "-run\(run)").bin")
  }

  func model(_ row: Row) -> URL { url.appendingPathComponent("\(row.case)/model.tflite") }
}
