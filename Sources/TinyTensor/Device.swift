/// What runs a model.
///
/// A model's operators are divided among devices when it is loaded: an accelerator takes the operators that were
/// compiled for it, the CPU takes all the rest.
public struct Device: Sendable, Hashable {
  enum Kind: Hashable {
    case cpu
  }

  let kind: Kind

  /// The processor.
  public static let cpu = Device(kind: .cpu)

  /// Whether this device, and not the CPU, runs an operator of that code.
  func claims(_ code: ModelFile.OperatorCode) -> Bool {
    switch kind {
    case .cpu: false
    }
  }
}

extension Device: CustomStringConvertible {
  /// The device's name as `tinyrun --device` takes it.
  public var description: String {
    switch kind {
    case .cpu: "cpu"
    }
  }
}
