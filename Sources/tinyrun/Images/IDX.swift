/// Images in the IDX format of the MNIST set: a big-endian header, then bytes row by row.
struct IDXImages {
  let count: Int
  let height: Int
  let width: Int
  private let bytes: [UInt8]

  private static let headerSize = 16

  init(path: String) throws {
    try self.init(try Files.read(path), path: path)
  }

  init(_ bytes: [UInt8], path: String) throws {
    self.bytes = bytes
    let header = try IDX.header(bytes, axes: 3, path: path)
    count = header[0]
    height = header[1]
    width = header[2]
    // Sizes have 32 bits: with both sides below 2^15 the product stays below 2^62.
    guard
      height > 0, width > 0, height < 1 << 15, width < 1 << 15,
      Int64(count) * Int64(height) * Int64(width) == Int64(bytes.count - Self.headerSize)
    else {
      throw Failure(
        .refused, "\(path) should hold \(count) images of \(height) x \(width) bytes, but has another size")
    }
  }

  /// Whether bytes begin as such a file does.
  static func isRecognized(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0, 0, 8, 3]) }

  /// The bytes of an image, row by row.
  ///
  /// Requires `0 <= index < count`.
  @_lifetime(borrow self)
  func pixels(_ index: Int) -> Span<UInt8> {
    let size = height * width
    return bytes.span.extracting((Self.headerSize + index * size)..<(Self.headerSize + (index + 1) * size))
  }
}

/// Labels in the IDX format of the MNIST set, a byte each.
struct IDXLabels {
  let count: Int
  private let bytes: [UInt8]

  init(path: String) throws {
    bytes = try Files.read(path)
    count = try IDX.header(bytes, axes: 1, path: path)[0]
    guard count == bytes.count - 8 else {
      throw Failure(.refused, "\(path) should hold \(count) labels, but holds \(bytes.count - 8)")
    }
  }

  subscript(index: Int) -> Int { Int(bytes[8 + index]) }

  /// One more than the largest label.
  var classes: Int { Int(bytes.dropFirst(8).max() ?? 0) + 1 }
}

private enum IDX {
  /// The sizes in the header of a file of bytes with that many axes.
  static func header(_ bytes: [UInt8], axes: Int, path: String) throws -> [Int] {
    guard bytes.count >= 4 + 4 * axes, bytes[0] == 0, bytes[1] == 0, bytes[2] == 8, bytes[3] == UInt8(axes) else {
      throw Failure(
        .refused, "\(path) is not an IDX file of bytes with \(axes) axes (if its name ends in .gz, unpack it first)")
    }
    return (0..<axes).map { axis in
      (0..<4).reduce(0) { $0 << 8 | Int(bytes[4 + 4 * axis + $1]) }
    }
  }
}
