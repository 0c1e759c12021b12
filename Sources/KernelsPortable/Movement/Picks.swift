import KernelInterface

/// Slices by a list of indices.
func pickKernel(_ task: PickTask) {
  switch task.indexBytes {
  case 2: pick(task, Int16.self)
  case 4: pick(task, Int32.self)
  default: pick(task, Int64.self)
  }
}

@inline(__always)
private func pick<Index: FixedWidthInteger & BitwiseCopyable>(_ task: PickTask, _: Index.Type) {
  var outer = task.firstSlice / task.indexCount
  var position = task.firstSlice % task.indexCount
  var output = task.output + task.firstSlice &* task.sliceBytes
  var slice = task.firstSlice
  while slice < task.endSlice {
    let place = outer / task.outer &* task.indexCount &+ position
    let index = Int(
      truncatingIfNeeded: task.indices.loadUnaligned(
        fromByteOffset: place &* MemoryLayout<Index>.size, as: Index.self))
    copyRun(task.input + (outer &* task.axisBytes &+ index &* task.sliceBytes), output, task.sliceBytes)
    output += task.sliceBytes
    slice &+= 1
    position &+= 1
    if position == task.indexCount {
      position = 0
      outer &+= 1
    }
  }
}
