/// Average of the elements that a window cuts out of the image, rounded half away from zero; the window's own padding
/// counts for nothing.
///
/// - Parameters:
///   - geometry: input and output channels are equal, dilations 1.
///   - minimum: lower end of the activation's range.
///   - maximum: upper end of the activation's range.
///   - input: NHWC.
///   - output: NHWC.
///
/// Requires that every window holds an element and that `2^bits * kernelHeight * kernelWidth < 2^31` for elements of so
/// many bits: no sum overflows.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
package func averagePoolReference<Element: QuantizedElement>(
  _ geometry: WindowGeometry, minimum: Int32, maximum: Int32, input: Span<Element>,
  output: inout MutableSpan<Element>
) {
  forEachWindow(geometry, input: input, output: &output) { (elements: inout WindowElements<Element>) in
    var sum: Int32 = 0
    elements.forEach { sum &+= Int32(truncatingIfNeeded: $0) }
    let count = Int32(truncatingIfNeeded: elements.count)
    let average = sum > 0 ? (sum &+ count / 2) / count : (sum &- count / 2) / count
    return narrow(clamp(average, minimum, maximum), to: Element.self)
  }
}

/// Largest of the elements that a window cuts out of the image.
///
/// Parameters and requirements are those of ``averagePoolReference(_:minimum:maximum:input:output:)``.
@specialized(where Element == Int8)
@specialized(where Element == UInt8)
@specialized(where Element == Int16)
package func maxPoolReference<Element: QuantizedElement>(
  _ geometry: WindowGeometry, minimum: Int32, maximum: Int32, input: Span<Element>,
  output: inout MutableSpan<Element>
) {
  forEachWindow(geometry, input: input, output: &output) { (elements: inout WindowElements<Element>) in
    var largest = Element.min
    elements.forEach { largest = max(largest, $0) }
    return narrow(clamp(Int32(truncatingIfNeeded: largest), minimum, maximum), to: Element.self)
  }
}

/// What a pool makes of the real numbers that a window cuts out of the image.
package enum RealPool: BitwiseCopyable, Sendable, Hashable {
  case average
  case max
  /// The square root of the average of the squares.
  case l2
}

/// Pools of real numbers, in single precision and natural order.
///
/// - Parameters:
///   - pool: which one.
///   - geometry: input and output channels are equal, dilations 1.
///   - activation: the activation.
///   - input: NHWC.
///   - output: NHWC.
///
/// Requires that every window holds an element.
package func realPoolReference(
  _ pool: RealPool, _ geometry: WindowGeometry, activation: RealActivation, input: Span<Float>,
  output: inout MutableSpan<Float>
) {
  forEachWindow(geometry, input: input, output: &output) { (elements: inout WindowElements<Float>) in
    var result: Float = 0
    switch pool {
    case .average:
      elements.forEach { result += $0 }
      result /= Float(elements.count)
    case .max:
      result = -Float.greatestFiniteMagnitude
      elements.forEach { result = result < $0 ? $0 : result }
    case .l2:
      elements.forEach { result += $0 * $0 }
      result = (result / Float(elements.count)).squareRoot()
    }
    return activation.apply(to: result)
  }
}

/// One channel of the part of a window that lies inside the image.
private struct WindowElements<Element: BitwiseCopyable>: ~Escapable {
  let input: Span<Element>
  let geometry: WindowGeometry
  let kernelRows: Range<Int>
  let kernelColumns: Range<Int>
  let batch: Int
  let row: Int
  let column: Int
  var channel: Int

  @_lifetime(copy input)
  @inline(__always)
  init(
    _ input: Span<Element>, _ geometry: WindowGeometry, batch: Int, row: Int, column: Int
  ) {
    self.input = input
    self.geometry = geometry
    self.batch = batch
    self.row = row
    self.column = column
    kernelRows = geometry.kernelRows(outputRow: row)
    kernelColumns = geometry.kernelColumns(outputColumn: column)
    channel = 0
  }

  var count: Int { kernelRows.count * kernelColumns.count }

  @inline(__always)
  func forEach(_ body: (Element) -> Void) {
    for kernelRow in kernelRows {
      let inputRow = geometry.inputRow(row, kernelRow)
      for kernelColumn in kernelColumns {
        body(input[geometry.inputPixel(batch, inputRow, geometry.inputColumn(column, kernelColumn)) + channel])
      }
    }
  }
}

@inline(__always)
private func forEachWindow<Element: BitwiseCopyable>(
  _ geometry: WindowGeometry, input: Span<Element>, output: inout MutableSpan<Element>,
  _ reduce: (inout WindowElements<Element>) -> Element
) {
  for batch in 0..<geometry.batches {
    for row in 0..<geometry.outputHeight {
      for column in 0..<geometry.outputWidth {
        var elements = WindowElements(input, geometry, batch: batch, row: row, column: column)
        let outputPixel = geometry.outputPixel(batch, row, column)
        for channel in 0..<geometry.outputChannels {
          elements.channel = channel
          output[outputPixel + channel] = reduce(&elements)
        }
      }
    }
  }
}
