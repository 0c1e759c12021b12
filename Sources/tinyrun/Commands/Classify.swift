import TinyTensor

/// `tinyrun classify`: the best classes of pictures.
enum Classify {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words, options: Models.options.union(["--labels", "--top", "--mapping"]),
      flags: Models.flags.union(["--json", "--quiet"]))
    guard let path = arguments.positional.first, arguments.positional.count > 1 else {
      throw Failure(.usage, "classify needs a model file and pictures")
    }
    let top = try arguments.integer("--top", default: 3, minimum: 1)
    let asked = try MappingName.mapping(named: arguments.value("--mapping"))
    let model = try Models.load(path, try Models.Choices(arguments))
    let labels = try arguments.value("--labels").map { try Labels(path: $0) }
    let classifier = try Classifier(model, path: path)

    let choice = MappingName.choice(for: model.inputs[0])
    let mapping = asked ?? choice.mapping
    if asked == nil, !arguments.has("--quiet") {
      Terminal.printError("mapping \(MappingName.name(of: mapping)): \(choice.reason); --mapping takes another one")
    }
    var pictures = PictureFiles()
    var session = try model.makeSession()
    var results: [JSON] = []
    for name in arguments.positional.dropFirst() {
      let pixels = try classifier.pixels(of: pictures.read(name), name: name)
      let clock = ContinuousClock()
      try session.setInput(model.input(at: 0), pixels: pixels.span, mapping: mapping)
      let start = clock.now
      try session.run()
      let microseconds = Text.microseconds(clock.now - start)
      let best = Classifier.best(top, of: try session.realOutput(model.output(at: 0)))
      if arguments.has("--json") {
        results.append(json(name, best, labels, microseconds))
      } else {
        try Terminal.print(text(name, best, labels, microseconds))
      }
    }
    if arguments.has("--json") {
      try Terminal.print(
        JSON.object([
          ("schema", .number(1)), ("model", .string(path)), ("mapping", .string(MappingName.name(of: mapping))),
          ("pictures", .array(results)),
        ]).text)
    }
  }

  private static func text(
    _ name: String, _ best: [Classifier.Score], _ labels: Labels?, _ microseconds: Double
  ) -> String {
    var parts = [Text.printable(name)]
    for score in best {
      let label = labels?[score.index].map { " \"\(Text.printable($0))\"" } ?? ""
      parts.append("\(score.index)\(label)  \(Text.fixed(Double(score.value), 4))")
    }
    parts.append("\(Text.fixed(microseconds, 1)) us")
    return parts.joined(separator: "   ")
  }

  private static func json(
    _ name: String, _ best: [Classifier.Score], _ labels: Labels?, _ microseconds: Double
  ) -> JSON {
    let top = best.map { score in
      JSON.object([
        ("class", .number(score.index)), ("label", .optional(labels?[score.index])), ("score", .real(score.value)),
      ])
    }
    return .object([("picture", .string(name)), ("microseconds", .real(microseconds)), ("top", .array(top))])
  }
}

/// What a model wants of a picture, and how its scores are ranked.
private struct Classifier {
  private let width: Int
  private let height: Int
  private let channels: Int
  /// Whether the input is a plain list of pixels, whose sides nobody knows.
  private let isFlat: Bool

  /// - Throws: ``Failure`` when the model does not take a picture.
  init(_ model: Model, path: String) throws {
    guard model.inputs.count == 1, model.outputs.first.map({ $0.count > 0 }) == true else {
      throw Failure(.refused, "\(path): classify wants a model with one input, and scores as its first output")
    }
    let shape = model.inputs[0].shape
    // [1, h, w, c], [1, h, w] for grey, [1, h * w] for grey in a row.
    guard shape.first == 1, (2...4).contains(shape.count), shape.allSatisfy({ $0 > 0 }) else {
      throw Failure(
        .refused, "\(path): classify wants an input of shape [1, height, width, channels], not \(Text.shape(shape))")
    }
    isFlat = shape.count == 2
    height = isFlat ? 1 : shape[1]
    width = isFlat ? shape[1] : shape[2]
    channels = shape.count == 4 ? shape[3] : 1
    guard [1, 3, 4].contains(channels) else {
      throw Failure(.refused, "\(path): classify wants an input of 1, 3 or 4 channels, not \(channels)")
    }
  }

  /// A picture as the input's bytes.
  func pixels(of picture: Picture, name: String) throws -> [UInt8] {
    if !isFlat { return picture.resized(width: width, height: height).converted(toChannels: channels) }
    guard picture.width * picture.height == width else {
      throw Failure(
        .refused,
        "\(name) has \(picture.width) x \(picture.height) pixels; the model takes \(width) pixels in a row, "
          + "and a picture of other sizes cannot be made to fit")
    }
    return picture.converted(toChannels: 1)
  }

  struct Score {
    let index: Int
    let value: Float
  }

  /// The highest scores, the first of equals before the others; what is not a number comes last.
  static func best(_ count: Int, of scores: [Float]) -> [Score] {
    func key(_ index: Int) -> Float { scores[index].isNaN ? -.infinity : scores[index] }
    let order = scores.indices.sorted { key($0) != key($1) ? key($0) > key($1) : $0 < $1 }
    return order.prefix(count).map { Score(index: $0, value: scores[$0]) }
  }
}

/// Reads pictures by name: `FILE`, or `FILE:N` for the N-th image of an IDX file, which is kept for the next one.
private struct PictureFiles {
  private var path: String?
  private var images: IDXImages?

  mutating func read(_ name: String) throws -> Picture {
    if !Files.exists(name), let colon = name.lastIndex(of: ":"), let row = Int(name[name.index(after: colon)...]) {
      let file = String(name[..<colon])
      if path != file || images == nil {
        images = try IDXImages(path: file)
        path = file
      }
      guard let images, (0..<images.count).contains(row) else {
        throw Failure(.refused, "\(file) has \(images?.count ?? 0) images; there is no image \(row)")
      }
      return Picture(images, row: row)
    }
    return try Picture.decode(try Files.read(name), path: name)
  }
}
