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
  /// takes the last parts of another one. Who takes parts takes half of what is left, so that they are few while there
  /// are many, and one alone at the end, when the threads have to become ready together.
  ///
  /// What a thread needs to know of a job stands in its ``Seat``: the way of that cache line from the caller to the
  /// thread and back is most of what a small job costs. What is left to a thread is one word there, a ``Share``; whoever
  /// takes parts does so by an exchange of that word, and then reads the job beside it. The job's owner returns only
  /// when all parts are counted, so that the seat stays as it is until then.
  @safe
  final class WorkerPool: @unchecked Sendable {
    static let shared = WorkerPool(threads: processors)

    /// Does neighbouring parts of the work that a pointer leads to.
    typealias Part = @Sendable (_ work: UnsafeRawPointer, _ part: Range<Int>) -> Void

    /// Processors that this process may use: those of the machine, or the part of them that it was given, as by
    /// `taskset`.
    static let processors: Int = {
      let all = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
      #if os(Linux) || os(Android)
        // The C library hides it from headers that ask for POSIX alone. `nil` stands for all that is loaded.
        typealias Affinity = @convention(c) (pid_t, Int, UnsafeMutableRawPointer) -> Int32
        guard let function = unsafe dlsym(nil, "sched_getaffinity") else { return all }
        // Sound: this is the function's type.
        let affinity = unsafe unsafeBitCast(function, to: Affinity.self)
        // A bit for each of 8,192 processors; where there are more, the call fails, and all count.
        var set = [UInt64](repeating: 0, count: 128)
        let status = unsafe set.withUnsafeMutableBytes { bytes in
          unsafe bytes.baseAddress.map { unsafe affinity(0, bytes.count, $0) } ?? -1
        }
        let count = set.reduce(0) { $0 + $1.nonzeroBitCount }
        return status >= 0 && count > 0 ? min(count, all) : all
      #else
        return all
      #endif
    }()

    /// How often a worker looks for work before it sleeps: some tens of microseconds.
    private static let patience = 30_000

    /// How often the owner of a job looks whether it is done before it lets others run: a worker that has parts may be
    /// waiting for this very processor.
    private static let looksBeforeYield = 2_000

    /// One a thread; the first is that of the job's owner.
    private let seats: UnsafeMutablePointer<Seat>
    private let isBusy = Atomic<Bool>(false)
    private let sleepers = Atomic<Int>(0)
    private let workerCount = Atomic<Int>(0)
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    /// Threads that can work at one time, the caller's among them.
    private let capacity: Int

    /// - Parameter threads: how many can work at one time, the caller's among them: at least 1.
    init(threads: Int) {
      capacity = threads
      unsafe mutex = .allocate(capacity: 1)
      unsafe condition = .allocate(capacity: 1)
      unsafe pthread_mutex_init(mutex, nil)
      unsafe pthread_cond_init(condition, nil)
      // Never given back, as the pool is.
      let memory = UnsafeMutableRawPointer.allocate(
        byteCount: threads * MemoryLayout<Seat>.stride, alignment: Seat.alignment)
      unsafe seats = memory.bindMemory(to: Seat.self, capacity: threads)
      for index in 0..<threads { unsafe (seats + index).initialize(to: Seat()) }
    }

    /// Makes sure that there are threads for `threads` of a session's, the caller's among them; returns how many of them
    /// can work at one time.
    func prepare(threads: Int) -> Int {
      let wanted = min(threads, capacity)
      guard wanted > 1 else { return 1 }
      unsafe pthread_mutex_lock(mutex)
      while workerCount.load(ordering: .relaxed) < wanted - 1, startWorker() {}
      unsafe pthread_mutex_unlock(mutex)
      return min(wanted, workerCount.load(ordering: .relaxed) + 1)
    }

    /// Starts one thread; returns whether the system gave one.
    private func startWorker() -> Bool {
      let number = workerCount.load(ordering: .relaxed) + 1
      let start = unsafe Unmanaged.passRetained(WorkerStart(self, number))
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
          start.pool.loop(start.number)
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
    ///   - runPart: does parts.
    func run(threads: Int, parts: Int, _ work: UnsafeRawPointer, _ runPart: @escaping Part) {
      if threads <= 1 || parts <= 1 || isBusy.exchange(true, ordering: .acquiring) {
        unsafe runPart(work, 0..<parts)
        return
      }
      let threads = min(threads, parts)
      for thread in 1..<threads { unsafe seats[thread].counted.store(0, ordering: .relaxed) }
      // With a part for each thread there is nothing to take from the owner.
      let isLong = parts > threads
      let job = unsafe Job(work: work, runPart: runPart, threads: threads, isLong: isLong)
      for thread in (isLong ? 0 : 1)..<threads {
        let share = Share(next: parts * thread / threads, end: parts * (thread + 1) / threads)
        unsafe seats[thread].job = job
        unsafe seats[thread].share.store(share.word, ordering: .releasing)
      }
      // Either this sees a worker that is about to sleep, or that worker sees its share.
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      if sleepers.load(ordering: .relaxed) > 0 { wake() }
      var done = 1
      if isLong {
        done = runOwnParts(thread: 0)
      } else {
        unsafe runPart(work, 0..<1)
      }
      done += runOtherParts(thread: 0, of: threads)
      var looks = 0
      while done + counted(of: threads) < parts {
        looks += 1
        if looks >= Self.looksBeforeYield { sched_yield() }
      }
      isBusy.store(false, ordering: .releasing)
    }

    /// Parts that workers have counted.
    @inline(__always)
    private func counted(of threads: Int) -> Int {
      var sum = 0
      for thread in 1..<threads { sum += unsafe seats[thread].counted.load(ordering: .acquiring) }
      return sum
    }

    /// Does a thread's own parts until none is left; returns how many.
    @inline(__always)
    private func runOwnParts(thread: Int) -> Int {
      var done = 0
      while let parts = takeFirst(of: thread) {
        unsafe seats[thread].job.run(parts)
        done += parts.count
      }
      return done
    }

    /// Does parts that are left to other threads until none is; returns how many.
    @inline(__always)
    private func runOtherParts(thread: Int, of threads: Int) -> Int {
      var done = 0
      var other = thread + 1
      for _ in 1..<max(threads, 1) {
        if other >= threads { other = 0 }
        while let parts = takeLast(of: other) {
          unsafe seats[other].job.run(parts)
          done += parts.count
        }
        other += 1
      }
      return done
    }

    /// The first half of what is left to a thread, or `nil` if nothing is.
    @inline(__always)
    private func takeFirst(of thread: Int) -> Range<Int>? {
      var seen = unsafe seats[thread].share.load(ordering: .relaxed)
      while let share = Share(word: seen) {
        let rest = Share(next: share.middle, end: share.end)
        let (exchanged, original) = unsafe seats[thread].share.compareExchange(
          expected: seen, desired: rest.word, ordering: .acquiring)
        if exchanged { return share.next..<share.middle }
        seen = original
      }
      return nil
    }

    /// The last half of what is left to a thread, or `nil` if nothing is.
    @inline(__always)
    private func takeLast(of thread: Int) -> Range<Int>? {
      var seen = unsafe seats[thread].share.load(ordering: .relaxed)
      while let share = Share(word: seen) {
        let start = share.next + share.end - share.middle
        let rest = Share(next: share.next, end: start)
        let (exchanged, original) = unsafe seats[thread].share.compareExchange(
          expected: seen, desired: rest.word, ordering: .acquiring)
        if exchanged { return start..<share.end }
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
        if Share(word: unsafe seats[number].share.load(ordering: .relaxed)) != nil {
          var done = runOwnParts(thread: number)
          if done > 0 {
            // The job cannot end before these parts are counted.
            let job = unsafe seats[number].job
            if job.isLong { done += runOtherParts(thread: number, of: job.threads) }
            unsafe seats[number].counted.add(done, ordering: .releasing)
          }
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
      while Share(word: unsafe seats[number].share.load(ordering: .sequentiallyConsistent)) == nil {
        unsafe pthread_cond_wait(condition, mutex)
      }
      sleepers.subtract(1, ordering: .sequentiallyConsistent)
      unsafe pthread_mutex_unlock(mutex)
    }
  }

  /// What threads do together.
  @safe
  private struct Job {
    let work: UnsafeRawPointer
    let runPart: WorkerPool.Part
    let threads: Int
    /// Whether there are more parts than threads.
    let isLong: Bool

    @inline(__always)
    func run(_ parts: Range<Int>) { unsafe runPart(work, parts) }
  }

  /// What a thread works on: in cache lines of its own, two of them since processors fetch lines in pairs.
  @safe
  private struct Seat: ~Copyable {
    /// A ``Share`` of the job: the parts that are left to the thread.
    let share = Atomic<UInt64>(0)
    /// Parts of the job that the thread has done, its own and others.
    let counted = Atomic<Int>(0)
    /// Written by the owner of the job before the share, read after parts of it were taken.
    var job: Job = unsafe Job(
      work: UnsafeRawPointer(bitPattern: Seat.alignment).unsafelyUnwrapped, runPart: { _, _ in }, threads: 1,
      isLong: false)
    private let rest: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) =
      (0, 0, 0, 0, 0, 0, 0, 0, 0)

    /// Bytes of two cache lines.
    static let alignment = 128
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

    /// Half of what is left, at least one part, ends there.
    var middle: Int { (next + end + 1) / 2 }

    var word: UInt64 { UInt64(next) << 32 | UInt64(end) }
  }

  private final class WorkerStart {
    let pool: WorkerPool
    let number: Int

    init(_ pool: WorkerPool, _ number: Int) {
      self.pool = pool
      self.number = number
    }
  }
#endif
