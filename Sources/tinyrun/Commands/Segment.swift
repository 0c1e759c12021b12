import ImageFiles
import TinyTensor

/// `tinyrun segment`: which classes a picture's pixels are of.
enum Segment {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words, options: PictureCommand.options.union(["--top"]), flags: PictureCommand.flags)
    let top = try arguments.integer("--top", default: 10, minimum: 1)
    let command = try PictureCommand(arguments, command: "segment")
    let head = try SegmentationHead(command.model, path: command.path)
    let labels = try command.labels(ofOutput: 0)
    try command.run { run, session in
      let regions = Array(head.regions(of: try head.classes(in: session)).prefix(top))
      return (
        lines(run, head, regions, labels), [("regions", .array(regions.map { json($0, run, head, labels) }))]
      )
    }
  }

  private static func lines(
    _ run: PictureCommand.Run, _ head: SegmentationHead, _ regions: [SegmentedRegion], _ labels: Labels?
  ) -> [String] {
    var table = TextTable([
      .init("share", .right), .init("class", .right), .init("label", limit: 30), .init("left", .right),
      .init("top", .right), .init("right", .right), .init("bottom", .right),
    ])
    for region in regions {
      let box = region.pixels(run.picture, head)
      table.add([
        "\(Text.fixed(100 * region.share, 2)) %", "\(region.label)",
        labels?[region.label].map { Text.printable($0) } ?? "", "\(box.left)", "\(box.top)", "\(box.right)",
        "\(box.bottom)",
      ])
    }
    return ["\(Text.printable(run.name))   \(Text.fixed(run.microseconds, 1)) us"] + table.lines
  }

  private static func json(
    _ region: SegmentedRegion, _ run: PictureCommand.Run, _ head: SegmentationHead, _ labels: Labels?
  ) -> JSON {
    let box = region.pixels(run.picture, head)
    return .object([
      ("class", .number(region.label)), ("label", .optional(labels?[region.label])),
      ("share", .real(Float(region.share))),
      ("left", .number(box.left)), ("top", .number(box.top)), ("right", .number(box.right)),
      ("bottom", .number(box.bottom)),
    ])
  }
}

/// All pixels of one class.
struct SegmentedRegion {
  let label: Int
  /// Of all pixels.
  let share: Double
  /// The least box around them, in pixels of the model's map.
  let columns: Range<Int>
  let rows: Range<Int>

  /// The box in pixels of the picture.
  func pixels(
    _ picture: Picture, _ head: SegmentationHead
  ) -> (left: Int, top: Int, right: Int, bottom: Int) {
    (
      columns.lowerBound * picture.width / head.width, rows.lowerBound * picture.height / head.height,
      columns.upperBound * picture.width / head.width, rows.upperBound * picture.height / head.height
    )
  }
}

/// Where a model has the class of each pixel: a number each, or scores of all classes each.
struct SegmentationHead {
  let output: Output
  let width: Int
  let height: Int
  /// Scores of a pixel; 1 where it has its class's number.
  private let depth: Int
  /// Whether it has numbers of 64 bits, which are no real values.
  private let isWide: Bool

  /// - Throws: ``Failure`` when the model's first output is no map of classes.
  init(_ model: Model, path: String) throws {
    guard let info = model.outputs.first, info.shape.first == 1, info.shape.allSatisfy({ $0 > 0 }),
      info.shape.count == 3 || info.shape.count == 4, info.shape[1] > 1, info.shape[2] > 1
    else {
      throw Failure(
        .refused,
        "\(path): segment wants a first output [1, height, width] of classes or [1, height, width, classes] of scores")
    }
    output = try model.output(at: 0)
    height = info.shape[1]
    width = info.shape[2]
    depth = info.shape.count == 4 ? info.shape[3] : 1
    isWide = info.elementType == .int64
    guard !isWide || depth == 1 else {
      throw Failure(.refused, "\(path): segment wants classes or scores, not scores of int64")
    }
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

  /// The classes that occur, the largest first.
  func regions(of classes: [Int]) -> [SegmentedRegion] {
    struct Extent {
      var count = 0
      var columns = Int.max...Int.max
      var rows = 0...0
    }
    var extents: [Int: Extent] = [:]
    for (pixel, label) in classes.enumerated() {
      let (row, column) = pixel.quotientAndRemainder(dividingBy: width)
      var extent = extents[label] ?? Extent(columns: column...column, rows: row...row)
      extent.count += 1
      extent.columns = min(extent.columns.lowerBound, column)...max(extent.columns.upperBound, column)
      // Rows come in their order.
      extent.rows = extent.rows.lowerBound...row
      extents[label] = extent
    }
    let regions = extents.map { label, extent in
      SegmentedRegion(
        label: label, share: Double(extent.count) / Double(width * height),
        columns: extent.columns.lowerBound..<(extent.columns.upperBound + 1),
        rows: extent.rows.lowerBound..<(extent.rows.upperBound + 1))
    }
    return regions.sorted { $0.share != $1.share ? $0.share > $1.share : $0.label < $1.label }
  }
}
