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

  /// A picture as the input's bytes, stretched to its size.
  func pixels(of picture: Picture, name: String) throws -> [UInt8] {
    if !isFlat { return picture.resized(width: width, height: height).converted(toChannels: channels).pixels }
    guard picture.width * picture.height == width else {
      throw Failure(
        .refused,
        "\(name) has \(picture.width) x \(picture.height) pixels; the model takes \(width) pixels in a row, "
          + "and a picture of other sizes cannot be made to fit")
    }
    return picture.converted(toChannels: 1).pixels
  }
}

/// Reads pictures by name: `FILE`, or `FILE:N` for the N-th image of an IDX file, which is kept for the next one.
struct PictureFiles {
  private var path: String?
  private var images: IDXImages?

  mutating func read(_ name: String) throws -> Picture {
    if !Files.exists(name), let colon = name.lastIndex(of: ":"), let row = Int(name[name.index(after: colon)...]) {
      let file = String(name[..<colon])
      if path != file || images == nil {
        images = try IDXImages(path: file)
        path = file
      }
      guard let images, (0..<images.count).contains(row) else {
        throw Failure(.refused, "\(file) has \(images?.count ?? 0) images; there is no image \(row)")
      }
      return Picture(images, row: row)
    }
    return try Picture.decode(try Files.read(name), path: name)
  }
}
