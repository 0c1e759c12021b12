/// Gives memory to values that live for a part of a run, so that values whose lives do not meet may share it.
///
/// Greedy by size: the largest value first, each at the lowest offset where it meets no living one. This is the method
/// of Pisarchyk and Lee, "Efficient memory management for deep neural net inference" (2020), and in practice within a
/// few percent of the largest sum of values alive at one time.
struct ArenaPlanner {
  /// A value's life: it is written at step `first` at the earliest and read at step `last` at the latest.
  struct Request {
    var byteCount: Int
    var first: Int
    var last: Int
  }

  private(set) var requests: [Request] = []
  /// Bytes that are left free before the first value and behind each one; a multiple of ``AlignedMemory/alignment``.
  var guardByteCount = 0

  /// Adds a value.
  ///
  /// - Returns: its number, in the order of the calls.
  mutating func add(byteCount: Int, first: Int, last: Int) -> Int {
    precondition(byteCount >= 0 && first <= last)
    requests.append(Request(byteCount: byteCount, first: first, last: last))
    return requests.count - 1
  }

  /// Offsets by number, each a multiple of ``AlignedMemory/alignment``, and the size of the whole.
  struct Layout {
    var offsets: [Int]
    var byteCount: Int
  }

  /// Places all values, or gives `nil` if their sum does not fit `Int`.
  ///
  /// - Complexity: O(n^2) in the count of values.
  func plan() -> Layout? {
    var sizes: [Int] = []
    var total = 0
    for request in requests {
      guard request.byteCount <= Int.max - AlignedMemory.alignment - guardByteCount else { return nil }
      let size =
        (request.byteCount + AlignedMemory.alignment - 1) / AlignedMemory.alignment * AlignedMemory.alignment
        + guardByteCount
      let (sum, overflow) = total.addingReportingOverflow(size)
      if overflow { return nil }
      total = sum
      sizes.append(size)
    }
    let order = requests.indices.sorted { (sizes[$0], $1) > (sizes[$1], $0) }
    var offsets = [Int](repeating: 0, count: requests.count)
    // Numbers of placed values, by rising offset.
    var placed: [Int] = []
    var byteCount = guardByteCount
    for number in order {
      let request = requests[number]
      var offset = guardByteCount
      for other in placed {
        let neighbour = requests[other]
        if neighbour.last < request.first || neighbour.first > request.last { continue }
        if offset + sizes[number] <= offsets[other] { break }
        offset = max(offset, offsets[other] + sizes[other])
      }
      offsets[number] = offset
      var low = 0
      var high = placed.count
      while low < high {
        let middle = (low + high) / 2
        if offsets[placed[middle]] <= offset { low = middle + 1 } else { high = middle }
      }
      placed.insert(number, at: low)
      byteCount = max(byteCount, offset + sizes[number])
    }
    return Layout(offsets: offsets, byteCount: byteCount)
  }

  /// The largest sum of sizes of values that live at one time: no layout can be smaller.
  func lowerBound() -> Int {
    var changes: [(step: Int, bytes: Int)] = []
    for request in requests {
      changes.append((request.first, request.byteCount))
      changes.append((request.last + 1, -request.byteCount))
    }
    changes.sort { ($0.step, $0.bytes) < ($1.step, $1.bytes) }
    var living = 0
    var largest = 0
    for change in changes {
      living += change.bytes
      largest = max(largest, living)
    }
    return largest
  }
}
