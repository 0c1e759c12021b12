import KernelInterface
import TinyTensorKernels

/// A reduction of real numbers over neighbouring axes by the kernels of an instruction set. Results equal the reference
/// kernels': every output takes its elements in the same order.
struct PackedRealReduction: Sendable {
  let set: InstructionSet
  let reduction: RealReduction
  let outer: Int
  let reduced: Int
  let inner: Int
  /// 1 where nothing is divided: that changes no number.
  let divisor: Float
}

extension PackedRealReduction {
  /// `nil` where the axes are no neighbours.
  init?(set: InstructionSet, _ kind: ReductionKind, _ geometry: ReductionGeometry, divisor: Int) {
    guard let axes = geometry.joinedAxes else { return nil }
    self.set = set
    switch kind {
    case .sum: reduction = .sum
    case .product: reduction = .product
    case .maximum: reduction = .maximum
    case .minimum: reduction = .minimum
    }
    outer = axes.outer
    reduced = axes.reduced
    inner = axes.inner
    self.divisor = Float(divisor)
  }

  func run(_ memory: OperatorMemory, input: ReadSlot, output: WriteSlot) {
    unsafe VectorWork.run(
      set,
      .realReduction(
        RealReductionTask(
          reduction: reduction, input: memory.pointer(input).assumingMemoryBound(to: Float.self),
          output: memory.pointer(output).assumingMemoryBound(to: Float.self), reduced: reduced, inner: inner,
          divisor: divisor, firstOuter: 0, endOuter: outer, firstColumn: 0, endColumn: inner)), memory.workers)
  }
}
