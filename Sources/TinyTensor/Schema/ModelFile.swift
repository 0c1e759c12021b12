import FlatbufferReader

/// What is in a `.tflite` file, before anything is asked of it.
///
/// A model file opens whatever operators and types it uses, so that it can be looked at; ``Model`` decides what can
/// run. The file's bytes are mapped or kept, not copied; descriptions of tensors and operators are decoded when it is
/// opened.
public struct ModelFile: Sendable {
  /// The schema's version; always 3.
  public let version: Int
  /// What the program that wrote the file says of it.
  public let description: String
  /// The operators that the file uses, by number or by name.
  public let operatorCodes: [OperatorCode]
  /// The graphs; the first one is the main one.
  public let subgraphs: [Subgraph]
  /// Where constant data lies.
  public let buffers: [Buffer]
  /// Named entry points.
  public let signatures: [Signature]
  /// Named pieces of further information.
  public let metadata: [Metadata]
  /// Files beside this one that hold constants, by name.
  public let externalBufferGroups: [String]
  /// Parts of files beside this one.
  public let externalBuffers: [ExternalBuffer]

  let storage: FileBytes

  /// The file's size in bytes.
  public var byteCount: Int { storage.count }

  /// The file's bytes.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let span = storage.bytes
      // Sound: the bytes live as long as the storage, which self keeps.
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Opens model bytes that are in memory already; they are copied once.
  ///
  /// - Parameter bytes: the whole file.
  /// - Throws: ``ModelError`` when they are not a readable TensorFlow Lite model.
  public init(bytes: [UInt8]) throws(ModelError) {
    try self.init(storage: try FileBytes(copying: bytes))
  }

  init(storage: FileBytes) throws(ModelError) {
    self.storage = storage
    do throws(ReadError) {
      var decoder = ModelDecoder(byteCount: storage.count)
      let contents = try decoder.decode(storage.bytes)
      version = contents.version
      description = contents.description
      operatorCodes = contents.operatorCodes
      subgraphs = contents.subgraphs
      buffers = contents.buffers
      signatures = contents.signatures
      metadata = contents.metadata
      externalBufferGroups = contents.externalBufferGroups
      externalBuffers = contents.externalBuffers
    } catch {
      throw ModelError(error, in: storage.bytes)
    }
    guard version == 3 else {
      throw ModelError(
        .unsupportedFile, "the model has schema version \(version); this library reads version 3", byteOffset: nil)
    }
  }

  /// The bytes of a buffer.
  ///
  /// - Parameter index: the buffer's index in ``buffers``.
  /// - Returns: `nil` if there is no such buffer or it holds no data.
  @_lifetime(borrow self)
  public func bufferBytes(_ index: Int) -> RawSpan? {
    guard buffers.indices.contains(index), let range = buffers[index].range else { return nil }
    return bytes.extracting(range)
  }

  /// An operator's code, or `nil` if the index is out of range.
  ///
  /// - Parameter op: an operator of this file.
  public func code(of op: Operator) -> OperatorCode? {
    operatorCodes.indices.contains(op.codeIndex) ? operatorCodes[op.codeIndex] : nil
  }

  /// An operator's name: that of the schema, or its own if it is a custom one.
  ///
  /// - Parameter op: an operator of this file.
  public func name(of op: Operator) -> String {
    code(of: op)?.name ?? "UNKNOWN"
  }
}

extension ModelFile {
  /// Which operator is meant, and in which version.
  public struct OperatorCode: Sendable, Hashable {
    /// The operator's number; `CUSTOM` for those that are known by name.
    public let builtin: BuiltinOperator
    /// A custom operator's name.
    public let customName: String?
    /// The version of the operator's definition, from 1.
    public let version: Int

    /// The operator's name: that of the schema, or its own if it is a custom one.
    public var name: String {
      builtin == .custom ? (customName ?? "CUSTOM without a name") : builtin.name
    }
  }

  /// A graph of operators.
  public struct Subgraph: Sendable, Hashable {
    /// The graph's name, often empty.
    public let name: String
    /// Everything that operators read and write.
    public let tensors: [Tensor]
    /// Indices of the tensors that the caller sets.
    public let inputs: [Int]
    /// Indices of the tensors that the caller reads.
    public let outputs: [Int]
    /// The operators, in the order of their execution.
    public let operators: [Operator]
  }

  /// A tensor's description.
  public struct Tensor: Sendable, Hashable {
    /// The tensor's name, often long.
    public let name: String
    /// The type of its elements.
    public let elementType: ElementType
    /// Its sizes; placeholders (usually 1) where ``shapeSignature`` has -1.
    public let shape: [Int]
    /// Its sizes with -1 where they are free, if the file says so.
    public let shapeSignature: [Int]
    /// Whether an empty shape means a scalar, as opposed to a shape that is not known.
    public let hasRank: Bool
    /// The buffer that holds its data, or one without data.
    public let buffer: Int
    /// A part of a file beside this one that holds its data; 0 for none.
    public let externalBuffer: Int
    /// How stored integers stand for real numbers.
    public let quantization: Quantization?
    /// Whether its value is kept from one run to the next.
    public let isVariable: Bool
    /// How zeros were left out of its data.
    public let sparsity: Sparsity?
  }

  /// How a constant tensor leaves out zeros.
  public struct Sparsity: Sendable, Hashable {
    /// In which order the axes, blocks behind them, are stored.
    public let traversalOrder: [Int]
    /// Which axes are divided into blocks.
    public let blockMap: [Int]
    /// For each stored axis, whether it is stored sparsely.
    public let isSparse: [Bool]
    /// Where in the file this is described.
    let position: Int
  }

  /// An operator's place in a graph.
  public struct Operator: Sendable, Hashable {
    /// Index of its code.
    public let codeIndex: Int
    /// Indices of the tensors that it reads; -1 where an optional one is left out.
    public let inputs: [Int]
    /// Indices of the tensors that it writes.
    public let outputs: [Int]
    /// Indices of tensors that only describe quantization inside the operator.
    public let intermediates: [Int]
    /// Which inputs it writes too.
    public let mutatingVariableInputs: [Bool]
    /// Its options, as a table of the schema.
    public let options: OptionsTable?
    /// Its options, for operators of the schema's second list.
    public let options2: OptionsTable?
    /// Where in the file a custom operator's options lie.
    public let customOptions: Range<Int>?
  }

  /// A table of options, looked at when the operator is translated.
  public struct OptionsTable: Sendable, Hashable {
    /// Which table it is, by its number in the schema's union.
    public let type: UInt8
    /// Where it stands in the file, or `nil` if it is missing.
    public let position: Int?
  }

  /// Constant data.
  public struct Buffer: Sendable, Hashable {
    /// Where in the file it lies, or `nil` if there is none.
    public let range: Range<Int>?
  }

  /// A named entry point: a graph, with names for its inputs and outputs.
  public struct Signature: Sendable, Hashable {
    /// The entry point's name.
    public let key: String
    /// The index of its graph.
    public let subgraph: Int
    /// Names of input tensors.
    public let inputs: [NamedTensor]
    /// Names of output tensors.
    public let outputs: [NamedTensor]
  }

  /// A tensor's name in a signature.
  public struct NamedTensor: Sendable, Hashable {
    /// The name.
    public let name: String
    /// The tensor's index in the signature's graph.
    public let tensor: Int
  }

  /// A named piece of further information.
  public struct Metadata: Sendable, Hashable {
    /// What it is.
    public let name: String
    /// The buffer that holds it.
    public let buffer: Int
  }

  /// A part of a file beside this one.
  public struct ExternalBuffer: Sendable, Hashable {
    /// The number that tensors refer to.
    public let id: Int
    /// The index of its file in ``ModelFile/externalBufferGroups``.
    public let group: Int
    /// Where in that file, in bytes.
    public let offset: UInt64
    /// Its size in bytes.
    public let length: UInt64
  }
}

extension ModelFile.Subgraph {
  /// Gives a tensor another type, without a quantization.
  mutating func retype(_ tensor: Int, _ type: ElementType) {
    let old = tensors[tensor]
    var tensors = tensors
    tensors[tensor] = ModelFile.Tensor(
      name: old.name, elementType: type, shape: old.shape, shapeSignature: old.shapeSignature, hasRank: old.hasRank,
      buffer: old.buffer, externalBuffer: old.externalBuffer, quantization: nil, isVariable: old.isVariable,
      sparsity: old.sparsity)
    self = ModelFile.Subgraph(name: name, tensors: tensors, inputs: inputs, outputs: outputs, operators: operators)
  }
}

extension ModelError {
  /// A reader's error as the model's: the file is damaged or not a model.
  ///
  /// - Parameters:
  ///   - error: the error.
  ///   - bytes: the file's.
  init(_ error: ReadError, in bytes: RawSpan) {
    var message = "the file is damaged: at byte \(error.position), \(error.message)"
    // Too few bytes for any model are another file, too.
    if error.code == .wrongIdentifier || bytes.byteCount < 8 {
      message = "this is not a TensorFlow Lite model: "
      if let description = ForeignFile(bytes).description {
        message += "it is \(description)"
      } else {
        message += "bytes 4 to 7 are not \"TFL3\""
      }
    }
    self.init(.malformedFile, message, byteOffset: error.position)
  }
}
