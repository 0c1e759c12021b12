/// Why a file could not be read as a picture.
///
/// Reading never traps on the bytes it is given: whatever they hold, it ends in a picture or in this error.
public struct PictureError: Error, Sendable, Hashable {
  /// The kinds of error. More may be added in later versions.
  public struct Code: Sendable, Hashable {
    let number: UInt8

    /// The bytes are no picture of a format that is read.
    public static let unknownFormat = Code(number: 0)
    /// The format is read, but not this kind of it; the message names what it has.
    public static let unsupported = Code(number: 1)
    /// The bytes do not say a picture: a size, a code or a check is wrong.
    public static let damaged = Code(number: 2)
    /// The bytes end before the picture does.
    public static let truncated = Code(number: 3)
    /// The picture has more pixels than ``PictureLimits`` allow.
    public static let tooLarge = Code(number: 4)
  }

  /// What kind of error it is.
  public var code: Code
  /// Where in the bytes, counted from their beginning, where that is known.
  public var position: Int?
  /// One sentence that says what is wrong.
  public var message: String

  init(_ code: Code, at position: Int? = nil, _ message: String) {
    self.code = code
    self.position = position
    self.message = message
  }
}

extension PictureError: CustomStringConvertible {
  /// The message, and the place where it is known.
  public var description: String { position.map { "\(message) (at byte \($0))" } ?? message }
}

/// How large a picture may be that is read.
public struct PictureLimits: Sendable, Hashable {
  /// The largest count of pixels, width times height.
  ///
  /// A pixel takes up to 4 bytes in the picture, and up to 12 more while it is read.
  public var pixels: Int

  /// - Parameter pixels: the largest count of pixels; 100 million unless given.
  public init(pixels: Int = 100_000_000) { self.pixels = pixels }
}
