/// A value in the FlexBuffers wire format, viewed where it is.
///
/// FlexBuffers data carries its own types, as JSON does. Nothing is copied and nothing is trusted: every offset is
/// checked when it is followed, and a value that is shared or contains itself ends in an error once the budget is spent
/// or the depth reached.
///
/// ```swift
/// var budget = ReadBudget(ReadLimits(forByteCount: bytes.count))
/// let options = try FlexValue(root: bytes.span.bytes, &budget).map(&budget)
/// if let scale = try options.value(forKey: "scale", &budget) { print(try scale.double()) }
/// ```
///
/// Format: the part on FlexBuffers of the FlatBuffers "internals" document. A value is a slot inside its parent and a
/// type byte. The upper 6 bits of the type byte are the ``FlexKind``. Null, numbers and truth values stand in the slot;
/// of anything else the slot holds the distance back to it, and the lower 2 bits of the type byte are the binary
/// logarithm of the width in bytes of the numbers that are found there.
public struct FlexValue: ~Escapable {
  /// The bytes that all positions refer to.
  public let bytes: RawSpan
  /// Where the value's slot begins.
  public let position: Int
  /// The value's type.
  public let kind: FlexKind

  /// The slot's width in bytes: 1, 2, 4 or 8.
  let width: Int
  /// The width in bytes of the numbers that the slot leads to: 1, 2, 4 or 8. Without a meaning where it holds a number.
  let targetWidth: Int
  /// How many containers this value stands in, plus 1.
  let depth: Int

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, at position: Int, kind: FlexKind, width: Int, targetWidth: Int, depth: Int) {
    self.bytes = bytes
    self.position = position
    self.kind = kind
    self.width = width
    self.targetWidth = targetWidth
    self.depth = depth
  }

  /// A value whose type byte stands at `typePosition`, inside the bytes.
  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, at position: Int, width: Int, typePosition: Int, depth: Int) throws(ReadError) {
    let type = try bytes.checkedLoad(UInt8.self, at: typePosition)
    guard let kind = FlexKind(rawValue: type >> 2) else {
      throw ReadError(.wrongType, at: typePosition, "there is no FlexBuffers type \(type >> 2)")
    }
    self.init(bytes, at: position, kind: kind, width: width, targetWidth: 1 << Int(type & 3), depth: depth)
  }

  /// The value that the data as a whole stands for.
  ///
  /// - Parameters:
  ///   - bytes: the data and nothing behind it, since it is read from its end: the last byte is the width of the root's
  ///     slot, the byte before it the root's type.
  ///   - budget: what the read may cost; the value costs 1.
  /// - Throws: ``ReadError`` when the bytes are too few, or width or type are not known.
  /// - Complexity: O(1); does not allocate.
  @_lifetime(copy bytes)
  public init(root bytes: RawSpan, _ budget: inout ReadBudget) throws(ReadError) {
    let count = bytes.byteCount
    guard count >= 3 else {
      throw ReadError(.outOfBounds, at: 0, "\(count) bytes are too few for FlexBuffers data")
    }
    let width = Int(UInt8.load(bytes, at: count - 1))
    guard width == 1 || width == 2 || width == 4 || width == 8 else {
      throw ReadError(.wrongType, at: count - 1, "the root cannot be \(width) bytes wide")
    }
    guard width <= count - 2 else {
      throw ReadError(.outOfBounds, at: count - 1, "a root of \(width) bytes leaves the data")
    }
    let position = count - 2 - width
    try budget.spend(1, at: position)
    try self.init(bytes, at: position, width: width, typePosition: count - 2, depth: 1)
  }

  /// The error for a value that cannot be read as `wanted`.
  func mismatch(_ wanted: StaticString) -> ReadError {
    ReadError(.wrongType, at: position, "\(kind.name.description) stands where \(wanted.description) is wanted")
  }
}

// MARK: - Numbers

extension FlexValue {
  private enum Number {
    case signed(Int64)
    case unsigned(UInt64)
    case floating(Double)

    /// The number as an integer, or `nil` if it has a fraction or 64 bits are too few.
    ///
    /// `init(exactly:)` would call `trunc` of the C library, which this module does not link.
    var whole: Number? {
      guard case .floating(let number) = self else { return self }
      if number >= -0x1p63, number < 0x1p63 {
        let whole = Int64(number)
        return Double(whole) == number ? .signed(whole) : nil
      }
      // From 2^53 on, a number has no fraction.
      return number >= 0x1p63 && number < 0x1p64 ? .unsigned(UInt64(number)) : nil
    }
  }

  private func number(_ wanted: StaticString) throws(ReadError) -> Number {
    switch kind {
    case .null:
      return .unsigned(0)
    case .bool:
      return .unsigned(try bytes.flexUnsigned(at: position, width: width) == 0 ? 0 : 1)
    case .int:
      return .signed(try bytes.flexSigned(at: position, width: width))
    case .uint:
      return .unsigned(try bytes.flexUnsigned(at: position, width: width))
    case .float:
      return .floating(try bytes.flexFloat(at: position, width: width))
    case .indirectInt:
      return .signed(try bytes.flexSigned(at: try target(), width: targetWidth))
    case .indirectUInt:
      return .unsigned(try bytes.flexUnsigned(at: try target(), width: targetWidth))
    case .indirectFloat:
      return .floating(try bytes.flexFloat(at: try target(), width: targetWidth))
    default:
      throw mismatch(wanted)
    }
  }

  /// Where the slot leads to.
  func target() throws(ReadError) -> Int {
    try bytes.flexTarget(at: position, width: width)
  }

  /// The value as an integer of the type that the caller wants.
  ///
  /// Integers, signed or not, and floating-point numbers without a fraction keep their value; a truth value is 0 or 1,
  /// null is 0.
  ///
  /// - Parameter type: the type of the result.
  /// - Throws: ``ReadError`` when the value is no number, has a fraction, does not fit, or leaves the bytes. A
  ///   floating-point number has to fit 64 bits in any case.
  /// - Complexity: O(1); does not allocate.
  public func int<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(ReadError) -> Value {
    let result: Value? =
      switch try number("an integer").whole {
      case .signed(let number): Value(exactly: number)
      case .unsigned(let number): Value(exactly: number)
      case .floating, nil: nil
      }
    guard let result else {
      throw ReadError(.notRepresentable, at: position, "the number is no integer of \(Value.bitWidth) bits")
    }
    return result
  }

  /// The value as a floating-point number.
  ///
  /// Integers are rounded to the nearest number; a truth value is 0 or 1, null is 0.
  ///
  /// - Throws: ``ReadError`` when the value is no number or leaves the bytes. A floating-point number of 1 or 2 bytes is
  ///   an error too: no writer makes one.
  /// - Complexity: O(1); does not allocate.
  public func double() throws(ReadError) -> Double {
    switch try number("a floating-point number") {
    case .signed(let number): Double(number)
    case .unsigned(let number): Double(number)
    case .floating(let number): number
    }
  }

  /// The value as a truth value: whether it is a number other than 0.
  ///
  /// - Throws: ``ReadError`` when the value is no number or leaves the bytes. A floating-point number that is no integer
  ///   of 64 bits is an error too: other readers do not agree on what it means.
  /// - Complexity: O(1); does not allocate.
  public func bool() throws(ReadError) -> Bool {
    switch try number("a truth value").whole {
    case .signed(let number): return number != 0
    case .unsigned(let number): return number != 0
    case .floating, nil: throw ReadError(.notRepresentable, at: position, "the number is no truth value")
    }
  }
}

// MARK: - Strings and blobs

extension FlexValue {
  /// A string or a key.
  ///
  /// - Parameter budget: what the read may cost; a key costs 1 for each 16 bytes, since its end has to be looked for.
  /// - Throws: ``ReadError`` when the value is neither, or leaves the bytes.
  /// - Complexity: O(1) for a string, O(bytes) for a key; does not allocate.
  @_lifetime(copy self)
  public func string(_ budget: inout ReadBudget) throws(ReadError) -> FlatString {
    switch kind {
    case .key:
      return try FlatString(bytes, keyAt: try target(), &budget)
    case .string:
      let start = try target()
      return FlatString(utf8: try sized(start), position: start)
    default:
      throw mismatch("a string")
    }
  }

  /// The bytes of a blob or of a string.
  ///
  /// - Throws: ``ReadError`` when the value is neither, or leaves the bytes.
  /// - Complexity: O(1); does not allocate.
  @_lifetime(copy self)
  public func blob() throws(ReadError) -> RawSpan {
    guard kind == .blob || kind == .string else { throw mismatch("a blob") }
    return try sized(try target())
  }

  /// The bytes from `start` on, as many as the count before them says.
  @_lifetime(copy self)
  private func sized(_ start: Int) throws(ReadError) -> RawSpan {
    let count = try bytes.flexCount(before: start, width: targetWidth)
    guard count <= bytes.byteCount - start else {
      throw ReadError(.outOfBounds, at: start, "\(kind.name.description) of \(count) bytes leaves the data")
    }
    return bytes.extracting(start..<(start + count))
  }
}

extension FlatString {
  /// The string from `position`, inside the bytes, to the next zero byte, exclusive.
  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, keyAt position: Int, _ budget: inout ReadBudget) throws(ReadError) {
    var end = position
    while try bytes.checkedLoad(UInt8.self, at: end) != 0 {
      if (end - position) % 16 == 0 { try budget.spend(1, at: position) }
      end += 1
    }
    self.init(utf8: bytes.extracting(position..<end), position: position)
  }
}
