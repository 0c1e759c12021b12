import KernelInterface

/// Neighbouring pixels of an output row whose windows see the same taps, for one block of channels.
struct WindowRun {
  /// Of the input: where the first window begins, in elements; negative in the padding.
  var origin: Int
  var firstKernelRow: Int
  var endKernelRow: Int
  var firstKernelColumn: Int
  var endKernelColumn: Int
  /// The first pixel's number.
  var pixel: Int
  var block: Int
}

/// The `k` in `0 ..< taps` with `0 <= origin + k * dilation < size`.
@inline(__always)
func tapsInside(_ origin: Int, _ dilation: Int, _ taps: Int, _ size: Int) -> (first: Int, end: Int) {
  let first = origin >= 0 ? 0 : (dilation &- 1 &- origin) / dilation
  let last = origin >= size ? 0 : (size &- origin &+ dilation &- 1) / dilation
  let end = last < taps ? last : taps
  return (first, end < first ? first : end)
}

/// Calls `tile` for runs of at most `largest` pixels, and of powers of two of them, of a block of channels; `tile` gets
/// how many pixels a run has.
@inline(__always)
func forEachRun(
  _ sizes: WindowSizes, pixels: (first: Int, end: Int), block: Int, largest: Int, _ tile: (WindowRun, Int) -> Void
) {
  let width = sizes.outputWidth
  let kernelWidth = sizes.kernelWidth
  var pixel = pixels.first
  while pixel < pixels.end {
    let line = pixel / width
    let image = line / sizes.outputHeight
    let row = (line &- image &* sizes.outputHeight) &* sizes.strideHeight &- sizes.paddingTop
    let rows = tapsInside(row, sizes.dilationHeight, sizes.kernelHeight, sizes.inputHeight)
    let lineStart = (image &* sizes.inputHeight &+ row) &* sizes.inputWidth
    var column = pixel &- line &* width
    let rest = pixels.end &- line &* width
    let end = rest < width ? rest : width
    while column < end {
      let origin = column &* sizes.strideWidth &- sizes.paddingLeft
      let columns = tapsInside(origin, sizes.dilationWidth, kernelWidth, sizes.inputWidth)
      var count = 1
      if columns.first == 0 && columns.end == kernelWidth {
        // Windows between two that lie inside the image do so as well.
        count = largest
        while count > 1 {
          let last = origin &+ (count &- 1) &* sizes.strideWidth &+ (kernelWidth &- 1) &* sizes.dilationWidth
          if column &+ count <= end && last < sizes.inputWidth { break }
          count /= 2
        }
      }
      tile(
        WindowRun(
          origin: (lineStart &+ origin) &* sizes.inputStep, firstKernelRow: rows.first, endKernelRow: rows.end,
          firstKernelColumn: columns.first, endKernelColumn: columns.end, pixel: line &* width &+ column, block: block),
        count)
      column &+= count
    }
    pixel = line &* width &+ end
  }
}
