import Builtin
import KernelInterface

/// The range of real numbers and 0.
func realRangeKernel(_ task: RealRangeTask) -> RealRange {
  var low = splatReal(0)
  var high = low
  var nextLow = low
  var nextHigh = low
  var index = 0
  while index &+ 32 <= task.count {
    let first = loadReals(task.input + index)
    let second = loadReals(task.input + (index &+ 16))
    low = smaller(first, low)
    high = larger(first, high)
    nextLow = smaller(second, nextLow)
    nextHigh = larger(second, nextHigh)
    index &+= 32
  }
  low = smaller(nextLow, low)
  high = larger(nextHigh, high)
  var range = RealRange(smallest: 0, largest: 0)
  var lane = 0
  while lane < 16 {
    if low[lane] < range.smallest { range.smallest = low[lane] }
    if high[lane] > range.largest { range.largest = high[lane] }
    lane &+= 1
  }
  while index < task.count {
    let number = task.input[index]
    if number < range.smallest { range.smallest = number }
    if number > range.largest { range.largest = number }
    index &+= 1
  }
  return range
}

/// Real numbers to int8 by a factor of the run.
///
/// The reference rounds eight numbers at once by adding a half and dropping the fraction, in single precision: halves
/// are raised to the next integer, and so is the largest number below one half. Of the last ones, of which there are
/// fewer than eight, that number is not raised.
func dynamicQuantizeKernel(_ task: DynamicQuantizeTask) {
  let inVectors = task.count & ~7
  quantizeNumbers(task, 0, inVectors, nudge: 0.5)
  quantizeNumbers(task, inVectors, task.count, nudge: 0.49999997)
}

@inline(__always)
private func quantizeNumbers(_ task: DynamicQuantizeTask, _ first: Int, _ end: Int, nudge: Float) {
  let input = task.input
  let output = task.output
  let (factor, offset, lowest) = (task.factor, task.offset, task.lowest)
  var index = first
  while index < end {
    let product = input[index] * factor
    // Beyond these bounds every result saturates.
    let number = product == product ? product : 0
    let low = number < -1024 ? -1024 : number
    let bounded = low > 1024 ? 1024 : low
    // Below 2^11 in magnitude: no overflow.
    let value = truncated(bounded + (bounded < 0 ? -nudge : nudge)) &+ offset
    let raised = value < lowest ? lowest : value
    output[index] = Int8(truncatingIfNeeded: raised > 127 ? 127 : raised)
    index &+= 1
  }
}

/// Sums to real numbers, in their place.
func realScalingKernel(_ task: RealScalingTask) {
  let rowBytes = task.channels &* MemoryLayout<Float>.size
  var row = 0
  while row < task.rows {
    if let weightSums = task.weightSums {
      scaleWholeSums(task, weightSums, task.sums + row &* rowBytes)
    } else {
      scaleRealSums(task, task.sums + row &* rowBytes)
    }
    row &+= 1
  }
}

@inline(never)
func scaleWholeSums(_ task: RealScalingTask, _ weightSums: UnsafePointer<Int32>, _ sums: UnsafeMutableRawPointer) {
  let zeroPoint = task.inputZeroPoint
  let scaling = RealScaling(task)
  var channel = 0
  while channel &+ 16 <= task.channels {
    let place = sums + 4 &* channel
    let sum = place.loadUnaligned(as: SIMD16<Int32>.self)
    let weights = UnsafeRawPointer(weightSums + channel).loadUnaligned(as: SIMD16<Int32>.self)
    let z = zeroPoint
    let product = Builtin.mul_Vec16xInt32(
      weights._storage._value, SIMD16<Int32>(z, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z)._storage._value)
    let whole = Builtin.sub_Vec16xInt32(sum._storage._value, product)
    let real = unsafeBitCast(Builtin.sitofp_Vec16xInt32_Vec16xFPIEEE32(whole), to: Reals.self)
    place.storeBytes(of: scaling.scaled(real, channel), as: Reals.self)
    channel &+= 16
  }
  while channel < task.channels {
    let place = sums + 4 &* channel
    let sum = place.load(as: Int32.self) &- zeroPoint &* weightSums[channel]
    place.storeBytes(of: scaling.scaled(Float(sum), channel), as: Float.self)
    channel &+= 1
  }
}

@inline(never)
func scaleRealSums(_ task: RealScalingTask, _ sums: UnsafeMutableRawPointer) {
  let scaling = RealScaling(task)
  var channel = 0
  while channel &+ 16 <= task.channels {
    let place = sums + 4 &* channel
    place.storeBytes(of: scaling.scaled(place.loadUnaligned(as: Reals.self), channel), as: Reals.self)
    channel &+= 16
  }
  while channel < task.channels {
    let place = sums + 4 &* channel
    place.storeBytes(of: scaling.scaled(place.load(as: Float.self), channel), as: Float.self)
    channel &+= 1
  }
}

/// `bias + sum * (inputScale * factor)` or `bias + sum * factor * inputScale`, each rounded, inside bounds.
private struct RealScaling {
  private let factors: UnsafePointer<Float>
  private let bias: UnsafePointer<Float>
  private let scale: Float
  private let isFactorFirst: Bool
  private let minimum: Float
  private let maximum: Float
  private let scales: Reals
  private let minima: Reals
  private let maxima: Reals

  @inline(__always)
  init(_ task: RealScalingTask) {
    factors = task.factors
    bias = task.bias
    scale = task.inputScale
    isFactorFirst = task.isFactorFirst
    minimum = task.minimum
    maximum = task.maximum
    scales = splatReal(scale)
    minima = splatReal(minimum)
    maxima = splatReal(maximum)
  }

  /// Of 16 channels.
  @inline(__always)
  func scaled(_ sums: Reals, _ channel: Int) -> Reals {
    let factors = loadReals(factors + channel)
    let products = isFactorFirst ? times(times(sums, factors), scales) : times(sums, times(scales, factors))
    return inside(plus(loadReals(bias + channel), products), minima, maxima)
  }

  /// Of one channel.
  @inline(__always)
  func scaled(_ sum: Float, _ channel: Int) -> Float {
    let factor = factors[channel]
    let value = bias[channel] + (isFactorFirst ? sum * factor * scale : sum * (scale * factor))
    let raised = value < minimum ? minimum : value
    return maximum < raised ? maximum : raised
  }
}
