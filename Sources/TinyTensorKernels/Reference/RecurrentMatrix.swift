/// A matrix of a recurrent layer in single precision: real numbers, or int8 with one scale.
package struct RecurrentMatrix: ~Escapable {
  /// Empty where the weights are integers.
  package let reals: Span<Float>
  /// Empty where the weights are real numbers.
  package let integers: Span<Int8>
  /// What 1 of `integers` stands for.
  package let scale: Float

  /// A layer does not have a matrix without elements.
  package var isEmpty: Bool { reals.isEmpty && integers.isEmpty }

  @_lifetime(copy reals, copy integers)
  package init(reals: Span<Float>, integers: Span<Int8>, scale: Float) {
    self.reals = reals
    self.integers = integers
    self.scale = scale
  }

  /// `sum` with the products of a row's elements and a vector's added: real ones one by one, integer ones as a whole.
  @inline(__always)
  func addProducts(_ row: Int, _ vector: borrowing RecurrentVector, to sum: Float) -> Float {
    let count = vector.reals.count
    let range = (row * count)..<(row * count + count)
    guard integers.isEmpty else {
      let products = dotProduct(vector.integers, vector.scale.zeroPoint, integers.extracting(range), 0)
      return sum + Float(products) * (vector.scale.scale * scale)
    }
    var sum = sum
    for index in vector.reals.indices { sum += vector.reals[index] * reals[range.lowerBound + index] }
    return sum
  }
}

/// What meets a `RecurrentMatrix`.
struct RecurrentVector: ~Escapable {
  let reals: Span<Float>
  /// The same numbers quantized; empty where all matrices are of real numbers.
  let integers: Span<Int8>
  let scale: DynamicScale

  @_lifetime(copy reals, copy integers)
  init(reals: Span<Float>, integers: Span<Int8>, scale: DynamicScale) {
    self.reals = reals
    self.integers = integers
    self.scale = scale
  }
}

/// Where a layer's vectors lie quantized: one after the other, for one batch row at a time.
struct RecurrentVectorRoom: BitwiseCopyable {
  let start: Int
  let count: Int
  let isAsymmetric: Bool

  /// Quantizes numbers into the room, if there is any.
  func quantize(_ reals: Span<Float>, _ room: inout MutableSpan<Int8>) -> DynamicScale {
    guard !room.isEmpty else { return DynamicScale(scale: 1, zeroPoint: 0) }
    var part = room._mutatingExtracting(start..<(start + count))
    return quantizeDynamicallyReference(isAsymmetric: isAsymmetric, input: reals, output: &part)
  }

  /// The numbers with what `quantize` made of them.
  @_lifetime(copy reals, borrow room)
  func vector(_ reals: Span<Float>, _ room: borrowing MutableSpan<Int8>, _ scale: DynamicScale) -> RecurrentVector {
    RecurrentVector(
      reals: reals, integers: room.isEmpty ? Span() : room.span.extracting(start..<(start + count)), scale: scale)
  }
}
