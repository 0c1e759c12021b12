// The modules of instruction sets have this file too, for where they are compiled without their target features.
#if !arch(x86_64) || !INSTRUCTION_SET
  import Builtin

  /// Vectors of 128 bits: SSE2 on x86-64, whatever LLVM makes of them elsewhere.
  ///
  /// What a kernel needs of an instruction set: the same names stand in every module of kernels. Nothing here calls a
  /// generic of the standard library: those of vectors are calls, out of line.
  typealias Lanes = SIMD4<Int32>
  /// The bytes of 4 vectors of lanes.
  typealias Bytes = SIMD16<Int8>
  /// The bytes of 2 vectors of lanes.
  typealias HalfBytes = SIMD8<Int8>
  /// One byte a lane.
  typealias LaneBytes = SIMD4<Int8>

  let laneCount = 4
  typealias FastTile = Tile2

  private typealias Words = Builtin.Vec4xInt32
  private typealias Halves = Builtin.Vec8xInt16
  private typealias Octets = Builtin.Vec16xInt8
  private typealias Longs = Builtin.Vec2xInt64

  @inline(__always)
  private func words(_ lanes: Lanes) -> Words { lanes._storage._value }
  @inline(__always)
  private func lanes(_ words: Words) -> Lanes { unsafeBitCast(words, to: Lanes.self) }
  @inline(__always)
  private func halves(_ lanes: Lanes) -> Halves { unsafeBitCast(lanes, to: Halves.self) }
  @inline(__always)
  private func splat(half value: Int32) -> Halves { halves(splat((value & 0xFFFF) | (value &<< 16))) }
  @inline(__always)
  private func splat(long value: Int64) -> Longs { unsafeBitCast(SIMD2<Int64>(value, value), to: Longs.self) }

  /// `value` in every lane.
  @inline(__always)
  func splat(_ value: Int32) -> Lanes { Lanes(value, value, value, value) }

  // MARK: Products

  /// `sum` and the 4 products of each lane: of uint8 `activations` and int8 `weights`.
  ///
  /// Even and odd bytes are multiplied apart, as int16: 255 * -128 is the largest product in magnitude and fits.
  @inline(__always)
  func addProducts(_ sum: Lanes, _ activations: Lanes, _ weights: Lanes) -> Lanes {
    let byte = splat(half: 8)
    let evenActivations = Builtin.and_Vec8xInt16(halves(activations), splat(half: 0xFF))
    let oddActivations = Builtin.lshr_Vec8xInt16(halves(activations), byte)
    let evenWeights = Builtin.ashr_Vec8xInt16(Builtin.shl_Vec8xInt16(halves(weights), byte), byte)
    let oddWeights = Builtin.ashr_Vec8xInt16(halves(weights), byte)
    return sum &+ pairSums(evenActivations, evenWeights) &+ pairSums(oddActivations, oddWeights)
  }

  /// The sum of the 2 products of each lane; each product fits int16.
  @inline(__always)
  private func pairSums(_ a: Halves, _ b: Halves) -> Lanes {
    #if arch(x86_64)
      return lanes(Builtin.int_x86_sse2_pmadd_wd(a, b))
    #else
      let products = unsafeBitCast(Builtin.mul_Vec8xInt16(a, b), to: Words.self)
      let half = words(splat(16))
      let low = Builtin.ashr_Vec4xInt32(Builtin.shl_Vec4xInt32(products, half), half)
      return lanes(Builtin.add_Vec4xInt32(low, Builtin.ashr_Vec4xInt32(products, half)))
    #endif
  }

  // MARK: Scaling

  @inline(__always)
  func flipped(_ values: Lanes, _ mask: Lanes) -> Lanes { lanes(Builtin.xor_Vec4xInt32(words(values), words(mask))) }

  /// Requires counts of 0 to 31.
  @inline(__always)
  func shiftedLeft(_ values: Lanes, _ counts: Lanes) -> Lanes {
    lanes(Builtin.shl_Vec4xInt32(words(values), words(counts)))
  }

  /// Requires counts of 0 to 31; the sign fills.
  @inline(__always)
  func shiftedRight(_ values: Lanes, _ counts: Lanes) -> Lanes {
    lanes(Builtin.ashr_Vec4xInt32(words(values), words(counts)))
  }

  @inline(__always)
  func signs(_ values: Lanes) -> Lanes { lanes(Builtin.ashr_Vec4xInt32(words(values), words(splat(31)))) }

  /// `(doubled * multiplier + 2^31) / 2^32`, rounded down. Requires that the product is below `2^62` and
  /// that the multiplier is not negative.
  @inline(__always)
  func roundedHighProduct(_ doubled: Lanes, _ multiplier: Lanes) -> Lanes {
    #if arch(x86_64)
      // SSE2 multiplies without signs only. Modulo 2^64, a signed product is the unsigned one less 2^32 times the one
      // operand where the other is negative; multipliers never are.
      let unsigned = highProduct(longs(doubled), longs(multiplier), extended: lowHalf, upper: highHalf)
      return unsigned &- (signs(doubled) & multiplier)
    #else
      return highProduct(longs(doubled), longs(multiplier), extended: signExtended, upper: signedUpper)
    #endif
  }

  /// The high words of 64-bit numbers: products of the even lanes and of the odd lanes, each with its factor, and plus a
  /// 64-bit number. The factors of odd lanes lie in the even lanes of `odd`, and in their own lanes of `even`.
  ///
  /// Requires that no factor is negative.
  @inline(__always)
  func highProduct(
    _ values: Lanes, even: Lanes, odd: Lanes, plusEven: Lanes, plusOdd: Lanes
  ) -> Lanes {
    #if arch(x86_64)
      let unsigned = highSums(
        lowHalf(longs(values)), lowHalf(longs(even)), longs(plusEven), highHalf(longs(values)), lowHalf(longs(odd)),
        longs(plusOdd))
      return unsigned &- (signs(values) & even)
    #else
      return highSums(
        signExtended(longs(values)), signExtended(longs(even)), longs(plusEven), signedUpper(longs(values)),
        signExtended(longs(odd)), longs(plusOdd))
    #endif
  }

  /// The same, less `2^31` where the product is negative, which it is where its value is.
  @inline(__always)
  func signedHighProduct(
    _ values: Lanes, even: Lanes, odd: Lanes, plusEven: Lanes, plusOdd: Lanes
  ) -> Lanes {
    // Factors are positive or 0: a negative value with the factor 0 gives 2^30 + 2^(30 + s) - 2^31, whose part above
    // bit 31 + s is 0 as well.
    let half = splat(long: 1 << 31)
    let evenSigns = Builtin.and_Vec2xInt64(signedUpper(shiftedUp(longs(values))), half)
    let oddSigns = Builtin.and_Vec2xInt64(signedUpper(longs(values)), half)
    return highProduct(
      values, even: even, odd: odd,
      plusEven: unsafeBitCast(Builtin.sub_Vec2xInt64(longs(plusEven), evenSigns), to: Lanes.self),
      plusOdd: unsafeBitCast(Builtin.sub_Vec2xInt64(longs(plusOdd), oddSigns), to: Lanes.self))
  }

  @inline(__always)
  private func shiftedUp(_ values: Longs) -> Longs { Builtin.shl_Vec2xInt64(values, splat(long: 32)) }

  @inline(__always)
  private func highSums(_ a: Longs, _ b: Longs, _ c: Longs, _ x: Longs, _ y: Longs, _ z: Longs) -> Lanes {
    let even = Builtin.add_Vec2xInt64(Builtin.mul_Vec2xInt64(a, b), c)
    let odd = Builtin.add_Vec2xInt64(Builtin.mul_Vec2xInt64(x, y), z)
    let high = Builtin.and_Vec2xInt64(odd, splat(long: Int64(bitPattern: 0xFFFF_FFFF_0000_0000)))
    return unsafeBitCast(Builtin.or_Vec2xInt64(highHalf(even), high), to: Lanes.self)
  }

  @inline(__always)
  private func longs(_ lanes: Lanes) -> Longs { unsafeBitCast(lanes, to: Longs.self) }

  /// The upper halves of the products of lanes, rounded, with what makes a lane of even or odd number 64 bits.
  @inline(__always)
  private func highProduct(
    _ a: Longs, _ b: Longs, extended: (Longs) -> Longs, upper: (Longs) -> Longs
  ) -> Lanes {
    let half = splat(long: 1 << 31)
    let even = Builtin.add_Vec2xInt64(Builtin.mul_Vec2xInt64(extended(a), extended(b)), half)
    let odd = Builtin.add_Vec2xInt64(Builtin.mul_Vec2xInt64(upper(a), upper(b)), half)
    let high = Builtin.and_Vec2xInt64(odd, splat(long: Int64(bitPattern: 0xFFFF_FFFF_0000_0000)))
    return unsafeBitCast(Builtin.or_Vec2xInt64(highHalf(even), high), to: Lanes.self)
  }

  @inline(__always)
  private func lowHalf(_ values: Longs) -> Longs { Builtin.and_Vec2xInt64(values, splat(long: 0xFFFF_FFFF)) }
  @inline(__always)
  private func highHalf(_ values: Longs) -> Longs { Builtin.lshr_Vec2xInt64(values, splat(long: 32)) }
  @inline(__always)
  private func signExtended(_ values: Longs) -> Longs {
    Builtin.ashr_Vec2xInt64(Builtin.shl_Vec2xInt64(values, splat(long: 32)), splat(long: 32))
  }
  @inline(__always)
  private func signedUpper(_ values: Longs) -> Longs { Builtin.ashr_Vec2xInt64(values, splat(long: 32)) }

  /// `values`, less 1 in the lanes where `a` is below `b`.
  @inline(__always)
  func lowered(_ values: Lanes, where a: Lanes, isBelow b: Lanes) -> Lanes {
    let below = Builtin.sext_Vec4xInt1_Vec4xInt32(Builtin.cmp_slt_Vec4xInt32(words(a), words(b)))
    return lanes(Builtin.add_Vec4xInt32(words(values), below))
  }

  /// In each lane the sum of the 2 products of its int16.
  @inline(__always)
  func halfProducts(_ a: Lanes, _ b: Lanes) -> Lanes {
    #if arch(x86_64)
      return lanes(Builtin.int_x86_sse2_pmadd_wd(halves(a), halves(b)))
    #else
      let half = words(splat(16))
      let low = Builtin.mul_Vec4xInt32(
        Builtin.ashr_Vec4xInt32(Builtin.shl_Vec4xInt32(words(a), half), half),
        Builtin.ashr_Vec4xInt32(Builtin.shl_Vec4xInt32(words(b), half), half))
      let high = Builtin.mul_Vec4xInt32(
        Builtin.ashr_Vec4xInt32(words(a), half), Builtin.ashr_Vec4xInt32(words(b), half))
      return lanes(Builtin.add_Vec4xInt32(low, high))
    #endif
  }

  // MARK: Narrowing

  /// What sums become, in every lane.
  struct OutputVectors {
    private let zeroPoint: Halves
    private let minimum: Halves
    private let maximum: Halves
    private let flip: Octets

    @inline(__always)
    init(zeroPoint: Int32, minimum: Int32, maximum: Int32, flip: Int32) {
      self.zeroPoint = splat(half: zeroPoint)
      self.minimum = splat(half: minimum)
      self.maximum = splat(half: maximum)
      self.flip = unsafeBitCast(splat(flip), to: Octets.self)
    }

    /// 4 vectors in the order of a full block, as bytes in the order of channels.
    @inline(__always)
    func narrowed(_ a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes) -> Bytes {
      let bytes = packedHalves(clamped(packedWords(words(a), words(b))), clamped(packedWords(words(c), words(d))))
      return unsafeBitCast(Builtin.xor_Vec16xInt8(bytes, flip), to: Bytes.self)
    }

    /// 2 vectors of two rows each, in the order of half a block, as the bytes of the first row and then of the second.
    @inline(__always)
    func narrowedPair(_ a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes) -> Bytes { narrowed(a, b, c, d) }

    /// One vector in its own order.
    @inline(__always)
    func narrowed(_ a: Lanes) -> LaneBytes {
      let pair = clamped(packedWords(words(a), words(a)))
      let bytes = Builtin.xor_Vec16xInt8(packedHalves(pair, pair), flip)
      let first = Builtin.extractelement_Vec4xInt32_Int32(unsafeBitCast(bytes, to: Words.self), Int32(0)._value)
      return unsafeBitCast(Int32(first), to: LaneBytes.self)
    }

    /// Bounds fit 8 bits and the zero point 9, so that nothing that saturates could have been seen after the clamp.
    @inline(__always)
    private func clamped(_ values: Halves) -> Halves {
      Builtin.int_smin_Vec8xInt16(
        Builtin.int_smax_Vec8xInt16(Builtin.int_sadd_sat_Vec8xInt16(values, zeroPoint), minimum), maximum)
    }
  }

  /// The int16 nearest to each lane.
  @inline(__always)
  private func packedWords(_ a: Words, _ b: Words) -> Halves {
    #if arch(x86_64)
      return Builtin.int_x86_sse2_packssdw_128(a, b)
    #else
      let low = words(splat(-32768))
      let high = words(splat(32767))
      let order = SIMD8<Int32>(0, 2, 4, 6, 8, 10, 12, 14)
      return Builtin.shufflevector_Vec8xInt16_Vec8xInt32(
        unsafeBitCast(Builtin.int_smin_Vec4xInt32(Builtin.int_smax_Vec4xInt32(a, low), high), to: Halves.self),
        unsafeBitCast(Builtin.int_smin_Vec4xInt32(Builtin.int_smax_Vec4xInt32(b, low), high), to: Halves.self),
        order._storage._value)
    #endif
  }

  /// Values that fit int8, as such.
  @inline(__always)
  private func packedHalves(_ a: Halves, _ b: Halves) -> Octets {
    #if arch(x86_64)
      return Builtin.int_x86_sse2_packsswb_128(a, b)
    #else
      let order = SIMD16<Int32>(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
      return Builtin.shufflevector_Vec16xInt8_Vec16xInt32(
        unsafeBitCast(a, to: Octets.self), unsafeBitCast(b, to: Octets.self), order._storage._value)
    #endif
  }

  // MARK: Bytes of rows beside each other

  @inline(__always)
  func flippedBytes(_ bytes: Bytes, _ mask: Lanes) -> Bytes {
    unsafeBitCast(
      Builtin.xor_Vec16xInt8(bytes._storage._value, unsafeBitCast(mask, to: Octets.self)), to: Bytes.self)
  }

  @inline(__always)
  func largerBytes(_ a: Bytes, _ b: Bytes) -> Bytes {
    unsafeBitCast(Builtin.int_smax_Vec16xInt8(a._storage._value, b._storage._value), to: Bytes.self)
  }

  @inline(__always)
  func smallerBytes(_ a: Bytes, _ b: Bytes) -> Bytes {
    unsafeBitCast(Builtin.int_smin_Vec16xInt8(a._storage._value, b._storage._value), to: Bytes.self)
  }

  @inline(__always)
  func zeroBytes() -> Bytes { unsafeBitCast(splat(0), to: Bytes.self) }

  /// For every channel of 4 rows, its 4 bytes in one lane; in the order of a full block.
  @inline(__always)
  func interleaved(_ r0: Bytes, _ r1: Bytes, _ r2: Bytes, _ r3: Bytes) -> (Lanes, Lanes, Lanes, Lanes) {
    let low0 = unpackedLow(r0, r1)
    let high0 = unpackedHigh(r0, r1)
    let low1 = unpackedLow(r2, r3)
    let high1 = unpackedHigh(r2, r3)
    return (
      unpackedLow(pairs: low0, low1), unpackedHigh(pairs: low0, low1), unpackedLow(pairs: high0, high1),
      unpackedHigh(pairs: high0, high1)
    )
  }

  @inline(__always)
  private func unpackedLow(_ a: Bytes, _ b: Bytes) -> Halves {
    let order = SIMD16<Int32>(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
    return unsafeBitCast(
      Builtin.shufflevector_Vec16xInt8_Vec16xInt32(a._storage._value, b._storage._value, order._storage._value),
      to: Halves.self)
  }

  @inline(__always)
  private func unpackedHigh(_ a: Bytes, _ b: Bytes) -> Halves {
    let order = SIMD16<Int32>(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
    return unsafeBitCast(
      Builtin.shufflevector_Vec16xInt8_Vec16xInt32(a._storage._value, b._storage._value, order._storage._value),
      to: Halves.self)
  }

  @inline(__always)
  private func unpackedLow(pairs a: Halves, _ b: Halves) -> Lanes {
    let order = SIMD8<Int32>(0, 8, 1, 9, 2, 10, 3, 11)
    return unsafeBitCast(Builtin.shufflevector_Vec8xInt16_Vec8xInt32(a, b, order._storage._value), to: Lanes.self)
  }

  @inline(__always)
  private func unpackedHigh(pairs a: Halves, _ b: Halves) -> Lanes {
    let order = SIMD8<Int32>(4, 12, 5, 13, 6, 14, 7, 15)
    return unsafeBitCast(Builtin.shufflevector_Vec8xInt16_Vec8xInt32(a, b, order._storage._value), to: Lanes.self)
  }

  // MARK: Tables

  /// Bytes of the input that vectors translate by 256 answers in registers: none, there are no instructions for it.
  @inline(__always)
  func tableBlocks(
    _ table: UnsafeRawPointer, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ count: Int
  )
    -> Int
  { 0 }
#endif
