/// A FlexBuffers map: values with keys, in the order of the keys' bytes.
public struct FlexMap: ~Escapable {
  /// The values, in the order of their keys.
  public let values: FlexVector

  let bytes: RawSpan
  /// Where the slots of the keys begin; as many as there are values are inside the bytes.
  let keys: Int
  /// The width of a key's slot in bytes: 1, 2, 4 or 8.
  let keyWidth: Int

  /// The map whose values begin at `start`.
  ///
  /// Before them stand three numbers of `width` bytes: the distance back to the keys, the width of the keys' slots and
  /// the count of values. The keys are a typed vector, with a count of their own.
  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, at start: Int, width: Int, depth: Int, _ budget: inout ReadBudget) throws(ReadError) {
    let count = try bytes.flexCount(before: start, width: width)
    let values = try FlexVector(
      bytes, at: start, count: count, width: width, elementKind: nil, depth: depth, &budget)
    let keys = try bytes.flexTarget(at: start - 3 * width, width: width)
    let keyWidth = try bytes.flexUnsigned(at: start - 2 * width, width: width)
    guard keyWidth == 1 || keyWidth == 2 || keyWidth == 4 || keyWidth == 8 else {
      throw ReadError(.wrongType, at: start - 2 * width, "the keys of a map cannot be \(keyWidth) bytes wide")
    }
    self.bytes = bytes
    self.values = values
    self.keys = keys
    self.keyWidth = Int(keyWidth)
    let keyCount = try bytes.flexCount(before: keys, width: self.keyWidth)
    guard keyCount == count else {
      throw ReadError(.malformedTable, at: start, "a map has \(count) values and \(keyCount) keys")
    }
    guard count <= (bytes.byteCount - keys) / self.keyWidth else {
      throw ReadError(.outOfBounds, at: keys, "\(count) keys of \(keyWidth) bytes leave the data")
    }
  }

  /// How many values there are.
  public var count: Int { values.count }

  /// The key at an index.
  ///
  /// - Parameters:
  ///   - index: from 0 up to `count`, exclusive.
  ///   - budget: what the read may cost; the key costs 1, and 1 for each 16 of its bytes.
  /// - Throws: ``ReadError`` when the index is not inside or the key leaves the bytes.
  /// - Complexity: O(bytes of the key); does not allocate.
  @_lifetime(copy self)
  public func key(at index: Int, _ budget: inout ReadBudget) throws(ReadError) -> FlatString {
    guard index >= 0, index < count else {
      throw ReadError(.indexOutOfRange, at: keys, "index \(index) of a map of \(count) values")
    }
    try budget.spend(1, at: keys)
    return try FlatString(bytes, keyAt: try keyPosition(index), &budget)
  }

  /// The value at an index.
  ///
  /// - Parameters:
  ///   - index: from 0 up to `count`, exclusive.
  ///   - budget: what the read may cost; the value costs 1.
  /// - Throws: ``ReadError`` when the index is not inside or the value has no known type.
  /// - Complexity: O(1); does not allocate.
  @_lifetime(copy self)
  public func value(at index: Int, _ budget: inout ReadBudget) throws(ReadError) -> FlexValue {
    try values.value(at: index, &budget)
  }

  /// The value of a key, or `nil` if the map does not have it.
  ///
  /// In a map whose keys are out of order, which no writer makes, a key may not be found.
  ///
  /// - Parameters:
  ///   - key: the key; its bytes in UTF-8 are compared.
  ///   - budget: what the read may cost; each comparison and the value cost 1.
  /// - Throws: ``ReadError`` when a key that is compared leaves the bytes, or the value has no known type.
  /// - Complexity: O(bytes of the key * log(`count`)); does not allocate.
  @_lifetime(copy self)
  public func value(forKey key: String, _ budget: inout ReadBudget) throws(ReadError) -> FlexValue? {
    var lower = 0
    var upper = count
    while lower < upper {
      let middle = lower + (upper - lower) / 2
      try budget.spend(1, at: keys)
      switch try compare(keyAt: try keyPosition(middle), with: key) {
      case .equal: return try values.value(at: middle, &budget)
      case .less: lower = middle + 1
      case .greater: upper = middle
      }
    }
    return nil
  }

  private enum Order {
    case less
    case equal
    case greater
  }

  /// Where the key at an index, which is inside, begins.
  private func keyPosition(_ index: Int) throws(ReadError) -> Int {
    try bytes.flexTarget(at: keys + keyWidth * index, width: keyWidth)
  }

  /// How the stored key compares to `key`, by bytes without a sign.
  private func compare(keyAt position: Int, with key: String) throws(ReadError) -> Order {
    var position = position
    for wanted in key.utf8 {
      let stored = try bytes.checkedLoad(UInt8.self, at: position)
      // A stored key ends with its zero, also where `key` has a zero at that place.
      if stored == 0 { return .less }
      if stored != wanted { return stored < wanted ? .less : .greater }
      position += 1
    }
    return try bytes.checkedLoad(UInt8.self, at: position) == 0 ? .equal : .greater
  }
}

extension FlexValue {
  /// A map.
  ///
  /// - Parameter budget: what the read may cost; the map costs 1.
  /// - Throws: ``ReadError`` when the value is no map, leaves the bytes, or is nested too deep. Its keys and values are
  ///   checked when they are reached.
  /// - Complexity: O(1); does not allocate.
  @_lifetime(copy self)
  public func map(_ budget: inout ReadBudget) throws(ReadError) -> FlexMap {
    guard kind == .map else { throw mismatch("a map") }
    return try FlexMap(bytes, at: try target(), width: targetWidth, depth: depth, &budget)
  }
}
