/// Comma-separated values as RFC 4180 has them, but for the ends of lines.
enum CSV {
  /// A value as a field.
  static func field(_ value: JSON) -> String {
    switch value {
    case .null: return ""
    case .real(let number) where number.isNaN: return ""
    case .real(let number): return "\(number)"
    case .string(let text):
      let plain = Text.printable(text)
      guard plain.contains(where: { $0 == "," || $0 == "\"" }) else { return plain }
      return "\"\(plain.replacing("\"", with: "\"\""))\""
    default: return value.text
    }
  }

  /// A row of values as a line.
  static func line(_ values: [JSON]) -> String { values.map(field).joined(separator: ",") }
}
