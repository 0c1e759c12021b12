import KernelInterface

/// An image whose pixels are those of another one, by lists of rows and columns: RESIZE_NEAREST_NEIGHBOR, and MIRROR_PAD
/// of rows and columns.
struct PackedPixels: Sendable {
  /// Rows or columns of an output up to which they are listed.
  static let longestSide = 1 << 16

  /// The input's row for every row of the output, and its column for every column.
  let rows: ReadSlot
  let columns: ReadSlot

  func run(
    _ memory: OperatorMemory, batches: Int, inputHeight: Int, inputWidth: Int, outputHeight: Int, outputWidth: Int,
    pixelBytes: Int, from input: ReadSlot, to output: WriteSlot
  ) {
    // Sound: the lists have an entry for every row and column, which lies inside the input.
    unsafe MovementWork.run(
      .pixels(
        PixelTask(
          rows: memory.pointer(rows).assumingMemoryBound(to: Int32.self),
          columns: memory.pointer(columns).assumingMemoryBound(to: Int32.self), pixelBytes: pixelBytes,
          inputHeight: inputHeight, inputWidth: inputWidth, outputHeight: outputHeight, outputWidth: outputWidth,
          input: memory.pointer(input), output: memory.pointer(output), firstRow: 0,
          endRow: batches * outputHeight)), memory.workers)
  }
}
