/// What a PNG picture's first chunk says.
struct PNGHeader {
  enum ColourType: Int {
    case grey = 0
    case colours = 2
    case palette = 3
    case greyWithAlpha = 4
    case coloursWithAlpha = 6
  }

  let width: Int
  let height: Int
  /// Bits a sample.
  let depth: Int
  let colourType: ColourType
  /// The parts that the picture is stored in: one, or Adam7's seven.
  let passes: [Pass]

  /// A part of the picture: every so many pixels of every so many rows.
  struct Pass {
    var firstColumn: Int
    var firstRow: Int
    var columnStep: Int
    var rowStep: Int
    /// How many it has; either may be 0.
    var columns = 0
    var rows = 0
  }

  private static let interlaced = [
    Pass(firstColumn: 0, firstRow: 0, columnStep: 8, rowStep: 8),
    Pass(firstColumn: 4, firstRow: 0, columnStep: 8, rowStep: 8),
    Pass(firstColumn: 0, firstRow: 4, columnStep: 4, rowStep: 8),
    Pass(firstColumn: 2, firstRow: 0, columnStep: 4, rowStep: 4),
    Pass(firstColumn: 0, firstRow: 2, columnStep: 2, rowStep: 4),
    Pass(firstColumn: 1, firstRow: 0, columnStep: 2, rowStep: 2),
    Pass(firstColumn: 0, firstRow: 1, columnStep: 1, rowStep: 2),
  ]

  init(_ source: PictureSource, _ limits: PictureLimits) throws(PictureError) {
    guard try source.big(8, 4) == 13, try source.big(12, 4) == 0x4948_4452 else {
      throw source.damaged("does not begin with its header", at: 8)
    }
    width = try source.big(16, 4)
    height = try source.big(20, 4)
    _ = try source.pixelCount(width, height, limits)
    depth = try source.big(24, 1)
    let type = try source.big(25, 1)
    let depths = type == 0 ? [1, 2, 4, 8, 16] : type == 3 ? [1, 2, 4, 8] : [8, 16]
    guard let colourType = ColourType(rawValue: type), depths.contains(depth) else {
      throw source.damaged("has colour type \(type) with \(depth) bits, which does not exist", at: 24)
    }
    self.colourType = colourType
    let (compression, filter, interlace) = (
      try source.big(26, 1), try source.big(27, 1), try source.big(28, 1)
    )
    guard compression == 0, filter == 0, interlace < 2 else {
      throw source.unsupported("has the compression \(compression), filter \(filter), interlace \(interlace)", at: 26)
    }
    let (width, height) = (width, height)
    let parts = interlace == 1 ? Self.interlaced : [Pass(firstColumn: 0, firstRow: 0, columnStep: 1, rowStep: 1)]
    passes = parts.map { part in
      var part = part
      part.columns = max(0, (width - part.firstColumn + part.columnStep - 1) / part.columnStep)
      part.rows = max(0, (height - part.firstRow + part.rowStep - 1) / part.rowStep)
      return part
    }
  }

  var hasAlpha: Bool { colourType == .greyWithAlpha || colourType == .coloursWithAlpha }

  /// Samples a stored pixel.
  private var storedSamples: Int {
    switch colourType {
    case .grey, .palette: 1
    case .greyWithAlpha: 2
    case .colours: 3
    case .coloursWithAlpha: 4
    }
  }

  /// Samples a pixel of the picture, with one more where transparency is added.
  func samples(withAlpha: Bool) -> Int { (colourType == .palette ? 3 : storedSamples) + (withAlpha ? 1 : 0) }

  /// Bytes of a row of so many pixels, without the number of its filter.
  func rowSize(_ columns: Int) -> Int { (columns * storedSamples * depth + 7) / 8 }

  /// From a byte to the one of the pixel before that filters use.
  var filterDistance: Int { max(1, storedSamples * depth / 8) }

  /// Bytes of all rows with their filters' numbers.
  var dataSize: Int {
    passes.reduce(0) { $0 + ($1.columns == 0 ? 0 : $1.rows * (rowSize($1.columns) + 1)) }
  }
}
