/// The sizes of products of matrices.
package struct MatrixMultiplySizes: BitwiseCopyable, Sendable, Hashable {
  /// Which matrices are multiplied, counted in matrices.
  package var batches: Broadcast
  package var rows: Int
  package var depth: Int
  package var columns: Int
  /// Whether the left matrices are stored as `[depth, rows]`.
  package var isLhsTransposed: Bool
  /// Whether the right matrices are stored as `[columns, depth]`.
  package var isRhsTransposed: Bool

  package init(
    batches: Broadcast, rows: Int, depth: Int, columns: Int, isLhsTransposed: Bool, isRhsTransposed: Bool
  ) {
    self.batches = batches
    self.rows = rows
    self.depth = depth
    self.columns = columns
    self.isLhsTransposed = isLhsTransposed
    self.isRhsTransposed = isRhsTransposed
  }
}

/// Products of matrices: `output[b, r, c]` is the sum over `k` of `lhs[b, r, k] * rhs[b, k, c]`, made an output by the
/// arithmetic.
///
/// - Parameters:
///   - arithmetic: what numbers are.
///   - sizes: of the operands.
///   - factor: what scales every sum.
///   - lhs: matrices of `[rows, depth]`, or transposed.
///   - rhs: matrices of `[depth, columns]`, or transposed.
///   - lhsRow: room for `depth` elements.
///   - rhsColumns: room for `columns * depth` elements.
///   - output: matrices of `[rows, columns]`.
@specialized(where Arithmetic == Int8Arithmetic)
@specialized(where Arithmetic == Int16MatrixArithmetic)
@specialized(where Arithmetic == Int16WideArithmetic)
@specialized(where Arithmetic == RealArithmetic)
package func multiplyMatricesReference<Arithmetic: LayerArithmetic>(
  _ arithmetic: Arithmetic, _ sizes: MatrixMultiplySizes, factor: Arithmetic.Factor, lhs: Span<Arithmetic.Input>,
  rhs: Span<Arithmetic.Weight>, lhsRow: inout MutableSpan<Arithmetic.Input>,
  rhsColumns: inout MutableSpan<Arithmetic.Weight>, output: inout MutableSpan<Arithmetic.Output>
) {
  sizes.batches.forEach { outputMatrix, lhsMatrix, rhsMatrix in
    sizes.pack(rhs, matrix: rhsMatrix, into: &rhsColumns)
    for row in 0..<sizes.rows {
      sizes.pack(lhs, matrix: lhsMatrix, row: row, into: &lhsRow)
      multiplyRow(
        arithmetic, sizes, factor: factor, row: lhsRow.span, columns: rhsColumns.span,
        output: &output, at: (outputMatrix * sizes.rows + row) * sizes.columns)
    }
  }
}

/// Products of matrices of which the left ones are real and quantized row by row; see
/// ``multiplyMatricesReference(_:_:factor:lhs:rhs:lhsRow:rhsColumns:output:)``.
///
/// - Parameters:
///   - sizes: of the operands.
///   - isAsymmetric: whether rows are quantized around a zero point.
///   - activation: the activation.
///   - factors: the right matrices' scales, one a column.
///   - lhs: matrices of `[rows, depth]`, or transposed.
///   - rhs: matrices of `[depth, columns]`, or transposed.
///   - lhsRow: room for `depth` elements.
///   - quantizedRow: room for `depth` elements.
///   - rhsColumns: room for `columns * depth` elements.
///   - output: matrices of `[rows, columns]`.
///
/// The zero point's share is taken off a sum in single precision, as in the reference, which matters for sums of `2^24`
/// and more.
package func multiplyMatricesHybridReference(
  _ sizes: MatrixMultiplySizes, isAsymmetric: Bool, activation: RealActivation, factors: Span<Float>, lhs: Span<Float>,
  rhs: Span<Int8>, lhsRow: inout MutableSpan<Float>, quantizedRow: inout MutableSpan<Int8>,
  rhsColumns: inout MutableSpan<Int8>, output: inout MutableSpan<Float>
) {
  sizes.batches.forEach { outputMatrix, lhsMatrix, rhsMatrix in
    sizes.pack(rhs, matrix: rhsMatrix, into: &rhsColumns)
    for row in 0..<sizes.rows {
      sizes.pack(lhs, matrix: lhsMatrix, row: row, into: &lhsRow)
      let scale = quantizeDynamicallyReference(isAsymmetric: isAsymmetric, input: lhsRow.span, output: &quantizedRow)
      let arithmetic = HybridArithmetic(
        inputScale: scale.scale, inputZeroPoint: 0, isFactorFirst: false, activation: activation)
      let start = (outputMatrix * sizes.rows + row) * sizes.columns
      for column in 0..<sizes.columns {
        let weights = rhsColumns.span.extracting((column * sizes.depth)..<(column * sizes.depth + sizes.depth))
        var sum = HybridArithmetic.emptySum
        arithmetic.add(quantizedRow.span, times: weights, to: &sum)
        if scale.zeroPoint != 0 { sum = without(Float(scale.zeroPoint), timesSumOf: weights, sum) }
        output[start + column] = arithmetic.output(sum, bias: HybridArithmetic.noBias, factor: factors[column])
      }
    }
  }
}

/// A sum less a multiple of a sum of weights, in single precision; beyond 32 bits the smallest number.
private func without(_ zeroPoint: Float, timesSumOf weights: Span<Int8>, _ sum: Int32) -> Int32 {
  var weightSum: Int32 = 0
  for index in weights.indices { weightSum &+= Int32(weights[index]) }
  let difference = Float(sum) - Float(weightSum) * zeroPoint
  return difference.magnitude < 0x1p31 ? Int32(difference) : Int32.min
}

/// One row of a product, of operands that are packed along the depth.
@inline(__always)
private func multiplyRow<Arithmetic: LayerArithmetic>(
  _ arithmetic: Arithmetic, _ sizes: MatrixMultiplySizes, factor: Arithmetic.Factor, row: Span<Arithmetic.Input>,
  columns: Span<Arithmetic.Weight>, output: inout MutableSpan<Arithmetic.Output>, at start: Int
) {
  for column in 0..<sizes.columns {
    var sum = Arithmetic.emptySum
    arithmetic.add(
      row, times: columns.extracting((column * sizes.depth)..<(column * sizes.depth + sizes.depth)), to: &sum)
    output[start + column] = arithmetic.output(sum, bias: Arithmetic.noBias, factor: factor)
  }
}

/// Both operands along the depth, which is summed over, in neighbouring elements.
extension MatrixMultiplySizes {
  /// A row of a left matrix.
  @inline(__always)
  fileprivate func pack<Element: BitwiseCopyable>(
    _ lhs: Span<Element>, matrix: Int, row: Int, into packed: inout MutableSpan<Element>
  ) {
    let start = matrix * rows * depth
    for k in 0..<depth { packed[k] = lhs[start + (isLhsTransposed ? k * rows + row : row * depth + k)] }
  }

  /// The columns of a right matrix.
  @inline(__always)
  fileprivate func pack<Element: BitwiseCopyable>(
    _ rhs: Span<Element>, matrix: Int, into packed: inout MutableSpan<Element>
  ) {
    let start = matrix * depth * columns
    for column in 0..<columns {
      for k in 0..<depth {
        packed[column * depth + k] = rhs[start + (isRhsTransposed ? column * depth + k : k * columns + column)]
      }
    }
  }
}
