#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#else
  import Glibc
#endif

/// Results go to standard output, messages for people to standard error.
enum Terminal {
  /// Prints lines of a result.
  ///
  /// - Throws: ``Failure`` when they cannot be written, as to a full disk.
  static func print(_ text: String) throws { try write(Array((text + "\n").utf8)) }

  /// Prints a result as a line of JSON, part by part.
  ///
  /// - Throws: ``Failure`` when it cannot be written.
  static func print(_ json: JSON) throws {
    try json.write(to: write)
    try write([UInt8(ascii: "\n")])
  }

  private static func write(_ bytes: [UInt8]) throws {
    if let number = Files.writeAll(bytes, to: STDOUT_FILENO) {
      throw Failure(.refused, "cannot write the result to standard output: \(Files.reason(number))")
    }
  }

  /// Prints a message. Where standard error is closed nobody reads it, and nothing happens.
  static func printError(_ message: String) {
    writeError(Text.printable(message, keepingLines: true) + "\n")
  }

  /// Characters of a message at the most.
  private static let longestMessage = 4000

  /// Prints why the tool ends without success; its name is red where a person reads it.
  static func printFailure(_ message: String) {
    let name = TerminalStyle.red.applied(to: "tinyrun:", if: TerminalStyle.isOn(.error))
    // Names in a message come from files, and may have megabytes.
    let text = Text.shortened(Text.printable(message, keepingLines: true), longestMessage)
    writeError("\(name) \(text)\n")
  }

  /// Whether a person watches standard error.
  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) != 0 }

  fileprivate static func writeError(_ text: String) {
    _ = Files.writeAll(Array(text.utf8), to: STDERR_FILENO)
  }
}

/// A bar that grows on standard error, if that is a terminal. It is drawn at most once a percent.
struct ProgressBar {
  private let total: Int
  private let isShown: Bool
  /// How much has to be done before the bar is drawn again; beyond reach if it is not shown.
  private var next: Int

  init(total: Int, quiet: Bool) {
    self.total = total
    isShown = !quiet && total > 0 && Terminal.errorIsTerminal
    next = isShown ? 0 : Int.max
  }

  @inline(__always)
  mutating func update(_ done: Int) {
    if done >= next { draw(done) }
  }

  private mutating func draw(_ done: Int) {
    next = done + max(1, total / 100)
    let share = Double(done) / Double(total)
    let filled = String(repeating: "#", count: Int(share * 40)) + String(repeating: ".", count: 40 - Int(share * 40))
    Terminal.writeError("\r[\(filled)] \(Int(share * 100)) % \(done)/\(total)")
  }

  /// Takes the bar away.
  func finish() {
    if isShown { Terminal.writeError("\r\u{1B}[K") }
  }

  /// Takes the bar away for lines that are printed now; the next update draws it again.
  mutating func makeRoom() {
    guard isShown else { return }
    finish()
    next = 0
  }
}
