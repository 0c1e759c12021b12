@_spi(Kernels) import TinyTensor

/// A made-up layer whose runs are timed, several at once where one would be too short for the clock.
final class SampleTimer {
  private var layer: SampleLayer
  private let runs: Int
  /// The least time of a run so far, in nanoseconds.
  private(set) var nanoseconds = Double.infinity

  /// What a turn takes at least, in nanoseconds: a thousandth of it is what readings of the clock cost.
  private static let shortestTurn = 30_000.0

  /// - Throws: ``Failure`` for a layer that cannot be made.
  init(_ shape: LayerShape, _ set: KernelSet) throws {
    do {
      layer = try SampleLayer(shape, kernels: set)
    } catch {
      throw Failure(error)
    }
    // The first run finds nothing in a cache, the best of a few tells how many make a turn.
    layer.run()
    var once = Double.infinity
    for _ in 0..<4 {
      let start = MonotonicClock.now()
      layer.run()
      once = min(once, Double(MonotonicClock.now() - start))
    }
    runs = max(1, Int(Self.shortestTurn / max(once, 1)))
  }

  /// Runs the layer; returns the nanoseconds of the turn.
  func turn() -> UInt64 {
    let start = MonotonicClock.now()
    for _ in 0..<runs { layer.run() }
    let total = MonotonicClock.now() - start
    nanoseconds = min(nanoseconds, Double(total) / Double(runs))
    return total
  }
}

/// The most that one core of this machine can do.
enum MachinePeak {
  private static let rows = 48
  private static let channels = 64
  /// Short ones have all operands in the nearest cache of any processor, long ones least work beside their products.
  private static let depths = [192, 384, 1024]
  private static let secondsEach = 0.02

  /// Multiply-accumulates of 8-bit numbers in a nanosecond: of products of matrices that keep to registers and the
  /// nearest caches, the best of all sets of kernels and depths. Takes a fifth of a second or so.
  static func measure() throws -> Double {
    var best = 0.0
    let sets = KernelSet.allCases.filter { $0.isAvailable && $0 != .reference }
    for depth in depths {
      let shape = LayerShape.matrix(rows: rows, depth: depth, channels: channels)
      let timers = try sets.map { try SampleTimer(shape, $0) }
      Turns.take(timers.count, seconds: secondsEach * Double(timers.count)) { timers[$0].turn() }
      for timer in timers { best = max(best, Double(shape.multiplyAccumulates) / timer.nanoseconds) }
    }
    return best
  }
}

extension KernelTrial {
  /// Measures a made-up layer with every set that this processor has.
  ///
  /// - Parameters:
  ///   - shape: the layer's sizes.
  ///   - count: how often it is there.
  ///   - pick: the set that the library picks.
  ///   - seconds: of all sets together.
  init(_ shape: LayerShape, count: Int, pick: KernelSet, seconds: Double) throws {
    let sets = KernelSet.allCases.filter(\.isAvailable)
    let timers = try sets.map { try SampleTimer(shape, $0) }
    Turns.take(timers.count, seconds: seconds) { timers[$0].turn() }
    let prefix =
      switch shape {
      case .matrix: "matrix.i8i8."
      case .depthwise: "dwconv2d.i8i8."
      }
    self.init(
      title: "\(shape)", name: nil, count: count, multiplyAccumulates: shape.multiplyAccumulates,
      entries: zip(sets, timers).map {
        Entry(kernel: prefix + $0.rawValue, sets: [$0.rawValue], nanoseconds: $1.nanoseconds)
      },
      pick: sets.firstIndex(of: pick) ?? 0, resolution: 0)
  }
}
