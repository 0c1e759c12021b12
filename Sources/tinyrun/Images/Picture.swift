/// A picture of bytes: grey, or red, green and blue, row by row from the top.
struct Picture {
  let width: Int
  let height: Int
  /// 1 for grey, 3 for red, green and blue.
  let channels: Int
  /// `height * width * channels` bytes.
  let pixels: [UInt8]

  /// Requires positive sizes and exactly as many bytes as they say.
  init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == width * height * channels)
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// Reads a picture's file, whose format is told from its first bytes.
  ///
  /// - Throws: ``Failure`` when it is of another format, or damaged.
  static func decode(_ bytes: [UInt8], path: String) throws -> Picture {
    if PortableAnymap.isRecognized(bytes) { return try PortableAnymap.decode(bytes, path: path) }
    if Bitmap.isRecognized(bytes) { return try Bitmap.decode(bytes, path: path) }
    if IDXImages.isRecognized(bytes) {
      throw Failure(.refused, "\(path) holds many images; say which one, as in \(path):0")
    }
    let known: [(mark: [UInt8], name: String)] = [
      ([0x89, 0x50, 0x4E, 0x47], "a PNG"), ([0xFF, 0xD8, 0xFF], "a JPEG"), (Array("GIF8".utf8), "a GIF"),
      (Array("RIFF".utf8), "a RIFF or WebP"), ([0x49, 0x49, 0x2A, 0], "a TIFF"), ([0x4D, 0x4D, 0, 0x2A], "a TIFF"),
    ]
    let name = known.first { bytes.starts(with: $0.mark) }?.name
    let what = name.map { "\($0) file, which this tool does not read" } ?? "no picture that this tool reads"
    throw Failure(.refused, "\(path) is \(what); convert it to PGM, PPM or BMP")
  }

  /// An image of an IDX file.
  ///
  /// - Parameter row: the image's number; less than the count of images.
  init(_ images: IDXImages, row: Int) {
    let span = images.pixels(row)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(span.count)
    for index in span.indices { pixels.append(span[index]) }
    self.init(width: images.width, height: images.height, channels: 1, pixels: pixels)
  }

  /// The picture in another count of channels: 1 (grey), 3 (colours) or 4 (colours and an opaque alpha).
  ///
  /// Grey is the luma of ITU-R BT.601: 0.299 red + 0.587 green + 0.114 blue, rounded.
  func converted(toChannels wanted: Int) -> [UInt8] {
    precondition(wanted == 1 || wanted == 3 || wanted == 4)
    if wanted == channels { return pixels }
    var converted: [UInt8] = []
    converted.reserveCapacity(width * height * wanted)
    for start in stride(from: 0, to: pixels.count, by: channels) {
      if wanted == 1 {
        let luma = 299 * Int(pixels[start]) + 587 * Int(pixels[start + 1]) + 114 * Int(pixels[start + 2])
        converted.append(UInt8((luma + 500) / 1000))
        continue
      }
      for channel in 0..<3 { converted.append(pixels[channels == 1 ? start : start + channel]) }
      if wanted == 4 { converted.append(255) }
    }
    return converted
  }
}

extension Picture {
  /// The picture in another size, each axis by itself, without regard to its proportions.
  ///
  /// Where an axis grows, pixels are interpolated linearly; where it shrinks, each new pixel is the average of the old
  /// ones under it, weighted by a triangle that reaches to the neighbours' centres. A picture that has the size already
  /// stays as it is.
  func resized(width newWidth: Int, height newHeight: Int) -> Picture {
    precondition(newWidth > 0 && newHeight > 0)
    if newWidth == width, newHeight == height { return self }
    let columns = AxisFilter(from: width, to: newWidth)
    let rows = AxisFilter(from: height, to: newHeight)
    var result: [UInt8] = []
    result.reserveCapacity(newWidth * newHeight * channels)
    let rowLength = width * channels
    // One new row at the old width.
    var sums = [Float](repeating: 0, count: rowLength)
    for y in 0..<newHeight {
      for index in 0..<rowLength { sums[index] = 0 }
      for tap in rows.taps(of: y) {
        let weight = rows.weights[tap]
        let start = rows.place(of: tap, for: y) * rowLength
        for index in 0..<rowLength { sums[index] += weight * Float(pixels[start + index]) }
      }
      for x in 0..<newWidth {
        for channel in 0..<channels {
          var sum: Float = 0
          for tap in columns.taps(of: x) {
            sum += columns.weights[tap] * sums[columns.place(of: tap, for: x) * channels + channel]
          }
          result.append(UInt8(min(max(sum.rounded(), 0), 255)))
        }
      }
    }
    return Picture(width: newWidth, height: newHeight, channels: channels, pixels: result)
  }
}

/// Which old places, with which weights, make each new place along one axis.
private struct AxisFilter {
  /// Weights of all taps, those of the first new place first.
  private(set) var weights: [Float] = []
  private var starts = [0]
  /// For each new place, the old place of its first tap.
  private var firstPlaces: [Int] = []

  init(from old: Int, to new: Int) {
    let scale = Double(old) / Double(new)
    let reach = max(scale, 1)
    for place in 0..<new {
      let centre = (Double(place) + 0.5) * scale
      // All old places whose middle may be nearer to the centre than the triangle reaches.
      let low = max(0, Int((centre - reach).rounded(.down)))
      let high = min(old - 1, Int((centre + reach).rounded(.up)))
      let raw = (low...high).map { max(0, 1 - abs(Double($0) + 0.5 - centre) / reach) }
      let sum = raw.reduce(0, +)
      firstPlaces.append(low)
      weights += raw.map { Float($0 / sum) }
      starts.append(weights.count)
    }
  }

  /// Indices of a new place's weights.
  func taps(of place: Int) -> Range<Int> { starts[place]..<starts[place + 1] }

  /// The old place that a tap of a new place weighs.
  func place(of tap: Int, for place: Int) -> Int { firstPlaces[place] + tap - starts[place] }
}
