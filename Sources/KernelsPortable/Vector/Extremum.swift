import Builtin
import KernelInterface

/// Where the largest bytes stand: 64 of a row at a time, or 16 columns where there are several.
func extremumKernel(_ task: ExtremumTask) {
  if task.inner > 1 { return columnExtrema(task) }
  let mask = Int32(truncatingIfNeeded: task.flip) &* 0x0101_0101
  let flip = unsafeBitCast(splat16(mask), to: Builtin.Vec64xInt8.self)
  var row = task.firstRow
  while row < task.endRow {
    storePosition(Int32(truncatingIfNeeded: largestByte(task.input + row &* task.size, task.size, flip)), task, row)
    row &+= 1
  }
}

@inline(__always)
private func storePosition(_ position: Int32, _ task: ExtremumTask, _ place: Int) {
  if task.isWide {
    task.output.storeBytes(of: Int64(truncatingIfNeeded: position), toByteOffset: 8 &* place, as: Int64.self)
  } else {
    task.output.storeBytes(of: position, toByteOffset: 4 &* place, as: Int32.self)
  }
}

@inline(never)
func columnExtrema(_ task: ExtremumTask) {
  let flip = splatByte(Int8(bitPattern: task.flip ^ 0x80))
  var row = task.firstRow
  while row < task.endRow {
    var column = 0
    while column < task.inner {
      let base = task.input + (row &* task.size &* task.inner &+ column)
      var best = widened(base.loadUnaligned(as: SIMD16<Int8>.self), flip)
      var places = splat16(0)
      var position = 1
      while position < task.size {
        let values = widened(
          base.loadUnaligned(fromByteOffset: position &* task.inner, as: SIMD16<Int8>.self), flip)
        let place = splat16(Int32(truncatingIfNeeded: position))
        let isLarger = Builtin.cmp_sgt_Vec16xInt32(values._storage._value, best._storage._value)
        places = unsafeBitCast(
          Builtin.select_Vec16xInt1_Vec16xInt32(isLarger, place._storage._value, places._storage._value),
          to: Sixteen.self)
        best = unsafeBitCast(
          Builtin.select_Vec16xInt1_Vec16xInt32(isLarger, values._storage._value, best._storage._value),
          to: Sixteen.self)
        position &+= 1
      }
      storePositions(places, task, row &* task.inner &+ column, task.inner &- column)
      column &+= 16
    }
    row &+= 1
  }
}

@inline(never)
func storePositions(_ positions: Sixteen, _ task: ExtremumTask, _ place: Int, _ count: Int) {
  var lane = 0
  while lane < min(count, 16) {
    storePosition(positions[lane], task, place &+ lane)
    lane &+= 1
  }
}

/// The first position of the largest byte, each with its flip; bytes behind the row count as 0.
@inline(__always)
private func largestByte(_ row: UnsafeRawPointer, _ size: Int, _ flip: Builtin.Vec64xInt8) -> Int {
  var largest = unsafeBitCast(splat16(0), to: Builtin.Vec64xInt8.self)
  var start = 0
  while start < size {
    largest = Builtin.int_umax_Vec64xInt8(largest, bytes(row + start, size &- start, flip))
    start &+= 64
  }
  let value = Int32(truncatingIfNeeded: UInt8(Builtin.int_vector_reduce_umax_Vec64xInt8(largest)))
  let wanted = unsafeBitCast(splat16(value &* 0x0101_0101), to: Builtin.Vec64xInt8.self)
  start = 0
  while start < size {
    let equal = Builtin.cmp_eq_Vec64xInt8(bytes(row + start, size &- start, flip), wanted)
    let bits = UInt64(Builtin.bitcast_Vec64xInt1_Int64(equal))
    // Where the row's largest byte is 0, the first one is found before those behind the row.
    if bits != 0 { return start &+ bits.trailingZeroBitCount }
    start &+= 64
  }
  return 0
}

/// 64 bytes, of which the first `count` are the row's and the others 0.
@inline(__always)
private func bytes(_ place: UnsafeRawPointer, _ count: Int, _ flip: Builtin.Vec64xInt8) -> Builtin.Vec64xInt8 {
  let flipped = Builtin.xor_Vec64xInt8(place.loadUnaligned(as: SIMD64<Int8>.self)._storage._value, flip)
  if count >= 64 { return flipped }
  let bits = (UInt64(1) &<< UInt64(truncatingIfNeeded: count)) &- 1
  let lanes = Builtin.bitcast_Int64_Vec64xInt1(bits._value)
  return Builtin.select_Vec64xInt1_Vec64xInt8(lanes, flipped, unsafeBitCast(splat16(0), to: Builtin.Vec64xInt8.self))
}
