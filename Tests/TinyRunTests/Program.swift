import Foundation
import Testing

/// Programs that tests run.
enum Program {
  /// What a run left behind.
  struct Result {
    let status: Int32
    /// Whether a signal ended it.
    let wasKilled: Bool
    let output: String
    let error: String

    /// The output as JSON.
    var json: [String: Any] {
      get throws {
        try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
      }
    }
  }

  /// Runs a program and waits for its end.
  ///
  /// - Parameters:
  ///   - program: its file.
  ///   - arguments: its words.
  ///   - input: what it finds on standard input.
  ///   - environment: variables beside those of the tests.
  static func run(
    _ program: URL, _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:]
  ) async throws -> Result {
    let folder = try Folder()
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files, not pipes: nothing has to be read while the program runs.
    process.standardInput = try FileHandle(forReadingFrom: folder.write(input, as: "input"))
    let output = try folder.write([], as: "output")
    let error = try folder.write([], as: "error")
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: error)
    try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in ended.resume() }
      do {
        try process.run()
      } catch {
        process.terminationHandler = nil
        ended.resume(throwing: error)
      }
    }
    return Result(
      status: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal,
      output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
      error: String(decoding: try Data(contentsOf: error), as: UTF8.self))
  }

  /// Runs a program that the system has.
  static func run(_ name: String, _ arguments: [String]) async throws -> Result {
    try await run(try #require(find(name), "there is no \(name)"), arguments)
  }

  /// A program that the system has, by its name.
  static func find(_ name: String) -> URL? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { URL(fileURLWithPath: String($0)).appendingPathComponent(name) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}
