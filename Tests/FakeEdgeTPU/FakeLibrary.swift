import Foundation
import Synchronization

/// A libedgetpu without a device, built from `fake_edgetpu.c`.
public final class FakeLibrary: Sendable {
  /// Ways to build it.
  public struct Build: Hashable, Sendable, CustomStringConvertible {
    let flags: [String]

    /// With the registrations of TensorFlow 2.5.
    public static let old = Build(flags: [])
    /// With those of TensorFlow 2.14 and later.
    public static let new = Build(flags: ["-DREGISTRATION_EXTRA=24"])
    /// With registrations that are passed as arm64 does.
    public static let byReference = Build(flags: ["-DREGISTRATION_EXTRA=24", "-DBY_REFERENCE"])
    /// Without the function that says its version.
    public static let withoutVersion = Build(flags: ["-DWITHOUT_VERSION"])
    /// Without `edgetpu::RegisterCustomOp`.
    public static let withoutRegistration = Build(flags: ["-DWITHOUT_REGISTER"])

    /// With four devices, and the knobs of its processes set: the second run of each aborts it.
    public static let aborting = Build(flags: ["-DKNOBS=\"DEVICES=4;ABORT_AT=2\""])
    /// Which refuses every package.
    public static let refusing = Build(flags: ["-DKNOBS=\"PREPARE_ERROR=no\""])
    /// Whose device cannot be opened.
    public static let closed = Build(flags: ["-DKNOBS=\"OPEN_FAILS=1\""])

    /// The flags.
    public var description: String { flags.isEmpty ? "old" : flags.joined(separator: " ") }
  }

  /// Why there is no library.
  public struct Failure: Error, CustomStringConvertible {
    /// What to do.
    public let description: String
  }

  /// A folder of this library's own, which goes with it.
  public let folder: URL
  /// The library's file.
  public var path: String { folder.appendingPathComponent("libedgetpu.so.1").path }
  /// Where a trace may go.
  public var tracePath: String { folder.appendingPathComponent("trace").path }

  private static let builds = Mutex<[Build: URL]>([:])

  /// Builds a library and copies it: a copy has its own variables when it is loaded.
  ///
  /// - Parameter build: the way to build it, once a process.
  /// - Throws: ``Failure`` when clang, which comes with Swift, is not there or does not build it.
  public init(_ build: Build = .old) throws {
    let built = try Self.builds.withLock { builds in
      if let file = builds[build] { return file }
      let file = try Self.compile(build)
      builds[build] = file
      return file
    }
    folder = try Self.newFolder()
    try FileManager.default.copyItem(at: built, to: folder.appendingPathComponent("libedgetpu.so.1"))
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private static func newFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fake-edgetpu-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  private static func compile(_ build: Build) throws -> URL {
    let file = try newFolder().appendingPathComponent("fake.so")
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("fake_edgetpu.c")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["clang", "-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o", file.path] + build.flags + [source.path]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "clang, which comes with Swift, must be on the path to build \(source.path)")
    }
    return file
  }

  /// What has happened, a line an event.
  public var trace: [String] {
    guard let text = try? String(contentsOfFile: tracePath, encoding: .utf8) else { return [] }
    return text.split(separator: "\n").map(String.init)
  }

  /// What has happened, without what LiteRT does not do: it looks for no devices.
  public var protocolTrace: [String] { trace.filter { !$0.hasPrefix("list") && $0 != "free_devices" } }
}
