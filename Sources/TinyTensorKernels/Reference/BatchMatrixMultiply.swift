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
@specialized(where Arithmetic == RealArithmetic)
package func multiplyMatricesReference<Arithmetic: LayerArithmetic>(
  _ arithmetic: Arithmetic, _ sizes: MatrixMultiplySizes, factor: Arithmetic.Factor, lhs: Span<Arithmetic.Input>,
  rhs: Span<Arithmetic.Weight>, lhsRow: inout MutableSpan<Arithmetic.Input>,
  rhsColumns: inout MutableSpan<Arithmetic.Weight>, output: inout MutableSpan<Arithmetic.Output>
) {
  let depth = sizes.depth
  sizes.batches.forEach { outputMatrix, lhsMatrix, rhsMatrix in
    // Both operands along the depth, which is summed over, in neighbouring elements.
    let rhsStart = rhsMatrix * depth * sizes.columns
    for column in 0..<sizes.columns {
      for k in 0..<depth {
        let source = sizes.isRhsTransposed ? column * depth + k : k * sizes.columns + column
        rhsColumns[column * depth + k] = rhs[rhsStart + source]
      }
    }
    let lhsStart = lhsMatrix * sizes.rows * depth
    let outputStart = outputMatrix * sizes.rows * sizes.columns
    for row in 0..<sizes.rows {
      for k in 0..<depth {
        lhsRow[k] = lhs[lhsStart + (sizes.isLhsTransposed ? k * sizes.rows + row : row * depth + k)]
      }
      for column in 0..<sizes.columns {
        var sum = Arithmetic.emptySum
        arithmetic.add(
          lhsRow.span, times: rhsColumns.span.extracting((column * depth)..<(column * depth + depth)), to: &sum)
        output[outputStart + row * sizes.columns + column] = arithmetic.output(
          sum, bias: Arithmetic.noBias, factor: factor)
      }
    }
  }
}
