import TinyTensor

/// An array in NumPy's `.npy` format, versions 1 to 3: a text header, then elements in C order, little endian.
struct NumpyArray {
  let elementType: ElementType
  let shape: [Int]
  let elements: [UInt8]

  init(_ bytes: [UInt8], path: String) throws {
    func refuse(_ why: String) -> Failure { Failure(.refused, "\(path) is not a readable .npy file: \(why)") }
    guard bytes.count >= 10, bytes.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) else {
      throw refuse("it does not begin with the format's mark")
    }
    let lengthBytes = bytes[6] == 1 ? 2 : 4
    guard (1...3).contains(bytes[6]), bytes.count >= 8 + lengthBytes else {
      throw refuse("it has format version \(bytes[6])")
    }
    var headerLength = 0
    for index in 0..<lengthBytes { headerLength += Int(bytes[8 + index]) << (8 * index) }
    let start = 8 + lengthBytes
    guard headerLength <= bytes.count - start else { throw refuse("it ends inside its header") }
    let header = String(decoding: bytes[start..<(start + headerLength)], as: UTF8.self)
    guard header.contains("'fortran_order': False") else { throw refuse("its elements are not in C order") }
    guard let descriptor = Self.text(in: header, after: "'descr':", between: "'", "'") else {
      throw refuse("its header names no type")
    }
    let types: [String: ElementType] = [
      "|i1": .int8, "|u1": .uint8, "|b1": .bool, "<i2": .int16, "<u2": .uint16, "<i4": .int32, "<u4": .uint32,
      "<i8": .int64, "<u8": .uint64, "<f2": .float16, "<f4": .float32, "<f8": .float64,
    ]
    guard let type = types[descriptor] else { throw refuse("its type \(descriptor) is not one that tensors have") }
    guard let sizes = Self.text(in: header, after: "'shape':", between: "(", ")") else {
      throw refuse("its header names no shape")
    }
    var shape: [Int] = []
    var count = 1
    for size in sizes.split(separator: ",") {
      let digits = size.filter { $0 != " " }
      if digits.isEmpty { continue }
      guard let number = Int(digits), number >= 0, shape.count < 32 else { throw refuse("its shape is (\(sizes))") }
      let (product, overflow) = count.multipliedReportingOverflow(by: number)
      guard !overflow else { throw refuse("its shape is (\(sizes))") }
      count = product
      shape.append(number)
    }
    let elements = bytes[(start + headerLength)...]
    guard type.byteCount(of: count) == elements.count else {
      throw refuse("it holds \(elements.count) bytes for \(count) elements of \(type)")
    }
    elementType = type
    self.shape = shape
    self.elements = [UInt8](elements)
  }

  private static func text(in header: String, after key: String, between open: Character, _ close: Character)
    -> String?
  {
    guard let range = header.firstRange(of: key), let from = header[range.upperBound...].firstIndex(of: open) else {
      return nil
    }
    let rest = header[header.index(after: from)...]
    guard let to = rest.firstIndex(of: close) else { return nil }
    return String(rest[..<to])
  }
}
