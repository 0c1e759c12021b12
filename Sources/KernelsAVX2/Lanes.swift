#if arch(x86_64) && INSTRUCTION_SET
  import Builtin

  /// Vectors of 256 bits, with AVX2. Products are in a file of their own.
  ///
  /// What a kernel needs of an instruction set: the same names stand in every module of kernels. Nothing here calls a
  /// generic of the standard library: its specialization would be one symbol for all modules, and the linker could take
  /// the one that only this module's processors can run.
  typealias Lanes = SIMD8<Int32>
  /// The bytes of 4 vectors of lanes.
  typealias Bytes = SIMD32<Int8>
  /// The bytes of 2 vectors of lanes.
  typealias HalfBytes = SIMD16<Int8>
  /// One byte a lane.
  typealias LaneBytes = SIMD8<Int8>

  let laneCount = 8

  private typealias Words = Builtin.Vec8xInt32
  private typealias Halves = Builtin.Vec16xInt16
  private typealias Octets = Builtin.Vec32xInt8
  private typealias Longs = Builtin.Vec4xInt64

  @inline(__always)
  private func words(_ lanes: Lanes) -> Words { lanes._storage._value }
  @inline(__always)
  private func lanes(_ words: Words) -> Lanes { unsafeBitCast(words, to: Lanes.self) }
  @inline(__always)
  private func longs(_ lanes: Lanes) -> Longs { unsafeBitCast(lanes, to: Longs.self) }
  @inline(__always)
  private func splat(long value: Int64) -> Longs {
    unsafeBitCast(SIMD4<Int64>(value, value, value, value), to: Longs.self)
  }

  /// `value` in every lane.
  @inline(__always)
  func splat(_ value: Int32) -> Lanes { Lanes(value, value, value, value, value, value, value, value) }

  // MARK: Scaling

  @inline(__always)
  func flipped(_ values: Lanes, _ mask: Lanes) -> Lanes { lanes(Builtin.xor_Vec8xInt32(words(values), words(mask))) }

  /// Requires counts of 0 to 31.
  @inline(__always)
  func shiftedLeft(_ values: Lanes, _ counts: Lanes) -> Lanes {
    lanes(Builtin.shl_Vec8xInt32(words(values), words(counts)))
  }

  /// Requires counts of 0 to 31; the sign fills.
  @inline(__always)
  func shiftedRight(_ values: Lanes, _ counts: Lanes) -> Lanes {
    lanes(Builtin.ashr_Vec8xInt32(words(values), words(counts)))
  }

  @inline(__always)
  func signs(_ values: Lanes) -> Lanes { lanes(Builtin.ashr_Vec8xInt32(words(values), words(splat(31)))) }

  /// `(doubled * multiplier + 2^31) / 2^32`, rounded down. Requires that the product is below `2^62`.
  @inline(__always)
  func roundedHighProduct(_ doubled: Lanes, _ multiplier: Lanes) -> Lanes {
    let half = splat(long: 1 << 31)
    let even = Builtin.add_Vec4xInt64(
      Builtin.mul_Vec4xInt64(signExtended(longs(doubled)), signExtended(longs(multiplier))), half)
    let odd = Builtin.add_Vec4xInt64(Builtin.mul_Vec4xInt64(upper(longs(doubled)), upper(longs(multiplier))), half)
    let low = Builtin.lshr_Vec4xInt64(even, splat(long: 32))
    let high = Builtin.and_Vec4xInt64(odd, splat(long: Int64(bitPattern: 0xFFFF_FFFF_0000_0000)))
    return unsafeBitCast(Builtin.or_Vec4xInt64(low, high), to: Lanes.self)
  }

  /// The high words of 64-bit numbers: products of the even lanes and of the odd lanes, each with its factor, and plus a
  /// 64-bit number. The factors of odd lanes lie in the even lanes of `odd`, and in their own lanes of `even`.
  @inline(__always)
  func highProduct(
    _ values: Lanes, even: Lanes, odd: Lanes, plusEven: Lanes, plusOdd: Lanes
  ) -> Lanes {
    let evenSum = Builtin.add_Vec4xInt64(
      Builtin.mul_Vec4xInt64(signExtended(longs(values)), signExtended(longs(even))), longs(plusEven))
    let oddSum = Builtin.add_Vec4xInt64(
      Builtin.mul_Vec4xInt64(upper(longs(values)), signExtended(longs(odd))), longs(plusOdd))
    let low = Builtin.lshr_Vec4xInt64(evenSum, splat(long: 32))
    let high = Builtin.and_Vec4xInt64(oddSum, splat(long: Int64(bitPattern: 0xFFFF_FFFF_0000_0000)))
    return unsafeBitCast(Builtin.or_Vec4xInt64(low, high), to: Lanes.self)
  }

  /// The same, less `2^31` where the product is negative.
  @inline(__always)
  func signedHighProduct(
    _ values: Lanes, even: Lanes, odd: Lanes, plusEven: Lanes, plusOdd: Lanes
  ) -> Lanes {
    let evenProduct = Builtin.mul_Vec4xInt64(signExtended(longs(values)), signExtended(longs(even)))
    let oddProduct = Builtin.mul_Vec4xInt64(upper(longs(values)), signExtended(longs(odd)))
    let evenSum = Builtin.sub_Vec4xInt64(
      Builtin.add_Vec4xInt64(evenProduct, longs(plusEven)), signBit31(evenProduct))
    let oddSum = Builtin.sub_Vec4xInt64(Builtin.add_Vec4xInt64(oddProduct, longs(plusOdd)), signBit31(oddProduct))
    let low = Builtin.lshr_Vec4xInt64(evenSum, splat(long: 32))
    let high = Builtin.and_Vec4xInt64(oddSum, splat(long: Int64(bitPattern: 0xFFFF_FFFF_0000_0000)))
    return unsafeBitCast(Builtin.or_Vec4xInt64(low, high), to: Lanes.self)
  }

  /// `2^31` where a number is negative, 0 elsewhere.
  @inline(__always)
  private func signBit31(_ values: Longs) -> Longs {
    Builtin.select_Vec4xInt1_Vec4xInt64(
      Builtin.cmp_slt_Vec4xInt64(values, splat(long: 0)), splat(long: 1 << 31), splat(long: 0))
  }

  @inline(__always)
  private func signExtended(_ values: Longs) -> Longs {
    Builtin.ashr_Vec4xInt64(Builtin.shl_Vec4xInt64(values, splat(long: 32)), splat(long: 32))
  }

  @inline(__always)
  private func upper(_ values: Longs) -> Longs { Builtin.ashr_Vec4xInt64(values, splat(long: 32)) }

  /// `values`, less 1 in the lanes where `a` is below `b`.
  @inline(__always)
  func lowered(_ values: Lanes, where a: Lanes, isBelow b: Lanes) -> Lanes {
    let below = Builtin.sext_Vec8xInt1_Vec8xInt32(Builtin.cmp_slt_Vec8xInt32(words(a), words(b)))
    return lanes(Builtin.add_Vec8xInt32(words(values), below))
  }

  /// In each lane the sum of the 2 products of its int16.
  @inline(__always)
  func halfProducts(_ a: Lanes, _ b: Lanes) -> Lanes {
    lanes(
      Builtin.int_x86_avx2_pmadd_wd(unsafeBitCast(a, to: Halves.self), unsafeBitCast(b, to: Halves.self)))
  }

  // MARK: Narrowing

  /// What sums become, in every lane.
  struct OutputVectors {
    private let isPlain: Bool
    private let zeroPoint: Halves
    private let minimum: Octets
    private let maximum: Octets
    private let flip: Octets
    private let wideZeroPoint: Words
    /// The activation's bounds less the zero point.
    private let wideMinimum: Words
    private let wideMaximum: Words

    @inline(__always)
    init(zeroPoint: Int32, minimum: Int32, maximum: Int32, flip: Int32) {
      isPlain = minimum == -128 && maximum == 127 && flip == 0
      // All three fit 8 bits, or 9 for the zero point.
      self.zeroPoint = unsafeBitCast(splat((zeroPoint & 0xFFFF) | (zeroPoint &<< 16)), to: Halves.self)
      self.minimum = unsafeBitCast(splat((minimum & 0xFF) &* 0x0101_0101), to: Octets.self)
      self.maximum = unsafeBitCast(splat((maximum & 0xFF) &* 0x0101_0101), to: Octets.self)
      self.flip = unsafeBitCast(splat(flip), to: Octets.self)
      wideZeroPoint = words(splat(zeroPoint))
      wideMinimum = words(splat(minimum &- zeroPoint))
      wideMaximum = words(splat(maximum &- zeroPoint))
    }

    /// 4 vectors in the order of a full block, as bytes in the order of channels.
    @inline(__always)
    func narrowed(_ a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes) -> Bytes {
      let ab = Builtin.int_sadd_sat_Vec16xInt16(Builtin.int_x86_avx2_packssdw(words(a), words(b)), zeroPoint)
      let cd = Builtin.int_sadd_sat_Vec16xInt16(Builtin.int_x86_avx2_packssdw(words(c), words(d)), zeroPoint)
      let bytes = Builtin.int_x86_avx2_packsswb(ab, cd)
      // The packs saturate: without an activation of its own, int8 needs no more.
      if isPlain { return unsafeBitCast(bytes, to: Bytes.self) }
      let clamped = Builtin.int_smin_Vec32xInt8(Builtin.int_smax_Vec32xInt8(bytes, minimum), maximum)
      return unsafeBitCast(Builtin.xor_Vec32xInt8(clamped, flip), to: Bytes.self)
    }

    /// 2 vectors of two rows each, in the order of half a block, as the bytes of the first row and then of the second.
    @inline(__always)
    func narrowedPair(_ a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes) -> Bytes {
      let order = SIMD4<Int32>(0, 2, 1, 3)
      let bytes = unsafeBitCast(narrowed(a, b, c, d), to: Longs.self)
      return unsafeBitCast(
        Builtin.shufflevector_Vec4xInt64_Vec4xInt32(bytes, bytes, order._storage._value), to: Bytes.self)
    }

    /// One vector in its own order.
    @inline(__always)
    func narrowed(_ a: Lanes) -> LaneBytes {
      // Clamped before the zero point is added, so that the sum fits.
      let clamped = Builtin.int_smin_Vec8xInt32(Builtin.int_smax_Vec8xInt32(words(a), wideMinimum), wideMaximum)
      let raised = Builtin.xor_Vec8xInt32(
        Builtin.add_Vec8xInt32(clamped, wideZeroPoint), unsafeBitCast(flip, to: Words.self))
      return unsafeBitCast(Builtin.trunc_Vec8xInt32_Vec8xInt8(raised), to: LaneBytes.self)
    }
  }

  // MARK: Bytes of rows beside each other

  @inline(__always)
  func flippedBytes(_ bytes: Bytes, _ mask: Lanes) -> Bytes {
    unsafeBitCast(
      Builtin.xor_Vec32xInt8(bytes._storage._value, unsafeBitCast(mask, to: Octets.self)), to: Bytes.self)
  }

  @inline(__always)
  func largerBytes(_ a: Bytes, _ b: Bytes) -> Bytes {
    unsafeBitCast(Builtin.int_smax_Vec32xInt8(a._storage._value, b._storage._value), to: Bytes.self)
  }

  @inline(__always)
  func smallerBytes(_ a: Bytes, _ b: Bytes) -> Bytes {
    unsafeBitCast(Builtin.int_smin_Vec32xInt8(a._storage._value, b._storage._value), to: Bytes.self)
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
    let order = SIMD32<Int32>(
      0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54,
      23, 55)
    return unsafeBitCast(
      Builtin.shufflevector_Vec32xInt8_Vec32xInt32(a._storage._value, b._storage._value, order._storage._value),
      to: Halves.self)
  }

  @inline(__always)
  private func unpackedHigh(_ a: Bytes, _ b: Bytes) -> Halves {
    let order = SIMD32<Int32>(
      8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47, 24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30,
      62, 31, 63)
    return unsafeBitCast(
      Builtin.shufflevector_Vec32xInt8_Vec32xInt32(a._storage._value, b._storage._value, order._storage._value),
      to: Halves.self)
  }

  @inline(__always)
  private func unpackedLow(pairs a: Halves, _ b: Halves) -> Lanes {
    let order = SIMD16<Int32>(0, 16, 1, 17, 2, 18, 3, 19, 8, 24, 9, 25, 10, 26, 11, 27)
    return unsafeBitCast(Builtin.shufflevector_Vec16xInt16_Vec16xInt32(a, b, order._storage._value), to: Lanes.self)
  }

  @inline(__always)
  private func unpackedHigh(pairs a: Halves, _ b: Halves) -> Lanes {
    let order = SIMD16<Int32>(4, 20, 5, 21, 6, 22, 7, 23, 12, 28, 13, 29, 14, 30, 15, 31)
    return unsafeBitCast(Builtin.shufflevector_Vec16xInt16_Vec16xInt32(a, b, order._storage._value), to: Lanes.self)
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
