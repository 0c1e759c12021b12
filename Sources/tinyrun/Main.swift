import TinyTensor

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#else
  import Glibc
#endif

/// `tinyrun`: looks at TensorFlow Lite models and runs them.
@main
struct TinyRun {
  static func main() {
    #if !os(Windows) && !os(WASI) && _pointerBitWidth(_64)
      // A copy of this program may be a helper that has the Edge TPU's driver.
      EdgeTPUHelper.serveIfAsked()
    #endif
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      let failure = Failure(error)
      Terminal.printFailure(failure.message)
      exit(failure.status.rawValue)
    }
  }

  private static func run(_ words: [String]) throws {
    guard let first = words.first else {
      Terminal.printError(Help.overview)
      throw Failure(.usage, "a command is needed; see above")
    }
    switch first {
    case "--help", "-h":
      try Terminal.print(Help.overview)
    case "help":
      try Terminal.print(words.count > 1 ? Help.text(for: words[1]) : Help.overview)
    case "--version", "version":
      try Terminal.print("tinyrun \(Version.current)")
    default:
      if let command = Command.named(first) {
        let rest = Array(words.dropFirst())
        if Arguments.asksForHelp(rest) {
          try Terminal.print(Help.text(for: first))
        } else {
          try command.run(rest)
        }
      } else if Command.looksLikeFile(first) {
        // A model without a command: look at it.
        try Inspect.run(words)
      } else {
        throw Failure.unknownCommand(first)
      }
    }
  }
}

/// The version that `--version` prints.
enum Version {
  static let current = "0.1.0"
}
