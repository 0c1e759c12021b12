import Synchronization

/// Ends the loading of a model from elsewhere: from another thread, or a signal of the user's.
///
/// A load looks for a request before each operator, and ends with a ``ModelError`` of code
/// ``ModelError/Code/cancelled``. The request stands until it is withdrawn: it ends all loads that were given this
/// canceller, those that begin later, too.
///
/// ```swift
/// let canceller = LoadCanceller()
/// var options = ModelOptions()
/// options.canceller = canceller
/// let watch = Task {
///   try await Task.sleep(for: .seconds(1))
///   canceller.cancel()
/// }
/// do {
///   let model = try Model(path: "upload.tflite", options: options)
///   print(model.multiplyAccumulates)
/// } catch {
///   if error.code == .cancelled { print("took too long") }
/// }
/// watch.cancel()
/// ```
public final class LoadCanceller: Sendable {
  private let isRequested = Atomic<Bool>(false)

  /// A canceller without a request.
  public init() {}

  /// Asks for the end of the loads.
  ///
  /// May be called at any time and from any thread; it does not wait for the end.
  public func cancel() { isRequested.store(true, ordering: .relaxed) }

  /// Takes the request back.
  public func withdraw() { isRequested.store(false, ordering: .relaxed) }

  /// Whether there is a request.
  public var isCancelled: Bool { isRequested.load(ordering: .relaxed) }
}
