import Builtin

/// 16 real numbers, of one width for all instruction sets; the compiler splits them into the set's own vectors. Products
/// and sums are rounded apart.
typealias Reals = SIMD16<Float>

@inline(__always)
private func reals(_ numbers: Builtin.Vec16xFPIEEE32) -> Reals { unsafeBitCast(numbers, to: Reals.self) }

/// `value` in 16 lanes.
@inline(__always)
func splatReal(_ value: Float) -> Reals {
  let v = value
  return Reals(v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v)
}

@inline(__always)
func plus(_ a: Reals, _ b: Reals) -> Reals { reals(Builtin.fadd_Vec16xFPIEEE32(a._storage._value, b._storage._value)) }

@inline(__always)
func times(_ a: Reals, _ b: Reals) -> Reals { reals(Builtin.fmul_Vec16xFPIEEE32(a._storage._value, b._storage._value)) }

@inline(__always)
func minus(_ a: Reals, _ b: Reals) -> Reals { reals(Builtin.fsub_Vec16xFPIEEE32(a._storage._value, b._storage._value)) }

@inline(__always)
func over(_ a: Reals, _ b: Reals) -> Reals { reals(Builtin.fdiv_Vec16xFPIEEE32(a._storage._value, b._storage._value)) }

@inline(__always)
func squareRoot(_ a: Reals) -> Reals { reals(Builtin.int_sqrt_Vec16xFPIEEE32(a._storage._value)) }

/// `1 / sqrt(a)` in double precision, rounded to single precision.
@inline(__always)
func inverseSquareRoot(_ a: Reals) -> Reals {
  let one = 1.0
  let ones = SIMD16<Double>(one, one, one, one, one, one, one, one, one, one, one, one, one, one, one, one)
  let root = Builtin.int_sqrt_Vec16xFPIEEE64(Builtin.fpext_Vec16xFPIEEE32_Vec16xFPIEEE64(a._storage._value))
  return reals(
    Builtin.fptrunc_Vec16xFPIEEE64_Vec16xFPIEEE32(Builtin.fdiv_Vec16xFPIEEE64(ones._storage._value, root)))
}

/// `a` where it is larger, else `b`: also where they are equal or do not compare.
@inline(__always)
func larger(_ a: Reals, _ b: Reals) -> Reals {
  let isLarger = Builtin.fcmp_ogt_Vec16xFPIEEE32(a._storage._value, b._storage._value)
  return reals(Builtin.select_Vec16xInt1_Vec16xFPIEEE32(isLarger, a._storage._value, b._storage._value))
}

/// `a` where it is smaller, else `b`: also where they are equal or do not compare.
@inline(__always)
func smaller(_ a: Reals, _ b: Reals) -> Reals {
  let isSmaller = Builtin.fcmp_olt_Vec16xFPIEEE32(a._storage._value, b._storage._value)
  return reals(Builtin.select_Vec16xInt1_Vec16xFPIEEE32(isSmaller, a._storage._value, b._storage._value))
}

/// `x` where it is at least 0, else `y`.
@inline(__always)
func whereNotNegative(_ x: Reals, _ y: Reals) -> Reals {
  let isLarge = Builtin.fcmp_oge_Vec16xFPIEEE32(x._storage._value, splatReal(0)._storage._value)
  return reals(Builtin.select_Vec16xInt1_Vec16xFPIEEE32(isLarge, x._storage._value, y._storage._value))
}

/// `x` where it is above 0, else `y`.
@inline(__always)
func wherePositive(_ x: Reals, _ y: Reals) -> Reals {
  let isLarge = Builtin.fcmp_ogt_Vec16xFPIEEE32(x._storage._value, splatReal(0)._storage._value)
  return reals(Builtin.select_Vec16xInt1_Vec16xFPIEEE32(isLarge, x._storage._value, y._storage._value))
}

@inline(__always)
func negated(_ a: Reals) -> Reals {
  reals(
    unsafeBitCast(
      Builtin.xor_Vec16xInt32(unsafeBitCast(a, to: Builtin.Vec16xInt32.self), splat16(Int32.min)._storage._value),
      to: Builtin.Vec16xFPIEEE32.self))
}

@inline(__always)
func magnitudes(_ a: Reals) -> Reals {
  reals(
    unsafeBitCast(
      Builtin.and_Vec16xInt32(unsafeBitCast(a, to: Builtin.Vec16xInt32.self), splat16(Int32.max)._storage._value),
      to: Builtin.Vec16xFPIEEE32.self))
}

/// Numbers inside bounds; what is not a number stays.
@inline(__always)
func inside(_ a: Reals, _ minimum: Reals, _ maximum: Reals) -> Reals {
  let low = Builtin.fcmp_olt_Vec16xFPIEEE32(a._storage._value, minimum._storage._value)
  let raised = Builtin.select_Vec16xInt1_Vec16xFPIEEE32(low, minimum._storage._value, a._storage._value)
  let high = Builtin.fcmp_olt_Vec16xFPIEEE32(maximum._storage._value, raised)
  return reals(Builtin.select_Vec16xInt1_Vec16xFPIEEE32(high, maximum._storage._value, raised))
}

@inline(__always)
func loadReals(_ pointer: UnsafePointer<Float>) -> Reals {
  UnsafeRawPointer(pointer).loadUnaligned(as: Reals.self)
}

/// Stores the first `count` of 16 numbers; all, if that is more than there are.
@inline(__always)
func store16(_ numbers: Reals, _ output: UnsafeMutablePointer<Float>, _ count: Int) {
  if count >= 16 {
    UnsafeMutableRawPointer(output).storeBytes(of: numbers, as: Reals.self)
  } else {
    storePart16(numbers, output, count)
  }
}

@inline(never)
func storePart16(_ numbers: Reals, _ output: UnsafeMutablePointer<Float>, _ count: Int) {
  var copy = numbers
  withUnsafeBytes(of: &copy) { source in
    if let base = source.baseAddress { copySome(base, UnsafeMutableRawPointer(output), 4 &* count) }
  }
}
