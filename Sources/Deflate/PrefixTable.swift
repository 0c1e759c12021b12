/// A prefix code of RFC 1951, for reading: a table for codes of up to 10 bits, and counts for longer ones.
struct PrefixTable {
  static let bits = 10

  /// By the next bits, the first one lowest: `symbol << 4 | length`; 0 where a longer code begins, or none.
  private(set) var entries = [UInt16](repeating: 0, count: 1 << PrefixTable.bits)
  /// Codes of each length.
  private var counts = [Int](repeating: 0, count: 16)
  /// All symbols that have a code, the shortest codes first, those of equal length in their order.
  private var symbols: [UInt16] = []

  /// Makes the code of given lengths; 0 stands for no code.
  ///
  /// - Returns: `false` if they are no prefix code: more codes than there is room for, or fewer, unless it is a single
  ///   code of one bit.
  mutating func build(_ lengths: ArraySlice<UInt8>) -> Bool {
    for index in counts.indices { counts[index] = 0 }
    for length in lengths { counts[Int(length)] += 1 }
    counts[0] = 0
    var room = 1
    for length in 1..<16 {
      room = room << 1 - counts[length]
      if room < 0 { return false }
    }
    let used = counts.reduce(0, +)
    if room > 0, !(used == 1 && counts[1] == 1) { return false }

    var starts = [Int](repeating: 0, count: 17)
    var codes = [Int](repeating: 0, count: 17)
    for length in 1..<16 {
      starts[length + 1] = starts[length] + counts[length]
      codes[length + 1] = (codes[length] + counts[length]) << 1
    }
    for index in entries.indices { entries[index] = 0 }
    symbols.removeAll(keepingCapacity: true)
    symbols.append(contentsOf: repeatElement(0, count: used))
    for (symbol, length) in lengths.enumerated() where length > 0 {
      let length = Int(length)
      symbols[starts[length]] = UInt16(symbol)
      starts[length] += 1
      let code = codes[length]
      codes[length] += 1
      if length > Self.bits { continue }
      var turned = 0
      for bit in 0..<length { turned |= (code >> bit & 1) << (length - 1 - bit) }
      for index in stride(from: turned, to: 1 << Self.bits, by: 1 << length) {
        entries[index] = UInt16(symbol << 4 | length)
      }
    }
    return true
  }

  /// The symbol and the length of a code that the table does not hold; `nil` if there is none.
  func longCode(_ bits: UInt64) -> (symbol: Int, length: Int)? {
    var code = 0
    // The first code of the length, and the place of its symbol.
    var first = 0
    var place = 0
    for length in 1..<16 {
      code |= Int(bits >> UInt64(length - 1) & 1)
      let count = counts[length]
      if code - first < count { return (Int(symbols[place + code - first]), length) }
      place += count
      first = (first + count) << 1
      code <<= 1
    }
    return nil
  }
}
