import KernelInterface

/// For every row of outputs, a factor times the sum of its window's bytes as uint8.
func windowSumKernel(_ task: WindowSumTask) {
  let layer = task.layer
  let ones = splat(0x0101_0101)
  let flip = splat(layer.inputFlip)
  let byteFlip = UInt8(truncatingIfNeeded: layer.inputFlip)
  let step = MemoryLayout<Lanes>.size
  for row in task.firstRow..<task.endRow {
    let line: Int = row / layer.outputWidth
    let image: Int = line / layer.outputHeight &* layer.imageStride
    let height: Int = line % layer.outputHeight &* layer.rowStride
    let column: Int = row % layer.outputWidth &* layer.columnStride
    let window = task.input + (image &+ height &+ column)
    var sums = splat(0)
    var sum: Int32 = 0
    for segment in 0..<layer.segmentCount {
      var place = window + layer.segments[segment].offset
      var rest = task.segmentBytes
      while rest >= step {
        sums = addProducts(sums, flipped(place.loadUnaligned(as: Lanes.self), flip), ones)
        place += step
        rest &-= step
      }
      while rest > 0 {
        sum &+= Int32(place.load(as: UInt8.self) ^ byteFlip)
        place += 1
        rest &-= 1
      }
    }
    var lane = 0
    while lane < laneCount {
      sum &+= sums[lane]
      lane &+= 1
    }
    task.sums[row] = sum &* task.factor
  }
}
