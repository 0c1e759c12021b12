import TinyTensor

/// Pixel mappings by name, and the one that an input's quantization asks for.
enum MappingName {
  private static let all: [(name: String, mapping: PixelMapping)] = [
    ("unit", .unit), ("centred", .centred), ("centered", .centred), ("raw", .raw),
  ]

  /// The mapping of a name; `nil` for none.
  static func mapping(named name: String?) throws -> PixelMapping? {
    guard let name else { return nil }
    guard let entry = all.first(where: { $0.name == name }) else {
      throw Failure(.usage, "there is no mapping \(name); there are unit, centred and raw")
    }
    return entry.mapping
  }

  static func name(of mapping: PixelMapping) -> String {
    all.first { $0.mapping == mapping }?.name ?? "?"
  }

  /// A mapping, and why it was chosen.
  struct Choice {
    let mapping: PixelMapping
    let reason: String
  }

  /// The mapping whose real values fill the range that an input can represent.
  static func choice(for input: TensorInfo) -> Choice {
    let stored: ClosedRange<Int64>
    switch input.elementType {
    case .int8: stored = -128...127
    case .uint8: stored = 0...255
    default: return Choice(mapping: .unit, reason: "the default for \(input.elementType)")
    }
    guard input.quantization != nil else {
      return Choice(mapping: .raw, reason: "the input holds \(input.elementType) without a scale")
    }
    guard
      let smallest = input.quantization?.real(stored.lowerBound),
      let largest = input.quantization?.real(stored.upperBound)
    else { return Choice(mapping: .unit, reason: "the default") }
    let reason =
      "the input's values reach from \(Text.significant(smallest, 4)) to \(Text.significant(largest, 4))"
    // Ranges are rarely exact: a scale of 1/128 reaches from -1 to 0.992.
    if abs(smallest + 1) < 0.1, abs(largest - 1) < 0.1 { return Choice(mapping: .centred, reason: reason) }
    if abs(smallest) < 8, abs(largest - 255) < 16 { return Choice(mapping: .raw, reason: reason) }
    return Choice(mapping: .unit, reason: reason)
  }
}
