#if !hasFeature(Embedded) && !os(Windows) && !os(WASI) && _pointerBitWidth(_64)
  import Synchronization

  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #elseif canImport(Android)
    import Android
  #elseif canImport(Darwin)
    import Darwin
  #endif

  /// A graph with compiled operators, in the place of a TensorFlow Lite interpreter: a `TfLiteContext` with the tensors
  /// and nodes that libedgetpu asks for, and the functions that it calls.
  ///
  /// libedgetpu's kernels of one graph are not safe to be used by two threads: sessions take turns.
  @safe
  final class HostGraph: @unchecked Sendable {
    /// libedgetpu's functions for a node: the first fields of a `TfLiteRegistration`.
    @safe
    struct Kernel {
      typealias Initialize =
        @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer?, Int) -> UnsafeMutableRawPointer?
      typealias Free = @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer?) -> Void
      typealias Step = @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Int32

      let initialize: Initialize
      let free: Free?
      let prepare: Step
      let invoke: Step
    }

    private let delegate: EdgeTPUDelegate
    private let shape: CompiledGraphShape
    /// Where custom options lie: libedgetpu keeps pointers into them until a node has been prepared.
    private let bytes: FileBytes
    private let memory = HostMemory()
    private let context: UnsafeMutableRawPointer
    let tensors: UnsafeMutableRawPointer
    let plan: UnsafeMutableRawPointer
    /// A `TfLiteNode` and a `TfLiteRegistration` for each operator.
    private let nodes: UnsafeMutableRawPointer
    private let registrations: UnsafeMutableRawPointer
    /// What libedgetpu has given for each operator.
    private var kernels: [Kernel?]
    /// The context that libedgetpu has set, to be given back to it.
    var externalContext: UnsafeMutableRawPointer?
    /// What libedgetpu has reported since the last call of one of its functions.
    var report = ""
    /// Sizes that libedgetpu has made for tensors, from the C library's allocator.
    private var resized: [Int: UnsafeMutableRawPointer] = unsafe [:]
    /// What tensors are called: libedgetpu knows its own names for them.
    private let noName: UnsafeMutableRawPointer
    private let turn = Mutex<Void>(())

    /// Hands the compiled operators of a graph to libedgetpu.
    ///
    /// - Parameters:
    ///   - delegate: the device.
    ///   - shape: the graph.
    ///   - bytes: where custom options lie.
    ///   - route: how kernels are handed over.
    /// - Throws: ``ModelError`` when libedgetpu does not take them.
    init(
      _ delegate: EdgeTPUDelegate, _ shape: CompiledGraphShape, in bytes: FileBytes, route: HostRoute
    ) throws(ModelError) {
      self.delegate = delegate
      self.shape = shape
      self.bytes = bytes
      kernels = [Kernel?](repeating: nil, count: shape.nodes.count)
      unsafe noName = memory.text("")
      unsafe context = memory.zeroed(HostLayout.Context.byteCount)
      unsafe tensors = memory.zeroed(max(1, shape.tensorCount) * HostLayout.Tensor.stride)
      unsafe nodes = memory.zeroed(max(1, shape.nodes.count) * HostLayout.Node.byteCount)
      unsafe registrations = memory.zeroed(max(1, shape.nodes.count) * HostLayout.Registration.byteCount)
      unsafe plan = memory.intArray(route == .registration ? [] : Array(shape.nodes.indices))
      writeNodes()
      unsafe HostCallbacks.install(in: self, at: context, route)
      try claim()
    }

    deinit {
      // Each before the delegate goes, which this object holds.
      for (index, kernel) in kernels.enumerated() {
        guard let free = unsafe kernel?.free else { continue }
        unsafe free(context, userData(index))
      }
      while let entry = unsafe resized.popFirst() { unsafe free(entry.value) }
    }

    /// Runs a function of libedgetpu and says whether it went well.
    private func succeeds(_ call: () -> Int32) -> Bool {
      report = ""
      return call() == HostLayout.Status.ok
    }

    // MARK: Set up

    private func writeNodes() {
      for (index, shape) in shape.nodes.enumerated() {
        let node = unsafe node(index)
        let registration = unsafe registration(index)
        unsafe node.storeBytes(
          of: memory.intArray(shape.inputs), toByteOffset: HostLayout.Node.inputs, as: UnsafeMutableRawPointer.self)
        unsafe node.storeBytes(
          of: memory.intArray(shape.outputs), toByteOffset: HostLayout.Node.outputs, as: UnsafeMutableRawPointer.self)
        for field in [HostLayout.Node.intermediates, HostLayout.Node.temporaries] {
          unsafe node.storeBytes(of: memory.intArray([]), toByteOffset: field, as: UnsafeMutableRawPointer.self)
        }
        unsafe registration.storeBytes(of: 1, toByteOffset: HostLayout.Registration.version, as: Int32.self)
        guard let name = shape.customName else { continue }
        let options = shape.options ?? 0..<0
        unsafe node.storeBytes(
          of: bytes.base + options.lowerBound, toByteOffset: HostLayout.Node.customOptions, as: UnsafeRawPointer.self)
        // Files are smaller than 2 GiB.
        unsafe node.storeBytes(
          of: Int32(clamping: options.count), toByteOffset: HostLayout.Node.customOptionsByteCount, as: Int32.self)
        unsafe registration.storeBytes(
          of: HostLayout.customOperator, toByteOffset: HostLayout.Registration.builtinCode, as: Int32.self)
        unsafe registration.storeBytes(
          of: memory.text(name), toByteOffset: HostLayout.Registration.customName, as: UnsafeMutableRawPointer.self)
      }
    }

    /// Has libedgetpu take the compiled operators.
    private func claim() throws(ModelError) {
      // Sound: the delegate's own function, for a context that lives as long as self.
      let prepare = unsafe delegate.pointer.load(fromByteOffset: HostLayout.Delegate.prepare, as: Kernel.Step.self)
      guard succeeds({ unsafe prepare(context, delegate.pointer) }) else {
        throw ModelError(.deviceRefused, "libedgetpu did not take the compiled operators: \(reason)")
      }
      // What libedgetpu's function says tells nothing of single nodes.
      for (index, shape) in shape.nodes.enumerated() where shape.isCompiled && kernels[index] == nil {
        try register(index)
      }
    }

    /// Gets the kernel of an operator that the delegate did not take.
    private func register(_ index: Int) throws(ModelError) {
      // Sound: a registration that is a static variable of libedgetpu's.
      guard let register = unsafe delegate.library.functions.registerCustomOperator,
        let registration = unsafe register(), let kernel = unsafe Kernel(registration: registration)
      else {
        throw ModelError(
          .libraryUnusable, "\(delegate.library.path) takes no compiled operators; \(EdgeTPULibrary.advice)",
          operatorIndex: index)
      }
      unsafe adopt(kernel, node: index) { options, count in
        unsafe kernel.initialize(context, options, count)
      }
    }

    /// Keeps a node's kernel, and what its initialization gives.
    private func adopt(
      _ kernel: Kernel, node index: Int,
      initialize: (UnsafeRawPointer?, Int) -> UnsafeMutableRawPointer?
    ) {
      let options = shape.nodes[index].options ?? 0..<0
      kernels[index] = kernel
      let userData = unsafe initialize(bytes.base + options.lowerBound, options.count)
      unsafe node(index).storeBytes(
        of: userData, toByteOffset: HostLayout.Node.userData, as: UnsafeMutableRawPointer?.self)
    }

    /// Gives nodes over to a kernel of the delegate's, as TensorFlow Lite does; each of them was in the plan.
    ///
    /// - Parameters:
    ///   - list: a `TfLiteIntArray` of nodes; libedgetpu gives one.
    ///   - kernel: their new kernel.
    ///   - delegate: whose it is.
    /// - Returns: a `TfLiteStatus`.
    func replace(
      _ list: UnsafeRawPointer, by kernel: Kernel?, delegate: UnsafeMutableRawPointer?
    ) -> Int32 {
      let indices = unsafe HostMemory.integers(list)
      guard let kernel = kernel, indices.count == 1, let index = indices.first, shape.nodes.indices.contains(index),
        shape.nodes[index].isCompiled, kernels[index] == nil
      else { return HostLayout.Status.error }
      let parameters = unsafe memory.zeroed(HostLayout.DelegateParameters.byteCount)
      unsafe parameters.storeBytes(
        of: delegate, toByteOffset: HostLayout.DelegateParameters.delegate, as: UnsafeMutableRawPointer?.self)
      unsafe parameters.storeBytes(
        of: list, toByteOffset: HostLayout.DelegateParameters.nodes, as: UnsafeRawPointer.self)
      for (from, to) in [
        (HostLayout.Node.inputs, HostLayout.DelegateParameters.inputs),
        (HostLayout.Node.outputs, HostLayout.DelegateParameters.outputs),
      ] {
        unsafe parameters.storeBytes(
          of: node(index).load(fromByteOffset: from, as: UnsafeRawPointer.self), toByteOffset: to,
          as: UnsafeRawPointer.self)
      }
      unsafe node(index).storeBytes(
        of: delegate, toByteOffset: HostLayout.Node.delegate, as: UnsafeMutableRawPointer?.self)
      // The kernel of a delegate is initialized with parameters in place of options, and a length of 0.
      unsafe adopt(kernel, node: index) { _, _ in unsafe kernel.initialize(context, parameters, 0) }
      return HostLayout.Status.ok
    }

    // MARK: Prepare

    /// Has libedgetpu check an operator's tensors and take its package.
    ///
    /// - Parameters:
    ///   - index: the operator.
    ///   - operands: its tensors.
    /// - Returns: the outputs' sizes, which libedgetpu may have changed to those of the inputs' batch.
    /// - Throws: ``ModelError`` with libedgetpu's own reason.
    func prepare(_ index: Int, _ operands: CompiledOperands) throws(ModelError) -> [[Int]] {
      guard let kernel = kernels[index] else {
        throw ModelError(.deviceRefused, "libedgetpu did not take it", operatorIndex: index)
      }
      let node = shape.nodes[index]
      for (tensor, operand) in zip(node.inputs, operands.inputs) { write(operand, at: tensor) }
      for (tensor, operand) in zip(node.outputs, operands.outputs) { write(operand, at: tensor) }
      guard succeeds({ unsafe kernel.prepare(context, self.node(index)) }) else { throw prepareError(index) }
      return node.outputs.map { unsafe HostMemory.integers(sizes(ofTensor: $0)) }
    }

    private func write(_ tensor: CompiledTensor, at index: Int) {
      let address = unsafe self.tensor(index)
      typealias Layout = HostLayout.Tensor
      unsafe address.storeBytes(of: tensor.type, toByteOffset: Layout.type, as: Int32.self)
      unsafe address.storeBytes(
        of: memory.intArray(tensor.sizes), toByteOffset: Layout.sizes, as: UnsafeMutableRawPointer.self)
      unsafe address.storeBytes(of: tensor.scale, toByteOffset: Layout.scale, as: Float.self)
      unsafe address.storeBytes(of: tensor.zeroPoint, toByteOffset: Layout.zeroPoint, as: Int32.self)
      unsafe address.storeBytes(
        of: HostLayout.arenaAllocation, toByteOffset: Layout.allocationType, as: Int32.self)
      unsafe address.storeBytes(of: tensor.byteCount, toByteOffset: Layout.byteCount, as: Int.self)
      unsafe address.storeBytes(
        of: noName, toByteOffset: Layout.name, as: UnsafeMutableRawPointer.self)
      unsafe address.storeBytes(
        of: HostLayout.noBufferHandle, toByteOffset: Layout.bufferHandle, as: Int32.self)
      unsafe address.storeBytes(of: tensor.isVariable, toByteOffset: Layout.isVariable, as: Bool.self)
    }

    /// Gives a tensor other sizes, as libedgetpu asks while it prepares an operator.
    ///
    /// - Parameters:
    ///   - address: the tensor.
    ///   - sizes: a `TfLiteIntArray` from the C library's allocator, which is ours from now on.
    /// - Returns: a `TfLiteStatus`.
    func resize(_ address: UnsafeMutableRawPointer, to sizes: UnsafeMutableRawPointer) -> Int32 {
      let offset = unsafe address - tensors
      let index = offset / HostLayout.Tensor.stride
      typealias Layout = HostLayout.Tensor
      let type = unsafe address.load(fromByteOffset: Layout.type, as: Int32.self)
      guard offset >= 0, index < shape.tensorCount,
        let count = unsafe Shape(HostMemory.integers(sizes))?.count,
        let byteCount = HostLayout.byteCount(of: count, type: type)
      else {
        unsafe free(sizes)
        return HostLayout.Status.error
      }
      if let old = unsafe resized.updateValue(sizes, forKey: index) { unsafe free(old) }
      unsafe address.storeBytes(of: sizes, toByteOffset: Layout.sizes, as: UnsafeMutableRawPointer.self)
      unsafe address.storeBytes(of: byteCount, toByteOffset: Layout.byteCount, as: Int.self)
      return HostLayout.Status.ok
    }

    private func prepareError(_ index: Int) -> ModelError {
      let path = delegate.library.path
      if report.contains("requires runtime version") {
        return ModelError(
          .packageTooNew, "libedgetpu is too old for this model: \(reason); install a newer one than \(path)",
          operatorIndex: index)
      }
      if report.contains("Unsupported data type in custom op handler") {
        return ModelError(
          .libraryUnusable,
          "\(path) reads tensors in another layout than that of TensorFlow Lite 2.5 and later: \(reason); "
            + EdgeTPULibrary.advice,
          operatorIndex: index)
      }
      return ModelError(
        .deviceRefused, "libedgetpu refused the compiled operator: \(reason); compile the model again",
        operatorIndex: index)
    }

    private var reason: String { report.isEmpty ? "it gave no reason" : report }

    // MARK: Invoke

    /// Runs an operator, when no other thread runs one of this graph.
    ///
    /// - Parameters:
    ///   - index: the operator, which has been prepared.
    ///   - setData: sets where the operator's tensors lie, by ``setData(_:ofTensor:)``.
    /// - Throws: ``SessionError`` when the device fails.
    func invoke(_ index: Int, _ setData: () -> Void) throws(SessionError) {
      try turn.withLock { (_: inout Void) throws(SessionError) in
        guard let kernel = kernels[index] else { throw SessionError(.deviceFailed, "the operator was not prepared") }
        setData()
        guard succeeds({ unsafe kernel.invoke(context, node(index)) }) else { throw invokeError }
      }
    }

    /// Says where a tensor's bytes lie for the next call: writable, valid for as many as it has.
    func setData(_ address: UnsafeMutableRawPointer, ofTensor index: Int) {
      unsafe tensor(index).storeBytes(
        of: address, toByteOffset: HostLayout.Tensor.data, as: UnsafeMutableRawPointer.self)
    }

    private var invokeError: SessionError {
      if report.contains("is not ready") {
        return SessionError(
          .deviceLost,
          "the Edge TPU is gone: \(reason) Connect it again and load the model anew")
      }
      return SessionError(.deviceFailed, "the Edge TPU failed: \(reason); run again, or load the model anew")
    }

    // MARK: Places

    /// A node.
    ///
    /// Sound, as all below: the index is one of an operator's or tensor's, for which there is room.
    func node(_ index: Int) -> UnsafeMutableRawPointer { unsafe nodes + index * HostLayout.Node.byteCount }

    func registration(_ index: Int) -> UnsafeMutableRawPointer {
      unsafe registrations + index * HostLayout.Registration.byteCount
    }

    /// How many operators there are.
    var nodeCount: Int { shape.nodes.count }
    /// How many tensors there are.
    var tensorCount: Int { shape.tensorCount }

    private func tensor(_ index: Int) -> UnsafeMutableRawPointer { unsafe tensors + index * HostLayout.Tensor.stride }

    private func sizes(ofTensor index: Int) -> UnsafeRawPointer {
      unsafe tensor(index).load(fromByteOffset: HostLayout.Tensor.sizes, as: UnsafeRawPointer.self)
    }

    private func userData(_ index: Int) -> UnsafeMutableRawPointer? {
      unsafe node(index).load(fromByteOffset: HostLayout.Node.userData, as: UnsafeMutableRawPointer?.self)
    }
  }

  extension HostGraph.Kernel {
    /// The functions in a `TfLiteRegistration`, which need not live longer than the call.
    init?(registration: UnsafeRawPointer) {
      typealias Layout = HostLayout.Registration
      let initialize = unsafe registration.load(fromByteOffset: Layout.initialize, as: UnsafeRawPointer?.self)
      let free = unsafe registration.load(fromByteOffset: Layout.free, as: UnsafeRawPointer?.self)
      let prepare = unsafe registration.load(fromByteOffset: Layout.prepare, as: UnsafeRawPointer?.self)
      let invoke = unsafe registration.load(fromByteOffset: Layout.invoke, as: UnsafeRawPointer?.self)
      unsafe self.init(initialize: initialize, free: free, prepare: prepare, invoke: invoke)
    }

    /// The functions at four addresses; `nil` where one is missing that must be there.
    init?(
      initialize: UnsafeRawPointer?, free: UnsafeRawPointer?, prepare: UnsafeRawPointer?, invoke: UnsafeRawPointer?
    ) {
      guard let initialize = unsafe initialize, let prepare = unsafe prepare, let invoke = unsafe invoke else {
        return nil
      }
      // Sound: the fields of a registration are functions of these types.
      unsafe self.initialize = unsafeBitCast(initialize, to: Initialize.self)
      unsafe self.free = free.map { unsafe unsafeBitCast($0, to: Free.self) }
      unsafe self.prepare = unsafeBitCast(prepare, to: HostGraph.Kernel.Step.self)
      unsafe self.invoke = unsafeBitCast(invoke, to: HostGraph.Kernel.Step.self)
    }
  }
#endif
