#if !hasFeature(Embedded) && !os(Windows) && !os(WASI) && _pointerBitWidth(_64)
  // How the values that requests and answers hold are written and read.

  extension WireWriter {
    mutating func put(_ shape: CompiledGraphShape, from bytes: RawSpan) {
      put(shape.tensorCount)
      put(shape.nodes.count)
      for node in shape.nodes {
        put(node.inputs)
        put(node.outputs)
        put(node.customName != nil)
        guard let name = node.customName else { continue }
        put(name)
        put(bytes: bytes.extracting(node.options ?? 0..<0))
      }
    }

    mutating func put(_ tensors: [CompiledTensor]) {
      put(tensors.count)
      for tensor in tensors {
        put(Int(tensor.type))
        put(tensor.sizes)
        put(tensor.byteCount)
        put(tensor.scale)
        put(Int(tensor.zeroPoint))
        put(tensor.isVariable)
      }
    }

    mutating func put(_ settings: EdgeTPUOptions) {
      put(settings.performance?.rawValue ?? "")
      put(settings.alwaysLoadsFirmware.map { $0 ? 1 : 0 } ?? -1)
      put(settings.transferQueueLength ?? -1)
      put(settings.verbosity ?? -1)
    }

    mutating func put(_ error: ModelError) {
      put(Int(error.code.number))
      put(error.operatorIndex ?? -1)
      put(error.message)
    }

    mutating func put(_ error: SessionError) {
      put(Int(error.code.number))
      put(-1)
      put(error.message)
    }
  }

  extension WireReader {
    /// A graph, and the custom options of all of its operators.
    mutating func graph() throws(WireError) -> (shape: CompiledGraphShape, options: [UInt8]) {
      var shape = CompiledGraphShape(tensorCount: try int(), nodes: [])
      var options: [UInt8] = []
      for _ in 0..<(try count()) {
        var node = CompiledGraphShape.Node(inputs: try ints(), outputs: try ints())
        if try bool() {
          node.customName = try text()
          let start = options.count
          options += try raw()
          node.options = start..<options.count
        }
        // Of other operators no tensor is of interest.
        let tensors = node.isCompiled ? node.inputs + node.outputs : []
        guard shape.tensorCount >= 0, tensors.allSatisfy({ (0..<shape.tensorCount).contains($0) }) else {
          throw WireError()
        }
        shape.nodes.append(node)
      }
      return (shape, options)
    }

    mutating func tensors() throws(WireError) -> [CompiledTensor] {
      var tensors: [CompiledTensor] = []
      for _ in 0..<(try count()) {
        tensors.append(
          CompiledTensor(
            type: Int32(truncatingIfNeeded: try int()), sizes: try ints(), byteCount: try int(), scale: try real(),
            zeroPoint: Int32(truncatingIfNeeded: try int()), isVariable: try bool()))
      }
      return tensors
    }

    mutating func options() throws(WireError) -> EdgeTPUOptions {
      var options = EdgeTPUOptions()
      options.performance = EdgeTPUOptions.Performance(rawValue: try text())
      let firmware = try int()
      options.alwaysLoadsFirmware = firmware < 0 ? nil : firmware != 0
      let length = try int()
      options.transferQueueLength = length < 0 ? nil : length
      let verbosity = try int()
      options.verbosity = verbosity < 0 ? nil : verbosity
      return options
    }

    mutating func modelError() throws(WireError) -> ModelError {
      let code = ModelError.Code(number: UInt8(truncatingIfNeeded: try int()))
      let index = try int()
      return ModelError(code, try text(), operatorIndex: index < 0 ? nil : index)
    }

    mutating func sessionError() throws(WireError) -> SessionError {
      let code = SessionError.Code(number: UInt8(truncatingIfNeeded: try int()))
      _ = try int()
      return SessionError(code, try text())
    }
  }
#endif
