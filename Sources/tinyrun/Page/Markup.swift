/// Text for a page. What comes from a model's file is never taken for markup or script.
enum Markup {
  /// Text between tags and in quoted attributes: characters that command a browser or a reader are replaced, those that
  /// mean something in HTML are written as references.
  static func text(_ text: String) -> String {
    let plain = Text.printable(text)
    guard plain.utf8.contains(where: { "&<>\"'`".utf8.contains($0) }) else { return plain }
    var escaped = ""
    escaped.reserveCapacity(plain.utf8.count + 16)
    for scalar in plain.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      case "`": escaped += "&#96;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// The same of text of at most that many characters.
  static func text(_ text: String, _ width: Int) -> String {
    self.text(Text.printable(text, width))
  }

  /// JSON inside a `script` element: nothing in it can end the element, begin a comment, or end a line of script.
  static func script(_ json: JSON) -> String {
    var escaped = ""
    let text = json.text
    escaped.reserveCapacity(text.utf8.count + 64)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": escaped += "\\u003c"
      case ">": escaped += "\\u003e"
      case "&": escaped += "\\u0026"
      case "\u{2028}": escaped += "\\u2028"
      case "\u{2029}": escaped += "\\u2029"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// A coordinate with at most one decimal place.
  static func number(_ value: Double) -> String {
    // Pictures are smaller than this by far; what is not finite cannot be drawn.
    guard value.isFinite, abs(value) < 1e12 else { return "0" }
    let tenths = Int((value * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    let digit = tenths.magnitude % 10
    return "\(sign)\(tenths.magnitude / 10)" + (digit == 0 ? "" : ".\(digit)")
  }

  // MARK: SVG

  /// A rectangle; its place and size in the picture's units.
  static func rectangle(
    _ classes: String, x: Double = 0, y: Double = 0, width: Double, height: Double, radius: Double = 0
  ) -> String {
    var text = "<rect"
    if !classes.isEmpty { text += " class=\"\(classes)\"" }
    if x != 0 { text += " x=\"\(number(x))\"" }
    if y != 0 { text += " y=\"\(number(y))\"" }
    text += " width=\"\(number(width))\" height=\"\(number(height))\""
    if radius != 0 { text += " rx=\"\(number(radius))\"" }
    return text + "/>"
  }

  /// A line of text, which is escaped here.
  static func label(_ classes: String, x: Double, y: Double, _ text: String) -> String {
    "<text class=\"\(classes)\" x=\"\(number(x))\" y=\"\(number(y))\">\(self.text(text))</text>"
  }

  /// The sizes of a shape, as people write them.
  static func shape(_ sizes: [Int]) -> String {
    if sizes.isEmpty { return "scalar" }
    let shown = sizes.prefix(8).map(String.init).joined(separator: "×")
    return sizes.count > 8 ? shown + "×…" : shown
  }
}
