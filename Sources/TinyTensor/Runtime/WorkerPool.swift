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
  /// Every thread has neighbouring parts of a job as its own, the caller the first ones: operators that follow each
  /// other divide their images in the same way, so that a thread mostly reads what it wrote. A thread that is through
  /// takes the last parts of another one. What is left to a thread is one word, its ``Share``; whoever takes a
  /// part does so by an exchange of that word. The job's owner returns only when all parts are done, so that a part that
  /// was taken keeps the job's fields valid.
  @safe
  final class WorkerPool: @unchecked Sendable {
    static let shared = WorkerPool()

    /// Does one part of the work that a pointer leads to.
    typealias Part = @Sendable (_ work: UnsafeRawPointer, _ part: Int) -> Void

    /// Processors that this process may use.
    static let processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    /// How often a worker looks for work before it sleeps: some tens of microseconds.
    private static let patience = 30_000

    /// What is left to each thread; the first is that of the job's owner.
    private let shares: UnsafeMutablePointer<SharePlace>
    private let finished = Atomic<Int>(0)
    private let isBusy = Atomic<Bool>(false)
    private let sleepers = Atomic<Int>(0)
    /// Threads that take part in the current job.
    private let participants = Atomic<Int>(1)
    private let workerCount = Atomic<Int>(0)
    // Written by the owner of a job before its shares, read after a part was taken.
    private var work: UnsafeRawPointer
    private var runPart: Part
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    private init() {
      unsafe mutex = .allocate(capacity: 1)
      unsafe condition = .allocate(capacity: 1)
      unsafe pthread_mutex_init(mutex, nil)
      unsafe pthread_cond_init(condition, nil)
      unsafe shares = .allocate(capacity: Self.processors)
      for index in 0..<Self.processors { unsafe (shares + index).initialize(to: SharePlace()) }
      unsafe work = UnsafeRawPointer(mutex)
      unsafe runPart = { _, _ in }
    }

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
      let number = workerCount.load(ordering: .relaxed) + 1
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
      workerCount.store(number, ordering: .relaxed)
      return true
    }

    /// Does all parts of some work, with up to `threads` threads, this one among them. Returns when all are done.
    ///
    /// - Parameters:
    ///   - threads: at least 1, at most what ``prepare(threads:)`` returned.
    ///   - parts: how many parts there are, below `2^31`.
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
      participants.store(threads, ordering: .relaxed)
      for thread in 0..<threads {
        let share = Share(next: parts * thread / threads, end: parts * (thread + 1) / threads)
        unsafe shares[thread].word.store(share.word, ordering: .releasing)
      }
      // Either this sees a worker that is about to sleep, or that worker sees its share.
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      if sleepers.load(ordering: .relaxed) > 0 { wake() }
      let done = runParts(thread: 0)
      while finished.load(ordering: .acquiring) < parts - done {}
      isBusy.store(false, ordering: .releasing)
    }

    /// Does parts until none is left: a thread's own, then those of others. Returns how many.
    ///
    /// A job cannot end before these are counted, so that all are of one job and its fields stay valid.
    private func runParts(thread: Int) -> Int {
      var done = 0
      while let part = takeFirst(of: thread) {
        unsafe runPart(work, part)
        done += 1
      }
      let threads = participants.load(ordering: .relaxed)
      var other = thread + 1
      for _ in 1..<max(threads, 1) {
        if other >= threads { other = 0 }
        while let part = takeLast(of: other) {
          unsafe runPart(work, part)
          done += 1
        }
        other += 1
      }
      return done
    }

    /// The first part of what is left to a thread, or `nil` if there is none.
    @inline(__always)
    private func takeFirst(of thread: Int) -> Int? {
      var seen = unsafe shares[thread].word.load(ordering: .relaxed)
      while let share = Share(word: seen) {
        let rest = Share(next: share.next + 1, end: share.end)
        let (exchanged, original) = unsafe shares[thread].word.compareExchange(
          expected: seen, desired: rest.word, ordering: .acquiring)
        if exchanged { return share.next }
        seen = original
      }
      return nil
    }

    /// The last part of what is left to a thread, or `nil` if there is none.
    @inline(__always)
    private func takeLast(of thread: Int) -> Int? {
      var seen = unsafe shares[thread].word.load(ordering: .relaxed)
      while let share = Share(word: seen) {
        let rest = Share(next: share.next, end: share.end - 1)
        let (exchanged, original) = unsafe shares[thread].word.compareExchange(
          expected: seen, desired: rest.word, ordering: .acquiring)
        if exchanged { return share.end - 1 }
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
      var tries = 0
      while true {
        if Share(word: unsafe shares[number].word.load(ordering: .relaxed)) != nil {
          let done = runParts(thread: number)
          if done > 0 { finished.add(done, ordering: .releasing) }
          tries = 0
        } else {
          tries += 1
          if tries >= Self.patience {
            sleep(number)
            tries = 0
          }
        }
      }
    }

    /// Sleeps until there are parts for a worker.
    private func sleep(_ number: Int) {
      unsafe pthread_mutex_lock(mutex)
      sleepers.add(1, ordering: .sequentiallyConsistent)
      while Share(word: unsafe shares[number].word.load(ordering: .sequentiallyConsistent)) == nil {
        unsafe pthread_cond_wait(condition, mutex)
      }
      sleepers.subtract(1, ordering: .sequentiallyConsistent)
      unsafe pthread_mutex_unlock(mutex)
    }
  }

  /// The parts of a job that are left to a thread: `next ..< end`.
  ///
  /// In one word without the job's number: who finds a word as it was before finds the same parts to take, of whichever
  /// job.
  private struct Share: BitwiseCopyable {
    let next: Int
    let end: Int

    init(next: Int, end: Int) {
      self.next = next
      self.end = end
    }

    /// `nil` if nothing is left.
    init?(word: UInt64) {
      next = Int(word >> 32)
      end = Int(word & 0xFFFF_FFFF)
      if next >= end { return nil }
    }

    var word: UInt64 { UInt64(next) << 32 | UInt64(end) }
  }

  /// A ``Share`` with its cache lines to itself: two, since processors fetch lines in pairs.
  private struct SharePlace: ~Copyable {
    let word = Atomic<UInt64>(0)
    private let rest: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0)
    private let next: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
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

  /// Into how many parts to divide an operator's work.
  ///
  /// Handing a part to another thread and waiting for it takes some tenths of a microsecond. Long work is cut into
  /// several parts a thread, so that a thread that was held up does not hold up the others.
  ///
  /// - Parameters:
  ///   - nanoseconds: about how long one thread would work.
  ///   - units: what it can be divided into.
  @inline(__always)
  func parts(nanoseconds: Double, units: Int) -> Int {
    guard threads > 1, nanoseconds >= 1_200 else { return 1 }
    let each = Int(max(1, min(4, nanoseconds / Double(threads * 8_000))))
    return max(1, min(threads * each, units))
  }

  /// Does all parts of some work; returns when all are done.
  ///
  /// - Parameters:
  ///   - parts: how many parts there are, below `2^31`.
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
