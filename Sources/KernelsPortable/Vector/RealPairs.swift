import KernelInterface

/// Operations on pairs of real numbers, 16 at a time.
func realPairKernel(_ task: RealPairTask) {
  switch task.kind {
  case .add: realAddKernel(task)
  case .subtract: realSubtractKernel(task)
  case .multiply: realMultiplyKernel(task)
  case .divide: realDivideKernel(task)
  case .maximum: realMaximumKernel(task)
  case .minimum: realMinimumKernel(task)
  case .squaredDifference: realSquaredDifferenceKernel(task)
  case .slope: realSlopeKernel(task)
  }
}

// One function for each case, not generic and not private: their symbols are then strong ones of this module.

@inline(never)
func realAddKernel(_ task: RealPairTask) {
  let (minimum, maximum) = (splatReal(task.minimum), splatReal(task.maximum))
  forEachSixteenReals(task) { inside(plus($0, $1), minimum, maximum) }
}

@inline(never)
func realSubtractKernel(_ task: RealPairTask) {
  let (minimum, maximum) = (splatReal(task.minimum), splatReal(task.maximum))
  forEachSixteenReals(task) { inside(minus($0, $1), minimum, maximum) }
}

@inline(never)
func realMultiplyKernel(_ task: RealPairTask) {
  let (minimum, maximum) = (splatReal(task.minimum), splatReal(task.maximum))
  forEachSixteenReals(task) { inside(times($0, $1), minimum, maximum) }
}

@inline(never)
func realDivideKernel(_ task: RealPairTask) {
  let (minimum, maximum) = (splatReal(task.minimum), splatReal(task.maximum))
  forEachSixteenReals(task) { inside(over($0, $1), minimum, maximum) }
}

@inline(never)
func realMaximumKernel(_ task: RealPairTask) { forEachSixteenReals(task) { larger($0, $1) } }

@inline(never)
func realMinimumKernel(_ task: RealPairTask) { forEachSixteenReals(task) { smaller($0, $1) } }

@inline(never)
func realSquaredDifferenceKernel(_ task: RealPairTask) {
  forEachSixteenReals(task) {
    let difference = minus($0, $1)
    return times(difference, difference)
  }
}

@inline(never)
func realSlopeKernel(_ task: RealPairTask) { forEachSixteenReals(task) { whereNotNegative($0, times($0, $1)) } }

/// Stores what `body` makes of 16 pairs.
///
/// Rows are written in order, so that what is written beyond a row but inside the task is written again.
@inline(__always)
private func forEachSixteenReals(_ task: RealPairTask, _ body: (_ left: Reals, _ right: Reals) -> Reals) {
  var lhsRow = task.lhs
  var rhsRow = task.rhs
  var target = task.output
  var rest = task.rows &* task.count
  var row = 0
  while row < task.rows {
    let lhsNumber = splatReal(lhsRow[0])
    let rhsNumber = splatReal(rhsRow[0])
    var index = 0
    while index < task.count {
      let lhs = task.repeatsLhs ? lhsNumber : loadReals(lhsRow + index)
      let rhs = task.repeatsRhs ? rhsNumber : loadReals(rhsRow + index)
      store16(body(lhs, rhs), target + index, rest &- index)
      index &+= 16
    }
    lhsRow += task.lhsStep
    rhsRow += task.rhsStep
    target += task.count
    rest &-= task.count
    row &+= 1
  }
}
