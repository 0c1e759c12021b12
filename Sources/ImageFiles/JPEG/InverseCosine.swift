/// The inverse discrete cosine transform of 8 x 8 blocks in integers: the algorithm of Loeffler, Ligtenberg and
/// Moschytz ("Practical Fast 1-D DCT Algorithms with 11 Multiplications", 1989), with 13 bits behind the point and two
/// more between both passes, as libjpeg's accurate method has it.
enum InverseCosine {
  /// Makes a block's samples out of its coefficients.
  ///
  /// Sums wrap around where coefficients are larger than any picture gives.
  ///
  /// - Parameters:
  ///   - coefficients: 64, by row.
  ///   - table: what each is multiplied by; 64.
  ///   - middle: room for 64 numbers.
  ///   - output: the first sample.
  ///   - rowSize: from a sample to the one below; eight rows of eight samples must be writable.
  @unsafe
  static func transform(
    _ coefficients: UnsafePointer<Int16>, _ table: UnsafePointer<Int32>, _ middle: UnsafeMutablePointer<Int32>,
    to output: UnsafeMutablePointer<UInt8>, rowSize: Int
  ) {
    for column in 0..<8 {
      @inline(__always)
      func input(_ row: Int) -> Int32 {
        unsafe Int32(coefficients[8 &* row &+ column]) &* table[8 &* row &+ column]
      }
      let rest = unsafe coefficients[8 &+ column] | coefficients[16 &+ column] | coefficients[24 &+ column]
      let more = unsafe coefficients[32 &+ column] | coefficients[40 &+ column] | coefficients[48 &+ column]
      if unsafe rest | more | coefficients[56 &+ column] == 0 {
        let value = input(0) &<< 2
        for row in 0..<8 { unsafe middle[8 &* row &+ column] = value }
        continue
      }
      let line = line(
        (input(0), input(1), input(2), input(3), input(4), input(5), input(6), input(7)), rounding: 1 << 10)
      unsafe middle[column] = line.0 &>> 11
      unsafe middle[8 &+ column] = line.1 &>> 11
      unsafe middle[16 &+ column] = line.2 &>> 11
      unsafe middle[24 &+ column] = line.3 &>> 11
      unsafe middle[32 &+ column] = line.4 &>> 11
      unsafe middle[40 &+ column] = line.5 &>> 11
      unsafe middle[48 &+ column] = line.6 &>> 11
      unsafe middle[56 &+ column] = line.7 &>> 11
    }
    for row in 0..<8 {
      let from = unsafe middle + 8 &* row
      let to = unsafe output + row &* rowSize
      // The middle of the samples' range, and a half.
      let line = unsafe line(
        (from[0], from[1], from[2], from[3], from[4], from[5], from[6], from[7]), rounding: 128 << 18 + 1 << 17)
      unsafe to[0] = byte(line.0)
      unsafe to[1] = byte(line.1)
      unsafe to[2] = byte(line.2)
      unsafe to[3] = byte(line.3)
      unsafe to[4] = byte(line.4)
      unsafe to[5] = byte(line.5)
      unsafe to[6] = byte(line.6)
      unsafe to[7] = byte(line.7)
    }
  }

  /// What ``transform(_:_:_:to:rowSize:)`` gives where all coefficients but the first are zero: this sample everywhere.
  @inline(__always)
  static func flatSample(_ coefficient: Int16, _ factor: Int32) -> UInt8 {
    let value = (Int32(coefficient) &* factor &+ 4) &>> 3 &+ 128
    return UInt8(truncatingIfNeeded: min(max(value, 0), 255))
  }

  @inline(__always)
  private static func byte(_ sum: Int32) -> UInt8 { UInt8(truncatingIfNeeded: min(max(sum &>> 18, 0), 255)) }

  /// Eight numbers.
  private typealias Eight = (Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32)

  /// The transform of eight numbers, with 13 more bits behind the point.
  ///
  /// - Parameter rounding: what is added to each sum.
  @inline(__always)
  private static func line(_ input: Eight, rounding: Int32) -> Eight {
    // The even part. Constants are those of the paper times 2^13.
    let even = (input.2 &+ input.6) &* 4433
    let second = even &- input.6 &* 15137
    let third = even &+ input.2 &* 6270
    let sum = (input.0 &+ input.4) &<< 13 &+ rounding
    let difference = (input.0 &- input.4) &<< 13 &+ rounding
    let (even0, even3) = (sum &+ third, sum &- third)
    let (even1, even2) = (difference &+ second, difference &- second)

    // The odd part.
    let all = (input.7 &+ input.3 &+ input.5 &+ input.1) &* 9633
    let outer = (input.7 &+ input.1) &* -7373
    let inner = (input.5 &+ input.3) &* -20995
    let upper = (input.7 &+ input.3) &* -16069 &+ all
    let lower = (input.5 &+ input.1) &* -3196 &+ all
    let odd3 = input.7 &* 2446 &+ outer &+ upper
    let odd2 = input.5 &* 16819 &+ inner &+ lower
    let odd1 = input.3 &* 25172 &+ inner &+ upper
    let odd0 = input.1 &* 12299 &+ outer &+ lower

    return (
      even0 &+ odd0, even1 &+ odd1, even2 &+ odd2, even3 &+ odd3, even3 &- odd3, even2 &- odd2, even1 &- odd1,
      even0 &- odd0
    )
  }
}
