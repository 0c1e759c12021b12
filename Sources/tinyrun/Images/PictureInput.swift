import ImageFiles
import TinyTensor

/// What a model wants of a picture, for its only input.
struct PictureInput {
  let width: Int
  let height: Int
  let channels: Int
  /// Whether the input is a plain list of pixels, whose sides nobody knows.
  private let isFlat: Bool

  /// - Parameters:
  ///   - model: the model.
  ///   - path: its file, for errors.
  ///   - command: the command that wants it, for errors.
  /// - Throws: ``Failure`` when the model does not take a picture.
  init(_ model: Model, path: String, command: String) throws {
    guard model.inputs.count == 1 else {
      throw Failure(.refused, "\(path): \(command) wants a model with one input, not \(model.inputs.count)")
    }
    let shape = model.inputs[0].shape
    // [1, h, w, c], [1, h, w] for grey, [1, h * w] for grey in a row.
    guard shape.first == 1, (2...4).contains(shape.count), shape.allSatisfy({ $0 > 0 }) else {
      throw Failure(
        .refused, "\(path): \(command) wants an input of shape [1, height, width, channels], not \(Text.shape(shape))")
    }
    isFlat = shape.count == 2
    height = isFlat ? 1 : shape[1]
    width = isFlat ? shape[1] : shape[2]
    channels = shape.count == 4 ? shape[3] : 1
    guard [1, 3, 4].contains(channels) else {
      throw Failure(.refused, "\(path): \(command) wants an input of 1, 3 or 4 channels, not \(channels)")
    }
  }

  /// A picture as the input's bytes, made to fit its size, and where it lies there.
  func pixels(of picture: Picture, name: String, fit: PictureFit) throws -> ([UInt8], Placement) {
    if !isFlat {
      let placement = fit.placement(
        width: picture.width, height: picture.height, inWidth: width, inHeight: height)
      return (pixels(of: picture, placement), placement)
    }
    guard picture.width * picture.height == width else {
      throw Failure(
        .refused,
        "\(name) has \(picture.width) x \(picture.height) pixels; the model takes \(width) pixels in a row, "
          + "and a picture of other sizes cannot be made to fit")
    }
    let placement = PictureFit.stretch.placement(
      width: picture.width, height: picture.height, inWidth: picture.width, inHeight: picture.height)
    return (picture.converted(toChannels: 1).pixels, placement)
  }

  private func pixels(of picture: Picture, _ placement: Placement) -> [UInt8] {
    let (across, down) = (placement.across, placement.down)
    let fitted = picture.cropped(columns: across.seen, rows: down.seen)
      .resized(width: across.filled.count, height: down.filled.count).converted(toChannels: channels)
    if across.filled.count == width, down.filled.count == height { return fitted.pixels }
    // Black, and opaque where there is an alpha.
    var pixels = [UInt8](repeating: 0, count: width * height * channels)
    if channels == 4 {
      for alpha in stride(from: 3, to: pixels.count, by: 4) { pixels[alpha] = 255 }
    }
    let length = fitted.width * channels
    for row in 0..<fitted.height {
      let start = ((down.filled.lowerBound + row) * width + across.filled.lowerBound) * channels
      pixels.replaceSubrange(start..<(start + length), with: fitted.pixels[(row * length)..<((row + 1) * length)])
    }
    return pixels
  }
}

extension Picture {
  /// A part of the picture.
  ///
  /// - Parameters:
  ///   - columns, rows: pixels that are in it, some of each.
  func cropped(columns: Range<Int>, rows: Range<Int>) -> Picture {
    if columns == 0..<width, rows == 0..<height { return self }
    var part: [UInt8] = []
    part.reserveCapacity(columns.count * rows.count * channels)
    for row in rows {
      part += pixels[((row * width + columns.lowerBound) * channels)..<((row * width + columns.upperBound) * channels)]
    }
    return Picture(width: columns.count, height: rows.count, channels: channels, pixels: part)
  }
}
