import TinyTensor

/// Pixel mappings as the command line names them, and the one that an input's quantization asks for.
enum MappingName {
  /// Options that choose a mapping.
  static let options: Set<String> = ["--mapping", "--mean", "--deviation"]

  private static let all: [(name: String, mapping: PixelMapping)] = [
    ("unit", .unit), ("centred", .centred), ("centered", .centred), ("raw", .raw),
  ]

  /// The mapping that a command line asks for; `nil` where it asks for none.
  ///
  /// - Throws: ``Failure``: a usage error.
  static func asked(_ arguments: Arguments) throws -> PictureMapping? {
    let mean = try arguments.value("--mean").map { try numbers($0, "--mean") }
    let deviation = try arguments.value("--deviation").map { try numbers($0, "--deviation") }
    guard let name = arguments.value("--mapping") else {
      guard mean != nil || deviation != nil else { return nil }
      // Each has a value that changes nothing.
      let (means, deviations) = (mean ?? [0], deviation ?? [1])
      guard let mapping = PictureMapping(means: means, deviations: deviations, "as --mean and --deviation ask") else {
        throw Failure(
          .usage,
          deviations.contains(0)
            ? "--deviation is divided by; it cannot be 0"
            : "--mean has \(means.count) numbers, --deviation \(deviations.count); give one, or one for each channel")
      }
      return mapping
    }
    guard mean == nil, deviation == nil else {
      throw Failure(.usage, "--mapping and --mean or --deviation exclude each other")
    }
    guard let entry = all.first(where: { $0.name == name }) else {
      throw Failure(
        .usage, "there is no mapping \(name); there are unit, centred and raw, and others by --mean and --deviation")
    }
    return PictureMapping(entry.mapping, "as --mapping asks")
  }

  /// Numbers divided by commas.
  private static func numbers(_ text: String, _ option: String) throws -> [Float] {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Float($0) ?? .nan }
    guard numbers.allSatisfy({ $0.isFinite }), (1...4).contains(numbers.count) else {
      throw Failure(.usage, "\(option) takes a number, or one for each channel divided by commas, not \(text)")
    }
    return numbers
  }

  static func name(of mapping: PixelMapping) -> String {
    all.first { $0.mapping == mapping }?.name ?? "?"
  }

  /// The mapping whose real values fill the range that an input can represent.
  ///
  /// - Throws: ``Failure`` where the range is none of the usual ones: pixels were mapped in a way that the file does not
  ///   tell, and any guess would give wrong answers in silence.
  static func choice(for input: TensorInfo) throws -> PictureMapping {
    let stored: ClosedRange<Int64>
    switch input.elementType {
    case .int8: stored = -128...127
    case .uint8: stored = 0...255
    default: return PictureMapping(.unit, "the default for \(input.elementType)")
    }
    guard let quantization = input.quantization else {
      return PictureMapping(.raw, "the input holds \(input.elementType) without a scale")
    }
    guard let smallest = quantization.real(stored.lowerBound), let largest = quantization.real(stored.upperBound) else {
      return PictureMapping(.unit, "the default")
    }
    let ends = "from \(Text.significant(smallest, 4)) to \(Text.significant(largest, 4))"
    let reason = "the input's values reach \(ends)"
    // Ranges are rarely exact: a scale of 1/128 reaches from -1 to 0.992.
    if abs(smallest + 1) < 0.1, abs(largest - 1) < 0.1 { return PictureMapping(.centred, reason) }
    if abs(smallest) < 8, abs(largest - 255) < 16 { return PictureMapping(.raw, reason) }
    if abs(smallest) < 0.1, abs(largest - 1) < 0.1 { return PictureMapping(.unit, reason) }
    var advice = "say how pixels become values with --mapping, or with --mean and --deviation"
    let deviation = 255 / (largest - smallest)
    if deviation.isFinite, deviation > 0 {
      let mean = Text.significant(0 - smallest * deviation, 5)
      advice += "; --mean \(mean) --deviation \(Text.significant(deviation, 5)) would fill the range"
    }
    throw Failure(.refused, "the input's values reach \(ends), which is no usual range of pixels: \(advice)")
  }
}
