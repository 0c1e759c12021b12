/// Why compressed data could not be read.
public struct InflateError: Error, Sendable, Hashable {
  /// Whether the data end before what they say that they hold.
  public let isTruncated: Bool
  /// What is wrong with that which holds them: "has less data than its size needs".
  public let message: String

  static func damaged(_ message: String) -> InflateError { InflateError(isTruncated: false, message: message) }

  static func truncated(_ message: String) -> InflateError { InflateError(isTruncated: true, message: message) }
}

/// Reads compressed data (RFC 1951) whose size is known: no more memory is taken than the data can fill.
public struct Inflater {
  private var position = 0
  /// The next bits, the first one lowest, and how many there are. Behind the input's end come zeros.
  private var bits: UInt64 = 0
  private var bitCount = 0
  /// Bytes behind the input's end that have been taken for zeros.
  private var padding = 0

  private var literals = PrefixTable()
  private var distances = PrefixTable()

  /// A stream of n bytes gives at most this many times n: a match of 258 bytes takes two bits.
  private static let mostBytesPerByte = 1032

  /// The data of a zlib stream (RFC 1950).
  ///
  /// - Parameters:
  ///   - input: the stream; what follows it is ignored.
  ///   - count: how many bytes it must give; at least 0.
  /// - Throws: ``InflateError`` where it gives fewer or more, or does not agree with its check sum.
  public static func zlib(_ input: Span<UInt8>, count: Int) throws(InflateError) -> [UInt8] {
    var output = try room(for: count, of: input)
    var inflater = Inflater()
    var written = output.mutableSpan
    try inflater.readZlibHeader(input)
    try inflater.inflate(input, into: &written)
    try inflater.checkSum(input, of: output.span)
    return output
  }

  /// Data without a frame, as ZIP archives hold them.
  ///
  /// - Parameters:
  ///   - input: the data; what follows them is ignored.
  ///   - count: how many bytes they must give; at least 0.
  ///   - checkSum: the CRC-32 of these.
  /// - Throws: ``InflateError`` where they give fewer or more, or others.
  public static func raw(_ input: Span<UInt8>, count: Int, checkSum: UInt32) throws(InflateError) -> [UInt8] {
    var output = try room(for: count, of: input)
    var inflater = Inflater()
    var written = output.mutableSpan
    try inflater.inflate(input, into: &written)
    try inflater.checkInput()
    guard checkSum == Checksum.crc32(output.span) else { throw .damaged("has data that its check sum denies") }
    return output
  }

  private static func room(for count: Int, of input: Span<UInt8>) throws(InflateError) -> [UInt8] {
    guard count / mostBytesPerByte <= input.count else {
      throw .truncated("has less compressed data than its size needs")
    }
    return [UInt8](repeating: 0, count: count)
  }

  private init() {}

  private mutating func readZlibHeader(_ input: Span<UInt8>) throws(InflateError) {
    refill(input)
    let method = take(8)
    let flags = take(8)
    guard method & 15 == 8, method >> 4 <= 7, (method << 8 | flags) % 31 == 0, flags & 0x20 == 0 else {
      throw .damaged("has compressed data without zlib's header")
    }
  }

  /// Reads all blocks, which must fill the output.
  private mutating func inflate(_ input: Span<UInt8>, into output: inout MutableSpan<UInt8>) throws(InflateError) {
    var count = 0
    var isLast = false
    while !isLast {
      refill(input)
      isLast = take(1) == 1
      switch take(2) {
      case 0: try copyStored(input, into: &output, &count)
      case 1:
        (literals, distances) = Self.fixedCodes
        try readBlock(input, into: &output, &count)
      case 2:
        try readCodes(input)
        try readBlock(input, into: &output, &count)
      default: throw .damaged("has a compressed block of a kind that does not exist")
      }
    }
    guard count == output.count else { throw .damaged("has less data than its size needs") }
  }

  /// Compares data with the check sum behind a zlib stream.
  private mutating func checkSum(_ input: Span<UInt8>, of output: Span<UInt8>) throws(InflateError) {
    // The sum is written from the highest byte, behind the byte that the last block ends in.
    bits >>= UInt64(bitCount & 7)
    bitCount &= ~7
    refill(input)
    var sum: UInt32 = 0
    for _ in 0..<4 { sum = sum << 8 | UInt32(take(8)) }
    try checkInput()
    guard sum == Checksum.adler32(output) else { throw .damaged("has data that its check sum denies") }
  }

  // MARK: Bits

  /// Fills the bits up to at least 56.
  @inline(__always)
  private mutating func refill(_ input: Span<UInt8>) {
    if input.count &- position >= 8 {
      // Sound: eight bytes follow.
      let next = unsafe input.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt64.self)
      bits |= UInt64(littleEndian: next) << UInt64(bitCount)
      let taken = (63 &- bitCount) >> 3
      position &+= taken
      bitCount &+= taken &* 8
      return
    }
    while bitCount <= 56 {
      if position < input.count {
        bits |= UInt64(input[position]) << UInt64(bitCount)
        position += 1
      } else {
        padding += 1
      }
      bitCount += 8
    }
  }

  /// Takes up to 16 bits that are there.
  @inline(__always)
  private mutating func take(_ count: Int) -> Int {
    let value = Int(bits & (1 << UInt64(count) &- 1))
    bits >>= UInt64(count)
    bitCount &-= count
    return value
  }

  /// Checks that no bit behind the input's end has been taken.
  private func checkInput() throws(InflateError) {
    guard padding * 8 <= bitCount else { throw .truncated("ends inside its compressed data") }
  }

  // MARK: Blocks

  private mutating func copyStored(
    _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, _ count: inout Int
  ) throws(InflateError) {
    bits >>= UInt64(bitCount & 7)
    bitCount &= ~7
    refill(input)
    let size = take(16)
    let check = take(16)
    try checkInput()
    guard size ^ check == 0xFFFF else { throw .damaged("has a stored block whose size is wrong") }
    guard size <= output.count - count else { throw .damaged("has more data than its size needs") }
    // What has been read ahead belongs to the block.
    let ahead = bitCount / 8 - padding
    var from = position - ahead
    guard size <= input.count - from else { throw .truncated("ends inside its compressed data") }
    for _ in 0..<size {
      output[count] = input[from]
      count += 1
      from += 1
    }
    position = from
    bits = 0
    bitCount = 0
    padding = 0
  }

  /// The codes of blocks that have none of their own.
  private static let fixedCodes: (literals: PrefixTable, distances: PrefixTable) = {
    var lengths = [UInt8](repeating: 8, count: 288)
    for symbol in 144..<256 { lengths[symbol] = 9 }
    for symbol in 256..<280 { lengths[symbol] = 7 }
    var literals = PrefixTable()
    _ = literals.build(lengths[...])
    var distances = PrefixTable()
    _ = distances.build([UInt8](repeating: 5, count: 32)[...])
    return (literals, distances)
  }()

  /// Reads the lengths of a block's two codes, which are written under a third one.
  private mutating func readCodes(_ input: Span<UInt8>) throws(InflateError) {
    func damaged() -> InflateError { .damaged("has a compressed block whose codes are wrong") }
    refill(input)
    let literalCount = take(5) + 257
    let distanceCount = take(5) + 1
    let count = take(4) + 4
    guard literalCount <= 286, distanceCount <= 30 else { throw damaged() }
    var lengths = [UInt8](repeating: 0, count: 19)
    for symbol in DeflateAlphabet.order.prefix(count) {
      refill(input)
      lengths[symbol] = UInt8(take(3))
    }
    var code = PrefixTable()
    guard code.build(lengths[...]) else { throw damaged() }

    lengths = []
    lengths.reserveCapacity(320)
    while lengths.count < literalCount + distanceCount {
      refill(input)
      // Its codes have at most 7 bits.
      let entry = code.entries[Int(bits & 0x3FF)]
      guard entry != 0 else { throw damaged() }
      _ = take(Int(entry & 15))
      switch entry >> 4 {
      case 16:
        guard let last = lengths.last else { throw damaged() }
        lengths += repeatElement(last, count: take(2) + 3)
      case 17: lengths += repeatElement(0, count: take(3) + 3)
      case 18: lengths += repeatElement(0, count: take(7) + 11)
      default: lengths.append(UInt8(entry >> 4))
      }
    }
    try checkInput()
    guard lengths.count == literalCount + distanceCount, lengths[DeflateAlphabet.endOfBlock] > 0,
      literals.build(lengths[..<literalCount])
    else { throw damaged() }
    // A block of literals alone has no code for distances.
    let distanceLengths = lengths[literalCount...]
    if distanceLengths.allSatisfy({ $0 == 0 }) {
      distances = PrefixTable()
    } else {
      guard distances.build(distanceLengths) else { throw damaged() }
    }
  }

  private mutating func readBlock(
    _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, _ count: inout Int
  ) throws(InflateError) {
    let lengthEntries = DeflateAlphabet.lengths
    let distanceEntries = DeflateAlphabet.distances
    while true {
      // A match takes at most 15 + 5 + 15 + 13 bits.
      refill(input)
      guard let symbol = next(literals) else { throw .damaged("has compressed data with an unknown code") }
      if symbol < 256 {
        guard count < output.count else { throw .damaged("has more data than its size needs") }
        output[count] = UInt8(symbol)
        count &+= 1
        continue
      }
      try checkInput()
      if symbol == DeflateAlphabet.endOfBlock { return }
      guard symbol - 257 < lengthEntries.count else { throw .damaged("has compressed data with an unknown code") }
      let lengthEntry = lengthEntries[symbol - 257]
      let length = lengthEntry.base &+ take(lengthEntry.extra)
      guard let code = next(distances), code < distanceEntries.count else {
        throw .damaged("has compressed data with an unknown code")
      }
      let distanceEntry = distanceEntries[code]
      let distance = distanceEntry.base &+ take(distanceEntry.extra)
      guard distance <= count else { throw .damaged("repeats data from before its beginning") }
      guard length <= output.count &- count else { throw .damaged("has more data than its size needs") }
      for _ in 0..<length {
        output[count] = output[count &- distance]
        count &+= 1
      }
    }
  }

  @inline(__always)
  private mutating func next(_ table: PrefixTable) -> Int? {
    let entry = table.entries[Int(bits & (1 << UInt64(PrefixTable.bits) - 1))]
    if entry != 0 {
      _ = take(Int(entry & 15))
      return Int(entry >> 4)
    }
    guard let (symbol, length) = table.longCode(bits) else { return nil }
    _ = take(length)
    return symbol
  }
}
