import Deflate

/// Writes pictures as PNG (ISO/IEC 15948): eight bits a channel, each row with the filter that promises the shortest
/// output.
extension Picture {
  /// The picture as a PNG file.
  ///
  /// Requires sides below 2^31, as the format does.
  ///
  /// - Complexity: proportional to the count of pixels.
  public func png() -> [UInt8] {
    precondition(width < 1 << 31 && height < 1 << 31)
    var file: [UInt8] = PNG.signature
    let colourType: UInt8 = channels == 1 ? 0 : channels == 2 ? 4 : channels == 3 ? 2 : 6
    PNG.append("IHDR", PNG.big(width) + PNG.big(height) + [8, colourType, 0, 0, 0], to: &file)
    // A chunk may not have more than 2^31 - 1 bytes.
    let stream = Deflater.zlib(filteredRows())
    for start in stride(from: 0, to: stream.count, by: 1 << 30) {
      PNG.append("IDAT", Array(stream[start..<min(start + (1 << 30), stream.count)]), to: &file)
    }
    PNG.append("IEND", [], to: &file)
    return file
  }

  /// All rows, each behind the number of its filter: the one whose bytes, taken as signed numbers, have the least sum
  /// of magnitudes.
  private func filteredRows() -> [UInt8] {
    let rowLength = width * channels
    // A pixel of zeros stands before each row, and a row of zeros above the first.
    let paddedLength = channels + rowLength
    var above = [UInt8](repeating: 0, count: paddedLength)
    var current = above
    var filtered = [UInt8](repeating: 0, count: rowLength)
    var best = filtered
    var result: [UInt8] = []
    result.reserveCapacity(height * (rowLength + 1))
    for row in 0..<height {
      current.replaceSubrange(channels..., with: pixels[(row * rowLength)..<((row + 1) * rowLength)])
      var bestFilter = 0
      var least = Int.max
      for filter in 0..<5 {
        let sum = PNGFilter.apply(filter, current, above, distance: channels, to: &filtered)
        if sum < least {
          least = sum
          bestFilter = filter
          swap(&best, &filtered)
        }
      }
      result.append(UInt8(bestFilter))
      result += best
      swap(&above, &current)
    }
    return result
  }
}
