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
  var place = 0
  while place < count {
    output[place] = numbers[place]
    place &+= 1
  }
}
