import ImageFiles

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

  /// A picture of an input's sides, and where the picture lies in it.
  func fitted(_ picture: Picture, width: Int, height: Int) -> (picture: Picture, placement: Placement) {
    var across = AxisPlacement(picture: picture.width, input: width)
    var down = AxisPlacement(picture: picture.height, input: height)
    switch self {
    case .stretch:
      return (picture.resized(width: width, height: height), Placement(across: across, down: down))
    case .pad:
      let box = picture.letterboxed(width: width, height: height)
      across.pad(from: box.left, count: Int((Double(picture.width) * box.horizontalScale).rounded()))
      down.pad(from: box.top, count: Int((Double(picture.height) * box.verticalScale).rounded()))
      return (box.picture, Placement(across: across, down: down))
    case .crop:
      // Sides have 32 bits: products have less than 64.
      if picture.width * height >= picture.height * width {
        across.crop(to: (picture.height * width + height / 2) / height)
      } else {
        down.crop(to: (picture.width * height + width / 2) / width)
      }
      let part = picture.cropped(columns: across.seen, rows: down.seen)
      return (part.resized(width: width, height: height), Placement(across: across, down: down))
    }
  }
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

  fileprivate mutating func pad(from start: Int, count: Int) { filled = start..<(start + count) }

  fileprivate mutating func crop(to size: Int) {
    let count = max(size, 1)
    let start = (picture - count) / 2
    seen = start..<(start + count)
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

extension Picture {
  /// A part of the picture.
  ///
  /// - Parameters:
  ///   - columns, rows: pixels that are in it, some of each.
  fileprivate func cropped(columns: Range<Int>, rows: Range<Int>) -> Picture {
    var part: [UInt8] = []
    part.reserveCapacity(columns.count * rows.count * channels)
    for row in rows {
      part += pixels[((row * width + columns.lowerBound) * channels)..<((row * width + columns.upperBound) * channels)]
    }
    return Picture(width: columns.count, height: rows.count, channels: channels, pixels: part)
  }
}
