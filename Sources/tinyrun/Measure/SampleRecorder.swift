/// Durations in storage that is made once. The smallest, the largest, the mean and the deviation are those of all
/// durations. Percentiles come from the kept ones: all of them as long as there is room, from then on a random choice
/// in which every duration has the same chance to be, early or late (reservoir sampling).
@safe
struct SampleRecorder: ~Copyable {
  /// Durations that are kept, unless the caller knows that there will be fewer: 1 MiB of them.
  static let usualCapacity = 1 << 17

  private let storage: UnsafeMutableBufferPointer<UInt64>
  private var random: SeededRandom
  private var kept = 0
  private var seen = 0
  private var smallest = UInt64.max
  private var largest: UInt64 = 0
  private var mean = 0.0
  /// The sum of squared distances from the mean, as it grows in Welford's algorithm.
  private var squares = 0.0

  init(capacity: Int = usualCapacity) {
    precondition(capacity > 0)
    // Not written here: pages that no duration reaches take no memory.
    unsafe storage = UnsafeMutableBufferPointer.allocate(capacity: capacity)
    random = SeededRandom(seed: 1)
    makeTables()
  }

  /// What unoptimised code needs of the standard library is made when it is first used, which may allocate: here, not in
  /// a measurement.
  private mutating func makeTables() {
    add(0)
    _ = random.next(upperBound: UInt64(2))
    random = SeededRandom(seed: 1)
    (kept, seen, smallest, largest, mean, squares) = (0, 0, .max, 0, 0, 0)
  }

  deinit { unsafe storage.deallocate() }

  /// Records a duration in nanoseconds. Allocates nothing.
  mutating func add(_ duration: UInt64) {
    seen += 1
    smallest = min(smallest, duration)
    largest = max(largest, duration)
    let distance = Double(duration) - mean
    mean += distance / Double(seen)
    squares += distance * (Double(duration) - mean)
    if unsafe kept < storage.count {
      // Sound: kept is below the storage's count.
      unsafe storage.initializeElement(at: kept, to: duration)
      kept += 1
    } else {
      let place = random.next(upperBound: UInt64(seen))
      // Sound: a full storage is initialized everywhere.
      if place < UInt64(kept) { unsafe storage[Int(place)] = duration }
    }
  }

  /// What was recorded. Allocates.
  var samples: Samples {
    // Sound: the first elements, as many as are kept, are initialized.
    let values = unsafe Array(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(storage)[..<kept]))
    return Samples(
      kept: values, count: seen, smallest: seen == 0 ? 0 : smallest, largest: largest, mean: mean, squares: squares)
  }
}

/// Recorded durations, in nanoseconds.
struct Samples: Sendable {
  /// All durations, or a random choice of them.
  let kept: [UInt64]
  /// How many durations there were.
  let count: Int
  let smallest: UInt64
  let largest: UInt64
  let mean: Double
  /// The sum of squared distances from the mean.
  let squares: Double
}
