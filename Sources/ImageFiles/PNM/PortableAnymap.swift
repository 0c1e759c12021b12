/// Netpbm's pictures, PBM, PGM and PPM: text (P1, P2, P3) and bytes (P4, P5, P6), with maxima up to 65,535.
enum PortableAnymap {
  static func isRecognized(_ bytes: [UInt8]) -> Bool {
    // P7 has another header; it is recognized so that it is refused by name.
    bytes.count > 2 && bytes[0] == UInt8(ascii: "P") && (0x31...0x37).contains(bytes[1])
      && (isSpace(bytes[2]) || bytes[2] == UInt8(ascii: "#"))
  }

  static func decode(_ bytes: [UInt8], _ limits: PictureLimits) throws(PictureError) -> Picture {
    let kind = bytes[1] - 0x30
    let source = PictureSource(bytes: bytes, format: kind == 7 ? "PAM" : "PNM")
    guard kind < 7 else { throw source.unsupported("is a P7 file; save it as PPM") }
    let isBits = kind == 1 || kind == 4
    let isText = kind < 4
    let channels = kind == 3 || kind == 6 ? 3 : 1
    var cursor = Cursor(bytes: bytes, position: 2)
    guard let width = cursor.number(), let height = cursor.number() else {
      throw source.damaged("lacks the width or the height in its header", at: cursor.position)
    }
    let count = try source.pixelCount(width, height, limits) * channels
    var maximum = 1
    if !isBits {
      guard let number = cursor.number() else {
        throw source.damaged("lacks the maximum in its header", at: cursor.position)
      }
      guard (1...65535).contains(number) else {
        throw source.damaged("has the maximum \(number); 1 to 65535 are allowed", at: cursor.position)
      }
      maximum = number
    }
    // One white-space character ends the header; the last number of a text needs none behind it.
    if !isText { cursor.position += 1 }
    let rest = max(0, bytes.count - cursor.position)
    let rowSize = (width + 7) / 8
    let fits =
      switch kind {
      case 1: count <= rest
      case 2, 3: count <= (rest + 1) / 2
      case 4: height <= rest / rowSize
      default: count <= rest / (maximum > 255 ? 2 : 1)
      }
    func cutOff() -> PictureError { source.truncated("ends before its \(width) x \(height) pixels do") }
    guard fits else { throw cutOff() }

    var pixels: [UInt8] = []
    pixels.reserveCapacity(count)
    if isBits {
      // Ones are black.
      if isText {
        for _ in 0..<count {
          guard let digit = cursor.digit() else { throw cutOff() }
          guard digit < 2 else { throw source.damaged("has a bit that is neither 0 nor 1", at: cursor.position - 1) }
          pixels.append(digit == 0 ? 255 : 0)
        }
      } else {
        for row in 0..<height {
          let start = cursor.position + row * rowSize
          for column in 0..<width {
            let bit = bytes[start + column / 8] >> UInt8(7 - column & 7) & 1
            pixels.append(bit == 0 ? 255 : 0)
          }
        }
      }
      return Picture(width: width, height: height, channels: 1, pixels: pixels)
    }

    let scaled = Self.scaled(maximum)
    let isWide = maximum > 255
    for index in 0..<count {
      let sample: Int
      if isText {
        guard let number = cursor.number() else { throw cutOff() }
        sample = number
      } else if isWide {
        let at = cursor.position + 2 * index
        sample = Int(bytes[at]) << 8 | Int(bytes[at + 1])
      } else {
        sample = Int(bytes[cursor.position + index])
      }
      guard sample <= maximum else {
        throw source.damaged("has a pixel of \(sample), above its maximum of \(maximum)")
      }
      pixels.append(scaled[sample])
    }
    return Picture(width: width, height: height, channels: channels, pixels: pixels)
  }

  /// Samples up to a maximum, stretched to 0...255: `sample / maximum * 255` in double precision, rounded to the nearest
  /// integer, halves to the even one, as Pillow does.
  private static func scaled(_ maximum: Int) -> [UInt8] {
    (0...maximum).map { sample in
      let value = Double(sample) / Double(maximum) * 255
      let whole = Int(value)
      let rest = value - Double(whole)
      return UInt8(rest > 0.5 || rest == 0.5 && whole & 1 == 1 ? whole + 1 : whole)
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  /// Reads decimal numbers between white space and comments, which reach from `#` to the line's end.
  private struct Cursor {
    let bytes: [UInt8]
    var position: Int

    private mutating func skipSpace() {
      while position < bytes.count {
        if bytes[position] == UInt8(ascii: "#") {
          while position < bytes.count, bytes[position] != 0x0A, bytes[position] != 0x0D { position += 1 }
        } else if isSpace(bytes[position]) {
          position += 1
        } else {
          break
        }
      }
    }

    /// A number of at most nine digits.
    mutating func number() -> Int? {
      skipSpace()
      let start = position
      var number = 0
      while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
        guard position - start < 9 else { return nil }
        number = number * 10 + Int(bytes[position] - 0x30)
        position += 1
      }
      return position > start ? number : nil
    }

    /// A single digit, which needs no space behind it.
    mutating func digit() -> UInt8? {
      skipSpace()
      guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
      position += 1
      return bytes[position - 1] - 0x30
    }
  }
}
