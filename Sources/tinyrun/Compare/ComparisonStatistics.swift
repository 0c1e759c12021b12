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

/// What tells two tensors apart, summed up over the runs of a comparison.
///
/// Means and sums are of the pairs whose real numbers are both finite. The first tensor is the one under test, the other
/// one the reference, whose numbers are the signal; the difference of both is the noise.
struct ComparisonStatistics {
  /// How large a difference may be, in real numbers; `nil` wants equal bytes.
  struct Tolerance {
    var absolute = 0.0
    /// Of the reference's number.
    var relative = 0.0
  }

  /// A pair of elements that differ.
  struct Difference {
    let run: Int
    let index: Int
    let stored: (tested: Double, reference: Double)
    let real: (tested: Double, reference: Double)
  }

  /// Runs that were added.
  private(set) var runs = 0
  /// Elements of all runs.
  private(set) var count = 0
  /// Elements that differ by more than the tolerance.
  private(set) var differing = 0
  /// The first of them.
  private(set) var first: Difference?
  /// The pair whose real numbers differ most.
  private(set) var largest: Difference?
  /// Infinities and what is not a number, on either side.
  private(set) var notFinite: (tested: Int, reference: Int) = (0, 0)
  /// Pairs with an infinity or what is not a number on one side only, or with different ones.
  private(set) var notFinitePairs = 0
  /// Elements under test at an end of their type's range, unless that end stands for 0.
  private(set) var atLimits = 0
  /// Pairs whose reference lies beyond what the type under test can hold, by more than half a step.
  private(set) var clipped = 0
  /// The stored numbers that occur, under test.
  private(set) var storedRange: (least: Double, most: Double)?
  /// The real numbers that occur in the reference.
  private(set) var referenceRange: (least: Double, most: Double)?

  private var finitePairs = 0
  private var difference = 0.0
  private var squaredDifference = 0.0
  private var steps = 0.0
  private var squaredSteps = 0.0
  private var testedPower = 0.0
  private var referencePower = 0.0
  private var product = 0.0

  // MARK: Summing up

  /// Adds what a run made of a tensor.
  ///
  /// - Parameters:
  ///   - tested: the bytes under test, of the layout `layout`.
  ///   - reference: the bytes to compare with, of the layout `referenceLayout`, which has as many elements.
  ///   - isSame: whether both store numbers alike, so that their bytes tell whether they are equal.
  ///   - tolerance: how large a difference may be.
  ///   - run: the run's number.
  /// - Returns: whether the tensors have the sizes that their layouts ask for; else nothing is added.
  mutating func add(
    _ tested: RawSpan, _ layout: TensorNumbers, _ reference: RawSpan, _ referenceLayout: TensorNumbers,
    isSame: Bool, tolerance: Tolerance?, run: Int
  ) -> Bool {
    let total = layout.count
    guard referenceLayout.count == total, layout.elementType.byteCount(of: total) == tested.byteCount,
      referenceLayout.elementType.byteCount(of: total) == reference.byteCount
    else { return false }
    runs += 1
    count += total
    var numbers = [Double](repeating: 0, count: min(TensorNumbers.chunk, total))
    var others = numbers
    let isByBytes = isSame && tolerance == nil && layout.elementByteCount > 0
    var start = 0
    while start < total {
      let range = start..<min(start + TensorNumbers.chunk, total)
      layout.read(range, of: tested, into: &numbers)
      referenceLayout.read(range, of: reference, into: &others)
      let size = layout.elementByteCount
      let areEqual =
        isByBytes && Self.areEqual(tested, reference, range.lowerBound * size..<range.upperBound * size)
      for index in range {
        let stored = (tested: numbers[index - start], reference: others[index - start])
        let real = (
          tested: layout.real(stored.tested, at: index), reference: referenceLayout.real(stored.reference, at: index)
        )
        let pair = Difference(run: run, index: index, stored: stored, real: real)
        let differs: Bool
        if areEqual {
          differs = false
        } else if isByBytes {
          differs =
            !(real.tested.isNaN && real.reference.isNaN)
            && !Self.areEqual(tested, reference, index * size..<(index + 1) * size)
        } else {
          differs = Self.differ(real, tolerance ?? Tolerance())
        }
        if differs {
          differing += 1
          if first == nil { first = pair }
        }
        add(pair, step: layout.step(at: index))
      }
      addRange(numbers[..<range.count], others[..<range.count], layout, referenceLayout, from: start)
      start = range.upperBound
    }
    return true
  }

  private static func areEqual(_ one: RawSpan, _ other: RawSpan, _ range: Range<Int>) -> Bool {
    // Sound: compares what lies inside both.
    unsafe one.extracting(range).withUnsafeBytes { first in
      unsafe other.extracting(range).withUnsafeBytes { second in
        guard let first = first.baseAddress, let second = second.baseAddress else { return true }
        return unsafe memcmp(first, second, range.count) == 0
      }
    }
  }

  private static func differ(_ real: (tested: Double, reference: Double), _ tolerance: Tolerance) -> Bool {
    if real.tested == real.reference || (real.tested.isNaN && real.reference.isNaN) { return false }
    guard real.tested.isFinite, real.reference.isFinite else { return true }
    return !(abs(real.tested - real.reference) <= tolerance.absolute + tolerance.relative * abs(real.reference))
  }

  @inline(__always)
  private mutating func add(_ pair: Difference, step: Double) {
    let (tested, reference) = pair.real
    guard tested.isFinite, reference.isFinite else {
      if !tested.isFinite { notFinite.tested += 1 }
      if !reference.isFinite { notFinite.reference += 1 }
      if tested != reference, !(tested.isNaN && reference.isNaN) { notFinitePairs += 1 }
      return
    }
    let noise = tested - reference
    finitePairs += 1
    difference += noise
    squaredDifference += noise * noise
    steps += noise / step
    squaredSteps += noise / step * (noise / step)
    testedPower += tested * tested
    referencePower += reference * reference
    product += tested * reference
    if noise != 0, abs(noise) > largest.map({ abs($0.real.tested - $0.real.reference) }) ?? 0 { largest = pair }
  }

  /// Adds to what is known of the ranges.
  private mutating func addRange(
    _ stored: ArraySlice<Double>, _ others: ArraySlice<Double>, _ layout: TensorNumbers,
    _ referenceLayout: TensorNumbers, from start: Int
  ) {
    for (index, number) in others.enumerated() {
      let real = referenceLayout.real(number, at: start + index)
      guard real.isFinite else { continue }
      let range = referenceRange ?? (real, real)
      referenceRange = (min(range.least, real), max(range.most, real))
    }
    guard let limits = layout.limits else { return }
    for (index, number) in stored.enumerated() {
      let range = storedRange ?? (number, number)
      storedRange = (min(range.least, number), max(range.most, number))
      let real = layout.real(number, at: start + index)
      guard number == limits.lowerBound || number == limits.upperBound else { continue }
      // A range that ends at 0 is that of an activation, which is meant to clamp.
      if real != 0 { atLimits += 1 }
      let reference = referenceLayout.real(others[others.startIndex + index], at: start + index)
      let isBeyond = number == limits.lowerBound ? reference < real : reference > real
      if isBeyond, abs(reference - real) > layout.step(at: start + index) / 2 { clipped += 1 }
    }
  }

  // MARK: Figures

  /// Whether all elements were equal, or as near as the tolerance asks for.
  var isEqual: Bool { differing == 0 }

  /// The mean difference; `nil` where there is no pair of finite numbers.
  var bias: Double? { mean(difference) }

  /// The square root of the mean squared difference.
  var rootMeanSquare: Double? { mean(squaredDifference).map { $0.squareRoot() } }

  /// The mean difference in steps of the tensor under test.
  var biasInSteps: Double? { mean(steps) }

  /// The square root of the mean squared difference, in steps of the tensor under test. Rounding to the nearest step
  /// alone gives 1 / sqrt(12), about 0.289.
  var rootMeanSquareInSteps: Double? { mean(squaredSteps).map { $0.squareRoot() } }

  private func mean(_ sum: Double) -> Double? {
    guard finitePairs > 0 else { return nil }
    let mean = sum / Double(finitePairs)
    return mean.isNaN ? nil : mean
  }

  /// The ratio of the signal's power to that of the noise, in decibels: infinite without noise, negative infinite for
  /// noise where the signal is zero; `nil` where there is no pair of finite numbers.
  var signalToNoise: Double? {
    guard finitePairs > 0 else { return nil }
    if squaredDifference == 0 { return .infinity }
    if referencePower == 0 { return -.infinity }
    let ratio = 10 * (log10(referencePower) - log10(squaredDifference))
    return ratio.isNaN ? nil : ratio
  }

  /// The cosine of the angle between both tensors: 1 for equal ones, be they zero; 0 where one of both is zero.
  var cosine: Double? {
    guard finitePairs > 0 else { return nil }
    if squaredDifference == 0 { return 1 }
    if testedPower == 0 || referencePower == 0 { return 0 }
    let cosine = product / (testedPower.squareRoot() * referencePower.squareRoot())
    return cosine.isNaN ? nil : min(max(cosine, -1), 1)
  }

  /// The largest difference of real numbers.
  var largestDifference: Double { largest.map { abs($0.real.tested - $0.real.reference) } ?? 0 }

  /// How much of the range that can be stored is used, from 0 to 1.
  func usedShare(_ limits: ClosedRange<Double>?) -> Double? {
    guard let limits, let storedRange else { return nil }
    return (storedRange.most - storedRange.least) / (limits.upperBound - limits.lowerBound)
  }

  /// A part of all elements.
  func share(_ part: Int) -> Double { count == 0 ? 0 : Double(part) / Double(count) }
}
