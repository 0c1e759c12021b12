import TinyTensor

/// `tinyrun inspect`: what is in a model file, whether it can run or not.
enum Inspect {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words, options: Models.options.union(["--html"]),
      flags: Models.flags.union(["--ops", "--tensors", "--memory", "--plan", "--json"]))
    guard let path = arguments.positional.first, arguments.positional.count == 1 else {
      throw Failure(.usage, "inspect needs one model file")
    }
    let page = arguments.value("--html")
    if let page { try checkPage(page, arguments, path) }
    let choices = try Models.Choices(arguments)
    let file = try Models.open(path)
    let report: ModelReport
    do {
      let model = try Model(file, device: choices.deviceUnlessNeeded, options: choices.options)
      report = ModelReport(path: path, file: file, model: model, refusal: nil)
    } catch  where error.code == .unknownName || error.code.isAboutDevice {
      // The command line asks for what is not there; the file is not to blame.
      throw Failure(error).about(path)
    } catch {
      report = ModelReport(path: path, file: file, model: nil, refusal: error)
    }
    if let page {
      try write(Page(report).html, to: page)
    } else if arguments.has("--json") {
      try Terminal.print(ModelJSON(report).json)
    } else {
      try Terminal.print(
        ModelText(report, for: .output).text(
          .init(
            operators: arguments.has("--ops"), tensors: arguments.has("--tensors"),
            memory: arguments.has("--memory") || arguments.has("--plan"), plan: arguments.has("--plan"))))
    }
  }

  /// A page holds everything, and must not take the model's place.
  private static func checkPage(_ page: String, _ arguments: Arguments, _ path: String) throws {
    for flag in ["--ops", "--tensors", "--memory", "--plan", "--json"] where arguments.has(flag) {
      throw Failure(.usage, "--html writes a page that shows everything: leave out \(flag)")
    }
    if page.isEmpty { throw Failure(.usage, "--html takes the name of the file to write") }
    if Files.areSame(page, path) { throw Failure(.usage, "--html would replace the model \(path)") }
  }

  private static func write(_ html: String, to page: String) throws {
    if page == "-" { return try Terminal.print(html) }
    let bytes = Array(html.utf8)
    try Files.write(bytes, to: page)
    Terminal.printError("\(page): a page of \(Text.bytes(bytes.count)); open it in a browser")
  }
}
