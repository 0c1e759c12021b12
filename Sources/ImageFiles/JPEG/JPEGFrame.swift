/// What a JPEG picture's frame header says, and where its components' blocks and samples are kept.
struct JPEGFrame {
  struct Component {
    let identifier: Int
    /// Which quantization table it takes.
    let tableIndex: Int
    var layout: Layout
    /// The quantization table in the order of rows; empty until the first scan.
    var table: [Int32] = []
    /// For each coefficient in zigzag order, the lowest bit that is known; -1 before the first scan.
    var knownBits = [Int](repeating: -1, count: 64)
  }

  /// Where a component's blocks and samples are kept.
  struct Layout {
    /// Blocks in a unit of an interleaved scan, in a row and in a column.
    let horizontal: Int
    let vertical: Int
    /// Its own samples, without what fills up blocks.
    var width = 0
    var height = 0
    /// Blocks that hold those samples.
    var blocksWide = 0
    var blocksHigh = 0
    /// Blocks that are kept: whole units.
    var storedWide = 0
    var storedHigh = 0
    /// The first block among those of all components.
    var firstBlock = 0

    /// From a sample to the one below.
    var rowSize: Int { storedWide * 8 }
    var firstSample: Int { firstBlock * 64 }
  }

  let width: Int
  let height: Int
  let isProgressive: Bool
  var components: [Component] = []
  let largestHorizontal: Int
  let largestVertical: Int
  /// Units of interleaved scans.
  let unitsWide: Int
  let unitsHigh: Int
  /// Of all components.
  private(set) var blockCount = 0

  /// - Parameters:
  ///   - source: the file.
  ///   - position: of the header, behind its length.
  ///   - size: of the header in bytes; inside the file.
  ///   - isProgressive: whether coefficients come in several scans.
  ///   - limits: how large the picture may be.
  init(
    _ source: PictureSource, at position: Int, size: Int, isProgressive: Bool, _ limits: PictureLimits
  ) throws(PictureError) {
    self.isProgressive = isProgressive
    guard size >= 6 else { throw source.damaged("has a frame header that is too short", at: position) }
    let precision = try source.big(position, 1)
    guard precision == 8 else {
      throw source.unsupported("has \(precision) bits a sample; save it with 8", at: position)
    }
    height = try source.big(position + 1, 2)
    width = try source.big(position + 3, 2)
    guard height > 0 else {
      throw source.unsupported("says its height behind its first scan; save it anew", at: position + 1)
    }
    _ = try source.pixelCount(width, height, limits)
    let count = try source.big(position + 5, 1)
    guard count != 4 else {
      throw source.unsupported("has four colours (CMYK or YCCK); save it as RGB", at: position + 5)
    }
    guard count == 1 || count == 3 else {
      throw source.unsupported("has \(count) components; save it as grey or RGB", at: position + 5)
    }
    guard size == 6 + 3 * count else { throw source.damaged("has a frame header of a wrong size", at: position) }
    for index in 0..<count {
      let at = position + 6 + 3 * index
      let sampling = try source.big(at + 1, 1)
      let layout = Layout(horizontal: sampling >> 4, vertical: sampling & 15)
      let component = Component(
        identifier: try source.big(at, 1), tableIndex: try source.big(at + 2, 1), layout: layout)
      guard (1...4).contains(layout.horizontal), (1...4).contains(layout.vertical), component.tableIndex < 4,
        !components.contains(where: { $0.identifier == component.identifier })
      else { throw source.damaged("has a component that cannot be", at: at) }
      components.append(component)
    }
    let largestHorizontal = components.map(\.layout.horizontal).max() ?? 1
    let largestVertical = components.map(\.layout.vertical).max() ?? 1
    self.largestHorizontal = largestHorizontal
    self.largestVertical = largestVertical
    let areMultiples = components.map(\.layout).allSatisfy {
      largestHorizontal % $0.horizontal == 0 && largestVertical % $0.vertical == 0
    }
    guard areMultiples else {
      throw source.unsupported("has components of sizes that are no multiples of each other", at: position)
    }
    unitsWide = Self.quotient(width, 8 * largestHorizontal)
    unitsHigh = Self.quotient(height, 8 * largestVertical)
    var coded = 0
    for index in components.indices {
      var layout = components[index].layout
      layout.width = Self.quotient(width * layout.horizontal, largestHorizontal)
      layout.height = Self.quotient(height * layout.vertical, largestVertical)
      layout.blocksWide = Self.quotient(layout.width, 8)
      layout.blocksHigh = Self.quotient(layout.height, 8)
      layout.storedWide = unitsWide * layout.horizontal
      layout.storedHigh = unitsHigh * layout.vertical
      layout.firstBlock = blockCount
      blockCount += layout.storedWide * layout.storedHigh
      coded += layout.blocksWide * layout.blocksHigh
      components[index].layout = layout
    }
    // Every block takes a bit or more.
    guard coded / 8 <= source.count else {
      throw source.truncated("ends before its \(width) x \(height) pixels do")
    }
  }

  private static func quotient(_ value: Int, _ divisor: Int) -> Int { (value + divisor - 1) / divisor }

  /// Places in a block, by row, of coefficients in zigzag order.
  static let order: [Int] = {
    var order: [Int] = []
    for diagonal in 0..<15 {
      let rows = Array(max(0, diagonal - 7)...min(diagonal, 7))
      for row in diagonal & 1 == 1 ? rows : rows.reversed() { order.append(8 * row + diagonal - row) }
    }
    return order
  }()
}
