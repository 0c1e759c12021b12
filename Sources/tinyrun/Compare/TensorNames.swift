import TinyTensor

/// What is left of a tensor's name when marks are taken away that converters add to it.
///
/// Names of fused operators are those of their parts, divided by semicolons. Converters that quantize add endings to
/// names, and numbers to names that are there already.
enum TensorNames {
  private static let endings = [
    "_int8", "_uint8", "_int16", "_quantized", "_dequantized", "_requantized", "_dequantize", "_requantize",
    "_quantize", "_quant", "/quantize", ":0",
  ]

  /// In how many ways names can be equal, the strictest first.
  static let levels = 4

  /// A tensor's name as it is looked at.
  ///
  /// - Parameters:
  ///   - name: the name in the file.
  ///   - level: 0 for the name itself; 1 without endings; 2 for the same parts in any order; 3 for the first part.
  /// - Returns: `nil` for names that say nothing.
  static func key(_ name: String, level: Int) -> String? {
    // The converter's own values have the names of their kinds.
    if name.isEmpty || name.hasPrefix("tfl.") { return nil }
    let parts = name.split(separator: ";").map { plain(String($0)) }
    switch level {
    case 0: return name
    case 1: return parts.joined(separator: ";")
    case 2: return parts.sorted().joined(separator: ";")
    default: return parts.first
    }
  }

  private static func plain(_ name: String) -> String {
    var name = name
    while let ending = endings.first(where: { name.hasSuffix($0) && name.utf8.count > $0.utf8.count }) {
      name.removeLast(ending.count)
    }
    return name
  }

  /// Tensors in the order of others that have the same names; as they are if the names are not the same, or not unique.
  static func sorted(_ tensors: [TensorInfo], like others: [TensorInfo]) -> [TensorInfo] {
    let byName = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let sorted = others.compactMap { byName[$0.name] }
    guard byName.count == tensors.count, sorted.count == tensors.count,
      Set(sorted.map(\.tensor)).count == Set(tensors.map(\.tensor)).count
    else { return tensors }
    return sorted
  }

  /// The part of a name that people know an operator by: that of a fused operator is the first of several.
  static func short(_ name: String) -> String {
    guard let end = name.firstIndex(of: ";"), end > name.startIndex else { return name }
    return String(name[..<end])
  }
}
