/// What a tensor is: its name, type, shape and quantization.
public struct TensorInfo: Sendable, Hashable {
  /// The name that the signature gives it, or else its own.
  public let name: String
  /// The tensor's index in its subgraph.
  public let tensor: Int
  /// The type of its elements.
  public let elementType: ElementType
  /// Its sizes along its axes, outermost first.
  public let shape: [Int]
  /// How stored integers stand for real numbers, if they do.
  public let quantization: Quantization?
  /// How many elements it has; 0 for a tensor that no operator touches.
  public let count: Int
  /// How many bytes its elements take.
  public let byteCount: Int
  /// Whether ``shape`` is the largest that it can be, and a run decides: ``Session/shape(of:)`` tells after it.
  public let isBound: Bool
}

/// A model's input, looked up once.
public struct Input: Sendable, Hashable {
  /// Its index in ``Model/inputs``.
  public let index: Int
  let model: ObjectIdentifier
}

/// A model's output, looked up once.
public struct Output: Sendable, Hashable {
  /// Its index in ``Model/outputs``.
  public let index: Int
  let model: ObjectIdentifier
}

/// An operator of a model that has been loaded.
public struct OperatorInfo: Sendable, Hashable {
  /// The operator's name.
  public let name: String
  /// The device that runs it.
  public let device: Device
  /// What does the work; `view` for operators that cost nothing, `folded` for those that were computed at load,
  /// `folded into operator 5` for those whose work another one does, `in place` for those whose inputs are written where
  /// they belong, `empty` for those that write no elements.
  public let kernel: String
  /// Indices of the tensors that it reads; -1 where an optional one is left out.
  public let inputs: [Int]
  /// Indices of the tensors that it writes.
  public let outputs: [Int]
  /// Multiplications that are added to a sum in one run, those of graphs that it calls among them: of the branch that
  /// has more of them, and of a loop's graphs once.
  public let multiplyAccumulates: Int
  /// Whether it does that as often as data say that arrive in a run: a loop, an operator of the program's or of a
  /// device's, or a call of a graph that has one.
  public let isOpenEnded: Bool
  /// The operator that does its work too, if one does: it does not run, and what lies between the two has no memory.
  public let foldedInto: Int?

  /// Whether it costs nothing: its output is its input in another shape.
  public var isView: Bool { kernel == "view" }

  /// Whether it does not run: it was computed when the model was loaded, since all that it reads is constant, or another
  /// operator does its work.
  public var isFolded: Bool { foldedInto != nil || kernel == "folded" }

  /// Whether it does not run since the operators that make its inputs write into its output: a concatenation.
  public var isInPlace: Bool { kernel == "in place" }
}
