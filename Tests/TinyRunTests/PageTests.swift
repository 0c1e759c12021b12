import Foundation
import Testing

@testable import tinyrun

@Suite("tinyrun inspect --html")
struct PageTests {
  /// Writes the page of a model, and gives its path and text.
  private func page(_ model: String, _ folder: Folder, _ options: [String] = []) async throws -> (String, String) {
    let path = folder.path("page.html")
    let result = try await Tool.run(["inspect", model, "--html", path] + options)
    #expect(result.status == 0 && !result.wasKilled, "\(result.error)")
    #expect(result.output.isEmpty && result.error.contains("page.html: a page of"))
    return (path, String(decoding: try folder.bytes("page.html"), as: UTF8.self))
  }

  private func count(_ part: String, in text: String) -> Int { text.components(separatedBy: part).count - 1 }

  /// The data that a page's script has.
  private func data(_ html: String) throws -> [String: Any] {
    let start = try #require(html.range(of: "id=\"model\">"))
    let end = try #require(html.range(of: "</script>", range: start.upperBound..<html.endIndex))
    let bytes = Data(html[start.upperBound..<end.lowerBound].utf8)
    return try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
  }

  private static let payloads = [
    "<script>alert(1)</script>", "\"><img src=x onerror=bad()>", "</script><script>bad()</script>",
  ]

  /// A model whose names want to be more than names.
  private func hostileModel(_ folder: Folder) throws -> String {
    var bytes = try Fixtures.bytes("models/mnist_cnn_int8.tflite")
    func replace(_ old: String, _ new: String) {
      let padding = [UInt8](repeating: 0x20, count: max(0, old.utf8.count - new.utf8.count))
      let wanted = Array(old.utf8)
      var found = false
      for start in 0...(bytes.count - wanted.count) where bytes[start..<(start + wanted.count)].elementsEqual(wanted) {
        bytes.replaceSubrange(start..<(start + wanted.count), with: Array(new.utf8) + padding)
        found = true
      }
      #expect(found && old.utf8.count >= new.utf8.count, "\(old)")
    }
    replace("sequential_1/max_pooling2d_1/MaxPool2d", Self.payloads[0])
    replace("sequential_1/average_pooling2d_1/AvgPool", Self.payloads[1])
    replace("sequential_1/reshape_1/Reshape", "\"><img src=x onerror=bad(1)>")
    replace("sequential_1/conv2d_1_2/convolution", Self.payloads[2])
    replace(
      "sequential_1/dense_1_2/MatMul;sequential_1/dense_1_2/BiasAdd", "'-bad()-'`${bad()}` onclick=bad() \u{2028}")
    replace("serving_default_image:0", "<svg onload=bad()>")
    replace("MLIR Converted.", "<b onclick=x>&")
    return try folder.file("hostile.tflite", bytes)
  }

  // MARK: The file

  @Test("the page holds the graph, the tables, the memory plan and the data, and loads nothing")
  func contents() async throws {
    let folder = try Folder()
    let (_, html) = try await page(Fixtures.model, folder)
    #expect(html.hasPrefix("<!DOCTYPE html>"))
    for fact in [
      "mnist_cnn_int8.tflite", "307.6 k", "26.3 KiB", "CONV_2D", "1×28×28×8", "real = 0.00392157 * (q + 128)",
      "56.4 k MACs", "min_runtime_version", "class=\"memory\"", "prefers-color-scheme: dark", "default-src 'none'",
    ] {
      #expect(html.contains(fact), "\(fact)")
    }
    #expect(count("<g class=\"node op", in: html) == 8)
    #expect(count("<g class=\"node port", in: html) == 2)
    #expect(count("<script", in: html) == 2)
    for loading in ["src=", "href=", "url(", "@import", "<link", "<iframe", "fetch(", "innerHTML", "eval("] {
      #expect(!html.contains(loading), "\(loading)")
    }
    let graph = try #require((try data(html)["graphs"] as? [[String: Any]])?.first)
    let operators = try #require(graph["operators"] as? [[String: Any]])
    #expect(operators.count == 8)
    #expect(
      operators[0]["options"] as? [[String]] == [
        ["padding", "same"], ["stride, height", "1"], ["stride, width", "1"], ["activation", "ReLU"],
        ["dilation, height", "1"], ["dilation, width", "1"],
      ])
    #expect(operators[0]["macs"] as? Int == 56448)
    let tensors = try #require(graph["tensors"] as? [[String: Any]])
    #expect(tensors.count == 18)
    let weights = try #require(tensors.first { $0["data"] as? Int == 25088 })
    let histogram = try #require(weights["histogram"] as? [String: Any])
    #expect((histogram["bins"] as? [Int])?.reduce(0, +) == 25088)
    let quantization = try #require(weights["quantization"] as? [String: Any])
    #expect(quantization["count"] as? Int == 32 && (quantization["scales"] as? [Double])?.count == 32)
    let place = try #require(tensors[0]["place"] as? String)
    #expect(place.hasPrefix("arena, from byte ") && place.hasSuffix(", 784 B, in steps -1 to 7"))
  }

  @Test("the policy has the digests of the page's own script and style")
  func policy() async throws {
    let (_, html) = try await page(Fixtures.model, try Folder())
    for (tag, text) in [("<style>", PageStyle.text), ("<script>", PageScript.text)] {
      #expect(html.contains("\(tag)\(text)</"))
      #expect(html.contains("'sha256-\(SHA256(text.utf8).base64)'"))
    }
    #expect(!html.contains("unsafe-inline"))
  }

  @Test("text from the file is never markup")
  func hostile() async throws {
    let folder = try Folder()
    let (_, html) = try await page(try hostileModel(folder), folder)
    #expect(count("<script", in: html) == 2 && count("</script", in: html) == 2)
    for payload in Self.payloads { #expect(!html.contains(payload)) }
    for tag in ["<img", "<svg onload", "<b onclick", "\u{2028}"] { #expect(!html.contains(tag), "\(tag)") }
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    let graph = try #require((try data(html)["graphs"] as? [[String: Any]])?.first)
    let names = try #require(graph["tensors"] as? [[String: Any]]).compactMap { $0["name"] as? String }
    for payload in Self.payloads { #expect(names.contains { $0.hasPrefix(payload) }, "\(payload)") }
  }

  @Test("what means something in HTML or in script is escaped, what commands a reader is replaced")
  func escaping() {
    #expect(Markup.text("a<b>&\"'`") == "a&lt;b&gt;&amp;&quot;&#39;&#96;")
    #expect(Markup.text("\u{1B}[1m\u{202E}\u{0}") == "\u{FFFD}[1m\u{FFFD}\u{FFFD}")
    #expect(Markup.text("<<<<<<<<<<", 7) == "&lt;&lt;...&lt;&lt;")
    let text = Markup.script(.string("</script><!--&\u{2028}\u{2029}\u{1}\\\""))
    #expect(text == "\"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028\\u2029\\u0001\\\\\\\"\"")
    #expect(Markup.number(-0.04) == "0" && Markup.number(1.25) == "1.3" && Markup.number(-2.5) == "-2.5")
    #expect(Markup.number(.nan) == "0" && Markup.number(1e300) == "0")
  }

  @Test("models that cannot run have a page with the reason")
  func refused() async throws {
    let folder = try Folder()
    var model = PatchedModel(try Fixtures.bytes("models/mnist_cnn_int8.tflite"))
    let isReplaced = model.replaceOperator(25, by: 136)
    #expect(isReplaced)
    let (_, html) = try await page(try folder.file("unsupported.tflite", model.bytes), folder)
    #expect(html.contains("Cannot run.") && html.contains("HASHTABLE") && html.contains("node op f-control bad"))
    #expect(html.contains("There is no plan"))
    let (_, compiled) = try await page(Fixtures.path("edgetpu/surrounded.tflite"), folder)
    #expect(compiled.contains("Needs the Edge TPU.") && compiled.contains("f-edgetpu"))
    let graph = try #require((try data(compiled)["graphs"] as? [[String: Any]])?.first)
    let operators = try #require(graph["operators"] as? [[String: Any]])
    #expect(operators.contains { ($0["package"] as? [String])?.first?.hasPrefix("package of ") == true })
  }

  @Test("indices that lead outside end in a page", arguments: [UInt32(99), 1_000_000_000, 0xFFFF_FFFE])
  func wildIndices(_ index: UInt32) async throws {
    let changes: [(inout PatchedModel) -> Bool] = [
      { $0.setInput(0, ofOperator: 0, index) }, { $0.setInput(1, ofOperator: 5, index) },
      { $0.setOutput(0, ofOperator: 2, index) }, { $0.setCode(ofOperator: 3, index) },
      { $0.setSignatureOutput(index) }, { $0.setBuffer(ofTensor: 5, index) },
      // A line that leads up, and one from an operator to itself.
      { $0.setInput(0, ofOperator: 0, 15) }, { $0.setInput(0, ofOperator: 5, 15) },
    ]
    let folder = try Folder()
    for change in changes {
      var model = PatchedModel(try Fixtures.bytes("models/mnist_cnn_int8.tflite"))
      let isChanged = change(&model)
      #expect(isChanged)
      let (_, html) = try await page(try folder.file("patched.tflite", model.bytes), folder)
      #expect(count("<g class=\"node op", in: html) == 8)
      _ = try data(html)
    }
  }

  @Test("what cannot be meant is refused, and the model is never replaced")
  func usage() async throws {
    let folder = try Folder()
    let bytes = try Fixtures.bytes("models/mnist_cnn_int8.tflite")
    let model = try folder.file("model.tflite", bytes)
    for words in [
      ["--html"], ["--html", ""], ["--html", model], ["--html", folder.path("x.html"), "--json"],
      ["--html", folder.path("x.html"), "--ops"],
    ] {
      let result = try await Tool.run(["inspect", model] + words)
      #expect(result.status == 2 && result.output.isEmpty, "\(words)")
    }
    #expect(try await Tool.run("inspect", model, "--html", folder.path("missing/x.html")).status == 3)
    #expect(try folder.bytes("model.tflite") == bytes && folder.names == ["model.tflite"])
    let printed = try await Tool.run("inspect", model, "--html", "-")
    #expect(printed.status == 0 && printed.output.hasPrefix("<!DOCTYPE html>") && printed.error.isEmpty)
  }

  // MARK: In a browser

  @Test(
    "a browser opens pages without an error, and everything on them can be chosen",
    .enabled(if: Browser.executable != nil, Browser.missing), .timeLimit(.minutes(3)))
  func browser() async throws {
    let folder = try Folder()
    for (model, operators) in [
      (Fixtures.model, 8), (try hostileModel(folder), 8), (Fixtures.path("described/objects.tflite"), nil),
      (Fixtures.path("edgetpu/surrounded.tflite"), nil),
    ] {
      let (path, html) = try await page(model, folder)
      let visit = try await Browser.visit(path, fragment: "check")
      #expect(visit.console == [])
      #expect(visit.data("ready") == "yes")
      #expect(visit.data("errors") == "[]")
      let nodes = count("<g class=\"node", in: html)
      let cells = count("<g class=\"cell", in: html)
      #expect(visit.data("tried") == "\(nodes + cells)")
      #expect(operators.map { $0 == count("<g class=\"node op", in: visit.document) } ?? true)
      #expect(count("<script", in: visit.document) == 2)
      #expect(!visit.document.contains("<img"))
      // The panel shows what was chosen last.
      #expect(visit.document.contains("class=\"tensor\""))
    }
  }

  @Test(
    "an address leads to an operator, whose weights are drawn",
    .enabled(if: Browser.executable != nil, Browser.missing), .timeLimit(.minutes(2)))
  func address() async throws {
    let folder = try Folder()
    let (path, _) = try await page(Fixtures.model, folder)
    let visit = try await Browser.visit(path, fragment: "0-o5")
    #expect(visit.console == [] && visit.data("errors") == "[]")
    #expect(visit.document.contains("<h2>FULLY_CONNECTED</h2>"))
    #expect(visit.document.contains("<svg class=\"chart\"") && visit.document.contains("25,088 values"))
    #expect(visit.document.contains("scales of 32 channels"))
  }
}
