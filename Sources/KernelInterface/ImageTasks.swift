/// Two neighbouring pixels of an axis and the weight that each has.
package struct Neighbours: BitwiseCopyable, Sendable, Hashable {
  package var first: Int32
  package var second: Int32
  /// What the second one counts: in steps of 1/1024, or a single-precision number's bits.
  package var distance: Int32

  package init(first: Int32, second: Int32, distance: Int32) {
    self.first = first
    self.second = second
    self.distance = distance
  }
}

/// Bilinear interpolation of bytes: output rows of all images, numbered `n * outputHeight + y`.
///
/// int8 is interpolated in fixed point, uint8 in single precision, as the reference does.
package struct InterpolationTask: BitwiseCopyable, @unchecked Sendable {
  /// One an output row and column.
  package var rows: UnsafePointer<Neighbours>
  package var columns: UnsafePointer<Neighbours>
  /// `[batches, inputHeight, inputWidth, channels]`; 15 bytes behind it may be read.
  package var input: UnsafeRawPointer
  package var output: UnsafeMutableRawPointer
  package var inputHeight: Int
  package var inputWidth: Int
  package var outputHeight: Int
  package var outputWidth: Int
  package var channels: Int
  package var isUnsigned: Bool
  package var firstRow: Int
  package var endRow: Int

  package init(
    rows: UnsafePointer<Neighbours>, columns: UnsafePointer<Neighbours>, input: UnsafeRawPointer,
    output: UnsafeMutableRawPointer, inputHeight: Int, inputWidth: Int, outputHeight: Int, outputWidth: Int,
    channels: Int, isUnsigned: Bool, firstRow: Int, endRow: Int
  ) {
    self.rows = rows
    self.columns = columns
    self.input = input
    self.output = output
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.channels = channels
    self.isUnsigned = isUnsigned
    self.firstRow = firstRow
    self.endRow = endRow
  }
}

/// Where the largest or smallest byte along the middle one of three axes stands, the first one of equals.
package struct ExtremumTask: BitwiseCopyable, @unchecked Sendable {
  /// `[rows, size, inner]`; 63 bytes behind it may be read.
  package var input: UnsafeRawPointer
  /// `[rows, inner]` of int32 or int64.
  package var output: UnsafeMutableRawPointer
  package var size: Int
  package var inner: Int
  package var firstRow: Int
  package var endRow: Int
  /// What turns a byte into uint8 of which the largest is looked for.
  package var flip: UInt8
  /// Whether positions are int64.
  package var isWide: Bool

  package init(
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, size: Int, inner: Int, firstRow: Int, endRow: Int,
    flip: UInt8, isWide: Bool
  ) {
    self.input = input
    self.output = output
    self.size = size
    self.inner = inner
    self.firstRow = firstRow
    self.endRow = endRow
    self.flip = flip
    self.isWide = isWide
  }
}
