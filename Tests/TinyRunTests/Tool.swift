import Foundation
import Testing

/// The built tool, as a user runs it.
enum Tool {
  typealias Result = Program.Result

  /// Runs the tool and waits for its end.
  ///
  /// - Parameters:
  ///   - arguments: its words.
  ///   - input: what it finds on standard input.
  ///   - environment: variables beside those of the tests.
  static func run(
    _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:]
  ) async throws -> Result {
    let tool = try #require(executable, "the tool is not beside the tests; build the package first")
    return try await Program.run(tool, arguments, input: input, environment: environment)
  }

  static func run(_ arguments: String...) async throws -> Result { try await run(arguments) }

  /// The build puts the tool and the test bundle into one folder, wherever that is.
  static let executable: URL? = {
    var folders = Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() }
    folders.append(Bundle.main.bundleURL)
    folders.append(URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent())
    for configuration in ["debug", "release"] {
      folders.append(Fixtures.package.appendingPathComponent(".build/\(configuration)"))
    }
    return folders.map { $0.appendingPathComponent("tinyrun") }.first { file in
      let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
      return attributes?[.type] as? FileAttributeType == .typeRegular
        && FileManager.default.isExecutableFile(atPath: file.path)
    }
  }()
}

/// A folder that is removed with its last reference.
final class Folder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("tinyrun-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  @discardableResult
  func write(_ bytes: [UInt8], as name: String) throws -> URL {
    let file = url.appendingPathComponent(name)
    try Data(bytes).write(to: file)
    return file
  }

  /// Writes a file and gives its path.
  func file(_ name: String, _ bytes: [UInt8]) throws -> String { try write(bytes, as: name).path }

  func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url.appendingPathComponent(name))) }

  var names: Set<String> { Set((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []) }
}

/// The files that the package's tests share.
enum Fixtures {
  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func path(_ name: String) -> String { package.appendingPathComponent("Fixtures/\(name)").path }
  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  static let model = path("models/mnist_cnn_int8.tflite")
  static let images = path("digits/t10k-images.idx3-ubyte")
  static let labels = path("digits/t10k-labels.idx1-ubyte")

  /// The pixels of a digit.
  static func digit(_ index: Int) throws -> [UInt8] {
    let start = 16 + 784 * index
    return [UInt8](try bytes("digits/t10k-images.idx3-ubyte")[start..<(start + 784)])
  }

  /// The input that a digit is for an int8 model: pixel - 128.
  static func input(_ index: Int) throws -> [UInt8] { try digit(index).map { $0 ^ 0x80 } }

  /// The first digits' labels.
  static func labels(_ count: Int) throws -> [Int] {
    try bytes("digits/t10k-labels.idx1-ubyte").dropFirst(8).prefix(count).map { Int($0) }
  }

  /// The int8 scores that a model must give for a digit, as bytes.
  static func scores(_ model: String, _ index: Int) throws -> [UInt8] {
    [UInt8](try bytes("expected/\(model).bin")[(10 * index)..<(10 * index + 10)])
  }
}
