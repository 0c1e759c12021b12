import FlatbufferReader
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
    let head = try DetectionHead(command)
    let labels = try command.labels(ofOutput: head.classes.index)
    let least = asked ?? command.description.output(head.scores.index)?.scoreThreshold ?? 0.5
    try command.run { run, session in
      let found = try head.objects(in: session).filter { $0.score >= least }.prefix(top)
      let objects = found.map { $0.placed(run.placement) }
      return PictureCommand.Report(
        lines: lines(run, objects, labels), members: [("objects", .array(objects.map { json($0, run, labels) }))],
        draw: { $0.boxes(objects.map { labelled($0, run, labels) }) })
    }
  }

  /// An object as it is drawn.
  private static func labelled(
    _ object: DetectedObject, _ run: PictureCommand.Run, _ labels: Labels?
  ) -> Drawing.LabelledBox {
    let label = labels?[object.label] ?? "class \(object.label)"
    return Drawing.LabelledBox(
      box: object.pixels(run.picture), label: "\(label) \(Text.fixed(Double(object.score), 2))",
      colour: .of(object.label))
  }

  /// A score as the command line has it.
  static func threshold(_ text: String) throws -> Float {
    guard let value = Text.decimal(text).map(Float.init), value >= 0, value <= 1 else {
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
  /// The sides of its box as shares of the picture's, or of the input's: top, left, bottom, right.
  let box: [Float]

  /// An object of the input as one of the picture.
  func placed(_ placement: Placement) -> DetectedObject {
    DetectedObject(
      label: label, score: score,
      box: box.indices.map { (($0 % 2 == 0) ? placement.down : placement.across).share(ofInput: box[$0]) })
  }

  /// The sides of its box in pixels, inside the picture.
  func pixels(_ picture: Picture) -> Box {
    func place(_ share: Float, _ size: Int) -> Int {
      // A share that is not a number is no place.
      guard share.isFinite else { return 0 }
      return Int((min(max(share, 0), 1) * Float(size)).rounded())
    }
    return Box(
      left: place(box[1], picture.width), top: place(box[0], picture.height), right: place(box[3], picture.width),
      bottom: place(box[2], picture.height))
  }
}

/// Where a model has what TFLite_Detection_PostProcess gives: boxes, classes, scores and how many there are.
struct DetectionHead {
  let boxes: Output
  let classes: Output
  let scores: Output
  /// How many boxes were found.
  let count: Output
  /// Rows of a box that was found, and how many of them the operator fills.
  private let rows: Int
  private let filledRows: Int

  /// - Throws: ``Failure`` when the model does not end with that operator.
  init(_ command: PictureCommand) throws {
    let model = command.model
    func refuse() -> Failure {
      command.refusal("detect wants a model whose outputs are those of TFLite_Detection_PostProcess")
    }
    let index = model.operators.lastIndex { $0.name == "TFLite_Detection_PostProcess" }
    guard let index, model.operators[index].outputs.count == 4 else { throw refuse() }
    let tensors = model.operators[index].outputs
    func output(_ tensor: Int) throws -> Output {
      guard let index = model.outputs.firstIndex(where: { $0.tensor == tensor }) else { throw refuse() }
      return try model.output(at: index)
    }
    boxes = try output(tensors[0])
    classes = try output(tensors[1])
    scores = try output(tensors[2])
    count = try output(tensors[3])
    let node = model.file.subgraphs[model.signature?.subgraph ?? 0].operators[index]
    (rows, filledRows) = Self.rowsOfBox(node, in: model.file)
  }

  /// How many rows a counted box has, and how many of these are filled: more than one where all classes are suppressed
  /// together and a box may have several.
  private static func rowsOfBox(_ node: ModelFile.Operator, in file: ModelFile) -> (rows: Int, filled: Int) {
    guard let range = node.customOptions else { return (1, 1) }
    do throws(ReadError) {
      let bytes = file.bytes.extracting(range)
      var budget = ReadBudget(ReadLimits(forByteCount: range.count))
      let map = try FlexValue(root: bytes, &budget).map(&budget)
      if let value = try map.value(forKey: "use_regular_nms", &budget), value.kind != .null, try value.bool() {
        return (1, 1)
      }
      var rows: Int32 = 1
      var classes: Int32 = 1
      if let value = try map.value(forKey: "max_classes_per_detection", &budget) { rows = try value.int(Int32.self) }
      if let value = try map.value(forKey: "num_classes", &budget) { classes = try value.int(Int32.self) }
      return (Int(max(rows, 1)), Int(max(min(rows, classes), 1)))
    } catch {
      // A model with options that cannot be read does not load.
      return (1, 1)
    }
  }

  /// The objects that were found, the likeliest first; their boxes are shares of the input.
  ///
  /// A box of several classes gives as many objects.
  func objects(in session: borrowing Session) throws -> [DetectedObject] {
    let boxes = try session.realOutput(boxes)
    let classes = try session.realOutput(classes)
    let scores = try session.realOutput(scores)
    let found = try session.realOutput(count).first ?? 0
    let most = min(scores.count, classes.count, boxes.count / 4)
    let count = min(max(Int(wholePartOf: found) ?? 0, 0), most / rows)
    let filled = (0..<(count * rows)).filter { $0 % rows < filledRows }
    let objects = filled.map { index in
      DetectedObject(
        label: Int(wholePartOf: classes[index]) ?? -1, score: scores[index],
        box: Array(boxes[(4 * index)..<(4 * index + 4)]))
    }
    return objects.sorted { $0.score > $1.score }
  }
}
