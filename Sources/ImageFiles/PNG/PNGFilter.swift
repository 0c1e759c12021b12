/// The filters of PNG's rows, which leave differences from what neighbours let expect.
enum PNGFilter {
  /// Undoes a row's filter in place.
  ///
  /// - Parameters:
  ///   - filter: its number, 0 to 4.
  ///   - bytes: all rows.
  ///   - row: the row's bytes; inside `bytes`.
  ///   - above: where the row above begins, which lies before this one; `nil` stands for zeros.
  ///   - distance: from a byte to the one of the pixel before; positive.
  static func undo(_ filter: UInt8, _ bytes: inout [UInt8], _ row: Range<Int>, _ above: Int?, _ distance: Int) {
    if filter == 0 { return }
    precondition(row.lowerBound >= 0 && row.upperBound <= bytes.count)
    precondition(distance > 0 && (above.map { $0 >= 0 && $0 + row.count <= row.lowerBound } ?? true))
    let start = row.lowerBound
    let count = row.count
    let first = min(distance, count)
    // Sound: the row lies inside the bytes, the row above before it (checked above), and a byte's neighbours on the
    // left are at least `start`.
    unsafe bytes.withUnsafeMutableBufferPointer { bytes in
      switch (filter, above) {
      case (1, _):
        for index in first..<max(first, count) {
          unsafe bytes[start &+ index] &+= bytes[start &+ index &- distance]
        }
      case (2, let above?):
        for index in 0..<count { unsafe bytes[start &+ index] &+= bytes[above &+ index] }
      case (3, let above?):
        for index in 0..<first { unsafe bytes[start &+ index] &+= bytes[above &+ index] >> 1 }
        for index in first..<max(first, count) {
          let sum = unsafe UInt16(bytes[start &+ index &- distance]) &+ UInt16(bytes[above &+ index])
          unsafe bytes[start &+ index] &+= UInt8(truncatingIfNeeded: sum >> 1)
        }
      case (3, nil):
        for index in first..<max(first, count) {
          unsafe bytes[start &+ index] &+= bytes[start &+ index &- distance] >> 1
        }
      case (4, let above?):
        // Nothing on the left: the byte above is the nearest.
        for index in 0..<first { unsafe bytes[start &+ index] &+= bytes[above &+ index] }
        for index in first..<max(first, count) {
          let left = unsafe bytes[start &+ index &- distance]
          let corner = unsafe bytes[above &+ index &- distance]
          unsafe bytes[start &+ index] &+= PNG.paeth(left, bytes[above &+ index], corner)
        }
      case (4, nil):
        for index in first..<max(first, count) {
          unsafe bytes[start &+ index] &+= bytes[start &+ index &- distance]
        }
      default: break
      }
    }
  }

  /// Filters a row.
  ///
  /// - Parameters:
  ///   - filter: its number, 0 to 4.
  ///   - row: the row's bytes, behind as many zeros as `distance` says.
  ///   - above: those of the row above, in the same way.
  ///   - distance: from a byte to the one of the pixel before; positive.
  ///   - output: as long as the row without its zeros.
  /// - Returns: the sum of the new bytes' magnitudes as signed numbers.
  static func apply(
    _ filter: Int, _ row: [UInt8], _ above: [UInt8], distance: Int, to output: inout [UInt8]
  ) -> Int {
    precondition(distance > 0 && row.count == output.count + distance && above.count == row.count)
    let count = output.count
    // Sound: a byte at `distance + index` and its neighbours, at least 0, lie inside both rows.
    return unsafe row.withUnsafeBufferPointer { row in
      unsafe above.withUnsafeBufferPointer { above in
        unsafe output.withUnsafeMutableBufferPointer { output in
          switch filter {
          case 0: for index in 0..<count { unsafe output[index] = row[distance &+ index] }
          case 1: for index in 0..<count { unsafe output[index] = row[distance &+ index] &- row[index] }
          case 2: for index in 0..<count { unsafe output[index] = row[distance &+ index] &- above[distance &+ index] }
          case 3:
            for index in 0..<count {
              let sum = unsafe UInt16(row[index]) &+ UInt16(above[distance &+ index])
              unsafe output[index] = row[distance &+ index] &- UInt8(truncatingIfNeeded: sum >> 1)
            }
          default:
            for index in 0..<count {
              let guess = unsafe PNG.paeth(row[index], above[distance &+ index], above[index])
              unsafe output[index] = row[distance &+ index] &- guess
            }
          }
          var sum = 0
          for index in 0..<count { unsafe sum &+= Int(Int8(bitPattern: output[index]).magnitude) }
          return sum
        }
      }
    }
  }
}
