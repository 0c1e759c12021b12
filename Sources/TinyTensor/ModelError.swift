/// Why a model was refused. Thrown while a model is loaded; a model that has loaded does not throw it any more.
public struct ModelError: Error, Sendable, Hashable {
  /// The kinds of error. More may be added in later versions.
  public struct Code: Sendable, Hashable {
    let number: UInt8

    /// The file could not be opened or mapped.
    public static let fileNotReadable = Code(number: 0)
    /// The bytes are not a TensorFlow Lite model, or a damaged one.
    public static let malformedFile = Code(number: 1)
    /// The file has a schema version, or uses a part of the schema, that this library does not read.
    public static let unsupportedFile = Code(number: 2)
    /// Operators that this library does not have, or has only in older versions; the message names all of them.
    public static let unsupportedOperator = Code(number: 3)
    /// The operators and tensors do not form a graph that can run.
    public static let invalidGraph = Code(number: 4)
    /// An operator's options, or the shapes, types or quantization of its tensors, are not ones that it can have.
    public static let invalidOperator = Code(number: 5)
    /// A tensor or the arena would be larger than ``ModelOptions/Limits`` allow, or memory ran out.
    public static let tooLarge = Code(number: 6)
    /// The model holds operators that were compiled for a device other than the one that was asked for.
    public static let wrongDevice = Code(number: 7)
    /// The device is not there.
    public static let deviceUnavailable = Code(number: 8)
    /// There is no input, output or signature of that name; the message lists those that exist.
    public static let unknownName = Code(number: 9)
  }

  /// What kind of error it is.
  public var code: Code
  /// One sentence that says what is wrong and, where that can be known, what to do.
  public var message: String
  /// Where in the file, in bytes from its beginning, if the error belongs to a place.
  public var byteOffset: Int?
  /// The operator's index in its subgraph, if the error belongs to an operator.
  public var operatorIndex: Int?
  /// The tensor's name, if the error belongs to a tensor.
  public var tensorName: String?

  init(
    _ code: Code, _ message: String, byteOffset: Int? = nil, operatorIndex: Int? = nil, tensorName: String? = nil
  ) {
    self.code = code
    self.message = message
    self.byteOffset = byteOffset
    self.operatorIndex = operatorIndex
    self.tensorName = tensorName
  }
}

extension ModelError: CustomStringConvertible {
  /// The message.
  public var description: String { message }
}

/// Why a session refused a request, which has changed nothing, or ended a run, which may have changed variables and
/// outputs.
public struct SessionError: Error, Sendable, Hashable {
  /// The kinds of error. More may be added in later versions.
  public struct Code: Sendable, Hashable {
    let number: UInt8

    /// The tensor stores another type than the one that was asked for.
    public static let elementTypeMismatch = Code(number: 0)
    /// The data has another count of elements than the tensor.
    public static let countMismatch = Code(number: 1)
    /// The handle belongs to another model.
    public static let wrongModel = Code(number: 2)
    /// The tensor cannot be read or set in this way.
    public static let unsupportedConversion = Code(number: 3)
    /// Data that arrived in a run, such as an index, is not what an operator can use.
    public static let invalidData = Code(number: 4)
    /// The run was ended by the session's ``Session/canceller``; the session can be run again.
    public static let cancelled = Code(number: 5)
  }

  /// What kind of error it is.
  public var code: Code
  /// One sentence that says what is wrong and what to do.
  public var message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }
}

extension SessionError: CustomStringConvertible {
  /// The message.
  public var description: String { message }
}
