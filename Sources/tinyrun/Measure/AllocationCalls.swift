import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#else
  import Glibc
#endif

/// Counts calls of the C library's allocator, by all threads of the process: `malloc`, `calloc`, `realloc`, `memalign`,
/// `aligned_alloc` and `posix_memalign`. Swift's own objects and buffers are made by these.
///
/// Where programs call through tables of imported addresses (Linux with glibc), these functions are put there in place
/// of the allocator's, and call it. Elsewhere nothing is counted.
enum AllocationCalls {
  /// Begins to count, for good.
  ///
  /// - Returns: whether calls are counted, which is tried out: a deliberate allocation must be seen.
  static func start() -> Bool {
    #if os(Linux) && canImport(Glibc) && (arch(x86_64) || arch(arm64))
      guard Allocator.theirs.isComplete else { return false }
      ImportTables.replace(Allocator.replacements)
      let before = count
      let probe = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 1)
      let isSeen = count > before
      unsafe probe.deallocate()
      return isSeen
    #else
      return false
    #endif
  }

  /// Calls since counting began.
  static var count: Int { calls.load(ordering: .sequentiallyConsistent) }
}

private let calls = Atomic<Int>(0)

#if os(Linux) && canImport(Glibc) && (arch(x86_64) || arch(arm64))
  /// The functions that count. They are in place after ``theirs`` was made; none of them allocates or locks.
  private enum Allocator {
    typealias Sized = @convention(c) (Int) -> UnsafeMutableRawPointer?
    typealias Paired = @convention(c) (Int, Int) -> UnsafeMutableRawPointer?
    typealias Resizing = @convention(c) (UnsafeMutableRawPointer?, Int) -> UnsafeMutableRawPointer?
    typealias Placing = @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer?>?, Int, Int) -> Int32

    /// The allocator's own functions.
    @safe
    struct Originals: @unchecked Sendable {
      let malloc: Sized?
      let calloc: Paired?
      let realloc: Resizing?
      let memalign: Paired?
      let alignedAlloc: Paired?
      let posixMemalign: Placing?

      init() {
        // Sound: the C standard and POSIX give these functions these types; a missing one is nil.
        unsafe malloc = unsafeBitCast(dlsym(nil, "malloc"), to: Sized?.self)
        unsafe calloc = unsafeBitCast(dlsym(nil, "calloc"), to: Paired?.self)
        unsafe realloc = unsafeBitCast(dlsym(nil, "realloc"), to: Resizing?.self)
        unsafe memalign = unsafeBitCast(dlsym(nil, "memalign"), to: Paired?.self)
        unsafe alignedAlloc = unsafeBitCast(dlsym(nil, "aligned_alloc"), to: Paired?.self)
        unsafe posixMemalign = unsafeBitCast(dlsym(nil, "posix_memalign"), to: Placing?.self)
      }

      var isComplete: Bool {
        unsafe malloc != nil && calloc != nil && realloc != nil && memalign != nil && alignedAlloc != nil
          && posixMemalign != nil
      }
    }

    static let theirs = Originals()

    static let countedMalloc: Sized = { size in
      calls.wrappingAdd(1, ordering: .relaxed)
      return theirs.malloc?(size)
    }
    static let countedCalloc: Paired = { count, size in
      calls.wrappingAdd(1, ordering: .relaxed)
      return theirs.calloc?(count, size)
    }
    static let countedRealloc: Resizing = { memory, size in
      calls.wrappingAdd(1, ordering: .relaxed)
      return unsafe theirs.realloc?(memory, size)
    }
    static let countedMemalign: Paired = { alignment, size in
      calls.wrappingAdd(1, ordering: .relaxed)
      return theirs.memalign?(alignment, size)
    }
    static let countedAlignedAlloc: Paired = { alignment, size in
      calls.wrappingAdd(1, ordering: .relaxed)
      return theirs.alignedAlloc?(alignment, size)
    }
    static let countedPosixMemalign: Placing = { memory, alignment, size in
      calls.wrappingAdd(1, ordering: .relaxed)
      return unsafe theirs.posixMemalign?(memory, alignment, size) ?? ENOMEM
    }

    static var replacements: [String: UInt] {
      unsafe [
        "malloc": unsafeBitCast(countedMalloc, to: UInt.self),
        "calloc": unsafeBitCast(countedCalloc, to: UInt.self),
        "realloc": unsafeBitCast(countedRealloc, to: UInt.self),
        "memalign": unsafeBitCast(countedMemalign, to: UInt.self),
        "aligned_alloc": unsafeBitCast(countedAlignedAlloc, to: UInt.self),
        "posix_memalign": unsafeBitCast(countedPosixMemalign, to: UInt.self),
      ]
    }
  }
#endif
