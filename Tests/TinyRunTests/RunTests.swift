import Foundation
import Testing

@Suite("tinyrun run")
struct RunTests {
  @Test("outputs of all runs of a session go to files of the promised names")
  func severalRuns() async throws {
    let folder = try Folder()
    let inputs = ["input-0.bin", "input-0-run1.bin", "input-0-run2.bin"].map { Fixtures.path("cases/case-109/\($0)") }
    let result = try await Tool.run(
      ["run", Fixtures.path("cases/case-109/model.tflite")] + inputs + ["--output-prefix", folder.path("out-")])
    #expect(result.status == 0)
    #expect(result.output.isEmpty && result.error.isEmpty)
    #expect(folder.names == ["out-0.bin", "out-0-run1.bin", "out-0-run2.bin"])
    for run in ["", "-run1", "-run2"] {
      #expect(try folder.bytes("out-0\(run).bin") == Fixtures.bytes("cases/case-109/output-0\(run).bin"))
    }
  }

  @Test("several inputs are taken in the order of the signature")
  func severalInputs() async throws {
    let folder = try Folder()
    let inputs = (0..<3).map { Fixtures.path("cases/case-83/input-\($0).bin") }
    let result = try await Tool.run(
      ["run", Fixtures.path("cases/case-83/model.tflite")] + inputs + ["--output-prefix", folder.path("o")])
    #expect(result.status == 0)
    #expect(try folder.bytes("o0.bin") == Fixtures.bytes("cases/case-83/output-0.bin"))
  }

  @Test("files that are no whole number of runs are a usage error")
  func incompleteRun() async throws {
    let input = Fixtures.path("cases/case-83/input-0.bin")
    #expect(try await Tool.run("run", Fixtures.path("cases/case-83/model.tflite"), input, input).status == 2)
  }

  @Test("a .npy file, a raw file and standard input give the same output")
  func numpy() async throws {
    let folder = try Folder()
    let input = try Fixtures.input(3)
    let raw = try folder.file("digit.raw", input)
    let array = try folder.file("digit.npy", Self.numpy(input, type: "|i1", shape: "(1, 28, 28, 1)"))
    for (index, file) in [raw, array, "-"].enumerated() {
      let result = try await Tool.run(
        ["run", Fixtures.model, file, "--output-prefix", folder.path("\(index)-")], input: file == "-" ? input : [])
      #expect(result.status == 0, "\(result.error)")
      #expect(try folder.bytes("\(index)-0.bin") == Fixtures.scores("mnist_cnn_int8", 3))
    }
  }

  @Test(
    "a damaged .npy file, or one of another type or size, is refused",
    arguments: [
      ("<f4", "(1, 28, 28, 1)", "float32"), ("|i1", "(1, 28, 28, 2)", "it holds 784 bytes"),
      ("|i1", "(1, 28, 28, 1", "names no shape"), ("|i1", "(9999999999999, 9999999999999)", "its shape"),
      (">i4", "(196,)", "its type"), ("|S1", "(784,)", "its type"),
    ])
  func wrongNumpy(_ type: String, _ shape: String, _ message: String) async throws {
    let folder = try Folder()
    let count = type == "<f4" ? 784 * 4 : 784
    let file = try folder.file("x.npy", Self.numpy([UInt8](repeating: 0, count: count), type: type, shape: shape))
    let result = try await Tool.run("run", Fixtures.model, file)
    #expect(result.status == 3)
    #expect(result.error.contains(message) && result.error.contains("x.npy"), "\(result.error)")
  }

  @Test("a .npy file of as many elements in another shape is refused, but a leading 1 may differ")
  func numpyShape() async throws {
    let folder = try Folder()
    let input = try Fixtures.input(3)
    for shape in ["(784,)", "(1, 784)", "(28, 28)", "(1, 1, 28, 28)", "(1, 1, 1, 28, 28, 1)", "(28, 1, 28, 1)"] {
      let file = try folder.file("x.npy", Self.numpy(input, type: "|i1", shape: shape))
      let result = try await Tool.run("run", Fixtures.model, file)
      #expect(result.status == 3 && result.output.isEmpty)
      #expect(result.error.contains("has the shape [") && result.error.contains("is [1,28,28,1]"), "\(result.error)")
    }
    for shape in ["(28, 28, 1)", "(1, 1, 28, 28, 1)"] {
      let file = try folder.file("y.npy", Self.numpy(input, type: "|i1", shape: shape))
      let result = try await Tool.run("run", Fixtures.model, file, "--output-prefix", folder.path("o"))
      #expect(result.status == 0, "\(result.error)")
      #expect(try folder.bytes("o0.bin") == Fixtures.scores("mnist_cnn_int8", 3))
    }
  }

  @Test("random inputs that a model reads as indices are zeros")
  func indices() async throws {
    let model = Fixtures.path("described/rows.tflite")
    let result = try await Tool.run("run", model)
    #expect(
      result.status == 0
        && result.error == "no input files: running on random data, seed 1; zeros for indices: numbers\n")
    #expect(result.output.contains("  12 13 12 13 12 13\n"))
    #expect(try await Tool.run("compare", model, "--against", "portable").status == 0)
    // What is given is taken.
    let folder = try Folder()
    let outside = try folder.file("i.bin", [0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0])
    #expect(try await Tool.run("run", model, outside).status == 3)
  }

  @Test("a .npy file that was cut short anywhere in its header is refused")
  func shortNumpy() async throws {
    let folder = try Folder()
    let whole = Self.numpy(try Fixtures.input(0), type: "|i1", shape: "(1, 28, 28, 1)")
    for count in [0, 5, 9, 10, 20, 60, 127, 128] {
      let file = try folder.file("\(count).npy", [UInt8](whole.prefix(count)))
      let result = try await Tool.run("run", Fixtures.model, file)
      #expect(result.status == 3 && !result.wasKilled)
    }
  }

  @Test("random inputs are announced with their seed, and the seed alone determines them")
  func random() async throws {
    let folder = try Folder()
    for (name, seed) in [("a", "7"), ("b", "7"), ("c", "8")] {
      let result = try await Tool.run(
        "run", Fixtures.model, "--seed", seed, "--output-prefix", folder.path(name), "--dump-tensors",
        folder.path("\(name)-tensors"))
      #expect(result.status == 0)
      #expect(result.error.contains("random data, seed \(seed)"))
    }
    #expect(try folder.bytes("a0.bin") == folder.bytes("b0.bin"))
    let input = "tensors/0.bin"
    #expect(try folder.bytes("a-\(input)") == folder.bytes("b-\(input)"))
    #expect(try folder.bytes("a-\(input)") != folder.bytes("c-\(input)"))
    #expect(try await Tool.run("run", Fixtures.model, "--quiet").error.isEmpty)
  }

  @Test("without a prefix the output is summed up on standard output")
  func summary() async throws {
    let folder = try Folder()
    let digit = try folder.file("7.bin", Fixtures.input(0))
    let result = try await Tool.run("run", Fixtures.model, digit)
    #expect(result.output.hasPrefix("scores  int8 [1,10]\n"))
    #expect(result.output.contains("at 7  (10 elements)"))
    #expect(result.error.isEmpty)
  }

  @Test("a dump holds every tensor as it was written, and leaves the outputs as they are")
  func dump() async throws {
    let folder = try Folder()
    let input = try Fixtures.input(5)
    let digit = try folder.file("digit.bin", input)
    let result = try await Tool.run(
      "run", Fixtures.model, digit, digit, "--dump-tensors", folder.path("dump"), "--output-prefix", folder.path("o"))
    #expect(result.status == 0)
    let scores = try Fixtures.scores("mnist_cnn_int8", 5)
    #expect(try folder.bytes("o0.bin") == scores)
    #expect(try folder.bytes("o0-run1.bin") == scores)
    for dump in ["dump", "dump/run1"] {
      let list = try #require(
        try JSONSerialization.jsonObject(with: Data(folder.bytes("\(dump)/tensors.json"))) as? [[String: Any]])
      // The input, and what each of the eight operators writes.
      #expect(list.count == 9)
      for tensor in list {
        let shape = try #require(tensor["shape"] as? [Int])
        let file = try #require(tensor["file"] as? String)
        #expect(try folder.bytes("\(dump)/\(file)").count == shape.reduce(1, *))
      }
      let first = try #require(list.first?["file"] as? String)
      let last = try #require(list.last?["file"] as? String)
      #expect(try folder.bytes("\(dump)/\(first)") == input)
      #expect(try folder.bytes("\(dump)/\(last)") == scores)
    }
  }

  @Test("a view in a dump holds what the tensor that it views holds")
  func dumpOfView() async throws {
    let folder = try Folder()
    let digit = try folder.file("digit.bin", Fixtures.input(0))
    let result = try await Tool.run("run", Fixtures.model, digit, "--dump-tensors", folder.path("dump"))
    #expect(result.status == 0)
    // Tensor 14 is tensor 13 in another shape.
    #expect(try folder.bytes("dump/14.bin") == folder.bytes("dump/13.bin"))
  }

  @Test("outputs may replace the model's own file")
  func outputOverModel() async throws {
    let folder = try Folder()
    let model = try folder.file("m0.bin", Fixtures.bytes("models/mnist_cnn_int8.tflite"))
    let digit = try folder.file("digit.bin", Fixtures.input(0))
    let result = try await Tool.run("run", model, digit, digit, "--output-prefix", folder.path("m"))
    #expect(result.status == 0 && !result.wasKilled)
    #expect(try folder.bytes("m0.bin") == Fixtures.scores("mnist_cnn_int8", 0))
    #expect(try folder.bytes("m0-run1.bin") == Fixtures.scores("mnist_cnn_int8", 0))
  }

  /// An array in format version 1.
  private static func numpy(_ elements: [UInt8], type: String, shape: String) -> [UInt8] {
    var header = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }".utf8)
    header += [UInt8](repeating: 0x20, count: 117 - header.count) + [0x0A]
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.count), 0] + header + elements
  }
}
