/// Bytes in the FlatBuffers wire format, viewed where they are.
///
/// Nothing is copied and nothing is trusted: every offset is checked when it is followed. The views (``Table``,
/// ``FlatVector``, ``TableVector``, ``StringVector``, ``FlatString``) cannot outlive the bytes they look at.
///
/// ```swift
/// let buffer = FlatBuffer(bytes.span.bytes)
/// var budget = ReadBudget(ReadLimits(forByteCount: bytes.count))
/// let monster = try buffer.root(identifier: "MONS", &budget)
/// let health = try monster.scalar(2, default: Int16(100))
/// ```
///
/// Format: the FlatBuffers "internals" document. All numbers are little endian; offsets to tables, strings and vectors
/// are unsigned, 32 bits wide and relative to the place where they are stored.
public struct FlatBuffer: ~Escapable {
  /// The bytes, from the place that offsets and file identifier are counted from.
  public let bytes: RawSpan

  /// A view of bytes that begin with the root offset.
  ///
  /// - Parameter bytes: the whole file or message. Bytes behind the data are allowed.
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) {
    self.bytes = bytes
  }

  /// A view of bytes that begin with a 32-bit size, as `FinishSizePrefixed` writes them.
  ///
  /// Positions in errors are counted from the byte after the prefix.
  ///
  /// - Parameter bytes: the prefix and what follows.
  /// - Throws: ``ReadError`` when the size is larger than what follows the prefix.
  @_lifetime(copy bytes)
  public init(sizePrefixed bytes: RawSpan) throws(ReadError) {
    let size = try bytes.checkedLoadSize(at: 0)
    guard size <= bytes.byteCount - 4 else {
      throw ReadError(.outOfBounds, at: 0, "the size prefix says \(size) bytes, but \(bytes.byteCount - 4) follow")
    }
    self.bytes = bytes.extracting(4..<(4 + size))
  }

  /// Whether bytes 4 to 7 are this file identifier.
  ///
  /// - Parameter identifier: four ASCII characters.
  public func hasIdentifier(_ identifier: StaticString) -> Bool {
    let characters = identifier.description.utf8
    guard bytes.byteCount >= 8, characters.count == 4 else { return false }
    var position = 4
    for character in characters {
      if UInt8.load(bytes, at: position) != character { return false }
      position += 1
    }
    return true
  }

  /// The root table.
  ///
  /// - Parameters:
  ///   - identifier: four ASCII characters that bytes 4 to 7 must be, or `nil` for any.
  ///   - budget: what the read may cost; the table costs 1.
  /// - Throws: ``ReadError`` when the identifier differs or no table stands where the root offset points.
  @_lifetime(copy self)
  public func root(identifier: StaticString? = nil, _ budget: inout ReadBudget) throws(ReadError) -> Table {
    guard bytes.byteCount >= 8 else {
      throw ReadError(.outOfBounds, at: 0, "\(bytes.byteCount) bytes are too few for a FlatBuffers file")
    }
    if let identifier, !hasIdentifier(identifier) {
      throw ReadError(.wrongIdentifier, at: 4, "the file identifier is not \(identifier.description)")
    }
    let offset = try bytes.checkedLoadSize(at: 0)
    return try Table(bytes, at: offset, depth: 1, &budget)
  }
}
