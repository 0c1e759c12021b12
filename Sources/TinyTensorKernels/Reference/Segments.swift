/// How the elements of a segment become one.
package enum SegmentKind: Sendable {
  case sum
  case product
  case largest
  case smallest

  /// One number of two.
  @inline(__always)
  func join<Element: NumberElement>(_ joined: Element, _ value: Element) -> Element {
    switch self {
    case .sum: joined.sum(value)
    case .product: joined.product(value)
    // As the C++ library's `max` and `min`, which keep the first of two that cannot be compared.
    case .largest: joined < value ? value : joined
    case .smallest: value < joined ? value : joined
    }
  }
}

/// Joins slices that have the same number: `output[numbers[row]]` is the sum, product, largest or smallest of the slices
/// of all such rows, in their order. Slices of negative numbers are left out; an output that has no slice is what the
/// joining begins with: 0, 1, the lowest or the highest number.
///
/// Requires that every number is below `output.count / sliceCount`.
@specialized(where Element == Float)
@specialized(where Element == Int32)
package func joinSegmentsReference<Element: NumberElement>(
  _ kind: SegmentKind, sliceCount: Int, numbers: Span<Int32>, input: Span<Element>, output: inout MutableSpan<Element>
) {
  let empty: Element =
    switch kind {
    case .sum: Element.zero
    case .product: Element.one
    case .largest: Element.lowest
    case .smallest: Element.highest
    }
  for index in output.indices { output[index] = empty }
  for row in numbers.indices where numbers[row] >= 0 {
    let target = Int(numbers[row]) * sliceCount
    for index in 0..<sliceCount {
      output[target + index] = kind.join(output[target + index], input[row * sliceCount + index])
    }
  }
}

/// A type whose elements are sorted into buckets by limits in single precision.
package protocol BucketElement: BitwiseCopyable, Sendable {
  func isBelow(_ limit: Float) -> Bool
}

extension Float: BucketElement {
  @inline(__always)
  package func isBelow(_ limit: Float) -> Bool { self < limit }
}

extension Double: BucketElement {
  @inline(__always)
  package func isBelow(_ limit: Float) -> Bool { self < Double(limit) }
}

extension Int32: BucketElement {
  /// Compared in single precision, as in the reference.
  @inline(__always)
  package func isBelow(_ limit: Float) -> Bool { Float(self) < limit }
}

extension Int64: BucketElement {
  @inline(__always)
  package func isBelow(_ limit: Float) -> Bool { Float(self) < limit }
}

/// How many of the rising limits are not above each element.
@specialized(where Element == Float)
@specialized(where Element == Double)
@specialized(where Element == Int32)
@specialized(where Element == Int64)
package func bucketizeReference<Element: BucketElement>(
  limits: Span<Float>, input: Span<Element>, output: inout MutableSpan<Int32>
) {
  for index in input.indices {
    var low = 0
    var high = limits.count
    while low < high {
      let middle = (low + high) / 2
      if input[index].isBelow(limits[middle]) { high = middle } else { low = middle + 1 }
    }
    output[index] = Int32(truncatingIfNeeded: low)
  }
}
