import KernelInterface
import TinyTensorKernels

extension GraphBuilder {
  /// How a copy is done by the kernels that move bytes; `nil` where the reference kernels have to run.
  ///
  /// - Parameters:
  ///   - copy: what is copied.
  ///   - inputBytes: of the operand that is read.
  ///   - outputBytes: of the operand that is written.
  func movement(_ copy: StridedCopy, inputBytes: Int, outputBytes: Int) -> MovementLayout? {
    guard context.instructionSet != nil else { return nil }
    let layout = MovementLayout(copy)
    precondition(layout.isInside(inputBytes: inputBytes, outputBytes: outputBytes), "a copy outside its operands")
    return layout
  }
}

extension MovementLayout {
  /// Neighbours of both operands are joined to runs; the axes along which the operands have their neighbours become the
  /// two innermost ones.
  init(_ copy: StridedCopy) {
    let size = copy.elementSize
    var run = size
    // Steps of a copy without elements may wrap and are not used.
    var axes: [MovementAxis] = []
    for axis in 0..<copy.rank {
      axes.append(
        MovementAxis(
          count: Int(copy.sizes[axis]), inputStep: Int(copy.inputSteps[axis]) &* size,
          outputStep: Int(copy.outputSteps[axis]) &* size))
    }
    let isEmpty = axes.contains { $0.count == 0 }
    if isEmpty { axes = [MovementAxis(count: 0, inputStep: 0, outputStep: 0)] }
    if let last = axes.last, last.inputStep == size, last.outputStep == size {
      run = last.count * size
      axes.removeLast()
    }
    let one = MovementAxis(count: 1, inputStep: 0, outputStep: 0)
    // A single axis is the second one, of which units have parts.
    var inner = axes.count > 1 ? axes.removeLast() : one
    var second = axes.popLast() ?? one
    var isTransposed = false
    let all = axes + [second, inner]
    if !isEmpty, [1, 2, 4, 8].contains(run),
      let target = all.lastIndex(where: { $0.outputStep == run && $0.count > 1 }),
      let source = all.lastIndex(where: { $0.inputStep == run && $0.count > 1 }), source != target
    {
      (inner, second, isTransposed) = (all[target], all[source], true)
      axes = all.indices.filter { $0 != target && $0 != source }.map { all[$0] }
    }
    self.init(
      runBytes: run, inner: inner, second: second, inputStart: copy.inputStart * size,
      outputStart: copy.outputStart * size)
    self.isTransposed = isTransposed
    // At most 14: two of a copy's 16 axes are the innermost ones.
    axes.removeAll { $0.count == 1 }
    outerRank = axes.count
    for (index, axis) in axes.enumerated() {
      outerCounts[index] = Int32(truncatingIfNeeded: axis.count)
      outerInputSteps[index] = Int64(axis.inputStep)
      outerOutputSteps[index] = Int64(axis.outputStep)
    }
    let rowBytes = max(run * inner.count, 1)
    // Of transposed elements whole cache lines of the input.
    let step = isTransposed ? 64 / run : 1
    chunk = min(max(second.count, 1), (Self.unitBytes / rowBytes + step - 1) / step * step)
    chunk = max(chunk, min(step, max(second.count, 1)))
  }

  /// Rows of an input, that may lie apart, as rows of an output that may lie apart as well.
  init(
    rows: Int, runBytes: Int, inputStart: Int = 0, inputStep: Int, outputStart: Int = 0, outputStep: Int
  ) {
    self.init(
      runBytes: runBytes, inner: MovementAxis(count: 1, inputStep: 0, outputStep: 0),
      second: MovementAxis(count: rows, inputStep: inputStep, outputStep: outputStep), inputStart: inputStart,
      outputStart: outputStart)
    chunk = max(1, Self.unitBytes / max(runBytes, 1))
  }

  /// Bytes that a unit moves, about: both operands of it fit the nearest cache.
  private static var unitBytes: Int { 1 << 13 }

  /// Whether every run lies inside both operands.
  func isInside(inputBytes: Int, outputBytes: Int) -> Bool {
    if byteCount == 0 { return true }
    var (firstInput, lastInput) = (inputStart, inputStart)
    var (firstOutput, lastOutput) = (outputStart, outputStart)
    func extend(_ count: Int, _ inputStep: Int, _ outputStep: Int) {
      let input = (count - 1) * inputStep
      let output = (count - 1) * outputStep
      if input < 0 { firstInput += input } else { lastInput += input }
      if output < 0 { firstOutput += output } else { lastOutput += output }
    }
    extend(inner.count, inner.inputStep, inner.outputStep)
    extend(second.count, second.inputStep, second.outputStep)
    for axis in 0..<outerRank {
      extend(Int(outerCounts[axis]), Int(outerInputSteps[axis]), Int(outerOutputSteps[axis]))
    }
    return firstInput >= 0 && lastInput + runBytes <= inputBytes && firstOutput >= 0
      && lastOutput + runBytes <= outputBytes
  }

  /// Moves the bytes of an operand.
  func run(_ memory: OperatorMemory, from input: UnsafeRawPointer, to output: UnsafeMutableRawPointer) {
    unsafe MovementWork.run(
      .move(MovementTask(layout: self, input: input, output: output, firstUnit: 0, endUnit: units)), memory.workers)
  }
}
