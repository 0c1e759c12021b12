/// The sums of the bytes of windows, for layers whose filter has a zero point.
package struct WindowSumTask: BitwiseCopyable, @unchecked Sendable {
  package var layer: MatrixLayer
  package var input: UnsafeRawPointer
  /// Bytes of every segment that count.
  package var segmentBytes: Int
  /// What every sum is multiplied with, modulo `2^32`.
  package var factor: Int32
  package var sums: UnsafeMutablePointer<Int32>
  package var firstRow: Int
  package var endRow: Int

  package init(
    layer: MatrixLayer, input: UnsafeRawPointer, segmentBytes: Int, factor: Int32, sums: UnsafeMutablePointer<Int32>,
    firstRow: Int, endRow: Int
  ) {
    self.layer = layer
    self.input = input
    self.segmentBytes = segmentBytes
    self.factor = factor
    self.sums = sums
    self.firstRow = firstRow
    self.endRow = endRow
  }
}
