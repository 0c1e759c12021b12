/// What an `edgetpu-custom-op` node carries: a package of programs for the Edge TPU.
///
/// Nothing here needs a device or its library. Sizes are in bytes.
public struct EdgeTPUPackage: Sendable, Hashable {
  /// Where the package stands in the node's custom options, and its size.
  public let range: Range<Int>
  /// Whether it begins with the identifier that packages have, `DWN1`.
  public let hasIdentifier: Bool
  /// The least `RuntimeVersion` of libedgetpu that can run it.
  public let minimumRuntimeVersion: Int
  /// Of the keys that signed it.
  public let keypairVersion: Int
  /// Of the compiler, as it writes it.
  public let compilerVersion: String
  /// Which chip of several it is for; 0 for one alone, -1 for a package of several chips, which libedgetpu refuses.
  public let virtualChip: Int
  /// Packages for further chips.
  public let furtherChipCount: Int
  /// Of the signature of the executables; 0 if they are not signed.
  public let signatureByteCount: Int
  /// A name that whoever compiled it has given.
  public let modelIdentifier: String
  /// How the node was to be run: -1 if nothing was said.
  public let executionPreference: Int
  /// The programs.
  public let executables: [Executable]

  /// A program for the Edge TPU.
  public struct Executable: Sendable, Hashable {
    /// Of its format.
    public let version: Int
    /// What the compiler calls it.
    public let name: String
    /// Of a model that it carries beside its instructions.
    public let serializedModelByteCount: Int
    /// What it is for.
    public let kind: Kind
    /// The chip's name, `beagle` for the Edge TPU.
    public let chip: String
    /// Inputs that are computed at a time.
    public let batchSize: Int
    /// Memory that the program needs beside its tensors.
    public let scratchByteCount: Int
    /// The pieces of the program.
    public let instructions: [Instructions]
    /// Transfers that it expects, in their order.
    public let transferHintCount: Int
    /// Whether these are all of its transfers.
    public let isFullyDeterministic: Bool
    /// Whether its parameters lie in memory of the device's outside the chip.
    public let usesDeviceMemory: Bool
    /// Weights and what else is constant.
    public let parameterByteCount: Int
    /// Memory on the chip that the program uses of every tile.
    public let narrowMemoryByteCount: Int
    /// Executables with an equal token were compiled together, and their parameters fit the chip together.
    public let parameterCachingToken: UInt64
    /// Cycles of the chip's clock that the compiler expects a run to take; `nil` where it did not say.
    public let estimatedCycles: UInt64?
    /// What it reads, in the order of the operator's inputs.
    public let inputs: [Layer]
    /// What it writes, in the order of the operator's outputs; names of new states end in `_variable_output`.
    public let outputs: [Layer]
  }

  /// A piece of a program.
  public struct Instructions: Sendable, Hashable {
    /// Its size in bytes.
    public let byteCount: Int
    /// Places in it that addresses are written to before it runs.
    public let fixupCount: Int
  }

  /// What a program is for.
  public enum Kind: Sendable, Hashable {
    /// All of a run.
    case standAlone
    /// Brings parameters onto the chip, where they stay.
    case parameterCaching
    /// A run whose parameters another executable has brought onto the chip.
    case executionOnly
    /// One that this version does not know.
    case unknown(Int)
  }

  /// An input or output of a program.
  public struct Layer: Sendable, Hashable {
    /// The name of the tensor that it was made from.
    public let name: String
    /// With the padding that the chip wants.
    public let byteCount: Int
    /// Height, width and channels.
    public let sizes: [Int]
    /// The type of its elements.
    public let type: LayerType
    /// As the tensor of the model has it: for int8 the file says 128 more, for int16 32,768 more.
    public let zeroPoint: Int
    /// Its scale.
    public let scale: Float
    /// How often it is passed in one run.
    public let executionsPerRun: Int
    /// Whether it lies in memory of the device's outside the chip.
    public let isInDeviceMemory: Bool
  }

  /// The type of a layer's elements.
  public enum LayerType: Sendable, Hashable {
    /// Whole numbers from 0 to 255.
    case uint8
    /// Whole numbers from 0 to 65,535.
    case uint16
    /// Whole numbers of 32 bits with a sign.
    case int32
    /// Real numbers of 16 bits with the exponent of float32.
    case bfloat16
    /// Real numbers of half precision.
    case float16
    /// Real numbers of single precision.
    case float32
    /// Whole numbers from -128 to 127.
    case int8
    /// Whole numbers of 16 bits with a sign.
    case int16
    /// One that this version does not know.
    case unknown(Int)
  }
}

extension EdgeTPUPackage {
  /// The Edge TPU's clock at its highest setting, in cycles a second.
  public static let clockFrequency = 500_000_000.0

  /// Parameters that are brought onto the chip once and stay there.
  public var cachedParameterByteCount: Int { parameters { $0 == .parameterCaching } }

  /// Parameters that are sent to the chip in every run.
  public var streamedParameterByteCount: Int { parameters { $0 != .parameterCaching } }

  private func parameters(_ isCounted: (Kind) -> Bool) -> Int {
    var sum = 0
    // Each is inside the file: no overflow.
    for executable in executables where isCounted(executable.kind) { sum += executable.parameterByteCount }
    return sum
  }

  /// Whether two packages were compiled together, so that the parameters of both stay on the chip when their models
  /// take turns.
  ///
  /// - Parameter other: a package of another model.
  public func sharesParameterMemory(with other: EdgeTPUPackage) -> Bool {
    guard let token = mainExecutable?.parameterCachingToken, token != 0 else { return false }
    return token == other.mainExecutable?.parameterCachingToken
  }

  /// The program that computes the outputs.
  public var mainExecutable: Executable? { executables.first { $0.kind != .parameterCaching } }
}

extension EdgeTPUPackage.Executable {
  /// Bytes of all pieces of the program.
  public var instructionByteCount: Int {
    var sum = 0
    for piece in instructions { sum += piece.byteCount }
    return sum
  }

  /// What the estimated cycles take at ``EdgeTPUPackage/clockFrequency``: an estimate of the compiler's, without
  /// transfers.
  public var estimatedSeconds: Double? { estimatedCycles.map { Double($0) / EdgeTPUPackage.clockFrequency } }
}

extension EdgeTPUPackage.Kind: CustomStringConvertible {
  /// As the compiler names it.
  public var description: String {
    switch self {
    case .standAlone: "STAND_ALONE"
    case .parameterCaching: "PARAMETER_CACHING"
    case .executionOnly: "EXECUTION_ONLY"
    case .unknown(let number): "type \(number)"
    }
  }
}

extension EdgeTPUPackage.LayerType: CustomStringConvertible {
  /// As TensorFlow Lite names it.
  public var description: String {
    switch self {
    case .uint8: "uint8"
    case .uint16: "uint16"
    case .int32: "int32"
    case .bfloat16: "bfloat16"
    case .float16: "float16"
    case .float32: "float32"
    case .int8: "int8"
    case .int16: "int16"
    case .unknown(let number): "type \(number)"
    }
  }
}
