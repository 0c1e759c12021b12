/// Copies `count` bytes that do not overlap, short ones without a call: with two moves that may overlap each other.
@inline(__always)
func copyRun(_ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ count: Int) {
  if count > 64 {
    if count >= 512 {
      output.copyMemory(from: input, byteCount: count)
    } else {
      copyVectors(input, output, count)
    }
  } else if count >= 16 {
    let last = count &- 16
    let head = input.loadUnaligned(as: SIMD16<UInt8>.self)
    let tail = input.loadUnaligned(fromByteOffset: last, as: SIMD16<UInt8>.self)
    if count > 32 {
      let second = input.loadUnaligned(fromByteOffset: 16, as: SIMD16<UInt8>.self)
      let third = input.loadUnaligned(fromByteOffset: last &- 16, as: SIMD16<UInt8>.self)
      output.storeBytes(of: second, toByteOffset: 16, as: SIMD16<UInt8>.self)
      output.storeBytes(of: third, toByteOffset: last &- 16, as: SIMD16<UInt8>.self)
    }
    output.storeBytes(of: head, as: SIMD16<UInt8>.self)
    output.storeBytes(of: tail, toByteOffset: last, as: SIMD16<UInt8>.self)
  } else if count >= 8 {
    let head = input.loadUnaligned(as: UInt64.self)
    let tail = input.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    output.storeBytes(of: head, as: UInt64.self)
    output.storeBytes(of: tail, toByteOffset: count &- 8, as: UInt64.self)
  } else if count >= 4 {
    let head = input.loadUnaligned(as: UInt32.self)
    let tail = input.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
    output.storeBytes(of: head, as: UInt32.self)
    output.storeBytes(of: tail, toByteOffset: count &- 4, as: UInt32.self)
  } else if count > 0 {
    let first = input.load(as: UInt8.self)
    let middle = input.load(fromByteOffset: count / 2, as: UInt8.self)
    let last = input.load(fromByteOffset: count &- 1, as: UInt8.self)
    output.storeBytes(of: first, as: UInt8.self)
    output.storeBytes(of: middle, toByteOffset: count / 2, as: UInt8.self)
    output.storeBytes(of: last, toByteOffset: count &- 1, as: UInt8.self)
  }
}

/// More than 16 bytes.
@inline(__always)
private func copyVectors(_ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ count: Int) {
  let last = count &- 16
  var place = 0
  while place < last {
    output.storeBytes(
      of: input.loadUnaligned(fromByteOffset: place, as: SIMD16<UInt8>.self), toByteOffset: place,
      as: SIMD16<UInt8>.self)
    place &+= 16
  }
  output.storeBytes(
    of: input.loadUnaligned(fromByteOffset: last, as: SIMD16<UInt8>.self), toByteOffset: last, as: SIMD16<UInt8>.self)
}

/// Fills `count` bytes, a multiple of the pattern's period, with a pattern of 8 bytes.
@inline(__always)
func fillRun(_ output: UnsafeMutableRawPointer, _ count: Int, _ pattern: UInt64) {
  if count >= 8 {
    let wide = SIMD2<UInt64>(pattern, pattern)
    var place = 0
    while place &+ 16 <= count {
      output.storeBytes(of: wide, toByteOffset: place, as: SIMD2<UInt64>.self)
      place &+= 16
    }
    if place &+ 8 <= count { output.storeBytes(of: pattern, toByteOffset: place, as: UInt64.self) }
    // A multiple of the period before the end, as the end is.
    output.storeBytes(of: pattern, toByteOffset: count &- 8, as: UInt64.self)
  } else {
    var rest = pattern
    var place = 0
    while place < count {
      output.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: place, as: UInt8.self)
      rest = rest &>> 8
      place &+= 1
    }
  }
}
