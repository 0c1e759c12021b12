/// What an operator needs, in memory of the plan's own.
///
/// An ``Operation`` is copied where it is looked at, in every run, and so is what it holds: with this in place of large
/// values it is a few words.
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
    kind(try place(payload))
  }

  /// A value without references in a block of the plan's.
  mutating func place<Payload: Sendable>(_ payload: Payload) throws(ModelError) -> Placed<Payload> {
    // Nothing has to be done when the memory goes.
    precondition(_isPOD(Payload.self) && MemoryLayout<Payload>.alignment <= AlignedMemory.alignment)
    let byteCount = MemoryLayout<Payload>.size
    guard let memory = AlignedMemory(byteCount: byteCount) else { throw .outOfMemory(byteCount) }
    _ = addBlock(memory)
    // Sound: the memory is large enough, aligned, and holds the payload alone.
    let pointer = unsafe memory.base.initializeMemory(as: Payload.self, to: payload)
    return unsafe Placed(UnsafePointer(pointer))
  }

  /// The same of a value that may not be there.
  mutating func place<Payload: Sendable>(ifPresent payload: Payload?) throws(ModelError) -> Placed<Payload>? {
    guard let payload else { return nil }
    return try place(payload)
  }
}
