/// Sorts that need no memory beside what they are given.

/// Sorts `indices[0 ..< count]` so that the values they point at fall; equal values keep their order.
///
/// - Parameters:
///   - indices: indices into `values`.
///   - scratch: room for `count` indices.
///   - count: how many to sort.
///   - values: the values; not-a-number compares as neither above nor below anything.
///
/// Merge sort from runs of one: O(count log count).
package func sortDescending(
  _ indices: inout MutableSpan<Int32>, scratch: inout MutableSpan<Int32>, count: Int,
  by values: borrowing MutableSpan<Float>
) {
  var width = 1
  while width < count {
    var start = 0
    while start < count {
      let middle = min(start + width, count)
      let end = min(start + 2 * width, count)
      var left = start
      var right = middle
      for position in start..<end {
        let takesRight =
          right < end && (left >= middle || values[Int(indices[right])] > values[Int(indices[left])])
        scratch[position] = takesRight ? indices[right] : indices[left]
        if takesRight { right += 1 } else { left += 1 }
      }
      start = end
    }
    for position in 0..<count { indices[position] = scratch[position] }
    width *= 2
  }
}

/// Puts the indices of the `wanted` largest of `values[start ..< start + count]`, counted from `start`, in front of
/// `indices`, in falling order.
///
/// A single one is the first of equals. For several, equal values stand in the order in which the C++ library's
/// `partial_sort` leaves them (a heap of the wanted ones, then a heap sort), since the reference calls it.
///
/// Requires `1 <= wanted <= count` and room for `count` indices.
package func selectLargest(
  _ wanted: Int, of values: Span<Float>, start: Int, count: Int, indices: inout MutableSpan<Int32>
) {
  if wanted == 1 {
    var best = 0
    for index in 1..<max(count, 1) where values[start + index] > values[start + best] { best = index }
    indices[0] = Int32(truncatingIfNeeded: best)
    return
  }
  for index in 0..<count { indices[index] = Int32(truncatingIfNeeded: index) }
  var heap = LargestFirstHeap(start: start)
  var parent = (wanted - 2) / 2
  while parent >= 0 {
    heap.sink(indices[parent], at: parent, length: wanted, &indices, values)
    parent -= 1
  }
  for index in wanted..<max(count, wanted) where heap.isBefore(indices[index], indices[0], values) {
    let value = indices[index]
    indices[index] = indices[0]
    heap.sink(value, at: 0, length: wanted, &indices, values)
  }
  var length = wanted
  while length > 1 {
    length -= 1
    let value = indices[length]
    indices[length] = indices[0]
    heap.sink(value, at: 0, length: length, &indices, values)
  }
}

/// A binary heap of indices whose root is the smallest value, as libstdc++ keeps it.
private struct LargestFirstHeap {
  let start: Int

  /// Whether one index stands before another in falling order.
  func isBefore(_ one: Int32, _ other: Int32, _ values: Span<Float>) -> Bool {
    values[start + Int(one)] > values[start + Int(other)]
  }

  /// Moves a hole from `hole` to a leaf, then the value up from there to its place.
  mutating func sink(
    _ value: Int32, at hole: Int, length: Int, _ indices: inout MutableSpan<Int32>, _ values: Span<Float>
  ) {
    var position = hole
    var child = hole
    while child < (length - 1) / 2 {
      child = 2 * (child + 1)
      if isBefore(indices[child], indices[child - 1], values) { child -= 1 }
      indices[position] = indices[child]
      position = child
    }
    if length % 2 == 0, length >= 2, child == (length - 2) / 2 {
      child = 2 * child + 1
      indices[position] = indices[child]
      position = child
    }
    while position > hole {
      let parent = (position - 1) / 2
      guard isBefore(indices[parent], value, values) else { break }
      indices[position] = indices[parent]
      position = parent
    }
    indices[position] = value
  }
}
