import TinyTensor

/// Why a command ended without success.
struct Failure: Error {
  /// The exit statuses that the tool promises, beside 0.
  enum Status: Int32 {
    /// A check that was asked for did not hold.
    case checkFailed = 1
    /// The command line was not understood.
    case usage = 2
    /// A model or an input was refused, or a file could not be read or written.
    case refused = 3
    /// A device is not available.
    case device = 4
  }

  let status: Status
  let message: String

  init(_ status: Status, _ message: String) {
    self.status = status
    self.message = message
  }

  /// Any error as the status and the sentence that the tool ends with.
  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as ModelError:
      self.init(error.code.isAboutDevice ? .device : .refused, error.message)
    case let error as SessionError: self.init(error.code.isAboutDevice ? .device : .refused, error.message)
    default: self.init(.refused, "\(error)")
    }
  }

  /// The failure with a file's name in front, unless it is there already.
  func about(_ path: String) -> Failure {
    message.contains(path) ? self : Failure(status, "\(path): \(message)")
  }
}
