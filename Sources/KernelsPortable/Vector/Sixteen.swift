import Builtin
import KernelInterface

/// 16 numbers of 32 bits, of one width for all instruction sets; the compiler splits them into the set's own vectors.
typealias Sixteen = SIMD16<Int32>

private typealias Longs = Builtin.Vec8xInt64

/// `value` in 16 lanes.
@inline(__always)
func splat16(_ value: Int32) -> Sixteen {
  let v = value
  return Sixteen(v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v)
}

@inline(__always)
private func sixteen(_ words: Builtin.Vec16xInt32) -> Sixteen { unsafeBitCast(words, to: Sixteen.self) }

@inline(__always)
private func splatLong(_ value: Int64) -> Longs {
  unsafeBitCast(SIMD8<Int64>(value, value, value, value, value, value, value, value), to: Longs.self)
}

/// 16 bytes as they are, of which each is int8 with the flip.
@inline(__always)
func widened(_ bytes: SIMD16<Int8>, _ flip: SIMD16<Int8>) -> Sixteen {
  sixteen(
    Builtin.sext_Vec16xInt8_Vec16xInt32(
      Builtin.xor_Vec16xInt8(bytes._storage._value, flip._storage._value)))
}

/// `0x80` in every byte for uint8, 0 for int8.
@inline(__always)
func byteFlip(_ isUnsigned: Bool) -> SIMD16<Int8> { splatByte(isUnsigned ? -128 : 0) }

@inline(__always)
func splatByte(_ value: Int8) -> SIMD16<Int8> {
  let v = value
  return SIMD16<Int8>(v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v)
}

@inline(__always)
func plus(_ a: Sixteen, _ b: Sixteen) -> Sixteen {
  sixteen(Builtin.add_Vec16xInt32(a._storage._value, b._storage._value))
}

@inline(__always)
func minus(_ a: Sixteen, _ b: Sixteen) -> Sixteen {
  sixteen(Builtin.sub_Vec16xInt32(a._storage._value, b._storage._value))
}

@inline(__always)
func times(_ a: Sixteen, _ b: Sixteen) -> Sixteen {
  sixteen(Builtin.mul_Vec16xInt32(a._storage._value, b._storage._value))
}

/// Requires counts of 0 to 31.
@inline(__always)
func raised(_ a: Sixteen, _ counts: Sixteen) -> Sixteen {
  sixteen(Builtin.shl_Vec16xInt32(a._storage._value, counts._storage._value))
}

/// A ``FixedFactor`` in every lane.
struct FactorLanes {
  private let scaling: Sixteen
  private let multiplier: Longs
  private let rounding: Sixteen
  private let sign: Sixteen
  private let right: Sixteen

  /// - Parameters:
  ///   - factor: the factor.
  ///   - left: how far numbers are shifted left beside what the factor asks for.
  @inline(__always)
  init(_ factor: FixedFactor, left: Int32 = 0) {
    // The product is of twice the number, so that its high word is the result.
    scaling = splat16(factor.left &+ left &+ 1)
    multiplier = splatLong(Int64(factor.multiplier))
    rounding = splat16(factor.right > 0 ? 1 &<< (factor.right &- 1) : 0)
    sign = splat16(factor.right > 0 ? -1 : 0)
    right = splat16(factor.right)
  }

  /// `numbers` times the factor, rounded twice: ties up, then half away from zero.
  ///
  /// Requires that numbers shifted left stay below `2^30` in magnitude.
  @inline(__always)
  func scaled(_ numbers: Sixteen) -> Sixteen {
    let doubled = unsafeBitCast(raised(numbers, scaling), to: Longs.self)
    let half = splatLong(1 << 31)
    let even = Builtin.ashr_Vec8xInt64(Builtin.shl_Vec8xInt64(doubled, splatLong(32)), splatLong(32))
    let odd = Builtin.ashr_Vec8xInt64(doubled, splatLong(32))
    let evenProduct = Builtin.add_Vec8xInt64(Builtin.mul_Vec8xInt64(even, multiplier), half)
    let oddProduct = Builtin.add_Vec8xInt64(Builtin.mul_Vec8xInt64(odd, multiplier), half)
    let low = Builtin.lshr_Vec8xInt64(evenProduct, splatLong(32))
    let high = Builtin.and_Vec8xInt64(oddProduct, splatLong(Int64(bitPattern: 0xFFFF_FFFF_0000_0000)))
    let product = unsafeBitCast(Builtin.or_Vec8xInt64(low, high), to: Sixteen.self)
    let signs = Builtin.and_Vec16xInt32(
      Builtin.ashr_Vec16xInt32(product._storage._value, splat16(31)._storage._value), sign._storage._value)
    return sixteen(
      Builtin.ashr_Vec16xInt32(
        Builtin.add_Vec16xInt32(Builtin.add_Vec16xInt32(product._storage._value, rounding._storage._value), signs),
        right._storage._value))
  }
}

/// What scaled numbers become, in every lane.
struct ByteLanes {
  private let zeroPoint: Sixteen
  private let minimum: Sixteen
  private let maximum: Sixteen
  private let flip: SIMD16<Int8>

  @inline(__always)
  init(_ bytes: OutputBytes) {
    zeroPoint = splat16(bytes.zeroPoint)
    minimum = splat16(bytes.minimum)
    maximum = splat16(bytes.maximum)
    flip = byteFlip(bytes.flip != 0)
  }

  /// Scaled numbers, whose sum with the zero point fits 32 bits.
  @inline(__always)
  func bytes(_ scaled: Sixteen) -> SIMD16<Int8> {
    let sum = plus(scaled, zeroPoint)
    let clamped = Builtin.int_smin_Vec16xInt32(
      Builtin.int_smax_Vec16xInt32(sum._storage._value, minimum._storage._value), maximum._storage._value)
    return unsafeBitCast(
      Builtin.xor_Vec16xInt8(
        Builtin.trunc_Vec16xInt32_Vec16xInt8(clamped), flip._storage._value), to: SIMD16<Int8>.self)
  }
}

/// Stores the first `count` of 16 bytes; all, if that is more than there are.
@inline(__always)
func store16(_ bytes: SIMD16<Int8>, _ output: UnsafeMutableRawPointer, _ count: Int) {
  if count >= 16 {
    output.storeBytes(of: bytes, as: SIMD16<Int8>.self)
  } else {
    storePart16(bytes, output, count)
  }
}

@inline(never)
func storePart16(_ bytes: SIMD16<Int8>, _ output: UnsafeMutableRawPointer, _ count: Int) {
  var copy = bytes
  withUnsafeBytes(of: &copy) { source in
    if let base = source.baseAddress { copySome(base, output, count) }
  }
}
