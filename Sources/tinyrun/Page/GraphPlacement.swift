/// Where the places of layers lie from left to right: near those that they are connected with, in their order, and
/// never closer than their widths allow.
struct GraphPlacement {
  private let layers: GraphLayers
  private let metrics: GraphLayout.Metrics
  /// The middle of each place.
  private(set) var centres: [Double]

  init(_ layers: GraphLayers, _ metrics: GraphLayout.Metrics) {
    self.layers = layers
    self.metrics = metrics
    centres = [Double](repeating: 0, count: layers.layerOf.count)
    for row in layers.rows { spread(row) }
    let rounds = centres.count > 4000 ? 3 : 6
    let down = Array(layers.rows.indices)
    for _ in 0..<rounds {
      for layer in down { place(layer, above: true, below: false) }
      for layer in down.reversed() { place(layer, above: false, below: true) }
    }
    for _ in 0..<rounds {
      for layer in down { place(layer, above: true, below: true) }
      for layer in down.reversed() { place(layer, above: true, below: true) }
    }
  }

  private func isLine(_ place: Int) -> Bool { place >= layers.boxCount }

  private func width(_ place: Int) -> Double { isLine(place) ? metrics.lineWidth : metrics.boxWidth }

  /// The least distance of the middles of neighbours.
  private func distance(_ left: Int, _ right: Int) -> Double {
    let space = isLine(left) && isLine(right) ? 0 : metrics.spacing
    return (width(left) + width(right)) / 2 + space
  }

  /// Side by side, around 0.
  private mutating func spread(_ row: [Int]) {
    var offset = 0.0
    for (index, place) in row.enumerated() {
      if index > 0 { offset += distance(row[index - 1], place) }
      centres[place] = offset
    }
    for place in row { centres[place] -= offset / 2 }
  }

  /// Long lines want to be straight more than boxes want to stand below each other.
  private func weight(_ one: Int, _ other: Int) -> Double { isLine(one) && isLine(other) ? 8 : 1 }

  /// Everything wants to be in the middle a little, so that graphs do not drift to a side.
  private let middleWeight = 0.05

  /// Moves a layer's places as near to where they want to be as their order and widths allow: the least sum of weighted
  /// squares, by pooling neighbours that want to pass each other.
  private mutating func place(_ layer: Int, above: Bool, below: Bool) {
    let row = layers.rows[layer]
    var blocks: [(sum: Double, weight: Double, count: Int)] = []
    var offsets: [Double] = []
    var offset = 0.0
    for (index, place) in row.enumerated() {
      if index > 0 { offset += distance(row[index - 1], place) }
      offsets.append(offset)
      var sum = 0.0
      var weight = middleWeight
      func add(_ others: [Int]) {
        for other in others {
          let share = self.weight(place, other)
          sum += share * centres[other]
          weight += share
        }
      }
      if above { add(layers.above[place]) }
      if below { add(layers.below[place]) }
      blocks.append((sum - weight * offset, weight, 1))
      while blocks.count > 1, let last = blocks.last {
        let before = blocks[blocks.count - 2]
        guard before.sum / before.weight > last.sum / last.weight else { break }
        blocks.removeLast()
        blocks[blocks.count - 1] = (before.sum + last.sum, before.weight + last.weight, before.count + last.count)
      }
    }
    var index = 0
    for block in blocks {
      for _ in 0..<block.count {
        centres[row[index]] = block.sum / block.weight + offsets[index]
        index += 1
      }
    }
  }
}
