#if arch(x86_64) && INSTRUCTION_SET
  import Builtin

  private typealias Halves = Builtin.Vec32xInt16

  /// Translates bytes by 256 answers, 64 at a time; returns how many.
  @inline(__always)
  func tableBlocks(
    _ table: UnsafeRawPointer, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ count: Int
  )
    -> Int
  {
    let answers = AnswerVectors(table)
    var index = 0
    while index &+ 64 <= count {
      let pairs = unsafeBitCast(
        input.loadUnaligned(fromByteOffset: index, as: SIMD64<Int8>.self), to: Halves.self)
      let even = Builtin.and_Vec32xInt16(
        answers.answers(Builtin.and_Vec32xInt16(pairs, halves(0xFF))), halves(0xFF))
      let odd = Builtin.shl_Vec32xInt16(answers.answers(Builtin.lshr_Vec32xInt16(pairs, halves(8))), halves(8))
      output.storeBytes(
        of: unsafeBitCast(Builtin.or_Vec32xInt16(even, odd), to: SIMD64<Int8>.self), toByteOffset: index,
        as: SIMD64<Int8>.self)
      index &+= 64
    }
    return index
  }

  /// `value` in every half of a lane.
  @inline(__always)
  private func halves(_ value: Int32) -> Halves { unsafeBitCast(splat(value | (value &<< 16)), to: Halves.self) }

  /// 256 answers as 128 pairs, in 4 registers.
  private struct AnswerVectors {
    private let first: Halves
    private let second: Halves
    private let third: Halves
    private let fourth: Halves

    @inline(__always)
    init(_ table: UnsafeRawPointer) {
      @inline(__always)
      func vector(_ place: Int) -> Halves {
        unsafeBitCast(table.loadUnaligned(fromByteOffset: 64 &* place, as: SIMD64<Int8>.self), to: Halves.self)
      }
      first = vector(0)
      second = vector(1)
      third = vector(2)
      fourth = vector(3)
    }

    /// In the low bytes the answers to numbers of 0 to 255; anything in the high ones.
    @inline(__always)
    func answers(_ numbers: Halves) -> Halves {
      // Only the low 6 bits of a pair's place count.
      let places = Builtin.lshr_Vec32xInt16(numbers, halves(1))
      let low = Builtin.int_x86_avx512_vpermi2var_hi_512(first, places, second)
      let high = Builtin.int_x86_avx512_vpermi2var_hi_512(third, places, fourth)
      let isHigh = Builtin.cmp_sgt_Vec32xInt16(numbers, halves(127))
      let pairs = Builtin.select_Vec32xInt1_Vec32xInt16(isHigh, high, low)
      let shift = Builtin.shl_Vec32xInt16(Builtin.and_Vec32xInt16(numbers, halves(1)), halves(3))
      return Builtin.lshr_Vec32xInt16(pairs, shift)
    }
  }
#endif
