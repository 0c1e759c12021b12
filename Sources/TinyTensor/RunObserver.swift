/// Watches a run, operator by operator.
///
/// Calls are made on the thread that runs the session. Operators that cost nothing, such as RESHAPE, are not run and
/// not reported; their outputs can be read once their inputs are written. Nor are those whose work another one does
/// (``OperatorInfo/foldedInto``); their outputs have no memory. A concatenation whose inputs are written in place
/// (``OperatorInfo/isInPlace``) is not run either; inputs of it whose rows lie apart there have no memory of their own.
public protocol RunObserver: ~Copyable {
  /// An operator is about to run.
  mutating func willRun(_ event: OperatorEvent)

  /// An operator has run; the tensors that it wrote can be read now, and may be overwritten by later operators.
  mutating func didRun(_ event: OperatorEvent, _ tensors: borrowing TensorReader)
}

/// An operator's turn in a run.
public struct OperatorEvent: Sendable, Hashable {
  /// The operator's index in ``Model/operators``.
  public let index: Int
}

/// Reads tensors in the middle of a run.
@safe
public struct TensorReader: ~Escapable {
  private let graph: GraphInstance

  @_lifetime(immortal)
  init(_ graph: GraphInstance) {
    self.graph = graph
  }

  /// The bytes of a tensor as they are now.
  ///
  /// - Parameter tensor: its index in ``Model/tensors``.
  /// - Returns: `nil` for tensors that have no memory in a run.
  @_lifetime(borrow self)
  public func bytes(_ tensor: Int) -> RawSpan? {
    guard let address = graph.address(ofTensor: tensor) else { return nil }
    // Sound: the plan keeps the place inside its memory, which self keeps; nothing runs while the observer does.
    let span = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(address.base), byteCount: address.byteCount)
    return unsafe _overrideLifetime(span, borrowing: self)
  }
}

extension TensorReader {
  /// The bytes of a tensor as they are now, in an array of their own.
  ///
  /// - Parameter tensor: its index in ``Model/tensors``.
  /// - Returns: `nil` for tensors that have no memory in a run.
  /// - Complexity: O(bytes); allocates.
  public func array(_ tensor: Int) -> [UInt8]? {
    guard let bytes = bytes(tensor) else { return nil }
    return copiedBytes(bytes)
  }
}
