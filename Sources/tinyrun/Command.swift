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
    Command(name: "kernels", help: .kernels, run: Kernels.run),
    Command(name: "check", help: .check, run: Check.run),
    Command(name: "devices", help: .devices, run: Devices.run),
    Command(name: "knobs", help: .knobs, run: Knobs.run),
    Command(name: "cases", help: .cases, run: Cases.run),
    Command(name: "operators", help: .operators, run: Operators.run),
    Command(name: "completions", help: .completions, run: Completions.run),
    Command(name: "manual", help: .manual, run: Manual.run),
  ]

  static func named(_ name: String) -> Command? { all.first { $0.name == name } }

  /// Whether a first word that is no command stands for a model: it exists, or is written like a path.
  static func looksLikeFile(_ word: String) -> Bool {
    if word.hasPrefix("-") || word.isEmpty { return false }
    return word.contains("/") || word.contains(".") || Files.exists(word)
  }
}

extension Failure {
  /// A word where a command should stand.
  static func unknownCommand(_ word: String) -> Failure {
    let suggestion = Suggestion.closest(to: word, among: Command.all.map(\.name)).map { "did you mean \($0)?" }
    return Failure(
      .usage, "there is no command or file \(word); \(suggestion ?? "tinyrun --help lists the commands")")
  }
}
