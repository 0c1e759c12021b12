import Builtin

/// What a pool gathers of 64 channels: sums or largest elements.
///
/// Vectors here have one width for all instruction sets; the compiler splits them into the set's own.
protocol PoolGatherer {
  /// What no element changes.
  init()
  /// Takes in the bytes of a pixel.
  mutating func add(_ pixel: UnsafeRawPointer)
  /// Takes in what another one has.
  mutating func add(_ other: Self)
  /// The bytes of a window with `count` elements a channel, 1 to 256.
  func bytes(_ count: Int, _ bounds: PoolBounds) -> SIMD64<Int8>
}

/// The activation's bounds in every lane.
struct PoolBounds {
  let minimum: Builtin.Vec32xInt16
  let maximum: Builtin.Vec32xInt16
  let byteMinimum: Builtin.Vec64xInt8
  let byteMaximum: Builtin.Vec64xInt8

  @inline(__always)
  init(minimum: Int32, maximum: Int32) {
    let low = splat16((minimum & 0xFFFF) &* 0x1_0001)
    let high = splat16((maximum & 0xFFFF) &* 0x1_0001)
    self.minimum = unsafeBitCast(low, to: Builtin.Vec32xInt16.self)
    self.maximum = unsafeBitCast(high, to: Builtin.Vec32xInt16.self)
    byteMinimum = unsafeBitCast(splat16((minimum & 0xFF) &* 0x0101_0101), to: Builtin.Vec64xInt8.self)
    byteMaximum = unsafeBitCast(splat16((maximum & 0xFF) &* 0x0101_0101), to: Builtin.Vec64xInt8.self)
  }
}

/// `value`, of which 16 bits count, in 32 lanes.
@inline(__always)
func shorts(_ value: Int32) -> Builtin.Vec32xInt16 {
  unsafeBitCast(splat16((value & 0xFFFF) | (value &<< 16)), to: Builtin.Vec32xInt16.self)
}

// MARK: Averages

/// The average of up to 256 elements: `sum` rounded half away from zero, of the sum's magnitude.
///
/// A magnitude is at most `255 * count`, so with half the count it fits 16 bits without sign. Up to 16 elements the
/// quotient is the high word of a product with `2^16 / count` rounded up: its error, below `count`, times the magnitude
/// is below `2^16`. Beyond, and for 1 element, `2^24 / count` does the same in 32 bits.
@inline(__always)
private func quotients(_ magnitudes: Builtin.Vec32xInt16, _ count: Int) -> Builtin.Vec32xInt16 {
  let number = Int32(truncatingIfNeeded: count)
  let raised = Builtin.zext_Vec32xInt16_Vec32xInt32(
    Builtin.add_Vec32xInt16(magnitudes, shorts(number &>> 1)))
  if number >= 2, number <= 16 {
    let factor = Builtin.zext_Vec32xInt16_Vec32xInt32(shorts((65536 &+ number &- 1) / number))
    let product = Builtin.mul_Vec32xInt32(raised, factor)
    return Builtin.trunc_Vec32xInt32_Vec32xInt16(Builtin.lshr_Vec32xInt32(product, words32(16)))
  }
  let product = Builtin.mul_Vec32xInt32(raised, words32(((1 << 24) &+ number &- 1) / number))
  return Builtin.trunc_Vec32xInt32_Vec32xInt16(Builtin.lshr_Vec32xInt32(product, words32(24)))
}

@inline(__always)
private func words32(_ value: Int32) -> Builtin.Vec32xInt32 {
  SIMD32<Int32>(lowHalf: splat16(value), highHalf: splat16(value))._storage._value
}

@inline(__always)
private func joined(_ low: Builtin.Vec32xInt8, _ high: Builtin.Vec32xInt8) -> SIMD64<Int8> {
  SIMD64<Int8>(
    lowHalf: unsafeBitCast(low, to: SIMD32<Int8>.self), highHalf: unsafeBitCast(high, to: SIMD32<Int8>.self))
}

@inline(__always)
private func half(_ pixel: UnsafeRawPointer, _ offset: Int) -> Builtin.Vec32xInt8 {
  pixel.loadUnaligned(fromByteOffset: offset, as: SIMD32<Int8>.self)._storage._value
}

/// Sums of int8 elements: with at most 256 of them in 16 bits.
struct SignedSums: PoolGatherer {
  private var low: Builtin.Vec32xInt16
  private var high: Builtin.Vec32xInt16

  @inline(__always)
  init() {
    low = shorts(0)
    high = shorts(0)
  }

  @inline(__always)
  mutating func add(_ pixel: UnsafeRawPointer) {
    low = Builtin.add_Vec32xInt16(low, Builtin.sext_Vec32xInt8_Vec32xInt16(half(pixel, 0)))
    high = Builtin.add_Vec32xInt16(high, Builtin.sext_Vec32xInt8_Vec32xInt16(half(pixel, 32)))
  }

  @inline(__always)
  mutating func add(_ other: SignedSums) {
    low = Builtin.add_Vec32xInt16(low, other.low)
    high = Builtin.add_Vec32xInt16(high, other.high)
  }

  @inline(__always)
  func bytes(_ count: Int, _ bounds: PoolBounds) -> SIMD64<Int8> {
    joined(Self.average(low, count, bounds), Self.average(high, count, bounds))
  }

  @inline(__always)
  private static func average(
    _ sums: Builtin.Vec32xInt16, _ count: Int, _ bounds: PoolBounds
  ) -> Builtin.Vec32xInt8 {
    let signs = Builtin.ashr_Vec32xInt16(sums, shorts(15))
    let magnitudes = Builtin.sub_Vec32xInt16(Builtin.xor_Vec32xInt16(sums, signs), signs)
    let quotient = quotients(magnitudes, count)
    let average = Builtin.sub_Vec32xInt16(Builtin.xor_Vec32xInt16(quotient, signs), signs)
    return Builtin.trunc_Vec32xInt16_Vec32xInt8(
      Builtin.int_smin_Vec32xInt16(Builtin.int_smax_Vec32xInt16(average, bounds.minimum), bounds.maximum))
  }
}

/// Sums of uint8 elements: with at most 256 of them in 16 bits.
struct UnsignedSums: PoolGatherer {
  private var low: Builtin.Vec32xInt16
  private var high: Builtin.Vec32xInt16

  @inline(__always)
  init() {
    low = shorts(0)
    high = shorts(0)
  }

  @inline(__always)
  mutating func add(_ pixel: UnsafeRawPointer) {
    low = Builtin.add_Vec32xInt16(low, Builtin.zext_Vec32xInt8_Vec32xInt16(half(pixel, 0)))
    high = Builtin.add_Vec32xInt16(high, Builtin.zext_Vec32xInt8_Vec32xInt16(half(pixel, 32)))
  }

  @inline(__always)
  mutating func add(_ other: UnsignedSums) {
    low = Builtin.add_Vec32xInt16(low, other.low)
    high = Builtin.add_Vec32xInt16(high, other.high)
  }

  @inline(__always)
  func bytes(_ count: Int, _ bounds: PoolBounds) -> SIMD64<Int8> {
    joined(Self.average(low, count, bounds), Self.average(high, count, bounds))
  }

  @inline(__always)
  private static func average(
    _ sums: Builtin.Vec32xInt16, _ count: Int, _ bounds: PoolBounds
  ) -> Builtin.Vec32xInt8 {
    Builtin.trunc_Vec32xInt16_Vec32xInt8(
      Builtin.int_smin_Vec32xInt16(
        Builtin.int_smax_Vec32xInt16(quotients(sums, count), bounds.minimum), bounds.maximum))
  }
}

// MARK: Largest elements

struct SignedMaxima: PoolGatherer {
  private var values: Builtin.Vec64xInt8

  @inline(__always)
  init() { values = unsafeBitCast(splat16(Int32(bitPattern: 0x8080_8080)), to: Builtin.Vec64xInt8.self) }

  @inline(__always)
  mutating func add(_ pixel: UnsafeRawPointer) {
    values = Builtin.int_smax_Vec64xInt8(values, pixel.loadUnaligned(as: SIMD64<Int8>.self)._storage._value)
  }

  @inline(__always)
  mutating func add(_ other: SignedMaxima) { values = Builtin.int_smax_Vec64xInt8(values, other.values) }

  @inline(__always)
  func bytes(_ count: Int, _ bounds: PoolBounds) -> SIMD64<Int8> {
    unsafeBitCast(
      Builtin.int_smin_Vec64xInt8(Builtin.int_smax_Vec64xInt8(values, bounds.byteMinimum), bounds.byteMaximum),
      to: SIMD64<Int8>.self)
  }
}

struct UnsignedMaxima: PoolGatherer {
  private var values: Builtin.Vec64xInt8

  @inline(__always)
  init() { values = unsafeBitCast(splat16(0), to: Builtin.Vec64xInt8.self) }

  @inline(__always)
  mutating func add(_ pixel: UnsafeRawPointer) {
    values = Builtin.int_umax_Vec64xInt8(values, pixel.loadUnaligned(as: SIMD64<Int8>.self)._storage._value)
  }

  @inline(__always)
  mutating func add(_ other: UnsignedMaxima) { values = Builtin.int_umax_Vec64xInt8(values, other.values) }

  @inline(__always)
  func bytes(_ count: Int, _ bounds: PoolBounds) -> SIMD64<Int8> {
    unsafeBitCast(
      Builtin.int_umin_Vec64xInt8(Builtin.int_umax_Vec64xInt8(values, bounds.byteMinimum), bounds.byteMaximum),
      to: SIMD64<Int8>.self)
  }
}

// MARK: Wide sums

/// Sums of int8 elements of 64 channels in 32 bits.
struct WideSums {
  private(set) var first: Sixteen
  private(set) var second: Sixteen
  private(set) var third: Sixteen
  private(set) var fourth: Sixteen

  @inline(__always)
  init() {
    first = splat16(0)
    second = first
    third = first
    fourth = first
  }

  /// Takes in 64 bytes, which are int8 with the flip.
  @inline(__always)
  mutating func add(_ pixel: UnsafeRawPointer, flip: SIMD16<Int8>) {
    first = plus(first, widened(pixel.loadUnaligned(as: SIMD16<Int8>.self), flip))
    second = plus(second, widened(pixel.loadUnaligned(fromByteOffset: 16, as: SIMD16<Int8>.self), flip))
    third = plus(third, widened(pixel.loadUnaligned(fromByteOffset: 32, as: SIMD16<Int8>.self), flip))
    fourth = plus(fourth, widened(pixel.loadUnaligned(fromByteOffset: 48, as: SIMD16<Int8>.self), flip))
  }
}

/// Stores the first `count` of 64 bytes.
@inline(__always)
func store64(_ bytes: SIMD64<Int8>, _ output: UnsafeMutableRawPointer, _ count: Int) {
  if count >= 64 {
    output.storeBytes(of: bytes, as: SIMD64<Int8>.self)
  } else {
    storePart64(bytes, output, count)
  }
}

@inline(never)
func storePart64(_ bytes: SIMD64<Int8>, _ output: UnsafeMutableRawPointer, _ count: Int) {
  var copy = bytes
  withUnsafeBytes(of: &copy) { source in
    if let base = source.baseAddress { copySome(base, output, count) }
  }
}
