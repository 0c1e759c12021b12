import FakeEdgeTPU
import Foundation
import Testing

@testable import TinyTensor

/// A libedgetpu without a device that is loaded in this process, so that a test can set its knobs.
@safe
final class FakeEdgeTPU {
  private let library: FakeLibrary
  private let set: Set

  private typealias Set = @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Void

  /// Builds and loads a library of this test's own.
  ///
  /// - Parameters:
  ///   - build: the way to build it.
  ///   - knobs: what it does; see its source.
  init(_ build: FakeLibrary.Build = .old, _ knobs: [String: String] = [:]) throws {
    library = try FakeLibrary(build)
    let handle = try unsafe #require(dlopen(library.path, RTLD_NOW | RTLD_LOCAL))
    // Sound: the function of that name in the library's source.
    let symbol = try unsafe #require(dlsym(handle, "fake_edgetpu_set"))
    unsafe set = unsafeBitCast(symbol, to: Set.self)
    turn("TRACE", library.tracePath)
    for (name, value) in knobs { turn(name, value) }
  }

  /// Sets a knob.
  func turn(_ name: String, _ value: String) { unsafe set(name, value) }

  var path: String { library.path }
  var trace: [String] { library.trace }
  var protocolTrace: [String] { library.protocolTrace }

  func device(_ change: (inout EdgeTPUOptions) -> Void = { _ in }) -> Device {
    var options = EdgeTPUOptions(libraryPath: path)
    change(&options)
    return .edgeTPU(options)
  }
}

extension Model {
  /// Runs a new session once; gives the bytes of all outputs.
  func runOnce(_ inputs: [[UInt8]]) throws -> [[UInt8]] {
    var session = try makeSession()
    return try session.runOnce(inputs)
  }
}

extension Session {
  /// Runs once; gives the bytes of all outputs.
  mutating func runOnce(_ inputs: [[UInt8]]) throws -> [[UInt8]] {
    for (index, bytes) in inputs.enumerated() { try setInput(model.input(at: index), bytes: bytes.span) }
    try run()
    var outputs: [[UInt8]] = []
    for index in model.outputs.indices { outputs.append(try outputArray(model.output(at: index))) }
    return outputs
  }
}
