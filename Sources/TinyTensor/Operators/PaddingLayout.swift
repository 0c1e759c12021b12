import KernelInterface
import TinyTensorKernels

/// How rows of an input lie in a larger output.
struct PaddingLayout: BitwiseCopyable, Sendable, Hashable {
  private var rank: Int
  private var outputCounts: SIMD8<Int32>
  private var inputCounts: SIMD8<Int32>
  private var before: SIMD8<Int32>
  private var rowBytes: Int
  private var bytesBefore: Int
  private var bytesBehind: Int
  private var rows: Int

  /// Axes that are not padded are joined to the one before them.
  ///
  /// Sizes fit 32 bits together where the output's elements do; others stay apart.
  init(_ parameters: PadParameters) {
    var inner = parameters.rank - 1
    var unit = parameters.elementSize
    while inner > 0, parameters.inputSizes[inner] == parameters.outputSizes[inner] {
      unit *= Int(parameters.inputSizes[inner])
      inner -= 1
    }
    rank = 0
    (outputCounts, inputCounts, before) = (SIMD8(repeating: 1), SIMD8(repeating: 1), SIMD8(repeating: 0))
    for axis in 0..<inner {
      let size = parameters.outputSizes[axis]
      let isPadded = parameters.inputSizes[axis] != size
      let joined = rank == 0 || isPadded ? (0, true) : outputCounts[rank - 1].multipliedReportingOverflow(by: size)
      if !joined.1 {
        outputCounts[rank - 1] = joined.0
        inputCounts[rank - 1] &*= size
        before[rank - 1] &*= size
      } else {
        outputCounts[rank] = size
        inputCounts[rank] = parameters.inputSizes[axis]
        before[rank] = parameters.before[axis]
        rank += 1
      }
    }
    rowBytes = Int(parameters.inputSizes[inner]) * unit
    bytesBefore = Int(parameters.before[inner]) * unit
    bytesBehind = Int(parameters.outputSizes[inner]) * unit - rowBytes - bytesBefore
    rows = 1
    for axis in 0..<inner { rows *= Int(parameters.outputSizes[axis]) }
  }

  /// Pads an operand.
  ///
  /// - Parameters:
  ///   - pattern: one new element, in the lowest `elementSize` bytes.
  func run(
    _ memory: OperatorMemory, pattern: UInt64, elementSize: Int, from input: ReadSlot, to output: WriteSlot
  ) {
    var wide = pattern
    var width = elementSize
    while width < 8 {
      wide = (wide & (1 << UInt64(8 * width) - 1)) * (1 | 1 << UInt64(8 * width))
      width *= 2
    }
    // Sound: the output has room for all rows, and the input has those that are not beside it.
    unsafe MovementWork.run(
      .pad(
        PaddingTask(
          rank: rank, outputCounts: outputCounts, inputCounts: inputCounts, before: before, rowBytes: rowBytes,
          bytesBefore: bytesBefore, bytesBehind: bytesBehind, pattern: wide, input: memory.pointer(input),
          output: memory.pointer(output), firstRow: 0, endRow: rows)), memory.workers)
  }
}
