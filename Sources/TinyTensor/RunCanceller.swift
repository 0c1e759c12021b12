import Synchronization

/// Ends a session's run from elsewhere: from another thread, a signal of the user's, or an observer of the run.
///
/// A run looks for a request before each operator, also in graphs that operators call, and ends with a
/// ``SessionError`` of code ``SessionError/Code/cancelled``. That run has answered the request, and the session can be
/// run again at once. No request is lost: one that comes while nothing runs, or during the last operator of a run, is
/// answered by the run after it, unless it is withdrawn.
///
/// Variables and outputs hold what the operators before the end of the run have written. ``Session/reset()`` puts
/// variables back.
///
/// ```swift
/// let canceller = session.canceller
/// let watch = Task {
///   try await Task.sleep(for: .milliseconds(50))
///   canceller.cancel()
/// }
/// do {
///   try session.run()
/// } catch {
///   if error.code == .cancelled { print("took too long") }
/// }
/// watch.cancel()
/// canceller.withdraw()
/// ```
public final class RunCanceller: Sendable {
  private let isRequested = Atomic<Bool>(false)

  init() {}

  /// Asks for the end of the run.
  ///
  /// May be called at any time and from any thread; it does not wait for the end.
  public func cancel() { isRequested.store(true, ordering: .relaxed) }

  /// Takes back a request that no run has answered.
  public func withdraw() { isRequested.store(false, ordering: .relaxed) }

  /// Whether there is a request that no run has answered.
  public var isCancelled: Bool { isRequested.load(ordering: .relaxed) }

  /// Throws if there is a request, which is thereby answered.
  @inline(__always)
  func check() throws(SessionError) {
    if isRequested.load(ordering: .relaxed) { throw answer() }
  }

  @inline(never)
  private func answer() -> SessionError {
    isRequested.store(false, ordering: .relaxed)
    return SessionError(.cancelled, "the run was cancelled before its end; the session can be run again")
  }
}
