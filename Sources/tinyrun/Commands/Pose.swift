import ImageFiles
import TinyTensor

/// `tinyrun pose`: where people's joints are in pictures.
enum Pose {
  static func run(_ words: [String]) throws {
    // Joints have their own names.
    let options = PictureCommand.options.subtracting(["--labels"]).union(["--threshold"])
    let arguments = try Arguments(words, options: options, flags: PictureCommand.flags)
    let least = try arguments.value("--threshold").map(Detect.threshold) ?? 0.3
    let command = try PictureCommand(arguments, command: "pose")
    let head = try PoseHead(command, least: least)
    try command.run { run, session in
      let people = try head.people(in: session).filter { $0.score >= least }.map { $0.placed(run.placement) }
      return PictureCommand.Report(
        lines: lines(run, people, least), members: [("poses", .array(people.map { json($0, run) }))],
        draw: { draw(people, run, least, on: &$0) })
    }
  }

  private static func lines(_ run: PictureCommand.Run, _ people: [Person], _ least: Float) -> [String] {
    let count = people.count == 1 ? "1 person" : "\(people.count) people"
    var lines = ["\(Text.printable(run.name))   \(count)   \(Text.fixed(run.microseconds, 1)) us"]
    for person in people {
      lines.append("score \(Text.fixed(Double(person.score), 4))")
      var table = TextTable([.init("score", .right), .init("joint"), .init("x", .right), .init("y", .right)])
      for (joint, name) in zip(person.joints, Person.names) where joint.score >= least {
        let place = joint.pixels(run.picture)
        table.add([Text.fixed(Double(joint.score), 4), name, "\(place.x)", "\(place.y)"])
      }
      lines += table.lines
    }
    return lines
  }

  private static func json(_ person: Person, _ run: PictureCommand.Run) -> JSON {
    let joints = zip(person.joints, Person.names).map { joint, name in
      let place = joint.pixels(run.picture)
      return JSON.object([
        ("name", .string(name)), ("score", .real(joint.score)), ("x", .number(place.x)), ("y", .number(place.y)),
      ])
    }
    return .object([("score", .real(person.score)), ("joints", .array(joints))])
  }

  /// Draws skeletons, the likeliest over the others.
  private static func draw(
    _ people: [Person], _ run: PictureCommand.Run, _ least: Float, on drawing: inout Drawing
  ) {
    for (index, person) in people.enumerated().reversed() {
      let places = person.joints.map { joint -> (x: Double, y: Double)? in
        // A place that is no number is printed as 0, but is nowhere.
        guard joint.score >= least, joint.x.isFinite, joint.y.isFinite else { return nil }
        let place = joint.pixels(run.picture)
        return (Double(place.x) + 0.5, Double(place.y) + 0.5)
      }
      drawing.skeleton(places, bones: Person.bones, .of(index))
    }
  }
}

/// A person, as joints.
struct Person {
  let score: Float
  /// In the order of ``names``.
  let joints: [Joint]

  /// The joints of the COCO data set, in its order, which MoveNet and PoseNet share.
  static let names = [
    "nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder", "left elbow",
    "right elbow", "left wrist", "right wrist", "left hip", "right hip", "left knee", "right knee", "left ankle",
    "right ankle",
  ]

  /// The pairs of joints that are drawn as a line: face, arms, trunk and legs.
  static let bones = [
    (0, 1), (0, 2), (1, 3), (2, 4), (5, 7), (7, 9), (6, 8), (8, 10), (5, 6), (5, 11), (6, 12), (11, 12), (11, 13),
    (13, 15), (12, 14), (14, 16),
  ]

  /// A person of the input as one of the picture.
  func placed(_ placement: Placement) -> Person {
    Person(
      score: score,
      joints: joints.map {
        Joint(
          score: $0.score, x: placement.across.share(ofInput: $0.x), y: placement.down.share(ofInput: $0.y))
      })
  }

  struct Joint {
    let score: Float
    /// Shares of the picture's width and height, or of the input's.
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
