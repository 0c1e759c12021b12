import AllocationCounter
import FakeEdgeTPU
import Foundation
import Testing

@testable import TinyTensor

@Suite("What libedgetpu is asked")
struct EdgeTPUProtocolTests {
  static let names = ["single", "surrounded", "states"]

  private func file(_ name: String) -> URL { Fixtures.folder.appendingPathComponent("edgetpu/\(name)") }

  /// A ramp, as the script that recorded LiteRT sets it.
  private func ramp(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 % 251) } }

  /// Runs a model twice; gives its outputs.
  private func run(_ name: String, _ device: Device) throws -> [[UInt8]] {
    let model = try Model(path: file("\(name).tflite").path, device: device)
    var session = try model.makeSession()
    let inputs = model.inputs.map { ramp($0.byteCount) }
    _ = try session.runOnce(inputs)
    return try session.runOnce(inputs)
  }

  private func expected(_ name: String) throws -> (trace: [String], outputs: [[UInt8]]) {
    let text = try String(contentsOf: file("\(name).trace"), encoding: .utf8)
    return (
      text.split(separator: "\n").map(String.init), [try Fixtures.bytes(file("\(name)-output-0.bin"))]
    )
  }

  @Test(
    "every call is one that LiteRT makes, in its order, and the answers are the same", arguments: names,
    [FakeLibrary.Build.old, .new])
  func calls(name: String, build: FakeLibrary.Build) throws {
    let library = try FakeEdgeTPU(build)
    let expected = try expected(name)
    #expect(try run(name, library.device()) == expected.outputs)
    #expect(library.protocolTrace == expected.trace)
  }

  @Test("registrations that are passed by reference, as on arm64", arguments: names)
  func byReference(name: String) throws {
    let library = try FakeEdgeTPU(.byReference)
    let expected = try expected(name)
    #expect(try run(name, library.device { $0.route = .byReference }) == expected.outputs)
    #expect(library.protocolTrace == expected.trace)
  }

  @Test("kernels that are registered, as on processors whose calls are not known", arguments: names)
  func registered(name: String) throws {
    let library = try FakeEdgeTPU()
    let expected = try expected(name)
    #expect(try run(name, library.device { $0.route = .registration }) == expected.outputs)
    #expect(library.protocolTrace.contains("GetExecutionPlan size=0"))
    let replacing = ["GetNode", "Replace", "delegate_init", "GetExecutionPlan"]
    func isShared(_ line: String) -> Bool { !replacing.contains { line.hasPrefix($0) } }
    #expect(library.protocolTrace.filter(isShared) == expected.trace.filter(isShared))
  }

  @Test("operators that the delegate does not take are registered")
  func unclaimed() throws {
    let library = try FakeEdgeTPU(.old, ["CLAIMS_NOTHING": "1"])
    #expect(try run("single", library.device()) == (try expected("single").outputs))
    #expect(!library.trace.contains { $0.hasPrefix("Replace") })
    #expect(library.trace.last == "device closed")
    // Without the function that registers, there is nothing left to be tried.
    let bare = try FakeEdgeTPU(.withoutRegistration, ["CLAIMS_NOTHING": "1"])
    #expect(throws: ModelError.self) { try run("single", bare.device()) }
  }

  @Test("a device's options reach it, with a name even where any device will do")
  func options() throws {
    let library = try FakeEdgeTPU(.old, ["DEVICES": "4"])
    let file = try ModelFile(bytes: TestModel.compiled().bytes)
    func created(_ change: (inout EdgeTPUOptions) -> Void) throws -> [String] {
      let before = library.trace.count
      _ = try Model(file, device: library.device(change))
      let lines = library.trace.dropFirst(before)
      return lines.filter { $0.hasPrefix("create") || $0.hasPrefix("option") || $0.hasPrefix("verbosity") }
    }
    #expect(try created { _ in } == ["create type=1 name=(any) options=0"])
    #expect(try created { $0.device = .pci } == ["create type=0 name=(any) options=0"])
    let second = try created {
      $0.device = EdgeTPUName(connection: .usb, index: 1)
      $0.performance = .low
      $0.alwaysLoadsFirmware = true
      $0.transferQueueLength = 32
      $0.verbosity = 3
    }
    #expect(
      second == [
        "verbosity 3", "create type=1 name=/sys/bus/usb/devices/2-2 options=3", "option Performance=Low",
        "option Usb.AlwaysDfu=True", "option Usb.MaxBulkInQueueLength=32",
      ])
    #expect(
      try created { $0.performance = .max } == ["create type=1 name= options=1", "option Performance=Max"])
    #expect(
      try created { $0.device = EdgeTPUName(index: 1) } == ["create type=0 name=/dev/apex_0 options=0"])
  }

  @Test("a batch that libedgetpu gives the outputs is the output's shape")
  func batch() throws {
    let library = try FakeEdgeTPU(.old, ["BATCH": "4"])
    var test = TestModel.compiled(batch: 4)
    test.tensors[1].shape[0] = 1
    let model = try Model(bytes: test.bytes, device: library.device())
    #expect(model.outputs.map(\.shape) == [[4, 10]])
    let input = ramp(4 * 60)
    #expect(try model.runOnce([input]) == [TestModel.faked(input, count: 40)])
    #expect(library.trace.contains("ResizeTensor out[0] -> 0"))
  }

  @Test("two models on one device share it, two devices work at a time")
  func several() async throws {
    let library = try FakeEdgeTPU(.old, ["DEVICES": "3"])
    let bytes = TestModel.compiled().bytes
    let first = try Model(bytes: bytes, device: library.device { $0.device = EdgeTPUName(connection: .usb, index: 0) })
    let second = try Model(bytes: bytes, device: library.device { $0.device = EdgeTPUName(connection: .usb, index: 0) })
    let other = try Model(bytes: bytes, device: library.device { $0.device = EdgeTPUName(connection: .usb, index: 1) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      // Two sessions of each model, on threads of their own.
      for (number, model) in [first, second, other, first, second, other].enumerated() {
        group.addTask {
          var session = try model.makeSession()
          for run in 0..<50 {
            let input = (0..<60).map { UInt8(truncatingIfNeeded: $0 * (number + 1) + run) }
            let outputs = try session.runOnce([input])
            guard outputs == [TestModel.faked(input, count: 10)] else { throw WrongAnswer() }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(
      library.trace.count { $0 == "init len=\(TestModel.compiled().operators[0].customOptions?.count ?? 0) hash=3101" }
        == 3)
  }

  private struct WrongAnswer: Error {}

  @Test("everything is given back, operators before their device")
  func lifetimes() throws {
    let library = try FakeEdgeTPU()
    do {
      let model = try Model(path: file("surrounded.tflite").path, device: library.device())
      // A session keeps the model, and the model the device.
      let session = try model.makeSession()
      #expect(session.model === model)
      #expect(!library.trace.contains("free"))
    }
    #expect(library.trace.suffix(4) == ["free", "free", "free_delegate live_ops=0", "device closed"])
  }

  @Test("ten thousand runs take no memory")
  func steady() throws {
    let library = try FakeEdgeTPU(.old, ["TRACE": ""])
    let model = try Model(path: file("states.tflite").path, device: library.device())
    var session = try model.makeSession()
    _ = try session.runOnce([ramp(24)])
    let live = tinytensor_live_allocation_count()
    let calls = tinytensor_allocation_count()
    for _ in 0..<10_000 { try session.run() }
    let callsAfter = tinytensor_allocation_count()
    let liveAfter = tinytensor_live_allocation_count()
    #expect(liveAfter == live)
    // Closures take memory in debug builds, and give it back.
    #if DEBUG
      #expect(callsAfter >= calls)
    #else
      #expect(callsAfter == calls)
    #endif
  }

  @Test("a constant input is writable memory for the device")
  func constants() throws {
    let library = try FakeEdgeTPU()
    var test = TestModel()
    let weights = test.constant("weights", [1, 1, 1, 4], .uint8, [9, 8, 7, 6] as [UInt8], scales: [1])
    let input = test.input([1, 1, 1, 4], .uint8, scale: 1)
    let output = test.output([1, 4], .uint8, scale: 1)
    test.addCompiled(
      [weights, input], [output], .bytes(inputs: [[1, 1, 1, 4], [1, 1, 1, 4]], outputs: [[1, 4]]))
    let model = try Model(bytes: test.bytes, device: library.device())
    #expect(try model.runOnce([[0, 0, 0, 0]]) == [[9, 11, 13, 15]])
  }

  @Test("a message is put together from a format and a text, and a text with a percent sign stays as it is")
  func messages() {
    let text = "Deadline exceeded"
    unsafe text.withCString { address in
      let word = UInt(bitPattern: address)
      #expect(HostCallbacks.message("Failed. %s!", word) == "Failed. Deadline exceeded!")
      #expect(HostCallbacks.message("%s", word) == text)
      #expect(HostCallbacks.message("plain", word) == "plain")
      #expect(HostCallbacks.message("100 % of %s", word) == "100 % of %s")
      #expect(HostCallbacks.message("100%", word) == "100%")
      #expect(HostCallbacks.message("%d", word) == "%d")
      #expect(HostCallbacks.message("%s", 0) == "")
    }
  }
}
