import ImageFiles
import TinyTensor

/// `tinyrun detect`: objects in pictures, and the boxes around them.
enum Detect {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words, options: PictureCommand.options.union(["--top", "--threshold"]), flags: PictureCommand.flags)
    let top = try arguments.integer("--top", default: 10, minimum: 1)
    let asked = try arguments.value("--threshold").map(threshold)
    let command = try PictureCommand(arguments, command: "detect")
    let head = try DetectionHead(command.model, path: command.path)
    let labels = try command.labels(ofOutput: head.classes.index)
    let least = asked ?? command.description.output(head.scores.index)?.scoreThreshold ?? 0.5
    try command.run { run, session in
      let objects = try head.objects(in: session).filter { $0.score >= least }.prefix(top)
      return (lines(run, Array(objects), labels), [("objects", .array(objects.map { json($0, run, labels) }))])
    }
  }

  /// A score as the command line has it.
  static func threshold(_ text: String) throws -> Float {
    guard let value = Float(text), value >= 0, value <= 1 else {
      throw Failure(.usage, "--threshold takes a number from 0 to 1, not \(text)")
    }
    return value
  }

  private static func lines(
    _ run: PictureCommand.Run, _ objects: [DetectedObject], _ labels: Labels?
  ) -> [String] {
    let time = "\(Text.fixed(run.microseconds, 1)) us"
    var lines = ["\(Text.printable(run.name))   \(Text.plural(objects.count, "object"))   \(time)"]
    var table = TextTable([
      .init("score", .right), .init("class", .right), .init("label", limit: 30), .init("left", .right),
      .init("top", .right), .init("right", .right), .init("bottom", .right),
    ])
    for object in objects {
      let box = object.pixels(run.picture)
      table.add([
        Text.fixed(Double(object.score), 4), "\(object.label)", labels?[object.label].map { Text.printable($0) } ?? "",
        "\(box.left)", "\(box.top)", "\(box.right)", "\(box.bottom)",
      ])
    }
    if !objects.isEmpty { lines += table.lines }
    return lines
  }

  private static func json(_ object: DetectedObject, _ run: PictureCommand.Run, _ labels: Labels?) -> JSON {
    let box = object.pixels(run.picture)
    return .object([
      ("class", .number(object.label)), ("label", .optional(labels?[object.label])), ("score", .real(object.score)),
      ("left", .number(box.left)), ("top", .number(box.top)), ("right", .number(box.right)),
      ("bottom", .number(box.bottom)),
    ])
  }
}

/// An object that a model has found.
struct DetectedObject {
  let label: Int
  let score: Float
  /// The sides of its box as shares of the picture's: top, left, bottom, right.
  let box: [Float]

  /// The sides of its box in pixels, inside the picture.
  func pixels(_ picture: Picture) -> (left: Int, top: Int, right: Int, bottom: Int) {
    func place(_ share: Float, _ size: Int) -> Int {
      // A share that is not a number is no place.
      guard share.isFinite else { return 0 }
      return Int((min(max(share, 0), 1) * Float(size)).rounded())
    }
    return (
      place(box[1], picture.width), place(box[0], picture.height), place(box[3], picture.width),
      place(box[2], picture.height)
    )
  }
}

/// Where a model has what TFLite_Detection_PostProcess gives: boxes, classes, scores and how many there are.
struct DetectionHead {
  let boxes: Output
  let classes: Output
  let scores: Output
  let count: Output

  /// - Throws: ``Failure`` when the model does not end with that operator.
  init(_ model: Model, path: String) throws {
    func refuse() -> Failure {
      Failure(
        .refused, "\(path): detect wants a model whose outputs are those of TFLite_Detection_PostProcess")
    }
    let last = model.operators.last { $0.name == "TFLite_Detection_PostProcess" }
    guard let tensors = last?.outputs, tensors.count == 4 else { throw refuse() }
    func output(_ tensor: Int) throws -> Output {
      guard let index = model.outputs.firstIndex(where: { $0.tensor == tensor }) else { throw refuse() }
      return try model.output(at: index)
    }
    boxes = try output(tensors[0])
    classes = try output(tensors[1])
    scores = try output(tensors[2])
    count = try output(tensors[3])
  }

  /// The objects that were found, the likeliest first.
  func objects(in session: borrowing Session) throws -> [DetectedObject] {
    let boxes = try session.realOutput(boxes)
    let classes = try session.realOutput(classes)
    let scores = try session.realOutput(scores)
    let found = try session.realOutput(count).first ?? 0
    let most = min(scores.count, classes.count, boxes.count / 4)
    let count = min(max(Int(wholePartOf: found) ?? 0, 0), most)
    let objects = (0..<count).map { index in
      DetectedObject(
        label: Int(wholePartOf: classes[index]) ?? -1, score: scores[index],
        box: Array(boxes[(4 * index)..<(4 * index + 4)]))
    }
    return objects.sorted { $0.score > $1.score }
  }
}
