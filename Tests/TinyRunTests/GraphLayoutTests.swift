import Testing

@testable import tinyrun

@Suite("The page's layout of graphs")
struct GraphLayoutTests {
  /// Graphs of all kinds, by name: how many boxes there are, and the lines between them.
  static let graphs: [(name: String, count: Int, links: [GraphLayout.Link])] = {
    func link(_ from: Int, _ to: Int, _ tensor: Int? = nil) -> GraphLayout.Link {
      .init(from: from, to: to, tensor: tensor ?? from)
    }
    var random = SeededRandom(seed: 7)
    let tangled = (1..<300).flatMap { box in
      (0..<3).map { _ in link(Int(random.next() % UInt64(box)), box) }
    }
    return [
      ("empty", 0, []), ("single", 1, []), ("apart", 40, []),
      ("chain", 50, (1..<50).map { link($0 - 1, $0) }),
      ("wide", 402, (1...400).flatMap { [link(0, $0), link($0, 401)] }),
      ("skips", 60, (1..<60).map { link($0 - 1, $0) } + (0..<56).map { link($0, $0 + 4) }),
      // Longer than lines through layers may be.
      ("long", 200, (1..<200).map { link($0 - 1, $0) } + (0..<60).map { link($0, 199 - $0, 1000 + $0) }),
      ("tangled", 300, tangled),
      ("up", 5, [link(3, 1), link(2, 2), link(0, 4), link(4, 0), link(0, 99)]),
      ("many outputs", 2, (0..<300).map { link(0, 1, $0) }),
    ]
  }()

  @Test("boxes never overlap, and stand inside the picture", arguments: graphs.map(\.name))
  func boxes(_ name: String) throws {
    let graph = try #require(Self.graphs.first { $0.name == name })
    let layout = GraphLayout(count: graph.count, links: graph.links)
    #expect(layout.corners.count == graph.count)
    #expect(layout.rows.joined().sorted() == Array(0..<graph.count))
    let metrics = layout.metrics
    for row in layout.rows {
      for (left, right) in zip(row, row.dropFirst()) {
        #expect(layout.corners[left].y == layout.corners[right].y)
        #expect(layout.corners[right].x - layout.corners[left].x >= metrics.boxWidth + metrics.spacing - 0.001)
      }
    }
    let heights = layout.rows.compactMap { $0.first.map { layout.corners[$0].y } }
    for (upper, lower) in zip(heights, heights.dropFirst()) { #expect(lower - upper > metrics.boxHeight) }
    for corner in layout.corners {
      #expect(corner.x >= 0 && corner.x + metrics.boxWidth <= layout.width)
      #expect(corner.y >= 0 && corner.y + metrics.boxHeight <= layout.height)
    }
  }

  @Test("every line goes down, from its maker's lower edge to its reader's upper edge", arguments: graphs.map(\.name))
  func lines(_ name: String) throws {
    let graph = try #require(Self.graphs.first { $0.name == name })
    let layout = GraphLayout(count: graph.count, links: graph.links)
    let drawable = graph.links.filter { $0.from < $0.to && $0.to < graph.count }
    #expect(layout.droppedLinks == graph.links.count - drawable.count)
    let drawn = layout.routes.flatMap { route in
      route.ways.map { GraphLayout.Link(from: route.from, to: $0.to, tensor: route.tensor) }
    }
    #expect(Set(drawn) == Set(drawable) && drawn.count == Set(drawable).count)
    let metrics = layout.metrics
    for route in layout.routes {
      let maker = layout.corners[route.from]
      for way in route.ways {
        let reader = layout.corners[way.to]
        let first = try #require(way.points.first)
        let last = try #require(way.points.last)
        #expect(first.y == maker.y + metrics.boxHeight && last.y == reader.y && first.y < last.y)
        #expect(first.x > maker.x && first.x < maker.x + metrics.boxWidth)
        #expect(last.x > reader.x && last.x < reader.x + metrics.boxWidth)
        for (upper, lower) in zip(way.points, way.points.dropFirst()) { #expect(upper.y <= lower.y) }
        for point in way.points { #expect(point.x >= 0 && point.x <= layout.width) }
      }
    }
  }

  @Test("lines through layers keep clear of the boxes in them")
  func passing() throws {
    let graph = try #require(Self.graphs.first { $0.name == "skips" })
    let layout = GraphLayout(count: graph.count, links: graph.links)
    var passes = 0
    for route in layout.routes {
      for way in route.ways {
        for (upper, lower) in zip(way.points, way.points.dropFirst()) where upper.x == lower.x {
          for corner in layout.corners where corner.y == upper.y {
            passes += 1
            #expect(upper.x < corner.x || upper.x > corner.x + layout.metrics.boxWidth)
          }
        }
      }
    }
    #expect(passes > 100)
  }

  @Test("a chain stands straight, and branches that need not cross do not")
  func shape() throws {
    let chain = try #require(Self.graphs.first { $0.name == "chain" })
    let straight = GraphLayout(count: chain.count, links: chain.links)
    #expect(Set(straight.corners.map(\.x)).count == 1)
    #expect(straight.rows.allSatisfy { $0.count == 1 })
    // Two chains between a common beginning and end, their boxes named crosswise.
    let pairs = [(0, 1), (0, 2), (1, 4), (2, 3), (3, 6), (4, 5), (5, 7), (6, 7)]
    var layers = GraphLayers(count: 8, links: pairs.map { .init(from: $0.0, to: $0.1, tensor: $0.0 * 10 + $0.1) })
    layers.order()
    #expect(layers.crossings == 0)
  }

  @Test("thousands of boxes are laid out in little time", .timeLimit(.minutes(10)))
  func large() {
    var random = SeededRandom(seed: 3)
    let links = (1..<5000).flatMap { box in
      (0..<2).map { _ in
        GraphLayout.Link(from: max(0, box - 1 - Int(random.next() % 40)), to: box, tensor: Int(random.next() % 1000))
      }
    }
    let layout = GraphLayout(count: 5000, links: links)
    #expect(layout.corners.count == 5000 && layout.droppedLinks == 0)
    #expect(layout.rows.allSatisfy { $0.count <= 71 })
  }
}
