/// How an image changes its size. Heights and widths in pixels.
///
/// Every size is at least 1 and every product of them that indexes a tensor fits `Int`: proven at load.
package struct ResizeParameters: BitwiseCopyable, Sendable, Hashable {
  package var batches: Int
  package var inputHeight: Int
  package var inputWidth: Int
  package var outputHeight: Int
  package var outputWidth: Int
  package var channels: Int
  /// Whether the corner pixels' centres stay where they are. Not together with the next.
  package var alignsCorners: Bool
  /// Whether a pixel's position is that of its centre.
  package var usesPixelCenters: Bool

  package init(
    batches: Int, inputHeight: Int, inputWidth: Int, outputHeight: Int, outputWidth: Int, channels: Int,
    alignsCorners: Bool, usesPixelCenters: Bool
  ) {
    self.batches = batches
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.channels = channels
    self.alignsCorners = alignsCorners
    self.usesPixelCenters = usesPixelCenters
  }

  /// Where an input pixel begins, in elements.
  @inline(__always)
  fileprivate func inputPixel(_ batch: Int, _ row: Int, _ column: Int) -> Int {
    ((batch * inputHeight + row) * inputWidth + column) * channels
  }

  /// Where an output pixel begins, in elements.
  @inline(__always)
  fileprivate func outputPixel(_ batch: Int, _ row: Int, _ column: Int) -> Int {
    ((batch * outputHeight + row) * outputWidth + column) * channels
  }

  /// Input pixels an output pixel, as the reference has it in single precision.
  @inline(__always)
  fileprivate func scale(_ input: Int, _ output: Int) -> Float {
    alignsCorners && output > 1 ? Float(input - 1) / Float(output - 1) : Float(input) / Float(output)
  }
}

// MARK: Bilinear

/// Two neighbouring pixels of an axis and how far behind the first one a position lies.
package struct AxisNeighbours<Distance: BitwiseCopyable>: BitwiseCopyable {
  package var first: Int
  package var second: Int
  package var distance: Distance
}

/// `x` without its fraction, toward minus infinity, for `|x| < 2^62`.
@inline(__always)
private func floored(_ x: Float) -> Int64 {
  let truncated = Int64(x)
  return Float(truncated) > x ? truncated &- 1 : truncated
}

extension ResizeParameters {
  /// Positions with ten fractional bits. An input has fewer than `2^31` pixels along an axis, so they fit 43 bits.
  @inline(__always)
  package func fixedPointNeighbours(_ index: Int, _ input: Int, _ output: Int) -> AxisNeighbours<Int64> {
    let size = Int64(input)
    let count = Int64(output)
    let scale =
      alignsCorners && count > 1
      ? (1024 &* (size &- 1) &+ (count &- 1) / 2) / (count &- 1) : (1024 &* size &+ count / 2) / count
    var position = Int64(index) &* scale
    if usesPixelCenters { position = position &+ scale / 2 &- 512 }
    let first = min(max(position / 1024, 0), size &- 1)
    let second = max(min((position &+ 1023) / 1024, size &- 1), 0)
    return AxisNeighbours(
      first: Int(truncatingIfNeeded: first), second: Int(truncatingIfNeeded: second),
      distance: position &- 1024 &* first)
  }

  /// Positions in single precision.
  @inline(__always)
  package func realNeighbours(_ index: Int, _ input: Int, _ output: Int) -> AxisNeighbours<Float> {
    let scale = scale(input, output)
    let position = usesPixelCenters ? (Float(index) + 0.5) * scale - 0.5 : Float(index) * scale
    let below = floored(position)
    let above = Float(below) < position ? below &+ 1 : below
    let last = Int64(input) &- 1
    let first = min(max(below, 0), last)
    let second = max(min(above, last), 0)
    return AxisNeighbours(
      first: Int(truncatingIfNeeded: first), second: Int(truncatingIfNeeded: second),
      distance: position - Float(first))
  }
}

/// Bilinear interpolation of integers with ten fractional bits of position along each axis.
///
/// - Parameters:
///   - parameters: sizes and modes.
///   - input: `[batches, inputHeight, inputWidth, channels]`.
///   - output: `[batches, outputHeight, outputWidth, channels]`.
///
/// Weights are below `2^11` in magnitude and elements at most `2^15`: a sum of four products is below `2^40`. Where a
/// distance leaves 0 to 1024, both neighbours are one pixel, so that a result stays in its elements' range.
@specialized(where Element == Int8)
@specialized(where Element == Int16)
package func resizeBilinearReference<Element: QuantizedElement>(
  _ parameters: ResizeParameters, input: Span<Element>, output: inout MutableSpan<Element>
) {
  for batch in 0..<parameters.batches {
    for row in 0..<parameters.outputHeight {
      let y = parameters.fixedPointNeighbours(row, parameters.inputHeight, parameters.outputHeight)
      for column in 0..<parameters.outputWidth {
        let x = parameters.fixedPointNeighbours(column, parameters.inputWidth, parameters.outputWidth)
        let topLeft = parameters.inputPixel(batch, y.first, x.first)
        let bottomLeft = parameters.inputPixel(batch, y.second, x.first)
        let topRight = parameters.inputPixel(batch, y.first, x.second)
        let bottomRight = parameters.inputPixel(batch, y.second, x.second)
        let target = parameters.outputPixel(batch, row, column)
        for channel in 0..<parameters.channels {
          var sum = Int64(input[topLeft + channel]) &* (1024 &- y.distance) &* (1024 &- x.distance)
          sum &+= Int64(input[bottomLeft + channel]) &* y.distance &* (1024 &- x.distance)
          sum &+= Int64(input[topRight + channel]) &* (1024 &- y.distance) &* x.distance
          sum &+= Int64(input[bottomRight + channel]) &* y.distance &* x.distance
          output[target + channel] = Element(truncatingIfNeeded: (sum &+ (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20))
        }
      }
    }
  }
}

/// An element that the reference interpolates in single precision.
package protocol RealInterpolated: BitwiseCopyable, Sendable {
  var real: Float { get }
  init(interpolated: Float)
}

extension Float: RealInterpolated {
  @inline(__always) package var real: Float { self }
  @inline(__always) package init(interpolated: Float) { self = interpolated }
}

/// Rounded by adding one half and leaving out the fraction.
extension UInt8: RealInterpolated {
  @inline(__always) package var real: Float { Float(self) }
  @inline(__always) package init(interpolated: Float) {
    // A mean of bytes: far inside 32 bits.
    self.init(clamping: Int32(interpolated + 0.5))
  }
}

/// Bilinear interpolation in single precision, each product and sum rounded, in the reference's order.
///
/// Parameters are those of ``resizeBilinearReference(_:input:output:)``.
@specialized(where Element == UInt8)
@specialized(where Element == Float)
package func resizeBilinearRealReference<Element: RealInterpolated>(
  _ parameters: ResizeParameters, input: Span<Element>, output: inout MutableSpan<Element>
) {
  for batch in 0..<parameters.batches {
    for row in 0..<parameters.outputHeight {
      let y = parameters.realNeighbours(row, parameters.inputHeight, parameters.outputHeight)
      for column in 0..<parameters.outputWidth {
        let x = parameters.realNeighbours(column, parameters.inputWidth, parameters.outputWidth)
        let topLeft = parameters.inputPixel(batch, y.first, x.first)
        let bottomLeft = parameters.inputPixel(batch, y.second, x.first)
        let topRight = parameters.inputPixel(batch, y.first, x.second)
        let bottomRight = parameters.inputPixel(batch, y.second, x.second)
        let target = parameters.outputPixel(batch, row, column)
        for channel in 0..<parameters.channels {
          var sum = input[topLeft + channel].real * (1 - y.distance) * (1 - x.distance)
          sum += input[bottomLeft + channel].real * y.distance * (1 - x.distance)
          sum += input[topRight + channel].real * (1 - y.distance) * x.distance
          sum += input[bottomRight + channel].real * y.distance * x.distance
          output[target + channel] = Element(interpolated: sum)
        }
      }
    }
  }
}

// MARK: Nearest neighbour

extension ResizeParameters {
  /// The input pixel nearest to an output pixel's position in single precision.
  @inline(__always)
  package func nearest(_ index: Int, _ input: Int, _ output: Int) -> Int {
    let scale = scale(input, output)
    let position = (Float(index) + (usesPixelCenters ? 0.5 : 0)) * scale
    let pixel = alignsCorners ? roundHalfAwayFromZero(Double(position)) : floored(position)
    return Int(truncatingIfNeeded: max(min(pixel, Int64(input) &- 1), 0))
  }
}

/// The nearest pixel, for elements of `elementSize` bytes.
///
/// - Parameters:
///   - parameters: sizes and modes.
///   - elementSize: bytes an element.
///   - input: `[batches, inputHeight, inputWidth, channels]`.
///   - output: `[batches, outputHeight, outputWidth, channels]`.
package func resizeNearestReference(
  _ parameters: ResizeParameters, elementSize: Int, input: RawSpan, output: inout MutableRawSpan
) {
  let length = parameters.channels * elementSize
  for batch in 0..<parameters.batches {
    for row in 0..<parameters.outputHeight {
      let inputRow = parameters.nearest(row, parameters.inputHeight, parameters.outputHeight)
      for column in 0..<parameters.outputWidth {
        let inputColumn = parameters.nearest(column, parameters.inputWidth, parameters.outputWidth)
        let source = parameters.inputPixel(batch, inputRow, inputColumn) * elementSize
        copyBytes(
          input.extracting(source..<(source + length)), to: &output,
          at: parameters.outputPixel(batch, row, column) * elementSize)
      }
    }
  }
}
