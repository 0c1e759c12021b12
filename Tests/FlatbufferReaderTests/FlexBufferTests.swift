import FlatbufferReader
import Testing

/// A type byte: the kind, and the width in bytes of the numbers it leads to.
private func type(_ kind: FlexKind, _ width: Int = 1) -> Part {
  .u8(kind.rawValue << 2 | UInt8(width.trailingZeroBitCount))
}

@Suite("FlexBuffers, written by hand")
struct FlexBufferTests {
  /// What a root that is a number reads as.
  struct Number: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let kind: FlexKind
    let double: Double
    let int: Int64?
    let uint: UInt64?
    let bool: Bool?

    var testDescription: String { name }
  }

  /// A root is its slot, a type byte and the slot's width; an indirect number stands before the slot, which says how
  /// many bytes before.
  static let numbers: [Number] = [
    Number(
      name: "null", bytes: layout(.u8(0), type(.null), .u8(1)),
      kind: .null, double: 0, int: 0, uint: 0, bool: false),
    Number(
      name: "Int8", bytes: layout(.u8(0x80), type(.int), .u8(1)),
      kind: .int, double: -128, int: -128, uint: nil, bool: true),
    Number(
      name: "Int16", bytes: layout(.u16(0x7FFF), type(.int), .u8(2)),
      kind: .int, double: 32767, int: 32767, uint: 32767, bool: true),
    Number(
      name: "Int32", bytes: layout(.i32(.min), type(.int), .u8(4)),
      kind: .int, double: -2_147_483_648, int: -2_147_483_648, uint: nil, bool: true),
    Number(
      name: "Int64", bytes: layout(.i64(.min), type(.int), .u8(8)),
      kind: .int, double: -0x1p63, int: .min, uint: nil, bool: true),
    Number(
      name: "UInt8", bytes: layout(.u8(0xFF), type(.uint), .u8(1)),
      kind: .uint, double: 255, int: 255, uint: 255, bool: true),
    Number(
      name: "UInt16", bytes: layout(.u16(0xFFFF), type(.uint), .u8(2)),
      kind: .uint, double: 65535, int: 65535, uint: 65535, bool: true),
    Number(
      name: "UInt32", bytes: layout(.u32(0xFFFF_FFFF), type(.uint), .u8(4)),
      kind: .uint, double: 4_294_967_295, int: 4_294_967_295, uint: 4_294_967_295, bool: true),
    Number(
      name: "UInt64", bytes: layout(.u64(.max), type(.uint), .u8(8)),
      kind: .uint, double: 0x1p64, int: nil, uint: .max, bool: true),
    Number(
      name: "true", bytes: layout(.u8(2), type(.bool), .u8(1)),
      kind: .bool, double: 1, int: 1, uint: 1, bool: true),
    Number(
      name: "false of 8 bytes", bytes: layout(.u64(0), type(.bool), .u8(8)),
      kind: .bool, double: 0, int: 0, uint: 0, bool: false),
    Number(
      name: "a whole Float", bytes: layout(.f32(-3), type(.float, 4), .u8(4)),
      kind: .float, double: -3, int: -3, uint: nil, bool: true),
    Number(
      name: "a Double with a fraction", bytes: layout(.f64(0.5), type(.float, 8), .u8(8)),
      kind: .float, double: 0.5, int: nil, uint: nil, bool: nil),
    Number(
      name: "minus 0", bytes: layout(.f64(-0.0), type(.float, 8), .u8(8)),
      kind: .float, double: -0.0, int: 0, uint: 0, bool: false),
    Number(
      name: "the Double 2^63", bytes: layout(.f64(0x1p63), type(.float, 8), .u8(8)),
      kind: .float, double: 0x1p63, int: nil, uint: 1 << 63, bool: true),
    Number(
      name: "the Double -2^63", bytes: layout(.f64(-0x1p63), type(.float, 8), .u8(8)),
      kind: .float, double: -0x1p63, int: .min, uint: nil, bool: true),
    Number(
      name: "the Double below 2^64", bytes: layout(.f64(0x1.fffffffffffffp63), type(.float, 8), .u8(8)),
      kind: .float, double: 0x1.fffffffffffffp63, int: nil, uint: 0xFFFF_FFFF_FFFF_F800, bool: true),
    Number(
      name: "the Double 2^64", bytes: layout(.f64(0x1p64), type(.float, 8), .u8(8)),
      kind: .float, double: 0x1p64, int: nil, uint: nil, bool: nil),
    Number(
      name: "infinity", bytes: layout(.f32(.infinity), type(.float, 4), .u8(4)),
      kind: .float, double: .infinity, int: nil, uint: nil, bool: nil),
    Number(
      name: "indirect Int16", bytes: layout(.u16(0xFFFE), .u8(2), type(.indirectInt, 2), .u8(1)),
      kind: .indirectInt, double: -2, int: -2, uint: nil, bool: true),
    Number(
      name: "indirect UInt64 at an odd position",
      bytes: layout(.u8(0), .u64(7), .u16(8), type(.indirectUInt, 8), .u8(2)),
      kind: .indirectUInt, double: 7, int: 7, uint: 7, bool: true),
    Number(
      name: "indirect Float", bytes: layout(.f32(1.25), .u32(4), type(.indirectFloat, 4), .u8(4)),
      kind: .indirectFloat, double: 1.25, int: nil, uint: nil, bool: nil),
    Number(
      name: "indirect Double", bytes: layout(.f64(6), .u64(8), type(.indirectFloat, 8), .u8(8)),
      kind: .indirectFloat, double: 6, int: 6, uint: 6, bool: true),
  ]

  @Test("a number of any type and width converts where its value is kept", arguments: numbers)
  func number(number: Number) throws {
    var budget = fullBudget(number.bytes)
    let value = try FlexValue(root: number.bytes.raw, &budget)
    #expect(value.kind == number.kind)
    let double = try value.double()
    #expect(double.bitPattern == number.double.bitPattern)
    let int = try? value.int(Int64.self)
    #expect(int == number.int)
    let uint = try? value.int(UInt64.self)
    #expect(uint == number.uint)
    let bool = try? value.bool()
    #expect(bool == number.bool)
    let small = try? value.int(Int8.self)
    #expect(small == number.int.flatMap(Int8.init(exactly:)))
    let notVector = readError { () throws(ReadError) in _ = try value.vector(&budget) }
    let notMap = readError { () throws(ReadError) in _ = try value.map(&budget) }
    let notString = readError { () throws(ReadError) in _ = try value.string(&budget) }
    let notBlob = readError { () throws(ReadError) in _ = try value.blob() }
    #expect([notVector, notMap, notString, notBlob].allSatisfy { $0?.code == .wrongType })
  }

  @Test("a number that does not fit says so")
  func doesNotFit() {
    let bytes = layout(.u64(.max), type(.uint), .u8(8))
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      _ = try FlexValue(root: bytes.raw, &budget).int(Int32.self)
    }
    #expect(error?.code == .notRepresentable)
  }

  @Test("NaN is a Double and nothing else")
  func notANumber() throws {
    let bytes = layout(.f32(.nan), type(.float, 4), .u8(4))
    var budget = fullBudget(bytes)
    let value = try FlexValue(root: bytes.raw, &budget)
    let double = try value.double()
    #expect(double.isNaN)
    let int = readError { () throws(ReadError) in _ = try value.int(Int.self) }
    let bool = readError { () throws(ReadError) in _ = try value.bool() }
    #expect(int?.code == .notRepresentable)
    #expect(bool?.code == .notRepresentable)
  }

  @Test("a floating-point number of 1 or 2 bytes is refused", arguments: [1, 2])
  func narrowFloats(width: Int) {
    let direct = layout(.zeros(width), type(.float, width), .u8(UInt8(width)))
    let indirect = layout(.zeros(width), .u8(UInt8(width)), type(.indirectFloat, width), .u8(1))
    for bytes in [direct, indirect] {
      let error = readError { () throws(ReadError) in
        var budget = fullBudget(bytes)
        _ = try FlexValue(root: bytes.raw, &budget).double()
      }
      #expect(error?.code == .wrongType)
    }
  }

  /// A count of `width` bytes, "añb" and a zero, then the root of the same width.
  static func string(_ kind: FlexKind, width: Int) -> [UInt8] {
    let count = layout(.u64(4)).prefix(width)
    let offset = layout(.u64(5)).prefix(width)
    return Array(count) + layout(.text("añb"), .u8(0)) + Array(offset) + layout(type(kind, width), .u8(UInt8(width)))
  }

  @Test("strings and blobs have counts of every width", arguments: [1, 2, 4, 8])
  func strings(width: Int) throws {
    let bytes = Self.string(.string, width: width)
    var budget = fullBudget(bytes)
    let value = try FlexValue(root: bytes.raw, &budget)
    let string = try value.string(&budget)
    let text = try string.text(&budget)
    #expect(text == "añb")
    #expect(string.position == width)
    let stringBytes = try value.blob()
    #expect(stringBytes.byteCount == 4)

    let blobBytes = Self.string(.blob, width: width)
    let blob = try FlexValue(root: blobBytes.raw, &budget)
    let content = try blob.blob()
    #expect(content.byteCount == 4)
    let error = readError { () throws(ReadError) in _ = try blob.string(&budget) }
    #expect(error?.code == .wrongType)
    let noNumber = readError { () throws(ReadError) in _ = try blob.double() }
    #expect(noNumber?.code == .wrongType)
  }

  @Test("a key ends at its first zero byte")
  func key() throws {
    let bytes = layout(
      .text("kéy"), .u8(0), .u8(0x41),  // 0: a key of 4 bytes; what follows its zero is not part of it
      .u8(6), type(.key), .u8(1)  // 6: root
    )
    var budget = fullBudget(bytes)
    let key = try FlexValue(root: bytes.raw, &budget).string(&budget)
    let text = try key.text(&budget)
    #expect(text == "kéy")
  }

  @Test("a key without an end is an error")
  func endlessKey() {
    let bytes = layout(.text("key"), .u8(3), type(.key), .u8(1))
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      _ = try FlexValue(root: bytes.raw, &budget).string(&budget)
    }
    #expect(error?.code == .outOfBounds)
  }

  @Test("a key costs as much as looking for its end")
  func keyCost() throws {
    let bytes = layout(.text(String(repeating: "k", count: 100)), .u8(0), .u8(101), type(.key), .u8(1))
    var budget = ReadBudget(ReadLimits(maximumWork: 8))
    let value = try FlexValue(root: bytes.raw, &budget)
    _ = try value.string(&budget)
    #expect(budget.remainingWork == 0)
    let error = readError { () throws(ReadError) in _ = try value.string(&budget) }
    #expect(error?.code == .tooMuchWork)
  }

  @Test("the elements of a vector have types of their own")
  func mixedVector() throws {
    let bytes = layout(
      .u8(2), .text("hi"), .u8(0),  // 0: string of 2 bytes
      .u8(3, 0xFF, 5, 0),  // 4: count, then slots at 5: -1, the string 5 bytes before 6, null
      type(.int), type(.string), type(.null),  // 8: types
      .u8(6), type(.vector), .u8(1)  // 11: root, leads to 5
    )
    var budget = fullBudget(bytes)
    let vector = try FlexValue(root: bytes.raw, &budget).vector(&budget)
    #expect(vector.count == 3)
    let number = try vector.value(at: 0, &budget).int(Int.self)
    let text = try vector.value(at: 1, &budget).string(&budget).text(&budget)
    let kind = try vector.value(at: 2, &budget).kind
    #expect(number == -1)
    #expect(text == "hi")
    #expect(kind == .null)
    for index in [Int.min, -1, 3, Int.max] {
      let error = readError { () throws(ReadError) in _ = try vector.value(at: index, &budget) }
      #expect(error?.code == .indexOutOfRange)
    }
  }

  /// Vectors of one type: the kind, and the elements as `Double`.
  static let typedVectors: [(FlexKind, [Double])] = [
    (.intVector, [-1, 0, 1, 2, 3]), (.intVector, []), (.uintVector, [0, 200]), (.boolVector, [1, 0, 1]),
    (.int2, [-1, 1]), (.uint2, [1, 2]), (.int3, [-1, 0, 1]), (.uint3, [1, 2, 3]),
    (.int4, [-1, 0, 1, 2]), (.uint4, [1, 2, 3, 250]), (.floatVector, [0.5, -1.25, 3]),
    (.float2, [0.5, 1.5]), (.float3, [0.5, 1.5, 2.5]), (.float4, [1, 2, 3, 4.5]),
  ]

  @Test("typed vectors of every kind have elements of every width", arguments: typedVectors, [1, 2, 4, 8])
  func typedVector(vector: (kind: FlexKind, elements: [Double]), width: Int) throws {
    let isFixed = (FlexKind.int2.rawValue...FlexKind.float4.rawValue).contains(vector.kind.rawValue)
    let isFloat = [.floatVector, .float2, .float3, .float4].contains(vector.kind)
    if isFloat && width < 4 { return }
    // Padding to an odd position, the count unless it is part of the kind, the elements, the root.
    var bytes: [UInt8] = [0]
    if !isFixed { bytes += layout(.u64(UInt64(vector.elements.count))).prefix(width) }
    for element in vector.elements {
      if isFloat {
        bytes += width == 4 ? layout(.f32(Float(element))) : layout(.f64(element))
      } else {
        bytes += layout(.i64(Int64(element))).prefix(width)
      }
    }
    bytes += layout(.u8(UInt8(vector.elements.count * width)), type(vector.kind, width), .u8(1))

    var budget = fullBudget(bytes)
    let view = try FlexValue(root: bytes.raw, &budget).vector(&budget)
    var elements: [Double] = []
    for index in 0..<view.count { elements.append(try view.value(at: index, &budget).double()) }
    #expect(elements == vector.elements)
  }

  @Test("vectors of keys and of strings are read as keys", arguments: [FlexKind.keyVector, .stringVector])
  func keyVector(kind: FlexKind) throws {
    let bytes = layout(
      .u8(1), .text("a"), .u8(0),  // 0: a string of 1 byte at 1
      .u8(2), .text("bc"), .u8(0),  // 3: a string of 2 bytes at 4
      .u16(2), .u16(5), .u16(10),  // 7: two slots of 2 bytes, at 9 and 11: they lead to 4 and 1
      .u8(4), type(kind, 2), .u8(1)  // 13: root, leads to 9
    )
    var budget = fullBudget(bytes)
    let vector = try FlexValue(root: bytes.raw, &budget).vector(&budget)
    #expect(vector.count == 2)
    let first = try vector.value(at: 0, &budget)
    #expect(first.kind == .key)
    let firstText = try first.string(&budget).text(&budget)
    let secondText = try vector.value(at: 1, &budget).string(&budget).text(&budget)
    #expect(firstText == "bc")
    #expect(secondText == "a")
  }

  @Test("the root of an empty vector may stand where its elements would")
  func emptyVector() throws {
    let bytes = layout(.u8(0), .u8(0), type(.vector), .u8(1))
    var budget = fullBudget(bytes)
    let vector = try FlexValue(root: bytes.raw, &budget).vector(&budget)
    #expect(vector.count == 0)
  }

  /// Keys "", "a", "ab", "b" and "é", whose first byte is above 127, with the values 10 to 14.
  static let map = layout(
    .u8(0), .text("a"), .u8(0), .text("ab"), .u8(0), .text("b"), .u8(0), .text("é"), .u8(0),  // 0, 1, 3, 6, 8: keys
    .u16(5), .u16(13), .u16(14), .u16(14), .u16(13), .u16(13),  // 11: count; slots at 13, 15, 17, 19, 21
    .u8(10, 2, 5),  // 23: the keys 10 bytes before, at 13; their width; the count
    .u8(10, 11, 12, 13, 14),  // 26: values
    type(.int), type(.int), type(.uint), type(.int), type(.int),  // 31
    .u8(10), type(.map), .u8(1)  // 36: root, leads to 26
  )

  @Test("a map gives its values by key and by index")
  func maps() throws {
    let bytes = Self.map
    var budget = fullBudget(bytes)
    let value = try FlexValue(root: bytes.raw, &budget)
    let map = try value.map(&budget)
    let keys = ["", "a", "ab", "b", "é"]
    #expect(map.count == 5)
    for (index, key) in keys.enumerated() {
      let stored = try map.key(at: index, &budget).text(&budget)
      #expect(stored == key)
      let byIndex = try map.value(at: index, &budget).int(Int.self)
      #expect(byIndex == 10 + index)
      let byKey = try present(try map.value(forKey: key, &budget)).int(Int.self)
      #expect(byKey == 10 + index)
    }
    for key in ["aa", "abc", "A", "z", "è", "ê", "a\0", "\0", "é\0\0"] {
      if let value = try map.value(forKey: key, &budget) { Issue.record("\(key) has the value at \(value.position)") }
    }
    for index in [Int.min, -1, 5, Int.max] {
      let key = readError { () throws(ReadError) in _ = try map.key(at: index, &budget) }
      let value = readError { () throws(ReadError) in _ = try map.value(at: index, &budget) }
      #expect(key?.code == .indexOutOfRange)
      #expect(value?.code == .indexOutOfRange)
    }
    let values = try value.vector(&budget)
    #expect(values.count == 5)
  }

  @Test("a key ends at its zero, also where the key looked for goes on with one")
  func zerosInKeys() throws {
    // 0: the key "k" and one zero too many; 3: count of keys, and the key's slot at 4, leads to 0; 5: keys at 4, of 1
    // byte each, count; 8: the value; 9: its type; 10: root, leads to 8.
    let bytes = layout(
      .text("k"), .u8(0, 0), .u8(1, 4), .u8(1, 1, 1), .u8(7), type(.int), .u8(2), type(.map), .u8(1))
    var budget = fullBudget(bytes)
    let map = try FlexValue(root: bytes.raw, &budget).map(&budget)
    let value = try present(try map.value(forKey: "k", &budget)).int(Int.self)
    #expect(value == 7)
    if let value = try map.value(forKey: "k\0", &budget) { Issue.record("found at \(value.position)") }
  }

  @Test("keys that begin inside the data and end outside are an error")
  func longKeys() {
    // 0: count of keys, of 8 bytes; 8: keys at 8, of 8 bytes each, count; 11: values and types; 17: root, leads to 11.
    let bytes = layout(.u64(3), .u8(0, 8, 3), .zeros(6), .u8(6), type(.map), .u8(1))
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      _ = try FlexValue(root: bytes.raw, &budget).map(&budget)
    }
    #expect(error?.code == .outOfBounds)
    #expect(error?.position == 8)
  }

  /// What is wrong, the position and the byte to put there in ``map``, and the error.
  static let malformedMaps: [(String, Int, UInt8, ReadError.Code)] = [
    ("more keys than values", 11, 6, .malformedTable),
    ("fewer keys than values", 11, 4, .malformedTable),
    ("keys before the data", 23, 24, .outOfBounds),
    ("keys whose count is before the data", 23, 23, .outOfBounds),
    ("keys of no width", 24, 0, .wrongType),
    ("keys of 3 bytes", 24, 3, .wrongType),
    ("more values than there are bytes", 25, 7, .outOfBounds),
    ("a root that leads to itself", 36, 0, .outOfBounds),
  ]

  @Test("a malformed map is an error", arguments: malformedMaps)
  func malformedMap(problem: String, position: Int, byte: UInt8, code: ReadError.Code) {
    var bytes = Self.map
    bytes[position] = byte
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      _ = try FlexValue(root: bytes.raw, &budget).map(&budget)
    }
    #expect(error?.code == code, "\(problem): \(error.map(\.description) ?? "no error")")
  }

  @Test("type bytes that the format does not know are errors", arguments: (0...255) as ClosedRange<UInt8>)
  func types(byte: UInt8) throws {
    let bytes: [UInt8] = [0, byte, 1]
    let isKnown = FlexKind.allCases.contains { $0.rawValue == byte >> 2 }
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      _ = try FlexValue(root: bytes.raw, &budget)
    }
    #expect(error?.code == (isKnown ? nil : .wrongType))
    // The same byte as the type of an element: count, slot, type, root.
    let vector = layout(.u8(1), .u8(0), .u8(byte), .u8(2), type(.vector), .u8(1))
    let elementError = readError { () throws(ReadError) in
      var budget = fullBudget(vector)
      _ = try FlexValue(root: vector.raw, &budget).vector(&budget).value(at: 0, &budget)
    }
    #expect(elementError?.code == (isKnown ? nil : .wrongType))
  }

  @Test("the root has a width of 1, 2, 4 or 8 bytes that are there", arguments: (0...255) as ClosedRange<UInt8>)
  func rootWidth(width: UInt8) {
    let bytes = layout(.zeros(4), type(.int), .u8(width))
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      _ = try FlexValue(root: bytes.raw, &budget)
    }
    switch width {
    case 1, 2, 4: #expect(error == nil)
    case 8: #expect(error?.code == .outOfBounds)
    default: #expect(error?.code == .wrongType)
    }
  }

  @Test("counts and offsets of 8 bytes cannot overflow", arguments: [100, 1 << 32, .max / 2, .max] as [UInt64])
  func hugeNumbers(number: UInt64) {
    let kinds: [FlexKind] = [
      .string, .blob, .vector, .map, .intVector, .keyVector, .boolVector, .int2, .indirectInt, .key,
    ]
    for kind in kinds {
      // A count and two slots of 8 bytes; a root of 8 bytes.
      let count = layout(.zeros(16), .u64(number), .zeros(16), .u64(16), type(kind, 8), .u8(8))
      let offset = layout(.zeros(40), .u64(number), type(kind, 8), .u8(8))
      for (bytes, mayBeRead) in [(count, [.int2, .indirectInt, .key].contains(kind)), (offset, false)] {
        var isEmptyKey = false
        let error = readError { () throws(ReadError) in
          var budget = fullBudget(bytes)
          let value = try FlexValue(root: bytes.raw, &budget)
          switch kind {
          case .string, .blob: _ = try value.blob()
          case .key: isEmptyKey = try value.string(&budget).utf8.byteCount == 0
          case .map: _ = try value.map(&budget)
          case .indirectInt: _ = try value.int(Int64.self)
          default: _ = try value.vector(&budget)
          }
        }
        if mayBeRead {
          #expect(error == nil)
          #expect(kind != .key || isEmptyKey)
        } else {
          #expect(error?.code == .outOfBounds)
        }
      }
    }
  }

  @Test("too few bytes are an error", arguments: [(0, 1), (1, 1), (2, 1), (3, 2), (5, 4), (9, 8)] as [(Int, UInt8)])
  func tooShort(count: Int, width: UInt8) {
    let bytes = [UInt8](repeating: width, count: count)
    let error = readError { () throws(ReadError) in
      var budget = fullBudget(bytes)
      _ = try FlexValue(root: bytes.raw, &budget)
    }
    #expect(error?.code == .outOfBounds)
  }
}
