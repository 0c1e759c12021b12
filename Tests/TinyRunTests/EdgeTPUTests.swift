import FakeEdgeTPU
import Foundation
import Testing

@Suite("tinyrun and the Edge TPU")
struct EdgeTPUTests {
  private func model(_ name: String) -> String { Fixtures.path("edgetpu/\(name).tflite") }

  private func environment(_ library: FakeLibrary, _ knobs: [String: String] = [:]) -> [String: String] {
    var words = ["TINYTENSOR_EDGETPU_LIB": library.path, "FAKE_EDGETPU_TRACE": library.tracePath]
    for (name, value) in knobs { words["FAKE_EDGETPU_\(name)"] = value }
    return words
  }

  /// A library that is nowhere.
  private let none = ["TINYTENSOR_EDGETPU_LIB": "/nowhere/libedgetpu.so.1"]

  @Test(
    "a compiled model runs on the device that it needs, in this process and in a helper",
    arguments: [[], ["--isolate"]])
  func runs(options: [String]) async throws {
    let library = try FakeLibrary()
    let folder = try Folder()
    for (name, count) in [("single", 60), ("surrounded", 60), ("states", 24)] {
      let input = try folder.file("input.bin", (0..<count).map { UInt8($0 % 251) })
      // Two runs of one session, as the expected output has them.
      let result = try await Tool.run(
        ["run", model(name), input, input, "--output-prefix", folder.path("out")] + options,
        environment: environment(library))
      #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
      let expected = try Fixtures.bytes("edgetpu/\(name)-output-0.bin")
      #expect(try folder.bytes("out0-run1.bin") == expected)
    }
    #expect(library.trace.last == "device closed")
  }

  @Test("without the library the status is 4 and there is one sentence")
  func noLibrary() async throws {
    for options in [[], ["--device", "edgetpu"], ["--isolate"]] {
      let result = try await Tool.run(["run", model("single"), "--quiet"] + options, environment: none)
      #expect(result.status == 4 && result.output.isEmpty)
      let lines = result.error.split(separator: "\n")
      #expect(lines.count == 1 && lines.first?.contains("no Edge TPU: there is no /nowhere/libedgetpu.so.1") == true)
    }
    // On the CPU it is the model that cannot run.
    let result = try await Tool.run(["run", model("single"), "--device", "cpu"], environment: none)
    #expect(result.status == 3 && result.error.contains("was compiled for the Edge TPU"))
  }

  @Test(
    "what goes wrong with a device has status 4",
    arguments: [
      (["DEVICES": "0"], "no Edge TPU is connected"), (["OPEN_FAILS": "1"], "cannot open the Edge TPU"),
      (["VERSION": "RuntimeVersion(13)"], "16.0 or later"), (["INVOKE_FAILS_AT": "1"], "Deadline exceeded"),
      (["LOST_AT": "1"], "load the model anew"),
    ])
  func failures(knobs: [String: String], words: String) async throws {
    let library = try FakeLibrary()
    for options in [[], ["--isolate"]] {
      let result = try await Tool.run(
        ["run", model("single"), "--quiet"] + options, environment: environment(library, knobs))
      #expect(result.status == 4 && result.error.contains(words), "\(result.error)")
    }
  }

  @Test("a driver that aborts ends the helper, not the tool")
  func abort() async throws {
    let library = try FakeLibrary()
    let result = try await Tool.run(
      ["run", model("single"), "--quiet", "--isolate"], environment: environment(library, ["ABORT_AT": "1"]))
    #expect(!result.wasKilled && result.status == 4)
    #expect(result.error.contains("USB transfer error 5") && result.error.contains("was aborted"))
  }

  @Test("options that belong to the device")
  func options() async throws {
    let library = try FakeLibrary()
    let words = environment(library, ["DEVICES": "3"])
    let result = try await Tool.run(
      ["run", model("single"), "--quiet", "--device", "edgetpu:usb:1", "--performance", "low"], environment: words)
    #expect(result.status == 0)
    #expect(library.trace.contains("create type=1 name=/sys/bus/usb/devices/2-2 options=1"))
    #expect(library.trace.contains("option Performance=Low"))
    for (options, status) in [
      (["--device", "edgetpu:usb:2"], 4), (["--device", "edgetpu:usb:"], 2), (["--device", "edgetpu1"], 2),
      (["--performance", "fast"], 2), (["--device", "cpu", "--isolate"], 2),
      (["--device", "cpu", "--performance", "low"], 2), (["--device", "edgetpu:1"], 0),
    ] as [([String], Int32)] {
      let result = try await Tool.run(["run", model("single"), "--quiet"] + options, environment: words)
      #expect(result.status == status, "\(options) \(result.error)")
    }
    // A model that has nothing for the device.
    let plain = try await Tool.run(["run", Fixtures.model, "--quiet", "--device", "edgetpu"], environment: words)
    #expect(plain.status == 3 && plain.error.contains("edgetpu_compiler"))
  }

  @Test("devices shows the library and what it finds, or why nothing can run")
  func devices() async throws {
    let library = try FakeLibrary()
    let text = try await Tool.run(["devices"], environment: environment(library, ["DEVICES": "3"])).output
    for words in ["edgetpu:usb:0", "edgetpu:pci:0", "edgetpu:usb:1", "/dev/apex_0", library.path, "runtime version 14"]
    {
      #expect(text.contains(words), "\(words)")
    }
    let json = try await Tool.run(["devices", "--json"], environment: environment(library)).json
    let device = try #require((json["devices"] as? [[String: Any]])?.last)
    #expect(device["available"] as? Bool == true && device["runtime_version"] as? Int == 14)
    #expect((device["connected"] as? [[String: String]])?.map { $0["device"] } == ["edgetpu:usb:0"])
    let missing = try await Tool.run(["devices"], environment: none)
    #expect(missing.status == 0 && missing.output.contains("there is no /nowhere/libedgetpu.so.1"))
    let idle = try await Tool.run(["devices"], environment: environment(library, ["DEVICES": "0"])).output
    #expect(idle.contains("no Edge TPU is connected"))
  }

  @Test("inspect shows what a compiled operator carries, and whether it can run here")
  func inspect() async throws {
    let library = try FakeLibrary()
    let text = try await Tool.run(["inspect", model("surrounded")], environment: environment(library)).output
    for words in [
      "operator 1 for the Edge TPU", "operator 3 for the Edge TPU", "runtime 12 or later", "EXECUTION_ONLY",
      "PARAMETER_CACHING", "can run here", "caching token 0x4d",
    ] { #expect(text.contains(words), "\(words)") }
    let json = try await Tool.run(["inspect", model("states"), "--json"], environment: none).json
    let graph = try #require((json["subgraphs"] as? [[String: Any]])?.first)
    let node = try #require((graph["edge_tpu"] as? [[String: Any]])?.first)
    #expect((node["here"] as? String)?.contains("cannot run here") == true)
    #expect((node["executables"] as? [[String: Any]])?.count == 2)
  }

  @Test("bench has the first run apart, and names the device")
  func bench() async throws {
    let library = try FakeLibrary()
    let json = try await Tool.run(
      ["bench", model("single"), "--runs", "5", "--warmup", "0", "--json"],
      environment: environment(library, ["SLOW": "2000"])
    ).json
    #expect(json["device"] as? String == "edgetpu")
    #expect(try #require(json["first_run_ms"] as? Double) >= 2)
  }

  @Test("what the compiler's file holds is as published", .enabled(if: shared != nil, "there is no ../shared"))
  func published() async throws {
    let folder = try #require(Self.shared)
    let library = try FakeLibrary()
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".tflite") }
    #expect(files.count >= 8)
    for file in files {
      let path = folder.appendingPathComponent(file).path
      let run = try await Tool.run(["run", path, "--quiet"], environment: environment(library))
      #expect(run.status == 0, "\(file) \(run.error)")
      let text = try await Tool.run(["inspect", path], environment: none).output
      #expect(text.contains("for the Edge TPU: package of"), "\(file)")
    }
    let text = try await Tool.run(
      ["inspect", folder.appendingPathComponent("etpu_mobilenet_v2_100_224.tflite").path], environment: none
    ).output
    for words in [
      "package of 4067328 bytes, runtime 12 or later, compiler cl/", "3900864 bytes stay on the chip, 0 bytes are sent",
      "instructions 129632 bytes, parameters 0 bytes, narrow memory 99552 bytes a tile",
      "instructions 9680 bytes, parameters 3900864 bytes", "caching token 0xbdd28bdebd944998",
      "458040 cycles, about 0.916 ms",
      "input  uint8 [224,224,3]  real = 0.0078125 * (q - 128)  150528 bytes with padding",
      "MobilenetV2/Predictions/Softmax  uint8 [1,1,1001]  real = 0.00390625 * q  1008 bytes with padding",
    ] { #expect(text.contains(words), "\(words)") }
  }

  private static var shared: URL? {
    let folder = Fixtures.package.deletingLastPathComponent().appendingPathComponent("shared/models-edgetpu")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }
}
