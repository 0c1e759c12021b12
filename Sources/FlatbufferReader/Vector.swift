/// Where the elements of a vector begin, and how many there are; all of them are inside the bytes.
struct VectorExtent {
  let start: Int
  let count: Int

  /// Requires `stride >= 1`.
  init(_ bytes: borrowing RawSpan, at position: Int, stride: Int) throws(ReadError) {
    let count = try bytes.checkedLoadSize(at: position)
    let start = position + 4
    guard count <= (bytes.byteCount - start) / stride else {
      throw ReadError(.outOfBounds, at: position, "a vector of \(count) elements of \(stride) bytes leaves the data")
    }
    self.start = start
    self.count = count
  }
}

/// A vector of numbers, at any alignment.
public struct FlatVector<Element: FlatScalar>: ~Escapable {
  let bytes: RawSpan
  let start: Int
  /// How many elements there are.
  public let count: Int

  @_lifetime(copy bytes)
  init(bytes: RawSpan, start: Int, count: Int) {
    self.bytes = bytes
    self.start = start
    self.count = count
  }

  /// Where the first element stands, counted in bytes from the beginning of the data.
  public var position: Int { start }

  /// The elements' bytes, as they are stored.
  public var rawBytes: RawSpan {
    @_lifetime(copy self)
    get { bytes.extracting(start..<(start + count * MemoryLayout<Element>.size)) }
  }

  /// The element at an index. It is not paid for: vectors may be shared, and a program that goes through one that it
  /// reached many times bounds that itself.
  ///
  /// - Parameter index: from 0 up to `count`, exclusive; anything else is a mistake of the program and stops it.
  /// - Complexity: O(1).
  public subscript(index: Int) -> Element {
    precondition(index >= 0 && index < count, "index outside the vector")
    return Element.load(bytes, at: start + index * MemoryLayout<Element>.size)
  }

  /// The elements in an array of their own.
  ///
  /// - Parameter budget: what the copy may cost; each element costs 1.
  /// - Throws: ``ReadError`` when the budget does not suffice.
  /// - Complexity: O(count); allocates.
  public func array(_ budget: inout ReadBudget) throws(ReadError) -> [Element] {
    try budget.spend(count, at: start)
    return Element.loadArray(bytes, at: start, count: count)
  }
}

/// A vector of tables.
public struct TableVector: ~Escapable {
  let bytes: RawSpan
  let start: Int
  let depth: Int
  /// How many tables there are.
  public let count: Int

  @_lifetime(copy bytes)
  init(bytes: RawSpan, start: Int, count: Int, depth: Int) {
    self.bytes = bytes
    self.start = start
    self.count = count
    self.depth = depth
  }

  /// The table at an index.
  ///
  /// - Parameters:
  ///   - index: from 0 up to `count`, exclusive.
  ///   - budget: what the read may cost; the table costs 1.
  /// - Throws: ``ReadError`` when the index is not inside or no table stands there.
  @_lifetime(copy self)
  public func table(at index: Int, _ budget: inout ReadBudget) throws(ReadError) -> Table {
    guard index >= 0, index < count else {
      throw ReadError(.indexOutOfRange, at: start, "index \(index) of a vector of \(count) tables")
    }
    let target = try bytes.followOffset(at: start + 4 * index)
    return try Table(bytes, at: target, depth: depth, &budget)
  }
}

/// A vector of strings.
public struct StringVector: ~Escapable {
  let bytes: RawSpan
  let start: Int
  /// How many strings there are.
  public let count: Int

  @_lifetime(copy bytes)
  init(bytes: RawSpan, start: Int, count: Int) {
    self.bytes = bytes
    self.start = start
    self.count = count
  }

  /// The string at an index.
  ///
  /// - Parameters:
  ///   - index: from 0 up to `count`, exclusive.
  ///   - budget: what the read may cost; the string costs 1.
  /// - Throws: ``ReadError`` when the index is not inside or the string leaves the bytes.
  @_lifetime(copy self)
  public func string(at index: Int, _ budget: inout ReadBudget) throws(ReadError) -> FlatString {
    guard index >= 0, index < count else {
      throw ReadError(.indexOutOfRange, at: start, "index \(index) of a vector of \(count) strings")
    }
    try budget.spend(1, at: start)
    return try FlatString(bytes, at: try bytes.followOffset(at: start + 4 * index))
  }
}

/// A vector of structs.
public struct StructureVector: ~Escapable {
  let bytes: RawSpan
  let start: Int
  let stride: Int
  /// How many structs there are.
  public let count: Int

  @_lifetime(copy bytes)
  init(bytes: RawSpan, start: Int, count: Int, stride: Int) {
    self.bytes = bytes
    self.start = start
    self.count = count
    self.stride = stride
  }

  /// The struct at an index. It is not paid for, as the elements of ``FlatVector`` are not.
  ///
  /// - Parameter index: from 0 up to `count`, exclusive.
  /// - Throws: ``ReadError`` when the index is not inside.
  @_lifetime(copy self)
  public func structure(at index: Int) throws(ReadError) -> Structure {
    guard index >= 0, index < count else {
      throw ReadError(.indexOutOfRange, at: start, "index \(index) of a vector of \(count) structs")
    }
    let position = start + stride * index
    return Structure(bytes: bytes.extracting(position..<(position + stride)), position: position)
  }
}

/// A string: UTF-8 by convention, any bytes in fact.
public struct FlatString: ~Escapable {
  /// The string's bytes, without the closing zero.
  public let utf8: RawSpan
  /// Where the first of them stands, counted from the beginning of the data.
  public let position: Int

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, at position: Int) throws(ReadError) {
    let extent = try VectorExtent(bytes, at: position, stride: 1)
    self.init(utf8: bytes.extracting(extent.start..<(extent.start + extent.count)), position: extent.start)
  }

  @_lifetime(copy utf8)
  init(utf8: RawSpan, position: Int) {
    self.utf8 = utf8
    self.position = position
  }

  /// The string in memory of its own; bytes that are not UTF-8 become U+FFFD.
  ///
  /// - Parameter budget: what the copy may cost; each byte costs 1.
  /// - Throws: ``ReadError`` when the budget does not suffice.
  /// - Complexity: O(bytes); allocates.
  public func text(_ budget: inout ReadBudget) throws(ReadError) -> String {
    try budget.spend(utf8.byteCount, at: position)
    var units: [UInt8] = []
    units.reserveCapacity(utf8.byteCount)
    for index in 0..<utf8.byteCount { units.append(UInt8.load(utf8, at: index)) }
    return String(decoding: units, as: UTF8.self)
  }
}
