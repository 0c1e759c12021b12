import Deflate

/// A file's bytes, read within their bounds, and the errors of its format.
struct PictureSource {
  let bytes: [UInt8]
  /// The format's name in errors.
  let format: String

  var count: Int { bytes.count }

  /// A little-endian number of up to 4 bytes.
  func little(_ position: Int, _ size: Int) throws(PictureError) -> Int {
    guard position >= 0, position <= count - size else { throw truncated("ends inside its header") }
    var value = 0
    for index in 0..<size { value |= Int(bytes[position + index]) << (8 * index) }
    return value
  }

  /// A big-endian number of up to 4 bytes.
  func big(_ position: Int, _ size: Int) throws(PictureError) -> Int {
    guard position >= 0, position <= count - size else { throw truncated("ends inside its header") }
    var value = 0
    for index in 0..<size { value = value << 8 | Int(bytes[position + index]) }
    return value
  }

  /// The count of pixels of a picture that may be read. It is at most 2^40, so that no count of bytes overflows.
  func pixelCount(_ width: Int, _ height: Int, _ limits: PictureLimits) throws(PictureError) -> Int {
    guard width > 0, height > 0 else { throw damaged("says that it has \(width) x \(height) pixels") }
    let (count, overflows) = width.multipliedReportingOverflow(by: height)
    guard !overflows, count <= min(limits.pixels, 1 << 40) else {
      throw PictureError(
        .tooLarge,
        "the \(format) picture says that it has \(width) x \(height) pixels, more than the \(limits.pixels) that are "
          + "allowed; make it smaller"
      )
    }
    return count
  }

  /// The data of a zlib stream.
  ///
  /// - Parameters:
  ///   - stream: the stream.
  ///   - count: how many bytes it must give.
  func inflated(_ stream: [UInt8], count: Int) throws(PictureError) -> [UInt8] {
    do throws(InflateError) {
      return try Inflater.zlib(stream.span, count: count)
    } catch {
      throw error.isTruncated ? truncated(error.message) : damaged(error.message)
    }
  }

  func damaged(_ what: String, at position: Int? = nil) -> PictureError {
    PictureError(.damaged, at: position, "the \(format) picture \(what)")
  }

  func truncated(_ what: String, at position: Int? = nil) -> PictureError {
    PictureError(.truncated, at: position, "the \(format) picture \(what)")
  }

  func unsupported(_ what: String, at position: Int? = nil) -> PictureError {
    PictureError(.unsupported, at: position, "the \(format) picture \(what)")
  }
}
