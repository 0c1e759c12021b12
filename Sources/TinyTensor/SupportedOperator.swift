/// An operator that this library runs on the CPU.
public struct SupportedOperator: Sendable, Hashable {
  /// Which operator of the schema it is; `CUSTOM` for those that are known by name.
  public let builtin: BuiltinOperator
  /// The operator's name: that of the schema, or its own if it is a custom one.
  public let name: String
  /// The newest version of its definition that is understood.
  public let newestVersion: Int
  /// The element types that it runs on, in words.
  public let types: String

  /// All of them.
  public static var all: [SupportedOperator] {
    OperatorEntry.all.map { entry in
      SupportedOperator(
        builtin: entry.code, name: entry.name, newestVersion: entry.newestVersion, types: entry.types.description)
    }
  }
}

extension ModelFile.OperatorCode {
  /// Whether the CPU has the operator in this version. Its types and options are looked at when a ``Model`` is made.
  public var isSupported: Bool {
    guard let entry = OperatorEntry.entry(for: self) else { return false }
    return (1...entry.newestVersion).contains(version)
  }
}
