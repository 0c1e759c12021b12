import TinyTensor

/// `tinyrun eval`: accuracy of a classifier on a set of labelled images.
enum Eval {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words,
      options: Models.options.union(["--images", "--labels", "--outputs", "--limit", "--min"]).union(
        MappingName.options),
      flags: Models.flags.union(["--json", "--quiet"]))
    guard let path = arguments.positional.first, arguments.positional.count == 1 else {
      throw Failure(.usage, "eval needs one model file")
    }
    let mapping = try MappingName.asked(arguments)?.mapping ?? .unit
    let minimum = try arguments.value("--min").map { text in
      guard let value = Text.decimal(text), (0...1).contains(value) else {
        throw Failure(.usage, "--min takes an accuracy from 0 to 1, not \(text)")
      }
      return value
    }
    let limit = try arguments.integer("--limit", default: Int.max, minimum: 1)
    let imagesPath = try arguments.required("--images")
    let labelsPath = try arguments.required("--labels")
    let model = try Models.load(path, try Models.Choices(arguments))
    guard model.inputs.count == 1, model.outputs.count == 1 else {
      throw Failure(.refused, "\(path): eval wants a model with one input and one output")
    }
    let images = try IDXImages(path: imagesPath)
    let labels = try IDXLabels(path: labelsPath)
    guard images.count == labels.count else {
      throw Failure(.refused, "\(imagesPath) has \(images.count) images, \(labelsPath) \(labels.count) labels")
    }
    guard images.count > 0 else { throw Failure(.refused, "\(imagesPath) holds no images") }

    let keepsOutputs = arguments.value("--outputs") != nil
    let (evaluation, outputs) = try evaluate(
      model, images, labels, count: min(images.count, limit), mapping: mapping, keepsOutputs: keepsOutputs,
      quiet: arguments.has("--quiet"))
    if let file = arguments.value("--outputs") { try Files.write(outputs, to: file) }
    try Terminal.print(arguments.has("--json") ? evaluation.json(path).text : evaluation.text(path))
    if let minimum, evaluation.accuracy < minimum {
      throw Failure(.checkFailed, "the accuracy \(evaluation.accuracy) is below \(minimum)")
    }
  }

  private static func evaluate(
    _ model: Model, _ images: IDXImages, _ labels: IDXLabels, count: Int, mapping: PixelMapping, keepsOutputs: Bool,
    quiet: Bool
  ) throws -> (Evaluation, outputs: [UInt8]) {
    let input = try model.input(at: 0)
    let output = try model.output(at: 0)
    let info = model.outputs[0]
    var evaluation = Evaluation(classes: max(info.count, labels.classes))
    var outputs: [UInt8] = []
    var scores = [Float](repeating: 0, count: info.count)
    var session = try model.makeSession()
    var bar = ProgressBar(total: count, quiet: quiet)
    defer { bar.finish() }
    let clock = ContinuousClock()
    let start = clock.now
    for index in 0..<count {
      try session.setInput(input, pixels: images.pixels(index), mapping: mapping)
      try session.run()
      var span = scores.mutableSpan
      try session.copyOutput(output, real: &span)
      evaluation.add(label: labels[index], predicted: scores.span.argmax() ?? 0)
      if keepsOutputs { outputs += try session.outputArray(output) }
      bar.update(index + 1)
    }
    evaluation.duration = clock.now - start
    return (evaluation, outputs)
  }
}

/// Counts of what was predicted for what.
private struct Evaluation {
  private let classes: Int
  /// By label, then by prediction; empty where there are too many classes for a matrix.
  private var confusion: [Int]
  private var total = 0
  private var correct = 0
  var duration = Duration.zero

  /// The most classes that a matrix is kept for: 8 MiB of counts.
  private static let largestMatrix = 1024
  /// The most classes that a matrix is printed for as text.
  private static let largestText = 20

  /// - Parameter classes: more than any label and any prediction.
  init(classes: Int) {
    self.classes = classes
    confusion = classes <= Self.largestMatrix ? [Int](repeating: 0, count: classes * classes) : []
  }

  mutating func add(label: Int, predicted: Int) {
    total += 1
    if label == predicted { correct += 1 }
    if !confusion.isEmpty { confusion[label * classes + predicted] += 1 }
  }

  var accuracy: Double { total == 0 ? 0 : Double(correct) / Double(total) }

  private var seconds: Double { Text.microseconds(duration) * 1e-6 }

  func text(_ path: String) -> String {
    var lines = [
      "\(Text.printable(path)): \(correct) of \(total) right, accuracy \(Text.fixed(accuracy * 100, 2)) %",
      "\(Text.fixed(Double(total) / seconds, 0)) images/s, \(Text.fixed(seconds / Double(total) * 1e6, 1)) us an image",
    ]
    if classes <= Self.largestText {
      lines += ["", "label   predicted"]
      lines.append("      " + (0..<classes).map { Text.right("\($0)", 6) }.joined())
      for label in 0..<classes {
        let row = (0..<classes).map { predicted in
          let count = confusion[label * classes + predicted]
          return Text.right(count == 0 ? "." : "\(count)", 6)
        }
        lines.append(Text.right("\(label)", 6) + row.joined())
      }
    }
    return lines.joined(separator: "\n")
  }

  func json(_ path: String) -> JSON {
    let rows = confusion.isEmpty ? 0 : classes
    let matrix = (0..<rows).map { JSON.numbers(confusion[($0 * classes)..<(($0 + 1) * classes)]) }
    return .object([
      ("schema", .number(1)), ("model", .string(path)), ("images", .number(total)), ("correct", .number(correct)),
      ("accuracy", .real(accuracy)), ("seconds", .real(seconds)),
      ("images_per_second", .real(Double(total) / seconds)), ("confusion", rows == 0 ? .null : .array(matrix)),
    ])
  }
}
