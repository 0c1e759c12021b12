/// The SHA-256 digest of FIPS 180-4, by which a page's policy knows its own script and style.
struct SHA256 {
  let digest: [UInt8]

  init(_ message: some Sequence<UInt8>) {
    var bytes = Array(message)
    let bitCount = UInt64(bytes.count) * 8
    bytes.append(0x80)
    while bytes.count % 64 != 56 { bytes.append(0) }
    for byte in (0..<8).reversed() { bytes.append(UInt8(truncatingIfNeeded: bitCount >> UInt64(8 * byte))) }
    var state = Self.start
    for block in stride(from: 0, to: bytes.count, by: 64) { Self.add(bytes[block..<(block + 64)], to: &state) }
    digest = state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
  }

  private static func add(_ block: ArraySlice<UInt8>, to state: inout [UInt32]) {
    var words = [UInt32](repeating: 0, count: 64)
    for (index, byte) in block.enumerated() { words[index / 4] = words[index / 4] << 8 | UInt32(byte) }
    for index in 16..<64 {
      let one = words[index - 15]
      let two = words[index - 2]
      let low = right(one, 7) ^ right(one, 18) ^ (one >> 3)
      let high = right(two, 17) ^ right(two, 19) ^ (two >> 10)
      words[index] = words[index - 16] &+ low &+ words[index - 7] &+ high
    }
    var work = state
    for index in 0..<64 {
      let (a, b, c) = (work[0], work[1], work[2])
      let (e, f, g) = (work[4], work[5], work[6])
      let high = right(e, 6) ^ right(e, 11) ^ right(e, 25)
      let first = work[7] &+ high &+ ((e & f) ^ (~e & g)) &+ constants[index] &+ words[index]
      let low = right(a, 2) ^ right(a, 13) ^ right(a, 22)
      let second = low &+ ((a & b) ^ (a & c) ^ (b & c))
      work = [first &+ second, a, b, c, work[3] &+ first, e, f, g]
    }
    for index in 0..<8 { state[index] &+= work[index] }
  }

  private static func right(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

  // MARK: Constants

  private static let primes: [UInt64] = {
    var primes: [UInt64] = []
    var number: UInt64 = 2
    while primes.count < 64 {
      if primes.allSatisfy({ number % $0 != 0 }) { primes.append(number) }
      number += 1
    }
    return primes
  }()

  /// The first 32 bits behind the point of the first 8 primes' square roots.
  private static let start = primes.prefix(8).map { prime in
    // Exact enough: a double has 53 bits, and the root's whole part takes 3 of them.
    UInt32(truncatingIfNeeded: UInt64(Double(prime).squareRoot() * 0x1p32))
  }

  /// The same of the first 64 primes' cube roots: the largest number whose cube is not larger, in whole numbers.
  private static let constants = primes.map { prime in
    var root: UInt64 = 0
    for bit in stride(from: 34, through: 0, by: -1) {
      let trial = root | 1 << UInt64(bit)
      // trial^3 <= prime * 2^96, where trial < 2^35.
      let square = trial.multipliedFullWidth(by: trial)
      let low = square.low.multipliedFullWidth(by: trial)
      let high = square.high * trial + low.high
      if high < prime << 32 || (high == prime << 32 && low.low == 0) { root = trial }
    }
    return UInt32(truncatingIfNeeded: root)
  }

  /// The digest in base 64, as policies have it.
  var base64: String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: digest.count, by: 3) {
      let group = digest[start..<min(start + 3, digest.count)]
      let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
      for digit in 0..<4 {
        text.append(digit > group.count ? "=" : alphabet[Int(bits >> UInt32(18 - 6 * digit)) & 63])
      }
    }
    return text
  }
}
