/// Makes pixels out of components: stretches those that have fewer samples, and converts colours.
enum JPEGColours {
  /// The picture's pixels: a byte each, or red, green and blue.
  ///
  /// - Parameters:
  ///   - samples: of all components.
  ///   - frame: one component or three.
  ///   - areRGB: whether three components are red, green and blue, and not JFIF's luma and chroma.
  static func pixels(_ samples: [UInt8], _ frame: JPEGFrame, areRGB: Bool) -> [UInt8] {
    let channels = frame.components.count
    precondition(samples.count == frame.blockCount * 64 && (channels == 1 || channels == 3))
    let count = frame.width * frame.height * channels
    // A row of each component, stretched: at most as wide as all blocks.
    let rowRoom = frame.unitsWide * frame.largestHorizontal * 8
    var rows = [UInt8](repeating: 0, count: rowRoom * channels)
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { pixels, initialized in
      // Sound: rows of samples lie inside the samples of their component, whose places the frame computed from its own
      // sizes; a stretched row has at most `rowRoom` bytes; all `count` bytes are written, row by row.
      unsafe samples.withUnsafeBufferPointer { samples in
        unsafe rows.withUnsafeMutableBufferPointer { rows in
          guard let samples = samples.baseAddress, let rows = rows.baseAddress,
            var target = pixels.baseAddress
          else { return }
          for row in 0..<frame.height {
            let first = unsafe stretched(frame, 0, row, samples, rows)
            if channels == 1 {
              unsafe target.update(from: first, count: frame.width)
            } else {
              let second = unsafe stretched(frame, 1, row, samples, rows + rowRoom)
              let third = unsafe stretched(frame, 2, row, samples, rows + 2 * rowRoom)
              if areRGB {
                unsafe interleave(first, second, third, frame.width, to: target)
              } else {
                unsafe convert(first, second, third, frame.width, to: target)
              }
            }
            unsafe target += frame.width * channels
          }
        }
      }
      initialized = count
    }
  }

  // MARK: Colours

  @unsafe
  private static func interleave(
    _ red: UnsafePointer<UInt8>, _ green: UnsafePointer<UInt8>, _ blue: UnsafePointer<UInt8>, _ count: Int,
    to pixels: UnsafeMutablePointer<UInt8>
  ) {
    for index in 0..<count {
      unsafe pixels[3 &* index] = red[index]
      unsafe pixels[3 &* index &+ 1] = green[index]
      unsafe pixels[3 &* index &+ 2] = blue[index]
    }
  }

  /// JFIF's conversion, with 16 bits behind the point.
  @unsafe
  private static func convert(
    _ luma: UnsafePointer<UInt8>, _ blueness: UnsafePointer<UInt8>, _ redness: UnsafePointer<UInt8>, _ count: Int,
    to pixels: UnsafeMutablePointer<UInt8>
  ) {
    @inline(__always)
    func byte(_ value: Int32) -> UInt8 { UInt8(truncatingIfNeeded: min(max(value, 0), 255)) }
    for index in 0..<count {
      let y = unsafe Int32(luma[index])
      let cb = unsafe Int32(blueness[index]) &- 128
      let cr = unsafe Int32(redness[index]) &- 128
      // 1.402, 0.34414, 0.71414 and 1.772 times 2^16.
      let red = y &+ (91881 &* cr &+ 32768) &>> 16
      let green = y &+ (-22554 &* cb &- 46802 &* cr &+ 32768) &>> 16
      let blue = y &+ (116130 &* cb &+ 32768) &>> 16
      unsafe pixels[3 &* index] = byte(red)
      unsafe pixels[3 &* index &+ 1] = byte(green)
      unsafe pixels[3 &* index &+ 2] = byte(blue)
    }
  }

  // MARK: Stretching

  /// A component's row of the picture.
  ///
  /// - Returns: the samples themselves, or `room` where they had to be stretched.
  @unsafe
  private static func stretched(
    _ frame: JPEGFrame, _ index: Int, _ row: Int, _ samples: UnsafePointer<UInt8>, _ room: UnsafeMutablePointer<UInt8>
  ) -> UnsafePointer<UInt8> {
    let layout = frame.components[index].layout
    let across = frame.largestHorizontal / layout.horizontal
    let down = frame.largestVertical / layout.vertical
    let count = layout.width
    let near = row / down
    func line(_ row: Int) -> UnsafePointer<UInt8> {
      unsafe samples + layout.firstSample + row * layout.rowSize
    }
    // Of two rows that a row of the picture lies between, the farther one.
    let far = min(max(near + (row & 1 == 0 ? -1 : 1), 0), layout.height - 1)
    switch (across, down) {
    case (1, 1): return unsafe line(near)
    case (2, 1) where count > 2: unsafe widen(line(near), count, to: room)
    case (1, 2): unsafe heighten(line(near), line(far), count, isUpper: row & 1 == 0, to: room)
    case (2, 2) where count > 2: unsafe enlarge(line(near), line(far), count, to: room)
    default:
      let from = unsafe line(near)
      for column in 0..<count {
        for copy in 0..<across { unsafe room[column &* across &+ copy] = from[column] }
      }
    }
    return unsafe UnsafePointer(room)
  }

  /// Twice as many columns: three quarters of the nearer sample and one of the farther, rounded down and up in turns.
  ///
  /// Requires at least two samples.
  @unsafe
  private static func widen(_ from: UnsafePointer<UInt8>, _ count: Int, to: UnsafeMutablePointer<UInt8>) {
    unsafe to[0] = from[0]
    unsafe to[1] = UInt8(truncatingIfNeeded: (3 &* UInt32(from[0]) &+ UInt32(from[1]) &+ 2) &>> 2)
    for index in 1..<(count - 1) {
      let near = unsafe 3 &* UInt32(from[index])
      unsafe to[2 &* index] = UInt8(truncatingIfNeeded: (near &+ UInt32(from[index &- 1]) &+ 1) &>> 2)
      unsafe to[2 &* index &+ 1] = UInt8(truncatingIfNeeded: (near &+ UInt32(from[index &+ 1]) &+ 2) &>> 2)
    }
    let end = count - 1
    unsafe to[2 * end] = UInt8(truncatingIfNeeded: (3 &* UInt32(from[end]) &+ UInt32(from[end - 1]) &+ 1) &>> 2)
    unsafe to[2 * end + 1] = from[end]
  }

  /// Twice as many rows, by the same weights.
  @unsafe
  private static func heighten(
    _ near: UnsafePointer<UInt8>, _ far: UnsafePointer<UInt8>, _ count: Int, isUpper: Bool,
    to: UnsafeMutablePointer<UInt8>
  ) {
    let rounding: UInt32 = isUpper ? 1 : 2
    for index in 0..<count {
      unsafe to[index] = UInt8(truncatingIfNeeded: (3 &* UInt32(near[index]) &+ UInt32(far[index]) &+ rounding) &>> 2)
    }
  }

  /// Twice as many of both: sixteenths.
  ///
  /// Requires at least two samples a row.
  @unsafe
  private static func enlarge(
    _ near: UnsafePointer<UInt8>, _ far: UnsafePointer<UInt8>, _ count: Int, to: UnsafeMutablePointer<UInt8>
  ) {
    @inline(__always)
    func sum(_ index: Int) -> UInt32 { unsafe 3 &* UInt32(near[index]) &+ UInt32(far[index]) }
    unsafe to[0] = UInt8(truncatingIfNeeded: (4 &* sum(0) &+ 8) &>> 4)
    unsafe to[1] = UInt8(truncatingIfNeeded: (3 &* sum(0) &+ sum(1) &+ 7) &>> 4)
    for index in 1..<(count - 1) {
      unsafe to[2 &* index] = UInt8(truncatingIfNeeded: (3 &* sum(index) &+ sum(index &- 1) &+ 8) &>> 4)
      unsafe to[2 &* index &+ 1] = UInt8(truncatingIfNeeded: (3 &* sum(index) &+ sum(index &+ 1) &+ 7) &>> 4)
    }
    let end = count - 1
    unsafe to[2 * end] = UInt8(truncatingIfNeeded: (3 &* sum(end) &+ sum(end - 1) &+ 8) &>> 4)
    unsafe to[2 * end + 1] = UInt8(truncatingIfNeeded: (4 &* sum(end) &+ 7) &>> 4)
  }
}
