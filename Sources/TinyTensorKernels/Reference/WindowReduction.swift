/// How a window moves over a tensor, along each axis.
package struct WindowReductionParameters: BitwiseCopyable, Sendable, Hashable {
  /// Axes in use, at least 1; the last one is innermost.
  package var rank: Int
  package var outputSizes = SIMD8<Int32>(repeating: 1)
  package var windowSizes = SIMD8<Int32>(repeating: 1)
  /// How far the window moves in the input from one place of the output to the next, in elements.
  package var moves = SIMD8<Int32>(repeating: 0)
  /// How far neighbours in the window are apart in the input, in elements.
  package var steps = SIMD8<Int32>(repeating: 0)

  package init(rank: Int) { self.rank = rank }
}

/// Joins the elements in each window, from an initial value on, in their order.
///
/// Requires that every window is inside the input.
@specialized(where Element == Float)
@specialized(where Element == Int32)
@specialized(where Element == Int64)
package func reduceWindowsReference<Element: NumberElement>(
  _ kind: SegmentKind, _ parameters: WindowReductionParameters, initial: Element, input: Span<Element>,
  output: inout MutableSpan<Element>
) {
  var windowCount = 1
  for axis in 0..<parameters.rank { windowCount *= Int(parameters.windowSizes[axis]) }
  var position = SIMD8<Int32>(repeating: 0)
  for index in output.indices {
    var base = 0
    for axis in 0..<parameters.rank { base += Int(position[axis]) * Int(parameters.moves[axis]) }
    var joined = initial
    var place = SIMD8<Int32>(repeating: 0)
    for _ in 0..<windowCount {
      var source = base
      for axis in 0..<parameters.rank { source += Int(place[axis]) * Int(parameters.steps[axis]) }
      joined = kind.join(joined, input[source])
      advance(&place, parameters.windowSizes, rank: parameters.rank)
    }
    output[index] = joined
    advance(&position, parameters.outputSizes, rank: parameters.rank)
  }
}

/// The next position in a shape, the last axis first.
@inline(__always)
private func advance(_ position: inout SIMD8<Int32>, _ sizes: SIMD8<Int32>, rank: Int) {
  var axis = rank - 1
  while axis >= 0 {
    position[axis] &+= 1
    if position[axis] < sizes[axis] { return }
    position[axis] = 0
    axis -= 1
  }
}

/// How slices are picked from a tensor by vectors of coordinates (STABLEHLO_GATHER).
package struct SlicePickParameters: BitwiseCopyable, Sendable, Hashable {
  /// Axes of the output.
  package var rank = 0
  package var outputSizes = SIMD8<Int32>(repeating: 1)
  /// How far a step along each axis of the output leads in the input, and among the coordinates; one of both is 0.
  package var inputSteps = SIMD8<Int32>(repeating: 0)
  package var indexSteps = SIMD8<Int32>(repeating: 0)
  /// Coordinates a vector, and how far they are apart.
  package var coordinates = 0
  package var coordinateStep = 0
  /// For each coordinate, how far a step leads in the input, and the last start at which the slice is inside.
  package var coordinateInputSteps = SIMD8<Int32>(repeating: 0)
  package var lastStarts = SIMD8<Int32>(repeating: 0)

  package init() {}
}

/// `output[batch, offset] = input[start(batch) + offset]`; starts are moved to where the slice is inside.
///
/// Requires elements of 1, 2, 4 or 8 bytes, as the unsigned integer that it is called for.
@specialized(where Element == UInt8, Index == Int32)
@specialized(where Element == UInt16, Index == Int32)
@specialized(where Element == UInt32, Index == Int32)
@specialized(where Element == UInt64, Index == Int32)
@specialized(where Element == UInt8, Index == Int64)
@specialized(where Element == UInt16, Index == Int64)
@specialized(where Element == UInt32, Index == Int64)
@specialized(where Element == UInt64, Index == Int64)
package func pickSlicesReference<Element: FixedWidthInteger & BitwiseCopyable, Index: IndexElement>(
  _ parameters: SlicePickParameters, input: Span<Element>, indices: Span<Index>, output: inout MutableSpan<Element>
) {
  var position = SIMD8<Int32>(repeating: 0)
  for target in output.indices {
    var source = 0
    var vector = 0
    for axis in 0..<parameters.rank {
      source += Int(position[axis]) * Int(parameters.inputSteps[axis])
      vector += Int(position[axis]) * Int(parameters.indexSteps[axis])
    }
    for coordinate in 0..<parameters.coordinates {
      let index = Int64(indices[vector + coordinate * parameters.coordinateStep])
      let start = min(max(index, 0), Int64(parameters.lastStarts[coordinate]))
      source += Int(start) * Int(parameters.coordinateInputSteps[coordinate])
    }
    output[target] = input[source]
    advance(&position, parameters.outputSizes, rank: parameters.rank)
  }
}
