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
    let text = String(decoding: bytes, as: UTF8.self)
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { line in
      Self.trimmed(line.first == "\u{FEFF}" ? line.dropFirst() : line)
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
