import TinyTensor

/// `tinyrun compare`: a model beside other kernels, a folder of expected tensors, or another model, tensor by tensor.
enum Compare {
  private static let options = Models.options.union([
    "--against", "--seed", "--runs", "--top", "--order", "--atol", "--rtol", "--min-sqnr",
  ]).union(MappingName.options)
  private static let flags = Models.flags.union(["--images", "--weights", "--json", "--csv", "--quiet"])

  static func run(_ words: [String]) throws {
    let arguments = try Arguments(words, options: options, flags: flags)
    guard let path = arguments.positional.first else { throw Failure(.usage, "compare needs a model file") }
    guard !(arguments.has("--csv") && arguments.has("--json")) else {
      throw Failure(.usage, "--csv and --json exclude each other")
    }
    let name = arguments.value("--against") ?? KernelSet.reference.rawValue
    let target = try Target(name)
    try check(arguments, for: target)
    let order = try order(arguments, for: target)
    let top = try arguments.integer("--top", default: 20, minimum: 1)
    let leastSignalToNoise = try number("--min-sqnr", arguments)
    let tolerance = try tolerance(arguments)

    let choices = try Models.Choices(arguments)
    let model = try Models.load(path, choices)
    let opponent = try opponent(target, model, path, choices)
    var folders: [ExpectedFolder] = []
    if case .folders(let found) = opponent { folders = found }
    var inputs = try ComparisonInputs(arguments, model, path: path, folders: folders)
    if case .folders = opponent {
      guard inputs.runs <= folders.count else {
        throw Failure(.refused, "\(name) has \(Text.plural(folders.count, "run")); there are inputs for \(inputs.runs)")
      }
    }
    if inputs.areRandom, !model.inputs.isEmpty, !arguments.has("--quiet") {
      Terminal.printError("no input files: comparing on \(inputs.text)")
    }
    let comparison = try Comparison(model, opponent, tolerance: tolerance)
    do {
      try comparison.run(&inputs, quiet: arguments.has("--quiet"))
    } catch let error as SessionError where inputs.areRandom && error.code == .invalidData {
      throw Failure(.refused, "\(path) refuses random inputs (\(error.message)); give it files")
    }
    guard !comparison.compared.isEmpty else {
      throw Failure(.refused, "no tensor of \(path) could be compared with one of \(name)")
    }

    var weights: [ComparedWeights]?
    var advice: [String] = []
    if case .twin(let twin, _) = opponent {
      if arguments.has("--weights") { weights = WeightComparison(model, twin).compare(comparison.operators) }
      advice = ComparisonAdvice(comparison).sentences
      if inputs.areRandom, !model.inputs.isEmpty {
        advice.append("these inputs are random: real ones, as files or --images, give other ratios and ranges")
      }
    }
    let report = ComparisonReport(
      path: path, comparison: comparison, inputs: inputs, against: name, order: order, top: top,
      weights: weights, advice: advice, leastSignalToNoise: leastSignalToNoise)
    if arguments.has("--json") {
      try Terminal.print(report.json)
    } else {
      try Terminal.print(arguments.has("--csv") ? report.csv : report.text)
    }
    if let failure = report.failure { throw Failure(.checkFailed, "\(path): \(failure)") }
  }

  // MARK: What to compare with

  /// What `--against` names.
  private enum Target {
    case kernels(KernelSet)
    case folder(String)
    case model(String)

    /// Kernels by name, a folder, or a model's file.
    init(_ name: String) throws {
      if let kernels = KernelSet(rawValue: name) {
        self = .kernels(kernels)
        return
      }
      switch Files.kind(of: name) {
      case .folder: self = .folder(name)
      case .regular: self = .model(name)
      default:
        let names = KernelSet.allCases.map(\.rawValue).joined(separator: ", ")
        throw Failure(.refused, "--against \(name): there is no such folder or file, nor kernels; there are \(names)")
      }
    }

    var isModel: Bool {
      if case .model = self { true } else { false }
    }
  }

  /// Refuses options that mean nothing for what is compared with.
  private static func check(_ arguments: Arguments, for target: Target) throws {
    for option in ["--min-sqnr", "--weights"] where !target.isModel {
      if arguments.has(option) || arguments.value(option) != nil {
        throw Failure(.usage, "\(option) is for --against with another model")
      }
    }
    for option in ["--atol", "--rtol"] where target.isModel && arguments.value(option) != nil {
      throw Failure(.usage, "\(option) is for kernels and folders; a model's check is --min-sqnr")
    }
  }

  private static func opponent(
    _ target: Target, _ model: Model, _ path: String, _ choices: Models.Choices
  ) throws -> Comparison.Opponent {
    switch target {
    case .kernels(let set):
      guard set != model.kernelSet else {
        throw Failure(
          .usage, "both sides would run with \(set.rawValue) kernels; choose others with --kernels or --against")
      }
      let device = Device.cpu(CPUOptions(threads: choices.threads, kernels: set))
      return .kernels(try Models.load(path, device, choices.options))
    case .folder(let folder):
      // Further runs lie in folders of their own.
      var folders = [try ExpectedFolder(folder, of: model)]
      while ExpectedFolder.isOne("\(folder)/run\(folders.count)") {
        folders.append(try ExpectedFolder("\(folder)/run\(folders.count)", of: model))
      }
      return .folders(folders)
    case .model(let path):
      let file = try Models.open(path)
      var options = choices.options
      if let key = options.signature, !file.signatures.contains(where: { $0.key == key }) { options.signature = nil }
      let device = file.isCompiledForEdgeTPU ? choices.device(for: file) : choices.processor
      let twin = try Models.load(path, device, options)
      return .twin(twin, try TwinInputs(model, twin, path: path))
    }
  }

  // MARK: Options

  private static func order(_ arguments: Arguments, for target: Target) throws -> ComparisonReport.Order {
    guard let name = arguments.value("--order") else { return target.isModel ? .worst : .graph }
    guard let order = ComparisonReport.Order(rawValue: name) else {
      let names = ComparisonReport.Order.allCases.map(\.rawValue).joined(separator: ", ")
      throw Failure(.usage, "--order takes one of \(names), not \(name)")
    }
    return order
  }

  private static func tolerance(_ arguments: Arguments) throws -> ComparisonStatistics.Tolerance? {
    let absolute = try number("--atol", arguments, minimum: 0)
    let relative = try number("--rtol", arguments, minimum: 0)
    guard absolute != nil || relative != nil else { return nil }
    return ComparisonStatistics.Tolerance(absolute: absolute ?? 0, relative: relative ?? 0)
  }

  private static func number(_ option: String, _ arguments: Arguments, minimum: Double? = nil) throws -> Double? {
    guard let text = arguments.value(option) else { return nil }
    guard let number = Text.decimal(text), number.isFinite, number >= minimum ?? number else {
      throw Failure(.usage, "\(option) takes a number\(minimum == nil ? "" : " that is not negative"), not \(text)")
    }
    return number
  }
}
