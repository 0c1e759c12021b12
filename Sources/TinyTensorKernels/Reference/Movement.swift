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
/// Requires `elementSize` to be 1, 2, 4 or 8, and the count of bytes to be a multiple of it.
package func fill(_ output: inout MutableRawSpan, pattern: UInt64, elementSize: Int) {
  switch elementSize {
  case 1: fill(&output, with: UInt8(truncatingIfNeeded: pattern))
  case 2: fill(&output, with: UInt16(truncatingIfNeeded: pattern))
  case 4: fill(&output, with: UInt32(truncatingIfNeeded: pattern))
  default: fill(&output, with: pattern)
  }
}

private func fill<Element: FixedWidthInteger & BitwiseCopyable>(
  _ output: inout MutableRawSpan, with element: Element
) {
  let width = MemoryLayout<Element>.size
  for index in 0..<(output.byteCount / width) {
    output.storeBytes(of: element, toByteOffset: index * width, as: Element.self)
  }
}

/// The bytes of one element as the lowest ones of a number.
package func pattern(of element: RawSpan) -> UInt64 {
  var pattern: UInt64 = 0
  for index in 0..<min(element.byteCount, 8) {
    // Sound: a byte has no invalid patterns, and the call checks its bounds.
    let byte = unsafe element.unsafeLoad(fromByteOffset: index, as: UInt8.self)
    pattern |= UInt64(byte) &<< UInt64(8 &* index)
  }
  return pattern
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
  guard input.byteCount > 0 else { return }
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

/// How a tensor is continued by its own reflection.
package struct MirrorPadParameters: BitwiseCopyable, Sendable, Hashable {
  /// Axes in use, at least 1, the last one innermost.
  package var rank: Int
  package var inputSizes: SIMD8<Int32>
  package var outputSizes: SIMD8<Int32>
  /// Elements in front, along each axis: at most the input's size less ``offset``.
  package var before: SIMD8<Int32>
  /// 0 where the border element is repeated, 1 where it is not.
  package var offset: Int32
  package var elementSize: Int

  package init(
    rank: Int, inputSizes: SIMD8<Int32>, outputSizes: SIMD8<Int32>, before: SIMD8<Int32>, offset: Int32,
    elementSize: Int
  ) {
    self.rank = rank
    self.inputSizes = inputSizes
    self.outputSizes = outputSizes
    self.before = before
    self.offset = offset
    self.elementSize = elementSize
  }

  /// The input's position along an axis for one of the output.
  @inline(__always)
  package func source(_ position: Int32, _ axis: Int) -> Int {
    let inside = position &- before[axis]
    if inside < 0 { return Int(offset &- 1 &- inside) }
    let size = inputSizes[axis]
    if inside < size { return Int(inside) }
    // Padding behind is at most the size less the offset, so this is not below 0.
    return Int(2 &* size &- 1 &- offset &- inside)
  }
}

/// Surrounds the input with its reflection.
package func mirrorPadReference(_ parameters: MirrorPadParameters, input: RawSpan, output: inout MutableRawSpan) {
  let width = parameters.elementSize
  let inner = parameters.rank - 1
  let length = Int(parameters.outputSizes[inner])
  let before = Int(parameters.before[inner])
  let inside = Int(parameters.inputSizes[inner])
  var rows = 1
  for axis in 0..<inner { rows *= Int(parameters.outputSizes[axis]) }
  guard length > 0 else { return }
  var position = SIMD8<Int32>(repeating: 0)
  for row in 0..<rows {
    var source = 0
    for axis in 0..<inner {
      source = source * Int(parameters.inputSizes[axis]) + parameters.source(position[axis], axis)
    }
    source *= inside
    let target = row * length
    func copy(_ from: Int, count: Int, at to: Int) {
      copyBytes(
        input.extracting(((source + from) * width)..<((source + from + count) * width)), to: &output,
        at: (target + to) * width)
    }
    copy(0, count: inside, at: before)
    for index in 0..<before { copy(parameters.source(Int32(index), inner), count: 1, at: index) }
    for index in (before + inside)..<length { copy(parameters.source(Int32(index), inner), count: 1, at: index) }
    var axis = inner - 1
    while axis >= 0 {
      position[axis] &+= 1
      if position[axis] < parameters.outputSizes[axis] { break }
      position[axis] = 0
      axis -= 1
    }
  }
}
