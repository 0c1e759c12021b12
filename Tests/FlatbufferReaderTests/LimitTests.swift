import FlatbufferReader
import Testing

@Suite("Limits")
struct LimitTests {
  /// A chain of tables, each of which refers to the next one twice: slots 0 and 1 hold the same offset.
  ///
  /// A walk that follows both slots visits 2^(links + 1) - 1 tables.
  static func doublingTables(links: Int) -> [UInt8] {
    // 0: root offset; 4: the vtable of all links; 12: the vtable of the last table, without slots.
    var bytes = layout(.u32(16), .u16(8), .u16(12), .u16(4), .u16(8), .u16(4), .u16(4))
    for _ in 0..<links {
      let position = bytes.count
      bytes += layout(.i32(Int32(position - 4)), .u32(8), .u32(4))
    }
    bytes += layout(.i32(Int32(bytes.count - 12)))
    return bytes
  }

  /// The number of tables below `table`, both slots followed.
  func countTables(_ table: borrowing Table, _ budget: inout ReadBudget) throws(ReadError) -> Int {
    var count = 1
    for slot in 0...1 {
      if let child = try table.table(slot, &budget) { count += try countTables(child, &budget) }
    }
    return count
  }

  @Test("tables that are shared a few times are read")
  func fewTables() throws {
    let bytes = Self.doublingTables(links: 5)
    var budget = fullBudget(bytes)
    let root = try FlatBuffer(bytes.raw).root(&budget)
    let count = try countTables(root, &budget)
    #expect(count == 63)
    #expect(budget.remainingWork == 4096 - 63)
  }

  @Test("a small file that describes an exponential number of tables ends in tooMuchWork")
  func exponentialTables() {
    let bytes = Self.doublingTables(links: 50)
    var remaining = -1
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      defer { remaining = budget.remainingWork }
      let root = try FlatBuffer(bytes.raw).root(&budget)
      _ = try countTables(root, &budget)
    }
    #expect(error?.code == .tooMuchWork)
    #expect(remaining == 0)
  }

  @Test("as many tables stand inside each other as the limit says, and no more", arguments: [62, 63, 64])
  func deepTables(links: Int) {
    let bytes = Self.doublingTables(links: links)
    func descend(_ table: borrowing Table, _ budget: inout ReadBudget) throws(ReadError) {
      if let child = try table.table(1, &budget) { try descend(child, &budget) }
    }
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      let root = try FlatBuffer(bytes.raw).root(&budget)
      try descend(root, &budget)
    }
    #expect(error?.code == (links < 64 ? nil : .tooDeep))
  }

  @Test("a table inside a vector or a union is one level deeper")
  func depthOfContainers() {
    let bytes = FlatBufferTests.union(type: 1, valueOffset: 4)
    let error = readError { () throws(ReadError) in
      var budget = ReadBudget(ReadLimits(maximumDepth: 1, maximumWork: 100))
      _ = try FlatBuffer(bytes.raw).root(&budget).union(0, &budget)
    }
    #expect(error?.code == .tooDeep)

    let vector = layout(
      .u32(12), .u16(6), .u16(8), .u16(4), .zeros(2),  // 0: root offset, vtable
      .i32(8), .u32(4), .u32(1), .u32(4),  // 12: root, a vector of one table at 28
      .i32(24), .zeros(4)  // 28: a table with the root's vtable
    )
    let vectorError = readError { () throws(ReadError) in
      var budget = ReadBudget(ReadLimits(maximumDepth: 1, maximumWork: 100))
      let tables = try FlatBuffer(vector.raw).root(&budget).tables(0)
      _ = try tables?.table(at: 0, &budget)
    }
    #expect(vectorError?.code == .tooDeep)
  }

  @Test("copies of numbers and strings are paid for")
  func copies() throws {
    let bytes = FlatBufferTests.vectors
    var budget = ReadBudget(ReadLimits(maximumWork: 2))
    let root = try FlatBuffer(bytes.raw).root(&budget)
    let numbers = try present(try root.vector(0, of: Int16.self))
    let error = readError { () throws(ReadError) in _ = try numbers.array(&budget) }
    #expect(error?.code == .tooMuchWork)
    #expect(error?.position == 41)

    let text = layout(.text("long text"), .u8(0), .u8(10), .u8(FlexKind.key.rawValue << 2), .u8(1))
    budget = ReadBudget(ReadLimits(maximumWork: 10))
    let string = try FlexValue(root: text.raw, &budget).string(&budget)
    let textError = readError { () throws(ReadError) in _ = try string.text(&budget) }
    #expect(textError?.code == .tooMuchWork)
    #expect(textError?.position == string.position)
  }

  /// A type byte of a vector whose numbers are of 1 byte.
  static let vector = FlexKind.vector.rawValue << 2

  @Test("a FlexBuffers vector that contains itself ends in tooDeep")
  func vectorInItself() {
    // 0: count; 1: a slot that leads 0 bytes back, to itself; 2: its type; 3: root, leads to 1.
    let bytes = layout(.u8(1), .u8(0), .u8(Self.vector), .u8(2), .u8(Self.vector), .u8(1))
    var walk = Walk(ReadLimits(forByteCount: bytes.count))
    walk.file("flex", bytes.raw)
    #expect(walk.codes == [.tooDeep])
    #expect(walk.visits == 65)
  }

  @Test("a FlexBuffers vector that contains itself twice ends in tooMuchWork")
  func vectorTwiceInItself() {
    // 0: count; 1: slots that lead 0 and 1 bytes back, both to 1; 3: their types; 5: root, leads to 1.
    let bytes = layout(.u8(2), .u8(0, 1), .u8(Self.vector, Self.vector), .u8(4), .u8(Self.vector), .u8(1))
    var walk = Walk(ReadLimits(forByteCount: bytes.count))
    walk.file("flex", bytes.raw)
    #expect(walk.codes.contains(.tooMuchWork))
    #expect(walk.budget.remainingWork == 0)
    #expect(walk.visits <= 4096)
  }

  @Test("a FlexBuffers map that contains itself ends in tooDeep")
  func mapInItself() {
    let map = FlexKind.map.rawValue << 2
    // 0: the key "k"; 2: count of keys, and the key's slot at 3, leads to 0; 4: keys at 3, of 1 byte each, count;
    // 7: the value, leads to itself; 8: its type; 9: root, leads to 7.
    let bytes = layout(.text("k"), .u8(0), .u8(1, 3), .u8(1, 1, 1), .u8(0), .u8(map), .u8(2), .u8(map), .u8(1))
    var walk = Walk(ReadLimits(forByteCount: bytes.count))
    walk.file("flex", bytes.raw)
    #expect(walk.codes == [.tooDeep])
  }

  /// Vectors that hold the one before them twice; the first holds two nulls.
  static func doublingVectors(links: Int) -> [UInt8] {
    // Each is 5 bytes: count, two slots, two types; its slots stand 1 byte behind its beginning, and the one before it
    // began 5 bytes earlier.
    var bytes = layout(.u8(2), .u8(0, 0), .u8(0, 0))
    for _ in 0..<links { bytes += layout(.u8(2), .u8(5, 6), .u8(vector, vector)) }
    return bytes + layout(.u8(4), .u8(vector), .u8(1))
  }

  @Test("FlexBuffers vectors that are shared exponentially often end in tooMuchWork", arguments: [5, 50])
  func exponentialVectors(links: Int) {
    let bytes = Self.doublingVectors(links: links)
    var walk = Walk(ReadLimits(forByteCount: bytes.count))
    walk.file("flex", bytes.raw)
    if links == 5 {
      // 2^(links + 1) - 1 vectors and 2^(links + 1) nulls.
      #expect(walk.errors == 0)
      #expect(walk.visits == 127)
    } else {
      #expect(walk.codes == [.tooMuchWork])
      #expect(walk.visits <= 4096)
    }
  }

  @Test("as many FlexBuffers vectors stand inside each other as the limit says, and no more", arguments: [63, 64])
  func deepVectors(links: Int) {
    // One slot each: count, slot, type; 3 bytes apart. The innermost is empty, in a count and a root's place.
    var bytes = layout(.u8(1), .u8(0), .u8(0))
    for _ in 0..<links { bytes += layout(.u8(1), .u8(3), .u8(Self.vector)) }
    bytes += layout(.u8(2), .u8(Self.vector), .u8(1))
    var walk = Walk(ReadLimits(forByteCount: bytes.count))
    walk.file("flex", bytes.raw)
    #expect(walk.codes == (links < 64 ? [] : [.tooDeep]))
  }

  @Test("limits are generous to files of their size", arguments: [0, 1024, 1025, Int.max / 4, Int.max])
  func limits(byteCount: Int) {
    let limits = ReadLimits(forByteCount: byteCount)
    #expect(limits.maximumWork >= 4096)
    #expect(limits.maximumWork >= byteCount)
    #expect(limits.maximumDepth == 64)
  }

  @Test("limits below 1 allow nothing", arguments: [0, -1, Int.min])
  func noLimits(limit: Int) {
    let bytes = FlatBufferTests.small
    let work = readError { () throws(ReadError) in
      var budget = ReadBudget(ReadLimits(maximumWork: limit))
      _ = try FlatBuffer(bytes.raw).root(&budget)
    }
    let depth = readError { () throws(ReadError) in
      var budget = ReadBudget(ReadLimits(maximumDepth: limit, maximumWork: 100))
      _ = try FlatBuffer(bytes.raw).root(&budget)
    }
    #expect(work?.code == .tooMuchWork)
    #expect(depth?.code == .tooDeep)
  }
}
