import KernelInterface

/// A tensor inside a larger one: rows that lie beside the input are filled, the others copied and filled around it.
func paddingKernel(_ task: PaddingTask) {
  // Without rows there is nothing to divide by either.
  guard task.firstRow < task.endRow else { return }
  let rowBytes = task.bytesBefore &+ task.rowBytes &+ task.bytesBehind
  var output = task.output + task.firstRow &* rowBytes
  var position = SIMD8<Int32>(repeating: 0)
  var rest = task.firstRow
  var axis = task.rank &- 1
  while axis >= 0 {
    position[axis] = Int32(truncatingIfNeeded: rest % Int(task.outputCounts[axis]))
    rest /= Int(task.outputCounts[axis])
    axis &-= 1
  }
  var row = task.firstRow
  while row < task.endRow {
    if let source = inputRow(task, position) {
      fillRun(output, task.bytesBefore, task.pattern)
      copyRun(task.input + source &* task.rowBytes, output + task.bytesBefore, task.rowBytes)
      fillRun(output + (task.bytesBefore &+ task.rowBytes), task.bytesBehind, task.pattern)
    } else {
      fillRun(output, rowBytes, task.pattern)
    }
    output += rowBytes
    row &+= 1
    axis = task.rank &- 1
    while axis >= 0 {
      position[axis] &+= 1
      if position[axis] < task.outputCounts[axis] { break }
      position[axis] = 0
      axis &-= 1
    }
  }
}

/// The number of the input's row at a position of the output, or `nil` beside the input.
@inline(__always)
private func inputRow(_ task: PaddingTask, _ position: SIMD8<Int32>) -> Int? {
  var row = 0
  var axis = 0
  while axis < task.rank {
    let inside = position[axis] &- task.before[axis]
    guard inside >= 0, inside < task.inputCounts[axis] else { return nil }
    row = row &* Int(task.inputCounts[axis]) &+ Int(inside)
    axis &+= 1
  }
  return row
}
