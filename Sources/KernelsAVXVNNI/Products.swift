#if arch(x86_64) && INSTRUCTION_SET
  import Builtin

  typealias FastTile = Tile3

  /// `sum` and the 4 products of each lane: of uint8 `activations` and int8 `weights`.
  ///
  /// LLVM has one name for the instruction; the features of this module choose the encoding without AVX-512.
  @inline(__always)
  func addProducts(_ sum: Lanes, _ activations: Lanes, _ weights: Lanes) -> Lanes {
    unsafeBitCast(
      Builtin.int_x86_avx512_vpdpbusd_256(
        sum._storage._value, activations._storage._value, weights._storage._value), to: Lanes.self)
  }
#endif
