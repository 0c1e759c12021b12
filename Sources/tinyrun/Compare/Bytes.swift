import TinyTensor

extension [UInt8] {
  /// A copy of bytes that lie elsewhere.
  init(copying bytes: RawSpan) {
    // Sound: the copy is made while the span is valid.
    self = unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
  }
}

extension Session {
  /// An input's bytes as they are now, in an array of their own.
  ///
  /// - Parameter index: its index in the model's inputs.
  mutating func inputArray(at index: Int) throws -> [UInt8] {
    let bytes = try inputBytes(model.input(at: index))
    return [UInt8](copying: bytes.bytes)
  }
}
