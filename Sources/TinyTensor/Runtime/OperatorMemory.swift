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

  init(_ operands: UnsafePointer<OperandAddress>) {
    unsafe self.operands = operands
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
