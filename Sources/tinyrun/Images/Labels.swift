/// Names of classes, a line each.
struct Labels {
  private let names: [Int: String]

  /// Reads a file of names, in the order of the classes, or of lines such as `0  background` or `0: background`: that
  /// is what they are if every line that is not empty begins with a number and goes on behind it.
  init(path: String) throws { try self.init(bytes: try Files.read(path), name: path) }

  /// Reads the bytes of such a file.
  ///
  /// - Parameters:
  ///   - bytes: what is in it.
  ///   - name: what errors call it.
  init(bytes: [UInt8], name: String) throws {
    guard !bytes.contains(0) else {
      throw Failure(.refused, "\(name) holds zero bytes: it is no text, or none in UTF-8; labels are lines of text")
    }
    var lines: [Substring] = []
    let ends = bytes.count { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
    guard ends <= Self.mostLines else {
      throw Failure(.refused, "\(name) has more than \(Self.mostLines) lines: it is no list of labels")
    }
    for line in Self.lines(of: bytes) {
      guard line.count <= Self.longestLine else {
        throw Failure(
          .refused,
          "line \(lines.count + 1) of \(name) has \(line.count) bytes; a label has at most \(Self.longestLine), so this is "
            + "no list of labels")
      }
      let text = Substring(decoding: line, as: UTF8.self)
      lines.append(Self.trimmed(text.first == "\u{FEFF}" ? text.dropFirst() : text))
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    guard !lines.isEmpty else { throw Failure(.refused, "\(name) holds no labels") }
    let numbered = lines.filter { !$0.isEmpty }.map(Self.numbered)
    var names: [Int: String] = [:]
    if numbered.contains(where: { $0 == nil }) {
      for (index, line) in lines.enumerated() { names[index] = String(line) }
    } else {
      for case (let index, let name)? in numbered { names[index] = name }
    }
    self.names = names
  }

  /// How many classes the names are for: one more than the last one's number.
  var count: Int { (names.keys.max() ?? -1) + 1 }

  /// A class's name, or `nil` if the file has none for it.
  subscript(index: Int) -> String? { names[index].flatMap { $0.isEmpty ? nil : $0 } }

  /// The most lines, and ends of lines that are empty.
  private static let mostLines = 1 << 20
  /// The most bytes of a line.
  private static let longestLine = 1024

  /// Lines that end with a line feed, a carriage return, or both.
  private static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    let (feed, carriage) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
    var lines: [ArraySlice<UInt8>] = []
    var start = 0
    for index in bytes.indices where bytes[index] == feed || bytes[index] == carriage {
      // The feed of a pair ends an empty rest.
      let isSecond = bytes[index] == feed && index > 0 && bytes[index - 1] == carriage
      if !isSecond { lines.append(bytes[start..<index]) }
      start = index + 1
    }
    lines.append(bytes[start...])
    return lines
  }

  private static func numbered(_ line: Substring) -> (Int, String)? {
    let digits = line.prefix { $0.isASCII && $0.isNumber }
    let rest = line[digits.endIndex...]
    // No tensor has as many classes.
    guard let index = Int(digits), index < Int.max, let separator = rest.first,
      separator == ":" || separator.isWhitespace
    else {
      return nil
    }
    let name = rest.drop { $0 == ":" || $0.isWhitespace }
    return name.isEmpty ? nil : (index, String(name))
  }

  private static func trimmed(_ line: Substring) -> Substring {
    var line = line.drop(while: \.isWhitespace)
    while line.last?.isWhitespace == true { line.removeLast() }
    return line
  }
}
