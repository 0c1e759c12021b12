import Foundation

/// Messages for people, on standard error; results go to standard output.
enum Terminal {
  static func printError(_ message: String) {
    FileHandle.standardError.write(Data((message + "\n").utf8))
  }

  static var errorIsTerminal: Bool { isatty(FileHandle.standardError.fileDescriptor) != 0 }
}

/// A bar that grows on standard error, if that is a terminal.
struct ProgressBar {
  private let total: Int
  private let isShown: Bool
  private var lastShown = -1

  init(total: Int, quiet: Bool) {
    self.total = total
    isShown = !quiet && total > 0 && Terminal.errorIsTerminal
  }

  mutating func update(_ done: Int) {
    guard isShown else { return }
    let percent = done * 100 / total
    guard percent != lastShown else { return }
    lastShown = percent
    let filled = String(repeating: "#", count: percent * 40 / 100).padding(toLength: 40, withPad: ".", startingAt: 0)
    let end = done == total ? "\r\u{1B}[K" : ""
    FileHandle.standardError.write(Data("\r[\(filled)] \(percent) % \(done)/\(total)\(end)".utf8))
  }
}
