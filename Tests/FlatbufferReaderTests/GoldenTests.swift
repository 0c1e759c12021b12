import FlatbufferReader
import Testing

@Suite("Files of the public builders")
struct GoldenTests {
  /// What is written to a file apart from what all monsters have.
  struct Expected: Sendable, CustomTestStringConvertible {
    let name: String
    var identifier = false
    var hp: Int16 = 300
    var color: Int8 = 0
    var isManaPresent = false
    var isHpPresent = true

    var testDescription: String { name }
  }

  static let monsters: [Expected] = [
    Expected(name: "monster.bin", identifier: true),
    Expected(name: "monster-plain.bin"),
    Expected(name: "monster-sized.bin", identifier: true),
    Expected(name: "monster-defaults.bin", hp: 100, color: 2, isHpPresent: false),
    Expected(name: "monster-forced.bin", hp: 100, color: 2, isManaPresent: true),
  ]

  @Test("a monster has all that was written", arguments: monsters)
  func monster(expected: Expected) throws {
    let bytes = try Goldens.bytes(expected.name)
    var budget = fullBudget(bytes)
    let buffer = expected.name == "monster-sized.bin" ? try FlatBuffer(sizePrefixed: bytes.raw) : FlatBuffer(bytes.raw)
    #expect(buffer.hasIdentifier("MONS") == expected.identifier)
    let monster = try buffer.root(identifier: expected.identifier ? "MONS" : nil, &budget)

    let position = try present(try monster.structure(0, size: 12))
    let x = try position.scalar(at: 0, as: Float.self)
    let y = try position.scalar(at: 4, as: Float.self)
    let z = try position.scalar(at: 8, as: Float.self)
    #expect([x, y, z] == [1.5, -2.5, 3.25])

    let mana = try monster.scalar(1, default: Int16(150))
    let storedMana = try monster.scalar(1, as: Int16.self)
    let hp = try monster.scalar(2, default: Int16(100))
    let isHpPresent = try monster.has(2)
    let name = try present(try monster.string(3)).text(&budget)
    let friendly = try monster.scalar(4, as: Bool.self)
    let inventory = try present(try monster.vector(5, of: UInt8.self)).array(&budget)
    let color = try monster.scalar(6, default: Int8(2))
    #expect(mana == 150)
    #expect(storedMana == (expected.isManaPresent ? 150 : nil))
    #expect(hp == expected.hp)
    #expect(isHpPresent == expected.isHpPresent)
    #expect(name == "Orc")
    #expect(friendly == nil)
    #expect(inventory == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    #expect(color == expected.color)

    let weapons = try present(try monster.tables(7))
    #expect(weapons.count == 2)
    var names: [String] = []
    var damages: [Int16] = []
    for index in 0..<weapons.count {
      let weapon = try weapons.table(at: index, &budget)
      names.append(try present(try weapon.string(0)).text(&budget))
      damages.append(try weapon.scalar(1, default: 0))
    }
    #expect(names == ["Sword", "Axe"])
    #expect(damages == [3, 5])

    let equipped = try present(try monster.union(8, &budget))
    let equippedName = try present(try equipped.table.string(0)).text(&budget)
    let axePosition = try weapons.table(at: 1, &budget).position
    #expect(equipped.type == 1)
    #expect(equippedName == "Axe")
    #expect(equipped.table.position == axePosition)

    let path = try present(try monster.structures(10, size: 12))
    var points: [Float] = []
    for index in 0..<path.count {
      let point = try path.structure(at: index)
      for offset in [0, 4, 8] { points.append(try point.scalar(at: offset)) }
    }
    #expect(points == [1, 2, 3, 4, 5, 6])
  }

  @Test("a monster without fields has the defaults")
  func bareMonster() throws {
    let bytes = try Goldens.bytes("monster-bare.bin")
    var budget = fullBudget(bytes)
    let monster = try FlatBuffer(bytes.raw).root(&budget)
    let hp = try monster.scalar(2, default: Int16(100))
    #expect(hp == 100)
    for slot in 0..<11 {
      let isPresent = try monster.has(slot)
      #expect(!isPresent)
    }
  }

  @Test("a zoo has numbers of every type, the largest and smallest among them")
  func zoo() throws {
    let bytes = try Goldens.bytes(Goldens.zoo)
    var budget = fullBudget(bytes)
    let zoo = try FlatBuffer(bytes.raw).root(identifier: "ZOOS", &budget)
    let child = try present(try zoo.table(15, &budget))
    let grandchild = try child.has(15)
    #expect(!grandchild)
    try numbers(zoo, isSigned: true)
    try numbers(child, isSigned: false)
    try vectors(zoo, &budget)
    try vectors(child, &budget)
  }

  private func numbers(_ zoo: borrowing Table, isSigned: Bool) throws {
    let int8 = try zoo.scalar(0, as: Int8.self)
    let uint8 = try zoo.scalar(1, as: UInt8.self)
    let int16 = try zoo.scalar(2, as: Int16.self)
    let uint16 = try zoo.scalar(3, as: UInt16.self)
    let int32 = try zoo.scalar(4, as: Int32.self)
    let uint32 = try zoo.scalar(5, as: UInt32.self)
    let int64 = try zoo.scalar(6, as: Int64.self)
    let uint64 = try zoo.scalar(7, as: UInt64.self)
    let float = try zoo.scalar(8, as: Float.self)
    let double = try zoo.scalar(9, as: Double.self)
    let bool = try zoo.scalar(10, as: Bool.self)
    #expect(int8 == (isSigned ? .min : .max))
    #expect(uint8 == .max)
    #expect(int16 == (isSigned ? .min : .max))
    #expect(uint16 == .max)
    #expect(int32 == (isSigned ? .min : .max))
    #expect(uint32 == .max)
    #expect(int64 == (isSigned ? .min : .max))
    #expect(uint64 == .max)
    #expect(float == 3.5)
    #expect(double == -0.1)
    #expect(bool == true)
  }

  private func vectors(_ zoo: borrowing Table, _ budget: inout ReadBudget) throws {
    let strings = try present(try zoo.strings(11))
    var texts: [String] = []
    for index in 0..<strings.count { texts.append(try strings.string(at: index, &budget).text(&budget)) }
    let doubles = try present(try zoo.vector(12, of: Double.self)).array(&budget)
    let longs = try present(try zoo.vector(13, of: Int64.self)).array(&budget)
    let bools = try present(try zoo.vector(14, of: Bool.self)).array(&budget)
    let shorts = try present(try zoo.vector(16, of: Int16.self)).array(&budget)
    let floats = try present(try zoo.vector(17, of: Float.self)).array(&budget)
    let empty = try present(try zoo.string(18)).text(&budget)
    #expect(texts == ["", "zebra", "Löwe", "虎", "🐘", "zebra"])
    #expect(doubles == [0.1, -1e300, .infinity])
    #expect(longs == [.min, .max])
    #expect(bools == [true, false, true])
    #expect(shorts == [])
    #expect(floats == [0.5, 0])
    #expect(floats[1].sign == .minus)
    #expect(empty == "")
  }

  /// See `flexText` for the notation.
  static let flexBuffers: [(String, String)] = [
    ("flex-null.bin", "null"),
    ("flex-empty-vector.bin", "[]"),
    ("flex-empty-map.bin", "{}"),
    ("flex-string.bin", "\"größe 🐘\""),
    ("flex-uint64.bin", "18446744073709551615u"),
    ("flex-float32.bin", "1.5"),
    ("flex-map.bin", "{: true, bar: [+1, +2, +3], foo: 100.0}"),
    (
      "flex-numbers.bin",
      "[[null, true, false, -128, 255u, *-1, *-32768, *-2147483648, *-9223372036854775808, *255u, *65535u,"
        + " *4294967295u, *18446744073709551615u, *0.5, *0.1], [-32768, 65535u, true],"
        + " [-2147483648, 4294967295u, -2.5, *+7],"
        + " [-9223372036854775808, 18446744073709551615u, 0.1, \"far\", null]]"
    ),
    (
      "flex-options.bin",
      "{blob: <0 1 254 255>, key: 'a key', max_detections: +10, name: \"größe 🐘\","
        + " nested: {a: -1, b: 70000u, deeper: {nothing: null}, list: [+1, \"größe 🐘\", {a: +2}]},"
        + " nms_iou_threshold: \(Double(Float(0.6))), use_regular_nms: false, y_scale: 10.0}"
    ),
    (
      "flex-typed.bin",
      "[intVector[-1, +0, +1], intVector[-1, +0, +1], intVector[-1, +0, +1], intVector[-1, +0, +1],"
        + " uintVector[0u, 255u], uintVector[0u, 65535u], uintVector[0u, 4294967295u],"
        + " uintVector[0u, 18446744073709551615u], floatVector[0.5, -1.25], floatVector[0.5, -1.25],"
        + " keyVector['one', 'two', 'one'], boolVector[true, false, true]]"
    ),
    (
      "flex-fixed.bin",
      "[int2[-1, -2], uint2[60000u, 60001u], float2[0.5, 1.5], int3[-1, -2, -3], uint3[60000u, 60001u, 60002u],"
        + " float3[0.5, 1.5, 2.5], int4[-1, -2, -3, -4], uint4[60000u, 60001u, 60002u, 60003u],"
        + " float4[0.5, 1.5, 2.5, 3.5], int2[-2147483648, +5], float2[0.1, 0.2],"
        + " uint3[18446744073709551615u, 0u, 1u]]"
    ),
    (
      "flex-long.bin",
      "[\"\(String(repeating: "x", count: 300))\", \"\","
        + " <\((0...255).map(String.init).joined(separator: " "))>, +1]"
    ),
  ]

  @Test("FlexBuffers data is read as it was written", arguments: flexBuffers)
  func flexBuffer(name: String, expected: String) throws {
    let bytes = try Goldens.bytes(name)
    var budget = fullBudget(bytes)
    let root = try FlexValue(root: bytes.raw, &budget)
    let text = try flexText(root, &budget)
    #expect(text == expected)
  }

  @Test("options are found by their keys, and numbers convert")
  func options() throws {
    let bytes = try Goldens.bytes("flex-options.bin")
    var budget = fullBudget(bytes)
    let options = try FlexValue(root: bytes.raw, &budget).map(&budget)
    let detections = try present(try options.value(forKey: "max_detections", &budget)).double()
    let scale = try present(try options.value(forKey: "y_scale", &budget)).int(Int32.self)
    let regular = try present(try options.value(forKey: "use_regular_nms", &budget)).bool()
    let nested = try present(try options.value(forKey: "nested", &budget)).map(&budget)
    let number = try present(try nested.value(forKey: "b", &budget)).int(Int.self)
    #expect(detections == 10)
    #expect(scale == 10)
    #expect(!regular)
    #expect(number == 70000)
    for key in ["", "max_detection", "max_detections_", "zzz", "A"] {
      if let value = try options.value(forKey: key, &budget) { Issue.record("\(key) is \(value.kind)") }
    }
  }
}
