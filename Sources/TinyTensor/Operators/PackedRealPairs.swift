import KernelInterface
import TinyTensorKernels

/// An operation on two tensors of real numbers by the kernels of an instruction set. Results equal the reference
/// kernels'.
struct PackedRealPairs: Sendable {
  let set: InstructionSet
  let kind: RealPairKind
  /// The two innermost axes, of which the kernels make rows.
  let rows: PackedPairs.PairRows
  /// The axes around them, with the elements of all rows as the innermost one.
  let blocks: Broadcast
  let minimum: Float
  let maximum: Float
}

extension GraphBuilder {
  /// The kernels for an operation; `nil` where the reference has to run: there is no set, or it has no kernel.
  func packedRealPairs(_ kind: ArithmeticKind, _ pair: OperandPair, _ range: NumberRange) -> PackedRealPairs? {
    guard let set = context.instructionSet, let kind = RealPairKind(kind), pair.shape.count > 0 else { return nil }
    let largest = Float.greatestFiniteMagnitude
    return PackedRealPairs(
      set: set, kind: kind, rows: PackedPairs.PairRows(pair.broadcast), blocks: pair.broadcast.blocksOfRows,
      minimum: range.lower.map { Float($0) } ?? -largest, maximum: range.upper.map { Float($0) } ?? largest)
  }
}

extension PackedRealPairs {
  func run(_ memory: OperatorMemory, lhs: ReadSlot, rhs: ReadSlot, output: WriteSlot) {
    let lhs = unsafe memory.pointer(lhs).assumingMemoryBound(to: Float.self)
    let rhs = unsafe memory.pointer(rhs).assumingMemoryBound(to: Float.self)
    let output = unsafe memory.pointer(output).assumingMemoryBound(to: Float.self)
    blocks.forEachRow { target, left, right in
      unsafe VectorWork.run(
        set,
        .realPairs(
          RealPairTask(
            kind: kind, lhs: lhs + left, rhs: rhs + right, output: output + target, rows: rows.rows,
            count: rows.count, lhsStep: rows.lhsStep, rhsStep: rows.rhsStep, repeatsLhs: rows.repeatsLhs,
            repeatsRhs: rows.repeatsRhs, minimum: minimum, maximum: maximum)), memory.workers)
    }
  }
}

extension RealPairKind {
  /// `nil` for operations that vector kernels do not have.
  fileprivate init?(_ kind: ArithmeticKind) {
    switch kind {
    case .add: self = .add
    case .subtract: self = .subtract
    case .multiply: self = .multiply
    case .divide: self = .divide
    case .maximum: self = .maximum
    case .minimum: self = .minimum
    case .squaredDifference: self = .squaredDifference
    case .slope: self = .slope
    case .power, .angle: return nil
    }
  }
}
