import ImageFiles
import TinyTensor

/// A tensor's elements in a file.
enum TensorFile {
  /// The elements of a `.npy` file, which must have the tensor's type and its shape but for a leading 1, or any other file's bytes as they are.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - info: the tensor.
  ///   - what: what the tensor is, for errors.
  /// - Throws: ``Failure`` when the file cannot be read, or holds another type or count of elements than the tensor.
  static func read(_ path: String, for info: TensorInfo, as what: String = "input") throws -> [UInt8] {
    let bytes = try Files.read(path)
    var elements = bytes
    if path.hasSuffix(".npy") {
      let array = try NumpyArray(bytes, path: path)
      guard array.elementType == info.elementType else {
        throw Failure(.refused, "\(path) holds \(array.elementType); \(what) \"\(info.name)\" is \(info.elementType)")
      }
      guard agree(array.shape, info.shape) else {
        throw Failure(
          .refused,
          "\(path) has the shape \(Text.shape(array.shape)); \(what) \"\(info.name)\" is \(Text.shape(info.shape)), and "
            + "only a leading 1 may differ: reshape it, or give its elements as a .bin file")
      }
      elements = array.elements
    }
    guard elements.count == info.byteCount else {
      if (try? Picture(decoding: bytes)) != nil {
        throw Failure(
          .refused,
          "\(path) is a picture; \(what) \"\(info.name)\" takes \(info.byteCount) bytes of \(info.elementType) "
            + "\(Text.shape(info.shape)): pictures are for classify, detect, segment, pose and compare --images")
      }
      throw Failure(
        .refused,
        "\(path) holds \(elements.count) bytes of elements; \(what) \"\(info.name)\", \(info.elementType) "
          + "\(Text.shape(info.shape)), takes \(info.byteCount)")
    }
    return elements
  }

  /// Whether two shapes are the same but for a leading 1: a batch of one is often left out.
  private static func agree(_ one: [Int], _ other: [Int]) -> Bool {
    one == other || one == [1] + other || [1] + one == other
  }
}
