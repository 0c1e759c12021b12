/// Copies fewer than 64 bytes in pieces of powers of two: no loop, and no call into the C library.
@inline(__always)
func copySome(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ count: Int) {
  var place = 0
  if count & 32 != 0 {
    target.storeBytes(of: source.loadUnaligned(as: SIMD32<Int8>.self), as: SIMD32<Int8>.self)
    place = 32
  }
  if count & 16 != 0 {
    target.storeBytes(
      of: source.loadUnaligned(fromByteOffset: place, as: SIMD16<Int8>.self), toByteOffset: place,
      as: SIMD16<Int8>.self)
    place &+= 16
  }
  if count & 8 != 0 {
    target.storeBytes(
      of: source.loadUnaligned(fromByteOffset: place, as: UInt64.self), toByteOffset: place, as: UInt64.self)
    place &+= 8
  }
  if count & 4 != 0 {
    target.storeBytes(
      of: source.loadUnaligned(fromByteOffset: place, as: UInt32.self), toByteOffset: place, as: UInt32.self)
    place &+= 4
  }
  if count & 2 != 0 {
    target.storeBytes(
      of: source.loadUnaligned(fromByteOffset: place, as: UInt16.self), toByteOffset: place, as: UInt16.self)
    place &+= 2
  }
  if count & 1 != 0 {
    target.storeBytes(of: source.load(fromByteOffset: place, as: UInt8.self), toByteOffset: place, as: UInt8.self)
  }
}
