/// A picture of bytes, row by row from the top.
public struct Picture: Sendable, Equatable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Bytes a pixel: 1 grey, 2 grey and alpha, 3 red, green and blue, 4 those and alpha.
  ///
  /// Alpha is the pixel's opacity; its colours are not multiplied by it.
  public let channels: Int
  /// `height * width * channels` bytes, channels innermost. Their count may not be changed.
  public var pixels: [UInt8] {
    didSet { precondition(pixels.count == width * height * channels) }
  }

  /// A picture of given pixels.
  ///
  /// Requires positive sizes, 1 to 4 channels and exactly as many bytes as they say.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && (1...4).contains(channels))
    precondition(pixels.count == width * height * channels)
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// Reads a picture's file, whose format is told from its first bytes: PNG, JPEG, BMP, or PBM, PGM or PPM.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - limits: how large the picture may be.
  /// - Throws: ``PictureError`` when the file is of another format, damaged, or too large.
  public init(decoding bytes: [UInt8], limits: PictureLimits = PictureLimits()) throws(PictureError) {
    if PNGReader.isRecognized(bytes) {
      self = try PNGReader.decode(bytes, limits)
    } else if JPEGReader.isRecognized(bytes) {
      self = try JPEGReader.decode(bytes, limits)
    } else if Bitmap.isRecognized(bytes) {
      self = try Bitmap.decode(bytes, limits)
    } else if PortableAnymap.isRecognized(bytes) {
      self = try PortableAnymap.decode(bytes, limits)
    } else {
      throw UnreadFormat.error(bytes)
    }
  }
}
