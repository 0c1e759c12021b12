#if _endian(big)
  #error("TensorFlow Lite files are little endian, and constants are used where they lie")
#endif

#if !hasFeature(Embedded)
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #elseif canImport(Android)
    import Android
  #elseif canImport(Darwin)
    import Darwin
  #endif
#endif

/// The bytes of a model file, immutable for as long as the object lives.
///
/// Either a private, read-only mapping of a file or a copy in memory. A mapped file must not be shortened while it is
/// in use: the system ends a process that reads behind the end.
@safe
final class FileBytes: @unchecked Sendable {
  let base: UnsafeRawPointer
  let count: Int
  private let copy: AlignedMemory?

  /// A copy of bytes in memory.
  init(copying bytes: [UInt8]) throws(ModelError) {
    let memory = try AlignedMemory.holding(bytes)
    copy = memory
    unsafe base = UnsafeRawPointer(memory.base)
    count = bytes.count
  }

  /// The bytes as a span.
  var bytes: RawSpan {
    @_lifetime(borrow self)
    get { bytes(heldBy: self) }
  }

  /// The bytes as a span.
  ///
  /// - Parameter owner: what holds a reference to this object.
  @_lifetime(borrow owner)
  func bytes<Owner>(heldBy owner: borrowing Owner) -> RawSpan {
    // Sound: valid for `count` bytes and never written, as long as self lives, which the owner sees to.
    let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
    return unsafe _overrideLifetime(span, borrowing: owner)
  }

  #if !hasFeature(Embedded) && !os(Windows) && !os(WASI)
    /// Maps a file.
    ///
    /// - Parameter path: where it is.
    init(mapping path: String) throws(ModelError) {
      func refuse(_ action: String, _ number: Int32) -> ModelError {
        let reason = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
        return ModelError(.fileNotReadable, "cannot \(action) \(path): \(reason)")
      }
      let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw refuse("open", errno) }
      defer { close(descriptor) }
      var status = stat()
      guard unsafe fstat(descriptor, &status) == 0 else { throw refuse("read", errno) }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw ModelError(.fileNotReadable, "\(path) is not a regular file")
      }
      guard let size = Int(exactly: status.st_size), size > 0 else {
        throw ModelError(.malformedFile, "\(path) is empty", byteOffset: 0)
      }
      let mapping = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
      guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else { throw refuse("map", errno) }
      copy = nil
      unsafe base = UnsafeRawPointer(mapping)
      count = size
    }
  #endif

  deinit {
    #if !hasFeature(Embedded) && !os(Windows) && !os(WASI)
      // Sound: without a copy the bytes are a mapping of exactly this size.
      if copy == nil { unsafe munmap(UnsafeMutableRawPointer(mutating: base), count) }
    #endif
  }
}

#if !hasFeature(Embedded) && !os(Windows) && !os(WASI)
  extension ModelFile {
    /// Opens a model file. It is mapped, not read: constant data comes into memory when it is touched.
    ///
    /// - Parameter path: where the file is. It must not be shortened while it is in use.
    /// - Throws: ``ModelError`` when it cannot be opened or is not a readable TensorFlow Lite model.
    public init(path: String) throws(ModelError) {
      try self.init(storage: try FileBytes(mapping: path))
    }
  }
#endif

extension FileBytes {
  /// Tells the system that bytes have been copied for good: the memory that a mapping takes for them can serve others.
  /// They stay readable.
  func releaseMemory(_ range: Range<Int>) {
    #if !hasFeature(Embedded) && !os(Windows) && !os(WASI)
      guard copy == nil else { return }
      let page = Int(sysconf(Int32(_SC_PAGESIZE)))
      let first = (range.lowerBound + page - 1) / page * page
      let end = range.upperBound / page * page
      guard page > 0, first < end, end <= count else { return }
      // Sound: whole pages of a read-only mapping of a file, which are read from it again when they are touched.
      unsafe madvise(UnsafeMutableRawPointer(mutating: base.advanced(by: first)), end - first, Int32(MADV_DONTNEED))
    #endif
  }

  /// Whether the byte at an offset stands at a multiple of `alignment` in memory.
  func isAligned(_ offset: Int, to alignment: Int) -> Bool {
    // Only the number of the address is used.
    unsafe UInt(bitPattern: base.advanced(by: offset)) % UInt(alignment) == 0
  }
}
