/// A FlexBuffers vector: values, each with its own type or all of one type.
public struct FlexVector: ~Escapable {
  let bytes: RawSpan
  let start: Int
  /// The width of an element's slot in bytes: 1, 2, 4 or 8.
  let width: Int
  /// The type of all elements, or `nil` where a type byte for each follows the slots.
  let elementKind: FlexKind?
  let depth: Int
  /// How many elements there are.
  public let count: Int

  /// A vector whose slots begin at `start`, inside the bytes; `count` is a number that was read.
  ///
  /// Afterwards all slots, and all type bytes where there are any, are known to be inside the bytes.
  @_lifetime(copy bytes)
  init(
    _ bytes: RawSpan, at start: Int, count: Int, width: Int, elementKind: FlexKind?, depth: Int,
    _ budget: inout ReadBudget
  ) throws(ReadError) {
    try budget.spend(1, at: start)
    try budget.checkDepth(depth, at: start)
    let stride = elementKind == nil ? width + 1 : width
    guard count <= (bytes.byteCount - start) / stride else {
      throw ReadError(.outOfBounds, at: start, "a vector of \(count) elements of \(stride) bytes leaves the data")
    }
    self.bytes = bytes
    self.start = start
    self.width = width
    self.elementKind = elementKind
    self.depth = depth
    self.count = count
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
    guard index >= 0, index < count else {
      throw ReadError(.indexOutOfRange, at: start, "index \(index) of a vector of \(count) values")
    }
    let position = start + width * index
    try budget.spend(1, at: position)
    if let elementKind {
      return FlexValue(bytes, at: position, kind: elementKind, width: width, targetWidth: 1, depth: depth + 1)
    }
    let typePosition = start + width * count + index
    return try FlexValue(bytes, at: position, width: width, typePosition: typePosition, depth: depth + 1)
  }
}

extension FlexValue {
  /// A vector of any type, or the values of a map.
  ///
  /// - Parameter budget: what the read may cost; the vector costs 1.
  /// - Throws: ``ReadError`` when the value is neither, leaves the bytes, or is nested too deep. Its elements are checked
  ///   when they are reached.
  /// - Complexity: O(1); does not allocate.
  @_lifetime(copy self)
  public func vector(_ budget: inout ReadBudget) throws(ReadError) -> FlexVector {
    guard let elements = kind.elements else { throw mismatch("a vector") }
    let start = try target()
    let elementKind: FlexKind?
    let count: Int
    switch elements {
    case .mixed:
      elementKind = nil
      count = try bytes.flexCount(before: start, width: targetWidth)
    case .typed(let kind):
      elementKind = kind
      count = try bytes.flexCount(before: start, width: targetWidth)
    case .fixed(let kind, let fixedCount):
      elementKind = kind
      count = fixedCount
    }
    return try FlexVector(
      bytes, at: start, count: count, width: targetWidth, elementKind: elementKind, depth: depth, &budget)
  }
}
