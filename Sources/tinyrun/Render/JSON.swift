/// A JSON value whose objects keep their order.
indirect enum JSON {
  case null
  case bool(Bool)
  case number(Int)
  case real(Double)
  case string(String)
  case array([JSON])
  /// An array whose elements are made as they are written: a model's lists may have hundreds of thousands.
  case list(count: Int, element: (Int) -> JSON)
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

  /// Values of which each becomes an element as it is written.
  static func list<Value>(_ values: [Value], _ element: @escaping (Value) -> JSON) -> JSON {
    .list(count: values.count) { element(values[$0]) }
  }

  /// The value as one line of text.
  var text: String {
    var bytes: [UInt8] = []
    write { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Writes the value as one line, part by part.
  func write(to sink: ([UInt8]) throws -> Void) rethrows {
    var writer = JSONWriter()
    try writer.write(self, to: sink)
    try sink(writer.bytes)
  }
}

/// Writes values as text of one line.
private struct JSONWriter {
  /// What is not handed on yet.
  private(set) var bytes: [UInt8] = []

  /// Bytes from which on they are handed on.
  private static let partSize = 1 << 16

  mutating func write(_ value: JSON, to sink: ([UInt8]) throws -> Void) rethrows {
    switch value {
    case .null: add("null")
    case .bool(let value): add(value ? "true" : "false")
    case .number(let value): add("\(value)")
    // JSON has no infinities and no NaN.
    case .real(let value): add(value.isFinite ? "\(value)" : "null")
    case .string(let value): quote(value)
    case .array(let values): try write(count: values.count, { values[$0] }, to: sink)
    case .list(let count, let element): try write(count: count, element, to: sink)
    case .object(let members):
      add("{")
      for (index, member) in members.enumerated() {
        if index > 0 { add(", ") }
        quote(member.0)
        add(": ")
        try write(member.1, to: sink)
      }
      add("}")
    }
  }

  private mutating func write(
    count: Int, _ element: (Int) -> JSON, to sink: ([UInt8]) throws -> Void
  ) rethrows {
    add("[")
    for index in 0..<count {
      if index > 0 { add(", ") }
      try write(element(index), to: sink)
      if bytes.count >= Self.partSize {
        try sink(bytes)
        bytes.removeAll(keepingCapacity: true)
      }
    }
    add("]")
  }

  private mutating func add(_ text: String) { bytes += text.utf8 }

  private mutating func quote(_ value: String) {
    add("\"")
    if value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      add(value)
    } else {
      for scalar in value.unicodeScalars {
        switch scalar {
        case "\"": add("\\\"")
        case "\\": add("\\\\")
        // A path's bytes that are no text.
        case _ where SystemPath.isByte(scalar): add("\u{FFFD}")
        case _ where scalar.value >= 0x20 && scalar.value < 0x7F: bytes.append(UInt8(truncatingIfNeeded: scalar.value))
        case _ where Text.isObeyed(scalar): for unit in UTF16.encode(scalar) ?? .init() { escape(unit) }
        default: bytes += UTF8.encode(scalar) ?? .init()
        }
      }
    }
    add("\"")
  }

  private mutating func escape(_ unit: UInt16) {
    let digits = String(unit, radix: 16)
    add("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
  }
}
