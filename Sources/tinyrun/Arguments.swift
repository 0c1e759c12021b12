/// A command's words: options with and without values, and all the rest in order.
struct Arguments {
  private(set) var positional: [String] = []
  private var values: [String: String] = [:]
  private var flags: Set<String> = []

  /// Takes words apart.
  ///
  /// - Parameters:
  ///   - words: the words behind the command's name.
  ///   - options: options that take a value, with their dashes; `--name value` and `--name=value` are both understood.
  ///   - flags: options that take none.
  /// - Throws: ``Failure`` for unknown options and missing values.
  init(_ words: [String], options: Set<String> = [], flags: Set<String> = []) throws {
    var index = 0
    var onlyPositional = false
    while index < words.count {
      let word = words[index]
      index += 1
      if onlyPositional || word == "-" || !word.hasPrefix("-") {
        positional.append(word)
        continue
      }
      if word == "--" {
        onlyPositional = true
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      if flags.contains(parts[0]) {
        guard parts.count == 1 else { throw Failure(.usage, "\(parts[0]) takes no value") }
        self.flags.insert(word)
      } else if options.contains(parts[0]) {
        if parts.count == 2 {
          values[parts[0]] = parts[1]
        } else if index < words.count {
          values[parts[0]] = words[index]
          index += 1
        } else {
          throw Failure(.usage, "\(word) needs a value")
        }
      } else {
        throw Failure(.usage, Self.unknown(parts[0], among: options.union(flags).sorted()))
      }
    }
  }

  /// What is said of an option that a command does not have.
  private static func unknown(_ option: String, among known: [String]) -> String {
    if known.isEmpty { return "\(option) is not an option here; there are none" }
    if let meant = Suggestion.closest(to: option, among: known) {
      return "\(option) is not an option here; did you mean \(meant)?"
    }
    return "\(option) is not an option here; there are \(known.joined(separator: ", "))"
  }

  /// Whether the words ask for help instead of a command's work.
  static func asksForHelp(_ words: [String]) -> Bool {
    words.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
  }

  /// Whether a flag was given.
  func has(_ flag: String) -> Bool { flags.contains(flag) }

  /// An option's value, or `nil` if it was not given.
  func value(_ option: String) -> String? { values[option] }

  /// An option's value as a number that is at least `minimum`.
  func integer(_ option: String, default: Int, minimum: Int = 0) throws -> Int {
    try integer(option, default: `default`, in: minimum...Int.max)
  }

  /// An option's value as a number in a range.
  func integer(_ option: String, default: Int, in range: ClosedRange<Int>) throws -> Int {
    guard let text = values[option] else { return `default` }
    guard let number = Int(text), range.contains(number) else {
      throw Failure(
        .usage, "\(option) takes a whole number from \(range.lowerBound) to \(range.upperBound), not \(text)")
    }
    return number
  }

  /// An option's value, which must be given.
  func required(_ option: String) throws -> String {
    guard let value = values[option] else { throw Failure(.usage, "\(option) is needed") }
    return value
  }
}
