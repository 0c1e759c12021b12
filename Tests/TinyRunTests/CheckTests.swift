import Testing

@Suite("tinyrun check")
struct CheckTests {
  @Test("a model that would probably map is told so, with status 0")
  func whole() async throws {
    let result = try await Tool.run("check", Fixtures.model)
    #expect(result.status == 0)
    #expect(result.error.isEmpty)
    for fact in [
      "would probably map to the Edge TPU, runtime 14", "Operator", "Count", "Status", "CONV_2D", "Mapped to Edge TPU",
      "8 of 8 operators would probably run on the Edge TPU, 0 on the CPU",
      "parameters on the chip (estimate): 26.3 KiB cached, 0 B streamed in every run",
    ] {
      #expect(result.output.contains(fact), "\(fact)")
    }
    #expect(!result.output.contains("what to change"))
  }

  @Test("float ends leave the status at 0")
  func floatEnds() async throws {
    let result = try await Tool.run("check", Fixtures.path("models/mnist_cnn_float_io_int8.tflite"), "--ops")
    #expect(result.status == 0)
    #expect(result.output.contains("it converts from float32 at the model's end"))
    #expect(result.output.contains("Operation is working on an unsupported data type"))
  }

  @Test("an operator that stays on the CPU ends with status 1, its reason and what to change")
  func part() async throws {
    // CONV_2D version 6 is newer than the compiler knows.
    var model = PatchedModel(try Fixtures.bytes("models/mnist_cnn_int8.tflite"))
    let isPatched = model.setVersion(ofCode: 0, 6)
    #expect(isPatched)
    let folder = try Folder()
    let path = try folder.file("newer.tflite", model.bytes)
    let result = try await Tool.run("check", path, "--ops")
    #expect(result.status == 1)
    #expect(result.error.contains("8 operators would stay on the CPU"))
    for fact in [
      "would probably not map", "Operation version not supported", "More than one subgraph is not supported",
      "operator 0 (CONV_2D) is the first that stays on the CPU: version 6 is newer than 5", "what to change:",
      "CONV_2D: version 6 is newer than 5; convert the model with an older TensorFlow, at best 2.5",
      "have operator 0 mapped",
    ] {
      #expect(result.output.contains(fact), "\(fact)")
    }
    let json = try await Tool.run("check", path, "--json").json
    #expect(json["would_probably_map"] as? Bool == false)
    #expect(json["first_blocker"] as? Int == 0)
  }

  @Test("a float model is told to quantize first")
  func float() async throws {
    let result = try await Tool.run("check", Fixtures.path("cases-float/case-0/model.tflite"))
    #expect(result.status == 1)
    #expect(result.error.contains("not quantized to 8 bits"))
    #expect(result.output.contains("full integer quantization"))
  }

  @Test("JSON has verdict, memory, groups and every operator")
  func json() async throws {
    let json = try await Tool.run("check", Fixtures.model, "--json").json
    #expect(json["schema"] as? Int == 1)
    #expect(json["runtime_version"] as? Int == 14)
    #expect(json["would_probably_map"] as? Bool == true)
    #expect(json["mapped"] as? Int == 8)
    #expect(json["on_cpu"] as? Int == 0)
    let memory = try #require(json["memory"] as? [String: Any])
    #expect(memory["is_estimate"] as? Bool == true)
    #expect(memory["streamed_parameter_bytes"] as? Int == 0)
    let operators = try #require(json["operators"] as? [[String: Any]])
    #expect(operators.count == 8)
    #expect(operators.allSatisfy { $0["status"] as? String == "Mapped to Edge TPU" })
    let groups = try #require(json["groups"] as? [[String: Any]])
    #expect(groups.compactMap { $0["count"] as? Int }.reduce(0, +) == 8)
  }

  @Test("the runtime is one of 10 to 14, and older ones take less")
  func runtimes() async throws {
    let older = try await Tool.run("check", Fixtures.model, "--runtime", "11")
    #expect(older.status == 1)
    #expect(older.output.contains("int8 needs runtime 12; compile for runtime 12 or later"))
    #expect(try await Tool.run("check", Fixtures.path("models/mnist_cnn_uint8.tflite"), "--runtime", "10").status == 0)
    for runtime in ["9", "15", "new"] {
      #expect(try await Tool.run("check", Fixtures.model, "--runtime", runtime).status == 2)
    }
  }

  @Test("what is no model, or is not there, ends with status 3, and no file at all with 2")
  func refusals() async throws {
    let folder = try Folder()
    #expect(try await Tool.run("check", folder.file("text.tflite", Array("no model".utf8))).status == 3)
    #expect(try await Tool.run("check", folder.path("missing.tflite")).status == 3)
    #expect(try await Tool.run("check").status == 2)
    #expect(try await Tool.run("check", Fixtures.model, Fixtures.model).status == 2)
    // An input that does not exist.
    var model = PatchedModel(try Fixtures.bytes("models/mnist_cnn_int8.tflite"))
    let isPatched = model.setInput(0, ofOperator: 0, 999)
    #expect(isPatched)
    let damaged = try await Tool.run("check", folder.file("damaged.tflite", model.bytes))
    #expect(damaged.status == 3)
    #expect(damaged.error.contains("tensor 999, which does not exist"))
  }

  @Test("the help tells what the statuses mean and offers no option that is not taken")
  func help() async throws {
    let help = try await Tool.run("help", "check").output
    #expect(help.contains("The exit status is 0 if all operators would probably be mapped"))
    #expect(help.contains("--runtime N"))
    #expect(!help.contains("--threads"))
    #expect(!help.contains("--signature"))
  }
}
