import KernelInterface

/// Reductions of real numbers over the middle one of three axes: of 64 or 16 columns at a time, or of 4 rows.
func realReductionKernel(_ task: RealReductionTask) {
  switch task.reduction {
  case .sum: realSumKernel(task)
  case .product: realProductKernel(task)
  case .maximum: realLargestKernel(task)
  case .minimum: realSmallestKernel(task)
  }
}

// One function for each case, not generic and not private: their symbols are then strong ones of this module.

@inline(never)
func realSumKernel(_ task: RealReductionTask) { reduce(task, from: 0, { plus($0, $1) }, { $0 + $1 }) }

@inline(never)
func realProductKernel(_ task: RealReductionTask) { reduce(task, from: 1, { times($0, $1) }, { $0 * $1 }) }

@inline(never)
func realLargestKernel(_ task: RealReductionTask) {
  reduce(task, from: -Float.greatestFiniteMagnitude, { larger($1, $0) }, { $1 > $0 ? $1 : $0 })
}

@inline(never)
func realSmallestKernel(_ task: RealReductionTask) {
  reduce(task, from: Float.greatestFiniteMagnitude, { smaller($1, $0) }, { $1 < $0 ? $1 : $0 })
}

@inline(__always)
private func reduce(
  _ task: RealReductionTask, from initial: Float, _ add: (_ gathered: Reals, _ element: Reals) -> Reals,
  _ addOne: (_ gathered: Float, _ element: Float) -> Float
) {
  if task.inner == 1 { return reduceRows(task, from: initial, addOne) }
  let divisor = splatReal(task.divisor)
  var outer = task.firstOuter
  while outer < task.endOuter {
    let input = task.input + outer &* task.reduced &* task.inner
    let output = task.output + outer &* task.inner
    var column = task.firstColumn
    while column &+ 64 <= task.endColumn {
      var (first, second) = (splatReal(initial), splatReal(initial))
      var (third, fourth) = (first, second)
      var element = input + column
      var left = task.reduced
      while left > 0 {
        first = add(first, loadReals(element))
        second = add(second, loadReals(element + 16))
        third = add(third, loadReals(element + 32))
        fourth = add(fourth, loadReals(element + 48))
        element += task.inner
        left &-= 1
      }
      store16(over(first, divisor), output + column, 16)
      store16(over(second, divisor), output + column + 16, 16)
      store16(over(third, divisor), output + column + 32, 16)
      store16(over(fourth, divisor), output + column + 48, 16)
      column &+= 64
    }
    while column < task.endColumn {
      var gathered = splatReal(initial)
      var element = input + column
      var left = task.reduced
      while left > 0 {
        gathered = add(gathered, loadReals(element))
        element += task.inner
        left &-= 1
      }
      store16(over(gathered, divisor), output + column, task.endColumn &- column)
      column &+= 16
    }
    outer &+= 1
  }
}

/// Rows of numbers, each in its order: 4 beside each other, so that none waits for its own last sum alone.
@inline(__always)
private func reduceRows(
  _ task: RealReductionTask, from initial: Float, _ add: (_ gathered: Float, _ element: Float) -> Float
) {
  let length = task.reduced
  var outer = task.firstOuter
  while outer &+ 4 <= task.endOuter {
    let row = task.input + outer &* length
    var (first, second, third, fourth) = (initial, initial, initial, initial)
    var index = 0
    while index < length {
      first = add(first, row[index])
      second = add(second, row[length &+ index])
      third = add(third, row[2 &* length &+ index])
      fourth = add(fourth, row[3 &* length &+ index])
      index &+= 1
    }
    task.output[outer] = first / task.divisor
    task.output[outer &+ 1] = second / task.divisor
    task.output[outer &+ 2] = third / task.divisor
    task.output[outer &+ 3] = fourth / task.divisor
    outer &+= 4
  }
  while outer < task.endOuter {
    let row = task.input + outer &* length
    var gathered = initial
    var index = 0
    while index < length {
      gathered = add(gathered, row[index])
      index &+= 1
    }
    task.output[outer] = gathered / task.divisor
    outer &+= 1
  }
}
