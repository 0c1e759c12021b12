#if arch(x86_64) && INSTRUCTION_SET
  import Builtin

  typealias FastTile = Tile2

  /// `sum` and the 4 products of each lane: of uint8 `activations` and int8 `weights`.
  ///
  /// Even and odd bytes are multiplied apart, as int16. The instruction that multiplies bytes (`pmaddubsw`) saturates.
  @inline(__always)
  func addProducts(_ sum: Lanes, _ activations: Lanes, _ weights: Lanes) -> Lanes {
    let values = unsafeBitCast(activations, to: Builtin.Vec16xInt16.self)
    let factors = unsafeBitCast(weights, to: Builtin.Vec16xInt16.self)
    let byte = unsafeBitCast(splat(0x0008_0008), to: Builtin.Vec16xInt16.self)
    let lowByte = unsafeBitCast(splat(0x00FF_00FF), to: Builtin.Vec16xInt16.self)
    let even = Builtin.int_x86_avx2_pmadd_wd(
      Builtin.and_Vec16xInt16(values, lowByte),
      Builtin.ashr_Vec16xInt16(Builtin.shl_Vec16xInt16(factors, byte), byte))
    let odd = Builtin.int_x86_avx2_pmadd_wd(
      Builtin.lshr_Vec16xInt16(values, byte), Builtin.ashr_Vec16xInt16(factors, byte))
    return sum &+ unsafeBitCast(even, to: Lanes.self) &+ unsafeBitCast(odd, to: Lanes.self)
  }
#endif
