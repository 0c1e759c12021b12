/// Makes samples out of blocks of coefficients.
struct JPEGTransform {
  private let layouts: [JPEGFrame.Layout]
  /// 64 factors for each component.
  private let tables: [Int32]
  private var middle = [Int32](repeating: 0, count: 64)

  /// - Parameter components: with their quantization tables.
  init(_ components: [JPEGFrame.Component]) {
    layouts = components.map(\.layout)
    tables = components.flatMap(\.table)
    precondition(tables.count == 64 * layouts.count)
  }

  /// Makes the samples of a block.
  ///
  /// - Parameters:
  ///   - coefficients: of this block, and maybe others.
  ///   - first: where they begin.
  ///   - isFlat: whether all but the first are known to be zero.
  ///   - part: the number of the component.
  ///   - block: which of its blocks it is.
  ///   - samples: of all components.
  @inline(__always)
  mutating func makeSamples(
    _ coefficients: [Int16], from first: Int, _ isFlat: Bool, _ part: Int, _ block: JPEGScan.Block,
    into samples: inout [UInt8]
  ) {
    let layout = layouts[part]
    let rowSize = layout.rowSize
    let start = layout.firstSample + block.row * 8 * rowSize + block.column * 8
    precondition(first >= 0 && first + 64 <= coefficients.count)
    precondition(start >= 0 && start + 7 * rowSize + 8 <= samples.count)
    let sample = InverseCosine.flatSample(coefficients[first], tables[64 * part])
    // Sound: all that is read and written was checked to lie inside the arrays, here and in `init`.
    unsafe samples.withUnsafeMutableBufferPointer { samples in
      guard let samples = samples.baseAddress else { return }
      let output = unsafe samples + start
      if isFlat {
        for row in 0..<8 { unsafe (output + row * rowSize).update(repeating: sample, count: 8) }
        return
      }
      unsafe coefficients.withUnsafeBufferPointer { coefficients in
        unsafe tables.withUnsafeBufferPointer { tables in
          unsafe middle.withUnsafeMutableBufferPointer { middle in
            guard let coefficients = coefficients.baseAddress, let tables = tables.baseAddress,
              let middle = middle.baseAddress
            else { return }
            unsafe InverseCosine.transform(
              coefficients + first, tables + 64 * part, middle, to: output, rowSize: rowSize)
          }
        }
      }
    }
  }

  /// Makes all samples of a progressive picture.
  static func makeSamples(_ coefficients: [Int16], _ frame: JPEGFrame, into samples: inout [UInt8]) {
    var transform = JPEGTransform(frame.components)
    for (part, layout) in transform.layouts.enumerated() {
      for row in 0..<layout.blocksHigh {
        for column in 0..<layout.blocksWide {
          let first = 64 * (layout.firstBlock + row * layout.storedWide + column)
          var others: Int16 = 0
          for index in (first + 1)..<(first + 64) { others |= coefficients[index] }
          transform.makeSamples(coefficients, from: first, others == 0, part, (row, column), into: &samples)
        }
      }
    }
  }
}
