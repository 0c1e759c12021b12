/// Checked reads of what FlexBuffers data is made of: integers of 1, 2, 4 or 8 bytes, some of which are offsets that
/// lead backwards from the place where they are stored. No position needs to be inside the bytes beforehand.
extension RawSpan {
  /// The unsigned integer of `width` bytes at `position`.
  func flexUnsigned(at position: Int, width: Int) throws(ReadError) -> UInt64 {
    switch width {
    case 1: return UInt64(try checkedLoad(UInt8.self, at: position))
    case 2: return UInt64(try checkedLoad(UInt16.self, at: position))
    case 4: return UInt64(try checkedLoad(UInt32.self, at: position))
    case 8: return try checkedLoad(UInt64.self, at: position)
    default: throw ReadError(.wrongType, at: position, "an integer cannot be \(width) bytes wide")
    }
  }

  /// The signed integer of `width` bytes at `position`.
  func flexSigned(at position: Int, width: Int) throws(ReadError) -> Int64 {
    switch width {
    case 1: return Int64(try checkedLoad(Int8.self, at: position))
    case 2: return Int64(try checkedLoad(Int16.self, at: position))
    case 4: return Int64(try checkedLoad(Int32.self, at: position))
    case 8: return try checkedLoad(Int64.self, at: position)
    default: throw ReadError(.wrongType, at: position, "an integer cannot be \(width) bytes wide")
    }
  }

  /// The floating-point number of `width` bytes at `position`. No writer makes one of 1 or 2 bytes, and the format does
  /// not say what it would look like.
  func flexFloat(at position: Int, width: Int) throws(ReadError) -> Double {
    switch width {
    case 4: return Double(try checkedLoad(Float.self, at: position))
    case 8: return try checkedLoad(Double.self, at: position)
    default: throw ReadError(.wrongType, at: position, "a floating-point number cannot be \(width) bytes wide")
    }
  }

  /// The count of `width` bytes that stands right before `position`, which is not negative.
  func flexCount(before position: Int, width: Int) throws(ReadError) -> Int {
    guard let count = Int(exactly: try flexUnsigned(at: position - width, width: width)) else {
      throw ReadError(.outOfBounds, at: position - width, "a count leaves the data")
    }
    return count
  }

  /// The position, at least 0 and at most `field`, that the offset of `width` bytes stored at `field` leads to.
  ///
  /// An offset of 0 is legal: the root of an empty vector stands where its elements would begin.
  func flexTarget(at field: Int, width: Int) throws(ReadError) -> Int {
    let offset = try flexUnsigned(at: field, width: width)
    guard let offset = Int(exactly: offset), offset <= field else {
      throw ReadError(.outOfBounds, at: field, "an offset of \(offset) leads before the beginning of the data")
    }
    return field - offset
  }
}
