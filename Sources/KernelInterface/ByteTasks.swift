/// An operation on two bytes.
package enum PairKind: UInt8, BitwiseCopyable, Sendable, Hashable {
  /// Sums and differences have one operand whose factor is exactly 1/2: of a sum the left one.
  case add
  case subtractFromHalf
  case subtractHalf
  case multiply
  /// The square of the difference.
  case squaredDifference
  /// Sums and differences by ``LinearSum``.
  case linear
  /// The larger or smaller of two bytes as they are.
  case maximum
  case minimum
}

/// A sum or difference of two bytes as one weighted sum, for pairs whose results are then the same.
///
/// `floor((256 * lhs * (2^15 * lhsHigh + lhsLow) + 256 * rhs * (2^15 * rhsHigh + rhsLow) + 2^15 * highTerm + lowTerm) /
/// 2^(15 + shift))`, and 1 less in the numerator where the sum stands for a number below 0. Bytes are int8, weights
/// int16; all numbers stay inside 32 bits: proven at load.
package struct LinearSum: BitwiseCopyable, Sendable, Hashable {
  /// The weights' high parts, the left one's in the low half.
  package var highWeights: Int32
  package var lowWeights: Int32
  package var highTerm: Int32
  package var lowTerm: Int32
  /// 1 to 31.
  package var shift: Int32

  package init(highWeights: Int32, lowWeights: Int32, highTerm: Int32, lowTerm: Int32, shift: Int32) {
    self.highWeights = highWeights
    self.lowWeights = lowWeights
    self.highTerm = highTerm
    self.lowTerm = lowTerm
    self.shift = shift
  }

  /// What operations have that are no such sum.
  package static var none: LinearSum {
    LinearSum(highWeights: 0, lowWeights: 0, highTerm: 0, lowTerm: 0, shift: 1)
  }
}

/// How pairs of bytes are combined. Zero points and bounds are those of int8: of uint8, 128 less.
///
/// Of sums and differences: each operand's difference from its zero point is shifted left and scaled by its factor, and
/// what they give together by the output's. All numbers stay below `2^30` on the way: proven at load.
package struct PairNumbers: BitwiseCopyable, Sendable, Hashable {
  package var kind: PairKind
  package var isUnsigned: Bool
  package var lhsZeroPoint: Int32
  package var rhsZeroPoint: Int32
  package var leftShift: Int32
  package var lhsFactor: FixedFactor
  package var rhsFactor: FixedFactor
  package var outputFactor: FixedFactor
  package var output: OutputBytes
  /// What the kind `linear` computes; nothing else counts for it but types and output. For the larger or smaller byte
  /// only the type counts.
  package var linear: LinearSum

  package init(
    kind: PairKind, isUnsigned: Bool, lhsZeroPoint: Int32, rhsZeroPoint: Int32, leftShift: Int32,
    lhsFactor: FixedFactor, rhsFactor: FixedFactor, outputFactor: FixedFactor, output: OutputBytes,
    linear: LinearSum = .none
  ) {
    self.kind = kind
    self.linear = linear
    self.isUnsigned = isUnsigned
    self.lhsZeroPoint = isUnsigned ? lhsZeroPoint - 128 : lhsZeroPoint
    self.rhsZeroPoint = isUnsigned ? rhsZeroPoint - 128 : rhsZeroPoint
    self.leftShift = leftShift
    self.lhsFactor = lhsFactor
    self.rhsFactor = rhsFactor
    self.outputFactor = outputFactor
    self.output = output
  }
}

/// Rows of pairs of bytes; 63 bytes behind each operand may be read.
package struct PairTask: BitwiseCopyable, @unchecked Sendable {
  package var numbers: PairNumbers
  package var lhs: UnsafeRawPointer
  package var rhs: UnsafeRawPointer
  /// `[rows, count]`.
  package var output: UnsafeMutableRawPointer
  package var rows: Int
  /// Pairs of a row, which follow each other.
  package var count: Int
  /// From a row of an operand to the next one.
  package var lhsStep: Int
  package var rhsStep: Int
  /// Whether an operand is one byte for all pairs of a row.
  package var repeatsLhs: Bool
  package var repeatsRhs: Bool

  package init(
    numbers: PairNumbers, lhs: UnsafeRawPointer, rhs: UnsafeRawPointer, output: UnsafeMutableRawPointer, rows: Int,
    count: Int, lhsStep: Int, rhsStep: Int, repeatsLhs: Bool, repeatsRhs: Bool
  ) {
    self.numbers = numbers
    self.lhs = lhs
    self.rhs = rhs
    self.output = output
    self.rows = rows
    self.count = count
    self.lhsStep = lhsStep
    self.rhsStep = rhsStep
    self.repeatsLhs = repeatsLhs
    self.repeatsRhs = repeatsRhs
  }
}

/// Bytes that are translated by a table.
package struct LookUpTask: BitwiseCopyable, @unchecked Sendable {
  /// 256 bytes.
  package var table: UnsafeRawPointer
  package var input: UnsafeRawPointer
  package var output: UnsafeMutableRawPointer
  package var count: Int

  package init(table: UnsafeRawPointer, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, count: Int) {
    self.table = table
    self.input = input
    self.output = output
    self.count = count
  }
}

/// Means or sums of bytes over the middle one of three axes. 63 bytes behind the input may be read.
package struct MeanTask: BitwiseCopyable, @unchecked Sendable {
  /// `[outer, reduced, inner]`.
  package var input: UnsafeRawPointer
  /// `[outer, inner]`.
  package var output: UnsafeMutableRawPointer
  package var reduced: Int
  package var inner: Int
  package var firstOuter: Int
  package var endOuter: Int
  package var isUnsigned: Bool
  /// What is taken off every sum of elements as int8: of uint8, 128 is taken off each element before.
  package var offset: Int32
  /// Sums less the offset stay below `2^30` when they are shifted left: proven at load.
  package var factor: FixedFactor
  package var bytes: OutputBytes

  package init(
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, reduced: Int, inner: Int, firstOuter: Int, endOuter: Int,
    isUnsigned: Bool, offset: Int32, factor: FixedFactor, bytes: OutputBytes
  ) {
    self.input = input
    self.output = output
    self.reduced = reduced
    self.inner = inner
    self.firstOuter = firstOuter
    self.endOuter = endOuter
    self.isUnsigned = isUnsigned
    self.offset = offset
    self.factor = factor
    self.bytes = bytes
  }
}

/// Softmax of rows of bytes.
package struct SoftmaxTask: BitwiseCopyable, @unchecked Sendable {
  /// 256 exponentials in Q0.31, by how far an element lies below its row's largest; 0 where that is too far.
  package var exponentials: UnsafePointer<Int32>
  package var input: UnsafeRawPointer
  package var output: UnsafeMutableRawPointer
  package var depth: Int
  package var firstRow: Int
  package var endRow: Int
  /// Of input and output.
  package var isUnsigned: Bool

  package init(
    exponentials: UnsafePointer<Int32>, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, depth: Int,
    firstRow: Int, endRow: Int, isUnsigned: Bool
  ) {
    self.exponentials = exponentials
    self.input = input
    self.output = output
    self.depth = depth
    self.firstRow = firstRow
    self.endRow = endRow
    self.isUnsigned = isUnsigned
  }
}
