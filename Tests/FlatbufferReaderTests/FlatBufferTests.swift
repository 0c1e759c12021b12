import FlatbufferReader
import Testing

@Suite("FlatBuffers, written by hand")
struct FlatBufferTests {
  /// A table with three slots in its vtable, of which the second is empty.
  static let small = layout(
    .u32(16),  // 0: the root table stands at 16
    .u16(10), .u16(11),  // 4: vtable of 10 bytes; its tables have 11
    .u16(4), .u16(0), .u16(10),  // 8: slot 0 at 4 in the table, slot 1 absent, slot 2 at 10
    .zeros(2),  // 14: padding
    .i32(12),  // 16: the vtable stands 12 bytes before
    .i32(-70000),  // 20: slot 0
    .zeros(2),  // 24: padding
    .u8(1)  // 26: slot 2
  )

  @Test("a scalar that is present is read, one that is absent has its default")
  func scalars() throws {
    let bytes = Self.small
    var budget = fullBudget(bytes)
    let table = try FlatBuffer(bytes.raw).root(&budget)
    let present = try table.scalar(0, default: Int32(5))
    let absent = try table.scalar(1, default: Float(2.5))
    let flag = try table.scalar(2, default: false)
    let behind = try table.scalar(3, default: UInt64(9))
    let optional = try table.scalar(1, as: Int16.self)
    let optionalPresent = try table.scalar(2, as: UInt8.self)
    #expect(present == -70000)
    #expect(absent == 2.5)
    #expect(flag)
    #expect(behind == 9)
    #expect(optional == nil)
    #expect(optionalPresent == 1)
    let has = (try table.has(0), try table.has(1), try table.has(2), try table.has(3))
    #expect(has == (true, false, true, false))
    #expect(table.position == 16)
  }

  @Test("any byte but 0 is a true Bool", arguments: [(0, false), (1, true), (2, true), (255, true)] as [(UInt8, Bool)])
  func bools(byte: UInt8, expected: Bool) throws {
    var bytes = Self.small
    bytes[26] = byte
    var budget = fullBudget(bytes)
    let flag = try FlatBuffer(bytes.raw).root(&budget).scalar(2, default: false)
    #expect(flag == expected)
  }

  @Test("a field that leaves the data is an error, although its table does not")
  func fieldOutside() {
    let bytes = Self.small
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      _ = try FlatBuffer(bytes.raw).root(&budget).scalar(2, default: UInt16(0))
    }
    #expect(error?.code == .outOfBounds)
    #expect(error?.position == 12)
  }

  @Test("no slot that a caller may pass stops the program", arguments: [Int.min, -1, 3, 32766, 1 << 30, Int.max])
  func slots(slot: Int) throws {
    let bytes = Self.small
    var budget = fullBudget(bytes)
    let table = try FlatBuffer(bytes.raw).root(&budget)
    let has = try table.has(slot)
    let scalar = try table.scalar(slot, as: Double.self)
    let isEmpty =
      try table.structure(slot, size: Int.max) == nil && table.string(slot) == nil
      && table.vector(slot, of: UInt8.self) == nil && table.structures(slot, size: Int.max) == nil
      && table.tables(slot) == nil && table.strings(slot) == nil && table.table(slot, &budget) == nil
      && table.union(slot, &budget) == nil
    #expect(!has)
    #expect(scalar == nil)
    #expect(isEmpty)
  }

  @Test("a struct of any size ends in bytes or an error", arguments: [Int.min, -1, 0, 7, 8, Int.max - 65535, Int.max])
  func structureSizes(size: Int) {
    let bytes = Self.small
    var count = -1
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      let table = try FlatBuffer(bytes.raw).root(&budget)
      if let structure = try table.structure(0, size: size) { count = structure.bytes.byteCount }
    }
    if size <= 7 {
      #expect(count == max(size, 0))
    } else {
      #expect(error?.code == .outOfBounds)
    }
  }

  @Test("tables share a vtable that stands before one and behind the other")
  func sharedVtable() throws {
    let bytes = layout(
      .u32(12),  // 0: root
      .u16(6), .u16(8), .u16(4), .zeros(2),  // 4: vtable of the root
      .i32(8), .u32(4),  // 12: root; slot 0 leads to 20
      .u32(2), .u32(8), .u32(20),  // 20: two tables, at 32 and 48
      .i32(-8), .u8(7, 0, 0, 0),  // 32: the first; its vtable stands 8 bytes behind it
      .u16(6), .u16(8), .u16(4), .zeros(2),  // 40: the vtable of both
      .i32(8), .u8(9, 0, 0, 0)  // 48: the second; its vtable stands 8 bytes before it
    )
    var budget = fullBudget(bytes)
    let root = try FlatBuffer(bytes.raw).root(&budget)
    let tables = try present(try root.tables(0))
    #expect(tables.count == 2)
    let first = try tables.table(at: 0, &budget).scalar(0, default: UInt8(0))
    let second = try tables.table(at: 1, &budget).scalar(0, default: UInt8(0))
    #expect(first == 7)
    #expect(second == 9)
    for index in [Int.min, -1, 2, Int.max] {
      let error = readError { () throws(ReadError) in _ = try tables.table(at: index, &budget) }
      #expect(error?.code == .indexOutOfRange)
    }
    let again = try Table(revisiting: bytes.raw, at: 48, &budget).scalar(0, default: UInt8(0))
    #expect(again == 9)
  }

  @Test("no table is found where there is none", arguments: [.min, -4, 0, 18, 20, 24, .max - 3] as [Int])
  func revisiting(position: Int) {
    let bytes = Self.small
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      _ = try Table(revisiting: bytes.raw, at: position, &budget)
    }
    #expect(error?.code == .malformedTable || error?.code == .outOfBounds)
  }

  @Test("strings and vectors of strings keep their bytes, whatever they are")
  func strings() throws {
    let bytes = layout(
      .u32(12),  // 0: root
      .u16(8), .u16(12), .u16(4), .u16(8),  // 4: vtable
      .i32(8), .u32(8), .u32(16),  // 12: root; slot 0 leads to 24, slot 1 to 36
      .u32(5), .text("Löwe"), .u8(0, 0, 0),  // 24: 5 bytes and a closing zero, then padding
      .u32(3), .u32(12), .u32(16), .u32(8),  // 36: strings at 52, 60 and 56
      .u32(2), .u8(0xFF, 0, 0, 0),  // 52: a string of 2 bytes, FF and 0; as a string, 56 would have 255 bytes
      .u32(0)  // 60: an empty string
    )
    var budget = fullBudget(bytes)
    let root = try FlatBuffer(bytes.raw).root(&budget)
    let lion = try present(try root.string(0))
    let text = try lion.text(&budget)
    #expect(text == "Löwe")
    #expect(lion.position == 28)
    let strings = try present(try root.strings(1))
    #expect(strings.count == 3)
    let first = try strings.string(at: 0, &budget).text(&budget)
    let second = try strings.string(at: 1, &budget).text(&budget)
    #expect(first == "\u{FFFD}\0")
    #expect(second == "")
    let third = readError { () throws(ReadError) in _ = try strings.string(at: 2, &budget) }
    #expect(third?.code == .outOfBounds)
    for index in [Int.min, -1, 3, Int.max] {
      let error = readError { () throws(ReadError) in _ = try strings.string(at: index, &budget) }
      #expect(error?.code == .indexOutOfRange)
    }
  }

  /// A vector of 16-bit numbers at an odd position, a struct and a vector of structs.
  static let vectors = layout(
    .u32(16),  // 0: root
    .u16(10), .u16(20), .u16(4), .u16(8), .u16(16), .zeros(2),  // 4: vtable; slots at 4, 8 and 16
    .i32(12), .u32(17),  // 16: root; slot 0 leads to 37
    .f32(1.5), .u16(7), .zeros(2),  // 24: slot 1, a struct of a float, a 16-bit number and padding
    .u32(13),  // 32: slot 2 leads to 45
    .u8(0),  // 36: so that the vectors stand at odd positions
    .u32(2), .u16(0xFFFE), .u16(3),  // 37: two numbers
    .u32(2), .u8(1, 2, 3), .u8(4, 5, 6)  // 45: two structs of three bytes
  )

  @Test("vectors of numbers and structs are read at any alignment")
  func unalignedVectors() throws {
    let bytes = Self.vectors
    var budget = fullBudget(bytes)
    let root = try FlatBuffer(bytes.raw).root(&budget)
    let numbers = try present(try root.vector(0, of: Int16.self))
    #expect(numbers.count == 2)
    #expect(numbers.position == 41)
    #expect(numbers[0] == -2)
    #expect(numbers[1] == 3)
    #expect(numbers.rawBytes.byteCount == 4)
    let copy = try numbers.array(&budget)
    #expect(copy == [-2, 3])

    let structure = try present(try root.structure(1, size: 8))
    let float = try structure.scalar(at: 0, as: Float.self)
    let short = try structure.scalar(at: 4, as: UInt16.self)
    #expect(float == 1.5)
    #expect(short == 7)
    for offset in [Int.min, -1, 7, 8, Int.max] {
      let error = readError { () throws(ReadError) in _ = try structure.scalar(at: offset, as: UInt16.self) }
      #expect(error?.code == .outOfBounds)
    }

    let structures = try present(try root.structures(2, size: 3))
    #expect(structures.count == 2)
    let last = try structures.structure(at: 1).scalar(at: 2, as: UInt8.self)
    #expect(last == 6)
    for index in [Int.min, -1, 2, Int.max] {
      let error = readError { () throws(ReadError) in _ = try structures.structure(at: index) }
      #expect(error?.code == .indexOutOfRange)
    }
    let large = readError { () throws(ReadError) in _ = try root.structures(2, size: Int.max) }
    #expect(large?.code == .outOfBounds)
  }

  @Test("an offset leads forward, to 4 bytes at least", arguments: [0, 32, 0x7FFF_FFFF, 0xFFFF_FFFF])
  func offsets(offset: UInt32) {
    var bytes = Self.vectors
    #expect(bytes.count == 20 + 32 + 3)
    bytes.replaceSubrange(20..<24, with: layout(.u32(offset)))
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      _ = try FlatBuffer(bytes.raw).root(&budget).string(0)
    }
    #expect(error?.code == .outOfBounds)
    #expect(error?.position == 20)
  }

  @Test("a vector whose count leaves the data is an error", arguments: [3, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF])
  func hugeCounts(count: UInt32) {
    var bytes = Self.vectors
    bytes.replaceSubrange(45..<49, with: layout(.u32(count)))
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      _ = try FlatBuffer(bytes.raw).root(&budget).structures(2, size: 3)
    }
    #expect(error?.code == .outOfBounds)
    #expect(error?.position == 45)
  }

  /// A union in slots 0 and 1, whose member is a table with one number.
  static func union(type: UInt8, valueOffset: UInt16) -> [UInt8] {
    layout(
      .u32(12),  // 0: root
      .u16(8), .u16(12), .u16(8), .u16(valueOffset),  // 4: vtable; slot 0 at 8 in the table
      .i32(8), .u32(16), .u8(type, 0, 0, 0),  // 12: root; at 4 in it an offset that leads to 32
      .u16(6), .u16(8), .u16(4), .zeros(2),  // 24: vtable of the member
      .i32(8), .i32(-1)  // 32: member
    )
  }

  @Test("a union is its type and its table")
  func unions() throws {
    let bytes = Self.union(type: 3, valueOffset: 4)
    var budget = fullBudget(bytes)
    let union = try present(try FlatBuffer(bytes.raw).root(&budget).union(0, &budget))
    let number = try union.table.scalar(0, default: Int32(0))
    #expect(union.type == 3)
    #expect(number == -1)
  }

  @Test("a union of type NONE has no value")
  func noUnion() throws {
    let bytes = Self.union(type: 0, valueOffset: 4)
    var budget = fullBudget(bytes)
    if let union = try FlatBuffer(bytes.raw).root(&budget).union(0, &budget) {
      Issue.record("there is a union of type \(union.type)")
    }
  }

  @Test("a union with a type and without a table is an error")
  func unionWithoutValue() {
    let bytes = Self.union(type: 3, valueOffset: 0)
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      _ = try FlatBuffer(bytes.raw).root(&budget).union(0, &budget)
    }
    #expect(error?.code == .missingField)
  }

  @Test("the file identifier is compared only if one is asked for")
  func identifier() throws {
    let bytes = layout(
      .u32(12),  // 0: root
      .text("TEST"),  // 4: identifier
      .u16(4), .u16(4),  // 8: vtable without slots
      .i32(4)  // 12: table
    )
    let buffer = FlatBuffer(bytes.raw)
    let matches = (
      buffer.hasIdentifier("TEST"), buffer.hasIdentifier("TESX"), buffer.hasIdentifier("TES"),
      buffer.hasIdentifier("TESTS")
    )
    #expect(matches == (true, false, false, false))
    var budget = fullBudget(bytes)
    _ = try buffer.root(identifier: "TEST", &budget)
    _ = try buffer.root(&budget)
    let error = readError { () throws(ReadError) in _ = try buffer.root(identifier: "ELSE", &budget) }
    #expect(error?.code == .wrongIdentifier)
    #expect(FlatBuffer(bytes.raw.extracting(0..<7)).hasIdentifier("TEST") == false)
  }

  @Test("a size prefix ends the data")
  func sizePrefix() throws {
    let bytes = layout(.u32(UInt32(Self.small.count))) + Self.small + [1, 2, 3]
    var budget = fullBudget(bytes)
    let buffer = try FlatBuffer(sizePrefixed: bytes.raw)
    #expect(buffer.bytes.byteCount == Self.small.count)
    let number = try buffer.root(&budget).scalar(0, default: Int32(0))
    #expect(number == -70000)
  }

  @Test("a size prefix that leaves the data is an error", arguments: [28, 0x7FFF_FFFF, 0xFFFF_FFFF])
  func largeSizePrefix(size: UInt32) {
    let bytes = layout(.u32(size)) + Self.small
    let error = readError { () throws(ReadError) in _ = try FlatBuffer(sizePrefixed: bytes.raw) }
    #expect(error?.code == .outOfBounds)
    let short = readError { () throws(ReadError) in _ = try FlatBuffer(sizePrefixed: bytes.raw.extracting(0..<3)) }
    #expect(short?.code == .outOfBounds)
  }

  /// What is wrong, the bytes to change in ``small``, and the error.
  static let malformed: [(String, Int, [UInt8], ReadError.Code)] = [
    ("the root offset is 0", 0, [0, 0, 0, 0], .malformedTable),
    ("the root offset is odd", 0, [17, 0, 0, 0], .malformedTable),
    ("the root offset leaves the data", 0, [24, 0, 0, 0], .outOfBounds),
    ("the root offset is the largest there is", 0, [0xFC, 0xFF, 0xFF, 0xFF], .outOfBounds),
    ("the vtable stands before the data", 16, [18, 0, 0, 0], .malformedTable),
    ("the vtable stands at an odd position", 16, [11, 0, 0, 0], .malformedTable),
    ("the vtable stands behind the data", 16, [0xF0, 0xFF, 0xFF, 0xFF], .outOfBounds),
    ("the distance to the vtable is the smallest there is", 16, [0, 0, 0, 0x80], .outOfBounds),
    ("the distance to the vtable is the largest there is", 16, [0xFF, 0xFF, 0xFF, 0x7F], .malformedTable),
    ("the vtable is smaller than its head", 4, [2, 0], .malformedTable),
    ("the vtable has an odd size", 4, [9, 0], .malformedTable),
    ("the vtable leaves the data", 4, [24, 0], .malformedTable),
    ("the table leaves the data", 6, [12, 0], .malformedTable),
  ]

  @Test("a malformed table is an error", arguments: malformed)
  func malformedTables(problem: String, position: Int, change: [UInt8], code: ReadError.Code) {
    var bytes = Self.small
    bytes.replaceSubrange(position..<(position + change.count), with: change)
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      _ = try FlatBuffer(bytes.raw).root(&budget)
    }
    #expect(error?.code == code, "\(problem): \(error.map(\.description) ?? "no error")")
  }

  @Test("a field inside its table's offset to the vtable is an error", arguments: [1, 2, 3] as [UInt8])
  func fieldInHead(offset: UInt8) {
    var bytes = Self.small
    bytes[8] = offset
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      _ = try FlatBuffer(bytes.raw).root(&budget).scalar(0, default: Int32(0))
    }
    #expect(error?.code == .outOfBounds)
  }

  @Test("an error says where and why")
  func errorText() {
    let error = readError { () throws(ReadError) in
      let bytes: [UInt8] = []
      var budget = fullBudget(bytes)
      _ = try FlatBuffer(bytes.raw).root(&budget)
    }
    #expect(error?.description == "byte 0: 0 bytes are too few for a FlatBuffers file")
  }
}
