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
    var result: [UInt8] = []
    result.reserveCapacity(height * (rowLength + 1))
    var above = [UInt8](repeating: 0, count: rowLength)
    var filtered = [[UInt8]](repeating: above, count: 5)
    for row in 0..<height {
      let current = Array(pixels[(row * rowLength)..<((row + 1) * rowLength)])
      var sums = [Int](repeating: 0, count: 5)
      for index in 0..<rowLength {
        let value = current[index]
        let left = index < channels ? 0 : current[index - channels]
        let up = above[index]
        let corner = index < channels ? 0 : above[index - channels]
        let mean = UInt8((Int(left) + Int(up)) / 2)
        let predictions = (UInt8(0), left, up, mean, PNG.paeth(left, up, corner))
        func enter(_ filter: Int, _ prediction: UInt8) {
          let difference = value &- prediction
          filtered[filter][index] = difference
          sums[filter] += Int(Int8(bitPattern: difference).magnitude)
        }
        enter(0, predictions.0)
        enter(1, predictions.1)
        enter(2, predictions.2)
        enter(3, predictions.3)
        enter(4, predictions.4)
      }
      let best = sums.indices.min { (sums[$0], $0) < (sums[$1], $1) } ?? 0
      result.append(UInt8(best))
      result += filtered[best]
      above = current
    }
    return result
  }
}
