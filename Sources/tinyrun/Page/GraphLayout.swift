/// Where the boxes of a graph stand, and how the lines between them run: layers from top to bottom.
///
/// A box's layer is one below the lowest of those that it depends on, so that all lines go down. Lines that pass layers
/// have a place of their own in each of them. The work grows with boxes and lines, whatever the graph looks like: lines
/// that pass many layers run beside the graph, and what does not fit into a layer goes to a later one.
struct GraphLayout {
  /// A line that is wanted, between boxes by number; lines from one box with one `tensor` share their way.
  struct Link: Hashable {
    let from: Int
    let to: Int
    let tensor: Int
  }

  struct Point: Equatable {
    var x: Double
    var y: Double
  }

  /// The lines of one tensor, from its maker to all that read it.
  struct Route {
    let tensor: Int
    let from: Int
    /// For each reader the ends of the line's pieces, from the maker's lower edge to the reader's upper edge: a piece
    /// runs between each first and second point, straight down through a layer or curved between two.
    var ways: [(to: Int, points: [Point])]
  }

  /// Sizes in the units of the picture.
  struct Metrics {
    var boxWidth = 236.0
    var boxHeight = 66.0
    /// Between neighbours of a layer.
    var spacing = 28.0
    /// Between layers.
    var gap = 40.0
    /// What a passing line takes of a layer.
    var lineWidth = 14.0
    /// Around everything.
    var margin = 24.0
  }

  /// Lines that pass more layers than this run beside the graph.
  static let mostPassedLayers = 40
  /// Where so many lines pass a layer already, further ones run beside the graph.
  static let mostPassingLines = 24

  let metrics: Metrics
  /// The upper left corner of each box.
  private(set) var corners: [Point] = []
  private(set) var routes: [Route] = []
  /// Wanted lines that lead up or to their own beginning, and are not drawn.
  private(set) var droppedLinks = 0
  private(set) var width = 0.0
  private(set) var height = 0.0
  /// Numbers of boxes, layer by layer, from left to right.
  private(set) var rows: [[Int]] = []

  /// Lays out a graph.
  ///
  /// - Parameters:
  ///   - count: how many boxes there are, in an order in which boxes stand behind those that they depend on.
  ///   - links: the lines; those from a box to itself or an earlier one are left out.
  ///   - metrics: sizes.
  init(count: Int, links: [Link], metrics: Metrics = Metrics()) {
    self.metrics = metrics
    guard count > 0 else { return }
    let drawn = links.filter { $0.from >= 0 && $0.to < count && $0.from < $0.to }
    droppedLinks = links.count - drawn.count
    var layers = GraphLayers(count: count, links: drawn)
    layers.order()
    let centres = GraphPlacement(layers, metrics).centres
    corners = (0..<count).map { box in
      Point(x: centres[box] - metrics.boxWidth / 2, y: top(ofLayer: layers.layerOf[box]))
    }
    rows = layers.rows.map { row in row.filter { $0 < count } }
    routes = makeRoutes(layers, centres)
    moveIntoPicture(layerCount: layers.rows.count)
  }

  private func top(ofLayer layer: Int) -> Double { Double(layer) * (metrics.boxHeight + metrics.gap) }

  // MARK: Lines

  private func makeRoutes(_ layers: GraphLayers, _ centres: [Double]) -> [Route] {
    let right = (centres.max() ?? 0) + metrics.boxWidth / 2
    let entries = entries(layers, centres)
    let exits = exits(layers, centres)
    var lanes = 0
    return layers.trunks.enumerated().map { number, trunk in
      let start = Point(
        x: exits[number], y: top(ofLayer: layers.layerOf[trunk.from]) + metrics.boxHeight)
      var ways: [(to: Int, points: [Point])] = []
      for (reader, to) in trunk.readers.enumerated() {
        let end = Point(x: entries[number][reader], y: top(ofLayer: layers.layerOf[to]))
        var points = [start]
        let passed = layers.layerOf[to] - layers.layerOf[trunk.from] - 1
        if passed > trunk.passes.count {
          // Beside the graph, in lanes of which there are not many.
          let lane = right + metrics.spacing + metrics.lineWidth * Double(lanes % 12)
          lanes += 1
          points.append(Point(x: lane, y: start.y + metrics.gap))
          points.append(Point(x: lane, y: end.y - metrics.gap))
        } else {
          for place in trunk.passes.prefix(max(0, passed)) {
            let y = top(ofLayer: layers.layerOf[place])
            points.append(Point(x: centres[place], y: y))
            points.append(Point(x: centres[place], y: y + metrics.boxHeight))
          }
        }
        points.append(end)
        ways.append((to, points))
      }
      return Route(tensor: trunk.tensor, from: trunk.from, ways: ways)
    }
  }

  /// How far an end of a line stands from the middle of its box, when there are several.
  private func offset(_ position: Int, of count: Int) -> Double {
    let step = min(16, (metrics.boxWidth - 40) / Double(max(1, count - 1)))
    return (Double(position) - Double(count - 1) / 2) * step
  }

  /// Where each line arrives at its reader, for each trunk and reader: from the left to the right as the lines come.
  private func entries(_ layers: GraphLayers, _ centres: [Double]) -> [[Double]] {
    var arriving = [[(x: Double, trunk: Int, reader: Int)]](repeating: [], count: layers.boxCount)
    for (number, trunk) in layers.trunks.enumerated() {
      for (reader, to) in trunk.readers.enumerated() {
        let passed = layers.layerOf[to] - layers.layerOf[trunk.from] - 1
        let last = passed > 0 && passed <= trunk.passes.count ? trunk.passes[passed - 1] : trunk.from
        arriving[to].append((passed > trunk.passes.count ? .infinity : centres[last], number, reader))
      }
    }
    var entries = layers.trunks.map { [Double](repeating: 0, count: $0.readers.count) }
    for (box, lines) in arriving.enumerated() {
      for (position, line) in lines.sorted(by: { $0.x < $1.x }).enumerated() {
        entries[line.trunk][line.reader] = centres[box] + offset(position, of: lines.count)
      }
    }
    return entries
  }

  /// Where each trunk leaves its maker.
  private func exits(_ layers: GraphLayers, _ centres: [Double]) -> [Double] {
    var leaving = [[Int]](repeating: [], count: layers.boxCount)
    for (number, trunk) in layers.trunks.enumerated() { leaving[trunk.from].append(number) }
    var exits = [Double](repeating: 0, count: layers.trunks.count)
    func next(_ number: Int) -> Double {
      let trunk = layers.trunks[number]
      return centres[trunk.passes.first ?? trunk.readers[0]]
    }
    for (box, trunks) in leaving.enumerated() {
      for (position, number) in trunks.sorted(by: { next($0) < next($1) }).enumerated() {
        exits[number] = centres[box] + offset(position, of: trunks.count)
      }
    }
    return exits
  }

  // MARK: The picture's edges

  private mutating func moveIntoPicture(layerCount: Int) {
    var left = Double.infinity
    var right = -Double.infinity
    for corner in corners {
      left = min(left, corner.x)
      right = max(right, corner.x + metrics.boxWidth)
    }
    for route in routes {
      for way in route.ways {
        for point in way.points {
          left = min(left, point.x)
          right = max(right, point.x)
        }
      }
    }
    let shift = Point(x: metrics.margin - left, y: metrics.margin)
    func moved(_ point: Point) -> Point { Point(x: point.x + shift.x, y: point.y + shift.y) }
    corners = corners.map(moved)
    routes = routes.map { route in
      var route = route
      route.ways = route.ways.map { ($0.to, $0.points.map(moved)) }
      return route
    }
    width = right - left + 2 * metrics.margin
    height = top(ofLayer: layerCount) - metrics.gap + 2 * metrics.margin
  }
}
