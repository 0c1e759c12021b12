/// A prefix code for symbols that occur with given frequencies, as RFC 1951 writes it.
struct HuffmanEncoder {
  /// Bits of each symbol's code; 0 where it does not occur.
  private(set) var lengths: [UInt8]
  /// The codes, the first bit lowest.
  private(set) var codes: [UInt16]

  /// At least two symbols get a code, as some readers want.
  ///
  /// - Parameters:
  ///   - frequencies: how often each symbol occurs.
  ///   - longest: of the codes, in bits; `1 << longest` is at least the count of symbols.
  init(frequencies: [Int], longest: Int) {
    var weights = frequencies
    var used = weights.count { $0 > 0 }
    for index in weights.indices where used < 2 && weights[index] == 0 {
      weights[index] = 1
      used += 1
    }
    lengths = Self.lengths(weights)
    while lengths.contains(where: { $0 > longest }) {
      // Flatter frequencies give shorter codes; equal ones give the shortest.
      for index in weights.indices where weights[index] > 0 { weights[index] = (weights[index] + 1) / 2 }
      lengths = Self.lengths(weights)
    }
    codes = Self.codes(lengths)
  }

  /// The depths of Huffman's tree, by symbol.
  private static func lengths(_ weights: [Int]) -> [UInt8] {
    // Leaves in the order of their weights, then inner nodes, whose weights grow as they are made: the two lightest
    // stand at the fronts of these two queues.
    let leaves = weights.indices.filter { weights[$0] > 0 }.sorted { (weights[$0], $0) < (weights[$1], $1) }
    var nodes = leaves.map { weights[$0] }
    var parents = [Int](repeating: 0, count: 2 * leaves.count - 1)
    var nextLeaf = 0
    var nextInner = leaves.count
    func lightest() -> Int {
      if nextLeaf < leaves.count, nextInner >= nodes.count || nodes[nextLeaf] <= nodes[nextInner] {
        nextLeaf += 1
        return nextLeaf - 1
      }
      nextInner += 1
      return nextInner - 1
    }
    while nodes.count < parents.count {
      let first = lightest()
      let second = lightest()
      parents[first] = nodes.count
      parents[second] = nodes.count
      nodes.append(nodes[first] + nodes[second])
    }
    var depths = [Int](repeating: 0, count: parents.count)
    for node in stride(from: parents.count - 2, through: 0, by: -1) { depths[node] = depths[parents[node]] + 1 }
    var lengths = [UInt8](repeating: 0, count: weights.count)
    for (node, symbol) in leaves.enumerated() { lengths[symbol] = UInt8(min(depths[node], 255)) }
    return lengths
  }

  /// The canonical codes of given lengths.
  private static func codes(_ lengths: [UInt8]) -> [UInt16] {
    var counts = [Int](repeating: 0, count: 17)
    for length in lengths where length > 0 { counts[Int(length)] += 1 }
    var next = [Int](repeating: 0, count: 17)
    for length in 1..<16 { next[length + 1] = (next[length] + counts[length]) << 1 }
    return lengths.map { length in
      guard length > 0 else { return 0 }
      defer { next[Int(length)] += 1 }
      var code = next[Int(length)]
      var turned = 0
      for _ in 0..<length {
        turned = turned << 1 | code & 1
        code >>= 1
      }
      return UInt16(truncatingIfNeeded: turned)
    }
  }
}
