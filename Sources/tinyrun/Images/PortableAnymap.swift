/// Netpbm's grey and colour pictures, PGM and PPM: text (P2, P3) and bytes (P5, P6), with maxima up to 65,535.
enum PortableAnymap {
  static func isRecognized(_ bytes: [UInt8]) -> Bool {
    // P1 and P4 are black and white, P7 is another header; they are recognized so that they are refused by name.
    bytes.count > 2 && bytes[0] == UInt8(ascii: "P") && (0x31...0x37).contains(bytes[1])
      && (isSpace(bytes[2]) || bytes[2] == UInt8(ascii: "#"))
  }

  static func decode(_ bytes: [UInt8], path: String) throws -> Picture {
    func refuse(_ why: String) -> Failure { Failure(.refused, "\(path) is not a readable PGM or PPM picture: \(why)") }
    let kind = bytes[1] - 0x30
    guard kind == 2 || kind == 3 || kind == 5 || kind == 6 else { throw refuse("it is a P\(kind) file") }
    let channels = kind == 3 || kind == 6 ? 3 : 1
    var cursor = Cursor(bytes: bytes, position: 2)
    guard let width = cursor.number(), let height = cursor.number(), let maximum = cursor.number() else {
      throw refuse("its header lacks the width, the height or the maximum")
    }
    guard width > 0, height > 0, (1...65535).contains(maximum) else {
      throw refuse("its header says \(width) x \(height) pixels up to \(maximum)")
    }
    // Numbers have at most 9 digits: the product stays below 2^62.
    let count = width * height * channels
    let isText = kind < 4
    let sampleSize = isText ? 2 : maximum > 255 ? 2 : 1
    // One white-space character ends the header; the last number of a text needs none behind it.
    if !isText { cursor.position += 1 }
    guard count <= (bytes.count - cursor.position + (isText ? 1 : 0)) / sampleSize else {
      throw refuse("it ends before its \(width) x \(height) pixels do")
    }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(count)
    for index in 0..<count {
      let sample: Int
      if isText {
        guard let number = cursor.number() else { throw refuse("it ends before its \(width) x \(height) pixels do") }
        sample = number
      } else if sampleSize == 2 {
        let at = cursor.position + 2 * index
        sample = Int(bytes[at]) << 8 | Int(bytes[at + 1])
      } else {
        sample = Int(bytes[cursor.position + index])
      }
      guard sample <= maximum else { throw refuse("it has a pixel of \(sample), above its maximum of \(maximum)") }
      pixels.append(UInt8((sample * 255 + maximum / 2) / maximum))
    }
    return Picture(width: width, height: height, channels: channels, pixels: pixels)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  /// Reads decimal numbers between white space and comments, which reach from `#` to the line's end.
  private struct Cursor {
    let bytes: [UInt8]
    var position: Int

    mutating func number() -> Int? {
      while position < bytes.count {
        if bytes[position] == UInt8(ascii: "#") {
          while position < bytes.count, bytes[position] != 0x0A, bytes[position] != 0x0D { position += 1 }
        } else if isSpace(bytes[position]) {
          position += 1
        } else {
          break
        }
      }
      let start = position
      var number = 0
      while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
        guard position - start < 9 else { return nil }
        number = number * 10 + Int(bytes[position] - 0x30)
        position += 1
      }
      return position > start ? number : nil
    }
  }
}
