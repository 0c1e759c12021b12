/// A picture that was made to fit a size without a change of its proportions, in the middle of a filled one.
public struct Letterbox: Sendable, Equatable {
  /// The picture of the size that was asked for.
  public let picture: Picture
  /// New pixels for an old one, along a row. Both scales are equal but for the rounding to whole pixels.
  public let horizontalScale: Double
  /// New pixels for an old one, along a column.
  public let verticalScale: Double
  /// Filled columns on the left.
  public let left: Int
  /// Filled rows above.
  public let top: Int

  /// The place in the old picture of a place in the new one. Places are counted in pixels from the upper left corner.
  public func original(x: Double, y: Double) -> (x: Double, y: Double) {
    ((x - Double(left)) / horizontalScale, (y - Double(top)) / verticalScale)
  }
}

extension Picture {
  /// The picture as large as it fits into a size without a change of its proportions, in the middle of it.
  ///
  /// - Parameters:
  ///   - newWidth: positive.
  ///   - newHeight: positive.
  ///   - fill: what the rest gets in every channel but alpha, which is opaque.
  ///   - method: how the picture gets its size.
  public func letterboxed(
    width newWidth: Int, height newHeight: Int, fill: UInt8 = 0, method: ResizeMethod = .bilinear
  ) -> Letterbox {
    precondition(newWidth > 0 && newHeight > 0)
    let scale = min(Double(newWidth) / Double(width), Double(newHeight) / Double(height))
    let innerWidth = min(max(Int(Double(width) * scale + 0.5), 1), newWidth)
    let innerHeight = min(max(Int(Double(height) * scale + 0.5), 1), newHeight)
    let inner = resized(width: innerWidth, height: innerHeight, method: method)
    let left = (newWidth - innerWidth) / 2
    let top = (newHeight - innerHeight) / 2
    var result = [UInt8](repeating: fill, count: newWidth * newHeight * channels)
    if hasAlpha {
      for index in stride(from: channels - 1, to: result.count, by: channels) { result[index] = 255 }
    }
    let rowLength = innerWidth * channels
    for row in 0..<innerHeight {
      let start = ((top + row) * newWidth + left) * channels
      result.replaceSubrange(
        start..<(start + rowLength), with: inner.pixels[(row * rowLength)..<((row + 1) * rowLength)])
    }
    return Letterbox(
      picture: Picture(width: newWidth, height: newHeight, channels: channels, pixels: result),
      horizontalScale: Double(innerWidth) / Double(width), verticalScale: Double(innerHeight) / Double(height),
      left: left, top: top)
  }
}
