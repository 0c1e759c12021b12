/// An axis that both operands of a movement walk along, in bytes.
package struct MovementAxis: BitwiseCopyable, Sendable, Hashable {
  package var count: Int
  package var inputStep: Int
  package var outputStep: Int

  package init(count: Int, inputStep: Int, outputStep: Int) {
    self.count = count
    self.inputStep = inputStep
    self.outputStep = outputStep
  }
}

/// Runs of bytes that are laid out in another order, in units of work that are independent of each other.
///
/// The two innermost axes are walked in loops, those around them one position a unit. Of the second axis a unit has at
/// most ``chunk`` positions.
package struct MovementLayout: BitwiseCopyable, Sendable, Hashable {
  /// Bytes that stay together.
  package var runBytes: Int
  /// The axis along which runs follow each other first.
  package var inner: MovementAxis
  package var second: MovementAxis
  /// Positions of the second axis in a unit, at least 1.
  package var chunk: Int
  /// Whether runs are neighbours along the inner axis in the output, and along the second one in the input. Requires
  /// runs of 1, 2, 4 or 8 bytes.
  package var isTransposed: Bool
  /// Axes around those two, the outermost one first.
  package var outerRank: Int
  package var outerCounts: SIMD16<Int32>
  package var outerInputSteps: SIMD16<Int64>
  package var outerOutputSteps: SIMD16<Int64>
  /// Where each operand begins.
  package var inputStart: Int
  package var outputStart: Int

  package init(runBytes: Int, inner: MovementAxis, second: MovementAxis, inputStart: Int, outputStart: Int) {
    self.runBytes = runBytes
    self.inner = inner
    self.second = second
    chunk = max(second.count, 1)
    isTransposed = false
    outerRank = 0
    outerCounts = SIMD16(repeating: 1)
    outerInputSteps = SIMD16(repeating: 0)
    outerOutputSteps = SIMD16(repeating: 0)
    self.inputStart = inputStart
    self.outputStart = outputStart
  }

  /// Units of one position of the outer axes.
  package var chunks: Int { (second.count + chunk - 1) / chunk }
  /// Units of work.
  package var units: Int {
    var units = chunks
    for axis in 0..<outerRank { units *= Int(outerCounts[axis]) }
    return units
  }
  /// Bytes that are moved.
  package var byteCount: Int {
    var bytes = runBytes * inner.count * second.count
    for axis in 0..<outerRank { bytes *= Int(outerCounts[axis]) }
    return bytes
  }
}

/// A part of a movement.
package struct MovementTask: BitwiseCopyable, @unchecked Sendable {
  package var layout: MovementLayout
  package var input: UnsafeRawPointer
  package var output: UnsafeMutableRawPointer
  package var firstUnit: Int
  package var endUnit: Int

  package init(
    layout: MovementLayout, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, firstUnit: Int, endUnit: Int
  ) {
    self.layout = layout
    self.input = input
    self.output = output
    self.firstUnit = firstUnit
    self.endUnit = endUnit
  }
}

/// A part of a tensor that is laid inside a larger one, in rows of the output.
package struct PaddingTask: BitwiseCopyable, @unchecked Sendable {
  /// Axes of rows, the outermost one first: positions of the output, those of the input and how many are before them.
  package var rank: Int
  package var outputCounts: SIMD8<Int32>
  package var inputCounts: SIMD8<Int32>
  package var before: SIMD8<Int32>
  /// Bytes of a row of the input, and before and behind it in a row of the output.
  package var rowBytes: Int
  package var bytesBefore: Int
  package var bytesBehind: Int
  /// 8 bytes of what the new elements hold. Rows and what is around them are multiples of its period.
  package var pattern: UInt64
  package var input: UnsafeRawPointer
  package var output: UnsafeMutableRawPointer
  package var firstRow: Int
  package var endRow: Int

  package init(
    rank: Int, outputCounts: SIMD8<Int32>, inputCounts: SIMD8<Int32>, before: SIMD8<Int32>, rowBytes: Int,
    bytesBefore: Int, bytesBehind: Int, pattern: UInt64, input: UnsafeRawPointer, output: UnsafeMutableRawPointer,
    firstRow: Int, endRow: Int
  ) {
    self.rank = rank
    self.outputCounts = outputCounts
    self.inputCounts = inputCounts
    self.before = before
    self.rowBytes = rowBytes
    self.bytesBefore = bytesBefore
    self.bytesBehind = bytesBehind
    self.pattern = pattern
    self.input = input
    self.output = output
    self.firstRow = firstRow
    self.endRow = endRow
  }
}

/// A part of an image whose pixels are those of another one, in rows of the output of all images.
package struct PixelTask: BitwiseCopyable, @unchecked Sendable {
  /// The input's row of every row of an output image, and its column of every column.
  package var rows: UnsafePointer<Int32>
  package var columns: UnsafePointer<Int32>
  package var pixelBytes: Int
  package var inputHeight: Int
  package var inputWidth: Int
  package var outputHeight: Int
  package var outputWidth: Int
  package var input: UnsafeRawPointer
  package var output: UnsafeMutableRawPointer
  package var firstRow: Int
  package var endRow: Int

  package init(
    rows: UnsafePointer<Int32>, columns: UnsafePointer<Int32>, pixelBytes: Int, inputHeight: Int, inputWidth: Int,
    outputHeight: Int, outputWidth: Int, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, firstRow: Int,
    endRow: Int
  ) {
    self.rows = rows
    self.columns = columns
    self.pixelBytes = pixelBytes
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.input = input
    self.output = output
    self.firstRow = firstRow
    self.endRow = endRow
  }
}

/// A part of slices that are picked along an axis, in slices of the output.
package struct PickTask: BitwiseCopyable, @unchecked Sendable {
  /// `[outer, indexCount]` slices are written; those of an outer position lie `axisBytes` apart in the input.
  package var indexCount: Int
  package var sliceBytes: Int
  package var axisBytes: Int
  /// Outer positions that share a list of indices.
  package var outer: Int
  /// All inside the axis.
  package var indices: UnsafeRawPointer
  /// Bytes of an index: 2, 4 or 8.
  package var indexBytes: Int
  package var input: UnsafeRawPointer
  package var output: UnsafeMutableRawPointer
  package var firstSlice: Int
  package var endSlice: Int

  package init(
    indexCount: Int, sliceBytes: Int, axisBytes: Int, outer: Int, indices: UnsafeRawPointer, indexBytes: Int,
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, firstSlice: Int, endSlice: Int
  ) {
    self.indexCount = indexCount
    self.sliceBytes = sliceBytes
    self.axisBytes = axisBytes
    self.outer = outer
    self.indices = indices
    self.indexBytes = indexBytes
    self.input = input
    self.output = output
    self.firstSlice = firstSlice
    self.endSlice = endSlice
  }
}
