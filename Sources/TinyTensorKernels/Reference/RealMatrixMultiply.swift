extension MatrixMultiplySizes {
  /// Columns of a right matrix that are summed side by side.
  package static let realColumns = 16
  /// Elements of the room for a right matrix in columns of that count, the last ones filled up with zeros.
  package var realColumnsCount: Int {
    (columns + Self.realColumns - 1) / Self.realColumns * Self.realColumns * depth
  }
}

/// Products of matrices of real numbers: those of ``multiplyMatricesReference(_:_:factor:lhs:rhs:lhsRow:rhsColumns:output:)``
/// bit for bit, as each sum is taken in its natural order, but several side by side.
///
/// - Parameters:
///   - activation: what follows the sums.
///   - sizes: of the operands.
///   - lhs: matrices of `[rows, depth]`, or transposed.
///   - rhs: matrices of `[depth, columns]`, or transposed.
///   - lhsRows: room for `2 * depth` elements.
///   - rhsColumns: room for ``MatrixMultiplySizes/realColumnsCount`` elements.
///   - output: matrices of `[rows, columns]`.
package func multiplyRealMatricesReference(
  _ activation: RealActivation, _ sizes: MatrixMultiplySizes, lhs: Span<Float>, rhs: Span<Float>,
  lhsRows: inout MutableSpan<Float>, rhsColumns: inout MutableSpan<Float>, output: inout MutableSpan<Float>
) {
  let depth = sizes.depth
  let width = MatrixMultiplySizes.realColumns
  sizes.batches.forEach { outputMatrix, lhsMatrix, rhsMatrix in
    sizes.packReal(rhs, matrix: rhsMatrix, into: &rhsColumns)
    var row = 0
    while row < sizes.rows {
      let rows = min(2, sizes.rows - row)
      // One row stands in both places where no second one is left.
      for place in 0..<2 {
        let source = row + min(place, rows - 1)
        for k in 0..<depth {
          lhsRows[place * depth + k] =
            lhs[lhsMatrix * sizes.rows * depth + (sizes.isLhsTransposed ? k * sizes.rows + source : source * depth + k)]
        }
      }
      var column = 0
      while column < sizes.columns {
        let sums = sideBySide(
          lhsRows.span, rhsColumns.span.extracting((column * depth)..<(column * depth + width * depth)), depth: depth)
        for lane in 0..<min(width, sizes.columns - column) {
          let target = (outputMatrix * sizes.rows + row) * sizes.columns + column + lane
          output[target] = activation.apply(to: sums.0[lane])
          if rows == 2 { output[target + sizes.columns] = activation.apply(to: sums.1[lane]) }
        }
        column += width
      }
      row += rows
    }
  }
}

/// The sums of two rows with neighbouring columns.
@inline(__always)
private func sideBySide(
  _ rows: Span<Float>, _ columns: Span<Float>, depth: Int
) -> (SIMD16<Float>, SIMD16<Float>) {
  precondition(rows.count >= 2 * depth && columns.count == MatrixMultiplySizes.realColumns * depth)
  var first = SIMD16<Float>(repeating: 0)
  var second = SIMD16<Float>(repeating: 0)
  // Sound: the counts have just been compared.
  unsafe columns.withUnsafeBytes { bytes in
    for k in 0..<depth {
      let weights = unsafe bytes.loadUnaligned(
        fromByteOffset: k * MemoryLayout<SIMD16<Float>>.stride, as: SIMD16<Float>.self)
      unsafe first += weights * rows[unchecked: k]
      unsafe second += weights * rows[unchecked: depth + k]
    }
  }
  return (first, second)
}

extension MatrixMultiplySizes {
  /// A right matrix in columns that stand side by side, ``realColumns`` at a time.
  fileprivate func packReal(_ rhs: Span<Float>, matrix: Int, into packed: inout MutableSpan<Float>) {
    let start = matrix * depth * columns
    var column = 0
    var target = 0
    while column < columns {
      for k in 0..<depth {
        for lane in column..<(column + Self.realColumns) {
          packed[target] =
            lane < columns ? rhs[start + (isRhsTransposed ? lane * depth + k : k * columns + lane)] : 0
          target += 1
        }
      }
      column += Self.realColumns
    }
  }
}
