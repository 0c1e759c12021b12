import FlatbufferReader

/// A piece of a byte array that is written by hand.
struct Part {
  let bytes: [UInt8]

  static func u8(_ numbers: UInt8...) -> Part { Part(bytes: numbers) }
  static func u16(_ number: UInt16) -> Part { Part(bytes: littleEndian(number)) }
  static func u32(_ number: UInt32) -> Part { Part(bytes: littleEndian(number)) }
  static func i32(_ number: Int32) -> Part { Part(bytes: littleEndian(number)) }
  static func u64(_ number: UInt64) -> Part { Part(bytes: littleEndian(number)) }
  static func i64(_ number: Int64) -> Part { Part(bytes: littleEndian(number)) }
  static func f32(_ number: Float) -> Part { .u32(number.bitPattern) }
  static func f64(_ number: Double) -> Part { .u64(number.bitPattern) }
  /// The characters in UTF-8, without a closing zero.
  static func text(_ text: String) -> Part { Part(bytes: Array(text.utf8)) }
  static func zeros(_ count: Int) -> Part { Part(bytes: Array(repeating: 0, count: count)) }

  private static func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    (0..<(Number.bitWidth / 8)).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}

/// The bytes of the parts, one behind the other.
func layout(_ parts: Part...) -> [UInt8] { parts.flatMap(\.bytes) }

/// A full budget for these bytes.
func fullBudget(_ bytes: [UInt8]) -> ReadBudget { ReadBudget(ReadLimits(forByteCount: bytes.count)) }

/// The error of a read, or `nil` if it ends well.
func readError(_ read: () throws(ReadError) -> Void) -> ReadError? {
  do {
    try read()
    return nil
  } catch {
    return error
  }
}

extension [UInt8] {
  /// The bytes as the reader wants them.
  var raw: RawSpan {
    @_lifetime(borrow self)
    get {
      // Sound: bytes have no padding.
      unsafe span.bytes
    }
  }
}

/// A value that a test expects is absent. `#require` does not take values that cannot escape.
struct Absent: Error {}

/// The value, which has to be there.
@_lifetime(copy value)
func present<Value: ~Escapable>(_ value: consuming Value?) throws(Absent) -> Value {
  guard let value else { throw Absent() }
  return value
}
