/// The check sums of PNG's chunks (CRC-32, ISO 3309) and of zlib's streams (Adler-32, RFC 1950).
public enum Checksum {
  /// Four tables: of a byte, and of a byte with one to three zero bytes behind it.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 4 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
      tables[byte] = value
    }
    for index in 256..<1024 {
      let before = tables[index - 256]
      tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
    }
    return tables
  }()

  /// CRC-32 of some bytes.
  public static func crc32(_ bytes: Span<UInt8>) -> UInt32 {
    let tables = tables.span
    var sum: UInt32 = 0xFFFF_FFFF
    var index = 0
    while index + 4 <= bytes.count {
      sum ^= UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8
      sum ^= UInt32(bytes[index + 2]) << 16 | UInt32(bytes[index + 3]) << 24
      sum =
        tables[768 + Int(sum & 0xFF)] ^ tables[512 + Int(sum >> 8 & 0xFF)] ^ tables[256 + Int(sum >> 16 & 0xFF)]
        ^ tables[Int(sum >> 24)]
      index += 4
    }
    while index < bytes.count {
      sum = sum >> 8 ^ tables[Int((sum ^ UInt32(bytes[index])) & 0xFF)]
      index += 1
    }
    return ~sum
  }

  /// Adler-32 of some bytes.
  public static func adler32(_ bytes: Span<UInt8>) -> UInt32 {
    var low: UInt32 = 1
    var high: UInt32 = 0
    var index = 0
    while index < bytes.count {
      // 5552 is the longest run after which the higher sum still has 32 bits.
      let end = min(index + 5552, bytes.count)
      while index < end {
        low &+= UInt32(bytes[index])
        high &+= low
        index += 1
      }
      low %= 65521
      high %= 65521
    }
    return high << 16 | low
  }
}
