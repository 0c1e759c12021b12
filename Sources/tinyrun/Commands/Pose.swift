import ImageFiles
import TinyTensor

/// `tinyrun pose`: where people's joints are in pictures.
enum Pose {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words, options: PictureCommand.options.union(["--threshold"]), flags: PictureCommand.flags)
    let least = try arguments.value("--threshold").map(Detect.threshold) ?? 0.3
    let command = try PictureCommand(arguments, command: "pose")
    let head = try PoseHead(command.model, command.input, path: command.path)
    try command.run { run, session in
      let people = try head.people(in: session).filter { $0.score >= least }
      return (lines(run, people, least), [("poses", .array(people.map { json($0, run) }))])
    }
  }

  private static func lines(_ run: PictureCommand.Run, _ people: [Person], _ least: Float) -> [String] {
    let count = people.count == 1 ? "1 person" : "\(people.count) people"
    var lines = ["\(Text.printable(run.name))   \(count)   \(Text.fixed(run.microseconds, 1)) us"]
    for person in people {
      lines.append("score \(Text.fixed(Double(person.score), 4))")
      var table = TextTable([.init("score", .right), .init("joint"), .init("x", .right), .init("y", .right)])
      for (joint, name) in zip(person.joints, PoseHead.names) where joint.score >= least {
        let place = joint.pixels(run.picture)
        table.add([Text.fixed(Double(joint.score), 4), name, "\(place.x)", "\(place.y)"])
      }
      lines += table.lines
    }
    return lines
  }

  private static func json(_ person: Person, _ run: PictureCommand.Run) -> JSON {
    let joints = zip(person.joints, PoseHead.names).map { joint, name in
      let place = joint.pixels(run.picture)
      return JSON.object([
        ("name", .string(name)), ("score", .real(joint.score)), ("x", .number(place.x)), ("y", .number(place.y)),
      ])
    }
    return .object([("score", .real(person.score)), ("joints", .array(joints))])
  }
}

/// A person, as joints.
struct Person {
  let score: Float
  /// In the order of ``PoseHead/names``.
  let joints: [Joint]

  struct Joint {
    let score: Float
    /// Shares of the picture's width and height.
    let x: Float
    let y: Float

    /// The place in pixels, inside the picture.
    func pixels(_ picture: Picture) -> (x: Int, y: Int) {
      func place(_ share: Float, _ size: Int) -> Int {
        share.isFinite ? Int((min(max(share, 0), 1) * Float(size - 1)).rounded()) : 0
      }
      return (place(x, picture.width), place(y, picture.height))
    }
  }
}

/// Where a model has people's joints.
struct PoseHead {
  /// The joints of the COCO data set, in its order, which MoveNet and PoseNet share.
  static let names = [
    "nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder", "left elbow",
    "right elbow", "left wrist", "right wrist", "left hip", "right hip", "left knee", "right knee", "left ankle",
    "right ankle",
  ]

  private enum Kind {
    /// MoveNet for one person: [1, 1, 17, 3] of y, x and score, as shares.
    case single(Output)
    /// PosenetDecoderOp: places in pixels of the input, scores of joints and of people, and how many there are.
    case decoder(places: Output, scores: Output, people: Output, count: Output)
  }

  private let kind: Kind
  private let input: PictureInput

  /// - Throws: ``Failure`` when the model's outputs are none of these.
  init(_ model: Model, _ input: PictureInput, path: String) throws {
    self.input = input
    if let output = model.outputs.first, model.outputs.count == 1, output.shape == [1, 1, Self.names.count, 3] {
      kind = .single(try model.output(at: 0))
      return
    }
    guard let tensors = model.operators.last(where: { $0.name == "PosenetDecoderOp" })?.outputs, tensors.count == 4,
      let places = model.outputs.firstIndex(where: { $0.tensor == tensors[0] }),
      let scores = model.outputs.firstIndex(where: { $0.tensor == tensors[1] }),
      let people = model.outputs.firstIndex(where: { $0.tensor == tensors[2] }),
      let count = model.outputs.firstIndex(where: { $0.tensor == tensors[3] })
    else {
      throw Failure(
        .refused,
        "\(path): pose wants the output of MoveNet for one person, [1, 1, 17, 3], or those of PosenetDecoderOp")
    }
    kind = .decoder(
      places: try model.output(at: places), scores: try model.output(at: scores),
      people: try model.output(at: people), count: try model.output(at: count))
  }

  /// The people that were found, the likeliest first.
  func people(in session: borrowing Session) throws -> [Person] {
    let joints = Self.names.count
    switch kind {
    case .single(let output):
      let values = try session.realOutput(output)
      let list = (0..<joints).map { Person.Joint(score: values[3 * $0 + 2], x: values[3 * $0 + 1], y: values[3 * $0]) }
      // The model has no score for the person: the best joint's tells whether there is one.
      return [Person(score: list.map(\.score).max() ?? 0, joints: list)]
    case .decoder(let places, let scores, let people, let count):
      let places = try session.realOutput(places)
      let scores = try session.realOutput(scores)
      let people = try session.realOutput(people)
      let found = try session.realOutput(count).first ?? 0
      let most = min(people.count, scores.count / joints, places.count / (2 * joints))
      let count = min(max(Int(wholePartOf: found) ?? 0, 0), most)
      return (0..<count).map { person in
        let list = (0..<joints).map { joint in
          let place = 2 * (person * joints + joint)
          return Person.Joint(
            score: scores[person * joints + joint], x: places[place + 1] / Float(input.width),
            y: places[place] / Float(input.height))
        }
        return Person(score: people[person], joints: list)
      }.sorted { $0.score > $1.score }
    }
  }
}
