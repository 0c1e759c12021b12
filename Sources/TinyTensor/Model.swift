/// A model that is ready to run on one device: its graph checked, its memory planned, its constants packed.
///
/// Immutable and shared: sessions of one model may run in any number of tasks and threads, each its own. Everything
/// that can be wrong with a file is found when the model is made.
///
/// ```swift
/// let model = try Model(path: "mnist_cnn_int8.tflite")
/// var session = try model.makeSession()
/// try session.setInput(model.input("image"), pixels: pixels.span)
/// try session.run()
/// let scores = try session.realOutput(model.output("scores"))
/// ```
public final class Model: Sendable {
  /// What is in the file.
  public let file: ModelFile
  /// What runs it.
  public let device: Device
  /// The set of kernels that was chosen for it, where the device's options leave that open, too.
  public let kernelSet: KernelSet
  /// What the caller sets, in the order of the signature, or else of the subgraph.
  public let inputs: [TensorInfo]
  /// What the caller reads, in the order of the signature, or else of the subgraph.
  public let outputs: [TensorInfo]
  /// The operators, in the order of execution.
  public let operators: [OperatorInfo]
  /// All tensors of the subgraph, with the shapes that they have in a run.
  public let tensors: [TensorInfo]
  /// The signature that is run, or `nil` for the subgraph's own inputs and outputs.
  public let signature: ModelFile.Signature?

  let plan: Plan
  /// Who shares the work of a run.
  let workers: Workers
  /// How the stored values of each input and output stand for real ones; `nil` where they do not.
  let inputConversions: [RealConversion?]
  let outputConversions: [RealConversion?]
  /// For each input of bytes, the stored bytes of all 256 pixel values under each mapping.
  let pixelTables: [[UInt8]]

  /// Prepares a model that has been opened.
  ///
  /// - Parameters:
  ///   - file: the file.
  ///   - device: what shall run it.
  ///   - options: signature, shapes and limits.
  /// - Throws: ``ModelError`` when the model is malformed, or cannot run; all unsupported operators are named at once.
  public init(
    _ file: ModelFile, device: Device = .cpu, options: ModelOptions = ModelOptions()
  ) throws(ModelError) {
    let loader = try ModelLoader(file, device: device, options: options)
    self.file = file
    self.device = device
    kernelSet = loader.kernelSet
    workers = loader.workers
    signature = loader.signature
    inputs = loader.inputs
    outputs = loader.outputs
    operators = loader.operators
    tensors = loader.tensors
    plan = loader.plan
    inputConversions = loader.inputs.map { RealConversion($0) }
    outputConversions = loader.outputs.map { RealConversion($0) }
    pixelTables = loader.inputs.map(Model.pixelTable)
  }

  /// Prepares a model whose bytes are in memory; they are copied once.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - device: what shall run it.
  ///   - options: signature, shapes and limits.
  /// - Throws: ``ModelError`` when the model is malformed, or cannot run.
  public convenience init(
    bytes: [UInt8], device: Device = .cpu, options: ModelOptions = ModelOptions()
  ) throws(ModelError) {
    try self.init(try ModelFile(bytes: bytes), device: device, options: options)
  }

  /// A session: memory for one run at a time.
  ///
  /// - Throws: ``ModelError`` when the system has no memory for it.
  /// - Complexity: allocates and clears the arena.
  public func makeSession() throws(ModelError) -> Session {
    try Session(self)
  }

  /// The input of that name.
  ///
  /// - Parameter name: the name in the signature, or the tensor's own.
  /// - Throws: ``ModelError`` with the names that exist.
  public func input(_ name: String) throws(ModelError) -> Input {
    Input(index: try index(of: name, in: inputs, what: "input"), model: ObjectIdentifier(self))
  }

  /// The output of that name.
  ///
  /// - Parameter name: the name in the signature, or the tensor's own.
  /// - Throws: ``ModelError`` with the names that exist.
  public func output(_ name: String) throws(ModelError) -> Output {
    Output(index: try index(of: name, in: outputs, what: "output"), model: ObjectIdentifier(self))
  }

  /// The input at an index of ``inputs``.
  ///
  /// - Parameter index: the index.
  /// - Throws: ``ModelError`` when there are fewer inputs.
  public func input(at index: Int) throws(ModelError) -> Input {
    guard inputs.indices.contains(index) else {
      throw ModelError(.unknownName, "the model has \(inputs.count) inputs; there is no input \(index)")
    }
    return Input(index: index, model: ObjectIdentifier(self))
  }

  /// The output at an index of ``outputs``.
  ///
  /// - Parameter index: the index.
  /// - Throws: ``ModelError`` when there are fewer outputs.
  public func output(at index: Int) throws(ModelError) -> Output {
    guard outputs.indices.contains(index) else {
      throw ModelError(.unknownName, "the model has \(outputs.count) outputs; there is no output \(index)")
    }
    return Output(index: index, model: ObjectIdentifier(self))
  }

  private func index(of name: String, in tensors: [TensorInfo], what: String) throws(ModelError) -> Int {
    if let index = tensors.firstIndex(where: { $0.name == name }) { return index }
    if let index = tensors.firstIndex(where: { self.tensors[$0.tensor].name == name }) { return index }
    var names = ""
    for tensor in tensors { names += (names.isEmpty ? "" : ", ") + "\"\(tensor.name)\"" }
    throw ModelError(.unknownName, "no \(what) named \"\(name)\"; this model has \(names)")
  }

  /// Threads that work on one run, the caller's among them: as many as ``CPUOptions/threads`` asks for, but no more than
  /// there are processors.
  public var threads: Int { workers.threads }

  /// Whether a part of the graph is translated in a run, since its shapes are decided there. Such a run allocates.
  public var hasStages: Bool { plan.staged != nil }

  // MARK: Memory

  /// Bytes that a session needs for its tensors.
  public var arenaByteCount: Int { plan.arenaByteCount }

  /// The largest sum of sizes of tensors that are in use at one time, in bytes: no plan could do with less.
  public var arenaLowerBound: Int { plan.arenaLowerBound }

  /// What lies where in the arena, by offset.
  public var arenaEntries: [ArenaEntry] { plan.entries }

  /// Bytes of constants that were packed for kernels, beside the file.
  public var packedByteCount: Int { plan.blocks.reduce(0) { $0 + $1.byteCount } }

  /// Whether a run may take many times what ``multiplyAccumulates`` and ``elementarySteps`` say: the model has a loop, or
  /// an operator of the program's or of a device's.
  public var isOpenEnded: Bool { plan.estimate.isOpenEnded }

  /// Elementary steps of one run, about: products that are added to a sum, bytes that are read and written, comparisons
  /// of boxes; the largest `Int` where that is too small. A step takes from some hundredths of a nanosecond, where
  /// vector kernels run, to some nanoseconds.
  public var elementarySteps: Int { plan.estimate.steps }

  /// Multiplications that are added to a sum in one run, as ``OperatorInfo/multiplyAccumulates`` counts them; the largest
  /// `Int` where that is too small.
  public var multiplyAccumulates: Int {
    operators.reduce(0) { sum, operation in
      let (next, overflow) = sum.addingReportingOverflow(operation.multiplyAccumulates)
      return overflow ? Int.max : next
    }
  }
}

/// A scale and a zero point, ready for use in a loop.
struct RealConversion: BitwiseCopyable, Sendable {
  let scale: Float
  let zeroPoint: Int32

  /// Integers without quantization stand for themselves. `nil` for tensors with several scales.
  init?(_ info: TensorInfo) {
    guard let quantization = info.quantization else {
      scale = 1
      zeroPoint = 0
      return
    }
    guard let scale = quantization.scale, scale > 0, scale.isFinite,
      let zeroPoint = Int32(exactly: quantization.zeroPoint ?? 0)
    else { return nil }
    self.scale = scale
    self.zeroPoint = zeroPoint
  }
}

extension Model {
  /// The stored bytes of all pixel values under each mapping, those of one mapping together; empty where a pixel is
  /// not one byte.
  private static func pixelTable(_ input: TensorInfo) -> [UInt8] {
    let least: Int64
    switch input.elementType {
    case .int8 where input.quantization != nil: least = -128
    case .uint8: least = 0
    default: return []
    }
    // Numbers without quantization stand for themselves.
    var known: Float? = 1
    if let quantization = input.quantization { known = quantization.scale }
    guard let scale = known else { return [] }
    let zeroPoint = input.quantization?.zeroPoints.first ?? 0
    var table: [UInt8] = []
    table.reserveCapacity(256 * PixelMapping.allCases.count)
    for mapping in PixelMapping.allCases {
      var byte = 0
      while byte < 256 {
        let stored = Quantization.nearest(to: mapping.real(UInt8(byte)), scale: scale, zeroPoint: zeroPoint)
        table.append(UInt8(truncatingIfNeeded: min(max(stored, least), least + 255)))
        byte += 1
      }
    }
    return table
  }
}

#if !hasFeature(Embedded) && !os(Windows) && !os(WASI)
  extension Model {
    /// Opens and prepares a model file, which is mapped, not copied.
    ///
    /// - Parameters:
    ///   - path: where the file is. It must not be shortened while it is in use.
    ///   - device: what shall run it.
    ///   - options: signature, shapes and limits.
    /// - Throws: ``ModelError`` when it cannot be opened, is malformed, or cannot run.
    public convenience init(
      path: String, device: Device = .cpu, options: ModelOptions = ModelOptions()
    ) throws(ModelError) {
      try self.init(try ModelFile(path: path), device: device, options: options)
    }
  }
#endif
