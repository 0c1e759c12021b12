import KernelInterface

/// Means and sums of bytes over the middle one of three axes.
func meanKernel(_ task: MeanTask) {
  var outer = task.firstOuter
  while outer < task.endOuter {
    let input = task.input + outer &* task.reduced &* task.inner
    let output = task.output + outer &* task.inner
    if task.inner == 1 {
      rowMean(task, input, output)
    } else {
      columnMeans(task, input, output)
    }
    outer &+= 1
  }
}

/// Of columns, 64 at a time.
@inline(never)
func columnMeans(_ task: MeanTask, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer) {
  let flip = byteFlip(task.isUnsigned)
  let factor = FactorLanes(task.factor)
  let bytes = ByteLanes(task.bytes)
  let offset = splat16(task.offset)
  var column = 0
  while column < task.inner {
    var sums = WideSums()
    var element = input + column
    var left = task.reduced
    while left > 0 {
      sums.add(element, flip: flip)
      element += task.inner
      left &-= 1
    }
    let rest = task.inner &- column
    let target = output + column
    @inline(__always)
    func means(_ sums: Sixteen) -> SIMD16<Int8> { bytes.bytes(factor.scaled(minus(sums, offset))) }
    store16(means(sums.first), target, rest)
    if rest > 16 { store16(means(sums.second), target + 16, rest &- 16) }
    if rest > 32 { store16(means(sums.third), target + 32, rest &- 32) }
    if rest > 48 { store16(means(sums.fourth), target + 48, rest &- 48) }
    column &+= 64
  }
}

/// Of one row.
@inline(never)
func rowMean(_ task: MeanTask, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer) {
  let flip: UInt8 = task.isUnsigned ? 0x80 : 0
  let elements = input.assumingMemoryBound(to: UInt8.self)
  var sum: Int32 = 0
  var index = 0
  while index < task.reduced {
    sum &+= Int32(truncatingIfNeeded: Int8(truncatingIfNeeded: elements[index] ^ flip))
    index &+= 1
  }
  let scaled = FactorLanes(task.factor).scaled(splat16(sum &- task.offset))
  storePart16(ByteLanes(task.bytes).bytes(scaled), output, 1)
}
