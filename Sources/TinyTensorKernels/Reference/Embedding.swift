/// How rows of a quantized table become real numbers.
package struct EmbeddingParameters: BitwiseCopyable, Sendable, Hashable {
  /// Elements a row.
  package var rowCount: Int
  /// Neighbours in a row that share a scale; at least 1.
  package var blockCount: Int
  /// Scales a row; 0 where the whole table has one.
  package var scalesPerRow: Int

  package init(rowCount: Int, blockCount: Int, scalesPerRow: Int) {
    self.rowCount = rowCount
    self.blockCount = blockCount
    self.scalesPerRow = scalesPerRow
  }

  /// An element of the table as a real number.
  @inline(__always)
  fileprivate func real(_ row: Int, _ column: Int, _ table: Span<Int8>, _ scales: Span<Float>) -> Float {
    let scale = scalesPerRow == 0 ? scales[0] : scales[row * scalesPerRow + column / blockCount]
    return Float(table[row * rowCount + column]) * scale
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
    for column in 0..<parameters.rowCount {
      output[position * parameters.rowCount + column] = parameters.real(Int(indices[position]), column, table, scales)
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
    for column in 0..<parameters.rowCount {
      output[position * parameters.rowCount + column] = halfBits(
        of: parameters.real(Int(indices[position]), column, table, scales))
    }
  }
}
