import ImageFiles
import TinyTensor

/// `tinyrun segment`: which classes a picture's pixels are of.
enum Segment {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words, options: PictureCommand.options.union(["--top", "--mask"]), flags: PictureCommand.flags)
    let top = try arguments.integer("--top", default: 10, minimum: 1)
    let command = try PictureCommand(arguments, command: "segment")
    let head = try SegmentationHead(command)
    let labels = try command.labels(ofOutput: 0, count: head.classCount)
    try command.run { run, session in
      let map = SegmentedPicture(try head.classes(in: session), head, run.placement)
      let regions = Array(map.regions.prefix(top))
      return PictureCommand.Report(
        lines: lines(run, regions, labels), members: [("regions", .array(regions.map { json($0, labels) }))],
        draw: { draw(map, regions, labels, on: &$0) }, mask: { try map.mask(run.name) })
    }
  }

  private static func lines(
    _ run: PictureCommand.Run, _ regions: [SegmentedRegion], _ labels: Labels?
  ) -> [String] {
    var table = TextTable([
      .init("share", .right), .init("class", .right), .init("label", limit: 30), .init("left", .right),
      .init("top", .right), .init("right", .right), .init("bottom", .right),
    ])
    for region in regions {
      let box = region.box
      table.add([
        "\(Text.fixed(100 * region.share, 2)) %", "\(region.label)",
        labels?[region.label].map { Text.printable($0) } ?? "", "\(box.left)", "\(box.top)", "\(box.right)",
        "\(box.bottom)",
      ])
    }
    return ["\(Text.printable(run.name))   \(Text.fixed(run.microseconds, 1)) us"] + table.lines
  }

  private static func json(_ region: SegmentedRegion, _ labels: Labels?) -> JSON {
    .object([
      ("class", .number(region.label)), ("label", .optional(labels?[region.label])),
      ("share", .real(Float(region.share))),
      ("left", .number(region.box.left)), ("top", .number(region.box.top)), ("right", .number(region.box.right)),
      ("bottom", .number(region.box.bottom)),
    ])
  }

  /// Lays a colour over the pixels of each class, but not over the background, and explains the colours.
  private static func draw(
    _ map: SegmentedPicture, _ regions: [SegmentedRegion], _ labels: Labels?, on drawing: inout Drawing
  ) {
    // Class 0 is the background unless it is called otherwise.
    func isPlain(_ label: Int) -> Bool { label == 0 && (labels?[0] ?? "background").lowercased() == "background" }
    let shown = regions.filter { !isPlain($0.label) }
    let colours = Dictionary(uniqueKeysWithValues: shown.map { ($0.label, Colour.of($0.label)) })
    let tints = map.classes.map { colours[$0] }
    let (rows, columns) = (map.rows.cellsOfPixels, map.columns.cellsOfPixels)
    drawing.tint { x, y in
      guard let row = rows[y], let column = columns[x] else { return nil }
      return tints[map.cell(row, column)]
    }
    for region in shown {
      let label = labels?[region.label] ?? "class \(region.label)"
      drawing.addCaption("\(label) \(Text.fixed(100 * region.share, 1)) %", .of(region.label))
    }
  }
}

/// All pixels of one class.
struct SegmentedRegion {
  let label: Int
  /// Of the cells of the model's map that show the picture.
  let share: Double
  /// The least box around them, in pixels of the picture.
  let box: Box
}

/// A model's map of classes, and how it lies on a picture.
struct SegmentedPicture {
  /// The class of each cell of the model's map, row by row.
  let classes: [Int]
  private let width: Int
  let columns: MapAxis
  let rows: MapAxis

  /// - Parameters:
  ///   - classes: the class of each cell, row by row.
  ///   - head: what has the map's sides.
  ///   - placement: where the picture lies in the model's input.
  init(_ classes: [Int], _ head: SegmentationHead, _ placement: Placement) {
    self.classes = classes
    width = head.width
    columns = MapAxis(placement.across, count: head.width)
    rows = MapAxis(placement.down, count: head.height)
  }

  /// The index of a cell of the map.
  func cell(_ row: Int, _ column: Int) -> Int { row * width + column }

  /// What the mask has where the model has not seen the picture, as data sets have it for pixels without a class.
  private static let unseen: UInt8 = 255

  /// The number of each pixel's class, at the picture's size.
  ///
  /// - Parameter name: the picture's, for errors.
  /// - Throws: ``Failure`` for classes that do not fit a byte.
  func mask(_ name: String) throws -> Picture {
    let (rows, columns) = (rows.cellsOfPixels, columns.cellsOfPixels)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(rows.count * columns.count)
    for row in rows {
      for column in columns {
        guard let row, let column else {
          pixels.append(Self.unseen)
          continue
        }
        let label = classes[cell(row, column)]
        guard let byte = UInt8(exactly: label), byte != Self.unseen else {
          throw Failure(.refused, "\(name): a mask holds the classes 0 to 254; there is a pixel of class \(label)")
        }
        pixels.append(byte)
      }
    }
    return Picture(width: columns.count, height: rows.count, channels: 1, pixels: pixels)
  }

  /// The classes that occur, the largest first.
  var regions: [SegmentedRegion] {
    struct Extent {
      var count = 0
      var columns: ClosedRange<Int>
      var rows: ClosedRange<Int>
    }
    var extents: [Int: Extent] = [:]
    for row in rows.cells {
      for column in columns.cells {
        let label = classes[cell(row, column)]
        var extent = extents[label] ?? Extent(columns: column...column, rows: row...row)
        extent.count += 1
        extent.columns = min(extent.columns.lowerBound, column)...max(extent.columns.upperBound, column)
        // Rows come in their order.
        extent.rows = extent.rows.lowerBound...row
        extents[label] = extent
      }
    }
    let all = rows.cells.count * columns.cells.count
    let regions = extents.map { label, extent in
      SegmentedRegion(
        label: label, share: Double(extent.count) / Double(all),
        box: Box(
          left: columns.edge(extent.columns.lowerBound), top: rows.edge(extent.rows.lowerBound),
          right: columns.edge(extent.columns.upperBound + 1), bottom: rows.edge(extent.rows.upperBound + 1)))
    }
    return regions.sorted { $0.share != $1.share ? $0.share > $1.share : $0.label < $1.label }
  }
}

/// Where a model has the class of each pixel: a number each, or scores of all classes each.
struct SegmentationHead {
  let output: Output
  let width: Int
  let height: Int
  /// Scores of a pixel; 1 where it has its class's number.
  private let depth: Int
  /// How many classes there are; `nil` where the model gives their numbers alone.
  var classCount: Int? { depth > 1 ? depth : nil }
  /// Whether it has numbers of 64 bits, which are no real values.
  private let isWide: Bool

  /// - Throws: ``Failure`` when the model's first output is no map of classes.
  init(_ command: PictureCommand) throws {
    guard let info = command.model.outputs.first, info.shape.first == 1, info.shape.allSatisfy({ $0 > 0 }),
      info.shape.count == 3 || info.shape.count == 4, info.shape[1] > 1, info.shape[2] > 1
    else {
      throw command.refusal(
        "segment wants a first output [1, height, width] of classes or [1, height, width, classes] of scores")
    }
    output = try command.model.output(at: 0)
    height = info.shape[1]
    width = info.shape[2]
    depth = info.shape.count == 4 ? info.shape[3] : 1
    isWide = info.elementType == .int64
    guard !isWide || depth == 1 else { throw command.refusal("segment wants classes or scores, not scores of int64") }
  }

  /// The class of each pixel, row by row; of equal scores the first one's.
  func classes(in session: borrowing Session) throws -> [Int] {
    if isWide {
      let values = try session.output(output, as: Int64.self)
      return values.indices.map { Int(clamping: values[$0]) }
    }
    let values = try session.realOutput(output)
    return (0..<(width * height)).map { pixel in
      if depth == 1 { return Int(wholePartOf: values[pixel]) ?? -1 }
      var best = 0
      for label in 1..<depth where values[pixel * depth + label] > values[pixel * depth + best] { best = label }
      return best
    }
  }
}
