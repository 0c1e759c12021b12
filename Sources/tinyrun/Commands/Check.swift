import TinyTensor

/// `tinyrun check`: whether the Edge TPU's compiler would probably map a model.
enum Check {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(words, options: ["--runtime"], flags: ["--ops", "--json"])
    guard let path = arguments.positional.first, arguments.positional.count == 1 else {
      throw Failure(.usage, "check needs one model file")
    }
    let runtime = try arguments.integer("--runtime", default: 14, in: EdgeTPUCompatibility.runtimeVersions)
    let file = try Models.open(path)
    let result: EdgeTPUCompatibility
    do {
      result = try file.edgeTPUCompatibility(runtimeVersion: runtime)
    } catch {
      throw Failure(error).about(path)
    }
    let report = CompatibilityReport(path: path, result: result)
    try Terminal.print(arguments.has("--json") ? report.json.text : report.text(operators: arguments.has("--ops")))
    if !result.mapsWhole { throw Failure(.checkFailed, "\(path): \(report.shortfall)") }
  }
}
