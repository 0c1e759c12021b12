#if !hasFeature(Embedded)
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #elseif canImport(Android)
    import Android
  #elseif canImport(Darwin)
    import Darwin
  #elseif canImport(WASILibc)
    import WASILibc
  #endif
#endif

/// Memory of a fixed size that begins at a multiple of ``alignment``, zeroed when it is made.
///
/// Unsafe inside, safe outside: `base` is valid for `byteCount` bytes as long as the object lives, and only the two
/// owners that this library has use it: packed constants, written once before they are shared, and a session's arena,
/// which is reached through the session alone.
@safe
final class AlignedMemory: @unchecked Sendable {
  /// Bytes that every tensor in memory is aligned to: a cache line, and the widest vector register.
  static let alignment = 64
  /// Bytes behind the last one that may be read, never written: kernels load whole vectors.
  static let slack = 64

  let base: UnsafeMutableRawPointer
  let byteCount: Int

  /// Bytes from which on memory is taken from the system in pages, which come zeroed.
  private static let pagedByteCount = 1 << 16

  /// Memory of `byteCount` bytes, or `nil` if the system has no more.
  init?(byteCount: Int) {
    guard byteCount <= Int.max - Self.slack else { return nil }
    let size = byteCount + Self.slack
    self.byteCount = byteCount
    #if hasFeature(Embedded) || os(Windows)
      unsafe base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: Self.alignment)
    #else
      #if !os(WASI)
        if size >= Self.pagedByteCount {
          #if os(Linux)
            // All pages at once: a fault for each costs more than clearing it.
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE
          #else
            let flags = MAP_PRIVATE | MAP_ANON
          #endif
          let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
          guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { return nil }
          unsafe base = memory
          return
        }
      #endif
      var memory: UnsafeMutableRawPointer?
      guard unsafe posix_memalign(&memory, Self.alignment, size) == 0, let memory = unsafe memory else { return nil }
      unsafe base = memory
    #endif
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: size)
  }

  deinit {
    #if hasFeature(Embedded) || os(Windows)
      unsafe base.deallocate()
    #else
      #if !os(WASI)
        let size = byteCount + Self.slack
        if size >= Self.pagedByteCount {
          unsafe munmap(base, size)
          return
        }
      #endif
      unsafe free(base)
    #endif
  }
}

extension AlignedMemory {
  /// The bytes, of memory that is not written any more.
  ///
  /// - Parameter owner: what holds a reference to this memory.
  @_lifetime(borrow owner)
  func bytes<Owner>(heldBy owner: borrowing Owner) -> RawSpan {
    // Sound: valid and initialized as long as self lives, which the owner sees to.
    let span = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: byteCount)
    return unsafe _overrideLifetime(span, borrowing: owner)
  }

  /// A copy of `elements`.
  ///
  /// - Throws: ``ModelError`` when the system has no more memory.
  static func holding<Element: BitwiseCopyable>(_ elements: [Element]) throws(ModelError) -> AlignedMemory {
    let byteCount = elements.count * MemoryLayout<Element>.stride
    guard let memory = AlignedMemory(byteCount: byteCount) else { throw .outOfMemory(byteCount) }
    unsafe elements.withUnsafeBytes { bytes in
      // Sound: both are valid for this many bytes and do not overlap.
      if let source = bytes.baseAddress { unsafe memory.base.copyMemory(from: source, byteCount: bytes.count) }
    }
    return memory
  }

  /// A copy of `bytes`.
  ///
  /// - Throws: ``ModelError`` when the system has no more memory.
  static func holding(_ bytes: RawSpan) throws(ModelError) -> AlignedMemory {
    guard let memory = AlignedMemory(byteCount: bytes.byteCount) else { throw .outOfMemory(bytes.byteCount) }
    unsafe bytes.withUnsafeBytes { bytes in
      // Sound: both are valid for this many bytes and do not overlap.
      if let source = bytes.baseAddress { unsafe memory.base.copyMemory(from: source, byteCount: bytes.count) }
    }
    return memory
  }
}

extension ModelError {
  static func outOfMemory(_ byteCount: Int) -> ModelError {
    ModelError(.tooLarge, "the system has no \(byteCount) bytes of memory left")
  }
}

/// A span's bytes in an array.
func copiedBytes(_ bytes: RawSpan) -> [UInt8] {
  // Sound: the copy is made while the span is valid.
  unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
}
