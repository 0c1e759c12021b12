import KernelInterface

/// Operations on pairs of bytes: extremes, and sums and differences where one weighted sum is enough, by whole vectors of
/// bytes, all else 16 at a time.
func pairKernel(_ task: PairTask) {
  switch task.numbers.kind {
  case .add: addKernel(task)
  case .subtractFromHalf: subtractFromHalfKernel(task)
  case .subtractHalf: subtractHalfKernel(task)
  case .multiply: multiplyKernel(task)
  case .squaredDifference: squaredDifferenceKernel(task)
  case .linear: linearPairKernel(task)
  case .maximum: maximumKernel(task)
  case .minimum: minimumKernel(task)
  }
}

// One function for each case, not generic and not private: their symbols are then strong ones of this module.

@inline(never)
func addKernel(_ task: PairTask) {
  let numbers = PairLanes(task.numbers)
  forEachSixteen(task, numbers) { numbers.output.scaled(plus(numbers.half($0), numbers.right($1))) }
}

@inline(never)
func subtractFromHalfKernel(_ task: PairTask) {
  let numbers = PairLanes(task.numbers)
  forEachSixteen(task, numbers) { numbers.output.scaled(minus(numbers.half($0), numbers.right($1))) }
}

@inline(never)
func subtractHalfKernel(_ task: PairTask) {
  let numbers = PairLanes(task.numbers)
  forEachSixteen(task, numbers) { numbers.output.scaled(minus(numbers.left($0), numbers.half($1))) }
}

@inline(never)
func multiplyKernel(_ task: PairTask) {
  let numbers = PairLanes(task.numbers)
  forEachSixteen(task, numbers) { numbers.output.scaled(times($0, $1)) }
}

@inline(never)
func squaredDifferenceKernel(_ task: PairTask) {
  let numbers = PairLanes(task.numbers)
  forEachSixteen(task, numbers) {
    let difference = minus(numbers.left($0), numbers.right($1))
    return numbers.output.scaled(times(difference, difference))
  }
}

/// ``PairNumbers`` in every lane.
private struct PairLanes {
  let flip: SIMD16<Int8>
  let lhsZeroPoint: Sixteen
  let rhsZeroPoint: Sixteen
  private let halfShift: Sixteen
  private let lhsFactor: FactorLanes
  private let rhsFactor: FactorLanes
  let output: FactorLanes
  let bytes: ByteLanes

  @inline(__always)
  init(_ numbers: PairNumbers) {
    flip = byteFlip(numbers.isUnsigned)
    lhsZeroPoint = splat16(numbers.lhsZeroPoint)
    rhsZeroPoint = splat16(numbers.rhsZeroPoint)
    halfShift = splat16(numbers.leftShift &- 1)
    lhsFactor = FactorLanes(numbers.lhsFactor, left: numbers.leftShift)
    rhsFactor = FactorLanes(numbers.rhsFactor, left: numbers.leftShift)
    output = FactorLanes(numbers.outputFactor, left: 0)
    bytes = ByteLanes(numbers.output)
  }

  /// The left operand's differences, shifted and scaled.
  @inline(__always)
  func left(_ differences: Sixteen) -> Sixteen { lhsFactor.scaled(differences) }

  @inline(__always)
  func right(_ differences: Sixteen) -> Sixteen { rhsFactor.scaled(differences) }

  /// Differences of an operand whose factor is 1/2, shifted and scaled: nothing is rounded.
  @inline(__always)
  func half(_ differences: Sixteen) -> Sixteen { raised(differences, halfShift) }
}

/// Gives `body` the differences of 16 pairs from their zero points, and stores what it scales them to.
///
/// Rows are written in order, so that what is written beyond a row but inside the task is written again.
@inline(__always)
private func forEachSixteen(
  _ task: PairTask, _ numbers: PairLanes, _ body: (_ left: Sixteen, _ right: Sixteen) -> Sixteen
) {
  var lhsRow = task.lhs
  var rhsRow = task.rhs
  var target = task.output
  var rest = task.rows &* task.count
  var row = 0
  while row < task.rows {
    let lhsByte = splatByte(lhsRow.load(as: Int8.self))
    let rhsByte = splatByte(rhsRow.load(as: Int8.self))
    var index = 0
    while index < task.count {
      let lhs = task.repeatsLhs ? lhsByte : lhsRow.loadUnaligned(fromByteOffset: index, as: SIMD16<Int8>.self)
      let rhs = task.repeatsRhs ? rhsByte : rhsRow.loadUnaligned(fromByteOffset: index, as: SIMD16<Int8>.self)
      let scaled = body(
        minus(widened(lhs, numbers.flip), numbers.lhsZeroPoint),
        minus(widened(rhs, numbers.flip), numbers.rhsZeroPoint))
      store16(numbers.bytes.bytes(scaled), target + index, rest &- index)
      index &+= 16
    }
    lhsRow += task.lhsStep
    rhsRow += task.rhsStep
    target += task.count
    rest &-= task.count
    row &+= 1
  }
}
