/// The bits of a scan, the highest of each byte first, up to the next marker; behind it come zeros.
struct JPEGBits {
  /// Of the next byte that is not among the bits yet.
  private(set) var position: Int
  /// The next bit is the highest.
  private var bits: UInt64 = 0
  private(set) var count = 0
  /// Bytes behind the marker that have been taken for zeros.
  private var padding = 0

  init(position: Int) { self.position = position }

  /// Fills the bits up to at least 56.
  @inline(__always)
  mutating func refill(_ input: Span<UInt8>) {
    if input.count &- position >= 8 {
      // Sound: eight bytes follow.
      let raw = unsafe input.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt64.self)
      let next = UInt64(bigEndian: raw)
      // No byte is 0xFF, which stands before a marker or a zero that does not count.
      if (~next &- 0x0101_0101_0101_0101) & next & 0x8080_8080_8080_8080 == 0 {
        bits |= next >> UInt64(count)
        let taken = (63 &- count) >> 3
        position &+= taken
        count &+= taken &* 8
        return
      }
    }
    refillByByte(input)
  }

  @inline(never)
  private mutating func refillByByte(_ input: Span<UInt8>) {
    while count <= 56 {
      var byte: UInt8 = 0
      if position >= input.count {
        padding += 1
      } else if input[position] != 0xFF {
        byte = input[position]
        position += 1
      } else if position + 1 < input.count, input[position + 1] == 0 {
        byte = 0xFF
        position += 2
      } else {
        padding += 1
      }
      bits |= UInt64(byte) << UInt64(56 - count)
      count += 8
    }
  }

  /// Whether bits behind the marker have been taken.
  var isExhausted: Bool { padding &* 8 > count }

  /// The next 1 to 16 bits, which are there.
  @inline(__always)
  func peek(_ size: Int) -> Int { Int(truncatingIfNeeded: bits &>> UInt64(64 &- size)) }

  @inline(__always)
  mutating func skip(_ size: Int) {
    bits = bits &<< UInt64(size)
    count &-= size
  }

  @inline(__always)
  mutating func take(_ size: Int) -> Int {
    let value = peek(size)
    skip(size)
    return value
  }

  /// The next symbol of a code, of which 16 bits must be there; -1 if there is none.
  ///
  /// - Parameters:
  ///   - entries: those of some codes' ``JPEGHuffman/entries``.
  ///   - first: where the code's begin.
  ///   - table: gives the code, where its entries do not hold it.
  @inline(__always)
  mutating func symbol(_ entries: Span<UInt16>, _ first: Int, _ table: () -> JPEGHuffman) -> Int {
    let entry = entries[first &+ peek(JPEGHuffman.bits)]
    if entry != 0 {
      skip(Int(entry >> 8))
      return Int(entry & 0xFF)
    }
    guard let (symbol, length) = table().longCode(peek(16)) else { return -1 }
    skip(length)
    return symbol
  }
}
