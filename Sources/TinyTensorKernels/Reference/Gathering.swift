/// An integer type that indices are stored in.
package protocol IndexElement: FixedWidthInteger, BitwiseCopyable, Sendable {}

extension Int16: IndexElement {}
extension Int32: IndexElement {}
extension Int64: IndexElement {}

/// The first index of `indices` that is not in `0 ..< limit`, or `nil` if all are.
@specialized(where Index == Int16)
@specialized(where Index == Int32)
@specialized(where Index == Int64)
package func firstIndex<Index: IndexElement>(outside limit: Int, in indices: Span<Index>) -> Int64? {
  for position in indices.indices {
    let index = Int64(indices[position])
    if index < 0 || index >= Int64(limit) { return index }
  }
  return nil
}

/// How slices of a tensor are picked along one axis.
package struct GatherParameters: BitwiseCopyable, Sendable, Hashable {
  /// Pairs of an input and a list of indices that belong together.
  package var batches: Int
  /// Elements of the axes between the batch and the gathered axis.
  package var outer: Int
  /// The size of the gathered axis.
  package var axisSize: Int
  /// Bytes that follow for one position along the axis.
  package var sliceBytes: Int
  /// Indices a batch.
  package var indexCount: Int

  package init(batches: Int, outer: Int, axisSize: Int, sliceBytes: Int, indexCount: Int) {
    self.batches = batches
    self.outer = outer
    self.axisSize = axisSize
    self.sliceBytes = sliceBytes
    self.indexCount = indexCount
  }
}

/// `output[b, o, i] = input[b, o, indices[b, i]]`, a slice each.
///
/// Requires that every index is in `0 ..< axisSize`.
@specialized(where Index == Int16)
@specialized(where Index == Int32)
@specialized(where Index == Int64)
package func gatherReference<Index: IndexElement>(
  _ parameters: GatherParameters, input: RawSpan, indices: Span<Index>, output: inout MutableRawSpan
) {
  let slice = parameters.sliceBytes
  var target = 0
  for batch in 0..<parameters.batches {
    for outer in 0..<parameters.outer {
      let start = (batch * parameters.outer + outer) * parameters.axisSize
      for position in 0..<parameters.indexCount {
        let index = Int(truncatingIfNeeded: indices[batch * parameters.indexCount + position])
        let source = (start + index) * slice
        copyBytes(input.extracting(source..<(source + slice)), to: &output, at: target)
        target += slice
      }
    }
  }
}

/// How rows of coordinates name slices of a tensor.
package struct CoordinateParameters: BitwiseCopyable, Sendable, Hashable {
  /// Coordinates a row; at most 8.
  package var depth: Int
  /// The sizes of the axes that they lead along.
  package var sizes: SIMD8<Int32>
  package var rows: Int
  /// Elements a slice.
  package var sliceCount: Int

  package init(depth: Int, sizes: SIMD8<Int32>, rows: Int, sliceCount: Int) {
    self.depth = depth
    self.sizes = sizes
    self.rows = rows
    self.sliceCount = sliceCount
  }

  /// The number of the slice that a row names, or `nil` if one of its coordinates is outside its axis.
  @inline(__always)
  func slice<Index: IndexElement>(_ row: Int, _ indices: Span<Index>) -> Int? {
    var slice = 0
    for axis in 0..<depth {
      let index = Int64(indices[row * depth + axis])
      if index < 0 || index >= Int64(sizes[axis]) { return nil }
      slice = slice * Int(sizes[axis]) + Int(truncatingIfNeeded: index)
    }
    return slice
  }
}

/// The first row of coordinates that leads outside, or `nil` if none does.
@specialized(where Index == Int16)
@specialized(where Index == Int32)
@specialized(where Index == Int64)
package func firstRowOutside<Index: IndexElement>(
  _ parameters: CoordinateParameters, indices: Span<Index>
) -> Int? {
  for row in 0..<parameters.rows where parameters.slice(row, indices) == nil { return row }
  return nil
}

/// `output[row] = input[indices[row]]`, a slice each.
///
/// Requires that no row leads outside.
@specialized(where Index == Int16)
@specialized(where Index == Int32)
@specialized(where Index == Int64)
package func gatherCoordinatesReference<Index: IndexElement>(
  _ parameters: CoordinateParameters, elementSize: Int, input: RawSpan, indices: Span<Index>,
  output: inout MutableRawSpan
) {
  let bytes = parameters.sliceCount * elementSize
  for row in 0..<parameters.rows {
    let source = (parameters.slice(row, indices) ?? 0) * bytes
    copyBytes(input.extracting(source..<(source + bytes)), to: &output, at: row * bytes)
  }
}

/// `output[indices[row]] = updates[row]`, an element each; a single update is used for all rows.
///
/// Requires that no row leads outside.
@specialized(where Index == Int32)
@specialized(where Index == Int64)
package func placeCoordinatesReference<Index: IndexElement>(
  _ parameters: CoordinateParameters, elementSize: Int, indices: Span<Index>, updates: RawSpan,
  isSingleUpdate: Bool, output: inout MutableRawSpan
) {
  for row in 0..<parameters.rows {
    let source = isSingleUpdate ? 0 : row * elementSize
    copyBytes(
      updates.extracting(source..<(source + elementSize)), to: &output,
      at: (parameters.slice(row, indices) ?? 0) * elementSize)
  }
}

/// A type whose elements can be summed up where several fall on one place; integers wrap.
package protocol AccumulatedElement: BitwiseCopyable, Sendable {
  static var zero: Self { get }
  static func accumulated(_ lhs: Self, _ rhs: Self) -> Self
}

extension AccumulatedElement where Self: FixedWidthInteger {
  @inline(__always)
  package static func accumulated(_ lhs: Self, _ rhs: Self) -> Self { lhs &+ rhs }
}

extension Int8: AccumulatedElement {}
extension UInt8: AccumulatedElement {}
extension Int16: AccumulatedElement {}
extension Int32: AccumulatedElement {}
extension Int64: AccumulatedElement {}
extension Float: AccumulatedElement {
  @inline(__always)
  package static func accumulated(_ lhs: Float, _ rhs: Float) -> Float { lhs + rhs }
}

/// Adds slices to places of an output that begins as zeros: `output[indices[row]] += updates[row]`, in order.
///
/// Requires that no row leads outside.
@specialized(where Element == Int8, Index == Int32)
@specialized(where Element == UInt8, Index == Int32)
@specialized(where Element == Int16, Index == Int32)
@specialized(where Element == Int32, Index == Int32)
@specialized(where Element == Int64, Index == Int32)
@specialized(where Element == Float, Index == Int32)
package func scatterReference<Element: AccumulatedElement, Index: IndexElement>(
  _ parameters: CoordinateParameters, indices: Span<Index>, updates: Span<Element>, output: inout MutableSpan<Element>
) {
  for index in 0..<output.count { output[index] = Element.zero }
  for row in 0..<parameters.rows {
    let target = (parameters.slice(row, indices) ?? 0) * parameters.sliceCount
    let source = row * parameters.sliceCount
    for index in 0..<parameters.sliceCount {
      output[target + index] = Element.accumulated(output[target + index], updates[source + index])
    }
  }
}

/// `output[o, d, i] = indices[o, i] == d ? on : off`; indices outside `0 ..< depth` give a column of `off`.
///
/// - Parameters:
///   - on: the element's bytes, lowest first.
///   - off: the other element's bytes.
@specialized(where Index == Int32)
@specialized(where Index == Int64)
package func oneHotReference<Index: IndexElement>(
  outer: Int, depth: Int, inner: Int, elementSize: Int, indices: Span<Index>, on: RawSpan, off: UInt64,
  output: inout MutableRawSpan
) {
  fill(&output, pattern: off, elementSize: elementSize)
  for row in 0..<outer {
    for column in 0..<inner {
      let index = Int64(indices[row * inner + column])
      guard index >= 0, index < Int64(depth) else { continue }
      let target = (row * depth + Int(truncatingIfNeeded: index)) * inner + column
      copyBytes(on, to: &output, at: target * elementSize)
    }
  }
}

/// A tensor with a batch axis and a sequence axis, of which one comes first; elements of other axes are joined.
package struct ReverseSequenceParameters: BitwiseCopyable, Sendable, Hashable {
  package var outer: Int
  package var firstSize: Int
  package var middle: Int
  package var secondSize: Int
  package var innerBytes: Int
  package var isSequenceFirst: Bool

  package init(
    outer: Int, firstSize: Int, middle: Int, secondSize: Int, innerBytes: Int, isSequenceFirst: Bool
  ) {
    self.outer = outer
    self.firstSize = firstSize
    self.middle = middle
    self.secondSize = secondSize
    self.innerBytes = innerBytes
    self.isSequenceFirst = isSequenceFirst
  }
}

/// The first `lengths[batch]` elements of every sequence run backwards, the others stay.
///
/// Requires that every length is from 0 to the sequence axis' size.
@specialized(where Index == Int32)
@specialized(where Index == Int64)
package func reverseSequenceReference<Index: IndexElement>(
  _ parameters: ReverseSequenceParameters, input: RawSpan, lengths: Span<Index>, output: inout MutableRawSpan
) {
  let bytes = parameters.innerBytes
  var target = 0
  for outer in 0..<parameters.outer {
    for first in 0..<parameters.firstSize {
      for middle in 0..<parameters.middle {
        for second in 0..<parameters.secondSize {
          let batch = parameters.isSequenceFirst ? second : first
          let position = parameters.isSequenceFirst ? first : second
          let length = Int(truncatingIfNeeded: lengths[batch])
          let from = position < length ? length - 1 - position : position
          let sourceFirst = parameters.isSequenceFirst ? from : first
          let sourceSecond = parameters.isSequenceFirst ? second : from
          let source =
            (((outer * parameters.firstSize + sourceFirst) * parameters.middle + middle) * parameters.secondSize
              + sourceSecond) * bytes
          copyBytes(input.extracting(source..<(source + bytes)), to: &output, at: target)
          target += bytes
        }
      }
    }
  }
}
