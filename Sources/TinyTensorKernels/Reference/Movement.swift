/// Kernels that move bytes and know nothing of what they mean.

/// Copies rows: `count` rows of `length` bytes, each operand with its own start and its own step from row to row.
///
/// Requires that every row is inside both spans.
package func copyRows(
  count: Int, length: Int, from input: RawSpan, at inputStart: Int, step inputStep: Int,
  to output: inout MutableRawSpan, at outputStart: Int, step outputStep: Int
) {
  for row in 0..<count {
    let source = input.extracting((inputStart + row * inputStep)..<(inputStart + row * inputStep + length))
    let target = outputStart + row * outputStep
    copyBytes(source, to: &output, at: target)
  }
}

/// Copies all bytes of `source` to `target` and on.
///
/// Requires that they fit.
package func copyBytes(_ source: RawSpan, to output: inout MutableRawSpan, at target: Int) {
  precondition(target >= 0 && target <= output.byteCount - source.byteCount)
  unsafe source.withUnsafeBytes { from in
    unsafe output.withUnsafeMutableBytes { to in
      // Sound: the range was checked above, both pointers are valid for it, and a span that is written overlaps no
      // other.
      if let start = from.baseAddress {
        unsafe to.baseAddress?.advanced(by: target).copyMemory(from: start, byteCount: from.count)
      }
    }
  }
}

/// Sets every element of `output` to the first `elementSize` bytes of `pattern`.
///
/// Requires `elementSize` to be 1, 2, 4 or 8.
package func fill(_ output: inout MutableRawSpan, pattern: UInt64, elementSize: Int) {
  unsafe output.withUnsafeMutableBytes { bytes in
    // Sound: every index is below the count.
    for index in bytes.indices {
      unsafe bytes[index] = UInt8(truncatingIfNeeded: pattern &>> UInt64(8 &* (index % elementSize)))
    }
  }
}

/// How elements are laid inside a larger tensor.
package struct PadParameters: BitwiseCopyable, Sendable, Hashable {
  /// Axes in use, at least 1, the last one innermost.
  package var rank: Int
  package var inputSizes: SIMD8<Int32>
  package var outputSizes: SIMD8<Int32>
  /// Elements in front, along each axis.
  package var before: SIMD8<Int32>
  package var elementSize: Int
  /// What the new elements hold: the first `elementSize` bytes.
  package var pattern: UInt64

  package init(
    rank: Int, inputSizes: SIMD8<Int32>, outputSizes: SIMD8<Int32>, before: SIMD8<Int32>, elementSize: Int,
    pattern: UInt64
  ) {
    self.rank = rank
    self.inputSizes = inputSizes
    self.outputSizes = outputSizes
    self.before = before
    self.elementSize = elementSize
    self.pattern = pattern
  }
}

/// Puts the input inside a larger output and fills the rest with one value.
package func padReference(_ parameters: PadParameters, input: RawSpan, output: inout MutableRawSpan) {
  fill(&output, pattern: parameters.pattern, elementSize: parameters.elementSize)
  let inner = parameters.rank - 1
  let rowBytes = Int(parameters.inputSizes[inner]) * parameters.elementSize
  var rows = 1
  for axis in 0..<inner { rows *= Int(parameters.inputSizes[axis]) }
  var position = SIMD8<Int32>(repeating: 0)
  for row in 0..<rows {
    var target = 0
    for axis in 0...inner {
      target = target * Int(parameters.outputSizes[axis]) + Int(position[axis] &+ parameters.before[axis])
    }
    copyBytes(
      input.extracting((row * rowBytes)..<(row * rowBytes + rowBytes)), to: &output,
      at: target * parameters.elementSize)
    var axis = inner - 1
    while axis >= 0 {
      position[axis] += 1
      if position[axis] < parameters.inputSizes[axis] { break }
      position[axis] = 0
      axis -= 1
    }
  }
}

/// Translates rows of bytes by a table: `count` rows of `length` bytes that follow each other in `input`, to rows of
/// `output` that begin at `outputStart` and `outputStep` apart.
///
/// Requires that every row is inside both spans and that the table has 256 entries.
package func lookUpRows(
  count: Int, length: Int, table: Span<UInt8>, from input: RawSpan, to output: inout MutableRawSpan,
  at outputStart: Int, step outputStep: Int
) {
  precondition(table.count == 256)
  for row in 0..<count {
    let target = outputStart + row * outputStep
    for index in 0..<length {
      // Sound: bytes have no invalid patterns, and both calls check their bounds.
      let byte = unsafe input.unsafeLoad(fromByteOffset: row * length + index, as: UInt8.self)
      output.storeBytes(of: table[Int(byte)], toByteOffset: target + index, as: UInt8.self)
    }
  }
}
