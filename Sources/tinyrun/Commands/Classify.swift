import TinyTensor

/// `tinyrun classify`: the best classes of pictures.
enum Classify {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words, options: PictureCommand.options.union(["--top"]), flags: PictureCommand.flags)
    let top = try arguments.integer("--top", default: 3, minimum: 1)
    let command = try PictureCommand(arguments, command: "classify")
    guard command.model.outputs.first.map({ $0.count > 0 }) == true else {
      throw command.refusal("classify wants scores as the model's first output")
    }
    let scores = try command.model.output(at: 0)
    let labels = try command.labels(ofOutput: 0, count: command.model.outputs[0].count)
    try command.run { run, session in
      let best = Self.best(top, of: try session.realOutput(scores))
      return PictureCommand.Report(
        lines: [text(run, best, labels)], members: [("top", json(best, labels))],
        draw: { drawing in
          for score in best {
            drawing.addCaption(
              "\(Text.fixed(Double(score.value), 3)) \(labels?[score.index] ?? "class \(score.index)")")
          }
        })
    }
  }

  private static func text(_ run: PictureCommand.Run, _ best: [Score], _ labels: Labels?) -> String {
    var parts = [Text.printable(run.name)]
    for score in best {
      let label = labels?[score.index].map { " \"\(Text.printable($0))\"" } ?? ""
      parts.append("\(score.index)\(label)  \(Text.fixed(Double(score.value), 4))")
    }
    parts.append("\(Text.fixed(run.microseconds, 1)) us")
    return parts.joined(separator: "   ")
  }

  private static func json(_ best: [Score], _ labels: Labels?) -> JSON {
    .array(
      best.map { score in
        JSON.object([
          ("class", .number(score.index)), ("label", .optional(labels?[score.index])), ("score", .real(score.value)),
        ])
      })
  }

  private struct Score {
    let index: Int
    let value: Float
  }

  /// The highest scores, the first of equals before the others; what is not a number comes last.
  private static func best(_ count: Int, of scores: [Float]) -> [Score] {
    func key(_ index: Int) -> Float { scores[index].isNaN ? -.infinity : scores[index] }
    let order = scores.indices.sorted { key($0) != key($1) ? key($0) > key($1) : $0 < $1 }
    return order.prefix(count).map { Score(index: $0, value: scores[$0]) }
  }
}
