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

/// Values as text for people.
enum Text {
  // MARK: Numbers

  static func shape(_ sizes: [Int]) -> String {
    "[" + sizes.map(String.init).joined(separator: ",") + "]"
  }

  /// `26.4 KiB`.
  static func bytes(_ count: Int) -> String {
    if count < 1024 { return "\(count) B" }
    var value = Double(count) / 1024
    for unit in ["KiB", "MiB"] {
      if value < 1024 { return "\(fixed(value, 1)) \(unit)" }
      value /= 1024
    }
    return "\(fixed(value, 1)) GiB"
  }

  /// `14.1 M`.
  static func count(_ count: Int) -> String {
    if count < 1000 { return "\(count)" }
    var value = Double(count) / 1000
    for unit in ["k", "M"] {
      if value < 1000 { return "\(fixed(value, 1)) \(unit)" }
      value /= 1000
    }
    return "\(fixed(value, 1)) G"
  }

  /// `1 session`, `2 sessions`.
  static func plural(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  /// A number with four digits or so: `3.03 M`.
  static func rate(_ value: Double) -> String {
    if value < 1000 { return fixed(value, value < 100 ? 2 : 1) }
    return value < 1e6 ? "\(fixed(value / 1e3, 2)) k" : "\(fixed(value / 1e6, 2)) M"
  }

  static func fixed(_ value: Double, _ digits: Int) -> String {
    formatted("%.\(digits)f", value)
  }

  static func significant(_ value: Float, _ digits: Int) -> String {
    formatted("%.\(digits)g", Double(value))
  }

  /// The number that a text is in decimal notation; `nil` for others, hexadecimal numbers among them.
  static func decimal(_ text: String) -> Double? { text.utf8.contains { $0 | 0x20 == 0x78 } ? nil : Double(text) }

  /// A number as C's functions write it.
  private static func formatted(_ format: String, _ value: Double) -> String {
    // The longest text of a double in fixed notation has 309 digits before the point.
    var buffer = [CChar](repeating: 0, count: 400)
    let size = buffer.count
    // Sound: the format takes one double, and the buffer has this many bytes.
    let count = unsafe withVaList([value]) { list in unsafe vsnprintf(&buffer, size, format, list) }
    return String(
      decoding: buffer.prefix(max(0, min(Int(count), size - 1))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// A duration in microseconds.
  static func microseconds(_ duration: Duration) -> Double {
    let parts = duration.components
    return Double(parts.seconds) * 1e6 + Double(parts.attoseconds) * 1e-12
  }

  // MARK: Quantization

  /// `real = 0.003922 * (q + 128)`; empty without quantization.
  static func quantization(_ quantization: Quantization?) -> String {
    guard let quantization, quantization.isPresent else { return "" }
    if let details = quantization.details { return scheme(details) }
    guard let scale = quantization.scale else {
      return "\(quantization.scales.count) scales along axis \(quantization.axis)"
    }
    return self.quantization(scale, Int(clamping: quantization.zeroPoints.first ?? 0))
  }

  /// The same of a scale and a zero point.
  static func quantization(_ scale: Float, _ zeroPoint: Int) -> String {
    if zeroPoint == 0 { return "real = \(significant(scale, 6)) * q" }
    return "real = \(significant(scale, 6)) * (q \(zeroPoint < 0 ? "+" : "-") \(zeroPoint.magnitude))"
  }

  private static func scheme(_ details: Quantization.Details) -> String {
    switch details {
    case .custom(let byteCount): "a scheme of its own, \(bytes(byteCount))"
    case .blockwise(_, _, let size): "a scale for every \(size) elements"
    case .multiAxis(_, _, let size, let axes): "a scale for every \(size) elements along axes \(shape(axes))"
    case .unknown(let type): "quantization scheme \(type)"
    }
  }

  // MARK: Values

  /// The first values of an output and the extent of all, which are looked at part by part.
  ///
  /// - Throws: `SessionError` where they have no real values.
  static func summary(
    of output: Output, _ session: borrowing Session
  ) throws(SessionError) -> String {
    let count = try session.shape(of: output).reduce(1, *)
    var part = [Float](repeating: 0, count: min(count, 1 << 16))
    var first: [Float] = []
    var smallest = Float.nan
    var largest = Float.nan
    var best = 0
    var start = 0
    while start < count {
      let range = start..<min(count, start + part.count)
      if range.count < part.count { part.removeLast(part.count - range.count) }
      var room = part.mutableSpan
      try session.copyOutput(output, elements: range, real: &room)
      if start == 0 { first = Array(part.prefix(10)) }
      for (index, value) in part.enumerated() {
        // What is not a number has no place among them.
        if smallest.isNaN || value < smallest { smallest = value }
        if value > largest || largest.isNaN && !value.isNaN {
          largest = value
          best = start + index
        }
      }
      start += part.count
    }
    if count == 0 { return "no elements" }
    let shown = first.map { significant($0, 4) }.joined(separator: " ")
    let rest = count > 10 ? " ..." : ""
    return "\(shown)\(rest)\n  min \(significant(smallest, 6))  max \(significant(largest, 6)) "
      + "at \(best)  (\(count) elements)"
  }

  // MARK: Characters

  /// Whether a terminal or a viewer of texts may obey a character instead of showing it: control characters, marks of
  /// writing direction and other marks of format, ends of lines and paragraphs.
  static func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  /// Text of unknown origin without control characters, which a terminal could obey.
  static func printable(_ text: String, keepingLines: Bool = false) -> String {
    func isPlain(_ scalar: Unicode.Scalar) -> Bool {
      if scalar == "\n" { return keepingLines }
      switch scalar.properties.generalCategory {
      case .privateUse, .unassigned: return false
      default: return !isObeyed(scalar)
      }
    }
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) || text.unicodeScalars.allSatisfy(isPlain) { return text }
    var plain = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { plain.append(isPlain(scalar) ? scalar : "\u{FFFD}") }
    return String(plain)
  }

  /// Text of unknown origin without control characters, of at most that many characters.
  static func printable(_ text: String, _ width: Int) -> String { shortened(printable(excerpt(text, width)), width) }

  /// Text of at most that many characters: what is too much goes from the middle, where names tell least.
  static func shortened(_ text: String, _ width: Int) -> String {
    let text = excerpt(text, width)
    // A character is at least one byte, and counting bytes is free.
    guard text.utf8.count > width, text.count > width else { return text }
    guard width > 3 else { return String(text.prefix(width)) }
    let end = (width - 3) / 2
    return text.prefix(width - 3 - end) + "..." + text.suffix(end)
  }

  /// The ends of a text that is far too long for so many characters: a name may have megabytes, and what is done for each
  /// of its characters is done each time that it is shown.
  private static func excerpt(_ text: String, _ width: Int) -> String {
    guard text.utf8.count > 16 * width + 256 else { return text }
    let scalars = text.unicodeScalars
    return String(scalars.prefix(2 * width + 32)) + "..." + String(scalars.suffix(2 * width + 32))
  }

  /// How many characters a name of an operator or a tensor has at most where it is shown in full.
  static let longestName = 1000

  /// Pads on the right to a width in characters.
  static func padded(_ text: String, _ width: Int) -> String {
    let count = text.count
    return count >= width ? text : text + String(repeating: " ", count: width - count)
  }

  /// Pads on the left to a width in characters.
  static func right(_ text: String, _ width: Int) -> String {
    let count = text.count
    return count >= width ? text : String(repeating: " ", count: width - count) + text
  }
}
