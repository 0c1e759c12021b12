#if !hasFeature(Embedded) && !os(Windows) && !os(WASI) && _pointerBitWidth(_64)
  /// The functions of a `TfLiteContext` that libedgetpu calls, on the thread that has called it.
  ///
  /// Sound, all of them: the context that they get is one of a ``HostGraph`` that is in the middle of a call of
  /// libedgetpu's and has itself as the implementation; what they store into is what the C functions' contract gives.
  enum HostCallbacks {
    typealias Pointer = UnsafeMutableRawPointer

    /// Writes a context.
    ///
    /// - Parameters:
    ///   - graph: what the functions shall speak for; it outlives the context.
    ///   - context: memory for a `TfLiteContext`.
    ///   - route: how kernels are handed over.
    static func install(in graph: HostGraph, at context: Pointer, _ route: HostRoute) {
      typealias Layout = HostLayout.Context
      func store(_ function: Pointer, at offset: Int) {
        unsafe context.storeBytes(of: function, toByteOffset: offset, as: Pointer.self)
      }
      unsafe context.storeBytes(of: graph.tensorCount, toByteOffset: Layout.tensorCount, as: Int.self)
      unsafe context.storeBytes(of: 1, toByteOffset: Layout.threadCount, as: Int32.self)
      unsafe store(graph.tensors, at: Layout.tensors)
      unsafe store(Unmanaged.passUnretained(graph).toOpaque(), at: Layout.implementation)
      unsafe store(unsafeBitCast(getExecutionPlan, to: Pointer.self), at: Layout.getExecutionPlan)
      unsafe store(unsafeBitCast(resizeTensor, to: Pointer.self), at: Layout.resizeTensor)
      unsafe store(unsafeBitCast(reportError, to: Pointer.self), at: Layout.reportError)
      unsafe store(unsafeBitCast(getNodeAndRegistration, to: Pointer.self), at: Layout.getNodeAndRegistration)
      unsafe store(unsafeBitCast(getExternalContext, to: Pointer.self), at: Layout.getExternalContext)
      unsafe store(unsafeBitCast(setExternalContext, to: Pointer.self), at: Layout.setExternalContext)
      switch route {
      case .onStack:
        unsafe store(unsafeBitCast(replaceFromStack, to: Pointer.self), at: Layout.replaceNodeSubsets)
      case .byReference:
        unsafe store(unsafeBitCast(replaceFromReference, to: Pointer.self), at: Layout.replaceNodeSubsets)
      case .registration: break
      }
    }

    private static func graph(_ context: Pointer) -> HostGraph {
      let implementation = unsafe context.load(fromByteOffset: HostLayout.Context.implementation, as: Pointer.self)
      return unsafe Unmanaged<HostGraph>.fromOpaque(implementation).takeUnretainedValue()
    }

    // MARK: Nodes

    static let getExecutionPlan: @convention(c) (Pointer, UnsafeMutablePointer<Pointer?>) -> Int32 = {
      unsafe $1.pointee = graph($0).plan
      return HostLayout.Status.ok
    }

    static let getNodeAndRegistration:
      @convention(c) (Pointer, Int32, UnsafeMutablePointer<Pointer?>, UnsafeMutablePointer<Pointer?>) -> Int32 = {
        let graph = unsafe graph($0)
        let index = Int($1)
        guard index >= 0, index < graph.nodeCount else { return HostLayout.Status.error }
        unsafe $2.pointee = graph.node(index)
        unsafe $3.pointee = graph.registration(index)
        return HostLayout.Status.ok
      }

    /// `ReplaceNodeSubsetsWithDelegateKernels(context, registration, nodes, delegate)` where the registration's words
    /// follow the arguments in registers on the stack: three arguments, then three that fill up the registers.
    static let replaceFromStack:
      @convention(c) (Pointer, Pointer, Pointer?, UInt, UInt, UInt, Pointer?, Pointer?, Pointer?, Pointer?) -> Int32 = {
        context, nodes, delegate, _, _, _, initialize, free, prepare, invoke in
        let kernel = unsafe HostGraph.Kernel(
          initialize: initialize.map { UnsafeRawPointer($0) }, free: free.map { UnsafeRawPointer($0) },
          prepare: prepare.map { UnsafeRawPointer($0) }, invoke: invoke.map { UnsafeRawPointer($0) })
        return unsafe graph(context).replace(nodes, by: kernel, delegate: delegate)
      }

    /// The same where a pointer, valid for the call alone, takes the registration's place.
    static let replaceFromReference: @convention(c) (Pointer, Pointer, Pointer, Pointer?) -> Int32 = {
      unsafe graph($0).replace($2, by: HostGraph.Kernel(registration: $1), delegate: $3)
    }

    // MARK: Tensors

    static let resizeTensor: @convention(c) (Pointer, Pointer, Pointer) -> Int32 = {
      unsafe graph($0).resize($1, to: $2)
    }

    // MARK: The device

    static let getExternalContext: @convention(c) (Pointer, Int32) -> Pointer? = {
      $1 == HostLayout.edgeTPUContext ? unsafe graph($0).externalContext : nil
    }

    static let setExternalContext: @convention(c) (Pointer, Int32, Pointer?) -> Void = {
      if $1 == HostLayout.edgeTPUContext { unsafe graph($0).externalContext = $2 }
    }

    // MARK: Messages

    /// `ReportError(context, format, ...)`: the first word behind the format comes in a register, as that of a function
    /// without variable arguments does; on Apple's arm64 it does not, and is left out.
    static let reportError: @convention(c) (Pointer, UnsafePointer<CChar>, UInt) -> Void = { context, format, word in
      #if canImport(Darwin) && arch(arm64)
        let text = unsafe String(cString: format)
      #else
        let text = unsafe message(String(cString: format), word)
      #endif
      let graph = unsafe graph(context)
      graph.report += (graph.report.isEmpty ? "" : " ") + text
    }

    /// A message with the text that its `%s` stands for.
    ///
    /// libedgetpu's formats have one `%s` or are texts, which may have a `%` of their own: those stay as they are.
    static func message(_ format: String, _ word: UInt) -> String {
      let percent = UInt8(ascii: "%")
      let bytes = Array(format.utf8)
      guard let place = bytes.firstIndex(of: percent), bytes.lastIndex(of: percent) == place,
        bytes.dropFirst(place + 1).first == UInt8(ascii: "s")
      else { return format }
      // Sound: what stands for %s is a text that ends with a zero, or a null pointer.
      let text = unsafe UnsafePointer<CChar>(bitPattern: word).map { unsafe String(cString: $0) } ?? ""
      return String(decoding: bytes[..<place], as: UTF8.self) + text
        + String(decoding: bytes[(place + 2)...], as: UTF8.self)
    }
  }
#endif
