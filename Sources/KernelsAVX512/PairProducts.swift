#if arch(x86_64) && INSTRUCTION_SET
  import Builtin

  /// In each lane the sum of the 2 products of its int16.
  @inline(__always)
  func pairProducts(_ a: Sixteen, _ b: Sixteen) -> Sixteen {
    unsafeBitCast(
      Builtin.int_x86_avx512_pmaddw_d_512(
        unsafeBitCast(a, to: Builtin.Vec32xInt16.self), unsafeBitCast(b, to: Builtin.Vec32xInt16.self)),
      to: Sixteen.self)
  }
#endif
