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
  private let origin: Origin

  private enum Origin {
    case allocator
    /// Pages of the system's.
    case pages
  }

  /// Bytes from which on memory is taken from the system in pages, which come zeroed.
  private static let pagedByteCount = 1 << 16

  /// Memory of `byteCount` bytes, or `nil` if the system has no more.
  ///
  /// - Parameter isResident: whether large memory shall be there at once; else it comes when it is touched.
  init?(byteCount: Int, isResident: Bool = true) {
    guard byteCount <= Int.max - Self.slack else { return nil }
    let size = byteCount + Self.slack
    self.byteCount = byteCount
    #if hasFeature(Embedded) || os(Windows)
      origin = .allocator
      unsafe base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: Self.alignment)
    #else
      #if !os(WASI)
        if size >= Self.pagedByteCount {
          guard let pages = unsafe Self.pages(size) else { return nil }
          origin = .pages
          unsafe base = pages
          if isResident { makeResident(0..<size) }
          return
        }
      #endif
      origin = .allocator
      var memory: UnsafeMutableRawPointer?
      guard unsafe posix_memalign(&memory, Self.alignment, size) == 0, let memory = unsafe memory else { return nil }
      unsafe base = memory
    #endif
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: size)
  }

  deinit {
    switch origin {
    case .allocator:
      #if hasFeature(Embedded) || os(Windows)
        unsafe base.deallocate()
      #else
        unsafe free(base)
      #endif
    case .pages:
      #if !hasFeature(Embedded) && !os(Windows) && !os(WASI)
        unsafe munmap(base, byteCount + Self.slack)
      #endif
    }
  }

  #if !hasFeature(Embedded) && !os(Windows) && !os(WASI)
    private static func pages(_ byteCount: Int) -> UnsafeMutableRawPointer? {
      #if canImport(Darwin)
        let flags = MAP_PRIVATE | MAP_ANON
      #else
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
      #endif
      let memory = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
      guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { return nil }
      return unsafe memory
    }
  #endif

  /// Has the system give the pages of a range now, all at once: a fault for each costs more than clearing it. Where it
  /// cannot, they come when they are touched.
  func makeResident(_ range: Range<Int>) {
    #if os(Linux)
      guard case .pages = origin, !range.isEmpty else { return }
      // The mapping begins at a page.
      let first = range.lowerBound / Self.smallestPage * Self.smallestPage
      // Sound: pages that this memory lies in, whose bytes stay as they are.
      unsafe madvise(base + first, range.upperBound - first, Self.populateForWriting)
    #endif
  }

  /// Bytes of the smallest page of any system.
  private static let smallestPage = 4096
  #if os(Linux)
    /// `MADV_POPULATE_WRITE` of <asm-generic/mman-common.h>, which not all C libraries declare.
    private static let populateForWriting: Int32 = 23
  #endif
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
