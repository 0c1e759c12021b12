import KernelInterface
import TinyTensorKernels

/// MEAN or SUM of bytes over neighbouring axes by the kernels of an instruction set. Results equal the reference
/// kernels'.
struct PackedMean: Sendable {
  let set: InstructionSet
  let outer: Int
  let reduced: Int
  let inner: Int
  let isUnsigned: Bool
  let offset: Int32
  let factor: FixedFactor
  let bytes: OutputBytes
}

extension PackedMean {
  /// `nil` where the axes are no neighbours or a sum could leave the range that the kernels scale.
  init?(set: InstructionSet, _ parameters: MeanParameters, count: Int, isUnsigned: Bool) {
    let factor = FixedFactor(parameters.factor)
    // A sum's difference from its offset has at most this magnitude.
    guard count > 0, count < 1 << 21, factor.fits(Int64(count) * 255) else { return nil }
    guard let axes = parameters.geometry.joinedAxes else { return nil }
    self.set = set
    outer = axes.outer
    reduced = axes.reduced
    inner = axes.inner
    self.isUnsigned = isUnsigned
    offset = isUnsigned ? parameters.sumOffset - 128 * Int32(count) : parameters.sumOffset
    self.factor = factor
    bytes = OutputBytes(parameters.output, isUnsigned: isUnsigned)
  }

  @inline(__always)
  func run(_ memory: OperatorMemory, input: ReadSlot, output: WriteSlot) {
    unsafe set.mean(
      MeanTask(
        input: memory.pointer(input), output: memory.pointer(output), reduced: reduced, inner: inner, firstOuter: 0,
        endOuter: outer, isUnsigned: isUnsigned, offset: offset, factor: factor, bytes: bytes))
  }
}

extension ReductionGeometry {
  /// The axes before the reduced ones, these and those behind them, each joined to one; `nil` where axes that are
  /// reduced are no neighbours.
  var joinedAxes: (outer: Int, reduced: Int, inner: Int)? {
    var outer = 1
    var reduced = 1
    var inner = 1
    for axis in (0..<rank).reversed() {
      let size = Int(sizes[axis])
      let isReduced = outputStrides[axis] == 0
      if size == 1 { continue }
      if isReduced {
        guard outer == 1 else { return nil }
        reduced *= size
      } else if reduced == 1 {
        inner *= size
      } else {
        outer *= size
      }
    }
    return (outer, reduced, inner)
  }
}
