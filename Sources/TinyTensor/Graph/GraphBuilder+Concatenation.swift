import TinyTensorKernels

// Inputs of a CONCATENATION that are written where its output has them: nothing is left to be copied.

extension GraphBuilder {
  /// Has the operators that make inputs of the current operator write into its output, where nothing else reads what
  /// they write.
  ///
  /// Where the output has several rows, an input's rows lie apart in it; convolutions by the kernels of an instruction
  /// set can write so, if each row is a pixel. With one row all operators can.
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
    let isAllowed = options.passes.contains(.concatenationInPlace)
    var offset = 0
    var places: [Int?] = []
    for (input, length) in zip(inputs, lengths) {
      let place = RowPlace(rows: rows, offset: offset, length: length, stride: stride)
      if isAllowed, length > 0, try write(input.tensor, into: output, place) {
        markInputInPlace()
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
    guard case .written = values[root].source, isReadOnce(root) else { return false }
    guard let index = lastStep(writing: root), let written = operand(writing: root) else {
      // A concatenation all of whose inputs are in place: they lie in this one's output now.
      guard place.rows == 1, isWrittenInPlace(root) else { return false }
      parts[root] = (output, place.offset)
      return true
    }
    guard steps[index].operands.contains(written), case .tensor(root, _) = operands[written] else { return false }
    if place.rows == 1 {
      parts[root] = (output, place.offset)
    } else {
      guard root == tensor, case .convolution(let placed) = steps[index].operation,
        let spread = try placed.payload.writingPixels(
          place.rows, byteCount: place.length, stride: place.stride, in: &self)
      else { return false }
      replace(step: index, by: try operation(Operation.convolution, spread))
    }
    operands[written] = .part(of: output, offset: place.offset, byteCount: place.byteCount)
    return true
  }

  /// For each tensor that is no view, the one with memory of its own in which its bytes lie, and where they begin in it.
  ///
  /// - Complexity: O(tensors).
  func homes() -> [(tensor: Int, offset: Int)] {
    var homes = values.indices.map { (tensor: $0, offset: 0) }
    var isKnown = [Bool](repeating: false, count: values.count)
    var way: [Int] = []
    for start in values.indices {
      // Each lies in the output of a later operator: the way ends.
      var tensor = start
      while !isKnown[tensor], let part = parts[tensor] {
        way.append(tensor)
        tensor = part.tensor
      }
      isKnown[tensor] = true
      while let inner = way.popLast() {
        guard let part = parts[inner] else { continue }
        let outer = homes[part.tensor]
        homes[inner] = (outer.tensor, outer.offset + part.offset)
        isKnown[inner] = true
      }
    }
    return homes
  }
}
