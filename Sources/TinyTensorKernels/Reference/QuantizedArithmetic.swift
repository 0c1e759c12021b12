/// What an operation on two quantized tensors needs beside its operands; which factors it uses depends on the operation.
package struct QuantizedArithmeticParameters: BitwiseCopyable, Sendable, Hashable {
  package var broadcast: Broadcast
  package var lhsZeroPoint: Int32
  package var rhsZeroPoint: Int32
  package var lhsFactor: QuantizedMultiplier
  package var rhsFactor: QuantizedMultiplier
  package var outputFactor: QuantizedMultiplier
  /// How far differences are shifted left before they are scaled, to keep precision.
  package var leftShift: Int32
  package var output: OutputStage

  package init(
    broadcast: Broadcast, lhsZeroPoint: Int32, rhsZeroPoint: Int32,
    lhsFactor: QuantizedMultiplier = QuantizedMultiplier(0), rhsFactor: QuantizedMultiplier = QuantizedMultiplier(0),
    outputFactor: QuantizedMultiplier = QuantizedMultiplier(0), leftShift: Int32 = 0, output: OutputStage
  ) {
    self.broadcast = broadcast
    self.lhsZeroPoint = lhsZeroPoint
    self.rhsZeroPoint = rhsZeroPoint
    self.lhsFactor = lhsFactor
    self.rhsFactor = rhsFactor
    self.outputFactor = outputFactor
    self.leftShift = leftShift
    self.output = output
  }

  /// Calls `body` with the differences of both operands from their zero points and stores what it gives.
  @inline(__always)
  func forEach<Element: QuantizedElement>(
    _ lhs: Span<Element>, _ rhs: Span<Element>, _ output: inout MutableSpan<Element>,
    _ body: (_ left: Int32, _ right: Int32) -> Int32
  ) {
    broadcast.forEach { index, lhsIndex, rhsIndex in
      let left = Int32(truncatingIfNeeded: lhs[lhsIndex]) &- lhsZeroPoint
      let right = Int32(truncatingIfNeeded: rhs[rhsIndex]) &- rhsZeroPoint
      output[index] = self.output.finish(body(left, right), as: Element.self)
    }
  }
}

/// Operations on two quantized tensors.
package enum QuantizedArithmeticKind: Sendable, Hashable {
  case add
  case subtract
  /// ADD and SUB of int16 whose scales are powers of two: the factors' shifts, at most 0, say how far each operand is
  /// shifted right.
  case addShifted
  case subtractShifted
  case multiply
  case squaredDifference
  /// PRELU: the right operand is the slope below 0, for which `rhsFactor` holds; `lhsFactor` holds from 0 on.
  case slope
}

/// `output = stage(lhs op rhs)` in real values.
///
/// Of ADD and SUB: a difference of bytes is below `2^9` and shifted left by 20, one of 16-bit elements below `2^17`, by
/// 15 (which wraps at the very end of the range, as in the reference). Scaled by at most 1/2 each, the sum of two is in 32
/// bits. Of MUL and PRELU: products of 16-bit elements wrap, as in the reference.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
package func quantizedArithmeticReference<Element: QuantizedElement>(
  _ kind: QuantizedArithmeticKind, _ parameters: QuantizedArithmeticParameters, lhs: Span<Element>,
  rhs: Span<Element>, output: inout MutableSpan<Element>
) {
  let shift = parameters.leftShift
  let lhsFactor = parameters.lhsFactor
  let rhsFactor = parameters.rhsFactor
  let factor = parameters.outputFactor
  switch kind {
  case .add:
    parameters.forEach(lhs, rhs, &output) { left, right in
      factor.apply(to: lhsFactor.apply(to: left &<< shift) &+ rhsFactor.apply(to: right &<< shift))
    }
  case .subtract:
    // Where the output's scale is far below the operands', the factor has a left shift; the reference's result is then
    // undefined, this one saturates.
    let left = max(factor.shift, 0)
    let rest = QuantizedMultiplier(multiplier: factor.multiplier, shift: min(factor.shift, 0))
    parameters.forEach(lhs, rhs, &output) { lhs, rhs in
      let difference = lhsFactor.apply(to: lhs &<< shift) &- rhsFactor.apply(to: rhs &<< shift)
      return rest.apply(to: saturatingShiftLeft(difference, left))
    }
  case .addShifted:
    parameters.forEach(lhs, rhs, &output) { left, right in
      saturate16(shifted(left, lhsFactor) &+ shifted(right, rhsFactor))
    }
  case .subtractShifted:
    parameters.forEach(lhs, rhs, &output) { left, right in
      saturate16(shifted(left, lhsFactor) &- shifted(right, rhsFactor))
    }
  case .multiply:
    parameters.forEach(lhs, rhs, &output) { left, right in factor.apply(to: left &* right) }
  case .squaredDifference:
    parameters.forEach(lhs, rhs, &output) { left, right in
      let difference = lhsFactor.apply(to: left &<< shift) &- rhsFactor.apply(to: right &<< shift)
      return factor.apply(to: difference &* difference)
    }
  case .slope:
    parameters.forEach(lhs, rhs, &output) { left, right in
      left >= 0 ? lhsFactor.apply(to: left) : rhsFactor.apply(to: left &* right)
    }
  }
}

@inline(__always)
private func shifted(_ x: Int32, _ factor: QuantizedMultiplier) -> Int32 {
  roundingDivideByPowerOfTwo(x, 0 &- factor.shift)
}

@inline(__always)
private func saturate16(_ x: Int32) -> Int32 { clamp(x, -32768, 32767) }

/// `output = stage(lhs / rhs)` in real values, by the fixed-point reciprocal of the right operand.
///
/// - Returns: `false` if an element of `rhs` stands for 0.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
package func quantizedQuotientReference<Element: QuantizedElement>(
  _ parameters: QuantizedArithmeticParameters, lhs: Span<Element>, rhs: Span<Element>,
  output: inout MutableSpan<Element>
) -> Bool {
  for index in rhs.indices where Int32(truncatingIfNeeded: rhs[index]) == parameters.rhsZeroPoint { return false }
  parameters.forEach(lhs, rhs, &output) { left, right in
    let numerator = right < 0 ? 0 &- left : left
    let denominator = UInt32(right.magnitude)
    let leadingZeros = Int32(truncatingIfNeeded: denominator.leadingZeroBitCount)
    // Q0.31 of 1 / (denominator scaled into 1 ..< 2).
    let reciprocal = reciprocalOfOnePlus(Int32(bitPattern: (denominator &<< leadingZeros) &- (1 << 31)))
    // How far the numerator can be shifted left.
    let headroom = Int32(truncatingIfNeeded: (numerator >= 0 ? numerator : ~numerator).leadingZeroBitCount) &- 1
    let quotient = saturatingRoundingDoublingHighMultiply(numerator &<< headroom, reciprocal)
    let shift = parameters.outputFactor.shift &- (31 &- leadingZeros) &- headroom
    let scaled = saturatingRoundingDoublingHighMultiply(quotient, parameters.outputFactor.multiplier)
    // Quotients that are larger than any output: the reference shifts by a negative count, which is undefined. The
    // factor's shift is at most 30 and the headroom of a difference at least 15; with a zero point the sum still fits.
    if shift > 0 { return Int32(clamping: min(max(Int64(scaled) &<< Int64(shift), -(1 << 30)), 1 << 30)) }
    return roundingDivideByAnyPowerOfTwo(scaled, 0 &- shift)
  }
  return true
}
