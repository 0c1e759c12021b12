import Foundation
import Testing

@testable import tinyrun

@Suite("Files, paths and what is written")
struct FileTests {
  // MARK: Paths

  private func text(_ bytes: [UInt8]) -> String {
    // Sound: the bytes are read while they are there.
    unsafe bytes.withUnsafeBytes { unsafe SystemPath.text($0) }
  }

  private func bytes(_ path: String) -> [UInt8] {
    unsafe SystemPath.withCString(path) { start in
      unsafe (0..<Int(strlen(start))).map { UInt8(bitPattern: unsafe start[$0]) }
    }
  }

  @Test("a path of any bytes comes back as it was")
  func roundTrip() {
    var paths: [[UInt8]] = [
      Array("plain/ü\u{10FE80}x\u{10FEFF}".utf8), [0xFF], [0x61, 0xC3, 0x62], [0xE2, 0x82], [0xF0, 0x9F, 0x98],
      [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xF4, 0x8F, 0xBA, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0x80, 0xC3, 0xBC],
    ]
    for byte in 1...255 as ClosedRange<UInt8> {
      paths.append([byte])
      for second in [0x41, 0x80, 0xBF, 0xC3, 0xFF] as [UInt8] { paths.append([0x2F, byte, second, byte]) }
    }
    for path in paths { #expect(bytes(text(path)) == path) }
    #expect(text(Array("ü/é".utf8)) == "ü/é")
    #expect(SystemPath.isPlain("ü/é") && !SystemPath.isPlain(text([0xFF])))
    // For people and for programs they are not characters.
    #expect(Text.printable(text([0x61, 0xFF, 0x62])) == "a\u{FFFD}b")
    #expect(JSON.string(text([0x61, 0xFF, 0x62])).text == "\"a\u{FFFD}b\"")
  }

  @Test("models, pictures, labels and outputs may have names that are no UTF-8")
  func namesOfBytes() async throws {
    let folder = try Folder()
    let tool = try #require(Tool.executable)
    let script = """
      cd "$1"; b=$(printf 'b\\377\\303'); mkdir "$b"; cp "$3" "$b/$b.tflite"; cp "$4" "$b/$b.png"
      "$2" classify "$b/$b.tflite" "$b/$b.png" --output "$b/out$b.png" --quiet || exit 9
      "$2" classify "$b/$b.tflite" "$b" --output "$b/all/" --quiet || exit 8
      "$2" inspect "$b/$b.tflite" --json > json || exit 7
      test -s "$b/out$b.png" && test -s "$b/all/$b.png" || exit 6
      "$2" inspect "$b/no.tflite"
      """
    let words = [
      "-c", script, "sh", folder.url.path, tool.path, Fixtures.model, Fixtures.path("digits/pictures/seven.png"),
    ]
    let result = try await Program.run("sh", words)
    #expect(result.status == 3, "\(result.error)")
    #expect(result.output.contains("b\u{FFFD}\u{FFFD}/b\u{FFFD}\u{FFFD}.png   7 "), "\(result.output)")
    #expect(result.error.contains("b\u{FFFD}\u{FFFD}/no.tflite"))
    #expect(try JSONSerialization.jsonObject(with: Data(folder.bytes("json"))) is [String: Any])
  }

  // MARK: Texts

  @Test("files that are too large are refused before they are read")
  func hugeFiles() async throws {
    let folder = try Folder()
    let path = try folder.file("sparse.bin", [])
    let handle = try #require(FileHandle(forWritingAtPath: path))
    // Bytes that were never written take no room on most file systems.
    try handle.truncate(atOffset: 1 << 40)
    try handle.close()
    for words in [["run", Fixtures.model, path], ["classify", Fixtures.model, path]] {
      let result = try await Tool.run(words)
      #expect(result.status == 3 && result.error.contains("has more than 2147483648 bytes"), "\(result.error)")
    }
  }

  @Test("numbers are decimal")
  func decimalNumbers() {
    #expect(Text.decimal("0.5") == 0.5 && Text.decimal("1e-3") == 0.001)
    #expect(Text.decimal("0x10") == nil && Text.decimal("0X1p-4") == nil && Text.decimal("one") == nil)
  }

  @Test("lists of JSON are written part by part")
  func listsOfJSON() {
    let list = JSON.list(count: 100_000) { .number($0) }
    var parts: [[UInt8]] = []
    JSON.object([("list", list), ("end", .list([1.5, 2]) { .real($0) })]).write { parts.append($0) }
    let wanted = "{\"list\": [" + (0..<100_000).map(String.init).joined(separator: ", ") + "], \"end\": [1.5, 2.0]}"
    #expect(String(decoding: parts.joined(), as: UTF8.self) == wanted)
    #expect(parts.count > 2 && parts.allSatisfy { $0.count < 70_000 })
  }

  @Test("very long names are cut before they are looked at")
  func longNames() {
    let name = "begin" + String(repeating: "a\u{301}", count: 1 << 20) + "end"
    for width in [10, 60, 1000] {
      let text = Text.printable(name, width)
      #expect(text.count == width && text.hasPrefix("begin".prefix(width / 3)) && text.hasSuffix("end"))
      #expect(text.contains("..."))
    }
    // One character of very many marks.
    #expect(Text.printable("a" + String(repeating: "\u{301}", count: 1 << 20), 10).unicodeScalars.count < 200)
    #expect(Text.printable("a\u{202E}b", 10) == "a\u{FFFD}b")
  }

  @Test("JSON escapes what terminals and viewers obey, and nothing else")
  func json() throws {
    let obeyed = ["\u{0}", "\u{1B}", "\u{7F}", "\u{80}", "\u{9B}", "\u{9F}"]
    let marks = ["\u{200E}", "\u{200F}", "\u{202A}", "\u{202E}", "\u{2066}", "\u{2069}", "\u{2028}", "\u{E0001}"]
    for mark in obeyed + marks {
      let text = JSON.string("a\(mark)b").text
      #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && text.contains("\\u"), "\(text)")
      #expect(try JSONSerialization.jsonObject(with: Data("[\(text)]".utf8)) as? [String] == ["a\(mark)b"])
    }
    #expect(JSON.string("\u{9B}\u{202E}").text == "\"\\u009b\\u202e\"")
    #expect(JSON.string("ü→\"\\").text == "\"ü→\\\"\\\\\"")
    #expect(JSON.object([("\u{202E}", .null)]).text == "{\"\\u202e\": null}")
  }

  @Test("no cell of CSV is a formula")
  func csv() {
    for text in ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1"] {
      #expect(CSV.field(.string(text)).hasPrefix("'"), "\(text)")
    }
    #expect(CSV.field(.string("=A1,\"x\"")) == "\"'=A1,\"\"x\"\"\"")
    #expect(CSV.field(.string("conv/=1")) == "conv/=1" && CSV.field(.real(-1.5)) == "-1.5")
    #expect(CSV.field(.number(-3)) == "-3")
  }

  // MARK: Writing

  @Test("a file is replaced whole, with its permissions, behind a link that leads to it")
  func replaced() throws {
    let folder = try Folder()
    let path = try folder.file("a.bin", [1, 2, 3])
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
    try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "a.bin")
    try Files.write([4, 5], to: folder.path("link"))
    #expect(try folder.bytes("a.bin") == [4, 5])
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link")) == "a.bin")
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o640)
    try FileManager.default.createSymbolicLink(atPath: folder.path("new"), withDestinationPath: "b.bin")
    try Files.write([6], to: folder.path("new"))
    #expect(try folder.bytes("b.bin") == [6])
    #expect(folder.names == ["a.bin", "b.bin", "link", "new"])
  }

  @Test("what lies where a temporary file would be is neither followed nor written over")
  func planted() throws {
    let folder = try Folder()
    try folder.write([1], as: "victim")
    try folder.write([2], as: "a.bin")
    let names = (0..<3).map { ".tinyrun-\(getpid())-\($0).tmp" }
    for name in names {
      try FileManager.default.createSymbolicLink(atPath: folder.path(name), withDestinationPath: "victim")
    }
    try Files.write([3], to: folder.path("a.bin"))
    try Files.write([4], to: folder.path("new.bin"))
    #expect(try folder.bytes("victim") == [1] && folder.bytes("a.bin") == [3] && folder.bytes("new.bin") == [4])
    #expect(folder.names == Set(names + ["victim", "a.bin", "new.bin"]))
  }

  @Test("a write that fails says why, and leaves nothing", .enabled(if: Files.exists("/dev/full")))
  func full() async throws {
    let tool = try #require(Tool.executable)
    let cases = Fixtures.path("cases-half")
    for command in ["inspect '\(Fixtures.model)'", "cases '\(cases)' --quiet", "operators", "operators --markdown"] {
      let result = try await Program.run("sh", ["-c", "'\(tool.path)' \(command) > /dev/full"])
      #expect(result.status == 3, "\(command)")
      #expect(result.error.contains("cannot write the result to standard output: No space left on device"))
    }
    let page = try await Tool.run("inspect", Fixtures.model, "--html", "/dev/full")
    #expect(page.status == 3 && page.error.contains("cannot write /dev/full: No space left on device"))
    let folder = try Folder()
    let missing = try await Tool.run("run", Fixtures.model, "--output-prefix", folder.path("none/x"))
    #expect(missing.status == 3 && missing.error.contains("none/x0.bin: No such file or directory"))
    #expect(folder.names.isEmpty)
  }

  // MARK: Models

  @Test("a model that is another file is named for what it is")
  func foreign() async throws {
    let folder = try Folder()
    let page = try folder.file("model.tflite", Array("<!DOCTYPE html><html>404</html>".utf8))
    for command in ["inspect", "run", "bench", "check"] {
      let result = try await Tool.run(command, page)
      #expect(result.status == 3 && result.error.contains("it is a web page (HTML)"), "\(result.error)")
    }
  }

  @Test("inspect says which signature is stale, and shows what runs")
  func staleSignature() async throws {
    let folder = try Folder()
    var model = PatchedModel(try Fixtures.bytes("models/mnist_cnn_int8.tflite"))
    let isSet = model.setSignatureOutput(8)
    #expect(isSet)
    let path = try folder.file("stale.tflite", model.bytes)
    let text = try await Tool.run("inspect", path)
    #expect(text.output.contains("  stale: its output \"scores\" is tensor 8, which is no output of subgraph 0"))
    #expect(text.output.contains("no default signature: subgraph 0 as it is\n  in   image"))
    let json = try await Tool.run("inspect", path, "--json").json
    let signatures = try #require(json["signatures"] as? [[String: Any]])
    #expect(signatures.count == 1 && (signatures[0]["misfit"] as? String)?.hasPrefix("its output") == true)
    let graph = try #require((json["subgraphs"] as? [[String: Any]])?.first?["outputs"] as? [Int])
    #expect((json["outputs"] as? [[String: Any]])?.map { $0["tensor"] as? Int } == graph)
    let page = try await Tool.run("inspect", path, "--html", "-")
    #expect(page.output.contains("stale: its output"))
    // What runs are the graph's own.
    let input = try folder.file("digit.raw", Fixtures.input(3))
    #expect(try await Tool.run("run", path, input, "--output-prefix", folder.path("o")).status == 0)
    #expect(try folder.bytes("o0.bin") == Fixtures.scores("mnist_cnn_int8", 3))
  }

  @Test(
    "threads are no more than the processors that this process was given", .enabled(if: Program.find("taskset") != nil))
  func affinity() async throws {
    let tool = try #require(Tool.executable)
    let allowed = try await Program.run("sh", ["-c", "taskset -cp $$"]).output
    let first = try #require(
      allowed.split(separator: ":").last.flatMap { Int($0.drop(while: \.isWhitespace).prefix(while: \.isNumber)) })
    let words = [
      "-c", "\(first)", tool.path, "bench", Fixtures.model, "--threads", "2", "--runs", "20", "--json",
    ]
    let result = try await Program.run("taskset", words)
    #expect(result.status == 0 && !result.output.isEmpty, "\(result.error)")
    #expect(try result.json["threads"] as? Int == 1)
  }
}
