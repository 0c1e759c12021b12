#if !hasFeature(Embedded) && !os(Windows) && !os(WASI) && _pointerBitWidth(_64)
  /// An Edge TPU that a helper process has opened.
  final class RemoteEdgeTPU: Sendable {
    let helper: HelperProcess
    /// The helper's number for it.
    let number: Int

    /// Has a helper open a device.
    ///
    /// - Parameters:
    ///   - library: where libedgetpu is; it has been found usable.
    ///   - choice: which device.
    ///   - options: how it shall run.
    ///   - executable: the helper's program; `nil` for the one that runs now.
    /// - Throws: ``ModelError`` when there is no helper, or it cannot open the device.
    init(
      library: String, _ choice: DeviceChoice, _ options: EdgeTPUOptions, executable: String?
    ) throws(ModelError) {
      _ = try options.settings()
      func key(_ path: String) -> HelperProcess.Key {
        HelperProcess.Key(executable: executable, library: library, device: path)
      }
      // As libedgetpu would choose: one that is not in use, if there is one.
      let paths = choice.path.map { [$0] } ?? choice.candidates.map(\.path)
      guard let path = paths.first(where: { !HelperProcess.isRunning(key($0)) }) ?? paths.first else {
        throw choice.openError()
      }
      helper = try HelperProcess.shared(key(path))
      var body = WireWriter()
      body.put(library)
      body.put(Int(choice.type))
      body.put(path)
      body.put(options)
      var answer = try helper.answer(.open, body.bytes)
      number = try helper.read(&answer) { (answer) throws(WireError) in try answer.int() }
    }

    deinit { helper.tell(.close, number) }
  }

  /// A graph whose compiled operators a helper process runs.
  final class RemoteGraph: Sendable {
    private let device: RemoteEdgeTPU
    private let number: Int

    init(_ device: RemoteEdgeTPU, _ shape: CompiledGraphShape, in bytes: FileBytes) throws(ModelError) {
      self.device = device
      var body = WireWriter()
      body.put(device.number)
      body.put(shape, from: bytes.bytes)
      var answer = try device.helper.answer(.addGraph, body.bytes)
      number = try device.helper.read(&answer) { (answer) throws(WireError) in try answer.int() }
    }

    deinit { device.helper.tell(.removeGraph, number) }

    /// As ``HostGraph/prepare(_:_:)``.
    func prepare(_ index: Int, _ operands: CompiledOperands) throws(ModelError) -> [[Int]] {
      var body = WireWriter()
      body.put(number)
      body.put(index)
      body.put(operands.inputs)
      body.put(operands.outputs)
      var answer = try device.helper.answer(.prepare, body.bytes)
      return try device.helper.read(&answer) { (answer) throws(WireError) in
        var sizes: [[Int]] = []
        for _ in 0..<(try answer.count()) { sizes.append(try answer.ints()) }
        guard sizes.count == operands.outputs.count else { throw WireError() }
        return sizes
      }
    }

    /// Runs an operator.
    ///
    /// - Parameters:
    ///   - index: the operator.
    ///   - inputs: the bytes of an input, by number; `nil` behind the last.
    ///   - results: the bytes of outputs, then of states.
    func invoke(
      _ index: Int, inputs: (Int) -> HelperProcess.Piece?, results: (Int) -> HelperProcess.Piece?
    ) throws(SessionError) {
      do throws(HelperProcess.Failure) {
        try device.helper.invoke(number, index, inputs: inputs, results: results)
      } catch {
        switch error {
        case .ended(let how): throw SessionError(.deviceLost, HelperProcess.lost(how))
        case .answered(var answer):
          throw SessionError(answered: &answer)
        }
      }
    }
  }

  extension SessionError {
    /// The error that a helper answers with.
    fileprivate init(answered answer: inout WireReader) {
      do throws(WireError) {
        self = try answer.sessionError()
      } catch {
        self.init(.deviceFailed, HelperProcess.confused)
      }
    }
  }

  extension HelperProcess {
    /// What to say of a helper that is gone.
    static func lost(_ how: String) -> String {
      "the process that drives the Edge TPU \(how), as happens when the device is unplugged or its connection fails; "
        + "connect it again and load the model anew"
    }

    static let confused = "the process that drives the Edge TPU gave an answer that makes no sense; load the model anew"

    /// The answer to a request while a model is loaded.
    fileprivate func answer(_ kind: WireRequest, _ body: [UInt8]) throws(ModelError) -> WireReader {
      do throws(Failure) {
        return try request(kind, body)
      } catch {
        switch error {
        case .ended(let how): throw ModelError(.helperFailed, Self.lost(how))
        case .answered(var answer):
          throw try read(&answer) { (answer) throws(WireError) in try answer.modelError() }
        }
      }
    }

    fileprivate func read<Value>(
      _ answer: inout WireReader, _ body: (inout WireReader) throws(WireError) -> Value
    ) throws(ModelError) -> Value {
      do throws(WireError) {
        return try body(&answer)
      } catch {
        throw ModelError(.helperFailed, Self.confused)
      }
    }

    /// Tells that something is not needed any more; a helper that is gone has let go of it.
    fileprivate func tell(_ kind: WireRequest, _ number: Int) {
      var body = WireWriter()
      body.put(number)
      do throws(Failure) {
        _ = try request(kind, body.bytes)
      } catch {
        // There is nothing left to be done: all that it had is gone with it.
      }
    }
  }
#endif
