/// Compresses bytes into a zlib stream (RFC 1950, RFC 1951): matches found along hash chains, blocks with codes of their
/// own.
public struct Deflater {
  private var output: [UInt8] = [0x78, 0x9C]
  private var bits: UInt64 = 0
  private var bitCount = 0

  /// Literals, or matches as `1 << 31 | length << 16 | distance`, of the block that is being gathered; the distance
  /// of 32,768 is written as 0.
  private var symbols: [UInt32] = []
  private var literalFrequencies = [Int](repeating: 0, count: 286)
  private var distanceFrequencies = [Int](repeating: 0, count: 30)

  /// A match of this length is taken without a look for a better one at the next byte.
  private static let goodMatch = 32
  private static let symbolsInBlock = 1 << 15

  /// The stream of some bytes.
  public static func zlib(_ bytes: [UInt8]) -> [UInt8] {
    var deflater = Deflater()
    deflater.output.reserveCapacity(bytes.count / 2 + 64)
    deflater.compress(bytes)
    deflater.flushBits()
    let sum = Checksum.adler32(bytes.span)
    for shift in [24, 16, 8, 0] as [UInt32] { deflater.output.append(UInt8(truncatingIfNeeded: sum >> shift)) }
    return deflater.output
  }

  // MARK: Matches

  private mutating func compress(_ bytes: [UInt8]) {
    let span = bytes.span
    var finder = MatchFinder()
    symbols.reserveCapacity(Self.symbolsInBlock)
    var place = 0
    var found = (length: 0, distance: 0)
    while place < span.count {
      finder.enter(span, place)
      var next = (length: 0, distance: 0)
      if found.length < Self.goodMatch { next = finder.match(span, place + 1) }
      if found.length == 0 || next.length > found.length {
        add(literal: span[place])
        place += 1
        found = next
      } else {
        add(found.length, found.distance)
        for entered in (place + 1)..<(place + found.length) { finder.enter(span, entered) }
        place += found.length
        found = finder.match(span, place)
      }
      if symbols.count >= Self.symbolsInBlock, place < span.count { writeBlock(isLast: false) }
    }
    writeBlock(isLast: true)
  }

  private mutating func add(literal: UInt8) {
    symbols.append(UInt32(literal))
    literalFrequencies[Int(literal)] += 1
  }

  private mutating func add(_ length: Int, _ distance: Int) {
    symbols.append(1 << 31 | UInt32(length) << 16 | UInt32(distance & 0x7FFF))
    literalFrequencies[257 + Int(Self.lengthCodes[length - 3])] += 1
    distanceFrequencies[Self.distanceCode(distance)] += 1
  }

  /// Codes of lengths from 3 to 258, minus 257.
  private static let lengthCodes: [UInt8] = (3...258).map { length in
    UInt8(DeflateAlphabet.lengths.lastIndex { $0.base <= length } ?? 0)
  }

  private static func distanceCode(_ distance: Int) -> Int {
    if distance <= 4 { return distance - 1 }
    // Two codes for each power of two, told by the bit below the highest.
    let bits = Int.bitWidth - 1 - (distance - 1).leadingZeroBitCount
    return 2 * bits + ((distance - 1) >> (bits - 1) & 1)
  }

  // MARK: Blocks

  /// Writes the symbols that have been gathered as a block with codes of its own.
  private mutating func writeBlock(isLast: Bool) {
    literalFrequencies[DeflateAlphabet.endOfBlock] = 1
    let literals = HuffmanEncoder(frequencies: literalFrequencies, longest: 15)
    let distances = HuffmanEncoder(frequencies: distanceFrequencies, longest: 15)
    write(isLast ? 1 : 0, 1)
    write(2, 2)
    writeCodes(literals, distances)
    let lengthEntries = DeflateAlphabet.lengths
    let distanceEntries = DeflateAlphabet.distances
    for symbol in symbols {
      if symbol < 256 {
        write(Int(literals.codes[Int(symbol)]), Int(literals.lengths[Int(symbol)]))
        continue
      }
      let length = Int(symbol >> 16 & 0x7FFF)
      let distance = symbol & 0x7FFF == 0 ? 1 << 15 : Int(symbol & 0x7FFF)
      let lengthCode = Int(Self.lengthCodes[length - 3])
      write(Int(literals.codes[257 + lengthCode]), Int(literals.lengths[257 + lengthCode]))
      let lengthEntry = lengthEntries[lengthCode]
      write(length - lengthEntry.base, lengthEntry.extra)
      let distanceCode = Self.distanceCode(distance)
      write(Int(distances.codes[distanceCode]), Int(distances.lengths[distanceCode]))
      let distanceEntry = distanceEntries[distanceCode]
      write(distance - distanceEntry.base, distanceEntry.extra)
    }
    let end = DeflateAlphabet.endOfBlock
    write(Int(literals.codes[end]), Int(literals.lengths[end]))
    symbols.removeAll(keepingCapacity: true)
    for index in literalFrequencies.indices { literalFrequencies[index] = 0 }
    for index in distanceFrequencies.indices { distanceFrequencies[index] = 0 }
  }

  /// Writes the lengths of both codes, runs of them shortened, under a third code.
  private mutating func writeCodes(_ literals: HuffmanEncoder, _ distances: HuffmanEncoder) {
    let literalCount = max(257, 1 + (literals.lengths.lastIndex { $0 > 0 } ?? 0))
    let distanceCount = max(1, 1 + (distances.lengths.lastIndex { $0 > 0 } ?? 0))
    let lengths = literals.lengths.prefix(literalCount) + distances.lengths.prefix(distanceCount)
    // Symbols of the third code, with the value and the count of the bits that follow.
    var runs: [(symbol: Int, value: Int, extra: Int)] = []
    var index = 0
    while index < lengths.count {
      let length = lengths[index]
      var run = 1
      while index + run < lengths.count, lengths[index + run] == length { run += 1 }
      if length == 0, run >= 3 {
        run = min(run, 138)
        runs.append(run <= 10 ? (17, run - 3, 3) : (18, run - 11, 7))
      } else if length > 0, run >= 4 {
        runs.append((Int(length), 0, 0))
        let repeats = min(run - 1, 6)
        runs.append((16, repeats - 3, 2))
        run = repeats + 1
      } else {
        run = 1
        runs.append((Int(length), 0, 0))
      }
      index += run
    }
    var frequencies = [Int](repeating: 0, count: 19)
    for run in runs { frequencies[run.symbol] += 1 }
    let code = HuffmanEncoder(frequencies: frequencies, longest: 7)
    let order = DeflateAlphabet.order
    let count = max(4, 1 + (order.lastIndex { code.lengths[$0] > 0 } ?? 0))
    write(literalCount - 257, 5)
    write(distanceCount - 1, 5)
    write(count - 4, 4)
    for symbol in order.prefix(count) { write(Int(code.lengths[symbol]), 3) }
    for run in runs {
      write(Int(code.codes[run.symbol]), Int(code.lengths[run.symbol]))
      write(run.value, run.extra)
    }
  }

  // MARK: Bits

  /// Writes up to 16 bits, the lowest first.
  private mutating func write(_ value: Int, _ count: Int) {
    bits |= UInt64(truncatingIfNeeded: value) << UInt64(bitCount)
    bitCount += count
    while bitCount >= 8 {
      output.append(UInt8(truncatingIfNeeded: bits))
      bits >>= 8
      bitCount -= 8
    }
  }

  private mutating func flushBits() {
    if bitCount > 0 { output.append(UInt8(truncatingIfNeeded: bits)) }
    bits = 0
    bitCount = 0
  }
}
