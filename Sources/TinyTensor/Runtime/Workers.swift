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
  /// many parts, so that a thread that was held up does not hold up the others.
  ///
  /// - Parameters:
  ///   - nanoseconds: about how long one thread would work.
  ///   - units: what it can be divided into.
  @inline(__always)
  func parts(nanoseconds: Double, units: Int) -> Int {
    guard threads > 1, nanoseconds >= 1_200 else { return 1 }
    let each = Int(max(1, min(16, nanoseconds / Double(threads * 3_000))))
    return max(1, min(threads * each, units))
  }

  /// Does all parts of some work; returns when all are done.
  ///
  /// - Parameters:
  ///   - parts: how many parts there are, below `2^31`.
  ///   - work: what every part gets.
  ///   - runPart: does neighbouring parts; others run at the same time and must not write the same memory.
  @inline(__always)
  func run(
    parts: Int, _ work: UnsafeRawPointer, _ runPart: @escaping @Sendable (UnsafeRawPointer, Range<Int>) -> Void
  ) {
    #if !hasFeature(Embedded) && !os(Windows) && !os(WASI)
      unsafe WorkerPool.shared.run(threads: threads, parts: parts, work, runPart)
    #else
      unsafe runPart(work, 0..<parts)
    #endif
  }
}

/// What of `0 ..< count` falls to neighbouring parts of several, in whole steps.
@inline(__always)
func share(of count: Int, step: Int, part: Range<Int>, of parts: Int) -> Range<Int> {
  let steps = (count + step - 1) / step
  let lower = min(count, steps * part.lowerBound / parts * step)
  return lower..<max(lower, min(count, steps * part.upperBound / parts * step))
}
