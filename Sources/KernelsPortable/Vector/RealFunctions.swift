import KernelInterface

/// Functions of real numbers, 16 at a time.
func realFunctionKernel(_ task: RealFunctionTask) {
  switch task.function {
  case .absolute: realAbsoluteKernel(task)
  case .clamp: realClampKernel(task)
  case .hardSwish: realHardSwishKernel(task)
  case .inverseSquareRoot: realInverseSquareRootKernel(task)
  case .leakyRelu: realLeakyReluKernel(task)
  case .negate: realNegateKernel(task)
  case .square: realSquareKernel(task)
  case .squareRoot: realSquareRootKernel(task)
  }
}

// One function for each case, not generic and not private: their symbols are then strong ones of this module.

@inline(never)
func realAbsoluteKernel(_ task: RealFunctionTask) { forEachReals(task) { magnitudes($0) } }

@inline(never)
func realClampKernel(_ task: RealFunctionTask) {
  let (lower, upper) = (splatReal(task.lower), splatReal(task.upper))
  forEachReals(task) { inside($0, lower, upper) }
}

@inline(never)
func realHardSwishKernel(_ task: RealFunctionTask) {
  let (zero, three, six) = (splatReal(0), splatReal(3), splatReal(6))
  forEachReals(task) { over(times($0, inside(plus($0, three), zero, six)), six) }
}

@inline(never)
func realInverseSquareRootKernel(_ task: RealFunctionTask) { forEachReals(task) { inverseSquareRoot($0) } }

@inline(never)
func realLeakyReluKernel(_ task: RealFunctionTask) {
  let factor = splatReal(task.factor)
  forEachReals(task) { wherePositive($0, times($0, factor)) }
}

@inline(never)
func realNegateKernel(_ task: RealFunctionTask) { forEachReals(task) { negated($0) } }

@inline(never)
func realSquareKernel(_ task: RealFunctionTask) { forEachReals(task) { times($0, $0) } }

@inline(never)
func realSquareRootKernel(_ task: RealFunctionTask) { forEachReals(task) { squareRoot($0) } }

@inline(__always)
private func forEachReals(_ task: RealFunctionTask, _ body: (Reals) -> Reals) {
  var index = 0
  while index < task.count {
    store16(body(loadReals(task.input + index)), task.output + index, task.count &- index)
    index &+= 16
  }
}
