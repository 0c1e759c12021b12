import KernelInterface
import TinyTensorKernels

/// An operation on two tensors of bytes by the kernels of an instruction set. Results equal the reference kernels'.
struct PackedPairs: Sendable {
  let set: InstructionSet
  /// Whether the kernel's left operand is the right one.
  let swaps: Bool
  let numbers: PairNumbers
  /// The two innermost axes, of which the kernels make rows.
  let rows: PairRows
  /// The axes around them, with the elements of all rows as the innermost one.
  let blocks: Broadcast
  /// How an operand that is repeated along the last axis alone is laid out to longer rows.
  let pattern: RowPattern?

  /// How operands move along the two innermost axes.
  struct PairRows: Sendable {
    var rows: Int
    var count: Int
    var lhsStep: Int
    var rhsStep: Int
    var repeatsLhs: Bool
    var repeatsRhs: Bool
  }

  /// Rows of a short operand, written one after the other so that kernels have enough to do.
  struct RowPattern: Sendable {
    var isLhs: Bool
    /// Elements of the operand.
    var period: Int
    /// Elements of the pattern: a multiple of the period.
    var length: Int
    /// Elements of the output.
    var count: Int
    var memory: WriteSlot
  }
}

extension GraphBuilder {
  /// The kernels for an operation, or `nil` where the reference has to run: there is no set, elements are wider than a
  /// byte, or a number could leave the range that the kernels compute in.
  mutating func packedPairs(
    _ kind: QuantizedArithmeticKind, _ type: IntegerType, _ parameters: QuantizedArithmeticParameters, count: Int
  ) throws(ModelError) -> PackedPairs? {
    guard let set = context.instructionSet, type != .int16, count > 0 else { return nil }
    let lhs = FixedFactor(parameters.lhsFactor)
    let rhs = FixedFactor(parameters.rhsFactor)
    let output = FixedFactor(parameters.outputFactor)
    // A difference of bytes has at most this magnitude.
    let difference: Int64 = 255
    let isHalf = (lhs: lhs.isHalf, rhs: rhs.isHalf)
    let isUnsigned = type == .uint8
    var swaps = false
    var linear: LinearSum?
    let pairKind: PairKind
    switch kind {
    case .add, .subtract, .squaredDifference:
      // Each operand is scaled by 1/2 at most.
      let scaled = difference << Int64(parameters.leftShift)
      let reach = kind == .squaredDifference ? (scaled + 2) * (scaled + 2) : scaled + 2
      guard lhs.left == 0, rhs.left == 0, output.fits(reach), isHalf.lhs || isHalf.rhs else { return nil }
      if kind != .squaredDifference {
        // Pairs of 256 elements each, of which it finds those that matter in a few steps for each left one.
        try spend(work: 1 << 16)
        linear = LinearSumSearch(parameters, isDifference: kind == .subtract, isUnsigned: isUnsigned)?.sum()
      }
      swaps = linear == nil && kind == .add && !isHalf.lhs
      pairKind =
        linear != nil
        ? .linear
        : kind == .add
          ? .add
          : kind == .squaredDifference
            ? .squaredDifference
            : isHalf.lhs ? .subtractFromHalf : .subtractHalf
    case .multiply:
      guard output.fits(difference * difference) else { return nil }
      pairKind = .multiply
    case .addShifted, .subtractShifted, .slope: return nil
    }
    let broadcast = swaps ? parameters.broadcast.swapped : parameters.broadcast
    return PackedPairs(
      set: set, swaps: swaps,
      numbers: PairNumbers(
        kind: pairKind, isUnsigned: isUnsigned,
        lhsZeroPoint: swaps ? parameters.rhsZeroPoint : parameters.lhsZeroPoint,
        rhsZeroPoint: swaps ? parameters.lhsZeroPoint : parameters.rhsZeroPoint, leftShift: parameters.leftShift,
        lhsFactor: swaps ? rhs : lhs, rhsFactor: swaps ? lhs : rhs, outputFactor: output,
        output: OutputBytes(parameters.output, isUnsigned: isUnsigned), linear: linear ?? .none),
      rows: PackedPairs.PairRows(broadcast), blocks: broadcast.blocksOfRows,
      pattern: try rowPattern(broadcast, count: count))
  }

  /// The kernels for the larger or smaller of two bytes; `nil` where the reference has to run.
  mutating func packedExtremes(
    isMaximum: Bool, _ type: IntegerType, _ broadcast: Broadcast, count: Int
  ) throws(ModelError) -> PackedPairs? {
    guard let set = context.instructionSet, type != .int16, count > 0 else { return nil }
    let isUnsigned = type == .uint8
    let none = FixedFactor(multiplier: 0, shift: 0)
    let range = type.storedRange
    return PackedPairs(
      set: set, swaps: false,
      numbers: PairNumbers(
        kind: isMaximum ? .maximum : .minimum, isUnsigned: isUnsigned, lhsZeroPoint: 0, rhsZeroPoint: 0, leftShift: 0,
        lhsFactor: none, rhsFactor: none, outputFactor: none,
        output: OutputBytes(
          zeroPoint: 0, minimum: range.lowerBound, maximum: range.upperBound, isUnsigned: isUnsigned)),
      rows: PackedPairs.PairRows(broadcast), blocks: broadcast.blocksOfRows,
      pattern: try rowPattern(broadcast, count: count))
  }

  private mutating func rowPattern(
    _ broadcast: Broadcast, count: Int
  ) throws(ModelError) -> PackedPairs.RowPattern? {
    let wanted = 512
    let period = Int(broadcast.sizes[1])
    guard broadcast.rank == 2, period < wanted, broadcast.lhsStrides[1] == 1, broadcast.rhsStrides[1] == 1,
      broadcast.lhsStrides[0] == 0 || broadcast.rhsStrides[0] == 0
    else { return nil }
    let length = period * (wanted / period)
    return PackedPairs.RowPattern(
      isLhs: broadcast.lhsStrides[0] == 0, period: period, length: length, count: count,
      memory: try bindScratch(count: length, of: UInt8.self))
  }
}

extension PackedPairs {
  @inline(__always)
  func run(_ memory: OperatorMemory, lhs: ReadSlot, rhs: ReadSlot, output: WriteSlot) {
    let (first, second) = swaps ? (rhs, lhs) : (lhs, rhs)
    let lhs = unsafe memory.pointer(first)
    let rhs = unsafe memory.pointer(second)
    let output = unsafe memory.pointer(output)
    if let pattern { return unsafe run(pattern, memory, lhs, rhs, output) }
    blocks.forEachRow { target, left, right in
      unsafe VectorWork.run(
        set,
        .pairs(
          PairTask(
            numbers: numbers, lhs: lhs + left, rhs: rhs + right, output: output + target, rows: rows.rows,
            count: rows.count, lhsStep: rows.lhsStep, rhsStep: rows.rhsStep, repeatsLhs: rows.repeatsLhs,
            repeatsRhs: rows.repeatsRhs)), memory.workers)
    }
  }

  private func run(
    _ pattern: RowPattern, _ memory: OperatorMemory, _ lhs: UnsafeRawPointer, _ rhs: UnsafeRawPointer,
    _ output: UnsafeMutableRawPointer
  ) {
    let row = unsafe memory.pointer(pattern.memory)
    let source = unsafe pattern.isLhs ? lhs : rhs
    var filled = 0
    while filled < pattern.length {
      unsafe (row + filled).copyMemory(from: source, byteCount: pattern.period)
      filled += pattern.period
    }
    let rows = pattern.count / pattern.length
    let rest = pattern.count % pattern.length
    unsafe run(pattern, memory, row, lhs, rhs, output, start: 0, rows: rows, count: pattern.length)
    if rest > 0 {
      unsafe run(pattern, memory, row, lhs, rhs, output, start: pattern.count - rest, rows: 1, count: rest)
    }
  }

  /// Rows whose one operand is the pattern, from an element of the output on.
  private func run(
    _ pattern: RowPattern, _ memory: OperatorMemory, _ row: UnsafeMutableRawPointer, _ lhs: UnsafeRawPointer,
    _ rhs: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, start: Int, rows: Int, count: Int
  ) {
    guard rows > 0 else { return }
    let task = unsafe PairTask(
      numbers: numbers, lhs: pattern.isLhs ? UnsafeRawPointer(row) : lhs + start,
      rhs: pattern.isLhs ? rhs + start : UnsafeRawPointer(row), output: output + start, rows: rows, count: count,
      lhsStep: pattern.isLhs ? 0 : count, rhsStep: pattern.isLhs ? count : 0, repeatsLhs: false, repeatsRhs: false)
    VectorWork.run(set, .pairs(task), memory.workers)
  }
}

extension PackedPairs.PairRows {
  init(_ broadcast: Broadcast) {
    let inner = broadcast.rank - 1
    let hasRows = broadcast.rank > 1
    self.init(
      rows: hasRows ? Int(broadcast.sizes[inner - 1]) : 1, count: Int(broadcast.sizes[inner]),
      lhsStep: hasRows ? Int(broadcast.lhsStrides[inner - 1]) : 0,
      rhsStep: hasRows ? Int(broadcast.rhsStrides[inner - 1]) : 0, repeatsLhs: broadcast.lhsStrides[inner] == 0,
      repeatsRhs: broadcast.rhsStrides[inner] == 0)
  }
}

extension Broadcast {
  /// The same with the operands in each other's place.
  fileprivate var swapped: Broadcast {
    Broadcast(rank: rank, sizes: sizes, lhsStrides: rhsStrides, rhsStrides: lhsStrides)
  }

  /// The same with the two innermost axes made one, along which nothing is said of the operands.
  var blocksOfRows: Broadcast {
    guard rank > 1 else { return self }
    var blocks = self
    blocks.rank = rank - 1
    // An output has fewer than 2^31 elements.
    blocks.sizes[rank - 2] = sizes[rank - 2] &* sizes[rank - 1]
    return blocks
  }
}
