import FlatbufferReader
import Testing

/// All that is read here ends in a value or in a ``ReadError``. A trap would end the test process, and with it the run:
/// that is the failure these tests look for, beside too much work.
@Suite("Files that are cut or changed")
struct HostileBytesTests {
  /// Walks through the bytes and gives what happened.
  @discardableResult
  func walk(_ name: String, _ bytes: [UInt8], _ change: @autoclosure () -> String) -> Walk {
    let limits = ReadLimits(forByteCount: bytes.count)
    var walk = Walk(limits)
    walk.file(name, bytes.raw)
    if walk.visits > limits.maximumWork { Issue.record("\(name), \(change()): \(walk.visits) visits") }
    return walk
  }

  @Test("files as they were written have no errors", arguments: Goldens.all)
  func unchanged(name: String) throws {
    let bytes = try Goldens.bytes(name)
    let walk = walk(name, bytes, "unchanged")
    // A number with a fraction is no integer.
    #expect(walk.codes.subtracting([.notRepresentable]).isEmpty)
    #expect(walk.visits > 0)
    #expect(walk.budget.remainingWork > ReadLimits(forByteCount: bytes.count).maximumWork / 2)
  }

  @Test("a file may end anywhere, and begin anywhere", arguments: Goldens.all)
  func truncations(name: String) throws {
    let bytes = try Goldens.bytes(name)
    for count in 0..<bytes.count {
      walk(name, Array(bytes.prefix(count)), "the first \(count) bytes")
      walk(name, Array(bytes.suffix(count)), "the last \(count) bytes")
    }
  }

  /// Files whose bytes are given only some values each, since they are large.
  static let large: Set = [Goldens.zoo, "flex-long.bin"]

  @Test("any one byte may have any value", arguments: Goldens.all)
  func singleBytes(name: String) throws {
    var bytes = try Goldens.bytes(name)
    let isLarge = Self.large.contains(name)
    for position in bytes.indices {
      let original = bytes[position]
      let values =
        isLarge ? Set([0, 1, 0x7F, 0x80, 0xFF] + (0..<8).map { original ^ (1 << $0) }).sorted() : Array(0...255)
      for value in values where value != original {
        bytes[position] = value
        walk(name, bytes, "\(value) at \(position)")
      }
      bytes[position] = original
    }
  }

  @Test("many bytes may have any value", arguments: Goldens.all)
  func manyBytes(name: String) throws {
    let original = try Goldens.bytes(name)
    // A linear congruential generator, so that every run changes the same bytes. Multiplier: Knuth, MMIX.
    var state: UInt64 = 1
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let interesting: [UInt8] = [0, 1, 4, 0x7F, 0x80, 0xFC, 0xFF]
    for round in 0..<1000 {
      var bytes = original
      for _ in 0...random(8) {
        let position = random(bytes.count)
        bytes[position] = random(2) == 0 ? UInt8(random(256)) : interesting[random(interesting.count)]
      }
      walk(name, bytes, "round \(round)")
    }
  }

  @Test("fields may be read as anything", arguments: Goldens.monsters + [Goldens.zoo])
  func wrongSchema(name: String) throws {
    let bytes = try Goldens.bytes(name)
    for count in stride(from: bytes.count, to: 0, by: -3) {
      let data = Array(bytes.prefix(count))
      let limits = ReadLimits(forByteCount: count)
      var walk = Walk(limits)
      do throws(ReadError) {
        let root = try FlatBuffer(data.raw).root(&walk.budget)
        walk.everything(root)
      } catch {}
      #expect(walk.visits <= limits.maximumWork)
    }
  }

  @Test("FlexBuffers may have any root", arguments: Goldens.all)
  func anyRoot(name: String) throws {
    let bytes = try Goldens.bytes(name)
    for type in (0...255) as ClosedRange<UInt8> {
      for width in [1, 2, 4, 8] as [UInt8] {
        var data = bytes.dropLast(2)
        data += [type, width]
        walk("flex", Array(data), "type \(type), width \(width)")
      }
    }
  }
}
