/// Which operators of an uncompiled model the Edge TPU's compiler would probably map, and what keeps it from the rest.
///
/// The rules are those that Coral has published, with what has been seen of compiled models and of the compiler's logs
/// (version 16). The compiler has limits that it does not name, so that this is an estimate and no promise. Nothing
/// here needs the compiler, a device or its library.
public struct EdgeTPUCompatibility: Sendable, Hashable {
  /// The `RuntimeVersion` of libedgetpu that the model would be compiled for.
  public let runtimeVersion: Int
  /// What keeps the compiler from the whole model; `nil` if nothing does.
  public let obstacle: Obstacle?
  /// The operators of the file's first graph, in the order of their execution; where sizes are not fixed, with those
  /// that the file has in their places.
  public let operators: [Operator]
  /// The index of the first operator that would stay on the CPU: what depends on it stays there too. Conversions at the
  /// model's ends are not counted. `nil` if there is none.
  public let firstBlocker: Int?
  /// Weights and biases of the operators that would be mapped, in bytes as the file holds them; the compiler pads them
  /// (four compiled models hold from 8 to 33 percent more).
  public let parameterByteCount: Int

  /// What the versions of libedgetpu are that can be asked for.
  public static let runtimeVersions = 10...14

  /// Memory on the chip for parameters, in bytes: about 8 MiB, of which programs and intermediate tensors take a part.
  public static let parameterMemoryByteCount = 8 << 20

  /// What keeps the compiler from a model as a whole.
  public enum Obstacle: Sendable, Hashable {
    /// It was compiled already.
    case alreadyCompiled
    /// None of its operators computes with quantized numbers of 8 bits.
    case notQuantized
    /// A tensor of that name has a size that is not fixed.
    case sizeNotFixed(tensor: String)
  }

  /// An operator, and what would become of it.
  public struct Operator: Sendable, Hashable {
    /// Its index in the graph.
    public let index: Int
    /// Its name in the schema, or its own.
    public let name: String
    /// The version of its definition.
    public let version: Int
    /// What the compiler would say of it.
    public let status: Status
    /// Where it stands, if it stays on the CPU in any case.
    public let role: Role
    /// Why it would not be mapped; empty if it would be.
    public let reason: String
    /// What to change; empty if it would be mapped, or if the model's obstacle says it.
    public let advice: String
  }

  /// What an operator is for the model.
  public enum Role: Sendable, Hashable {
    /// It computes.
    case inner
    /// QUANTIZE of float32 inputs, or DEQUANTIZE to float32 outputs: it stays on the CPU, as it should.
    case floatEnd
    /// Another conversion at the model's inputs: it keeps nothing else on the CPU.
    case inputConversion
    /// A node that was compiled for the Edge TPU already.
    case compiled
  }

  /// What the compiler says of operators, in its words.
  public enum Status: Sendable, Hashable, CaseIterable {
    /// It would probably run on the Edge TPU.
    case mapped
    /// The Edge TPU, or the runtime that was asked for, does not have it.
    case notSupported
    /// The compiler does not know this version of its definition.
    case versionNotSupported
    /// It could be mapped by itself, but depends on an operator that stays on the CPU.
    case moreThanOneSubgraph
    /// One of its tensors does not have quantized numbers of 8 bits.
    case unsupportedType
    /// One of its tensors has more than three axes above 1.
    case unsupportedRank
    /// Its options, sizes or constants are not ones that the compiler takes.
    case unspecifiedLimitation
  }
}

extension EdgeTPUCompatibility {
  /// Estimate of the parameters that stay on the chip between runs, in bytes.
  public var cachedParameterByteCount: Int { min(parameterByteCount, Self.parameterMemoryByteCount) }

  /// Estimate of the parameters that are sent to the chip in every run, in bytes.
  public var streamedParameterByteCount: Int { parameterByteCount - cachedParameterByteCount }

  /// How many operators would be mapped, or were.
  public var mappedCount: Int { operators.count { $0.status == .mapped } }

  /// Whether every operator would probably be mapped, conversions from and to float32 at the ends aside.
  public var mapsWhole: Bool {
    guard obstacle == nil || obstacle == .alreadyCompiled else { return false }
    return mappedCount > 0 && operators.allSatisfy { $0.status == .mapped || $0.role == .floatEnd }
  }
}

extension EdgeTPUCompatibility.Status: CustomStringConvertible {
  /// The compiler's words.
  public var description: String {
    switch self {
    case .mapped: "Mapped to Edge TPU"
    case .notSupported: "Operation not supported"
    case .versionNotSupported: "Operation version not supported"
    case .moreThanOneSubgraph: "More than one subgraph is not supported"
    case .unsupportedType: "Operation is working on an unsupported data type"
    case .unsupportedRank: "Tensor has unsupported rank (up to 3 innermost dimensions mapped)"
    case .unspecifiedLimitation:
      "Operation is otherwise supported, but not mapped due to some unspecified limitation"
    }
  }
}

extension ModelFile {
  /// Whether the Edge TPU's compiler would probably map this model's operators.
  ///
  /// Looks at the file's first graph; nothing is loaded or run.
  ///
  /// - Parameter runtimeVersion: the `RuntimeVersion` of libedgetpu to compile for, one of
  ///   ``EdgeTPUCompatibility/runtimeVersions``; others are taken for the nearest of them.
  /// - Throws: ``ModelError`` when operators refer to tensors that do not exist, or their options are damaged.
  /// - Complexity: O(operands and constant bytes of CONCATENATION).
  public func edgeTPUCompatibility(runtimeVersion: Int = 14) throws(ModelError) -> EdgeTPUCompatibility {
    let versions = EdgeTPUCompatibility.runtimeVersions
    let runtime = min(max(runtimeVersion, versions.lowerBound), versions.upperBound)
    return try CompatibilityPartition(self, runtimeVersion: runtime).result()
  }
}
