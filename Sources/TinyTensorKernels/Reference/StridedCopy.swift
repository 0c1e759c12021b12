/// A copy of elements between two tensors, along axes that each operand walks with a step of its own: transpositions,
/// slices, repetitions and rearranged blocks are all of this kind.
package struct StridedCopy: BitwiseCopyable, Sendable, Hashable {
  package static let maximumRank = 16

  /// Axes in use, at least 1; the last one is the innermost.
  package private(set) var rank: Int
  package private(set) var sizes: SIMD16<Int32>
  /// How far each operand moves along an axis, in elements; 0 repeats, negative steps walk backwards.
  package private(set) var inputSteps: SIMD16<Int32>
  package private(set) var outputSteps: SIMD16<Int32>
  /// The first element of each operand.
  package var inputStart: Int
  package var outputStart: Int
  /// 1, 2, 4 or 8 bytes.
  package let elementSize: Int

  /// An axis of the copy, with the step that each operand takes along it.
  package struct Axis: Sendable {
    package var size: Int
    package var inputStep: Int
    package var outputStep: Int

    package init(size: Int, inputStep: Int, outputStep: Int) {
      self.size = size
      self.inputStep = inputStep
      self.outputStep = outputStep
    }
  }

  /// Joins neighbouring axes that both operands walk as one; the outermost axis comes first.
  ///
  /// - Returns: `nil` if more than ``maximumRank`` axes remain or a size or step does not fit 32 bits.
  package init?(axes: [Axis], inputStart: Int, outputStart: Int, elementSize: Int) {
    var joined: [Axis] = []
    for axis in axes where axis.size != 1 {
      if let last = joined.last, last.inputStep == axis.inputStep &* axis.size,
        last.outputStep == axis.outputStep &* axis.size, last.size &* axis.size <= Int(Int32.max)
      {
        joined[joined.count - 1] = Axis(
          size: last.size &* axis.size, inputStep: axis.inputStep, outputStep: axis.outputStep)
      } else {
        joined.append(axis)
      }
    }
    for axis in axes where axis.size == 0 { joined = [axis] }
    if joined.isEmpty { joined.append(Axis(size: 1, inputStep: 1, outputStep: 1)) }
    guard joined.count <= Self.maximumRank else { return nil }
    rank = joined.count
    sizes = SIMD16(repeating: 1)
    inputSteps = SIMD16(repeating: 0)
    outputSteps = SIMD16(repeating: 0)
    for (index, axis) in joined.enumerated() {
      guard let size = Int32(exactly: axis.size), let inputStep = Int32(exactly: axis.inputStep),
        let outputStep = Int32(exactly: axis.outputStep)
      else { return nil }
      sizes[index] = size
      inputSteps[index] = inputStep
      outputSteps[index] = outputStep
    }
    self.inputStart = inputStart
    self.outputStart = outputStart
    self.elementSize = elementSize
  }

  /// Whether it copies one run of elements from the first one on to the first one on.
  package var isContiguous: Bool {
    rank == 1 && inputSteps[0] == 1 && outputSteps[0] == 1 && inputStart == 0 && outputStart == 0
  }
}

/// Copies element by element, or whole rows where both operands lie in one piece.
///
/// Requires that every position is inside both operands.
package func copyStrided(_ parameters: StridedCopy, from input: RawSpan, to output: inout MutableRawSpan) {
  switch parameters.elementSize {
  case 1: copyStrided(parameters, UInt8.self, from: input, to: &output)
  case 2: copyStrided(parameters, UInt16.self, from: input, to: &output)
  case 4: copyStrided(parameters, UInt32.self, from: input, to: &output)
  default: copyStrided(parameters, UInt64.self, from: input, to: &output)
  }
}

@specialized(where Element == UInt8)
@specialized(where Element == UInt16)
@specialized(where Element == UInt32)
@specialized(where Element == UInt64)
private func copyStrided<Element: FixedWidthInteger & BitwiseCopyable>(
  _ parameters: StridedCopy, _: Element.Type, from input: RawSpan, to output: inout MutableRawSpan
) {
  let width = MemoryLayout<Element>.size
  let inner = parameters.rank - 1
  let length = Int(parameters.sizes[inner])
  let inputStep = Int(parameters.inputSteps[inner])
  let outputStep = Int(parameters.outputSteps[inner])
  var rows = 1
  for axis in 0..<inner { rows *= Int(parameters.sizes[axis]) }
  guard length > 0 else { return }
  var position = SIMD16<Int32>(repeating: 0)
  var source = parameters.inputStart
  var target = parameters.outputStart
  for _ in 0..<rows {
    if inputStep == 1, outputStep == 1 {
      copyBytes(input.extracting((source * width)..<((source + length) * width)), to: &output, at: target * width)
    } else {
      var from = source * width
      var to = target * width
      for _ in 0..<length {
        // Sound: integers have no invalid patterns, and both calls check their bounds.
        let element = unsafe input.unsafeLoadUnaligned(fromByteOffset: from, as: Element.self)
        output.storeBytes(of: element, toByteOffset: to, as: Element.self)
        from += inputStep * width
        to += outputStep * width
      }
    }
    var axis = inner - 1
    while axis >= 0 {
      source += Int(parameters.inputSteps[axis])
      target += Int(parameters.outputSteps[axis])
      position[axis] &+= 1
      if position[axis] < parameters.sizes[axis] { break }
      source -= Int(parameters.inputSteps[axis]) * Int(parameters.sizes[axis])
      target -= Int(parameters.outputSteps[axis]) * Int(parameters.sizes[axis])
      position[axis] = 0
      axis -= 1
    }
  }
}
