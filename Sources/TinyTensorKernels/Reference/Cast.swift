/// Conversions of elements by way of the widest type of their kind, so that there is one kernel a type and direction.

/// An integer's elements as 64-bit ones. Both runs begin at 0; `count` elements from `start` on are read.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
@specialized(where Element == UInt16)
@specialized(where Element == Int32)
@specialized(where Element == UInt32)
@specialized(where Element == Int64)
package func widen<Element: FixedWidthInteger & BitwiseCopyable>(
  _ input: Span<Element>, from start: Int, count: Int, to wide: inout MutableSpan<Int64>
) {
  for index in 0..<count { wide[index] = Int64(truncatingIfNeeded: input[start + index]) }
}

/// Truth values as 0 and 1.
package func widenTruth(_ input: Span<UInt8>, from start: Int, count: Int, to wide: inout MutableSpan<Int64>) {
  for index in 0..<count { wide[index] = input[start + index] == 0 ? 0 : 1 }
}

/// Real numbers in double precision.
@specialized(where Element == Float)
@specialized(where Element == Double)
package func widen<Element: BinaryFloatingPoint & BitwiseCopyable>(
  _ input: Span<Element>, from start: Int, count: Int, to wide: inout MutableSpan<Double>
) {
  for index in 0..<count { wide[index] = Double(input[start + index]) }
}

/// 16-bit real numbers, by their bits, in double precision.
package func widenHalf(_ input: Span<UInt16>, from start: Int, count: Int, to wide: inout MutableSpan<Double>) {
  for index in 0..<count { wide[index] = Double(float(fromHalf: input[start + index])) }
}

/// The lowest bits of 64-bit integers, as C converts them.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
@specialized(where Element == UInt16)
@specialized(where Element == Int32)
@specialized(where Element == UInt32)
@specialized(where Element == Int64)
package func narrow<Element: FixedWidthInteger & BitwiseCopyable>(
  _ wide: Span<Int64>, count: Int, to output: inout MutableSpan<Element>, from start: Int
) {
  for index in 0..<count { output[start + index] = Element(truncatingIfNeeded: wide[index]) }
}

/// Integers as real numbers, rounded once.
@specialized(where Element == Float)
@specialized(where Element == Double)
package func narrow<Element: BinaryFloatingPoint & BitwiseCopyable>(
  _ wide: Span<Int64>, count: Int, to output: inout MutableSpan<Element>, from start: Int
) {
  for index in 0..<count { output[start + index] = Element(wide[index]) }
}

/// Real numbers as integers: truncated toward zero and saturated; not a number gives the largest integer.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
@specialized(where Element == UInt16)
@specialized(where Element == Int32)
@specialized(where Element == UInt32)
@specialized(where Element == Int64)
package func truncate<Element: FixedWidthInteger & BitwiseCopyable>(
  _ wide: Span<Double>, count: Int, to output: inout MutableSpan<Element>, from start: Int
) {
  for index in 0..<count {
    let value = wide[index]
    // 2^63 is the first double above the largest 64-bit integer; a comparison with not a number is false.
    if !(value < 0x1p63) {
      output[start + index] = Element.max
    } else if value < -0x1p63 {
      output[start + index] = Element.min
    } else {
      output[start + index] = Element(clamping: Int64(value))
    }
  }
}

/// Real numbers of double precision in a narrower one, rounded once.
@specialized(where Element == Float)
@specialized(where Element == Double)
package func narrow<Element: BinaryFloatingPoint & BitwiseCopyable>(
  _ wide: Span<Double>, count: Int, to output: inout MutableSpan<Element>, from start: Int
) {
  for index in 0..<count { output[start + index] = Element(wide[index]) }
}

/// Integers as the bits of 16-bit real numbers, rounded to single precision in between.
package func narrowToHalf(
  _ wide: Span<Int64>, count: Int, to output: inout MutableSpan<UInt16>, from start: Int
) {
  for index in 0..<count { output[start + index] = halfBits(of: Float(wide[index])) }
}

/// Real numbers as the bits of 16-bit ones, rounded to single precision in between.
package func narrowToHalf(
  _ wide: Span<Double>, count: Int, to output: inout MutableSpan<UInt16>, from start: Int
) {
  for index in 0..<count { output[start + index] = halfBits(of: Float(wide[index])) }
}

/// Whether integers differ from 0.
package func truth(of wide: Span<Int64>, count: Int, to output: inout MutableSpan<UInt8>, from start: Int) {
  for index in 0..<count { output[start + index] = wide[index] == 0 ? 0 : 1 }
}

/// Whether real numbers differ from 0; not a number does.
package func truth(of wide: Span<Double>, count: Int, to output: inout MutableSpan<UInt8>, from start: Int) {
  for index in 0..<count { output[start + index] = wide[index] == 0 ? 0 : 1 }
}
