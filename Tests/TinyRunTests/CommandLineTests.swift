import Foundation
import Testing

@Suite("the command line")
struct CommandLineTests {
  @Test(
    "what is asked for well ends with status 0 and its text on standard output",
    arguments: [
      ["--help"], ["-h"], ["help"], ["help", "run"], ["help", "eval"], ["inspect", "--help"], ["classify", "-h"],
      ["--version"], ["run", Fixtures.model, "--help"],
    ])
  func success(_ words: [String]) async throws {
    let result = try await Tool.run(words)
    #expect(result.status == 0)
    #expect(!result.output.isEmpty)
    #expect(result.error.isEmpty)
  }

  @Test(
    "what is not understood ends with status 2 and a message on standard error",
    arguments: [
      [], [""], ["nope"], ["--nope"], ["help", "nope"], ["inspect"], ["run"], ["classify"], ["eval"],
      ["inspect", Fixtures.model, "--nope"], ["inspect", Fixtures.model, Fixtures.model],
      ["inspect", Fixtures.model, "--json=1"],
      ["run", Fixtures.model, "--seed", "-1"], ["run", Fixtures.model, "--seed", "999999999999999999999"],
      ["run", Fixtures.model, "--seed"], ["run", Fixtures.model, "--shape", "image"],
      ["run", Fixtures.model, "--shape", "image=99999999999"], ["run", Fixtures.model, "--device", "gpu"],
      ["run", Fixtures.model, "--device", "edgetpu:usb:x"],
      ["classify", Fixtures.model], ["classify", Fixtures.model, "x.pgm", "--top", "0"],
      ["classify", Fixtures.model, "x.pgm", "--mapping", "nope"],
      ["eval", Fixtures.model], ["eval", Fixtures.model, "--images", Fixtures.images],
      ["eval", Fixtures.model, "--images", Fixtures.images, "--labels", Fixtures.labels, "--limit", "-1"],
      ["eval", Fixtures.model, "--images", Fixtures.images, "--labels", Fixtures.labels, "--min", "2"],
      ["bench"], ["bench", Fixtures.model, Fixtures.model], ["bench", Fixtures.model, "--runs", "0"],
      ["bench", Fixtures.model, "--runs", "2", "--seconds", "1"], ["bench", Fixtures.model, "--seconds", "0"],
      ["bench", Fixtures.model, "--seconds", "nan"], ["bench", Fixtures.model, "--seconds", "1e9"],
      ["bench", Fixtures.model, "--sessions", "0"], ["bench", Fixtures.model, "--sessions", "257"],
      ["bench", Fixtures.model, "--warmup", "-1"], ["bench", Fixtures.model, "--csv"],
      ["profile"], ["profile", Fixtures.model, Fixtures.model], ["profile", Fixtures.model, "--by", "size"],
      ["profile", Fixtures.model, "--top", "0"], ["profile", Fixtures.model, "--csv", "--json"],
      ["kernels"], ["kernels", "1,2"], ["kernels", "0,1,1"], ["kernels", "1,2,3,4"], ["kernels", "dw:1x1,1x1,1"],
      ["kernels", "1,2,3", "--seconds", "0"], ["kernels", "1,2,3", "--tolerance", "-1"],
      ["kernels", "1,2,3", "--kernels", "portable"], ["devices", "cpu"], ["devices", "--all"], ["knobs", "X"],
      ["profile", Fixtures.model, "--sessions", "2"], ["profile", Fixtures.model, "--runs", "x"],
    ])
  func usage(_ words: [String]) async throws {
    expectFailure(try await Tool.run(words), 2)
  }

  @Test(
    "threads from 1 to 256, and kernels that exist, are understood by every command that runs models",
    arguments: ["inspect", "run", "classify", "eval", "bench", "profile", "cases"])
  func execution(_ command: String) async throws {
    let words = [command, Fixtures.model, "--images", "x", "--labels", "x"].prefix(command == "eval" ? 6 : 2)
    // classify wants a picture.
    let given = Array(words) + (command == "classify" ? ["x.pgm"] : [])
    for count in ["0", "257", "-1", "two"] { expectFailure(try await Tool.run(given + ["--threads", count]), 2) }
    let result = try await Tool.run(given + ["--kernels", "nope"])
    expectFailure(result, 2)
    #expect(result.error.contains("reference, portable, avx2, avxvnni, avx512vnni"))
    expectFailure(try await Tool.run(given + ["--fixed-point=1"]), 2)
  }

  @Test(
    "a model or file that cannot be used ends with status 3",
    arguments: [
      ["missing.tflite"], ["inspect", "missing"], ["inspect", ""], ["inspect", NSTemporaryDirectory()],
      ["inspect", Fixtures.images], ["run", Fixtures.labels], ["run", "missing.tflite"],
      ["run", Fixtures.model, "missing.bin"], ["run", Fixtures.model, NSTemporaryDirectory()],
      ["run", Fixtures.model, Fixtures.labels], ["run", Fixtures.model, "/dev/null"],
      ["run", Fixtures.model, "--signature", "nope"], ["run", Fixtures.model, "--shape", "nope=1"],
      ["inspect", Fixtures.model, "--signature", "nope"],
      ["run", Fixtures.model, "--output-prefix", "/missing/folder/x"],
      ["run", Fixtures.model, "--dump-tensors", Fixtures.model],
      ["bench", "missing.tflite"], ["bench", Fixtures.labels], ["bench", Fixtures.model, "--signature", "nope"],
      ["kernels", "missing.tflite"], ["kernels", Fixtures.labels], ["kernels", "--shapes", "missing.txt"],
      ["kernels", "1048577,1,1048577"], ["profile", "missing.tflite"], ["profile", Fixtures.labels],
      ["profile", Fixtures.model, "--runs", "1", "--trace", "/missing/folder/trace.json"],
      ["classify", Fixtures.model, Fixtures.model], ["classify", Fixtures.model, Fixtures.images],
      ["classify", Fixtures.model, Fixtures.images + ":10000"], ["classify", Fixtures.model, Fixtures.images + ":-1"],
      ["classify", Fixtures.model, Fixtures.images + ":0", "--labels", "missing.txt"],
      ["eval", Fixtures.model, "--images", Fixtures.labels, "--labels", Fixtures.labels],
      ["eval", Fixtures.model, "--images", Fixtures.images, "--labels", Fixtures.images],
    ])
  func refused(_ words: [String]) async throws {
    expectFailure(try await Tool.run(words), 3)
  }

  @Test(
    "an Edge TPU without its library ends with status 4 in every command and every spelling",
    arguments: [
      "edgetpu", "edgetpu:0", "edgetpu:usb", "edgetpu:usb:1", "edgetpu:pci", "edgetpu:pci:2",
    ])
  func device(_ name: String) async throws {
    let model = Fixtures.path("edgetpu/single.tflite")
    let commands = [
      ["inspect", model], ["run", model], ["classify", model, "x.pgm"],
      ["eval", model, "--images", Fixtures.images, "--labels", Fixtures.labels], ["bench", model], ["profile", model],
    ]
    let missing = ["TINYTENSOR_EDGETPU_LIB": "/nowhere/libedgetpu.so.1"]
    for command in commands {
      let result = try await Tool.run(command + ["--device", name], environment: missing)
      expectFailure(result, 4)
      #expect(result.error.contains("no Edge TPU: there is no /nowhere/libedgetpu.so.1"))
    }
  }

  @Test(
    "a mistyped command gets a suggestion",
    arguments: [
      ("evla", "eval"), ("rnu", "run"), ("clasify", "classify"), ("inspct", "inspect"),
    ])
  func suggestion(_ word: String, _ meant: String) async throws {
    #expect(try await Tool.run(word).error.contains("did you mean \(meant)?"))
  }

  @Test("a word that is like no command gets none")
  func noSuggestion() async throws {
    #expect(try await !Tool.run("benchmark").error.contains("did you mean"))
  }

  @Test("help names every command, and every command's help its options and an example")
  func help() async throws {
    let overview = try await Tool.run("--help").output
    for command in ["inspect", "run", "classify", "eval", "bench", "profile"] {
      #expect(overview.contains("  \(command)"))
      let help = try await Tool.run(command, "--help").output
      #expect(help.contains("usage: tinyrun \(command) MODEL"))
      #expect(help.contains("--device") && help.contains("--threads") && help.contains("--kernels"))
      #expect(help.contains("example:\n  tinyrun \(command) "))
      #expect(help.contains("Exit status: 0"))
      #expect(help.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }
  }

  @Test("help of commands that load no model", arguments: ["kernels", "devices", "knobs"])
  func otherHelp(_ command: String) async throws {
    #expect(try await Tool.run("--help").output.contains("  \(command)"))
    let help = try await Tool.run(command, "--help").output
    #expect(help.contains("usage: tinyrun \(command) [") && help.contains("example:\n  tinyrun \(command)"))
    #expect(help.contains("--json") && !help.contains("--device"))
    #expect(help.split(separator: "\n").allSatisfy { $0.count <= 120 })
  }

  private func expectFailure(
    _ result: Tool.Result, _ status: Int32, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(!result.wasKilled, sourceLocation: sourceLocation)
    #expect(result.status == status, "\(result.error)", sourceLocation: sourceLocation)
    #expect(result.error.contains("tinyrun: "), sourceLocation: sourceLocation)
    #expect(result.output.isEmpty, sourceLocation: sourceLocation)
  }
}
