#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#else
  import Glibc
#endif

/// Time for measurements: nanoseconds of a clock that never goes back.
enum MonotonicClock {
  /// Nanoseconds since some moment in the past. Allocates nothing.
  @inline(__always)
  static func now() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  static func milliseconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) * 1e-6 }

  /// What two readings with nothing between them differ by: the median of a thousand.
  static func cost() -> UInt64 {
    var differences: [UInt64] = []
    differences.reserveCapacity(1001)
    for _ in 0..<1001 {
      let before = now()
      differences.append(now() - before)
    }
    return differences.sorted()[500]
  }
}
