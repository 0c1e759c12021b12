import Foundation
import TinyTensor

/// Values as text for people.
enum Text {
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

  static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  /// `real = 0.003922 * (q + 128)`.
  static func quantization(_ quantization: Quantization?) -> String {
    guard let quantization else { return "" }
    if quantization.details != nil { return "another quantization scheme" }
    guard let scale = quantization.scale else {
      return "\(quantization.scales.count) scales along axis \(quantization.axis)"
    }
    let zeroPoint = quantization.zeroPoints.first ?? 0
    if zeroPoint == 0 { return "real = \(String(format: "%.6g", scale)) * q" }
    return "real = \(String(format: "%.6g", scale)) * (q \(zeroPoint < 0 ? "+" : "-") \(zeroPoint.magnitude))"
  }

  /// The first values and the extent of all.
  static func summary(_ values: [Float]) -> String {
    guard let smallest = values.min(), let largest = values.max() else { return "no elements" }
    let shown = values.prefix(10).map { String(format: "%.4g", $0) }.joined(separator: " ")
    let rest = values.count > 10 ? " ..." : ""
    let best = values.firstIndex(of: largest) ?? 0
    return "\(shown)\(rest)\n  min \(String(format: "%.6g", smallest))  max \(String(format: "%.6g", largest)) "
      + "at \(best)  (\(values.count) elements)"
  }

  /// Pads on the right to a width in characters.
  static func padded(_ text: String, _ width: Int) -> String {
    text.count >= width ? text : text + String(repeating: " ", count: width - text.count)
  }

  /// Pads on the left to a width in characters.
  static func right(_ text: String, _ width: Int) -> String {
    text.count >= width ? text : String(repeating: " ", count: width - text.count) + text
  }
}

/// A JSON value whose objects keep their order.
indirect enum JSON {
  case null
  case bool(Bool)
  case number(Int)
  case real(Double)
  case string(String)
  case array([JSON])
  case object([(String, JSON)])

  var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let value): String(value)
    // JSON has no infinities and no NaN.
    case .real(let value): value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.quoted(value)
    case .array(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
    case .object(let members):
      "{" + members.map { Self.quoted($0.0) + ": " + $0.1.text }.joined(separator: ", ") + "}"
    }
  }

  private static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case _ where scalar.value < 0x20: text += String(format: "\\u%04x", scalar.value)
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
