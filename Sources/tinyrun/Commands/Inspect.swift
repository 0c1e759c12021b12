import TinyTensor

/// `tinyrun inspect`: what is in a model file, whether it can run or not.
enum Inspect {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words, options: Models.options, flags: Models.flags.union(["--ops", "--tensors", "--memory", "--plan", "--json"]))
    guard let path = arguments.positional.first, arguments.positional.count == 1 else {
      throw Failure(.usage, "inspect needs one model file")
    }
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
    if arguments.has("--json") {
      try Terminal.print(ModelJSON(report).json.text)
    } else {
      try Terminal.print(
        ModelText(report).text(
          .init(
            operators: arguments.has("--ops"), tensors: arguments.has("--tensors"),
            memory: arguments.has("--memory") || arguments.has("--plan"), plan: arguments.has("--plan"))))
    }
  }
}
