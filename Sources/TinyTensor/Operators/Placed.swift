/// An operator's payload in memory of the plan's own.
///
/// An ``Operation`` is copied where it is looked at, in every run: with what it says of the operator elsewhere it is as
/// small as a pointer.
@safe
struct Placed<Payload: Sendable>: BitwiseCopyable, @unchecked Sendable {
  /// Valid as long as the block that the builder made for it, which the plan keeps; never written.
  private let pointer: UnsafePointer<Payload>

  init(_ pointer: UnsafePointer<Payload>) { unsafe self.pointer = pointer }

  /// What the operator needs; read where it is.
  var payload: Payload {
    @inline(__always) _read { yield unsafe pointer.pointee }
  }
}

extension GraphBuilder {
  /// An operation of the current step, with its payload in a block of the plan's.
  ///
  /// - Parameters:
  ///   - kind: the operation's case.
  ///   - payload: what it holds.
  mutating func operation<Payload: Sendable>(
    _ kind: (Placed<Payload>) -> Operation, _ payload: Payload
  ) throws(ModelError) -> Operation {
    // Payloads have no references: nothing has to be done when the memory goes.
    precondition(_isPOD(Payload.self) && MemoryLayout<Payload>.alignment <= AlignedMemory.alignment)
    let byteCount = MemoryLayout<Payload>.size
    guard let memory = AlignedMemory(byteCount: byteCount) else { throw .outOfMemory(byteCount) }
    _ = addBlock(memory)
    // Sound: the memory is large enough, aligned, and holds the payload alone.
    let pointer = unsafe memory.base.initializeMemory(as: Payload.self, to: payload)
    return unsafe kind(Placed(UnsafePointer(pointer)))
  }
}
