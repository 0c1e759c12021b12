import KernelInterface

/// Translates bytes by a table: where it does not fit registers 8 at a time, since loads of the table are what limits.
func lookUpKernel(_ task: LookUpTask) {
  let table = task.table.assumingMemoryBound(to: UInt8.self)
  var index = tableBlocks(task.table, task.input, task.output, task.count)
  while index &+ 8 <= task.count {
    let word = task.input.loadUnaligned(fromByteOffset: index, as: UInt64.self)
    @inline(__always)
    func answer(_ place: UInt64) -> UInt64 {
      UInt64(truncatingIfNeeded: table[Int(truncatingIfNeeded: (word &>> (8 &* place)) & 0xFF)]) &<< (8 &* place)
    }
    let low = answer(0) | answer(1) | answer(2) | answer(3)
    let high = answer(4) | answer(5) | answer(6) | answer(7)
    task.output.storeBytes(of: low | high, toByteOffset: index, as: UInt64.self)
    index &+= 8
  }
  while index < task.count {
    let byte = task.input.load(fromByteOffset: index, as: UInt8.self)
    task.output.storeBytes(of: table[Int(truncatingIfNeeded: byte)], toByteOffset: index, as: UInt8.self)
    index &+= 1
  }
}
