import Foundation
import Testing

@Suite("tinyrun compare")
struct CompareTests {
  private static let model = Fixtures.path("models/mnist_dscnn_int8.tflite")
  private static let twin = Fixtures.path("twins/mnist_dscnn_float.tflite")

  private func rows(_ json: [String: Any]) throws -> [[String: Any]] {
    try #require(json["tensors"] as? [[String: Any]])
  }

  /// A folder with every tensor of a run on a digit.
  private func dump(_ folder: Folder, runs: Int = 1) async throws -> String {
    let digits = try (0..<runs).map { try folder.file("digit\($0).bin", Fixtures.input($0)) }
    let result = try await Tool.run(["run", Fixtures.model] + digits + ["--dump-tensors", folder.path("dump")])
    #expect(result.status == 0)
    return folder.path("dump")
  }

  // MARK: Kernels

  @Test("kernels give equal tensors, and the status is 0", arguments: ["mnist_dscnn_int8", "mnist_cnn_uint8"])
  func kernels(name: String) async throws {
    let path = Fixtures.path("models/\(name).tflite")
    let result = try await Tool.run("compare", path, "--kernels", "portable", "--runs", "3")
    #expect(result.status == 0, "\(result.error)")
    #expect(result.output.contains("portable kernels against reference kernels, 3 runs on random data, seeds 1 to 3"))
    #expect(result.output.hasSuffix("all are equal\n"))
    #expect(result.error.contains("random data"))
    let json = try await Tool.run("compare", path, "--kernels", "portable", "--json", "--quiet").json
    #expect(json["mode"] as? String == "kernels" && json["against"] as? String == "reference")
    #expect(json["differing_tensors"] as? Int == 0 && json["first_difference"] is NSNull)
    #expect(try rows(json).allSatisfy { $0["differing"] as? Int == 0 && $0["cosine"] as? Double == 1 })
    #expect(try rows(json).count == 10)
  }

  @Test("the same kernels on both sides, and options of another kind of comparison, are usage errors")
  func usage() async throws {
    let folder = try Folder()
    let file = try folder.file("x.bin", Fixtures.input(0))
    for words in [
      ["--kernels", "reference"], ["--against", "portable", "--kernels", "portable"], ["--min-sqnr", "30"],
      ["--weights"], ["--against", Self.twin, "--atol", "1"], ["--atol", "-1"], ["--atol", "nan"],
      ["--order", "best"], ["--json", "--csv"], ["--images"], ["--mapping", "unit"], ["--runs", "0"],
      [file, "--runs", "2"], [file, file, "--seed", "3"], ["--against", Self.twin, "--min-sqnr", "x"],
    ] {
      let result = try await Tool.run(["compare", Self.model] + words)
      #expect(result.status == 2 && !result.wasKilled, "\(words) \(result.error)")
    }
    #expect(try await Tool.run("compare").status == 2)
    #expect(try await Tool.run("compare", Self.model, "--against", folder.path("missing")).status == 3)
  }

  // MARK: Folders

  @Test("a run equals the tensors that it was dumped to, on the folder's own inputs")
  func folder() async throws {
    let folder = try Folder()
    let dump = try await dump(folder, runs: 2)
    let result = try await Tool.run("compare", Fixtures.model, "--against", dump)
    #expect(result.status == 0, "\(result.error)")
    #expect(result.output.contains("2 runs on the folder's inputs"))
    #expect(result.output.contains("compared 9 tensors") && result.output.contains("all are equal"))
    #expect(result.error.isEmpty)
    let digit = folder.path("digit0.bin")
    #expect(try await Tool.run("compare", Fixtures.model, digit, "--against", dump).status == 0)
    #expect(try await Tool.run("compare", Fixtures.model, digit, digit, digit, "--against", dump).status == 3)
  }

  @Test("a changed byte is found: the element, both values, and the operator whose inputs are equal")
  func damagedFolder() async throws {
    let folder = try Folder()
    let dump = try await dump(folder)
    // Tensor 12 is what operator 3, AVERAGE_POOL_2D, reads the output of: [1,14,14,16], written by operator 2.
    var bytes = try folder.bytes("dump/12.bin")
    let element = (5 * 14 + 7) * 16 + 9
    let stored = Int8(bitPattern: bytes[element])
    let changed = stored &+ (stored > 100 ? -3 : 3)
    bytes[element] = UInt8(bitPattern: changed)
    try folder.write(bytes, as: "dump/12.bin")
    let result = try await Tool.run("compare", Fixtures.model, "--against", dump)
    #expect(result.status == 1)
    let sentence = "the first difference is in operator 2 CONV_2D, tensor 12 "
    #expect(result.output.contains(sentence) && result.error.contains(sentence))
    #expect(result.output.contains("at [0,5,7,9] it is \(stored) (") && result.output.contains(", not \(changed) ("))
    #expect(result.output.contains("; its inputs are equal\n"))
    #expect(result.output.contains("1 tensor of 9 differ"))

    let other = try await Tool.run("compare", Fixtures.model, "--against", dump, "--json")
    #expect(other.status == 1)
    let first = try #require(other.json["first_difference"] as? [String: Any])
    #expect(first["index"] as? Int == 2 && first["tensor"] as? Int == 12)
    #expect(first["unknown_inputs"] as? [Int] == [])
    let pair = try #require(first["pair"] as? [String: Any])
    #expect(pair["at"] as? [Int] == [0, 5, 7, 9] && pair["element"] as? Int == element)
    #expect(pair["stored"] as? Double == Double(stored) && pair["other_stored"] as? Double == Double(changed))
    let row = try #require(try rows(other.json).first { $0["tensor"] as? Int == 12 })
    #expect(row["differing"] as? Int == 1 && row["largest_stored"] as? Double == 3)
    let scale = try #require(row["scale"] as? Double)
    let largest = try #require(row["largest"] as? Double)
    #expect(abs(largest - 3 * scale) < 1e-6)

    // Three steps are within a tolerance of more, and not within one of less.
    let wide = try await Tool.run("compare", Fixtures.model, "--against", dump, "--atol", "\(3.1 * scale)")
    #expect(wide.status == 0)
    let narrow = try await Tool.run("compare", Fixtures.model, "--against", dump, "--atol", "\(2.9 * scale)")
    #expect(narrow.status == 1)
  }

  @Test("inputs that differ from the folder's are named before all that follows from them")
  func otherInputs() async throws {
    let folder = try Folder()
    let dump = try await dump(folder)
    let other = try folder.file("other.bin", Fixtures.input(3))
    let result = try await Tool.run("compare", Fixtures.model, other, "--against", dump)
    #expect(result.status == 1)
    #expect(result.error.contains("the inputs differ already: tensor 0 "))
  }

  @Test("a tensor that the folder lacks is not called equal")
  func missingTensor() async throws {
    let folder = try Folder()
    let dump = try await dump(folder)
    var list = try #require(
      try JSONSerialization.jsonObject(with: Data(folder.bytes("dump/tensors.json"))) as? [[String: Any]])
    list.removeAll { $0["tensor"] as? Int == 11 }
    try folder.write([UInt8](JSONSerialization.data(withJSONObject: list)), as: "dump/tensors.json")
    var bytes = try folder.bytes("dump/12.bin")
    bytes[0] ^= 1
    try folder.write(bytes, as: "dump/12.bin")
    let result = try await Tool.run("compare", Fixtures.model, "--against", dump)
    #expect(result.status == 1)
    #expect(result.output.contains("not compared: 1 tensor of operator 1 MAX_POOL_2D"))
    #expect(result.output.contains("of its inputs, tensor 11 could not be compared"))
  }

  @Test(
    "a list that is damaged, another model's, or leads out of its folder is refused",
    arguments: [
      ("[", "is no list of tensors"), ("{}", "is no list of tensors"), ("[{\"tensor\": 1}]", "is no list of tensors"),
      (#"[{"tensor": 99, "name": "", "type": "int8", "shape": [], "file": "0.bin"}]"#, "has tensor 99"),
      (#"[{"tensor": -1, "name": "", "type": "int8", "shape": [], "file": "0.bin"}]"#, "has tensor -1"),
      (#"[{"tensor": 0, "name": "x", "type": "int8", "shape": [1,28,28,1], "file": "0.bin"}]"#, "another model's"),
      ("NAME/../0.bin", "not the name of a file"), ("NAME-", "not the name of a file"), ("NAMEnone", "cannot read"),
      ("NAMEshort", "holds 1 bytes"), ("NAMEshort.npy", "not a readable .npy"),
    ])
  func badFolder(list: String, message: String) async throws {
    let folder = try Folder()
    let dump = try await dump(folder)
    var text = list
    if list.hasPrefix("NAME") {
      text = String(decoding: try folder.bytes("dump/tensors.json"), as: UTF8.self)
        .replacingOccurrences(of: "\"12.bin\"", with: "\"\(list.dropFirst(4))\"")
    }
    try folder.write([0], as: "dump/short")
    try folder.write([0], as: "dump/short.npy")
    try folder.write(Array(text.utf8), as: "dump/tensors.json")
    let result = try await Tool.run("compare", Fixtures.model, folder.path("digit0.bin"), "--against", dump)
    #expect(result.status == 3 && !result.wasKilled)
    #expect(result.error.contains(message), "\(result.error)")
  }

  // MARK: Twins

  @Test("a float twin's tensors are matched by name and sorted worst first")
  func twin() async throws {
    let digits = (0..<3).map { "\(Fixtures.images):\($0)" }
    let result = try await Tool.run(
      ["compare", Self.model, "--images"] + digits + ["--against", Self.twin, "--weights", "--min-sqnr", "35"])
    #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
    #expect(result.output.contains("3 runs on 3 pictures, mapping unit"))
    #expect(result.output.contains("matched 1 by output, 9 by name"))
    #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 200 })

    let json = try await Tool.run(
      ["compare", Self.model, "--images"] + digits + ["--against", Self.twin, "--weights", "--json"]
    ).json
    let tensors = try rows(json)
    #expect(tensors.count == 10 && json["mode"] as? String == "model")
    let ratios = try tensors.map { try #require($0["sqnr_db"] as? Double) }
    #expect(ratios == ratios.sorted())
    // Rounded weights and activations cost this network some decibels, and no more.
    #expect(ratios.allSatisfy { $0 > 20 && $0 < 60 })
    for row in tensors {
      let rmse = try #require(row["rmse"] as? Double)
      let scale = try #require(row["scale"] as? Double)
      #expect(try abs(#require(row["rmse_per_scale"] as? Double) * scale - rmse) < 1e-9)
      #expect(try #require(row["cosine"] as? Double) > 0.99)
    }
    // The twin's weights round to the model's: their error is that of rounding alone.
    let weights = try #require(json["weights"] as? [[String: Any]])
    let kernels = weights.filter { ($0["shape"] as? [Int])?.count ?? 0 > 1 }
    #expect(weights.count == 16 && kernels.count == 8)
    for row in kernels {
      let error = try #require(row["rmse_per_scale"] as? Double)
      #expect(error > 0.24 && error < 0.3)
    }
  }

  @Test("an output below the asked ratio is a failed check, named with its figures")
  func leastRatio() async throws {
    let result = try await Tool.run("compare", Self.model, "--against", Self.twin, "--min-sqnr", "200", "--quiet")
    #expect(result.status == 1)
    #expect(result.error.contains("output scores has ") && result.error.contains(" dB, less than 200.00"))
    #expect(result.output.contains("SQNR dB"))
  }

  @Test("a twin whose names say nothing is matched by the order of its operators")
  func renamedTwin() async throws {
    let folder = try Folder()
    var renamed = PatchedModel(try Fixtures.bytes("twins/mnist_dscnn_float.tflite"))
    for tensor in 0..<30 { _ = renamed.setName(ofTensor: tensor, firstByte: 0x58) }
    let twin = try folder.file("renamed.tflite", renamed.bytes)
    let json = try await Tool.run("compare", Self.model, "--against", twin, "--json", "--order", "graph").json
    let tensors = try rows(json)
    #expect(tensors.map { $0["match"] as? String } == [String?](repeating: "order", count: 9) + ["output"])
    let byName = try rows(
      await Tool.run("compare", Self.model, "--against", Self.twin, "--json", "--order", "graph").json)
    #expect(tensors.map { $0["other_tensor"] as? Int } == byName.map { $0["other_tensor"] as? Int })
    #expect(tensors.map { $0["sqnr_db"] as? Double } == byName.map { $0["sqnr_db"] as? Double })
  }

  @Test("models with float and int8 ends see the same numbers, whichever is the twin")
  func ends() async throws {
    let one = Fixtures.path("models/mnist_cnn_float_io_int8.tflite")
    for (model, twin) in [(one, Fixtures.model), (Fixtures.model, one)] {
      let result = try await Tool.run("compare", model, "--against", twin, "--runs", "2", "--json", "--quiet")
      #expect(result.status == 0)
      let tensors = try rows(result.json)
      #expect(tensors.count >= 8)
      // Both have the same weights, so that no tensor differs.
      for row in tensors {
        #expect(row["differing"] as? Int == 0, "\(row)")
        #expect(row["largest"] as? Double == 0)
      }
    }
    let copies = try rows(await Tool.run("compare", one, "--against", Fixtures.model, "--json", "--quiet").json)
      .filter { $0["match"] as? String == "copy" }
    #expect(copies.compactMap { $0["operator"] as? String }.sorted() == ["QUANTIZE", "SOFTMAX"])
  }

  @Test("values that the tensor under test cannot hold are counted, and advice names them")
  func clipped() async throws {
    // Noise drives the mean of this network beyond what it was calibrated for with digits.
    let json = try await Tool.run("compare", Self.model, "--against", Self.twin, "--json", "--quiet").json
    let row = try #require(try rows(json).first { $0["operator"] as? String == "MEAN" })
    let scale = try #require(row["scale"] as? Double)
    #expect(try #require(row["other_most"] as? Double) > 300 * scale)
    #expect(row["stored_most"] as? Double == 127 && row["clipped"] as? Double ?? 0 > 0.2)
    let advice = try #require(json["advice"] as? [String])
    #expect(advice.contains { $0.hasPrefix("the largest drop is at operator 8 MEAN, tensor 27: ") })
    #expect(advice.contains { $0.hasPrefix("operator 8 MEAN, tensor 27: ") && $0.contains("calibrate") })
    #expect(advice.contains { $0.contains("inputs are random") })
    // Digits do not.
    let digits = try await Tool.run(
      "compare", Self.model, "--images", "\(Fixtures.images):0", "--against", Self.twin, "--json"
    ).json
    #expect(
      try #require(digits["advice"] as? [String]).allSatisfy { !$0.contains("calibrate") && !$0.contains("random") })
  }

  @Test("a model is equal to itself")
  func itself() async throws {
    let model = Fixtures.path("models/mnist_cnn_uint8.tflite")
    let json = try await Tool.run("compare", model, "--against", model, "--min-sqnr", "300", "--json", "--quiet").json
    #expect(try rows(json).count == 10)
    #expect(try rows(json).allSatisfy { $0["differing"] as? Int == 0 })
    #expect(json["weights"] is NSNull && json["failure"] is NSNull)
  }

  @Test("CSV has a title and a row of as many fields for every tensor")
  func csv() async throws {
    let result = try await Tool.run("compare", Self.model, "--against", Self.twin, "--csv", "--quiet")
    let lines = result.output.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    #expect(lines.count == 11 && lines.allSatisfy { $0.count == 31 })
    #expect(lines.first?.prefix(4) == ["index", "operator", "tensor", "name"])
  }

  @Test("models that are no twins, and files that are no models, are refused")
  func noTwin() async throws {
    let folder = try Folder()
    let other = try await Tool.run("compare", Self.model, "--against", Fixtures.path("cases/case-83/model.tflite"))
    #expect(other.status == 3 && other.error.contains("twins"))
    let text = try folder.file("x.tflite", Array("no model".utf8))
    #expect(try await Tool.run("compare", Self.model, "--against", text).status == 3)
    #expect(try await Tool.run("compare", text).status == 3)
    for count in [8, 100, 1000, 20000] {
      let short = try folder.file(
        "short.tflite", [UInt8](Fixtures.bytes("twins/mnist_dscnn_float.tflite").prefix(count)))
      let result = try await Tool.run("compare", Self.model, "--against", short)
      #expect(result.status == 3 && !result.wasKilled)
    }
  }
}
