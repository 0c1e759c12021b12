import ImageFiles

/// A picture with what was found in it: boxes, labels, masks, skeletons, and a strip of text below.
///
/// Places are given in pixels of the picture. A small picture is enlarged by a whole factor first, so that text fits;
/// lines and letters grow with the picture.
struct Drawing {
  private(set) var canvas: Canvas
  /// Pixels of the canvas for each of the picture.
  let factor: Int
  /// How many pixels of the canvas a pixel of a letter takes.
  let unit: Int
  private var caption: [CaptionLine] = []

  /// A line of the strip below the picture.
  struct CaptionLine {
    /// What the line explains, as a small square in front of it.
    let colour: Colour?
    let text: String
  }

  /// The least size of letters that reads well.
  private static let leastUnit = 2
  /// The longer side that pictures have at least.
  private static let leastSide = 400
  /// The lines that a caption has at most.
  private static let mostLines = 20
  /// Pixels that the strip below may have where the picture has fewer.
  private static let leastStrip = 1 << 24

  init(_ picture: Picture) {
    let side = max(picture.width, picture.height)
    factor = max(1, (Self.leastSide + side - 1) / side)
    // Letters of a very long and thin picture must not be larger than that.
    let seen = min(side, 8 * min(picture.width, picture.height)) * factor
    unit = max(Self.leastUnit, Int((Double(seen) / 300).rounded()))
    canvas = Canvas(picture, factor: factor)
  }

  /// Pixels of the canvas across a line.
  private var thickness: Int { (3 * unit + 1) / 2 }

  /// A place in pixels of the picture as a point of the canvas.
  private func point(_ x: Double, _ y: Double) -> Canvas.Point {
    Canvas.Point(x: x * Double(factor), y: y * Double(factor))
  }

  // MARK: Boxes

  /// A box in pixels of the picture, and what it is called.
  struct LabelledBox {
    let box: Box
    let label: String
    let colour: Colour
  }

  /// Draws boxes, the first ones over the others, and then their labels, which stay inside the picture.
  mutating func boxes(_ boxes: [LabelledBox]) {
    let places = boxes.map { onCanvas($0.box) }
    let halo = max(1, unit / 2)
    for (place, box) in zip(places, boxes).reversed() {
      canvas.frame(place.grown(by: halo), thickness: halo, .black, share: 0.5)
      canvas.frame(place, thickness: thickness, box.colour)
    }
    let most = (canvas.width - 2 * unit) / (Font.cellWidth * unit)
    guard most > 0 else { return }
    var labels: [(place: Box, text: String, colour: Colour)] = []
    for (place, box) in zip(places, boxes) where !box.label.isEmpty {
      let text = Text.shortened(box.label, most)
      let label = Self.place(
        width: (Font.cellWidth * text.count + 2) * unit, height: (Font.letterHeight + 2) * unit, at: place,
        inside: Box(left: 0, top: 0, right: canvas.width, bottom: canvas.height), beside: labels.map(\.place))
      labels.append((label, text, box.colour))
      canvas.frame(label.grown(by: halo), thickness: halo, .black, share: 0.5)
    }
    for (place, text, colour) in labels.reversed() {
      canvas.fill(left: place.left, top: place.top, right: place.right, bottom: place.bottom, colour)
      canvas.text(text, x: place.left + unit, y: place.top + unit, scale: unit, colour.legible)
    }
  }

  /// A box of the picture as one of the canvas, inside of it and with at least a pixel.
  private func onCanvas(_ box: Box) -> Box {
    let near = box.limited
    let left = min(max(near.left * factor, 0), canvas.width - 1)
    let top = min(max(near.top * factor, 0), canvas.height - 1)
    return Box(
      left: left, top: top, right: min(max(near.right * factor, left + 1), canvas.width),
      bottom: min(max(near.bottom * factor, top + 1), canvas.height))
  }

  /// The steps down a box's side at which its label is tried.
  private static let steps = 6

  /// Where a label goes: above its box, else in it or below, where it covers no other label; above if it does anywhere.
  private static func place(
    width: Int, height: Int, at box: Box, inside picture: Box, beside taken: [Box]
  ) -> Box {
    func place(_ left: Int, _ top: Int) -> Box {
      let left = max(0, min(left, picture.right - width))
      let top = max(0, min(top, picture.bottom - height))
      return Box(left: left, top: top, right: left + width, bottom: top + height)
    }
    var places = [place(box.left, box.top - height), place(box.right - width, box.top - height)]
    places += (0..<steps).map { place(box.left, box.top + $0 * height) }
    places += [place(box.left, box.bottom), place(box.right - width, box.bottom)]
    return places.first { candidate in !taken.contains { $0.overlaps(candidate) } } ?? places[0]
  }

  // MARK: Masks

  /// Lays half transparent colours over the picture.
  ///
  /// - Parameter colour: the colour of a pixel of the picture, or `nil` where it stays as it is.
  mutating func tint(_ colour: (_ x: Int, _ y: Int) -> Colour?) {
    for y in 0..<(canvas.height / factor) {
      for x in 0..<(canvas.width / factor) {
        guard let colour = colour(x, y) else { continue }
        canvas.fill(
          left: x * factor, top: y * factor, right: (x + 1) * factor, bottom: (y + 1) * factor, colour, share: 0.5)
      }
    }
  }

  // MARK: Skeletons

  /// Draws bones and joints.
  ///
  /// - Parameters:
  ///   - joints: their places, in pixels of the picture; `nil` for those that are not drawn.
  ///   - bones: pairs of indices of joints; a bone is drawn if both ends are.
  ///   - colour: the colour of the bones.
  mutating func skeleton(_ joints: [(x: Double, y: Double)?], bones: [(Int, Int)], _ colour: Colour) {
    let points = joints.map { $0.map { point($0.x, $0.y) } }
    let width = Double(thickness)
    for (growth, colour) in [(Double(unit), Colour.black), (0, colour)] {
      for (from, to) in bones where points.indices.contains(from) && points.indices.contains(to) {
        guard let start = points[from], let end = points[to] else { continue }
        canvas.line(from: start, to: end, width: width + growth, colour)
      }
    }
    for case let point? in points {
      canvas.disc(point, radius: width + Double(unit) / 2, .black)
      canvas.disc(point, radius: width, .white)
      canvas.disc(point, radius: width * 0.6, colour)
    }
  }

  // MARK: The strip below

  /// Adds a line to the strip below the picture.
  mutating func addCaption(_ text: String, _ colour: Colour? = nil) {
    caption.append(CaptionLine(colour: colour, text: text))
  }

  /// How many lines the strip below has room for: it is not larger than the picture, or than a usual one.
  private var mostLines: Int {
    let rows = max(Self.leastStrip, canvas.width * canvas.height) / canvas.width
    return min(Self.mostLines, rows / ((Font.cellHeight + 2) * unit) - 2)
  }

  /// The picture with all that was drawn, and the strip below it.
  var picture: Picture {
    var lines = Array(caption.prefix(max(0, mostLines)))
    guard !lines.isEmpty else { return canvas.picture }
    if caption.count > lines.count {
      lines.append(CaptionLine(colour: nil, text: "... and \(caption.count - lines.count) more"))
    }
    // Letters as large as the picture's, or smaller ones if the longest line needs it. A square takes two letters.
    let longest = lines.map { $0.text.count + ($0.colour == nil ? 0 : 2) }.max() ?? 0
    let scale = max(1, min(unit, canvas.width / (Font.cellWidth * (longest + 1))))
    let lineHeight = (Font.cellHeight + 2) * scale
    let top = canvas.height
    var sheet = Canvas(canvas.picture, factor: 1, rows: lineHeight * lines.count + 2 * scale)
    let background = Colour(red: 28, green: 28, blue: 32)
    sheet.fill(left: 0, top: top, right: sheet.width, bottom: sheet.height, background)
    for (index, line) in lines.enumerated() {
      let y = top + 2 * scale + index * lineHeight
      var x = 3 * scale
      if let colour = line.colour {
        sheet.fill(left: x, top: y, right: x + 8 * scale, bottom: y + 8 * scale, colour)
        x += 2 * Font.cellWidth * scale
      }
      let most = max(1, (sheet.width - x) / (Font.cellWidth * scale))
      sheet.text(Text.shortened(line.text, most), x: x, y: y, scale: scale, .white)
    }
    return sheet.picture
  }
}
