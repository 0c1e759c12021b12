/// A command, its function and its help: the one list that dispatch, help and suggestions are made from.
struct Command: Sendable {
  let name: String
  let help: Help
  let run: @Sendable ([String]) throws -> Void

  static let all: [Command] = [
    Command(name: "inspect", help: .inspect, run: Inspect.run),
    Command(name: "run", help: .run, run: Run.run),
    Command(name: "classify", help: .classify, run: Classify.run),
    Command(name: "detect", help: .detect, run: Detect.run),
    Command(name: "segment", help: .segment, run: Segment.run),
    Command(name: "pose", help: .pose, run: Pose.run),
    Command(name: "eval", help: .eval, run: Eval.run),
    Command(name: "bench", help: .bench, run: Bench.run),
    Command(name: "profile", help: .profile, run: Profile.run),
    Command(name: "compare", help: .compare, run: Compare.run),
    Command(name: "kernels", help: .kernels, run: Kernels.run),
    Command(name: "check", help: .check, run: Check.run),
    Command(name: "devices", help: .devices, run: Devices.run),
    Command(name: "knobs", help: .knobs, run: Knobs.run),
    Command(name: "cases", help: .cases, run: Cases.run),
    Command(name: "operators", help: .operators, run: Operators.run),
  ]

  static func named(_ name: String) -> Command? { all.first { $0.name == name } }

  /// Whether a first word that is no command stands for a model: it exists, or is written like a path.
  static func looksLikeFile(_ word: String) -> Bool {
    if word.hasPrefix("-") || word.isEmpty { return false }
    return word.contains("/") || word.contains(".") || Files.exists(word)
  }

  /// The command that a mistyped word probably means, if one is at most two edits away.
  static func closest(to word: String) -> Command? {
    // No command is as long as this, and the distance takes the product of both lengths.
    guard word.count <= 16 else { return nil }
    let ranked = all.map { (command: $0, distance: editDistance(word, $0.name)) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= 2 && best.distance < best.command.name.count ? best.command : nil
  }

  /// How many characters have to be put in, left out or replaced, or neighbours swapped, to make one word of another.
  static func editDistance(_ one: String, _ other: String) -> Int {
    let one = Array(one)
    let other = Array(other)
    var beforeLast = [Int](repeating: 0, count: other.count + 1)
    var last = Array(0...other.count)
    for i in 0..<one.count {
      var row = [i + 1]
      for j in 0..<other.count {
        var best = min(row[j] + 1, last[j + 1] + 1, last[j] + (one[i] == other[j] ? 0 : 1))
        if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] { best = min(best, beforeLast[j - 1] + 1) }
        row.append(best)
      }
      beforeLast = last
      last = row
    }
    return last[other.count]
  }
}

extension Failure {
  /// A word where a command should stand.
  static func unknownCommand(_ word: String) -> Failure {
    let suggestion = Command.closest(to: word).map { "did you mean \($0.name)?" }
    return Failure(
      .usage, "there is no command or file \(word); \(suggestion ?? "tinyrun --help lists the commands")")
  }
}
