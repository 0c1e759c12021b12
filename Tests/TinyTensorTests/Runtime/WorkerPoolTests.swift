import Synchronization
import Testing

@testable import TinyTensor

@Suite("Threads that share the parts of an operator")
struct WorkerPoolTests {
  /// Counts how often each part of a job was done.
  private final class Counts: Sendable {
    let counts: Mutex<[Int]>
    init(_ parts: Int) { counts = Mutex([Int](repeating: 0, count: parts)) }

    func add(_ parts: Range<Int>) {
      counts.withLock { counts in for part in parts { counts[part] += 1 } }
    }
  }

  @safe
  private struct Work {
    let counts: Unmanaged<Counts>
    let delay: Int
  }

  /// Has a pool do a job; returns how often each part was done.
  private func run(_ pool: WorkerPool, threads: Int, parts: Int, delay: Int = 0) -> [Int] {
    let counts = Counts(parts)
    // The object outlives the call.
    let work = unsafe Work(counts: .passUnretained(counts), delay: delay)
    unsafe withUnsafePointer(to: work) { work in
      unsafe pool.run(threads: threads, parts: parts, UnsafeRawPointer(work)) { work, parts in
        let work = unsafe work.assumingMemoryBound(to: Work.self).pointee
        var sum = 0
        for number in 0..<(work.delay * parts.count) { sum ^= number }
        if sum >= 0 { unsafe work.counts.takeUnretainedValue().add(parts) }
      }
    }
    return counts.counts.withLock { $0 }
  }

  @Test("every part is done once, with more threads than processors as well", arguments: [1, 2, 3, 5])
  func everyPart(_ threads: Int) {
    let pool = WorkerPool(threads: threads)
    #expect(pool.prepare(threads: 100) == threads)
    for round in 0..<40 {
      for parts in [1, 2, 3, 4, 5, 7, 16, 33, 100] {
        for used in 1...threads {
          let counts = run(pool, threads: used, parts: parts, delay: round % 3 * 200)
          #expect(counts.allSatisfy { $0 == 1 }, "\(used) threads, \(parts) parts: \(counts)")
        }
      }
    }
  }

  @Test("a job that finds the pool busy is done by its own thread")
  func busy() {
    let pool = WorkerPool(threads: 2)
    _ = pool.prepare(threads: 2)
    struct Nested {
      let pool: WorkerPool
      let inner: Counts
    }
    let nested = Nested(pool: pool, inner: Counts(8))
    unsafe withUnsafePointer(to: nested) { nested in
      unsafe pool.run(threads: 2, parts: 2, UnsafeRawPointer(nested)) { work, parts in
        guard parts.contains(0) else { return }
        let nested = unsafe work.assumingMemoryBound(to: Nested.self).pointee
        let reference = unsafe Unmanaged.passUnretained(nested.inner).toOpaque()
        unsafe nested.pool.run(threads: 2, parts: 8, UnsafeRawPointer(reference)) { work, parts in
          unsafe Unmanaged<Counts>.fromOpaque(work).takeUnretainedValue().add(parts)
        }
      }
    }
    #expect(nested.inner.counts.withLock { $0 } == [Int](repeating: 1, count: 8))
  }

  @Test("workers that sleep are woken")
  func sleeping() async throws {
    let pool = WorkerPool(threads: 3)
    _ = pool.prepare(threads: 3)
    for _ in 0..<20 {
      try await Task.sleep(for: .milliseconds(2))
      #expect(run(pool, threads: 3, parts: 12, delay: 2_000) == [Int](repeating: 1, count: 12))
    }
  }

  @Test("shares of neighbouring parts meet, and cover everything")
  func shares() {
    for count in [0, 1, 5, 6, 7, 48, 289] {
      for step in [1, 6, 8] {
        for parts in [1, 2, 7, 32] {
          var end = 0
          for part in 0..<parts {
            let range = share(of: count, step: step, part: part..<(part + 1), of: parts)
            #expect(range.lowerBound == end)
            #expect(range.upperBound == count || range.upperBound % step == 0)
            end = range.upperBound
          }
          #expect(end == count)
          #expect(share(of: count, step: step, part: 0..<parts, of: parts) == 0..<count)
        }
      }
    }
  }

  @Test("short work stays with one thread, long work has many parts, no more than it can have")
  func parts() {
    var options = CPUOptions()
    options.threads = 2
    let two = Workers(for: options)
    guard two.threads == 2 else { return }
    #expect(two.parts(nanoseconds: 100, units: 1000) == 1)
    #expect(two.parts(nanoseconds: 2_000, units: 1000) == 2)
    #expect(two.parts(nanoseconds: 1e6, units: 1000) == 32)
    #expect(two.parts(nanoseconds: 1e300, units: 5) == 5)
    #expect(two.parts(nanoseconds: .infinity, units: 0) == 1)
    #expect(Workers.one.parts(nanoseconds: 1e9, units: 1000) == 1)
  }
}
