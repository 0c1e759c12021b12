/// How a window moves over an image: shared by convolutions and pools. Heights and widths in elements.
///
/// Every count is at least 1 and every product of them that indexes a tensor fits `Int`: proven at load.
package struct WindowGeometry: BitwiseCopyable, Sendable, Hashable {
  package var batches: Int
  package var inputHeight: Int
  package var inputWidth: Int
  package var inputChannels: Int
  package var outputHeight: Int
  package var outputWidth: Int
  package var outputChannels: Int
  package var kernelHeight: Int
  package var kernelWidth: Int
  package var strideHeight: Int
  package var strideWidth: Int
  package var dilationHeight: Int
  package var dilationWidth: Int
  /// Rows of padding above the image; what lies below follows from the sizes.
  package var paddingTop: Int
  package var paddingLeft: Int

  package init(
    batches: Int, inputHeight: Int, inputWidth: Int, inputChannels: Int, outputHeight: Int, outputWidth: Int,
    outputChannels: Int, kernelHeight: Int, kernelWidth: Int, strideHeight: Int, strideWidth: Int,
    dilationHeight: Int, dilationWidth: Int, paddingTop: Int, paddingLeft: Int
  ) {
    self.batches = batches
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.inputChannels = inputChannels
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.outputChannels = outputChannels
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.paddingTop = paddingTop
    self.paddingLeft = paddingLeft
  }

  /// The kernel rows whose input row, for output row `row`, lies inside the image.
  @inline(__always)
  func kernelRows(outputRow row: Int) -> Range<Int> {
    inside(row * strideHeight - paddingTop, dilationHeight, kernelHeight, inputHeight)
  }

  /// The kernel columns whose input column, for output column `column`, lies inside the image.
  @inline(__always)
  func kernelColumns(outputColumn column: Int) -> Range<Int> {
    inside(column * strideWidth - paddingLeft, dilationWidth, kernelWidth, inputWidth)
  }

  /// The `k` in `0 ..< taps` with `0 <= origin + k * dilation < size`.
  @inline(__always)
  private func inside(_ origin: Int, _ dilation: Int, _ taps: Int, _ size: Int) -> Range<Int> {
    let first = origin >= 0 ? 0 : (-origin + dilation - 1) / dilation
    let end = origin >= size ? 0 : min(taps, (size - origin + dilation - 1) / dilation)
    return first..<max(first, end)
  }

  /// The output rows whose windows hold input row `row`, for a dilation of 1.
  @inline(__always)
  func outputRows(containingRow row: Int) -> Range<Int> {
    holding(row + paddingTop, strideHeight, kernelHeight, outputHeight)
  }

  /// The output columns whose windows hold input column `column`, for a dilation of 1.
  @inline(__always)
  func outputColumns(containingColumn column: Int) -> Range<Int> {
    holding(column + paddingLeft, strideWidth, kernelWidth, outputWidth)
  }

  /// The `i` in `0 ..< count` with `0 <= place - i * stride < taps`.
  @inline(__always)
  private func holding(_ place: Int, _ stride: Int, _ taps: Int, _ count: Int) -> Range<Int> {
    let first = place < taps ? 0 : (place - taps) / stride + 1
    let end = min(count, place / stride + 1)
    return first..<max(first, end)
  }

  /// The input row that kernel row `tap` sees for output row `row`.
  @inline(__always)
  func inputRow(_ row: Int, _ tap: Int) -> Int { row * strideHeight - paddingTop + tap * dilationHeight }

  /// The input column that kernel column `tap` sees for output column `column`.
  @inline(__always)
  func inputColumn(_ column: Int, _ tap: Int) -> Int { column * strideWidth - paddingLeft + tap * dilationWidth }

  /// Where the pixel begins in an NHWC input, in elements.
  @inline(__always)
  func inputPixel(_ batch: Int, _ row: Int, _ column: Int) -> Int {
    ((batch * inputHeight + row) * inputWidth + column) * inputChannels
  }

  /// Where the pixel begins in an NHWC output, in elements.
  @inline(__always)
  func outputPixel(_ batch: Int, _ row: Int, _ column: Int) -> Int {
    ((batch * outputHeight + row) * outputWidth + column) * outputChannels
  }
}
