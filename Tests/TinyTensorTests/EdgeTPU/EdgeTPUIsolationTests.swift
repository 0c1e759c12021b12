import FakeEdgeTPU
import Foundation
import Testing

@testable import TinyTensor

/// Helpers read knobs from the environment, which all share: the library is built with its knobs here.
@Suite("An Edge TPU in a process of its own")
struct EdgeTPUIsolationTests {
  /// A program that can be a helper: the built tool, beside the tests.
  private static var helper: String? {
    var folders = Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() }
    folders.append(Bundle.main.bundleURL)
    folders.append(URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent())
    for configuration in ["debug", "release"] {
      folders.append(Fixtures.repository.appendingPathComponent(".build/\(configuration)"))
    }
    return folders.map { $0.appendingPathComponent("tinyrun").path }.first { path in
      let attributes = try? FileManager.default.attributesOfItem(atPath: path)
      return attributes?[.type] as? FileAttributeType == .typeRegular
    }
  }

  private func device(_ library: FakeLibrary, index: Int = 0) throws -> Device {
    let helper: String = try #require(Self.helper, "the tool is not beside the tests; build the package first")
    return .edgeTPU(
      EdgeTPUOptions(
        device: EdgeTPUName(connection: .usb, index: index), libraryPath: library.path,
        isolation: .helperProcess(executable: helper)))
  }

  private func file(_ name: String) -> URL { Fixtures.folder.appendingPathComponent("edgetpu/\(name)") }

  @Test("outputs and states are those of the same process", arguments: EdgeTPUProtocolTests.names)
  func outputs(name: String) throws {
    let library = try FakeLibrary()
    let model = try Model(path: file("\(name).tflite").path, device: device(library))
    var session = try model.makeSession()
    let inputs = model.inputs.map { info in (0..<info.byteCount).map { UInt8($0 % 251) } }
    _ = try session.runOnce(inputs)
    let outputs = try session.runOnce(inputs)
    #expect(outputs == [try Fixtures.bytes(file("\(name)-output-0.bin"))])
    // What an operator of the device has read and written in the second run.
    if name == "states" {
      var states = States()
      try session.run(observer: &states)
      // int8 from -1 and int16 from 0, one more in every run and byte.
      #expect(states.hidden == [UInt8](repeating: 2, count: 5))
      #expect(states.cell == [UInt8](repeating: 3, count: 10))
    }
  }

  private struct States: RunObserver {
    var hidden: [UInt8]?
    var cell: [UInt8]?

    mutating func willRun(_ event: OperatorEvent) {}

    mutating func didRun(_ event: OperatorEvent, _ tensors: borrowing TensorReader) {
      hidden = tensors.array(1)
      cell = tensors.array(2)
    }
  }

  @Test("a process that is aborted is an error of the run, and the device can be opened again")
  func abort() throws {
    let library = try FakeLibrary(.aborting)
    let file = try ModelFile(bytes: TestModel.compiled().bytes)
    let input = (0..<60).map { UInt8($0) }
    for _ in 0..<2 {
      // Loading the model anew starts a new process.
      let model = try Model(file, device: device(library))
      var session = try model.makeSession()
      #expect(try session.runOnce([input]) == [TestModel.faked(input, count: 10)])
      for _ in 0..<2 {
        do throws(SessionError) {
          try session.run()
          Issue.record("no error")
        } catch {
          #expect(error.code == .deviceLost)
          #expect(error.message.contains("was aborted") && error.message.contains("load the model anew"))
        }
      }
    }
  }

  @Test("models on one device share a process, another device has its own")
  func sharing() throws {
    let library = try FakeLibrary(.aborting)
    let bytes = TestModel.compiled().bytes
    // The second run of a process aborts it.
    let first = try Model(bytes: bytes, device: device(library))
    let second = try Model(bytes: bytes, device: device(library))
    let other = try Model(bytes: bytes, device: device(library, index: 1))
    let input = [UInt8](repeating: 5, count: 60)
    _ = try first.runOnce([input])
    #expect(throws: SessionError.self) { try second.runOnce([input]) }
    #expect(throws: SessionError.self) { try first.runOnce([input]) }
    #expect(try other.runOnce([input]) == [TestModel.faked(input, count: 10)])
  }

  @Test("errors of loading are those of the same process")
  func errors() throws {
    func code(_ library: FakeLibrary, _ model: TestModel = .compiled(), index: Int = 0) throws -> ModelError.Code? {
      let device = try device(library, index: index)
      do throws(ModelError) {
        _ = try Model(bytes: model.bytes, device: device)
        return nil
      } catch {
        return error.code
      }
    }
    let library = try FakeLibrary()
    #expect(try code(library, index: 1) == .deviceUnavailable)
    #expect(try code(library, .compiled(runtimeVersion: 15)) == .packageTooNew)
    #expect(try code(FakeLibrary(.refusing)) == .deviceRefused)
    #expect(try code(FakeLibrary(.closed)) == .deviceNotOpened)
  }

  @Test("a program that is no helper is found out and ended", arguments: ["/bin/true", "/bin/cat", "/nowhere/helper"])
  func foreign(program: String) throws {
    let library = try FakeLibrary()
    let options = EdgeTPUOptions(
      libraryPath: library.path, isolation: .helperProcess(executable: program))
    do throws(ModelError) {
      _ = try Model(bytes: TestModel.compiled().bytes, device: .edgeTPU(options))
      Issue.record("no error")
    } catch {
      #expect(error.code == .helperFailed && error.message.contains(program))
    }
  }

  @Test("damaged messages end in an error")
  func wire() {
    var writer = WireWriter()
    let shape = CompiledGraphShape(
      tensorCount: 2, nodes: [.init(inputs: [0], outputs: [1], customName: compiledOperatorName, options: 0..<3)])
    unsafe writer.put(shape, from: ([1, 2, 3] as [UInt8]).span.bytes)
    let bytes = writer.bytes
    var reader = WireReader(bytes)
    let read = try? reader.graph()
    #expect(read?.shape == shape && read?.options == [1, 2, 3])
    for count in bytes.indices {
      var reader = WireReader(Array(bytes[..<count]))
      #expect(throws: WireError.self) { try reader.graph() }
    }
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 0xFF
      var reader = WireReader(changed)
      // A tensor that the graph does not have is never let through.
      if let graph = try? reader.graph() {
        for node in graph.shape.nodes where node.isCompiled {
          #expect((node.inputs + node.outputs).allSatisfy { (0..<graph.shape.tensorCount).contains($0) })
        }
      }
    }
  }
}
