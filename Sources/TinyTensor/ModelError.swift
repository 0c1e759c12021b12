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
    /// A choice that was made for the model or its device cannot be had.
    public static let invalidOption = Code(number: 10)
    /// libedgetpu is not installed.
    public static let libraryNotFound = Code(number: 11)
    /// libedgetpu is there, but cannot be loaded, lacks a function, or is built for another layout of tensors.
    public static let libraryUnusable = Code(number: 12)
    /// libedgetpu is older than this library needs.
    public static let libraryTooOld = Code(number: 13)
    /// This user may not use the device.
    public static let deviceNotPermitted = Code(number: 14)
    /// The device is there but could not be opened.
    public static let deviceNotOpened = Code(number: 15)
    /// The model was compiled for a newer libedgetpu than the one that is installed.
    public static let packageTooNew = Code(number: 16)
    /// A compiled operator's tensors are not those of the executable that it carries.
    public static let packageMismatch = Code(number: 17)
    /// libedgetpu refused a compiled operator; the message has its reason.
    public static let deviceRefused = Code(number: 18)
    /// The helper process of an isolated device could not be started, or is gone.
    public static let helperFailed = Code(number: 19)
    /// The load was cancelled by ``ModelOptions/canceller``.
    public static let cancelled = Code(number: 20)

    /// Whether a device or its library is what is wrong, and not the model.
    public var isAboutDevice: Bool {
      switch self {
      case .deviceUnavailable, .libraryNotFound, .libraryUnusable, .libraryTooOld, .deviceNotPermitted,
        .deviceNotOpened, .packageTooNew, .helperFailed:
        true
      default: false
      }
    }
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
  /// What a run would have to tell first, where that is all that is wrong.
  var deferral: Deferral?

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

/// Why an operator cannot be translated before a run.
enum Deferral: Sendable, Hashable {
  /// It needs the elements of a tensor.
  case value(Int)
  /// It calls graphs whose shapes a run decides.
  case graphs
}

extension ModelError {
  /// The same error, of an operator that can be translated once a run has told something.
  func deferred(_ deferral: Deferral) -> ModelError {
    var error = self
    error.deferral = deferral
    return error
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
    /// The device could not run an operator; the session can be run again.
    public static let deviceFailed = Code(number: 6)
    /// The device is gone: unplugged, or its helper process has ended. Load the model anew when it is back.
    public static let deviceLost = Code(number: 7)
    /// A tensor whose shape a run decides is larger than its bound, or than ``ModelOptions/Limits`` allow.
    public static let tooLarge = Code(number: 8)

    /// Whether a device is what is wrong, and not the data.
    public var isAboutDevice: Bool { self == .deviceFailed || self == .deviceLost }
  }

  /// What kind of error it is.
  public var code: Code
  /// One sentence that says what is wrong and what to do.
  public var message: String
  /// The operator's index in ``Model/operators``, if an operator ended the run; that of the call, the branch or the
  /// loop where it is in a graph that one of these runs.
  public var operatorIndex: Int?

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }
}

extension SessionError {
  /// The same error, with the operator in which it arose.
  ///
  /// - Parameters:
  ///   - operatorIndex: the operator's index in its subgraph.
  ///   - name: its name.
  ///   - subgraph: the subgraph's index, where another graph runs it.
  func located(operatorIndex: Int, name: String, subgraph: Int?) -> SessionError {
    guard code != .cancelled else { return self }
    var error = self
    error.operatorIndex = operatorIndex
    if !code.isAboutDevice {
      let place = subgraph.map { " of subgraph \($0)" } ?? ""
      error.message = "operator \(operatorIndex) (\(name))\(place): \(message)"
    }
    return error
  }
}

extension SessionError: CustomStringConvertible {
  /// The message.
  public var description: String { message }
}
