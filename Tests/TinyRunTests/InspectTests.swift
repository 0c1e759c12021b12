import Foundation
import Testing

@Suite("tinyrun inspect")
struct InspectTests {
  @Test("text names inputs, outputs, operators and totals, in lines of about 100 columns")
  func text() async throws {
    let result = try await Tool.run("inspect", Fixtures.model)
    #expect(result.status == 0)
    #expect(result.error.isEmpty)
    for fact in [
      "mnist_cnn_int8.tflite  TFL3 v3  31.7 KiB", "signature  serving_default", "image", "int8  [1,28,28,1]",
      "real = 0.00392157 * (q + 128)", "scores", "CONV_2D", "[1,28,28,1] -> [1,28,28,8]", "56.4 k", "view", "arena ",
      "lower bound", "parameters 26.3 KiB", "packed ", "307.6 k MACs", "8 operators", "18 tensors",
      "min_runtime_version 16 B",
    ] {
      #expect(result.output.contains(fact), "\(fact)")
    }
    #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 104 })
    #expect(!result.output.contains("arith.constant"))
  }

  @Test("a model alone is inspected")
  func bare() async throws {
    #expect(try await Tool.run(Fixtures.model).output == Tool.run("inspect", Fixtures.model).output)
    #expect(try await Tool.run(Fixtures.model, "--json").json["schema"] as? Int == 1)
  }

  @Test("further parts show operators in full, all tensors, and the arena's plan")
  func parts() async throws {
    let operators = try await Tool.run("inspect", Fixtures.model, "--ops").output
    #expect(operators.contains("5  int8 [32,784]  constant, 24.5 KiB  sequential_1/dense_1/MatMul"))
    let tensors = try await Tool.run("inspect", Fixtures.model, "--tensors").output
    #expect(tensors.contains("arith.constant"))
    #expect(tensors.contains("32 scales along axis 0"))
    for option in ["--memory", "--plan"] {
      let memory = try await Tool.run("inspect", Fixtures.model, option).output
      #expect(memory.contains("without reuse "))
      // The input is in use from before the run until behind its seven steps.
      #expect(memory.contains("784  -1..7  serving_default_image:0"))
    }
  }

  @Test("the plan shows steps, where their operands lie, and what costs no step")
  func plan() async throws {
    let text = try await Tool.run("inspect", Fixtures.model, "--plan").output
    #expect(text.contains("plan  7 steps"))
    #expect(text.contains("0 serving_default_image:0"))
    #expect(text.contains("no step  operator 4  RESHAPE  tensor 14 is a view of 13"))

    let padded = Fixtures.path("models/mnist_dscnn_int8.tflite")
    #expect(try await Tool.run("inspect", padded, "--plan").output.contains("folded into operator 4"))
    let plan = try #require(try await Tool.run("inspect", padded, "--json").json["plan"] as? [String: Any])
    let steps = try #require(plan["steps"] as? [[String: Any]])
    #expect(steps.map { $0["operator"] as? Int } == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10])
    let first = try #require((steps[0]["operands"] as? [[String: Any]])?.first)
    #expect(first["memory"] as? String == "arena")
    #expect(first["tensor"] as? Int == 0)
    #expect(first["bytes"] as? Int == 784)
    let idle = try #require((plan["without_step"] as? [[String: Any]])?.first)
    #expect(idle["operator"] as? Int == 3)
    #expect(idle["folded_into"] as? Int == 4)
  }

  @Test("JSON holds everything")
  func json() async throws {
    let json = try await Tool.run("inspect", Fixtures.model, "--json").json
    #expect(json["schema"] as? Int == 1)
    #expect(json["bytes"] as? Int == 32416)
    #expect(json["runnable"] as? Bool == true)
    #expect(json["refusal"] is NSNull)
    #expect(json["multiply_accumulates"] as? Int == 307_648)
    let input = try #require((json["inputs"] as? [[String: Any]])?.first)
    #expect(input["name"] as? String == "image")
    #expect(input["shape"] as? [Int] == [1, 28, 28, 1])
    #expect(input["shape_signature"] as? [Int] == [-1, 28, 28, 1] || input["shape_signature"] as? [Int] == [])
    let quantization = try #require(input["quantization"] as? [String: Any])
    #expect(quantization["zero_points"] as? [Int] == [-128])
    #expect((quantization["scales"] as? [Double])?.first.map { abs($0 - 1 / 255) < 1e-9 } == true)
    let graph = try #require((json["subgraphs"] as? [[String: Any]])?.first)
    let operators = try #require(graph["operators"] as? [[String: Any]])
    #expect(
      operators.map { $0["name"] as? String } == [
        "CONV_2D", "MAX_POOL_2D", "CONV_2D", "AVERAGE_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "FULLY_CONNECTED",
        "SOFTMAX",
      ])
    #expect(operators[4]["kernel"] as? String == "view")
    #expect(operators[0]["device"] as? String == "cpu")
    #expect(operators[0]["weight_bytes"] as? Int == 104)
    #expect((graph["tensors"] as? [Any])?.count == 18)
    let memory = try #require(json["memory"] as? [String: Any])
    let entries = try #require(memory["entries"] as? [[String: Any]])
    let sum = entries.reduce(0) { $0 + ($1["bytes"] as? Int ?? 0) }
    #expect(memory["bytes_without_reuse"] as? Int == sum)
    let names = (json["metadata"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
    #expect(names == ["min_runtime_version", "CONVERSION_METADATA"])
  }

  /// Inspects a patched model as text and as JSON: both must end well.
  private func inspect(
    _ change: (inout PatchedModel) -> Bool
  ) async throws -> (text: String, json: [String: Any], run: Tool.Result) {
    let folder = try Folder()
    var model = PatchedModel(try Fixtures.bytes("models/mnist_cnn_int8.tflite"))
    #expect(change(&model), "the field to change is not in the file")
    let path = try folder.file("patched.tflite", model.bytes)
    let text = try await Tool.run("inspect", path, "--ops", "--tensors", "--memory")
    #expect(text.status == 0 && !text.wasKilled, "\(text.error)")
    let json = try await Tool.run("inspect", path, "--json")
    #expect(json.status == 0 && !json.wasKilled)
    return (text.output, try json.json, try await Tool.run("run", path))
  }

  private func kernels(_ json: [String: Any]) throws -> [String?] {
    let graph = try #require((json["subgraphs"] as? [[String: Any]])?.first)
    return try #require(graph["operators"] as? [[String: Any]]).map { $0["kernel"] as? String }
  }

  @Test("a model with an operator that is not supported is shown, with the reason and the operator marked")
  func unsupported() async throws {
    // SOFTMAX becomes CONCAT_EMBEDDINGS, and then a number that no schema has.
    for (number, name) in [(UInt32(29), "CONCAT_EMBEDDINGS"), (9999, "UNKNOWN(9999)")] {
      let (text, json, run) = try await inspect { $0.replaceOperator(25, by: number) }
      let reason = "the model uses an operator that this version does not support: \(name) (operator 7)"
      #expect(text.contains("cannot run: \(reason)"))
      #expect(text.contains("unsupported"))
      #expect(text.contains("[1,28,28,1] -> [1,28,28,8]"))
      #expect(text.contains("no memory plan"))
      #expect(json["runnable"] as? Bool == false)
      #expect(json["refusal"] as? String == reason)
      #expect(json["memory"] is NSNull)
      #expect(try kernels(json) == [String](repeating: "-", count: 7) + ["unsupported"])
      #expect(run.status == 3 && run.error.contains(name))
    }
  }

  @Test("every operator that is not supported is marked, whatever the reason")
  func severalUnsupported() async throws {
    let (_, json, run) = try await inspect { $0.replaceOperator(25, by: 108) && $0.setVersion(ofCode: 0, 99) }
    let marks = try kernels(json)
    #expect(marks.count { $0 == "unsupported" } == 3, "\(json["refusal"] ?? "")")
    #expect(marks[0] == "unsupported" && marks[2] == "unsupported" && marks[7] == "unsupported")
    #expect(run.status == 3)
  }

  @Test("indices that lead outside are shown as unknown", arguments: [UInt32(99), 1_000_000_000, 0xFFFF_FFFE])
  func wildIndices(_ index: UInt32) async throws {
    let changes: [(inout PatchedModel) -> Bool] = [
      { $0.setInput(0, ofOperator: 0, index) }, { $0.setInput(1, ofOperator: 5, index) },
      { $0.setOutput(0, ofOperator: 2, index) }, { $0.setCode(ofOperator: 3, index) },
      { $0.setSignatureOutput(index) }, { $0.setBuffer(ofTensor: 5, index) },
    ]
    for change in changes {
      let (text, json, run) = try await inspect(change)
      #expect(text.contains("?"))
      #expect(text.contains("cannot run: "))
      #expect(json["runnable"] as? Bool == false)
      #expect(run.status == 3 && !run.wasKilled)
    }
  }

  @Test("names cannot command the terminal")
  func names() async throws {
    let (text, _, _) = try await inspect { $0.setName(ofTensor: 10, firstByte: 0x1B) }
    #expect(text.contains("\u{FFFD}equential"))
    #expect(!text.contains("\u{1B}"))
  }

  @Test(
    "a file cut short at any length is refused or shown, and never ends the tool",
    arguments: [
      0, 1, 7, 8, 9, 100, 1000, 5000, 20000, 32000, 32415,
    ])
  func truncated(_ count: Int) async throws {
    let folder = try Folder()
    let bytes = try Fixtures.bytes("models/mnist_cnn_int8.tflite")
    let result = try await Tool.run("inspect", folder.file("short.tflite", [UInt8](bytes.prefix(count))), "--memory")
    #expect([0, 3].contains(result.status) && !result.wasKilled)
    #expect(result.status == 0 || result.output.isEmpty)
  }
}
