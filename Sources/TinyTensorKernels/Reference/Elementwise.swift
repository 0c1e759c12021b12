/// Two operands that are broadcast to one output: its sizes with neighbouring axes joined where that is possible, and
/// how far each operand moves along an axis, in elements (0 where it is repeated).
package struct Broadcast: BitwiseCopyable, Sendable, Hashable {
  /// Axes in use, at least 1; the last one is the innermost.
  package var rank: Int
  package var sizes: SIMD8<Int32>
  package var lhsStrides: SIMD8<Int32>
  package var rhsStrides: SIMD8<Int32>

  package init(rank: Int, sizes: SIMD8<Int32>, lhsStrides: SIMD8<Int32>, rhsStrides: SIMD8<Int32>) {
    self.rank = rank
    self.sizes = sizes
    self.lhsStrides = lhsStrides
    self.rhsStrides = rhsStrides
  }

  /// Calls `body` for every output element in order, with its index and those of its operands.
  @inline(__always)
  func forEach(_ body: (_ output: Int, _ lhs: Int, _ rhs: Int) -> Void) {
    let inner = rank - 1
    let length = Int(sizes[inner])
    let lhsStep = Int(lhsStrides[inner])
    let rhsStep = Int(rhsStrides[inner])
    var outer = 1
    for axis in 0..<inner { outer *= Int(sizes[axis]) }
    var position = SIMD8<Int32>(repeating: 0)
    var lhsStart = 0
    var rhsStart = 0
    for block in 0..<outer {
      for index in 0..<length {
        body(block * length + index, lhsStart + index * lhsStep, rhsStart + index * rhsStep)
      }
      var axis = inner - 1
      while axis >= 0 {
        lhsStart += Int(lhsStrides[axis])
        rhsStart += Int(rhsStrides[axis])
        position[axis] += 1
        if position[axis] < sizes[axis] { break }
        lhsStart -= Int(lhsStrides[axis]) * Int(sizes[axis])
        rhsStart -= Int(rhsStrides[axis]) * Int(sizes[axis])
        position[axis] = 0
        axis -= 1
      }
    }
  }
}

/// What a quantized addition needs beside its operands.
package struct AddParameters: BitwiseCopyable, Sendable, Hashable {
  package var broadcast: Broadcast
  package var lhsZeroPoint: Int32
  package var rhsZeroPoint: Int32
  /// Both at most 1/2: the operands' scales over twice the larger one.
  package var lhsFactor: QuantizedMultiplier
  package var rhsFactor: QuantizedMultiplier
  package var outputFactor: QuantizedMultiplier
  package var output: OutputStage

  package init(
    broadcast: Broadcast, lhsZeroPoint: Int32, rhsZeroPoint: Int32, lhsFactor: QuantizedMultiplier,
    rhsFactor: QuantizedMultiplier, outputFactor: QuantizedMultiplier, output: OutputStage
  ) {
    self.broadcast = broadcast
    self.lhsZeroPoint = lhsZeroPoint
    self.rhsZeroPoint = rhsZeroPoint
    self.lhsFactor = lhsFactor
    self.rhsFactor = rhsFactor
    self.outputFactor = outputFactor
    self.output = output
  }

  /// How far elements are shifted left before they are scaled, to keep precision.
  package static let leftShift: Int32 = 20
}

/// `output = stage(lhs + rhs)` in real values.
///
/// A difference from a zero point is below `2^9`, shifted by 20 below `2^29`, and scaled by at most 1/2: the sum of two
/// is below `2^30`.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
package func addReference<Element: QuantizedElement>(
  _ parameters: AddParameters, lhs: Span<Element>, rhs: Span<Element>, output: inout MutableSpan<Element>
) {
  parameters.broadcast.forEach { index, lhsIndex, rhsIndex in
    let left = (Int32(truncatingIfNeeded: lhs[lhsIndex]) &- parameters.lhsZeroPoint) &<< AddParameters.leftShift
    let right = (Int32(truncatingIfNeeded: rhs[rhsIndex]) &- parameters.rhsZeroPoint) &<< AddParameters.leftShift
    let sum = parameters.lhsFactor.apply(to: left) &+ parameters.rhsFactor.apply(to: right)
    output[index] = parameters.output.finish(parameters.outputFactor.apply(to: sum), as: Element.self)
  }
}

/// What a quantized multiplication needs beside its operands.
package struct MultiplyParameters: BitwiseCopyable, Sendable, Hashable {
  package var broadcast: Broadcast
  package var lhsZeroPoint: Int32
  package var rhsZeroPoint: Int32
  package var factor: QuantizedMultiplier
  package var output: OutputStage

  package init(
    broadcast: Broadcast, lhsZeroPoint: Int32, rhsZeroPoint: Int32, factor: QuantizedMultiplier,
    output: OutputStage
  ) {
    self.broadcast = broadcast
    self.lhsZeroPoint = lhsZeroPoint
    self.rhsZeroPoint = rhsZeroPoint
    self.factor = factor
    self.output = output
  }
}

/// `output = stage(lhs * rhs)` in real values. The product of two differences is below `2^18`.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
package func multiplyReference<Element: QuantizedElement>(
  _ parameters: MultiplyParameters, lhs: Span<Element>, rhs: Span<Element>, output: inout MutableSpan<Element>
) {
  parameters.broadcast.forEach { index, lhsIndex, rhsIndex in
    let left = Int32(truncatingIfNeeded: lhs[lhsIndex]) &- parameters.lhsZeroPoint
    let right = Int32(truncatingIfNeeded: rhs[rhsIndex]) &- parameters.rhsZeroPoint
    output[index] = parameters.output.finish(parameters.factor.apply(to: left &* right), as: Element.self)
  }
}
