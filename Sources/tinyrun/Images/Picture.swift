import ImageFiles

extension Picture {
  /// Reads a picture's file.
  ///
  /// - Throws: ``Failure`` that names the file, when it cannot be read as a picture.
  static func decode(_ bytes: [UInt8], path: String) throws -> Picture {
    if IDXImages.isRecognized(bytes) {
      throw Failure(.refused, "\(path) holds many images; say which one, as in \(path):0")
    }
    do {
      return try Picture(decoding: bytes)
    } catch {
      throw Failure(.refused, "\(path): \(error)")
    }
  }

  /// An image of an IDX file.
  ///
  /// - Parameter row: the image's number; less than the count of images.
  init(_ images: IDXImages, row: Int) {
    let span = images.pixels(row)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(span.count)
    for index in span.indices { pixels.append(span[index]) }
    self.init(width: images.width, height: images.height, channels: 1, pixels: pixels)
  }
}
