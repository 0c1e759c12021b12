/// Operations on two tensors of plain numbers.
package enum ArithmeticKind: Sendable, Hashable {
  case add
  case subtract
  case multiply
  case divide
  case maximum
  case minimum
  case squaredDifference
  case power
  /// PRELU: the right operand is the slope below 0.
  case slope
  /// ATAN2: the left operand is the point's y.
  case angle
}

/// The range that an activation leaves, for numbers of any type: small whole bounds, or none.
package struct NumberRange: BitwiseCopyable, Sendable, Hashable {
  package var lower: Int8?
  package var upper: Int8?

  /// No bounds but those of the type: in single precision infinities become the largest finite values.
  package static let unbounded = NumberRange(lower: nil, upper: nil)

  package init(lower: Int8?, upper: Int8?) {
    self.lower = lower
    self.upper = upper
  }
}

/// `value` inside the range; not a number stays.
@inline(__always)
package func clamp<Element: NumberElement>(_ value: Element, _ lower: Element, _ upper: Element) -> Element {
  value < lower ? lower : (value > upper ? upper : value)
}

/// `output = lhs op rhs`; the results of ADD, SUB, MUL and DIV are clamped to `range`.
///
/// - Returns: `false` if an integer is divided by 0 or raised to a negative power; the output is then of no use.
@specialized(where Element == Float)
@specialized(where Element == Int32)
@specialized(where Element == Int64)
package func arithmeticReference<Element: NumberElement>(
  _ kind: ArithmeticKind, _ broadcast: Broadcast, _ range: NumberRange, lhs: Span<Element>, rhs: Span<Element>,
  output: inout MutableSpan<Element>
) -> Bool {
  let lower = range.lower.map { Element(small: $0) } ?? .lowest
  let upper = range.upper.map { Element(small: $0) } ?? .highest
  var isDefined = true
  switch kind {
  case .add:
    broadcast.forEach { index, left, right in output[index] = clamp(lhs[left].sum(rhs[right]), lower, upper) }
  case .subtract:
    broadcast.forEach { index, left, right in output[index] = clamp(lhs[left].difference(rhs[right]), lower, upper) }
  case .multiply:
    broadcast.forEach { index, left, right in output[index] = clamp(lhs[left].product(rhs[right]), lower, upper) }
  case .divide:
    broadcast.forEach { index, left, right in
      if let quotient = lhs[left].quotient(rhs[right]) {
        output[index] = clamp(quotient, lower, upper)
      } else {
        isDefined = false
      }
    }
  case .maximum:
    // Where one is not a number the right one is taken, as in the reference.
    broadcast.forEach { index, left, right in
      let (a, b) = (lhs[left], rhs[right])
      output[index] = a > b ? a : b
    }
  case .minimum:
    broadcast.forEach { index, left, right in
      let (a, b) = (lhs[left], rhs[right])
      output[index] = a < b ? a : b
    }
  case .squaredDifference:
    broadcast.forEach { index, left, right in
      let difference = lhs[left].difference(rhs[right])
      output[index] = difference.product(difference)
    }
  case .power:
    broadcast.forEach { index, left, right in
      if let power = lhs[left].power(rhs[right]) { output[index] = power } else { isDefined = false }
    }
  case .slope:
    broadcast.forEach { index, left, right in
      let value = lhs[left]
      output[index] = value >= .zero ? value : value.product(rhs[right])
    }
  case .angle:
    broadcast.forEach { index, left, right in
      if let angle = lhs[left].angle(rhs[right]) { output[index] = angle } else { isDefined = false }
    }
  }
  return isDefined
}

/// The larger or smaller of two stored elements, for types of which nothing else is computed.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
package func extremeReference<Element: QuantizedElement>(
  isMaximum: Bool, _ broadcast: Broadcast, lhs: Span<Element>, rhs: Span<Element>, output: inout MutableSpan<Element>
) {
  if isMaximum {
    broadcast.forEach { index, left, right in output[index] = max(lhs[left], rhs[right]) }
  } else {
    broadcast.forEach { index, left, right in output[index] = min(lhs[left], rhs[right]) }
  }
}

/// Adds `input` to `output`, element by element.
///
/// - Parameter isLast: whether it is the last of several tensors: the sum is then kept in the range of finite values, as the
///   reference does.
@specialized(where Element == Float)
@specialized(where Element == Int32)
package func accumulateReference<Element: NumberElement>(
  _ input: Span<Element>, isLast: Bool, to output: inout MutableSpan<Element>
) {
  for index in input.indices {
    var sum = output[index].sum(input[index])
    if isLast {
      if sum < Element.lowest { sum = Element.lowest }
      if sum > Element.highest { sum = Element.highest }
    }
    output[index] = sum
  }
}
