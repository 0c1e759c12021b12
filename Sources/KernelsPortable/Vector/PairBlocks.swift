import KernelInterface

// One function for each case, not generic and not private: their symbols are then strong ones of this module.

/// Sums and differences by ``LinearSum``.
@inline(never)
func linearPairKernel(_ task: PairTask) {
  let numbers = LinearLanes(task.numbers)
  forEachBlock(task) { numbers.sums($0, $1) }
}

@inline(never)
func maximumKernel(_ task: PairTask) {
  let flip = blockFlip(task.numbers)
  forEachBlock(task) { flippedBytes(largerBytes(flippedBytes($0, flip), flippedBytes($1, flip)), flip) }
}

@inline(never)
func minimumKernel(_ task: PairTask) {
  let flip = blockFlip(task.numbers)
  forEachBlock(task) { flippedBytes(smallerBytes(flippedBytes($0, flip), flippedBytes($1, flip)), flip) }
}

/// What makes int8 of bytes.
@inline(__always)
private func blockFlip(_ numbers: PairNumbers) -> Lanes {
  splat(numbers.isUnsigned ? Int32(bitPattern: 0x8080_8080) : 0)
}

/// Stores what `body` makes of pairs of bytes, as many at a time as 4 vectors of lanes have.
@inline(__always)
private func forEachBlock(_ task: PairTask, _ body: (_ lhs: Bytes, _ rhs: Bytes) -> Bytes) {
  let block = 4 &* laneCount
  var lhsRow = task.lhs
  var rhsRow = task.rhs
  var target = task.output
  var rest = task.rows &* task.count
  var row = 0
  while row < task.rows {
    let lhs = BlockOperand(lhsRow, repeats: task.repeatsLhs)
    let rhs = BlockOperand(rhsRow, repeats: task.repeatsRhs)
    var index = 0
    while index &+ block <= task.count {
      target.storeBytes(of: body(lhs.bytes(index), rhs.bytes(index)), toByteOffset: index, as: Bytes.self)
      index &+= block
    }
    if index < task.count {
      // The last bytes of a row: together with some before them again, where there are as many.
      let place = task.count < block ? 0 : task.count &- block
      let results = body(lhs.bytes(place), rhs.bytes(place))
      // Rows are written in order: what is written beyond this one but inside the task is written again.
      if rest &- place >= block {
        target.storeBytes(of: results, toByteOffset: place, as: Bytes.self)
      } else {
        storePartBlock(results, target, task.count)
      }
    }
    lhsRow += task.lhsStep
    rhsRow += task.rhsStep
    target += task.count
    rest &-= task.count
    row &+= 1
  }
}

/// Stores the first `count` bytes of fewer than a block.
@inline(never)
func storePartBlock(_ bytes: Bytes, _ output: UnsafeMutableRawPointer, _ count: Int) {
  var copy = bytes
  withUnsafeBytes(of: &copy) { source in
    if let base = source.baseAddress { copySome(base, output, count) }
  }
}

/// A row of an operand: bytes, or one that is repeated.
private struct BlockOperand {
  private let row: UnsafeRawPointer
  private let repeats: Bool
  private let byte: Bytes

  @inline(__always)
  init(_ row: UnsafeRawPointer, repeats: Bool) {
    self.row = row
    self.repeats = repeats
    let value = Int32(truncatingIfNeeded: row.load(as: UInt8.self)) &* 0x0101_0101
    byte = flippedBytes(zeroBytes(), splat(value))
  }

  @inline(__always)
  func bytes(_ index: Int) -> Bytes {
    repeats ? byte : row.loadUnaligned(fromByteOffset: index, as: Bytes.self)
  }
}

/// A ``LinearSum`` in every lane.
private struct LinearLanes {
  private let flip: Lanes
  private let highWeights: Lanes
  private let lowWeights: Lanes
  private let highTerm: Lanes
  private let lowTerm: Lanes
  private let half: Lanes
  private let lowShift: Lanes
  private let shift: Lanes
  private let output: OutputVectors

  @inline(__always)
  init(_ numbers: PairNumbers) {
    let linear = numbers.linear
    flip = blockFlip(numbers)
    highWeights = splat(linear.highWeights)
    lowWeights = splat(linear.lowWeights)
    highTerm = splat(linear.highTerm)
    lowTerm = splat(linear.lowTerm)
    half = splat(1 &<< (linear.shift &- 1))
    lowShift = splat(15)
    shift = splat(linear.shift)
    output = OutputVectors(
      zeroPoint: numbers.output.zeroPoint, minimum: numbers.output.minimum, maximum: numbers.output.maximum,
      flip: numbers.output.flip)
  }

  /// What 4 vectors of bytes of each operand give.
  @inline(__always)
  func sums(_ lhs: Bytes, _ rhs: Bytes) -> Bytes {
    // A lane's int16 are the left byte times 256 and the right one times 256.
    let lanes = interleaved(zeroBytes(), flippedBytes(lhs, flip), zeroBytes(), flippedBytes(rhs, flip))
    return output.narrowed(sum(lanes.0), sum(lanes.1), sum(lanes.2), sum(lanes.3))
  }

  /// The rounding's half is in the high term: less than that stands for a number below 0, whose ties go down.
  @inline(__always)
  private func sum(_ bytes: Lanes) -> Lanes {
    let high = halfProducts(bytes, highWeights) &+ highTerm
    let low = lowered(halfProducts(bytes, lowWeights) &+ lowTerm, where: high, isBelow: half)
    return shiftedRight(high &+ shiftedRight(low, lowShift), shift)
  }
}
