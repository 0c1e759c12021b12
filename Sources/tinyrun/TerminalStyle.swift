#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#else
  import Glibc
#endif

/// Colours and weights of text on terminals.
///
/// Styles are on where a person watches the stream, unless the variable `NO_COLOR` is set and not empty, or the
/// terminal is a dumb one. Text is measured before it is styled: what styles add takes no room.
enum TerminalStyle: String {
  case bold = "1"
  case dim = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"

  /// A stream that text goes to.
  enum Stream {
    case output
    case error

    fileprivate var descriptor: Int32 { self == .output ? STDOUT_FILENO : STDERR_FILENO }
  }

  /// Whether text on a stream is styled.
  static func isOn(_ stream: Stream) -> Bool {
    isatty(stream.descriptor) != 0 && variable("NO_COLOR").isEmpty && variable("TERM") != "dumb"
  }

  /// The width of the terminal behind a stream in columns, or `nil` where there is none or it does not tell.
  static func width(of stream: Stream) -> Int? {
    guard isatty(stream.descriptor) != 0 else { return nil }
    var size = winsize()
    guard unsafe ioctl(stream.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// The text in this style, if styles are on.
  func applied(to text: String, if isOn: Bool) -> String {
    isOn && !text.isEmpty ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
  }

  /// An environment variable's value, empty where it is not set.
  private static func variable(_ name: String) -> String {
    // Sound: the text ends with a zero, and is copied at once; nothing here changes the environment.
    guard let value = unsafe getenv(name) else { return "" }
    return unsafe String(cString: value)
  }
}
