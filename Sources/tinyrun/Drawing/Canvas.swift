import ImageFiles

/// A picture to draw on, in red, green and blue.
///
/// Nothing is drawn outside of it, whatever the coordinates are; what is no number is not drawn. The middle of the pixel
/// (x, y) is the point (x + 0.5, y + 0.5).
struct Canvas {
  let width: Int
  let height: Int
  /// `height * width * 3` bytes.
  private(set) var pixels: [UInt8]

  /// A place on a canvas, in pixels from its upper left corner.
  struct Point {
    let x: Double
    let y: Double

    var isFinite: Bool { x.isFinite && y.isFinite }
  }

  /// - Parameters:
  ///   - width, height: positive.
  ///   - colour: what is there before anything is drawn.
  init(width: Int, height: Int, colour: Colour) {
    precondition(width > 0 && height > 0)
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: 0, count: width * height * 3)
    fill(left: 0, top: 0, right: width, bottom: height, colour)
  }

  /// A picture, each pixel `factor` times as wide and high.
  ///
  /// - Parameters:
  ///   - picture: the picture, of any channels.
  ///   - factor: at least 1.
  ///   - rows: empty rows below it.
  init(_ picture: Picture, factor: Int, rows: Int = 0) {
    precondition(factor > 0 && rows >= 0)
    width = picture.width * factor
    height = picture.height * factor + rows
    let source = picture.converted(toChannels: 3).pixels
    if factor == 1 {
      pixels = source
    } else {
      pixels = []
      pixels.reserveCapacity(width * height * 3)
      for y in 0..<(picture.height * factor) {
        let row = y / factor * picture.width
        for x in 0..<width {
          let start = 3 * (row + x / factor)
          pixels.append(source[start])
          pixels.append(source[start + 1])
          pixels.append(source[start + 2])
        }
      }
    }
    pixels += [UInt8](repeating: 0, count: width * rows * 3)
  }

  /// What has been drawn.
  var picture: Picture { Picture(width: width, height: height, channels: 3, pixels: pixels) }

  /// The colour of a pixel inside the canvas.
  subscript(x: Int, y: Int) -> Colour {
    let start = 3 * (y * width + x)
    return Colour(red: pixels[start], green: pixels[start + 1], blue: pixels[start + 2])
  }

  /// Mixes a colour into a pixel.
  ///
  /// - Parameters:
  ///   - x, y: any numbers; pixels outside are left out.
  ///   - colour: the colour.
  ///   - share: how much of the pixel it becomes; less than 0 is 0, more than 1 is 1.
  mutating func mix(_ x: Int, _ y: Int, _ colour: Colour, share: Double) {
    guard x >= 0, x < width, y >= 0, y < height, share > 0 else { return }
    let start = 3 * (y * width + x)
    if share >= 1 {
      pixels[start] = colour.red
      pixels[start + 1] = colour.green
      pixels[start + 2] = colour.blue
      return
    }
    func mixed(_ old: UInt8, _ new: UInt8) -> UInt8 {
      UInt8((Double(old) + (Double(new) - Double(old)) * share).rounded())
    }
    pixels[start] = mixed(pixels[start], colour.red)
    pixels[start + 1] = mixed(pixels[start + 1], colour.green)
    pixels[start + 2] = mixed(pixels[start + 2], colour.blue)
  }
}

extension Canvas {
  /// Fills the pixels of a rectangle: from `left` and `top` on, up to `right` and `bottom`, those not included.
  mutating func fill(left: Int, top: Int, right: Int, bottom: Int, _ colour: Colour, share: Double = 1) {
    let columns = (left: max(left, 0), right: min(right, width))
    guard columns.left < columns.right else { return }
    for y in stride(from: max(top, 0), to: min(bottom, height), by: 1) {
      for x in columns.left..<columns.right { mix(x, y, colour, share: share) }
    }
  }

  /// Draws the border of a rectangle, inside of it.
  ///
  /// - Parameter thickness: pixels; at least 1.
  mutating func frame(_ box: Box, thickness: Int, _ colour: Colour, share: Double = 1) {
    let box = box.limited
    let left = min(box.left + thickness, box.right)
    let right = max(box.right - thickness, left)
    let top = min(box.top + thickness, box.bottom)
    let bottom = max(box.bottom - thickness, top)
    fill(left: box.left, top: box.top, right: box.right, bottom: top, colour, share: share)
    fill(left: box.left, top: bottom, right: box.right, bottom: box.bottom, colour, share: share)
    fill(left: box.left, top: top, right: left, bottom: bottom, colour, share: share)
    fill(left: right, top: top, right: box.right, bottom: bottom, colour, share: share)
  }

  /// Draws a line with round ends, its edges smoothed.
  mutating func line(from start: Point, to end: Point, width: Double, _ colour: Colour) {
    guard start.isFinite, end.isFinite, width > 0 else { return }
    // Pixels whose middle is farther away than this are not touched.
    let reach = width / 2 + 0.5
    let (dx, dy) = (end.x - start.x, end.y - start.y)
    let square = dx * dx + dy * dy
    for y in range(min(start.y, end.y) - reach, max(start.y, end.y) + reach, limit: height) {
      let middle = Double(y) + 0.5
      // The part of the line whose rows are near enough to this one.
      var shares = [0.0, 1.0]
      if abs(dy) > 1e-9 {
        shares = [middle - reach, middle + reach].map { min(max(($0 - start.y) / dy, 0), 1) }
      }
      let ends = shares.map { start.x + $0 * dx }
      for x in range(min(ends[0], ends[1]) - reach, max(ends[0], ends[1]) + reach, limit: self.width) {
        let (px, py) = (Double(x) + 0.5 - start.x, middle - start.y)
        let share = square > 0 ? min(max((px * dx + py * dy) / square, 0), 1) : 0
        let (ex, ey) = (px - share * dx, py - share * dy)
        mix(x, y, colour, share: reach - (ex * ex + ey * ey).squareRoot())
      }
    }
  }

  /// Draws a disc, its edge smoothed.
  mutating func disc(_ middle: Point, radius: Double, _ colour: Colour) {
    line(from: middle, to: middle, width: 2 * radius, colour)
  }

  /// Pixels that reach from one place to another, as far as they lie between 0 and a limit.
  private func range(_ low: Double, _ high: Double, limit: Int) -> Range<Int> {
    // Not a number is neither larger nor smaller than anything.
    guard low < Double(limit), high > 0 else { return 0..<0 }
    let first = Int(max(low, 0))
    return first..<max(first, Int(min(high.rounded(.up), Double(limit))))
  }

  /// Draws text whose upper left corner is at a place; what does not fit is cut off.
  ///
  /// - Parameter scale: pixels of the canvas for each of a letter, at least 1.
  mutating func text(_ text: String, x: Int, y: Int, scale: Int, _ colour: Colour) {
    guard abs(Double(x)) < 1e9, abs(Double(y)) < 1e9, (1...1_000_000).contains(scale) else { return }
    var left = x
    for character in text {
      guard left < width else { return }
      for (row, bits) in Font.rows(of: character).enumerated() {
        for column in 0..<Font.letterWidth where bits >> UInt8(Font.letterWidth - 1 - column) & 1 == 1 {
          fill(
            left: left + column * scale, top: y + row * scale, right: left + (column + 1) * scale,
            bottom: y + (row + 1) * scale, colour)
        }
      }
      left += Font.cellWidth * scale
    }
  }
}

/// Pixels of a rectangle: from `left` and `top` on, up to `right` and `bottom`, those not included.
struct Box: Hashable {
  var left: Int
  var top: Int
  var right: Int
  var bottom: Int

  func overlaps(_ other: Box) -> Bool {
    left < other.right && other.left < right && top < other.bottom && other.top < bottom
  }

  /// The box with so many more pixels on each side.
  func grown(by pixels: Int) -> Box {
    Box(left: left - pixels, top: top - pixels, right: right + pixels, bottom: bottom + pixels)
  }

  /// The part of it that is within a billion pixels of the origin, so that sums with sizes do not overflow.
  var limited: Box {
    func near(_ value: Int) -> Int { min(max(value, -1_000_000_000), 1_000_000_000) }
    return Box(left: near(left), top: near(top), right: near(right), bottom: near(bottom))
  }
}
