import TinyTensor

/// How the values of a constant are distributed.
///
/// Of a large constant a part is looked at, spread evenly: the work is bounded.
struct WeightHistogram {
  static let binCount = 64
  /// So many values of a constant are looked at.
  static let mostSamples = 1 << 17

  /// How many values there are, and how many of them were looked at.
  let count: Int
  let sampleCount: Int
  /// The smallest and largest stored value, of those that are finite.
  let smallest: Double
  let largest: Double
  /// The smallest and largest number that they stand for.
  let realSmallest: Double
  let realLargest: Double
  /// How many samples stand for 0, and how many are not finite.
  let zeroCount: Int
  let notFiniteCount: Int
  /// Where the first bin begins, how wide each bin is, and how many samples lie in each.
  let start: Double
  let step: Double
  let bins: [Int]

  /// Counts a constant's values.
  ///
  /// - Parameters:
  ///   - bytes: its elements as they are stored.
  ///   - type: their type.
  ///   - shape: the tensor's sizes, by which an element's scale is found.
  ///   - quantization: how stored numbers stand for real ones.
  ///   - budget: how many values may still be looked at; what is looked at is taken out.
  /// - Returns: `nil` where there are no values that could be counted.
  init?(
    _ bytes: RawSpan, type: ElementType, shape: [Int], quantization: Quantization?, budget: inout Int
  ) {
    guard let values = ConstantValues(type) else { return nil }
    count = values.count(inBytes: bytes.byteCount)
    sampleCount = min(count, Self.mostSamples, budget)
    guard sampleCount > 0 else { return nil }
    budget -= sampleCount
    let samples = Samples(count: count, sampleCount: sampleCount)
    let scheme = Scheme(quantization, shape)

    var stored: [Double] = []
    stored.reserveCapacity(sampleCount)
    var extent = Extent()
    var real = Extent()
    var zeros = 0
    for number in 0..<sampleCount {
      let index = samples.index(number)
      let value = values.value(index, in: bytes)
      guard value.isFinite else { continue }
      stored.append(value)
      extent.add(value)
      let meaning = scheme.real(value, at: index)
      real.add(meaning)
      if meaning == 0 { zeros += 1 }
    }
    guard !stored.isEmpty else { return nil }
    notFiniteCount = sampleCount - stored.count
    zeroCount = zeros
    smallest = extent.smallest
    largest = extent.largest
    realSmallest = real.smallest
    realLargest = real.largest
    start = extent.smallest
    // Halves first: the difference of two doubles may be infinite.
    let half = extent.largest / 2 - extent.smallest / 2
    if values.isInteger {
      step = max(1, ((2 * half + 1) / Double(Self.binCount)).rounded(.up))
    } else {
      step = half / Double(Self.binCount / 2)
    }
    var bins = [Int](repeating: 0, count: Self.binCount)
    for value in stored {
      // At least 0; a constant of equal values has no width, and what is not a number belongs to the first bin.
      let place = (value - start) / step
      bins[place < Double(Self.binCount) ? Int(place) : place.isNaN ? 0 : Self.binCount - 1] += 1
    }
    while values.isInteger, bins.count > 1, bins.last == 0 { bins.removeLast() }
    self.bins = bins
  }

  /// The largest and smallest of some numbers.
  private struct Extent {
    var smallest = Double.infinity
    var largest = -Double.infinity

    mutating func add(_ value: Double) {
      smallest = min(smallest, value)
      largest = max(largest, value)
    }
  }

  /// Which elements are looked at: all, or one of each stretch of the same length, at changing places, so that no
  /// pattern in the elements' order is met.
  private struct Samples {
    let count: Int
    let sampleCount: Int

    /// Requires `sampleCount` in `1...count`.
    func index(_ number: Int) -> Int {
      if count == sampleCount { return number }
      // number < 2^17, and a count of bytes in memory is below 2^45.
      let first = number * count / sampleCount
      let next = (number + 1) * count / sampleCount
      var hash = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 29
      return first + Int(hash % UInt64(max(1, next - first)))
    }
  }

  /// How stored numbers stand for real ones.
  private struct Scheme {
    private let scales: [Double]
    private let zeroPoints: [Double]
    /// How many elements follow each other with one scale.
    private let run: Int

    init(_ quantization: Quantization?, _ shape: [Int]) {
      guard let quantization, quantization.details == nil, !quantization.scales.isEmpty else {
        scales = []
        zeroPoints = []
        run = 1
        return
      }
      scales = quantization.scales.map { Double($0) }
      zeroPoints = quantization.zeroPoints.map { Double($0) }
      var product = 1
      if shape.indices.contains(quantization.axis) {
        for size in shape[(quantization.axis + 1)...] {
          let (next, overflow) = product.multipliedReportingOverflow(by: max(1, size))
          product = overflow ? Int.max : next
        }
      }
      run = product
    }

    func real(_ stored: Double, at index: Int) -> Double {
      guard !scales.isEmpty else { return stored }
      let channel = index / run % scales.count
      let zeroPoint = zeroPoints.isEmpty ? 0 : zeroPoints[channel % zeroPoints.count]
      return scales[channel] * (stored - zeroPoint)
    }
  }

  var json: JSON {
    .object([
      ("count", .number(count)), ("samples", .number(sampleCount)), ("min", .real(smallest)), ("max", .real(largest)),
      ("real_min", .real(realSmallest)), ("real_max", .real(realLargest)), ("zeros", .number(zeroCount)),
      ("not_finite", .number(notFiniteCount)), ("start", .real(start)), ("step", .real(step)),
      ("bins", .numbers(bins)),
    ])
  }
}
