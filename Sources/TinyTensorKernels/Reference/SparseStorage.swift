/// One level of a tensor that is stored sparsely: an axis of it, or a block along one.
package struct SparseLevel: Sendable {
  /// How many places there are along it.
  package var size: Int
  /// How far neighbours along it are apart in the dense tensor, in elements.
  package var step: Int
  /// Which places are stored, if not all are.
  package var stored: Stored?

  /// The stored places of every parent, one list behind the other.
  package struct Stored: Sendable {
    /// Where each parent's list begins, and behind them where the last one ends.
    package var segments: [Int32]
    /// The places along the level.
    package var indices: [Int32]

    package init(segments: [Int32], indices: [Int32]) {
      self.segments = segments
      self.indices = indices
    }
  }

  package init(size: Int, step: Int, stored: Stored? = nil) {
    self.size = size
    self.step = step
    self.stored = stored
  }
}

/// Puts the stored elements of a sparse tensor in their places; the others keep what they hold.
///
/// Requires that the segments rise from 0, that indices rise in each list and are inside their level, that every level
/// has a list for each place of the one before, and that there is a value for each place of the last one: so every value
/// has a place of its own inside the output.
///
/// - Parameters:
///   - levels: outermost first.
///   - values: the stored elements, in the order of the levels.
///   - elementSize: bytes an element.
///   - output: the dense tensor.
package func densify(
  _ levels: [SparseLevel], values: RawSpan, elementSize: Int, output: inout MutableRawSpan
) {
  // Where the walk stands on each level: a place of all that are stored there, the end of its parent's, and where in
  // the dense tensor the parent's elements begin.
  var place = [Int](repeating: 0, count: levels.count)
  var first = place
  var end = place
  var base = [Int](repeating: 0, count: levels.count + 1)
  var level = 0
  var value = 0
  var isEntering = true
  while level >= 0 {
    if level == levels.count {
      copyBytes(
        values.extracting((value * elementSize)..<((value + 1) * elementSize)), to: &output,
        at: base[level] * elementSize)
      value += 1
      level -= 1
      isEntering = false
      continue
    }
    if isEntering {
      let parent = level == 0 ? 0 : place[level - 1]
      if let stored = levels[level].stored {
        place[level] = Int(stored.segments[parent])
        end[level] = Int(stored.segments[parent + 1])
      } else {
        place[level] = parent * levels[level].size
        end[level] = place[level] + levels[level].size
      }
      first[level] = place[level]
    } else {
      place[level] += 1
    }
    guard place[level] < end[level] else {
      level -= 1
      isEntering = false
      continue
    }
    let index = levels[level].stored.map { Int($0.indices[place[level]]) } ?? place[level] - first[level]
    base[level + 1] = base[level] + index * levels[level].step
    level += 1
    isEntering = true
  }
}
