@_spi(Kernels) import TinyTensor

/// `tinyrun kernels`: how fast every kernel is on a layer, and whether the library picks the best.
enum Kernels {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words, options: ["--shapes", "--seconds", "--tolerance", "--seed", "--signature", "--shape", "--bound"],
      flags: ["--assert", "--list", "--json", "--fixed-point"])
    var shapes: [(shape: LayerShape, count: Int)] = []
    var models: [String] = []
    for word in arguments.positional {
      if let shape = LayerShape(word) {
        shapes.append((shape, 1))
      } else if looksLikeShape(word) {
        throw Failure(.usage, "\(word) is no shape; shapes are written 64,392,10 or dw:112x112x64,3x3,1")
      } else {
        models.append(word)
      }
    }
    if let file = arguments.value("--shapes") { shapes += try self.shapes(in: file) }
    guard !shapes.isEmpty || !models.isEmpty else {
      throw Failure(.usage, "kernels needs a shape, as 64,392,10 or dw:112x112x64,3x3,1, or a model file")
    }
    let seconds = try number("--seconds", arguments) { $0 > 0 && $0 <= RunLength.longest }
    let tolerance = try number("--tolerance", arguments) { $0 >= 0 && $0 <= 1e6 } ?? 5
    let seed = UInt64(try arguments.integer("--seed", default: 1))
    let choices = try Models.Choices(arguments)
    if arguments.has("--list") {
      for path in models { shapes += ModelShapes.all(try Models.load(path, choices)) }
      let lines = shapes.map { $0.count == 1 ? "\($0.shape)" : "\($0.shape) \($0.count)" }
      try Terminal.print(lines.joined(separator: "\n"))
      return
    }
    let pick = try pick()
    // What cannot be loaded is said before anything is measured.
    for path in models { _ = try Models.open(path) }

    let peak = try MachinePeak.measure()
    var trials: [KernelTrial] = []
    for (shape, count) in shapes {
      trials.append(try trial(shape, count: count, pick, seconds ?? 0.5, arguments.has("--assert") ? tolerance : nil))
    }
    for path in models {
      trials += try self.trials(path, choices, pick, seconds ?? 2, seed, arguments.has("--assert") ? tolerance : nil)
    }
    let report = KernelReport(trials: trials, pick: pick, measuredPeak: peak, tolerance: tolerance)
    try Terminal.print(arguments.has("--json") ? report.json.text : report.text)
    if arguments.has("--assert"), let complaint = report.complaint { throw Failure(.checkFailed, complaint) }
  }

  /// How often a layer is measured anew before its pick is called slow.
  private static let attempts = 3

  /// A made-up layer. Where a tolerance is given and the pick lags, it is measured again, and the least times count.
  private static func trial(
    _ shape: LayerShape, count: Int, _ pick: KernelSet, _ seconds: Double, _ tolerance: Double?
  ) throws -> KernelTrial {
    var trial = try KernelTrial(shape, count: count, pick: pick, seconds: seconds)
    var attempt = 1
    while let tolerance, trial.lags(by: tolerance), attempt < attempts {
      trial.merge(try KernelTrial(shape, count: count, pick: pick, seconds: 2 * seconds))
      attempt += 1
    }
    return trial
  }

  /// The layers of a model, measured again in the same way.
  private static func trials(
    _ path: String, _ choices: Models.Choices, _ pick: KernelSet, _ seconds: Double, _ seed: UInt64,
    _ tolerance: Double?
  ) throws -> [KernelTrial] {
    let model = try ModelTrial(path, choices, pick: pick, seed: seed)
    try model.measure(seconds: seconds)
    var attempt = 1
    while let tolerance, model.trials().contains(where: { $0.lags(by: tolerance) }), attempt < attempts {
      try model.measure(seconds: 2 * seconds)
      attempt += 1
    }
    return model.trials()
  }

  /// The set of kernels that a model gets which asks for none.
  private static func pick() throws -> KernelSet {
    do {
      return try CPUOptions().chosenKernels()
    } catch {
      throw Failure(error)
    }
  }

  /// Whether a word that is no shape was meant as one.
  private static func looksLikeShape(_ word: String) -> Bool {
    word.hasPrefix("dw:") || word.allSatisfy { $0 == "," || $0 == "-" || ($0.isASCII && $0.isNumber) }
  }

  /// An option's value, or `nil` where it was not given.
  private static func number(_ option: String, _ arguments: Arguments, isFit: (Double) -> Bool) throws -> Double? {
    guard let text = arguments.value(option) else { return nil }
    guard let number = Text.decimal(text), isFit(number) else {
      throw Failure(.usage, "\(option) takes a positive number that makes sense, not \(text)")
    }
    return number
  }

  /// The shapes that a file lists, a line each: the shape, and how often it is there where that is not once. What
  /// follows a `#` is for people.
  static func shapes(in path: String) throws -> [(shape: LayerShape, count: Int)] {
    var shapes: [(shape: LayerShape, count: Int)] = []
    let text = String(decoding: try Files.read(path), as: UTF8.self)
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let content = line.prefix { $0 != "#" }
      let words = content.split(whereSeparator: \.isWhitespace)
      guard let first = words.first else { continue }
      let count = words.count > 1 ? Int(words[1]) : 1
      guard let shape = LayerShape(String(first)), words.count <= 2, let count, count > 0 else {
        throw Failure(
          .refused, "\(path): line \(number + 1) is no shape, as 64,392,10 or dw:112x112x64,3x3,1, with its count")
      }
      shapes.append((shape, count))
    }
    guard !shapes.isEmpty else { throw Failure(.refused, "\(path) lists no shape") }
    return shapes
  }
}
