import TinyTensor

/// A tensor's elements in a file.
enum TensorFile {
  /// The elements of a `.npy` file, which must have the tensor's type, or any other file's bytes as they are.
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
      elements = array.elements
    }
    guard elements.count == info.byteCount else {
      throw Failure(
        .refused,
        "\(path) holds \(elements.count) bytes of elements; \(what) \"\(info.name)\", \(info.elementType) "
          + "\(Text.shape(info.shape)), takes \(info.byteCount)")
    }
    return elements
  }
}
