import KernelInterface

/// Softmax of rows of bytes, by a table of exponentials.
func softmaxKernel(_ task: SoftmaxTask) {
  var row = task.firstRow
  while row < task.endRow {
    let input = task.input.assumingMemoryBound(to: UInt8.self) + row &* task.depth
    softmaxRow(task, input, task.output + row &* task.depth)
    row &+= 1
  }
}

@inline(never)
func softmaxRow(_ task: SoftmaxTask, _ input: UnsafePointer<UInt8>, _ output: UnsafeMutableRawPointer) {
  // Elements as uint8: differences are the same.
  let flip: UInt8 = task.isUnsigned ? 0 : 0x80
  let exponentials = task.exponentials
  var largest: UInt8 = 0
  var index = 0
  while index < task.depth {
    let element = input[index] ^ flip
    largest = element > largest ? element : largest
    index &+= 1
  }
  // Q12.19; wraps beyond 4096 elements, as in the reference.
  var sum: Int32 = 0
  index = 0
  while index < task.depth {
    let exponential = exponentials[Int(truncatingIfNeeded: largest &- (input[index] ^ flip))]
    // Not negative: as a number without sign the sum fits.
    sum &+= Int32(bitPattern: (UInt32(bitPattern: exponential) &+ (1 << 11)) &>> 12)
    index &+= 1
  }
  let scale = SoftmaxScale(sum)
  let outputFlip: UInt8 = task.isUnsigned ? 0 : 0x80
  if task.depth < 256 {
    index = 0
    while index < task.depth {
      let exponential = exponentials[Int(truncatingIfNeeded: largest &- (input[index] ^ flip))]
      output.storeBytes(of: scale.byte(exponential) ^ outputFlip, toByteOffset: index, as: UInt8.self)
      index &+= 1
    }
    return
  }
  var table = SoftmaxTable()
  withUnsafeMutableBytes(of: &table) { table in
    let base = table.baseAddress.unsafelyUnwrapped
    var pattern = 0
    while pattern < 256 {
      let distance = Int(truncatingIfNeeded: largest) &- (pattern ^ Int(truncatingIfNeeded: flip))
      // No element is larger than the largest: those entries are not looked up.
      let byte = distance >= 0 ? scale.byte(exponentials[distance]) ^ outputFlip : 0
      base.storeBytes(of: byte, toByteOffset: pattern, as: UInt8.self)
      pattern &+= 1
    }
    lookUpKernel(LookUpTask(table: base, input: input, output: output, count: task.depth))
  }
}

/// Room for 256 bytes.
private struct SoftmaxTable {
  var bytes = (
    SIMD16<Int32>(), SIMD16<Int32>(), SIMD16<Int32>(), SIMD16<Int32>()
  )
}

/// What a row's exponentials are multiplied with: the reciprocal of their sum.
private struct SoftmaxScale {
  private let reciprocal: Int64
  private let shift: Int32

  @inline(__always)
  init(_ sum: Int32) {
    let bits = UInt32(bitPattern: sum)
    let headroom = Int32(truncatingIfNeeded: bits.leadingZeroBitCount)
    // The sum scaled to 1 up to 2, less 1, in Q0.31.
    let fraction = Int32(bitPattern: (bits &<< UInt32(bitPattern: headroom)) &- (1 << 31))
    reciprocal = Int64(truncatingIfNeeded: reciprocalOfSum(fraction))
    let wanted = 35 &- headroom
    shift = wanted < 31 ? wanted : 31
  }

  /// The output as uint8.
  @inline(__always)
  func byte(_ exponential: Int32) -> UInt8 {
    let product = doubledHighProduct(Int32(truncatingIfNeeded: reciprocal), exponential)
    let scaled = dividedByPower(product, shift)
    let clamped = scaled < 0 ? 0 : scaled > 255 ? 255 : scaled
    return UInt8(truncatingIfNeeded: clamped)
  }
}

// MARK: Fixed point

/// `a * b / 2^31`, rounded to nearest with ties up. Requires that not both are `-2^31`.
@inline(__always)
private func doubledHighProduct(_ a: Int32, _ b: Int32) -> Int32 {
  Int32(truncatingIfNeeded: (Int64(truncatingIfNeeded: a) &* Int64(truncatingIfNeeded: b) &+ (1 << 30)) &>> 31)
}

/// `x / 2^exponent`, rounded half away from zero. Requires 0 to 31.
@inline(__always)
private func dividedByPower(_ x: Int32, _ exponent: Int32) -> Int32 {
  let mask = (Int32(1) &<< exponent) &- 1
  let threshold = (mask &>> 1) &+ (x < 0 ? 1 : 0)
  return (x &>> exponent) &+ ((x & mask) > threshold ? 1 : 0)
}

/// `x` two, or one, bits further left, saturated.
@inline(__always)
private func saturatedLeft(_ x: Int32, _ count: Int32) -> Int32 {
  let threshold = (Int32(1) &<< (31 &- count)) &- 1
  return x > threshold ? Int32.max : x < 0 &- threshold ? Int32.min : x &<< count
}

/// `1 / (1 + x)` in Q0.31 for `x` in Q0.31 from 0 up to 1, by three Newton steps from `(48 - 32 d) / 17`, as gemmlowp
/// computes it.
@inline(__always)
private func reciprocalOfSum(_ x: Int32) -> Int32 {
  let sum = Int64(truncatingIfNeeded: x) &+ Int64(truncatingIfNeeded: Int32.max)
  // Half of a sum that is not negative, rounded half up.
  let halfDenominator = Int32(truncatingIfNeeded: (sum &+ 1) &>> 1)
  var estimate = 1_515_870_810 &+ doubledHighProduct(halfDenominator, -1_010_580_540)
  var step = 0
  while step < 3 {
    let error = (1 << 29) &- doubledHighProduct(halfDenominator, estimate)
    estimate = estimate &+ saturatedLeft(doubledHighProduct(estimate, error), 2)
    step &+= 1
  }
  return saturatedLeft(estimate, 1)
}
