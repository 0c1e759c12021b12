/// How rows of a quantized table become real numbers.
package struct EmbeddingParameters: BitwiseCopyable, Sendable, Hashable {
  /// Elements a row.
  package var rowCount: Int
  /// Neighbours in a row that share a scale; at least 1, and a divisor of the row.
  package var blockCount: Int
  /// Scales a row; 0 where the whole table has one.
  package var scalesPerRow: Int

  package init(rowCount: Int, blockCount: Int, scalesPerRow: Int) {
    self.rowCount = rowCount
    self.blockCount = blockCount
    self.scalesPerRow = scalesPerRow
  }

  /// The number of the scale of the block that begins there.
  @inline(__always)
  fileprivate func scale(_ row: Int, _ column: Int) -> Int {
    scalesPerRow == 0 ? 0 : row * scalesPerRow + column / blockCount
  }
}

/// `output[i] = scale * table[indices[i]]`, a row each, in single precision.
///
/// Requires that every index names a row.
package func lookUpEmbeddingReference(
  _ parameters: EmbeddingParameters, table: Span<Int8>, scales: Span<Float>, indices: Span<Int32>,
  output: inout MutableSpan<Float>
) {
  for position in indices.indices {
    let row = Int(indices[position])
    var column = 0
    while column < parameters.rowCount {
      let scale = scales[parameters.scale(row, column)]
      for _ in 0..<parameters.blockCount {
        output[position * parameters.rowCount + column] = Float(table[row * parameters.rowCount + column]) * scale
        column += 1
      }
    }
  }
}

/// The same as 16-bit numbers, each rounded once more.
///
/// Requires that every index names a row.
package func lookUpHalfEmbeddingReference(
  _ parameters: EmbeddingParameters, table: Span<Int8>, scales: Span<Float>, indices: Span<Int32>,
  output: inout MutableSpan<UInt16>
) {
  for position in indices.indices {
    let row = Int(indices[position])
    var column = 0
    while column < parameters.rowCount {
      let scale = scales[parameters.scale(row, column)]
      for _ in 0..<parameters.blockCount {
        output[position * parameters.rowCount + column] = halfBits(
          of: Float(table[row * parameters.rowCount + column]) * scale)
        column += 1
      }
    }
  }
}
