import Foundation
import TinyTensor

/// `tinyrun eval`: accuracy of a classifier on a set of labelled images.
enum Eval {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words,
      options: Models.options.union(["--images", "--labels", "--outputs", "--limit", "--mapping", "--min"]),
      flags: ["--json", "--quiet"])
    guard let path = arguments.positional.first, arguments.positional.count == 1 else {
      throw Failure(.usage, "eval needs one model file")
    }
    let mapping = try Mapping.named(arguments.value("--mapping"))
    let minimum = try arguments.value("--min").map { text in
      guard let value = Double(text), (0...1).contains(value) else {
        throw Failure(.usage, "--min takes an accuracy from 0 to 1, not \(text)")
      }
      return value
    }
    let imagesPath = try arguments.required("--images")
    let labelsPath = try arguments.required("--labels")
    let model = try Models.load(path, arguments)
    let images = try IDXImages(path: imagesPath)
    let labels = try IDXLabels(path: labelsPath)
    guard images.count == labels.count else {
      throw Failure(.refused, "\(imagesPath) has \(images.count) images, \(labelsPath) \(labels.count) labels")
    }
    guard model.inputs.count == 1, model.outputs.count == 1 else {
      throw Failure(.refused, "\(path): eval wants a model with one input and one output")
    }
    let count = min(images.count, try arguments.integer("--limit", default: images.count, minimum: 1))

    var evaluation = Evaluation(classes: max(model.outputs[0].count, labels.classes))
    var outputs: [UInt8] = []
    let input = try model.input(at: 0)
    let output = try model.output(at: 0)
    var scores = [Float](repeating: 0, count: model.outputs[0].count)
    var session = try model.makeSession()
    var bar = ProgressBar(total: count, quiet: arguments.has("--quiet"))
    let clock = ContinuousClock()
    let keepsOutputs = arguments.value("--outputs") != nil
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
    if let file = arguments.value("--outputs") { try Files.write(outputs, to: file) }
    print(arguments.has("--json") ? evaluation.json(path).text : evaluation.text(path))
    if let minimum, evaluation.accuracy < minimum {
      throw Failure(.checkFailed, "the accuracy \(evaluation.accuracy) is below \(minimum)")
    }
  }
}

/// Counts of what was predicted for what.
private struct Evaluation {
  private let classes: Int
  /// By label, then by prediction.
  private var confusion: [Int]
  private var total = 0
  private var correct = 0
  var duration = Duration.zero

  init(classes: Int) {
    self.classes = classes
    confusion = [Int](repeating: 0, count: classes * classes)
  }

  mutating func add(label: Int, predicted: Int) {
    total += 1
    if label == predicted { correct += 1 }
    confusion[label * classes + predicted] += 1
  }

  var accuracy: Double { total == 0 ? 0 : Double(correct) / Double(total) }

  private var seconds: Double {
    let parts = duration.components
    return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
  }

  func text(_ path: String) -> String {
    var lines = [
      "\(path): \(correct) of \(total) right, accuracy \(Text.fixed(accuracy * 100, 2)) %",
      "\(Text.fixed(Double(total) / seconds, 0)) images/s, \(Text.fixed(seconds / Double(total) * 1e6, 1)) us an image",
    ]
    if classes <= 20 {
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
    let rows = (0..<classes).map { label in
      JSON.array((0..<classes).map { .number(confusion[label * classes + $0]) })
    }
    return .object([
      ("schema", .number(1)), ("model", .string(path)), ("images", .number(total)), ("correct", .number(correct)),
      ("accuracy", .real(accuracy)), ("seconds", .real(seconds)),
      ("images_per_second", .real(Double(total) / seconds)), ("confusion", .array(rows)),
    ])
  }
}
