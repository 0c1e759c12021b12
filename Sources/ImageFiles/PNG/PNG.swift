import Deflate

/// What readers and writers of PNG share.
enum PNG {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  static func big(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  /// Appends a chunk: the count of its bytes, its type, they, and the check sum of both.
  static func append(_ type: String, _ bytes: [UInt8], to file: inout [UInt8]) {
    file += big(bytes.count)
    let start = file.count
    file += Array(type.utf8)
    file += bytes
    file += big(Int(Checksum.crc32(file.span.extracting(start...))))
  }

  /// Of the bytes on the left, above and above on the left, the one that is nearest to left + above - corner.
  @inline(__always)
  static func paeth(_ left: UInt8, _ up: UInt8, _ corner: UInt8) -> UInt8 {
    let a = Int32(left)
    let b = Int32(up)
    let c = Int32(corner)
    let toLeft = abs(b &- c)
    let toUp = abs(a &- c)
    let toCorner = abs(a &+ b &- 2 &* c)
    if toLeft <= toUp, toLeft <= toCorner { return left }
    return toUp <= toCorner ? up : corner
  }
}
