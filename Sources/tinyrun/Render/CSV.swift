/// Comma-separated values as RFC 4180 has them, but for the ends of lines.
enum CSV {
  /// First characters of texts that spreadsheets run: = + - @, the tab and the carriage return.
  private static let formulaMarks: [UInt8] = [0x3D, 0x2B, 0x2D, 0x40, 0x09, 0x0D]

  /// A value as a field.
  static func field(_ value: JSON) -> String {
    switch value {
    case .null: return ""
    case .real(let number) where number.isNaN: return ""
    case .real(let number): return "\(number)"
    case .string(let text):
      var plain = Text.printable(text)
      // Spreadsheets would run such a text as a formula; behind an apostrophe they show it.
      if let first = text.utf8.first, Self.formulaMarks.contains(first) { plain = "'" + plain }
      guard plain.contains(where: { $0 == "," || $0 == "\"" }) else { return plain }
      return "\"\(plain.replacing("\"", with: "\"\""))\""
    default: return value.text
    }
  }

  /// A row of values as a line.
  static func line(_ values: [JSON]) -> String { values.map(field).joined(separator: ",") }
}
