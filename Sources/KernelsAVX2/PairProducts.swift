#if arch(x86_64) && INSTRUCTION_SET
  import Builtin

  private typealias Halves = (SIMD8<Int32>, SIMD8<Int32>)

  /// In each lane the sum of the 2 products of its int16.
  @inline(__always)
  func pairProducts(_ a: Sixteen, _ b: Sixteen) -> Sixteen {
    let x = unsafeBitCast(a, to: Halves.self)
    let y = unsafeBitCast(b, to: Halves.self)
    return unsafeBitCast((product(x.0, y.0), product(x.1, y.1)), to: Sixteen.self)
  }

  @inline(__always)
  private func product(_ a: SIMD8<Int32>, _ b: SIMD8<Int32>) -> SIMD8<Int32> {
    unsafeBitCast(
      Builtin.int_x86_avx2_pmadd_wd(
        unsafeBitCast(a, to: Builtin.Vec16xInt16.self), unsafeBitCast(b, to: Builtin.Vec16xInt16.self)),
      to: SIMD8<Int32>.self)
  }
#endif
