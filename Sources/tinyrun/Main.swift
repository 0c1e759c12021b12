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
      try run(words)
    } catch {
      let failure = Failure(error)
      Terminal.printFailure(failure.message)
      exit(failure.status.rawValue)
    }
  }

  /// The words behind the program's name, as the system gave them: paths may be other than UTF-8.
  private static var words: [String] {
    var words: [String] = []
    // Sound: the system ends each word with a zero, and nothing changes them.
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let word = unsafe CommandLine.unsafeArgv[index] else { break }
      words.append(unsafe SystemPath.text(UnsafeRawBufferPointer(start: word, count: strlen(word))))
    }
    return words
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
      guard words.count <= 2 else { throw Failure(.usage, "help takes one command, not \(words[2]) too") }
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
