/// Choices that are made when a model is loaded.
public struct ModelOptions: Sendable {
  /// The signature to run; `nil` takes ``ModelFile/defaultSignature``, or the first subgraph's own inputs and outputs in
  /// their own order where there is none.
  public var signature: String?
  /// Shapes for inputs by name, where they shall differ from the file's; all other shapes follow from them.
  public var inputShapes: [String: [Int]]
  /// The largest shapes that tensors may take, by name, where a run decides their shapes: memory is planned for them.
  /// Needed where the graph does not bound them itself.
  public var bounds: [String: [Int]] = [:]
  /// Operators that the program brings along, by name.
  public var customOperators: [CustomOperator]
  /// How large a model may be.
  public var limits: Limits
  /// Ends the load from elsewhere; `nil` for a load that nothing ends early.
  public var canceller: LoadCanceller?

  /// How FULLY_CONNECTED scales its sums.
  public var fullyConnectedArithmetic: FullyConnectedArithmetic
  /// What plans do to be fast.
  var passes = PlanPasses.shipped

  /// How quantized FULLY_CONNECTED scales its sums of products. Results differ in the last place, now and then.
  public struct FullyConnectedArithmetic: Sendable, Hashable {
    let number: UInt8

    /// In double precision, as LiteRT's reference kernels do now.
    public static let litert = FullyConnectedArithmetic(number: 0)
    /// In fixed point, as tflite-micro does, and TensorFlow Lite did.
    public static let micro = FullyConnectedArithmetic(number: 1)
  }

  /// How large a model may be. A model beyond a limit is refused, so that a hostile file cannot exhaust the machine.
  public struct Limits: Sendable, Hashable {
    /// Bytes of one tensor; 1 GiB unless changed.
    public var tensorBytes = 1 << 30
    /// Bytes of the arena of a session; 1.5 GiB unless changed.
    public var arenaBytes = 3 << 29
    /// Operators of all graphs, those of a graph that is called from several places counted each time; 65,536 unless
    /// changed.
    public var operators = 1 << 16
    /// Tensors of all graphs, counted like ``operators``; 262,144 unless changed.
    public var tensors = 1 << 18
    /// Elementary steps of a load, a nanosecond each or less: bytes that are looked at or written, products that are
    /// added; 2^30 unless changed. Every byte of the file adds 64.
    ///
    /// A part of them goes to operators that depend on constants alone, which are computed at load; what is too much
    /// for that is left to the runs.
    public var loadWork = 1 << 30
    /// Bytes of constants that are packed for kernels or computed at load; 256 MiB unless changed. Every byte of the
    /// file adds 32.
    public var loadBytes = 1 << 28
    /// Bytes that a tensor may take in a run where it outgrows the shape that was planned for it, which is the file's or
    /// follows from others; 64 MiB unless changed. Tensors with a bound of the caller's keep to that.
    public var grownBytes = 1 << 26

    /// The limits that hold unless they are changed.
    public init() {}
  }

  /// Choices that are made when a model is loaded.
  ///
  /// - Parameters:
  ///   - signature: the signature to run, or `nil` for the default.
  ///   - inputShapes: shapes for inputs by name, where they shall differ from the file's.
  ///   - customOperators: operators that the program brings along.
  ///   - limits: how large a model may be.
  ///   - fullyConnectedArithmetic: how FULLY_CONNECTED scales its sums.
  public init(
    signature: String? = nil, inputShapes: [String: [Int]] = [:], customOperators: [CustomOperator] = [],
    limits: Limits = Limits(), fullyConnectedArithmetic: FullyConnectedArithmetic = .litert
  ) {
    self.signature = signature
    self.inputShapes = inputShapes
    self.customOperators = customOperators
    self.limits = limits
    self.fullyConnectedArithmetic = fullyConnectedArithmetic
  }
}

extension ModelOptions {
  /// The operator of the program's that an operator code means, if it means one.
  func customOperator(_ code: ModelFile.OperatorCode) -> CustomOperator? {
    guard code.builtin == .custom, let name = code.customName else { return nil }
    return customOperators.last { $0.name == name }
  }
}
