extension Picture {
  /// Whether pixels have an alpha.
  public var hasAlpha: Bool { channels == 2 || channels == 4 }

  /// The picture with another count of channels.
  ///
  /// Grey is the luma of ITU-R BT.601: 0.299 red + 0.587 green + 0.114 blue, rounded. Alpha is dropped where it is not
  /// wanted, and opaque where there was none.
  ///
  /// - Parameter wanted: 1 to 4.
  public func converted(toChannels wanted: Int) -> Picture {
    precondition((1...4).contains(wanted))
    if wanted == channels { return self }
    var converted: [UInt8] = []
    converted.reserveCapacity(width * height * wanted)
    let isColour = channels >= 3
    for start in stride(from: 0, to: pixels.count, by: channels) {
      if wanted >= 3 {
        for channel in 0..<3 { converted.append(pixels[isColour ? start + channel : start]) }
      } else if isColour {
        let luma = 299 * Int(pixels[start]) + 587 * Int(pixels[start + 1]) + 114 * Int(pixels[start + 2])
        converted.append(UInt8((luma + 500) / 1000))
      } else {
        converted.append(pixels[start])
      }
      if wanted == 2 || wanted == 4 { converted.append(hasAlpha ? pixels[start + channels - 1] : 255) }
    }
    return Picture(width: width, height: height, channels: wanted, pixels: converted)
  }
}
