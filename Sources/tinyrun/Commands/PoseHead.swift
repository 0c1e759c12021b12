import TinyTensor

/// Where a model has people's joints.
struct PoseHead {
  private enum Kind {
    /// MoveNet for one person: [1, 1, 17, 3] of y, x and score, as shares.
    case single(Output)
    /// MoveNet for several people: [1, people, 56] of y, x and score of 17 joints, the sides of a box, and a score.
    case several(Output, people: Int)
    /// PosenetDecoderOp: places in pixels of the input, scores of joints and of people, and how many there are.
    case decoder(places: Output, scores: Output, people: Output, count: Output)
    /// A PoseNet without a decoder.
    case maps(PoseMapsHead)
  }

  private let kind: Kind
  private let input: PictureInput

  private static let joints = Person.names.count
  /// Numbers of a person in MoveNet's output for several: 17 joints, four sides of a box, a score.
  private static let numbersOfPerson = 3 * joints + 5

  /// - Parameters:
  ///   - command: the command, for its model.
  ///   - least: the least score of a person that is looked for.
  /// - Throws: ``Failure`` when the model's outputs are none of these.
  init(_ command: PictureCommand, least: Float) throws {
    let model = command.model
    input = command.input
    if model.outputs.count == 1, let shape = model.outputs.first?.shape {
      if shape == [1, 1, Self.joints, 3] {
        kind = .single(try model.output(at: 0))
        return
      }
      if shape.count == 3, shape[0] == 1, shape[1] > 0, shape[2] == Self.numbersOfPerson {
        kind = .several(try model.output(at: 0), people: shape[1])
        return
      }
    }
    if let tensors = model.operators.last(where: { $0.name == "PosenetDecoderOp" })?.outputs, tensors.count == 4,
      let places = model.outputs.firstIndex(where: { $0.tensor == tensors[0] }),
      let scores = model.outputs.firstIndex(where: { $0.tensor == tensors[1] }),
      let people = model.outputs.firstIndex(where: { $0.tensor == tensors[2] }),
      let count = model.outputs.firstIndex(where: { $0.tensor == tensors[3] })
    {
      kind = .decoder(
        places: try model.output(at: places), scores: try model.output(at: scores),
        people: try model.output(at: people), count: try model.output(at: count))
      return
    }
    guard let maps = try PoseMapsHead(model, input, least: least) else {
      throw command.refusal(
        "pose wants the outputs of MoveNet, [1, 1, 17, 3] or [1, people, 56], those of PosenetDecoderOp, or maps of "
          + "PoseNet: [1, h, w, 17] of scores and [1, h, w, 34] of offsets, with [1, h, w, 64] or two [1, h, w, 32] of "
          + "displacements for several people")
    }
    kind = .maps(maps)
  }

  /// The people that were found, the likeliest first; their joints are shares of the input.
  func people(in session: borrowing Session) throws -> [Person] {
    switch kind {
    case .single(let output):
      let joints = Self.joints(of: try session.realOutput(output)[...])
      // The model has no score for the person: the best joint's tells whether there is one.
      return [Person(score: joints.map(\.score).max() ?? 0, joints: joints)]
    case .several(let output, let people):
      let values = try session.realOutput(output)
      return (0..<people).map { person in
        let numbers = values[(person * Self.numbersOfPerson)..<((person + 1) * Self.numbersOfPerson)]
        return Person(score: numbers[numbers.endIndex - 1], joints: Self.joints(of: numbers))
      }.sorted { $0.score > $1.score }
    case .decoder(let places, let scores, let people, let count):
      return self.people(
        places: try session.realOutput(places), scores: try session.realOutput(scores),
        people: try session.realOutput(people), count: try session.realOutput(count).first ?? 0)
    case .maps(let maps):
      let found = try maps.people(in: session)
      return people(places: found.points, scores: found.jointScores, people: found.scores, count: found.count)
    }
  }

  /// Joints of y, x and score each.
  private static func joints(of values: ArraySlice<Float>) -> [Person.Joint] {
    (0..<joints).map { joint in
      let start = values.startIndex + 3 * joint
      return Person.Joint(score: values[start + 2], x: values[start + 1], y: values[start])
    }
  }

  /// People whose joints are y and x in pixels of the input.
  private func people(places: [Float], scores: [Float], people: [Float], count: Float) -> [Person] {
    let joints = Self.joints
    let most = min(people.count, scores.count / joints, places.count / (2 * joints))
    let count = min(max(Int(wholePartOf: count) ?? 0, 0), most)
    return (0..<count).map { person in
      let list = (0..<joints).map { joint in
        let place = 2 * (person * joints + joint)
        // The place is that of a pixel's middle.
        return Person.Joint(
          score: scores[person * joints + joint], x: (places[place + 1] + 0.5) / Float(input.width),
          y: (places[place] + 0.5) / Float(input.height))
      }
      return Person(score: people[person], joints: list)
    }.sorted { $0.score > $1.score }
  }
}
