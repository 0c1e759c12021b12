#if !hasFeature(Embedded) && !os(Windows) && !os(WASI) && _pointerBitWidth(_64)
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #elseif canImport(Android)
    import Android
  #elseif canImport(Darwin)
    import Darwin
  #endif

  /// The helper's side of ``EdgeTPUOptions/Isolation/helperProcess(executable:)``.
  public enum EdgeTPUHelper {
    /// Serves as a helper, if this process was started as one, and ends it then. Otherwise it does nothing.
    ///
    /// A program that isolates the Edge TPU in a copy of itself calls this before anything else:
    ///
    /// ```swift
    /// import TinyTensor
    ///
    /// EdgeTPUHelper.serveIfAsked()
    /// let device = Device.edgeTPU(EdgeTPUOptions(isolation: .helperProcess(executable: nil)))
    /// let model = try Model(path: "model_edgetpu.tflite", device: device)
    /// print(model.operators.count)
    /// ```
    public static func serveIfAsked() {
      let words = CommandLine.arguments
      guard words.count == 3, words[1] == HelperProcess.argument, let descriptor = Int32(words[2]) else { return }
      // What ends a helper is told by the program that uses it.
      signal(SIGABRT, SIG_DFL)
      let server = HelperServer(WireSocket(descriptor))
      server.serve()
      server.close()
      exit(0)
    }
  }

  /// What a helper process does: one request after the other, until the program that asks is gone.
  private final class HelperServer {
    private let socket: WireSocket
    private var devices: [Int: EdgeTPUDelegate] = [:]
    private var graphs: [Int: ServedGraph] = [:]
    private var nextNumber = 1

    init(_ socket: WireSocket) { self.socket = socket }

    /// Gives everything back, graphs before the devices that they are on.
    func close() {
      graphs.removeAll()
      devices.removeAll()
    }

    func serve() {
      guard socket.send(wireGreeting) else { return }
      while let header = socket.receive(WireHeader(kind: 0, byteCount: 0)),
        let body = socket.receive(byteCount: header.byteCount), let kind = WireRequest(rawValue: header.kind)
      {
        var reader = WireReader(body)
        let isThere: Bool
        do throws(WireError) {
          isThere = kind == .invoke ? try invoke(&reader) : try answer(kind, &reader)
        } catch {
          // The program speaks another language; it finds the connection closed.
          return
        }
        if !isThere { return }
      }
    }

    // MARK: Load

    private func answer(_ kind: WireRequest, _ body: inout WireReader) throws(WireError) -> Bool {
      var answer = WireWriter()
      var failure: ModelError?
      switch kind {
      case .open:
        let library = try body.text()
        let type = Int32(truncatingIfNeeded: try body.int())
        let path = try body.text()
        let options = try body.options()
        do throws(ModelError) {
          answer.put(try open(library, type, path, options))
        } catch {
          failure = error
        }
      case .addGraph:
        guard let device = devices[try body.int()] else { throw WireError() }
        let (shape, options) = try body.graph()
        do throws(ModelError) {
          let graph = try HostGraph(device, shape, in: FileBytes(copying: options), route: .standard)
          answer.put(keep(ServedGraph(graph, shape), in: \.graphs))
        } catch {
          failure = error
        }
      case .prepare:
        guard let graph = graphs[try body.int()] else { throw WireError() }
        let index = try body.int()
        let operands = CompiledOperands(inputs: try body.tensors(), outputs: try body.tensors())
        do throws(ModelError) {
          let sizes = try graph.prepare(index, operands)
          answer.put(sizes.count)
          for sizes in sizes { answer.put(sizes) }
        } catch {
          failure = error
        }
      case .close: devices[try body.int()] = nil
      case .removeGraph: graphs[try body.int()] = nil
      case .invoke: throw WireError()
      }
      guard let failure else { return send(.done, answer.bytes) }
      var text = WireWriter()
      text.put(failure)
      return send(.failed, text.bytes)
    }

    private func send(_ kind: WireAnswer, _ body: [UInt8]) -> Bool {
      socket.send(WireHeader(kind: kind.rawValue, byteCount: UInt64(body.count))) && socket.send(body)
    }

    private func keep<Value>(_ value: Value, in list: ReferenceWritableKeyPath<HelperServer, [Int: Value]>) -> Int {
      defer { nextNumber += 1 }
      self[keyPath: list][nextNumber] = value
      return nextNumber
    }

    private func open(
      _ path: String, _ type: Int32, _ device: String, _ options: EdgeTPUOptions
    ) throws(ModelError) -> Int {
      let library = try EdgeTPULibrary(path: path)
      try library.requireUsable()
      let choice = DeviceChoice(type: type, path: device)
      return keep(try EdgeTPUDelegate(library, choice, options), in: \.devices)
    }

    // MARK: Run

    private func invoke(_ body: inout WireReader) throws(WireError) -> Bool {
      guard let graph = graphs[try body.int()], let node = graph.operators[try body.int()] else {
        throw WireError()
      }
      for buffer in node.inputs {
        guard unsafe socket.receive(buffer.memory.base, buffer.byteCount) else { return false }
      }
      do throws(SessionError) {
        try graph.graph.invoke(node.index) { node.setData(in: graph.graph) }
      } catch {
        var text = WireWriter()
        text.put(error)
        return send(.failed, text.bytes)
      }
      guard socket.send(WireHeader(kind: WireAnswer.done.rawValue, byteCount: 0)) else { return false }
      for buffer in node.results {
        guard unsafe socket.send(buffer.memory.base, buffer.byteCount) else { return false }
      }
      return true
    }
  }

  /// A graph that a helper runs, with memory for the tensors of its operators.
  private final class ServedGraph {
    struct Buffer {
      let tensor: Int
      let memory: AlignedMemory
      let byteCount: Int
    }

    struct Operator {
      let index: Int
      let inputs: [Buffer]
      let outputs: [Buffer]
      /// What goes back: outputs, then inputs that the device writes to.
      let results: [Buffer]

      func setData(in graph: HostGraph) {
        for buffer in inputs { unsafe graph.setData(buffer.memory.base, ofTensor: buffer.tensor) }
        for buffer in outputs { unsafe graph.setData(buffer.memory.base, ofTensor: buffer.tensor) }
      }
    }

    let graph: HostGraph
    private let shape: CompiledGraphShape
    private(set) var operators: [Int: Operator] = [:]

    init(_ graph: HostGraph, _ shape: CompiledGraphShape) {
      self.graph = graph
      self.shape = shape
    }

    func prepare(_ index: Int, _ operands: CompiledOperands) throws(ModelError) -> [[Int]] {
      guard shape.nodes.indices.contains(index), operands.inputs.count == shape.nodes[index].inputs.count,
        operands.outputs.count == shape.nodes[index].outputs.count
      else { throw ModelError(.helperFailed, HelperProcess.confused) }
      let node = shape.nodes[index]
      let sizes = try graph.prepare(index, operands)
      var inputs: [Buffer] = []
      for (tensor, operand) in zip(node.inputs, operands.inputs) {
        inputs.append(try buffer(tensor, operand.byteCount))
      }
      var outputs: [Buffer] = []
      for (place, tensor) in node.outputs.enumerated() {
        let count = Shape(sizes[place])?.count ?? 0
        guard let byteCount = HostLayout.byteCount(of: count, type: operands.outputs[place].type) else {
          throw ModelError(.helperFailed, HelperProcess.confused)
        }
        outputs.append(try buffer(tensor, byteCount))
      }
      let states = zip(inputs, operands.inputs).filter { $1.isVariable }.map(\.0)
      operators[index] = Operator(index: index, inputs: inputs, outputs: outputs, results: outputs + states)
      return sizes
    }

    private func buffer(_ tensor: Int, _ byteCount: Int) throws(ModelError) -> Buffer {
      guard byteCount >= 0, let memory = AlignedMemory(byteCount: byteCount) else { throw .outOfMemory(byteCount) }
      return Buffer(tensor: tensor, memory: memory, byteCount: byteCount)
    }
  }
#endif
