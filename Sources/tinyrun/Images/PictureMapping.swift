import TinyTensor

/// How the bytes of a picture become an input's values, and why so.
struct PictureMapping {
  let mapping: PixelMapping
  /// `unit`, `centred`, `raw`, or the formula.
  let name: String
  let reason: String

  /// One of the library's own.
  init(_ mapping: PixelMapping, _ reason: String) {
    self.mapping = mapping
    self.reason = reason
    name = MappingName.name(of: mapping)
  }

  /// `(v - mean) / deviation`, with one of each or one a channel; `nil` where the library has no such mapping.
  init?(means: [Float], deviations: [Float], _ reason: String) {
    guard let mapping = PixelMapping(means: means, deviations: deviations) else { return nil }
    func list(_ values: [Float]) -> String {
      let texts = values.prefix(8).map { Text.significant($0, 6) }
      return texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"
    }
    self.mapping = mapping
    self.reason = reason
    name = "(v - \(list(means))) / \(list(deviations))"
  }

  /// The mapping that metadata ask for: one of the library's own where it is the same.
  init?(_ normalization: ModelMetadata.Normalization) {
    let reason = "the model's metadata say so"
    func isAll(_ mean: Float, _ deviation: Float) -> Bool {
      normalization.means.allSatisfy { $0 == mean } && normalization.deviations.allSatisfy { $0 == deviation }
    }
    if isAll(127.5, 127.5) {
      self.init(.centred, reason)
    } else if isAll(0, 255) {
      self.init(.unit, reason)
    } else if isAll(0, 1) {
      self.init(.raw, reason)
    } else {
      self.init(means: normalization.means, deviations: normalization.deviations, reason)
    }
  }

  /// Sets an input.
  ///
  /// - Parameters:
  ///   - pixels: as many bytes as the input has elements, in its order.
  ///   - planeCount: pixels of a channel where channels are outermost; `nil` where they are innermost.
  ///   - input: the input.
  ///   - session: whose input it is.
  func set(_ pixels: [UInt8], planeCount: Int?, as input: Input, of session: inout Session) throws {
    guard let planeCount, mapping.channels > 1 else {
      return try session.setInput(input, pixels: pixels.span, mapping: mapping)
    }
    let real = pixels.indices.map { mapping.real(pixels[$0], channel: $0 / planeCount) }
    try session.setInput(input, real: real.span)
  }
}
