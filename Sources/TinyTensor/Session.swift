import TinyTensorKernels

/// Memory for one run of a model at a time.
///
/// A session owns its arena and cannot be copied, so that two threads cannot use it at once: the compiler says so. A
/// run on the CPU allocates nothing and takes no lock. Inputs keep their values from run to run; outputs are there
/// until the next run.
///
/// A `Session` cannot be put into an `Array`; keep several in an actor each, in `Mutex`, or in a class of your own.
@safe
public struct Session: ~Copyable, Sendable {
  /// The model that it runs.
  public let model: Model
  /// Ends a run of this session from elsewhere.
  public let canceller = RunCanceller()

  private let arena: AlignedMemory
  private let graph: GraphInstance

  init(_ model: Model) throws(ModelError) {
    let plan = model.plan
    // Of memory for bounds a run may need little.
    guard let arena = AlignedMemory(byteCount: plan.arenaByteCount, isResident: !model.hasStages) else {
      throw .outOfMemory(plan.arenaByteCount)
    }
    graph = try GraphInstance(
      plan, file: model.file.storage, arena: arena, base: 0, variables: plan.variables,
      workers: model.workers, canceller: canceller)
    self.model = model
    self.arena = arena
    reset()
  }

  // MARK: Running

  /// Runs the model on the inputs as they are.
  ///
  /// - Throws: ``SessionError`` when data that arrives in the run, such as an index, cannot be used, a device fails, or
  ///   the run is cancelled by ``canceller``.
  /// - Complexity: allocates nothing, unless the model has shapes that a run decides (``Model/hasStages``).
  public mutating func run() throws(SessionError) {
    try graph.run()
  }

  /// Runs the model, and calls an observer before and after every operator.
  ///
  /// Results are those of ``run()``: the observer sees tensors where they are, right after they were written.
  ///
  /// - Parameter observer: what watches the run.
  /// - Throws: as ``run()`` does.
  public mutating func run<Observer: RunObserver & ~Copyable>(observer: inout Observer) throws(SessionError) {
    for step in 0..<graph.stepCount {
      try graph.checkCancellation()
      let event = OperatorEvent(index: graph.operatorIndex(ofStep: step))
      observer.willRun(event)
      try graph.runStep(step)
      observer.didRun(event, TensorReader(graph))
    }
  }

  /// Puts variables back to their first values and clears inputs: both to the real value 0.
  ///
  /// - Complexity: O(bytes of inputs and variables); allocates nothing.
  public mutating func reset() {
    graph.forgetRuns()
    fill(model.plan.initialValues)
    fill(model.plan.variables)
  }

  func fill(_ values: [InitialValue]) {
    for index in values.indices {
      // Sound: the plan keeps these places inside the arena.
      unsafe arena.base.advanced(by: values[index].offset).initializeMemory(
        as: UInt8.self, repeating: values[index].byte, count: values[index].byteCount)
    }
  }

  /// Where the arena holds something.
  var usedRanges: [Range<Int>] { graph.usedRanges }

  /// A byte of the arena.
  func arenaByte(_ offset: Int) -> UInt8 {
    precondition(offset >= 0 && offset < arena.byteCount)
    // Sound: checked above.
    return unsafe arena.base.load(fromByteOffset: offset, as: UInt8.self)
  }

  // MARK: Bytes

  /// The bytes of an input, to be set.
  ///
  /// - Parameter input: one of this model's inputs.
  /// - Throws: ``SessionError`` when it belongs to another model.
  @_lifetime(&self)
  public mutating func inputBytes(_ input: Input) throws(SessionError) -> MutableRawSpan {
    let info = try check(input)
    let base = unsafe try address(of: info.tensor)
    // Sound: inputs lie in the arena, which no one else reaches while self is borrowed mutably.
    let span = unsafe MutableRawSpan(_unsafeStart: base, byteCount: info.byteCount)
    return unsafe _overrideLifetime(span, mutating: &self)
  }

  /// The bytes of an output after a run.
  ///
  /// - Parameter output: one of this model's outputs.
  /// - Throws: ``SessionError`` when it belongs to another model.
  @_lifetime(borrow self)
  public func outputBytes(_ output: Output) throws(SessionError) -> RawSpan {
    let info = try check(output)
    let address = try operandAddress(of: info.tensor)
    // Sound: the place is valid for the tensor's bytes, and nothing runs while self is borrowed.
    let span = unsafe RawSpan(_unsafeStart: address.base, byteCount: address.byteCount)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// The shape of an output after a run: what the run has decided where the model's shape is a bound, see
  /// ``TensorInfo/isBound``.
  ///
  /// - Parameter output: one of this model's outputs.
  /// - Throws: ``SessionError`` when it belongs to another model.
  /// - Complexity: allocates the array.
  public func shape(of output: Output) throws(SessionError) -> [Int] {
    let info = try check(output)
    return graph.decidedShape(ofTensor: info.tensor)?.array ?? info.shape
  }

  /// How many elements an output has after a run.
  func elementCount(of output: Output) throws(SessionError) -> Int {
    let info = try check(output)
    return graph.decidedShape(ofTensor: info.tensor)?.count ?? info.count
  }

  // MARK: Elements

  /// The elements of an input, to be set, in the type that they are stored in.
  ///
  /// - Parameters:
  ///   - input: one of this model's inputs.
  ///   - type: the Swift type of its elements.
  /// - Throws: ``SessionError`` when the type differs or the input belongs to another model.
  @_lifetime(&self)
  public mutating func mutableInput<Element: TensorScalar>(
    _ input: Input, as type: Element.Type = Element.self
  ) throws(SessionError) -> MutableSpan<Element> {
    let info = try check(input)
    try check(info, holds: type)
    let base = unsafe try address(of: info.tensor)
    // Sound: as for bytes; tensors in the arena are aligned for every type and have been initialized.
    let span = unsafe MutableSpan(
      _unsafeStart: base.assumingMemoryBound(to: Element.self), count: info.byteCount / MemoryLayout<Element>.stride)
    return unsafe _overrideLifetime(span, mutating: &self)
  }

  /// The elements of an output after a run, in the type that they are stored in.
  ///
  /// - Parameters:
  ///   - output: one of this model's outputs.
  ///   - type: the Swift type of its elements.
  /// - Throws: ``SessionError`` when the type differs or the output belongs to another model.
  @_lifetime(borrow self)
  public func output<Element: TensorScalar>(
    _ output: Output, as type: Element.Type = Element.self
  ) throws(SessionError) -> Span<Element> {
    let info = try check(output)
    try check(info, holds: type)
    let address = try operandAddress(of: info.tensor)
    // Sound: as for bytes; outputs are aligned for their type, constants by a copy if need be.
    let span = unsafe Span(
      _unsafeStart: UnsafePointer(address.base.assumingMemoryBound(to: Element.self)),
      count: address.byteCount / MemoryLayout<Element>.stride)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  // MARK: Checks

  /// Where a tensor of the caller's is.
  private func address(of tensor: Int) throws(SessionError) -> UnsafeMutableRawPointer {
    unsafe try operandAddress(of: tensor).base
  }

  private func operandAddress(of tensor: Int) throws(SessionError) -> OperandAddress {
    guard let address = graph.address(ofTensor: tensor) else {
      throw SessionError(
        .unsupportedConversion, "tensor \"\(model.tensors[tensor].name)\" has no fixed size and cannot be reached")
    }
    return address
  }

  func check(_ input: Input) throws(SessionError) -> TensorInfo {
    guard input.model == ObjectIdentifier(model) else {
      throw SessionError(.wrongModel, "the input belongs to another model; look it up in this session's model")
    }
    return model.inputs[input.index]
  }

  func check(_ output: Output) throws(SessionError) -> TensorInfo {
    guard output.model == ObjectIdentifier(model) else {
      throw SessionError(.wrongModel, "the output belongs to another model; look it up in this session's model")
    }
    return model.outputs[output.index]
  }

  private func check<Element: TensorScalar>(_ info: TensorInfo, holds type: Element.Type) throws(SessionError) {
    guard info.elementType == Element.elementType else {
      throw SessionError(
        .elementTypeMismatch,
        "tensor \"\(info.name)\" is \(info.elementType), asked for \(Element.elementType); use the stored type, or "
          + "real values")
    }
  }
}
