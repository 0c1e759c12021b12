import TinyTensorKernels

// Inputs of a CONCATENATION that are written where its output has them: nothing is left to be copied.

extension GraphBuilder {
  /// Has the operators that make inputs of the current operator write into its output, where nothing else reads what
  /// they write.
  ///
  /// Where the output has rows, an input's rows lie apart in it; convolutions by the kernels of an instruction set can
  /// write so. Without rows all operators can.
  ///
  /// - Parameters:
  ///   - inputs: the inputs, joined in this order, with the output's quantization.
  ///   - rows: how often each input contributes a run of bytes.
  ///   - output: the output's tensor.
  /// - Returns: for each input, where in a row of the output its bytes are to be copied to; `nil` where they are there.
  mutating func writeInPlace(_ inputs: [Operand], rows: Int, output: Int) throws(ModelError) -> [Int?] {
    var lengths: [Int] = []
    for input in inputs {
      let byteCount = input.elementType.byteCount(of: input.shape.count) ?? 0
      lengths.append(rows == 0 ? 0 : byteCount / rows)
    }
    let stride = lengths.reduce(0, +)
    var offset = 0
    var places: [Int?] = []
    for (input, length) in zip(inputs, lengths) {
      let place = RowPlace(rows: rows, offset: offset, length: length, stride: stride)
      if length > 0, try write(input.tensor, into: output, place) {
        places.append(nil)
      } else {
        places.append(offset)
      }
      offset += length
    }
    return places
  }

  /// Where a tensor's bytes lie in another one.
  private struct RowPlace {
    var rows: Int
    var offset: Int
    /// Bytes of a row, and from it to the next one.
    var length: Int
    var stride: Int

    var byteCount: Int { (rows - 1) * stride + length }
  }

  private mutating func write(_ tensor: Int, into output: Int, _ place: RowPlace) throws(ModelError) -> Bool {
    let root = root(of: tensor)
    guard case .written = values[root].source, place.rows == 1 || root == tensor, isReadOnce(root),
      let index = step(writing: root), let written = operand(writing: root)
    else { return false }
    let step = steps[index]
    guard step.operands.contains(written), case .tensor(root, _) = operands[written] else { return false }
    if place.rows > 1 {
      guard case .convolution(let placed) = step.operation,
        let spread = try placed.payload.writingRows(place.stride, in: &self)
      else { return false }
      replace(step: index, by: try operation(Operation.convolution, spread))
    }
    operands[written] = .part(of: output, offset: place.offset, byteCount: place.byteCount)
    if place.rows == 1 { parts[root] = (output, place.offset) }
    return true
  }
}
