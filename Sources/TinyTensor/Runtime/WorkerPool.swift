#if !hasFeature(Embedded) && !os(Windows) && !os(WASI)
  import Synchronization
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #elseif canImport(Android)
    import Android
  #elseif canImport(Darwin)
    import Darwin
  #endif

  /// Threads that help sessions with the parts of one operator: one pool a process, shared by all sessions.
  ///
  /// One job at a time: a session that finds the pool busy does its work alone, so that a process never has more running
  /// threads than processors and a session never waits for another one. A worker that has nothing to do looks for work
  /// for a short while and then sleeps.
  ///
  /// A job is published as a ticket of its number and the count of parts that nobody has taken. Whoever takes a part
  /// does so by an exchange of the ticket, which fails once the number has changed; the job's owner returns only when
  /// all parts are done, so that a part that was taken keeps the job's fields valid.
  @safe
  final class WorkerPool: @unchecked Sendable {
    static let shared = WorkerPool()

    /// Does one part of the work that a pointer leads to.
    typealias Part = @Sendable (_ work: UnsafeRawPointer, _ part: Int) -> Void

    /// How often a worker looks for work before it sleeps: some tens of microseconds.
    private static let patience = 20_000

    private let ticket = Atomic<UInt64>(0)
    private let finished = Atomic<Int>(0)
    private let isBusy = Atomic<Bool>(false)
    private let sleepers = Atomic<Int>(0)
    /// Workers that take part in the current job.
    private let limit = Atomic<Int>(0)
    private let workerCount = Atomic<Int>(0)
    // Written by the owner of a job before its ticket, read after a part was taken.
    private var work: UnsafeRawPointer
    private var runPart: Part
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    private init() {
      unsafe mutex = .allocate(capacity: 1)
      unsafe condition = .allocate(capacity: 1)
      unsafe pthread_mutex_init(mutex, nil)
      unsafe pthread_cond_init(condition, nil)
      unsafe work = UnsafeRawPointer(mutex)
      unsafe runPart = { _, _ in }
    }

    /// Processors that this process may use.
    static let processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    /// Makes sure that there are threads for `threads` of a session's, the caller's among them; returns how many of them
    /// can work at one time.
    func prepare(threads: Int) -> Int {
      let wanted = min(threads, Self.processors)
      guard wanted > 1 else { return 1 }
      unsafe pthread_mutex_lock(mutex)
      while workerCount.load(ordering: .relaxed) < wanted - 1, startWorker() {}
      unsafe pthread_mutex_unlock(mutex)
      return min(wanted, workerCount.load(ordering: .relaxed) + 1)
    }

    /// Starts one thread; returns whether the system gave one.
    private func startWorker() -> Bool {
      let number = workerCount.load(ordering: .relaxed)
      let start = unsafe Unmanaged.passRetained(WorkerStart(number))
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
            let start = unsafe Unmanaged<WorkerStart>.fromOpaque(argument).takeRetainedValue()
          #else
            guard let argument = unsafe argument else { return nil }
            let start = unsafe Unmanaged<WorkerStart>.fromOpaque(argument).takeRetainedValue()
          #endif
          WorkerPool.shared.loop(start.number)
        }, start.toOpaque())
      if failed != 0 {
        unsafe start.release()
        return false
      }
      #if canImport(Darwin)
        if let thread = unsafe thread { unsafe pthread_detach(thread) }
      #else
        pthread_detach(thread)
      #endif
      workerCount.store(number + 1, ordering: .relaxed)
      return true
    }

    /// Does all parts of some work, with up to `threads` threads, this one among them. Returns when all are done.
    ///
    /// - Parameters:
    ///   - threads: at least 1.
    ///   - parts: how many parts there are: at least 1, below `2^31`.
    ///   - work: what a part's function gets.
    ///   - runPart: does one part.
    func run(threads: Int, parts: Int, _ work: UnsafeRawPointer, _ runPart: @escaping Part) {
      if threads <= 1 || parts <= 1 || isBusy.exchange(true, ordering: .acquiring) {
        for part in 0..<parts { unsafe runPart(work, part) }
        return
      }
      unsafe self.work = work
      unsafe self.runPart = runPart
      finished.store(0, ordering: .relaxed)
      limit.store(threads - 1, ordering: .relaxed)
      let job = (ticket.load(ordering: .relaxed) >> 32 &+ 1) & 0xFFFF_FFFF
      ticket.store(job << 32 | UInt64(parts), ordering: .sequentiallyConsistent)
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wake() }
      while let part = take(job) {
        unsafe runPart(work, part)
        finished.add(1, ordering: .releasing)
      }
      while finished.load(ordering: .acquiring) < parts {}
      isBusy.store(false, ordering: .releasing)
    }

    /// A part of the job of that number, or `nil` if none is left.
    @inline(__always)
    private func take(_ job: UInt64) -> Int? {
      var seen = ticket.load(ordering: .acquiring)
      while seen >> 32 == job, seen & 0xFFFF_FFFF > 0 {
        let (exchanged, original) = ticket.compareExchange(
          expected: seen, desired: seen - 1, ordering: .acquiringAndReleasing)
        if exchanged { return Int(seen & 0xFFFF_FFFF) - 1 }
        seen = original
      }
      return nil
    }

    private func wake() {
      unsafe pthread_mutex_lock(mutex)
      unsafe pthread_cond_broadcast(condition)
      unsafe pthread_mutex_unlock(mutex)
    }

    /// A worker's life: it takes parts of jobs as they come.
    private func loop(_ number: Int) -> Never {
      var last: UInt64 = 0
      var tries = 0
      while true {
        let seen = ticket.load(ordering: .acquiring)
        let job = seen >> 32
        if job != last, seen & 0xFFFF_FFFF > 0, number < limit.load(ordering: .relaxed) {
          tries = 0
          last = job
          while let part = take(job) {
            // The job cannot end before this part is counted: its fields are valid.
            unsafe runPart(work, part)
            finished.add(1, ordering: .releasing)
          }
        } else {
          tries += 1
          if tries >= Self.patience {
            sleep(number, seen)
            tries = 0
          }
        }
      }
    }

    /// Sleeps until there is a job that was not there when `seen` was read.
    private func sleep(_ number: Int, _ seen: UInt64) {
      unsafe pthread_mutex_lock(mutex)
      sleepers.add(1, ordering: .sequentiallyConsistent)
      while ticket.load(ordering: .sequentiallyConsistent) >> 32 == seen >> 32 {
        unsafe pthread_cond_wait(condition, mutex)
      }
      sleepers.subtract(1, ordering: .sequentiallyConsistent)
      unsafe pthread_mutex_unlock(mutex)
    }
  }

  private final class WorkerStart {
    let number: Int
    init(_ number: Int) { self.number = number }
  }
#endif

/// How the parts of an operator are divided among threads.
@safe
struct Workers: BitwiseCopyable, Sendable {
  /// Threads that may work on one run, the caller's among them.
  let threads: Int

  /// The caller's thread alone.
  static let one = Workers(threads: 1)

  private init(threads: Int) { self.threads = threads }

  /// Threads for a session.
  init(for options: CPUOptions) {
    #if !hasFeature(Embedded) && !os(Windows) && !os(WASI)
      threads = options.threads > 1 ? WorkerPool.shared.prepare(threads: options.threads) : 1
    #else
      threads = 1
    #endif
  }

  /// Does all parts of some work; returns when all are done.
  ///
  /// - Parameters:
  ///   - parts: how many parts there are.
  ///   - work: what every part gets.
  ///   - runPart: does one part; parts run at the same time and must not write the same memory.
  @inline(__always)
  func run(parts: Int, _ work: UnsafeRawPointer, _ runPart: @escaping @Sendable (UnsafeRawPointer, Int) -> Void) {
    #if !hasFeature(Embedded) && !os(Windows) && !os(WASI)
      unsafe WorkerPool.shared.run(threads: threads, parts: parts, work, runPart)
    #else
      for part in 0..<parts { unsafe runPart(work, part) }
    #endif
  }
}

/// The part of `0 ..< count` that falls to one of several parts, in whole steps.
@inline(__always)
func share(of count: Int, step: Int, part: Int, of parts: Int) -> Range<Int> {
  let steps = (count + step - 1) / step
  let lower = min(count, steps * part / parts * step)
  return lower..<max(lower, min(count, steps * (part + 1) / parts * step))
}
