import FakeEdgeTPU
import Foundation
import Testing

@testable import TinyTensor

@Suite("What can be wrong with an Edge TPU")
struct EdgeTPUFailureTests {
  /// The error that loading ends with.
  private func refusal(of model: TestModel = .compiled(), on device: Device) -> ModelError? {
    do throws(ModelError) {
      _ = try Model(bytes: model.bytes, device: device)
      return nil
    } catch {
      return error
    }
  }

  private func refusal(
    by build: FakeLibrary.Build = .old, _ knobs: [String: String] = [:]
  ) throws -> ModelError? {
    refusal(on: try FakeEdgeTPU(build, knobs).device())
  }

  // MARK: The library

  @Test("a library that is not there")
  func missing() throws {
    let error = try #require(refusal(on: .edgeTPU(EdgeTPUOptions(libraryPath: "/nowhere/libedgetpu.so.1"))))
    #expect(error.code == .libraryNotFound && error.code.isAboutDevice)
    #expect(error.message.contains("/nowhere/libedgetpu.so.1") && error.message.contains("install"))
  }

  @Test("files that are no libedgetpu")
  func foreign() throws {
    let library = try FakeLibrary()
    let text = library.folder.appendingPathComponent("text.so")
    try Data("no library".utf8).write(to: text)
    let error = try #require(refusal(on: .edgeTPU(EdgeTPUOptions(libraryPath: text.path))))
    #expect(error.code == .libraryUnusable && error.message.contains(text.path))
    let bare = try #require(try refusal(by: .withoutVersion))
    #expect(bare.code == .libraryUnusable && bare.message.contains("edgetpu_version"))
    // A library of the system's, with none of the functions.
    #if os(Linux)
      let other = try #require(refusal(on: .edgeTPU(EdgeTPUOptions(libraryPath: "libm.so.6"))))
      #expect(other.code == .libraryUnusable && other.message.contains("no function edgetpu_"))
    #endif
  }

  @Test("the loader's sentence about a library that another one needs is no absence")
  func needs() {
    #if !canImport(Darwin)
      #expect(
        EdgeTPULibrary.isAbsence(
          of: "libedgetpu.so.1",
          "libedgetpu.so.1: cannot open shared object file: No such file or directory"))
      #expect(
        !EdgeTPULibrary.isAbsence(
          of: "libedgetpu.so.1",
          "libusb-1.0.so.0: cannot open shared object file: No such file or directory"))
    #endif
  }

  @Test("a library that is too old, or does not say how old it is")
  func old() throws {
    for version in [
      "BuildLabel(COMPILER=5), RuntimeVersion(13)", "RuntimeVersion()", "RuntimeVersion(99999999999)", "?",
    ] {
      let error = try #require(try refusal(["VERSION": version]))
      #expect(error.code == .libraryTooOld && error.message.contains("16.0"), "\(version)")
    }
    #expect(EdgeTPULibrary.runtimeVersion(in: "RuntimeVersion(14") == nil)
    #expect(EdgeTPULibrary.runtimeVersion(in: "x, RuntimeVersion(15), RuntimeVersion(16)") == 15)
    #expect(EdgeTPULibrary.runtimeVersion(in: "") == nil)
  }

  @Test("a model that was compiled for a newer library")
  func newer() throws {
    let library = try FakeEdgeTPU()
    let error = try #require(refusal(of: .compiled(runtimeVersion: 15), on: library.device()))
    #expect(error.code == .packageTooNew && error.message.contains("--min_runtime_version 14"))
    // That is found before a device is opened.
    #expect(!library.trace.contains { $0.hasPrefix("create") })
    let late = try #require(
      try refusal(["PREPARE_ERROR": "Package requires runtime version (99), which is newer than this (14)."]))
    #expect(late.code == .packageTooNew && late.message.contains("(99)"))
  }

  // MARK: The device

  @Test("no device, or none of that name")
  func noDevice() throws {
    let none = try #require(try refusal(["DEVICES": "0"]))
    #expect(none.code == .deviceUnavailable && none.message.contains("lsusb"))
    let library = try FakeEdgeTPU(.old, ["DEVICES": "1"])
    for name in [EdgeTPUName.pci, EdgeTPUName(index: 1), EdgeTPUName(connection: .usb, index: 7)] {
      let error = try #require(refusal(on: library.device { $0.device = name }))
      #expect(error.code == .deviceUnavailable)
      #expect(error.message.contains("\"\(name)\"") && error.message.contains("/sys/bus/usb/devices/2-1"))
    }
  }

  @Test("a device that cannot be opened")
  func openFails() throws {
    let error = try #require(try refusal(["OPEN_FAILS": "1"]))
    #expect(error.code == .deviceNotOpened && error.message.contains("/sys/bus/usb/devices/2-1"))
  }

  @Test("a device that this user may not use")
  func barred() {
    let pci = DeviceChoice(type: 0, path: "/dev/apex_0")
    let error = pci.openError { $0 == "/dev/apex_0" }
    #expect(error.code == .deviceNotPermitted && error.message.contains("apex"))
    #expect(pci.openError { _ in false }.code == .deviceNotOpened)
    let usb = EdgeTPUDevice(type: 1, path: "/sys/bus/usb/devices/2-1")
    let numbers = ["/sys/bus/usb/devices/2-1/busnum": 2, "/sys/bus/usb/devices/2-1/devnum": 14]
    #expect(usb.deviceFile { numbers[$0] } == "/dev/bus/usb/002/014")
    #expect(usb.deviceFile { _ in nil } == nil)
    #expect(EdgeTPUDevice(type: 1001, path: "reference").deviceFile == nil)
  }

  @Test("choices that libedgetpu would refuse without a word")
  func options() throws {
    let library = try FakeEdgeTPU()
    #expect(refusal(on: library.device { $0.transferQueueLength = 257 })?.code == .invalidOption)
    #expect(refusal(on: library.device { $0.transferQueueLength = -1 })?.code == .invalidOption)
    #expect(refusal(on: library.device { $0.verbosity = 11 })?.code == .invalidOption)
    #expect(refusal(on: library.device { $0.transferQueueLength = 0 }) == nil)
  }

  @Test("names of devices, as pycoral has them")
  func names() {
    for (text, name) in [
      ("", EdgeTPUName.any), (":2", EdgeTPUName(index: 2)), ("usb", .usb), ("pci", .pci),
      ("usb:0", EdgeTPUName(connection: .usb, index: 0)), ("pci:13", EdgeTPUName(connection: .pci, index: 13)),
    ] {
      #expect(EdgeTPUName(text) == name)
      #expect(name.description == text)
    }
    for text in ["usb:", "usb:x", ":", "usb:-1", "tpu", "usb:0:1", "usb: 1", ":99999999999999999999"] {
      #expect(EdgeTPUName(text) == nil, "\(text)")
    }
    #expect(Device.edgeTPU().description == "edgetpu")
    #expect(Device.edgeTPU(EdgeTPUOptions(device: EdgeTPUName(index: 1))).description == "edgetpu:1")
    #expect(Device.edgeTPU(EdgeTPUOptions(device: .usb)).description == "edgetpu:usb")
  }

  // MARK: The model

  @Test("a model without compiled operators has nothing to run there, a compiled one nothing on the CPU")
  func wrongDevice() throws {
    let plain = refusal(of: .chain(1), on: try FakeEdgeTPU().device())
    #expect(plain?.code == .wrongDevice)
    #expect(plain?.message.contains("edgetpu_compiler") == true)
    #expect(refusal(on: .cpu)?.code == .wrongDevice)
  }

  @Test("tensors that are not those of the executable")
  func mismatch() throws {
    let library = try FakeEdgeTPU()
    func expect(_ code: ModelError.Code, _ words: String, _ change: (inout TestModel) -> Void) {
      var model = TestModel.compiled()
      change(&model)
      let error = refusal(of: model, on: library.device())
      #expect(error?.code == code && error?.message.contains(words) == true, "\(error?.message ?? "no error")")
      #expect(error?.operatorIndex == 0)
    }
    expect(.packageMismatch, "has 59 bytes; the executable has 60") { $0.tensors[0].shape = [1, 59] }
    expect(.packageMismatch, "has 11 bytes; the executable has 10") { $0.tensors[1].shape = [1, 11] }
    expect(.packageMismatch, "another type") { $0.tensors[0].type = .int8 }
    expect(.packageMismatch, "1 outputs, the operator 2") {
      let second = $0.tensor("second", [1, 10], .uint8, scale: 1)
      $0.operators[0].outputs.append(second)
    }
    expect(.packageMismatch, "1 inputs, the operator 2") { $0.operators[0].inputs.append(0) }
    expect(.invalidOperator, "left out") { $0.operators[0].inputs = [-1] }
    expect(.invalidOperator, "no size") { $0.tensors[1].shape = [] }
    expect(.malformedFile, "no custom options") { $0.operators[0].customOptions = nil }
    expect(.malformedFile, "damaged") { $0.operators[0].customOptions = [1, 2, 3] }
    expect(.unsupportedOperator, "several chips") {
      var package = CompiledPackage.bytes(inputs: [[1, 4, 5, 3]], outputs: [[1, 10]])
      package.edit = { $0[5] = .int32(-1) }
      $0.operators[0].customOptions = package.customOptions
    }
    #expect(library.trace.isEmpty)
    // libedgetpu gets all packages of a graph at once: a damaged one is found before.
    var two = TestModel.compiled()
    let second = two.output([1, 10], .uint8, scale: 1)
    two.addCompiled([two.outputs[0]], [second], .bytes(inputs: [[1, 10]], outputs: [[1, 10]]))
    two.operators[1].customOptions = [1, 2, 3]
    let error = try #require(refusal(of: two, on: library.device()))
    #expect(error.code == .malformedFile && error.operatorIndex == 1)
    #expect(!library.trace.contains { $0.hasPrefix("Delegate.Prepare") })
  }

  @Test("libedgetpu's own refusal of a package comes with its words")
  func refusal() throws {
    let error = try #require(try refusal(["PREPARE_ERROR": "Internal: something is wrong"]))
    #expect(error.code == .deviceRefused && error.operatorIndex == 0)
    #expect(error.message.contains("Failed to prepare for TPU. Internal: something is wrong"))
  }

  @Test("a package of every damage is refused or runs, and nothing else happens")
  func damage() throws {
    let library = try FakeEdgeTPU(.old, ["TRACE": ""])
    let model = TestModel.compiled()
    let options = try #require(model.operators[0].customOptions)
    var outcomes: [Bool: Int] = [:]
    for index in options.indices {
      var changed = model
      changed.operators[0].customOptions?[index] ^= 0x55
      outcomes[refusal(of: changed, on: library.device()) == nil, default: 0] += 1
    }
    #expect(outcomes.values.reduce(0, +) == options.count)
    #expect((outcomes[true] ?? 0) > 0 && (outcomes[false] ?? 0) > 0)
  }

  // MARK: Runs

  @Test("a run that fails says why, and the session can be run again")
  func runFails() throws {
    let library = try FakeEdgeTPU(.old, ["INVOKE_FAILS_AT": "2"])
    let model = try Model(bytes: TestModel.compiled().bytes, device: library.device())
    var session = try model.makeSession()
    let input = (0..<60).map { UInt8($0) }
    let outputs = try session.runOnce([input])
    do throws(SessionError) {
      try session.run()
      Issue.record("no error")
    } catch {
      #expect(error.code == .deviceFailed && error.code.isAboutDevice)
      #expect(error.message.contains("Deadline exceeded: 100% of the time is over"))
    }
    #expect(try session.runOnce([input]) == outputs)
  }

  @Test("a device that is lost stays lost for its models; another one finds it again")
  func lost() throws {
    let library = try FakeEdgeTPU(.old, ["LOST_AT": "2"])
    let file = try ModelFile(bytes: TestModel.compiled().bytes)
    do {
      let model = try Model(file, device: library.device())
      var session = try model.makeSession()
      try session.run()
      for _ in 0..<2 {
        do throws(SessionError) {
          try session.run()
          Issue.record("no error")
        } catch {
          #expect(error.code == .deviceLost && error.message.contains("load the model anew"))
        }
      }
    }
    library.turn("LOST_AT", "")
    let again = try Model(file, device: library.device())
    #expect(try again.runOnce([[UInt8](repeating: 1, count: 60)]).count == 1)
  }
}
