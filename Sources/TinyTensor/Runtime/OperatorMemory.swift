/// The place of an operand that an operator reads, among the operands of its step.
struct ReadSlot: BitwiseCopyable, Sendable, Hashable {
  let index: Int
}

/// The place of an operand that an operator writes, among the operands of its step.
struct WriteSlot: BitwiseCopyable, Sendable, Hashable {
  let index: Int
}

/// Where an operand lies in a session.
@safe
struct OperandAddress: BitwiseCopyable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  init(base: UnsafeMutableRawPointer, byteCount: Int) {
    unsafe self.base = base
    self.byteCount = byteCount
  }
}

/// The operands of one step, as spans.
///
/// Sound: the plan places every operand inside memory that the session keeps alive for the run, aligned for its element
/// type, and gives an operand that is written to no other operand of the same step; the graph builder has checked the
/// element types that operators ask for.
@safe
struct OperatorMemory {
  private let operands: UnsafePointer<OperandAddress>
  /// Who may share the work.
  let workers: Workers

  init(_ operands: UnsafePointer<OperandAddress>, _ workers: Workers) {
    unsafe self.operands = operands
    self.workers = workers
  }

  /// An operand that is read.
  @inline(always)
  @_lifetime(borrow self)
  func read<Element: BitwiseCopyable>(_ slot: ReadSlot, as: Element.Type = Element.self) -> Span<Element> {
    let address = unsafe operands[slot.index]
    let count = address.byteCount / MemoryLayout<Element>.stride
    let span = unsafe Span(
      _unsafeStart: UnsafePointer(address.base.assumingMemoryBound(to: Element.self)), count: count)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// Where an operand that is read lies, for kernels of an instruction set.
  ///
  /// Sound as long as it is used in the run: ``AlignedMemory/slack`` bytes behind its memory may be read.
  @inline(always)
  func pointer(_ slot: ReadSlot) -> UnsafeRawPointer { unsafe UnsafeRawPointer(operands[slot.index].base) }

  /// Where an operand that is written lies, for kernels of an instruction set.
  @inline(always)
  func pointer(_ slot: WriteSlot) -> UnsafeMutableRawPointer { unsafe operands[slot.index].base }

  /// The bytes of an operand that is read.
  @inline(always)
  @_lifetime(borrow self)
  func readBytes(_ slot: ReadSlot) -> RawSpan {
    let address = unsafe operands[slot.index]
    let span = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(address.base), byteCount: address.byteCount)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// An operand that is written.
  @inline(always)
  @_lifetime(borrow self)
  func write<Element: BitwiseCopyable>(_ slot: WriteSlot, as: Element.Type = Element.self) -> MutableSpan<Element> {
    let address = unsafe operands[slot.index]
    let count = address.byteCount / MemoryLayout<Element>.stride
    let span = unsafe MutableSpan(
      _unsafeStart: address.base.assumingMemoryBound(to: Element.self), count: count)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// The bytes of an operand that is written.
  @inline(always)
  @_lifetime(borrow self)
  func writeBytes(_ slot: WriteSlot) -> MutableRawSpan {
    let address = unsafe operands[slot.index]
    let span = unsafe MutableRawSpan(_unsafeStart: address.base, byteCount: address.byteCount)
    return unsafe _overrideLifetime(span, borrowing: self)
  }
}

/// Addresses of operands, made once and read in every run.
@safe
struct OperandTable: Sendable {
  private let storage: AlignedMemory

  /// A table with room for `count` addresses, which must all be set before an operator uses it.
  init(count: Int) throws(ModelError) {
    let byteCount = count * MemoryLayout<OperandAddress>.stride
    guard let storage = AlignedMemory(byteCount: byteCount) else { throw .outOfMemory(byteCount) }
    self.storage = storage
  }

  private var addresses: UnsafeMutablePointer<OperandAddress> {
    // Sound: the storage holds nothing else.
    unsafe storage.base.assumingMemoryBound(to: OperandAddress.self)
  }

  /// Has an operand lie in memory from `offset` on; the caller keeps the memory alive.
  func set(_ index: Int, _ memory: AlignedMemory, offset: Int = 0, byteCount: Int) {
    precondition(offset >= 0 && byteCount <= memory.byteCount - offset, "an operand outside its memory")
    precondition((index + 1) * MemoryLayout<OperandAddress>.stride <= storage.byteCount, "an operand too many")
    unsafe addresses[index] = OperandAddress(base: memory.base.advanced(by: offset), byteCount: byteCount)
  }

  /// Has an operand lie in a file from `offset` on; the caller keeps the file open. It is never written: no operator
  /// may write to a constant.
  func set(_ index: Int, _ file: FileBytes, offset: Int, byteCount: Int) {
    precondition(offset >= 0 && byteCount <= file.count - offset, "an operand outside its file")
    precondition((index + 1) * MemoryLayout<OperandAddress>.stride <= storage.byteCount, "an operand too many")
    unsafe addresses[index] = OperandAddress(
      base: UnsafeMutableRawPointer(mutating: file.base.advanced(by: offset)), byteCount: byteCount)
  }

  /// The operands of the step whose first one has that index.
  @inline(__always)
  func memory(at first: Int, _ workers: Workers = .one) -> OperatorMemory {
    // Sound: a step's operands follow each other in the table.
    unsafe OperatorMemory(UnsafePointer(addresses.advanced(by: first)), workers)
  }
}
