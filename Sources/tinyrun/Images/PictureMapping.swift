import TinyTensor

/// How the bytes of a picture become an input's values, and why so.
struct PictureMapping {
  enum Kind {
    /// One of the library's own.
    case named(PixelMapping)
    /// `(v - mean) / deviation`, with one of each or one a channel, as the model's metadata says.
    case normalization(ModelMetadata.Normalization)
  }

  let kind: Kind
  let reason: String

  init(_ kind: Kind, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }

  /// The mapping that metadata ask for: one of the library's own where it is the same.
  init(_ normalization: ModelMetadata.Normalization) {
    reason = "the model's metadata say so"
    func isAll(_ mean: Float, _ deviation: Float) -> Bool {
      normalization.means.allSatisfy { $0 == mean } && normalization.deviations.allSatisfy { $0 == deviation }
    }
    if isAll(127.5, 127.5) {
      kind = .named(.centred)
    } else if isAll(0, 255) {
      kind = .named(.unit)
    } else if isAll(0, 1) {
      kind = .named(.raw)
    } else {
      kind = .normalization(normalization)
    }
  }

  /// `unit`, `centred`, `raw`, or the formula.
  var name: String {
    switch kind {
    case .named(let mapping): return MappingName.name(of: mapping)
    case .normalization(let normalization):
      func list(_ values: [Float]) -> String {
        let texts = values.prefix(8).map { Text.significant($0, 6) }
        return texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"
      }
      return "(v - \(list(normalization.means))) / \(list(normalization.deviations))"
    }
  }

  /// Sets an input.
  ///
  /// - Parameters:
  ///   - pixels: as many bytes as the input has elements, channels innermost.
  ///   - input: the input.
  ///   - session: whose input it is.
  func set(_ pixels: [UInt8], as input: Input, of session: inout Session) throws {
    switch kind {
    case .named(let mapping): try session.setInput(input, pixels: pixels.span, mapping: mapping)
    case .normalization(let normalization):
      // As many of both; never none.
      let count = normalization.means.count
      var values: [Float] = []
      values.reserveCapacity(pixels.count)
      for (index, pixel) in pixels.enumerated() {
        let channel = index % count
        values.append((Float(pixel) - normalization.means[channel]) / normalization.deviations[channel])
      }
      try session.setInput(input, real: values.span)
    }
  }
}
