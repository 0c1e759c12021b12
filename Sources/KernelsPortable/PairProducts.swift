// The modules of instruction sets have this file too, for where they are compiled without their target features.
#if !arch(x86_64) || !INSTRUCTION_SET
  import Builtin

  private typealias Quarters = (SIMD4<Int32>, SIMD4<Int32>, SIMD4<Int32>, SIMD4<Int32>)

  /// In each lane the sum of the 2 products of its int16.
  @inline(__always)
  func pairProducts(_ a: Sixteen, _ b: Sixteen) -> Sixteen {
    #if arch(x86_64)
      let x = unsafeBitCast(a, to: Quarters.self)
      let y = unsafeBitCast(b, to: Quarters.self)
      let products = (product(x.0, y.0), product(x.1, y.1), product(x.2, y.2), product(x.3, y.3))
      return unsafeBitCast(products, to: Sixteen.self)
    #else
      return plus(times(lowHalves(a), lowHalves(b)), times(highHalves(a), highHalves(b)))
    #endif
  }

  #if arch(x86_64)
    @inline(__always)
    private func product(_ a: SIMD4<Int32>, _ b: SIMD4<Int32>) -> SIMD4<Int32> {
      unsafeBitCast(
        Builtin.int_x86_sse2_pmadd_wd(
          unsafeBitCast(a, to: Builtin.Vec8xInt16.self), unsafeBitCast(b, to: Builtin.Vec8xInt16.self)),
        to: SIMD4<Int32>.self)
    }
  #else
    @inline(__always)
    private func lowHalves(_ a: Sixteen) -> Sixteen { highHalves(raised(a, splat16(16))) }

    @inline(__always)
    private func highHalves(_ a: Sixteen) -> Sixteen {
      unsafeBitCast(
        Builtin.ashr_Vec16xInt32(a._storage._value, splat16(16)._storage._value), to: Sixteen.self)
    }
  #endif
#endif
