/// A number as FlatBuffers stores it: little endian, at any alignment.
public protocol FlatScalar: BitwiseCopyable, Sendable {
  /// The number at `position`; the caller has checked that its bytes exist.
  static func load(_ bytes: borrowing RawSpan, at position: Int) -> Self

  /// The numbers that stand at `position` and behind it; the caller has checked that their bytes exist.
  static func loadArray(_ bytes: borrowing RawSpan, at position: Int, count: Int) -> [Self]
}

extension FlatScalar {
  /// The numbers that stand at `position` and behind it; a position that is not inside the bytes stops the program.
  ///
  /// - Complexity: O(count); allocates.
  @inlinable
  public static func loadArray(_ bytes: borrowing RawSpan, at position: Int, count: Int) -> [Self] {
    var elements: [Self] = []
    elements.reserveCapacity(count)
    for index in 0..<count { elements.append(load(bytes, at: position + index * MemoryLayout<Self>.size)) }
    return elements
  }
}

extension FlatScalar where Self: FixedWidthInteger {
  /// The integer at `position`; a position that is not inside the bytes stops the program.
  @inlinable
  public static func load(_ bytes: borrowing RawSpan, at position: Int) -> Self {
    // Sound: integers have no invalid bit patterns, and this form of the call checks the bounds.
    Self(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: Self.self))
  }
}

extension Int8: FlatScalar {}
extension UInt8: FlatScalar {}
extension Int16: FlatScalar {}
extension UInt16: FlatScalar {}
extension Int32: FlatScalar {}
extension UInt32: FlatScalar {}
extension Int64: FlatScalar {}
extension UInt64: FlatScalar {}

extension Float: FlatScalar {
  /// The number at `position`; a position that is not inside the bytes stops the program.
  @inlinable
  public static func load(_ bytes: borrowing RawSpan, at position: Int) -> Float {
    Float(bitPattern: UInt32.load(bytes, at: position))
  }
}

extension Double: FlatScalar {
  /// The number at `position`; a position that is not inside the bytes stops the program.
  @inlinable
  public static func load(_ bytes: borrowing RawSpan, at position: Int) -> Double {
    Double(bitPattern: UInt64.load(bytes, at: position))
  }
}

extension Bool: FlatScalar {
  /// Whether the byte at `position` is not 0; a position that is not inside the bytes stops the program.
  @inlinable
  public static func load(_ bytes: borrowing RawSpan, at position: Int) -> Bool {
    UInt8.load(bytes, at: position) != 0
  }
}

extension RawSpan {
  /// The number at `position`, or an error if its bytes are not all inside.
  @inlinable
  func checkedLoad<Scalar: FlatScalar>(_: Scalar.Type, at position: Int) throws(ReadError) -> Scalar {
    guard position >= 0, position <= byteCount - MemoryLayout<Scalar>.size else {
      throw ReadError(.outOfBounds, at: position, "a number of \(MemoryLayout<Scalar>.size) bytes leaves the data")
    }
    return Scalar.load(self, at: position)
  }

  /// The unsigned 32-bit number at `position` as an `Int`, which may be narrower on small machines.
  func checkedLoadSize(at position: Int) throws(ReadError) -> Int {
    guard let size = Int(exactly: try checkedLoad(UInt32.self, at: position)) else {
      throw ReadError(.outOfBounds, at: position, "an offset or a count leaves the data")
    }
    return size
  }

  /// The position that the unsigned offset stored at `field` leads to; at least 4 bytes are there.
  func followOffset(at field: Int) throws(ReadError) -> Int {
    let offset = try checkedLoadSize(at: field)
    guard offset > 0, offset <= byteCount - 4 - field else {
      throw ReadError(.outOfBounds, at: field, "an offset of \(offset) leads outside the data")
    }
    return field + offset
  }
}
