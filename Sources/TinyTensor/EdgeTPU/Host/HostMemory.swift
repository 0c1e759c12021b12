#if !hasFeature(Embedded) && !os(Windows) && !os(WASI) && _pointerBitWidth(_64)
  /// Memory for C structures, which lives as long as the object.
  @safe
  final class HostMemory: @unchecked Sendable {
    private var blocks: [UnsafeMutableRawPointer] = unsafe []

    deinit {
      while let block = unsafe blocks.popLast() { unsafe block.deallocate() }
    }

    /// Zeroed bytes, aligned for every C type.
    func zeroed(_ byteCount: Int) -> UnsafeMutableRawPointer {
      let block = UnsafeMutableRawPointer.allocate(byteCount: max(1, byteCount), alignment: 16)
      unsafe block.initializeMemory(as: UInt8.self, repeating: 0, count: max(1, byteCount))
      unsafe blocks.append(block)
      return unsafe block
    }

    /// A `TfLiteIntArray`.
    func intArray(_ integers: [Int]) -> UnsafeMutableRawPointer {
      typealias Layout = HostLayout.IntArray
      let array = unsafe zeroed(Layout.elements + integers.count * Layout.elementStride)
      unsafe array.storeBytes(of: Int32(clamping: integers.count), toByteOffset: Layout.count, as: Int32.self)
      for (index, integer) in integers.enumerated() {
        // Sizes and indices come from files, which have 32 bits for them.
        unsafe array.storeBytes(
          of: Int32(clamping: integer), toByteOffset: Layout.elements + index * Layout.elementStride, as: Int32.self)
      }
      return unsafe array
    }

    /// A text that ends with a zero.
    func text(_ text: String) -> UnsafeMutableRawPointer {
      let bytes = Array(text.utf8)
      let memory = unsafe zeroed(bytes.count + 1)
      for (index, byte) in bytes.enumerated() {
        unsafe memory.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
      }
      return unsafe memory
    }

    /// What is in a `TfLiteIntArray`.
    static func integers(_ array: UnsafeRawPointer) -> [Int] {
      typealias Layout = HostLayout.IntArray
      let count = unsafe Int(array.load(fromByteOffset: Layout.count, as: Int32.self))
      return (0..<max(0, count)).map { index in
        unsafe Int(array.load(fromByteOffset: Layout.elements + index * Layout.elementStride, as: Int32.self))
      }
    }
  }
#endif
