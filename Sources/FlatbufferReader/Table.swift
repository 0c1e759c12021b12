/// A table: fields by slot, each of which may be absent.
///
/// Slot `k` is the field with `id: k` in the schema (a union takes two: its type, then its value). Reading a scalar
/// costs two checked loads; nothing is allocated.
public struct Table: ~Escapable {
  /// The bytes that all positions refer to.
  public let bytes: RawSpan
  /// Where the table begins.
  public let position: Int

  let vtable: Int
  let vtableSize: Int
  let depth: Int

  /// Checks that a table and its vtable stand at `position`.
  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, at position: Int, depth: Int, _ budget: inout ReadBudget) throws(ReadError) {
    try budget.spend(1, at: position)
    try budget.checkDepth(depth, at: position)
    guard position > 0, position % 4 == 0 else {
      throw ReadError(.malformedTable, at: position, "a table must stand at a positive multiple of 4")
    }
    let distance = Int(try bytes.checkedLoad(Int32.self, at: position))
    let (vtable, overflow) = position.subtractingReportingOverflow(distance)
    guard !overflow, vtable >= 0, vtable % 2 == 0 else {
      throw ReadError(.malformedTable, at: position, "the vtable would stand at \(vtable)")
    }
    let vtableSize = Int(try bytes.checkedLoad(UInt16.self, at: vtable))
    guard vtableSize >= 4, vtableSize % 2 == 0, vtableSize <= bytes.byteCount - vtable else {
      throw ReadError(.malformedTable, at: vtable, "a vtable cannot have \(vtableSize) bytes here")
    }
    let tableSize = Int(UInt16.load(bytes, at: vtable + 2))
    guard tableSize <= bytes.byteCount - position else {
      throw ReadError(.malformedTable, at: vtable + 2, "a table of \(tableSize) bytes leaves the data")
    }
    self.bytes = bytes
    self.position = position
    self.vtable = vtable
    self.vtableSize = vtableSize
    self.depth = depth
  }

  /// A table whose position was noted from ``position`` earlier, in the same bytes.
  ///
  /// The position is checked again, so that a wrong one ends in an error. Depth is counted from this table on.
  ///
  /// - Parameters:
  ///   - bytes: the same bytes as before.
  ///   - position: where the table begins.
  ///   - budget: what the read may cost; the table costs 1.
  /// - Throws: ``ReadError`` when no table stands there.
  @_lifetime(copy bytes)
  public init(revisiting bytes: RawSpan, at position: Int, _ budget: inout ReadBudget) throws(ReadError) {
    try self.init(bytes, at: position, depth: 1, &budget)
  }

  /// Where the field of a slot stands, or `nil` if it is absent. `size` bytes are there. Requires `size >= 0`.
  func field(_ slot: Int, size: Int) throws(ReadError) -> Int? {
    // Compared before it is multiplied: the caller may pass any number.
    guard slot >= 0, slot < (vtableSize - 4) / 2 else { return nil }
    let entry = 4 + 2 * slot
    let offset = Int(UInt16.load(bytes, at: vtable + entry))
    if offset == 0 { return nil }
    guard offset >= 4, offset <= bytes.byteCount - position, size <= bytes.byteCount - position - offset else {
      throw ReadError(.outOfBounds, at: vtable + entry, "field \(slot) of the table at \(position) leaves the data")
    }
    return position + offset
  }

  /// Follows the offset stored in a slot, or gives `nil` if it is absent.
  func target(_ slot: Int) throws(ReadError) -> Int? {
    guard let field = try field(slot, size: 4) else { return nil }
    return try bytes.followOffset(at: field)
  }

  /// Whether the slot holds a value; one that is absent stands for its default.
  ///
  /// - Parameter slot: the field's slot.
  /// - Throws: ``ReadError`` when the field lies outside the bytes.
  public func has(_ slot: Int) throws(ReadError) -> Bool {
    try field(slot, size: 0) != nil
  }

  /// A number.
  ///
  /// - Parameters:
  ///   - slot: the field's slot.
  ///   - default: what the schema says that absence means.
  /// - Throws: ``ReadError`` when the field lies outside the bytes.
  public func scalar<Scalar: FlatScalar>(_ slot: Int, default: Scalar) throws(ReadError) -> Scalar {
    try scalar(slot) ?? `default`
  }

  /// A number whose absence means something (`= null` in the schema).
  ///
  /// - Parameters:
  ///   - slot: the field's slot.
  ///   - type: the field's type.
  /// - Throws: ``ReadError`` when the field lies outside the bytes.
  public func scalar<Scalar: FlatScalar>(
    _ slot: Int, as type: Scalar.Type = Scalar.self
  ) throws(ReadError) -> Scalar? {
    guard let field = try field(slot, size: MemoryLayout<Scalar>.size) else { return nil }
    return Scalar.load(bytes, at: field)
  }

  /// A struct, which stands inside the table.
  ///
  /// - Parameters:
  ///   - slot: the field's slot.
  ///   - size: the struct's size in bytes, its padding included.
  /// - Throws: ``ReadError`` when the field lies outside the bytes.
  @_lifetime(copy self)
  public func structure(_ slot: Int, size: Int) throws(ReadError) -> Structure? {
    guard let field = try field(slot, size: max(size, 0)) else { return nil }
    return Structure(bytes: bytes.extracting(field..<(field + max(size, 0))), position: field)
  }

  /// A table.
  ///
  /// - Parameters:
  ///   - slot: the field's slot.
  ///   - budget: what the read may cost; the table costs 1.
  /// - Throws: ``ReadError`` when no table stands there or it is nested too deep.
  @_lifetime(copy self)
  public func table(_ slot: Int, _ budget: inout ReadBudget) throws(ReadError) -> Table? {
    guard let target = try target(slot) else { return nil }
    return try Table(bytes, at: target, depth: depth + 1, &budget)
  }

  /// A string.
  ///
  /// - Parameter slot: the field's slot.
  /// - Throws: ``ReadError`` when it leaves the bytes.
  @_lifetime(copy self)
  public func string(_ slot: Int) throws(ReadError) -> FlatString? {
    guard let target = try target(slot) else { return nil }
    return try FlatString(bytes, at: target)
  }

  /// A vector of numbers.
  ///
  /// - Parameters:
  ///   - slot: the field's slot.
  ///   - type: the type of its elements.
  /// - Throws: ``ReadError`` when it leaves the bytes.
  @_lifetime(copy self)
  public func vector<Scalar: FlatScalar>(
    _ slot: Int, of type: Scalar.Type
  ) throws(ReadError) -> FlatVector<Scalar>? {
    guard let target = try target(slot) else { return nil }
    let extent = try VectorExtent(bytes, at: target, stride: MemoryLayout<Scalar>.size)
    return FlatVector(bytes: bytes, start: extent.start, count: extent.count)
  }

  /// A vector of structs.
  ///
  /// - Parameters:
  ///   - slot: the field's slot.
  ///   - size: the struct's size in bytes, its padding included; at least 1.
  /// - Throws: ``ReadError`` when it leaves the bytes.
  @_lifetime(copy self)
  public func structures(_ slot: Int, size: Int) throws(ReadError) -> StructureVector? {
    guard let target = try target(slot) else { return nil }
    let extent = try VectorExtent(bytes, at: target, stride: max(size, 1))
    return StructureVector(bytes: bytes, start: extent.start, count: extent.count, stride: max(size, 1))
  }

  /// A vector of tables.
  ///
  /// - Parameter slot: the field's slot.
  /// - Throws: ``ReadError`` when the vector leaves the bytes; its tables are checked when they are reached.
  @_lifetime(copy self)
  public func tables(_ slot: Int) throws(ReadError) -> TableVector? {
    guard let target = try target(slot) else { return nil }
    let extent = try VectorExtent(bytes, at: target, stride: 4)
    return TableVector(bytes: bytes, start: extent.start, count: extent.count, depth: depth + 1)
  }

  /// A vector of strings.
  ///
  /// - Parameter slot: the field's slot.
  /// - Throws: ``ReadError`` when the vector leaves the bytes; its strings are checked when they are reached.
  @_lifetime(copy self)
  public func strings(_ slot: Int) throws(ReadError) -> StringVector? {
    guard let target = try target(slot) else { return nil }
    let extent = try VectorExtent(bytes, at: target, stride: 4)
    return StringVector(bytes: bytes, start: extent.start, count: extent.count)
  }

  /// A union: its type in `slot`, its table in the slot behind it.
  ///
  /// - Parameters:
  ///   - slot: the slot of the union's type.
  ///   - budget: what the read may cost; the table costs 1.
  /// - Returns: the type's number and the table, or `nil` for type 0 (`NONE`).
  /// - Throws: ``ReadError`` when a type is given without a table, or the table is malformed.
  @_lifetime(copy self)
  public func union(_ slot: Int, _ budget: inout ReadBudget) throws(ReadError) -> Union? {
    let type = try scalar(slot, default: UInt8(0))
    if type == 0 { return nil }
    guard let target = try target(slot + 1) else {
      throw ReadError(.missingField, at: position, "the union in slot \(slot) has type \(type) but no value")
    }
    return Union(type: type, table: try Table(bytes, at: target, depth: depth + 1, &budget))
  }
}

/// A union's value: which member it is, and its table.
public struct Union: ~Escapable {
  /// The member's number in the schema, from 1.
  public let type: UInt8
  /// The member's table.
  public let table: Table

  @_lifetime(copy table)
  init(type: UInt8, table: consuming Table) {
    self.type = type
    self.table = table
  }
}

/// A struct: fields at fixed offsets, all present.
public struct Structure: ~Escapable {
  /// The struct's own bytes.
  public let bytes: RawSpan
  /// Where it begins in the whole.
  public let position: Int

  @_lifetime(copy bytes)
  init(bytes: RawSpan, position: Int) {
    self.bytes = bytes
    self.position = position
  }

  /// A number.
  ///
  /// - Parameters:
  ///   - offset: the field's offset inside the struct in bytes.
  ///   - type: the field's type.
  /// - Throws: ``ReadError`` when the field leaves the struct.
  public func scalar<Scalar: FlatScalar>(at offset: Int, as type: Scalar.Type = Scalar.self) throws(ReadError) -> Scalar
  {
    guard offset >= 0, offset <= bytes.byteCount - MemoryLayout<Scalar>.size else {
      throw ReadError(.outOfBounds, at: position, "a field at offset \(offset) leaves its struct")
    }
    return Scalar.load(bytes, at: offset)
  }
}

extension Table {
  /// Where the table in a slot would begin, without a look at it; ``init(revisiting:at:_:)`` opens it later.
  ///
  /// - Parameter slot: the field's slot.
  /// - Returns: `nil` if the field is absent.
  /// - Throws: ``ReadError`` when the offset leads outside the bytes.
  public func unverifiedTablePosition(_ slot: Int) throws(ReadError) -> Int? {
    try target(slot)
  }
}
