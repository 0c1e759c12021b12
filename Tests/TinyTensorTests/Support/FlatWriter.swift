/// A FlatBuffers table to be written: values by slot.
struct FlatTable: Sendable {
  var fields: [Int: FlatValue]

  init(_ fields: [Int: FlatValue] = [:]) { self.fields = fields }

  subscript(slot: Int) -> FlatValue? {
    get { fields[slot] }
    set { fields[slot] = newValue }
  }
}

/// A value of a table's field.
indirect enum FlatValue: Sendable {
  case bool(Bool)
  case int8(Int8)
  case uint8(UInt8)
  case int32(Int32)
  case uint32(UInt32)
  case uint64(UInt64)
  case float(Float)
  case int16(Int16)
  case string(String)
  /// Strings of any bytes.
  case strings([[UInt8]])
  case bytes([UInt8])
  case int32s([Int32])
  case int64s([Int64])
  case floats([Float])
  case table(FlatTable)
  case tables([FlatTable])
}

/// Writes FlatBuffers front to back: a table before what it refers to, since offsets lead forward.
struct FlatWriter {
  private(set) var bytes: [UInt8]

  /// The bytes of a file with that root table.
  static func file(_ root: FlatTable, identifier: String) -> [UInt8] {
    var writer = FlatWriter(bytes: [0, 0, 0, 0] + Array(identifier.utf8))
    let position = writer.write(root)
    writer.put(UInt32(position), at: 0)
    return writer.bytes
  }

  private mutating func align(_ alignment: Int, ahead: Int = 0) {
    while (bytes.count + ahead) % alignment != 0 { bytes.append(0) }
  }

  private mutating func put<Number: FixedWidthInteger>(_ number: Number, at position: Int) {
    for index in 0..<(Number.bitWidth / 8) {
      bytes[position + index] = UInt8(truncatingIfNeeded: number >> Number(8 * index))
    }
  }

  private mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    for index in 0..<(Number.bitWidth / 8) { bytes.append(UInt8(truncatingIfNeeded: number >> Number(8 * index))) }
  }

  /// Writes a table and all that it refers to; returns where it stands.
  private mutating func write(_ table: FlatTable) -> Int {
    let slots = table.fields.keys.sorted()
    let slotCount = (slots.last ?? -1) + 1
    // Layout of the table: the offset to its vtable, then fields at their alignments.
    var offsets = [Int](repeating: 0, count: slotCount)
    var size = 4
    for slot in slots {
      guard let width = table.fields[slot]?.inlineSize else { continue }
      size = (size + width - 1) / width * width
      offsets[slot] = size
      size += width
    }
    align(8, ahead: 4 + 2 * slotCount)
    let vtable = bytes.count
    append(UInt16(4 + 2 * slotCount))
    append(UInt16(size))
    for offset in offsets { append(UInt16(offset)) }
    let position = bytes.count
    append(Int32(position - vtable))
    bytes += [UInt8](repeating: 0, count: size - 4)
    for slot in slots {
      guard let value = table.fields[slot] else { continue }
      write(value, at: position + offsets[slot])
    }
    return position
  }

  private mutating func write(_ value: FlatValue, at field: Int) {
    switch value {
    case .bool(let value): put(UInt8(value ? 1 : 0), at: field)
    case .int8(let value): put(value, at: field)
    case .uint8(let value): put(value, at: field)
    case .int16(let value): put(value, at: field)
    case .int32(let value): put(value, at: field)
    case .uint32(let value): put(value, at: field)
    case .uint64(let value): put(value, at: field)
    case .float(let value): put(value.bitPattern, at: field)
    case .table(let table):
      let position = write(table)
      put(UInt32(position - field), at: field)
    case .string(let text):
      beginVector(count: text.utf8.count, alignment: 1, at: field)
      bytes += Array(text.utf8) + [0]
    case .strings(let strings):
      beginVector(count: strings.count, alignment: 4, at: field)
      let start = bytes.count
      bytes += [UInt8](repeating: 0, count: 4 * strings.count)
      for (index, string) in strings.enumerated() {
        beginVector(count: string.count, alignment: 1, at: start + 4 * index)
        bytes += string + [0]
      }
    case .bytes(let elements):
      beginVector(count: elements.count, alignment: 16, at: field)
      bytes += elements
    case .int32s(let elements):
      beginVector(count: elements.count, alignment: 4, at: field)
      for element in elements { append(element) }
    case .int64s(let elements):
      beginVector(count: elements.count, alignment: 8, at: field)
      for element in elements { append(element) }
    case .floats(let elements):
      beginVector(count: elements.count, alignment: 4, at: field)
      for element in elements { append(element.bitPattern) }
    case .tables(let tables):
      beginVector(count: tables.count, alignment: 4, at: field)
      let start = bytes.count
      bytes += [UInt8](repeating: 0, count: 4 * tables.count)
      for (index, table) in tables.enumerated() {
        let position = write(table)
        put(UInt32(position - start - 4 * index), at: start + 4 * index)
      }
    }
  }

  private mutating func beginVector(count: Int, alignment: Int, at field: Int) {
    align(4)
    align(alignment, ahead: 4)
    put(UInt32(bytes.count - field), at: field)
    append(UInt32(count))
  }
}

extension FlatValue {
  fileprivate var inlineSize: Int {
    switch self {
    case .bool, .int8, .uint8: 1
    case .int16: 2
    case .uint64: 8
    default: 4
    }
  }
}
