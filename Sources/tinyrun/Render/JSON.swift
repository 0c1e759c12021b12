/// A JSON value whose objects keep their order.
indirect enum JSON {
  case null
  case bool(Bool)
  case number(Int)
  case real(Double)
  case string(String)
  case array([JSON])
  case object([(String, JSON)])

  /// The shortest decimal number that is the same in single precision.
  static func real(_ value: Float) -> JSON { Double("\(value)").map { .real($0) } ?? .null }

  /// A number to so many decimal places.
  static func rounded(_ value: Double, _ digits: Int) -> JSON {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    return .real((value * scale).rounded() / scale)
  }

  /// A number, or `null` where there is none.
  static func optional(_ value: Int?) -> JSON { value.map { .number($0) } ?? .null }

  /// A number to so many decimal places, or `null` where there is none.
  static func optional(_ value: Double?, _ digits: Int) -> JSON { value.map { .rounded($0, digits) } ?? .null }

  /// A text, or `null` where there is none.
  static func optional(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }

  static func numbers(_ values: some Sequence<Int>) -> JSON { .array(values.map { .number($0) }) }

  /// The value as one line of text.
  var text: String {
    var text = ""
    write(to: &text)
    return text
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .number(let value): text += String(value)
    // JSON has no infinities and no NaN.
    case .real(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.quote(value, to: &text)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += ", " }
        value.write(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += ", " }
        Self.quote(member.0, to: &text)
        text += ": "
        member.1.write(to: &text)
      }
      text += "}"
    }
  }

  private static func quote(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      // A path's bytes that are no text.
      case _ where SystemPath.isByte(scalar): text += "\u{FFFD}"
      case _ where scalar.value >= 0x20 && scalar.value < 0x7F: text.unicodeScalars.append(scalar)
      case _ where Text.isObeyed(scalar): for unit in UTF16.encode(scalar) ?? .init() { escape(unit, to: &text) }
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }

  private static func escape(_ unit: UInt16, to text: inout String) {
    let digits = String(unit, radix: 16)
    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }
}
