import KernelInterface

/// The outputs of a pixel's sums.
@inline(__always)
func scaleSixteenBitSums(_ task: SixteenBitTask, _ pixel: Int) {
  let sizes = task.sizes
  let first = 16 &* task.firstBlock
  let end = 16 &* task.endBlock < sizes.channels ? 16 &* task.endBlock : sizes.channels
  let sums = task.sums + pixel &* ((sizes.channels &+ 15) / 16 &* 16)
  let output = task.output + pixel &* sizes.outputStep
  switch task.scaling {
  case .wide: scaleWide(task, sums, output, first, end)
  case .narrow: scaleNarrow(task, sums, output, first, end)
  case .wideReal: scaleWideReal(task, sums, output, first, end)
  case .narrowReal: scaleNarrowReal(task, sums, output, first, end)
  }
}

/// Requires shifts of -31 to 14.
@inline(never)
func scaleWide(
  _ task: SixteenBitTask, _ sums: UnsafePointer<Int64>, _ output: UnsafeMutablePointer<Int16>, _ first: Int, _ end: Int
) {
  let bias = task.bias.assumingMemoryBound(to: Int64.self)
  let factors = task.factors.assumingMemoryBound(to: Int32.self)
  let (minimum, maximum) = (task.minimum, task.maximum)
  var channel = first
  while channel < end {
    let multiplier = factors[2 &* channel]
    let reduced = multiplier < 0x7FFF_0000 ? (multiplier &+ (1 << 15)) &>> 16 : 0x7FFF
    // 1 to 46.
    let total = Int64(truncatingIfNeeded: 15 &- factors[2 &* channel &+ 1])
    let product = (sums[channel] &+ bias[channel]) &* Int64(truncatingIfNeeded: reduced)
    let scaled = Int32(truncatingIfNeeded: (product &+ (Int64(1) &<< (total &- 1))) &>> total)
    let raised = scaled < minimum ? minimum : scaled
    output[channel] = Int16(truncatingIfNeeded: raised > maximum ? maximum : raised)
    channel &+= 1
  }
}

/// Requires shifts of -31 to 30.
@inline(never)
func scaleNarrow(
  _ task: SixteenBitTask, _ sums: UnsafePointer<Int64>, _ output: UnsafeMutablePointer<Int16>, _ first: Int, _ end: Int
) {
  let bias = task.bias.assumingMemoryBound(to: Int32.self)
  let factors = task.factors.assumingMemoryBound(to: Int32.self)
  let (minimum, maximum) = (task.minimum, task.maximum)
  var channel = first
  while channel < end {
    let shift = factors[2 &* channel &+ 1]
    let left = shift > 0 ? shift : 0
    let right = shift < 0 ? 0 &- shift : 0
    let sum = (Int32(truncatingIfNeeded: sums[channel]) &+ bias[channel]) &<< left
    // Multipliers are not negative, so that nothing saturates.
    let product = Int64(truncatingIfNeeded: sum) &* Int64(truncatingIfNeeded: factors[2 &* channel])
    let high = Int32(truncatingIfNeeded: (product &+ (1 << 30)) &>> 31)
    let mask = (Int32(1) &<< right) &- 1
    let threshold = (mask &>> 1) &+ (high < 0 ? 1 : 0)
    let scaled = (high &>> right) &+ ((high & mask) > threshold ? 1 : 0)
    let raised = scaled < minimum ? minimum : scaled
    output[channel] = Int16(truncatingIfNeeded: raised > maximum ? maximum : raised)
    channel &+= 1
  }
}

@inline(never)
func scaleWideReal(
  _ task: SixteenBitTask, _ sums: UnsafePointer<Int64>, _ output: UnsafeMutablePointer<Int16>, _ first: Int, _ end: Int
) {
  let bias = task.bias.assumingMemoryBound(to: Int64.self)
  let factors = task.factors.assumingMemoryBound(to: Double.self)
  let (minimum, maximum) = (task.minimum, task.maximum)
  var channel = first
  while channel < end {
    let product = Double(sums[channel] &+ bias[channel]) * factors[channel]
    output[channel] = nearestInside(product, minimum, maximum)
    channel &+= 1
  }
}

@inline(never)
func scaleNarrowReal(
  _ task: SixteenBitTask, _ sums: UnsafePointer<Int64>, _ output: UnsafeMutablePointer<Int16>, _ first: Int, _ end: Int
) {
  let bias = task.bias.assumingMemoryBound(to: Int32.self)
  let factors = task.factors.assumingMemoryBound(to: Double.self)
  let (minimum, maximum) = (task.minimum, task.maximum)
  var channel = first
  while channel < end {
    let product = Double(Int32(truncatingIfNeeded: sums[channel]) &+ bias[channel]) * factors[channel]
    output[channel] = nearestInside(product, minimum, maximum)
    channel &+= 1
  }
}

/// The nearest integer, halves away from zero, inside bounds of 16 bits.
@inline(__always)
func nearestInside(_ number: Double, _ minimum: Int32, _ maximum: Int32) -> Int16 {
  // Beyond these bounds every result saturates.
  let low = number < -65536 ? -65536 : number
  let bounded = low > 65536 ? 65536 : low
  // The largest number below one half.
  let nudge: Double = bounded < 0 ? -0.49999999999999994 : 0.49999999999999994
  let value = truncated(bounded + nudge)
  let raised = value < minimum ? minimum : value
  return Int16(truncatingIfNeeded: raised > maximum ? maximum : raised)
}
