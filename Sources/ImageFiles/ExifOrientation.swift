/// The orientation in Exif data (JEITA CP-3451): how a picture is turned before it is shown.
enum ExifOrientation {
  private static let tag = 0x0112

  /// The orientation, 1 to 8; `nil` where the data have none.
  ///
  /// - Parameter data: a TIFF structure, from its header on.
  static func value(_ data: Span<UInt8>) -> Int? {
    guard data.count >= 8 else { return nil }
    let isLittle = data[0] == 0x49
    guard data[0] == data[1], isLittle || data[0] == 0x4D else { return nil }
    // Requires that the bytes are there.
    func number(_ position: Int, _ size: Int) -> Int {
      var value = 0
      for index in 0..<size { value = value << 8 | Int(data[position + (isLittle ? size - 1 - index : index)]) }
      return value
    }
    let directory = number(4, 4)
    guard number(2, 2) == 42, directory <= data.count - 2 else { return nil }
    let count = min(number(directory, 2), (data.count - directory - 2) / 12)
    for entry in 0..<count {
      let position = directory + 2 + 12 * entry
      guard number(position, 2) == tag else { continue }
      // A short or a long number.
      let value = number(position + 2, 2) == 3 ? number(position + 8, 2) : number(position + 8, 4)
      return (1...8).contains(value) ? value : nil
    }
    return nil
  }
}

extension Picture {
  /// The picture as an Exif orientation shows it; 1 leaves it as it is.
  func turned(_ orientation: Int) -> Picture {
    guard (2...8).contains(orientation) else { return self }
    let swapsSides = orientation >= 5
    let newWidth = swapsSides ? height : width
    let newHeight = swapsSides ? width : height
    // Steps in pixels from an old pixel to the one that comes next in the new row and in the new column.
    let row = width
    let last = width - 1
    let bottom = (height - 1) * row
    let (start, right, down) =
      switch orientation {
      case 2: (last, -1, row)
      case 3: (bottom + last, -1, -row)
      case 4: (bottom, 1, -row)
      case 5: (0, row, 1)
      case 6: (bottom, -row, 1)
      case 7: (bottom + last, -row, -1)
      default: (last, row, -1)
      }
    let channels = channels
    let source = pixels.span
    var turned = [UInt8](repeating: 0, count: pixels.count)
    var target = turned.mutableSpan
    // In tiles, so that rows that become columns stay in the processor's cache.
    let tile = 32
    for top in stride(from: 0, to: newHeight, by: tile) {
      for left in stride(from: 0, to: newWidth, by: tile) {
        for y in top..<min(top + tile, newHeight) {
          for x in left..<min(left + tile, newWidth) {
            let from = (start &+ x &* right &+ y &* down) &* channels
            let to = (y &* newWidth &+ x) &* channels
            for channel in 0..<channels { target[to &+ channel] = source[from &+ channel] }
          }
        }
      }
    }
    return Picture(width: newWidth, height: newHeight, channels: channels, pixels: turned)
  }
}
