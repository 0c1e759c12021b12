import Testing

@testable import TinyTensor

@Suite("Cancellation")
struct CancellationTests {
  /// Cancels when an operator has run.
  private struct CancellingObserver: RunObserver {
    let canceller: RunCanceller
    let operatorIndex: Int
    var started: [Int] = []
    var finished: [Int] = []

    mutating func willRun(_ event: OperatorEvent) { started.append(event.index) }

    mutating func didRun(_ event: OperatorEvent, _ tensors: borrowing TensorReader) {
      finished.append(event.index)
      if event.index == operatorIndex { canceller.cancel() }
    }
  }

  private func session(_ test: TestModel) throws -> Session { try Model(bytes: test.bytes).makeSession() }

  private func code(_ session: inout Session) -> SessionError.Code? {
    do throws(SessionError) {
      try session.run()
      return nil
    } catch {
      #expect(error.code != .cancelled || error.message.contains("can be run again"))
      return error.code
    }
  }

  @Test("A request before a run ends that run alone")
  func beforeRun() throws {
    var session = try session(.chain(3))
    let input = try session.model.input(at: 0)
    try session.setInput(input, bytes: [1, 2, 3, 0xFF].span)
    session.canceller.cancel()
    #expect(session.canceller.isCancelled)
    #expect(code(&session) == .cancelled)
    #expect(!session.canceller.isCancelled)
    #expect(code(&session) == nil)
    #expect(try session.outputArray(session.model.output(at: 0)) == [1, 2, 3, 0])
  }

  @Test("A request that is withdrawn ends nothing")
  func withdrawn() throws {
    var session = try session(.chain(3))
    session.canceller.cancel()
    session.canceller.withdraw()
    #expect(code(&session) == nil)
  }

  @Test("A cancelled session of one model leaves the others alone")
  func otherSession() throws {
    let model = try Model(bytes: TestModel.chain(2).bytes)
    let first = try model.makeSession()
    var second = try model.makeSession()
    first.canceller.cancel()
    try second.run()
    #expect(first.canceller.isCancelled)
  }

  @Test("An observer ends the run before the next operator")
  func fromObserver() throws {
    var session = try session(.chain(4))
    var observer = CancellingObserver(canceller: session.canceller, operatorIndex: 1)
    #expect(throws: SessionError.self) { try session.run(observer: &observer) }
    #expect(observer.started == [0, 1])
    #expect(observer.finished == [0, 1])
    #expect(code(&session) == nil)

    // Too late for its own run: all operators have run.
    var last = CancellingObserver(canceller: session.canceller, operatorIndex: 3)
    try session.run(observer: &last)
    #expect(last.finished == [0, 1, 2, 3])
    #expect(code(&session) == .cancelled)
  }

  @Test("Runs are cancelled from another thread, and run again")
  func fromOtherThread() async throws {
    var session = try session(.chain(8))
    try session.setInput(session.model.input(at: 0), bytes: [1, 2, 3, 0xFF].span)
    let canceller = session.canceller
    let asker = Task.detached { [canceller] in
      while !Task.isCancelled {
        canceller.cancel()
        await Task.yield()
      }
    }
    var counts = (cancelled: 0, completed: 0)
    while counts.cancelled < 100 {
      switch code(&session) {
      case .cancelled?: counts.cancelled += 1
      case nil: counts.completed += 1
      default: Issue.record("a run ended with another error")
      }
      if counts.completed % 64 == 63 { await Task.yield() }
    }
    asker.cancel()
    await asker.value
    canceller.withdraw()
    #expect(code(&session) == nil)
    #expect(try session.outputArray(session.model.output(at: 0)) == [1, 2, 3, 0])
  }

  /// Adds the input to a variable; gives the sum.
  private var accumulator: TestModel {
    var test = TestModel()
    let options: (type: UInt8, table: FlatTable) = (111, FlatTable([1: .string("state")]))
    let input = test.input([2], .int8, scale: 1)
    let handle = test.tensor("handle", [], .resource)
    let state = test.tensor("state", [2], .int8, scale: 1)
    let sum = test.tensor("sum", [2], .int8, scale: 1)
    let output = test.output([2], .int8, scale: 1)
    test.add(.varHandle, [], [handle], options: options)
    test.add(.readVariable, [handle], [state])
    test.add(.add, [input, state], [sum], options: Options.add())
    test.add(.assignVariable, [handle, sum], [])
    test.add(.relu, [sum], [output])
    return test
  }

  @Test("Variables keep what was written before the end of a cancelled run")
  func variables() throws {
    var session = try session(accumulator)
    try session.setInput(session.model.input(at: 0), bytes: [3, 4].span)
    var observer = CancellingObserver(canceller: session.canceller, operatorIndex: 3)
    #expect(throws: SessionError.self) { try session.run(observer: &observer) }
    #expect(observer.finished.last == 3)
    #expect(code(&session) == nil)
    #expect(try session.outputArray(session.model.output(at: 0)) == [6, 8])
    session.reset()
    try session.setInput(session.model.input(at: 0), bytes: [3, 4].span)
    #expect(code(&session) == nil)
    #expect(try session.outputArray(session.model.output(at: 0)) == [3, 4])
  }
}
