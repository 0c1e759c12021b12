/// How a picture of other proportions becomes an input of fixed sides.
enum PictureFit: String, CaseIterable {
  /// Each axis by itself: all is seen, proportions change.
  case stretch
  /// The whole picture in the middle, black on two sides of it.
  case pad
  /// The middle of the picture, as much as fills the input.
  case crop

  /// The fit that an option's value names.
  init(named name: String) throws {
    guard let fit = Self(rawValue: name) else {
      throw Failure(
        .usage, "--fit takes \(Self.allCases.map(\.rawValue).joined(separator: ", ")), not \(name)")
    }
    self = fit
  }

  /// Where a picture of these sides lies in an input of those.
  func placement(width: Int, height: Int, inWidth inputWidth: Int, inHeight inputHeight: Int) -> Placement {
    var across = AxisPlacement(picture: width, input: inputWidth)
    var down = AxisPlacement(picture: height, input: inputHeight)
    // Sides have 32 bits: products have less than 64.
    let isWider = width * inputHeight >= height * inputWidth
    switch self {
    case .stretch: break
    case .pad where isWider: down.pad(to: Self.share(inputWidth, height, width))
    case .pad: across.pad(to: Self.share(inputHeight, width, height))
    case .crop where isWider: across.crop(to: Self.share(height, inputWidth, inputHeight))
    case .crop: down.crop(to: Self.share(width, inputHeight, inputWidth))
    }
    return Placement(across: across, down: down)
  }

  /// `size * part / whole`, rounded, at least 1.
  private static func share(_ size: Int, _ part: Int, _ whole: Int) -> Int { max(1, (size * part + whole / 2) / whole) }
}

/// Where a picture lies along one axis of a model's input.
struct AxisPlacement: Hashable {
  /// Pixels of the picture, and of the input.
  let picture: Int
  let input: Int
  /// The pixels of the picture that are seen.
  private(set) var seen: Range<Int>
  /// The pixels of the input that they fill.
  private(set) var filled: Range<Int>

  /// All of the one in all of the other.
  init(picture: Int, input: Int) {
    self.picture = picture
    self.input = input
    seen = 0..<picture
    filled = 0..<input
  }

  fileprivate mutating func pad(to size: Int) {
    let start = (input - size) / 2
    filled = start..<(start + size)
  }

  fileprivate mutating func crop(to size: Int) {
    let start = (picture - size) / 2
    seen = start..<(start + size)
  }

  /// A place of the input as a place of the picture, both as shares of all pixels.
  func share(ofInput share: Float) -> Float {
    if seen.count == picture, filled.count == input { return share }
    return Float(place(ofInput: Double(share) * Double(input)) / Double(picture))
  }

  /// A place of the input as a place of the picture, both in pixels from the left or the top.
  func place(ofInput place: Double) -> Double {
    Double(seen.lowerBound) + (place - Double(filled.lowerBound)) * Double(seen.count) / Double(filled.count)
  }
}

/// Where a picture lies in a model's input.
struct Placement: Hashable {
  let across: AxisPlacement
  let down: AxisPlacement
}

/// Which cells of a model's map along one axis are the picture's, and which cell each pixel of the picture belongs to.
struct MapAxis {
  /// The cells that show the picture; at least one.
  let cells: Range<Int>
  private let placement: AxisPlacement
  private let count: Int

  /// - Parameters:
  ///   - placement: where the picture lies in the input.
  ///   - count: cells of the map, which reaches as far as the input; at least 1.
  init(_ placement: AxisPlacement, count: Int) {
    self.placement = placement
    self.count = count
    // Cells whose middle is inside.
    let (size, last) = (Double(placement.input), Double(count - 1))
    func cell(_ place: Int) -> Double { (Double(place) * Double(count) / size - 0.5).rounded(.up) }
    let first = Int(min(max(cell(placement.filled.lowerBound), 0), last))
    let end = Int(min(max(cell(placement.filled.upperBound), 0), last + 1))
    cells = first..<max(first + 1, end)
  }

  /// The edge in front of a cell, in whole pixels of the picture.
  func edge(_ cell: Int) -> Int {
    // One division at the end: places that are whole stay so.
    let shift = Double(cell) * Double(placement.input) - Double(placement.filled.lowerBound) * Double(count)
    let place = shift * Double(placement.seen.count) / (Double(placement.filled.count) * Double(count))
    return min(max(placement.seen.lowerBound + Int(place.rounded(.down)), 0), placement.picture)
  }

  /// For each pixel of the picture the cell that its middle is in; `nil` for those that the model has not seen.
  var cellsOfPixels: [Int?] {
    (0..<placement.picture).map { pixel in
      guard placement.seen.contains(pixel) else { return nil }
      let share = (Double(pixel - placement.seen.lowerBound) + 0.5) / Double(placement.seen.count)
      let place = Double(placement.filled.lowerBound) + share * Double(placement.filled.count)
      let cell = Int(place * Double(count) / Double(placement.input))
      return min(max(cell, cells.lowerBound), cells.upperBound - 1)
    }
  }
}
