/// Paths as text. A path is any bytes: those that are no UTF-8 stand in the text as characters for private use, one for
/// each byte, so that the text leads to the same file; people see the replacement character for them.
enum SystemPath {
  /// The character that stands for a byte from 0x80 on: U+10FE80 to U+10FEFF.
  private static let first: UInt32 = 0x10_FE00

  /// Whether a character stands for a byte.
  static func isByte(_ scalar: Unicode.Scalar) -> Bool { (first + 0x80...first + 0xFF).contains(scalar.value) }

  /// The text of a path's bytes.
  static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    let bytes = unsafe Array(bytes)
    if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: isByte) { return text }
    var text = String.UnicodeScalarView()
    var start = 0
    while start < bytes.count {
      // By its first byte, a character has one to four.
      let size = max(1, (~bytes[start]).leadingZeroBitCount)
      let part = bytes[start..<min(start + size, bytes.count)]
      if let scalar = String(validating: part, as: UTF8.self)?.unicodeScalars.first, !isByte(scalar) {
        text.append(scalar)
        start += part.count
      } else if let scalar = Unicode.Scalar(first + UInt32(bytes[start])) {
        text.append(scalar)
        start += 1
      }
    }
    return String(text)
  }

  /// Whether a path's text is the path itself, so that others than this program understand it.
  static func isPlain(_ path: String) -> Bool { !path.unicodeScalars.contains(where: isByte) }

  /// Calls a function with a path's bytes, which end with a zero.
  static func withCString<Result>(_ path: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    if isPlain(path) { return unsafe path.withCString { unsafe body($0) } }
    var bytes: [CChar] = []
    for scalar in path.unicodeScalars {
      if isByte(scalar) {
        bytes.append(CChar(bitPattern: UInt8(truncatingIfNeeded: scalar.value)))
      } else {
        bytes += UTF8.encode(scalar).map { $0.map { CChar(bitPattern: $0) } } ?? []
      }
    }
    bytes.append(0)
    // Sound: the array ends with a zero.
    return unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { preconditionFailure("an array of one byte has an address") }
      return unsafe body(start)
    }
  }
}
