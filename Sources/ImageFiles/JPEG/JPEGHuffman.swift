/// A Huffman code of ISO/IEC 10918-1, Annex C.
struct JPEGHuffman {
  static let bits = 10

  /// By the next bits: `length << 8 | symbol`; 0 where a longer code begins, or none.
  let entries: [UInt16]
  /// By the next bits, where they hold a code of a run and a size and all bits of the value:
  /// `value << 16 | run << 8 | length of both`; 0 elsewhere.
  let values: [Int32]
  /// For each length, the largest code; -1 where there is none.
  private let largest: [Int]
  /// For each length, what added to a code gives the place of its symbol.
  private let offsets: [Int]
  private let symbols: [UInt8]

  /// A code without any symbol.
  static let none = JPEGHuffman()

  private init() {
    entries = [UInt16](repeating: 0, count: 1 << Self.bits)
    values = [Int32](repeating: 0, count: 1 << Self.bits)
    largest = [Int](repeating: -1, count: 17)
    offsets = [Int](repeating: 0, count: 17)
    symbols = []
  }

  /// - Parameters:
  ///   - counts: how many codes have 1 to 16 bits.
  ///   - symbols: as many as that, at most 256, the shortest codes' first.
  /// - Returns: `nil` if there are more codes than there is room for.
  init?(counts: [UInt8], symbols: [UInt8]) {
    var entries = [UInt16](repeating: 0, count: 1 << Self.bits)
    var values = [Int32](repeating: 0, count: 1 << Self.bits)
    var largest = [Int](repeating: -1, count: 17)
    var offsets = [Int](repeating: 0, count: 17)
    var code = 0
    var place = 0
    for length in 1...16 {
      let count = Int(counts[length - 1])
      offsets[length] = place - code
      guard code + count <= 1 << length else { return nil }
      for _ in 0..<count {
        if length <= Self.bits {
          let entry = UInt16(length << 8) | UInt16(symbols[place])
          let first = code << (Self.bits - length)
          for index in first..<(first + (1 << (Self.bits - length))) {
            entries[index] = entry
            values[index] = Self.value(index, length, Int(symbols[place]))
          }
        }
        code += 1
        place += 1
      }
      if count > 0 { largest[length] = code - 1 }
      code <<= 1
    }
    self.entries = entries
    self.values = values
    self.largest = largest
    self.offsets = offsets
    self.symbols = symbols
  }

  /// The entry of ``values`` for some bits that begin with a code of the given length.
  private static func value(_ bits: Int, _ length: Int, _ symbol: Int) -> Int32 {
    let size = symbol & 15
    guard size > 0, length + size <= Self.bits else { return 0 }
    let raw = bits >> (Self.bits - length - size) & (1 << size - 1)
    return Int32(extended(raw, size)) << 16 | Int32(symbol >> 4) << 8 | Int32(length + size)
  }

  /// A value of a size's bits: those that begin with 0 are negative.
  @inline(__always)
  static func extended(_ raw: Int, _ size: Int) -> Int {
    raw < 1 << (size &- 1) ? raw &- (1 << size) &+ 1 : raw
  }

  /// The symbol and the length of a code that is longer than ``entries`` hold; `nil` if there is none.
  ///
  /// - Parameter next: the next 16 bits.
  func longCode(_ next: Int) -> (symbol: Int, length: Int)? {
    for length in (Self.bits + 1)...16 {
      let code = next >> (16 - length)
      if code <= largest[length] { return (Int(symbols[code + offsets[length]]), length) }
    }
    return nil
  }
}
