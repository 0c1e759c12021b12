import Foundation
import TinyTensor

/// `tinyrun`: looks at TensorFlow Lite models and runs them.
@main
struct TinyRun {
  static func main() {
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      let failure = Failure(error)
      Terminal.printError("tinyrun: \(failure.message)")
      exit(failure.kind.rawValue)
    }
  }

  private static func run(_ words: [String]) throws {
    guard let first = words.first else {
      Terminal.printError(Help.overview)
      throw Failure(.usage, "a command is needed; see above")
    }
    switch first {
    case "--help", "-h", "help":
      if first == "help", words.count > 1 {
        print(try Help.text(for: words[1]))
      } else {
        print(Help.overview)
      }
    case "--version", "version":
      print("tinyrun \(Version.current)")
    default:
      if let command = Command.named(first) {
        let rest = Array(words.dropFirst())
        if rest.contains("--help") || rest.contains("-h") {
          print(try Help.text(for: first))
          return
        }
        try command.run(rest)
      } else if !first.hasPrefix("-"), FileManager.default.fileExists(atPath: first) {
        // A model without a command: look at it.
        try Inspect.run(words)
      } else {
        throw Failure(.usage, "there is no command or file \(first); tinyrun --help lists the commands")
      }
    }
  }
}

/// The version that `--version` prints.
enum Version {
  static let current = "0.1.0"
}

/// A command and its function: the one list that dispatch and help are made from.
struct Command: Sendable {
  let name: String
  let run: @Sendable ([String]) throws -> Void

  static let all: [Command] = [
    Command(name: "inspect", run: Inspect.run),
    Command(name: "run", run: Run.run),
    Command(name: "classify", run: Classify.run),
    Command(name: "eval", run: Eval.run),
  ]

  static func named(_ name: String) -> Command? { all.first { $0.name == name } }
}

/// Why a command ended without success.
struct Failure: Error {
  /// The exit statuses that the tool promises.
  enum Kind: Int32 {
    /// A check that was asked for did not hold.
    case checkFailed = 1
    /// The command line was not understood.
    case usage = 2
    /// A model or an input was refused.
    case refused = 3
    /// A device is not available.
    case device = 4
  }

  let kind: Kind
  let message: String

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// Any error as the status and the sentence that the tool ends with.
  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as ModelError:
      self.init(error.code == .deviceUnavailable ? .device : .refused, error.message)
    case let error as SessionError: self.init(.refused, error.message)
    default: self.init(.refused, "\(error)")
    }
  }
}
