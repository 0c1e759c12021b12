/// Signed integers of 2 or 4 bits, packed into bytes from the low bits on, as int8.
///
/// - Parameters:
///   - bytes: the packed integers; at least as many as `count` of them need.
///   - bits: 2 or 4.
///   - count: how many integers.
package func unpackSigned(_ bytes: RawSpan, bits: Int, count: Int) -> [Int8] {
  var elements: [Int8] = []
  elements.reserveCapacity(count)
  let perByte = 8 / bits
  for index in 0..<count {
    // Sound: bytes have no invalid patterns, and the call checks its bounds.
    let byte = unsafe bytes.unsafeLoad(fromByteOffset: index / perByte, as: UInt8.self)
    // The integer's bits at the top of the byte, then back with their sign.
    let top = 8 &- bits &- bits &* (index % perByte)
    elements.append((Int8(bitPattern: byte) &<< Int8(top)) &>> Int8(8 &- bits))
  }
  return elements
}

/// The same to memory that is there: as many as `elements` has room for.
package func unpackSigned(_ bytes: RawSpan, bits: Int, to elements: inout MutableSpan<Int8>) {
  let perByte = 8 / bits
  for index in elements.indices {
    // Sound: bytes have no invalid patterns, and the call checks its bounds.
    let byte = unsafe bytes.unsafeLoad(fromByteOffset: index / perByte, as: UInt8.self)
    let top = 8 &- bits &- bits &* (index % perByte)
    elements[index] = (Int8(bitPattern: byte) &<< Int8(top)) &>> Int8(8 &- bits)
  }
}

/// Signed integers of 2 or 4 bits as real numbers, with a scale for each `blockSize` of them.
package func unpackBlocks(
  _ bytes: RawSpan, bits: Int, scales: Span<Float>, blockSize: Int, to elements: inout MutableSpan<Float>
) {
  let perByte = 8 / bits
  for index in elements.indices {
    // Sound: bytes have no invalid patterns, and the call checks its bounds.
    let byte = unsafe bytes.unsafeLoad(fromByteOffset: index / perByte, as: UInt8.self)
    let top = 8 &- bits &- bits &* (index % perByte)
    let element = (Int8(bitPattern: byte) &<< Int8(top)) &>> Int8(8 &- bits)
    elements[index] = Float(element) * scales[index / blockSize]
  }
}
