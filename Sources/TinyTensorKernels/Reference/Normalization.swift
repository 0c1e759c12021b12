/// L2_NORMALIZATION of bytes over rows: each over the root of the sum of squares, in steps of 1/128.
///
/// Requires `depth < 2^15`: a sum of squares of 9-bit differences fits 31 bits.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
package func normalizeReference<Element: QuantizedElement>(
  rows: Int, depth: Int, inputZeroPoint: Int32, input: Span<Element>, output: inout MutableSpan<Element>
) {
  let minimum = Int32(truncatingIfNeeded: Element.min)
  let maximum = Int32(truncatingIfNeeded: Element.max)
  for row in 0..<rows {
    let start = row * depth
    let end = start + depth
    var sum: Int32 = 0
    for index in start..<end {
      let difference = Int32(truncatingIfNeeded: input[index]) &- inputZeroPoint
      sum &+= difference &* difference
    }
    let factor = QuantizedMultiplier(inverseSquareRootOf: sum)
    // 128 times the quotient: as a shift of the factor, or, for unsigned elements, of the difference.
    let shifted = QuantizedMultiplier(multiplier: factor.multiplier, shift: factor.shift &+ 7)
    for index in start..<end {
      let difference = Int32(truncatingIfNeeded: input[index]) &- inputZeroPoint
      let scaled = Element.isSigned ? shifted.apply(to: difference) : 128 &+ factor.apply(to: 128 &* difference)
      output[index] = narrow(clamp(scaled, minimum, maximum), to: Element.self)
    }
  }
}

/// L2_NORMALIZATION of float32 rows; the root is at least `10^-6`.
package func normalizeReference(rows: Int, depth: Int, input: Span<Float>, output: inout MutableSpan<Float>) {
  for row in 0..<rows {
    let start = row * depth
    let end = start + depth
    var sum: Float = 0
    for index in start..<end { sum += input[index] * input[index] }
    let norm = max(sum.squareRoot(), 1e-6)
    for index in start..<end { output[index] = input[index] / norm }
  }
}

/// What a local response normalization needs beside its operands.
package struct LocalResponseParameters: BitwiseCopyable, Sendable, Hashable {
  package var rows: Int
  /// Channels, at least 1.
  package var depth: Int
  /// Channel `c` sees those from `c - radius` up to, but not with, `c + radius`.
  package var radius: Int
  package var bias: Float
  package var alpha: Float
  package var beta: Float

  package init(rows: Int, depth: Int, radius: Int, bias: Float, alpha: Float, beta: Float) {
    self.rows = rows
    self.depth = depth
    self.radius = radius
    self.bias = bias
    self.alpha = alpha
    self.beta = beta
  }
}

/// `output = input * (bias + alpha * sum of neighbours' squares) ^ -beta` over channels. The window leaves out the last
/// channel of a symmetric one, as in the reference.
package func localResponseReference(
  _ parameters: LocalResponseParameters, input: Span<Float>, output: inout MutableSpan<Float>
) {
  for row in 0..<parameters.rows {
    let start = row * parameters.depth
    for channel in 0..<parameters.depth {
      let first = max(0, channel - parameters.radius)
      let end = min(parameters.depth, channel + parameters.radius)
      var sum: Float = 0
      var index = first
      while index < end {
        sum += input[start + index] * input[start + index]
        index += 1
      }
      let factor = power(Double(parameters.bias + parameters.alpha * sum), Double(-parameters.beta))
      output[start + channel] = input[start + channel] * Float(factor)
    }
  }
}

/// CUMSUM along an axis: sums of all elements up to each, with it or, if `isExclusive`, without it; from the end if
/// `isReversed`. The input is `[outer, length, inner]`.
@specialized(where Element == Float)
@specialized(where Element == Int32)
@specialized(where Element == Int64)
package func cumulativeSumReference<Element: NumberElement>(
  outer: Int, length: Int, inner: Int, isExclusive: Bool, isReversed: Bool, input: Span<Element>,
  output: inout MutableSpan<Element>
) {
  for block in 0..<outer {
    for column in 0..<inner {
      var sum = Element.zero
      for step in 0..<length {
        let index = (block * length + (isReversed ? length - 1 - step : step)) * inner + column
        let next = sum.sum(input[index])
        output[index] = isExclusive ? sum : next
        sum = next
      }
    }
  }
}
