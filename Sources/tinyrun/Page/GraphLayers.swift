/// Which layer each box of a graph stands in, and in which order the boxes of a layer stand.
///
/// Places behind those of the boxes belong to lines that pass a layer.
struct GraphLayers {
  /// All lines of one tensor.
  struct Trunk {
    let tensor: Int
    let from: Int
    var readers: [Int]
    /// Its places in the layers that it passes, from the maker's next layer on.
    var passes: [Int]
  }

  /// A line between places of neighbouring layers, the higher one first.
  struct Piece {
    let upper: Int
    let lower: Int
  }

  let boxCount: Int
  /// The layer of each place.
  private(set) var layerOf: [Int]
  /// Places by layer, from left to right.
  private(set) var rows: [[Int]] = []
  private(set) var trunks: [Trunk] = []
  /// For each place the places that it is connected with in the layer above, and in the one below.
  private(set) var above: [[Int]] = []
  private(set) var below: [[Int]] = []

  /// Requires `from < to` of every link, and both below `count`.
  init(count: Int, links: [GraphLayout.Link]) {
    boxCount = count
    layerOf = Self.layers(count: count, links: links)
    makeTrunks(links)
    makeRows()
  }

  // MARK: Layers

  /// The longest way to each box, but no more boxes to a layer than make a readable picture.
  private static func layers(count: Int, links: [GraphLayout.Link]) -> [Int] {
    var makers = [[Int]](repeating: [], count: count)
    var firstReader = [Int?](repeating: nil, count: count)
    for link in links { makers[link.to].append(link.from) }
    var most = 6
    while most * most < count { most += 1 }
    var layers = [Int](repeating: 0, count: count)
    var used: [Int] = []
    // The next layer with room from each layer on; ways that have been walked are shortened.
    var next: [Int] = []
    func roomFrom(_ wanted: Int) -> Int {
      while next.count <= wanted {
        next.append(next.count)
        used.append(0)
      }
      var layer = wanted
      while next[layer] != layer {
        if next[layer] >= next.count {
          next.append(next.count)
          used.append(0)
        }
        next[layer] = next[next[layer]]
        layer = next[layer]
      }
      return layer
    }
    for box in 0..<count where !makers[box].isEmpty {
      let layer = roomFrom(1 + makers[box].reduce(0) { max($0, layers[$1]) })
      layers[box] = layer
      used[layer] += 1
      if used[layer] == most {
        next[layer] = layer + 1
        if next.count == layer + 1 {
          next.append(layer + 1)
          used.append(0)
        }
      }
    }
    // What depends on nothing stands just above what reads it first.
    for link in links { firstReader[link.from] = min(firstReader[link.from] ?? Int.max, layers[link.to]) }
    for box in 0..<count where makers[box].isEmpty {
      if let reader = firstReader[box] { layers[box] = max(0, reader - 1) }
    }
    return layers
  }

  // MARK: Lines

  private struct TrunkKey: Hashable {
    let from: Int
    let tensor: Int
  }

  private mutating func makeTrunks(_ links: [GraphLayout.Link]) {
    var numbers: [TrunkKey: Int] = [:]
    for link in Set(links).sorted(by: { ($0.from, $0.tensor, $0.to) < ($1.from, $1.tensor, $1.to) }) {
      let key = TrunkKey(from: link.from, tensor: link.tensor)
      if let number = numbers[key] {
        trunks[number].readers.append(link.to)
      } else {
        numbers[key] = trunks.count
        trunks.append(Trunk(tensor: link.tensor, from: link.from, readers: [link.to], passes: []))
      }
    }
    // How many lines pass each layer: bounded, so that a picture does not become wide by lines alone.
    var passing = [Int](repeating: 0, count: (layerOf.max() ?? 0) + 1)
    for number in trunks.indices {
      let start = layerOf[trunks[number].from]
      let ends = trunks[number].readers.map { layerOf[$0] }.filter { $0 - start - 1 <= GraphLayout.mostPassedLayers }
      let passed = max(0, (ends.max() ?? start) - start - 1)
      guard passed > 0 else { continue }
      let layers = (start + 1)...(start + passed)
      guard layers.allSatisfy({ passing[$0] < GraphLayout.mostPassingLines }) else { continue }
      for layer in layers {
        passing[layer] += 1
        trunks[number].passes.append(layerOf.count)
        layerOf.append(layer)
      }
    }
    above = [[Int]](repeating: [], count: layerOf.count)
    below = above
    for trunk in trunks {
      for (upper, lower) in zip([trunk.from] + trunk.passes, trunk.passes) { connect(upper, lower) }
      for reader in trunk.readers {
        let passed = layerOf[reader] - layerOf[trunk.from] - 1
        guard passed <= trunk.passes.count else { continue }
        connect(passed <= 0 ? trunk.from : trunk.passes[passed - 1], reader)
      }
    }
  }

  private mutating func connect(_ upper: Int, _ lower: Int) {
    below[upper].append(lower)
    above[lower].append(upper)
  }

  // MARK: Order

  /// Places layer by layer, lines in the middle of boxes: what has no other wish stays there, and neither pushes the
  /// other to a side.
  private mutating func makeRows() {
    var boxes = [[Int]](repeating: [], count: (layerOf.max() ?? 0) + 1)
    var lines = boxes
    for place in layerOf.indices {
      if place < boxCount { boxes[layerOf[place]].append(place) } else { lines[layerOf[place]].append(place) }
    }
    rows = zip(boxes, lines).map { boxes, lines in
      let half = (boxes.count + 1) / 2
      return boxes[..<half] + lines + boxes[half...]
    }
  }

  /// Orders all layers so that few lines cross: each place goes to the mean of those that it is connected with, layer
  /// by layer, down and up again.
  mutating func order() {
    var position = [Double](repeating: 0, count: layerOf.count)
    for row in rows { note(row, &position) }
    var best = rows
    var fewest = Int.max
    // Large graphs have less time for each layer.
    let rounds = layerOf.count > 4000 ? 2 : 8
    for _ in 0..<rounds {
      for layer in rows.indices.dropFirst() { sort(layer, by: above, &position) }
      keepIfBetter(&best, &fewest)
      for layer in rows.indices.dropLast().reversed() { sort(layer, by: below, &position) }
      keepIfBetter(&best, &fewest)
      if fewest == 0 { break }
    }
    rows = best
  }

  private func keepIfBetter(_ best: inout [[Int]], _ fewest: inout Int) {
    let crossings = crossings
    if crossings < fewest {
      fewest = crossings
      best = rows
    }
  }

  private func note(_ row: [Int], _ position: inout [Double]) {
    for (index, place) in row.enumerated() { position[place] = Double(index) - Double(row.count - 1) / 2 }
  }

  private mutating func sort(_ layer: Int, by neighbours: [[Int]], _ position: inout [Double]) {
    let wishes = rows[layer].enumerated().map { index, place in
      let others = neighbours[place]
      let sum = others.reduce(0.0) { $0 + position[$1] }
      return (wish: others.isEmpty ? position[place] : sum / Double(others.count), index: index, place: place)
    }
    rows[layer] = wishes.sorted { ($0.wish, $0.index) < ($1.wish, $1.index) }.map(\.place)
    note(rows[layer], &position)
  }

  /// How many pairs of lines cross between neighbouring layers.
  var crossings: Int {
    var sum = 0
    var index = [Int](repeating: 0, count: layerOf.count)
    for row in rows { for (number, place) in row.enumerated() { index[place] = number } }
    for layer in rows.indices.dropLast() {
      // Counts for each line those before it that end further right, in a tree of sums.
      var tree = [Int](repeating: 0, count: rows[layer + 1].count + 1)
      var seen = 0
      for upper in rows[layer] {
        let ends = below[upper].map { index[$0] }
        for end in ends {
          var before = 0
          var node = end + 1
          while node > 0 {
            before += tree[node]
            node &= node - 1
          }
          sum += seen - before
        }
        for end in ends {
          var node = end + 1
          while node < tree.count {
            tree[node] += 1
            node += node & -node
          }
          seen += 1
        }
      }
    }
    return sum
  }
}
