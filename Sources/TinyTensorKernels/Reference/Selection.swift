/// Three operands that are broadcast to one output, for a choice between two of them.
package struct SelectParameters: BitwiseCopyable, Sendable, Hashable {
  /// Axes in use, at least 1; the last one is the innermost.
  package var rank: Int
  package var sizes: SIMD8<Int32>
  /// How far each operand moves along an axis, in elements; 0 where it is repeated.
  package var conditionSteps: SIMD8<Int32>
  package var lhsSteps: SIMD8<Int32>
  package var rhsSteps: SIMD8<Int32>

  package init(
    rank: Int, sizes: SIMD8<Int32>, conditionSteps: SIMD8<Int32>, lhsSteps: SIMD8<Int32>, rhsSteps: SIMD8<Int32>
  ) {
    self.rank = rank
    self.sizes = sizes
    self.conditionSteps = conditionSteps
    self.lhsSteps = lhsSteps
    self.rhsSteps = rhsSteps
  }
}

/// `output = condition != 0 ? lhs : rhs`.
@specialized(where Element == UInt8)
@specialized(where Element == UInt16)
@specialized(where Element == UInt32)
@specialized(where Element == UInt64)
package func selectReference<Element: FixedWidthInteger & BitwiseCopyable>(
  _ parameters: SelectParameters, condition: Span<UInt8>, lhs: Span<Element>, rhs: Span<Element>,
  output: inout MutableSpan<Element>
) {
  let inner = parameters.rank - 1
  let length = Int(parameters.sizes[inner])
  let conditionStep = Int(parameters.conditionSteps[inner])
  let lhsStep = Int(parameters.lhsSteps[inner])
  let rhsStep = Int(parameters.rhsSteps[inner])
  var rows = 1
  for axis in 0..<inner { rows *= Int(parameters.sizes[axis]) }
  var position = SIMD8<Int32>(repeating: 0)
  // Where the row begins in the condition, the left and the right operand; all below 2^31.
  var starts = SIMD4<Int32>(repeating: 0)
  for row in 0..<rows {
    for index in 0..<length {
      let isLeft = condition[Int(starts[0]) + index * conditionStep] != 0
      output[row * length + index] =
        isLeft ? lhs[Int(starts[1]) + index * lhsStep] : rhs[Int(starts[2]) + index * rhsStep]
    }
    var axis = inner - 1
    while axis >= 0 {
      let steps = SIMD4(parameters.conditionSteps[axis], parameters.lhsSteps[axis], parameters.rhsSteps[axis], 0)
      starts &+= steps
      position[axis] &+= 1
      if position[axis] < parameters.sizes[axis] { break }
      starts &-= steps &* parameters.sizes[axis]
      position[axis] = 0
      axis -= 1
    }
  }
}

/// A type whose elements have an order.
package protocol OrderedElement: Comparable, BitwiseCopyable, Sendable {}

extension Int8: OrderedElement {}
extension UInt8: OrderedElement {}
extension Int16: OrderedElement {}
extension Int32: OrderedElement {}
extension Int64: OrderedElement {}
extension Float: OrderedElement {}

/// The position of the largest or smallest element along an axis; the first one of equal ones.
///
/// - Parameters:
///   - outer: elements in front of the axis.
///   - size: the axis, at least 1.
///   - inner: elements behind it.
@specialized(where Element == Int8, Index == Int32)
@specialized(where Element == Int8, Index == Int64)
@specialized(where Element == UInt8, Index == Int32)
@specialized(where Element == UInt8, Index == Int64)
@specialized(where Element == Int32, Index == Int32)
@specialized(where Element == Int32, Index == Int64)
@specialized(where Element == Float, Index == Int32)
@specialized(where Element == Float, Index == Int64)
package func extremumReference<Element: OrderedElement, Index: IndexElement>(
  isLargest: Bool, outer: Int, size: Int, inner: Int, input: Span<Element>, output: inout MutableSpan<Index>
) {
  for row in 0..<outer {
    for column in 0..<inner {
      let start = row * size * inner + column
      var best = input[start]
      var bestPosition = 0
      for position in 1..<max(size, 1) {
        let element = input[start + position * inner]
        if isLargest ? element > best : element < best {
          best = element
          bestPosition = position
        }
      }
      output[row * inner + column] = Index(truncatingIfNeeded: bestPosition)
    }
  }
}

/// The `count` largest elements of each row in falling order, of equal ones the first, and where they stand.
///
/// A heap of the best elements so far, the worst of them on top; sorted in place at the end. Elements without an order
/// (not a number) come out in some order.
///
/// - Parameters:
///   - rows: how many rows there are.
///   - length: elements a row.
///   - count: elements to find, from 1 to `length`.
@specialized(where Element == Int8, Index == Int32)
@specialized(where Element == UInt8, Index == Int32)
@specialized(where Element == Int16, Index == Int32)
@specialized(where Element == Int32, Index == Int32)
@specialized(where Element == Int64, Index == Int32)
@specialized(where Element == Float, Index == Int32)
package func topReference<Element: OrderedElement, Index: IndexElement>(
  rows: Int, length: Int, count: Int, input: Span<Element>, values: inout MutableSpan<Element>,
  positions: inout MutableSpan<Index>
) {
  for row in 0..<rows {
    let start = row * length
    let base = row * count
    /// Whether the element at `first` belongs behind the one at `second`.
    func isWorse(_ first: Index, _ second: Index) -> Bool {
      let lhs = input[start + Int(truncatingIfNeeded: first)]
      let rhs = input[start + Int(truncatingIfNeeded: second)]
      if lhs < rhs { return true }
      if lhs > rhs { return false }
      return first > second
    }
    /// Lets the element on top of a heap of `size` sink to where it belongs.
    func sink(from top: Int, size: Int) {
      var parent = top
      let moved = positions[base + top]
      while true {
        var child = 2 * parent + 1
        if child >= size { break }
        if child + 1 < size, isWorse(positions[base + child + 1], positions[base + child]) { child += 1 }
        if !isWorse(positions[base + child], moved) { break }
        positions[base + parent] = positions[base + child]
        parent = child
      }
      positions[base + parent] = moved
    }
    for index in 0..<count { positions[base + index] = Index(truncatingIfNeeded: index) }
    for parent in (0..<(count / 2)).reversed() { sink(from: parent, size: count) }
    for index in count..<length {
      let candidate = Index(truncatingIfNeeded: index)
      if isWorse(positions[base], candidate) {
        positions[base] = candidate
        sink(from: 0, size: count)
      }
    }
    // The worst goes to the end, again and again.
    for size in (1..<count).reversed() {
      let worst = positions[base]
      positions[base] = positions[base + size]
      positions[base + size] = worst
      sink(from: 0, size: size)
    }
    for index in 0..<count {
      values[base + index] = input[start + Int(truncatingIfNeeded: positions[base + index])]
    }
  }
}
