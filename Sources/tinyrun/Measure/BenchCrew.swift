import Synchronization
import TinyTensor

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#else
  import Glibc
#endif

/// Sessions of one model that are measured at the same time, the first on the thread that asks, each of the others on
/// one of its own.
///
/// All are warm before the first timed run of any, and no thread ends before the last timed run of all: making and
/// ending threads takes time and memory that are not the model's.
final class BenchCrew: Sendable {
  struct Outcome {
    /// Of each session.
    let samples: [Samples]
    /// From the first timed run to the end of the last.
    let nanoseconds: UInt64
    /// Calls of the allocator in that time, or `nil` if they cannot be counted.
    let allocatorCalls: Int?
    let peakResidentBytes: Int
  }

  private enum Phase {
    static let warming = 0
    static let measuring = 1
    static let over = 2
  }

  private let model: Model
  private let inputs: BenchInputs
  private let plan: BenchPlan
  private let count: Int
  private let phase = Atomic<Int>(Phase.warming)
  private let warm = Atomic<Int>(0)
  private let measured = Atomic<Int>(0)
  private let gone = Atomic<Int>(0)
  /// One for each session but the first.
  private let places: [Place]

  /// What a session's thread leaves. Unchecked: the thread writes it before it counts itself as gone, and it is read when
  /// all are.
  private final class Place: @unchecked Sendable {
    var result: Result<Samples, any Error>?
  }

  init(_ model: Model, _ inputs: BenchInputs, _ plan: BenchPlan, sessions: Int) {
    self.model = model
    self.inputs = inputs
    self.plan = plan
    count = sessions
    places = (1..<sessions).map { _ in Place() }
  }

  /// Measures all sessions.
  ///
  /// - Parameter session: the first of them, with its inputs set.
  func run(_ session: inout Session) throws -> Outcome {
    // Before there are other threads: a first call that another one makes meanwhile could undo it.
    let isCounting = AllocationCalls.start()
    for place in places {
      guard WorkThread.start({ self.workAside(place) }) else {
        throw Failure(.refused, "the system has no more threads for \(count) sessions")
      }
    }
    var recorder = SampleRecorder(capacity: plan.length.sampleCapacity)
    let warming = attempt { try plan.warmUp(&session) }
    wait { warm.load(ordering: .acquiring) == count - 1 }

    let callsBefore = AllocationCalls.count
    let start = MonotonicClock.now()
    phase.store(Phase.measuring, ordering: .releasing)
    let failure = warming ?? attempt { try plan.measure(&session, &recorder) }
    wait { measured.load(ordering: .acquiring) == count - 1 }
    let nanoseconds = MonotonicClock.now() - start
    let calls = AllocationCalls.count - callsBefore

    let peak = Machine.peakResidentBytes
    phase.store(Phase.over, ordering: .releasing)
    wait { gone.load(ordering: .acquiring) == count - 1 }
    if let failure { throw failure }
    let others = try places.compactMap { try $0.result?.get() }
    return Outcome(
      samples: [recorder.samples] + others, nanoseconds: nanoseconds, allocatorCalls: isCounting ? calls : nil,
      peakResidentBytes: peak)
  }

  /// A session on a thread of its own.
  private func workAside(_ place: Place) {
    var recorder = SampleRecorder(capacity: plan.length.sampleCapacity)
    var failure: (any Error)?
    do {
      var session = try model.makeSession()
      try inputs.set(&session)
      try plan.warmUp(&session)
      warm.add(1, ordering: .releasing)
      wait { phase.load(ordering: .acquiring) >= Phase.measuring }
      failure = attempt { try plan.measure(&session, &recorder) }
    } catch {
      failure = error
      warm.add(1, ordering: .releasing)
    }
    measured.add(1, ordering: .releasing)
    wait { phase.load(ordering: .acquiring) >= Phase.over }
    let samples = recorder.samples
    place.result = failure.map { .failure($0) } ?? .success(samples)
    gone.add(1, ordering: .releasing)
  }

  private func attempt(_ body: () throws -> Void) -> (any Error)? {
    do {
      try body()
      return nil
    } catch {
      return error
    }
  }

  /// Sleeps until something holds, and looks often enough for measurements of microseconds.
  private func wait(until isSo: () -> Bool) {
    while !isSo() { usleep(20) }
  }
}

/// A thread that does one thing and ends.
private enum WorkThread {
  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts a thread; returns whether the system gave one.
  static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
    let work = unsafe Unmanaged.passRetained(Work(body))
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    // Sound: the thread takes over the reference.
    let failed = unsafe pthread_create(
      &thread, nil,
      { argument in
        #if canImport(Darwin)
          let work = unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
        #else
          guard let argument = unsafe argument else { return nil }
          let work = unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
        #endif
        work.body()
        return nil
      }, work.toOpaque())
    guard failed == 0 else {
      unsafe work.release()
      return false
    }
    #if canImport(Darwin)
      if let thread = unsafe thread { unsafe pthread_detach(thread) }
    #else
      pthread_detach(thread)
    #endif
    return true
  }
}
