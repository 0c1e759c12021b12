/// A discrete Fourier transform of real numbers along two axes, whose lengths are powers of two.
///
/// Computed in double precision: `output[u, v] = sum over y, x of input[y, x] * e^(-2 pi i (u y / height + v x / width))`
/// for `v` from 0 to `width / 2`.
package struct FourierParameters: BitwiseCopyable, Sendable, Hashable {
  /// Transforms, one after the other.
  package var slices: Int
  package var inputHeight: Int
  package var inputWidth: Int
  /// Powers of two, the width at least 2. Rows and columns of the input behind them are left out, missing ones are 0.
  package var height: Int
  package var width: Int

  package init(slices: Int, inputHeight: Int, inputWidth: Int, height: Int, width: Int) {
    self.slices = slices
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.height = height
    self.width = width
  }

  /// Columns of the output.
  package var columns: Int { width / 2 + 1 }
  /// Numbers of the grid that is transformed: real and imaginary parts.
  package var gridCount: Int { 2 * height * columns }
  /// Numbers of the line that is transformed at a time.
  package var lineCount: Int { 2 * max(height, width) }
}

/// Cosines and sines of the first half turn, for transforms of `length` numbers and fewer: `length / 2` pairs.
package func fourierRoots(length: Int) -> [Double] {
  var roots: [Double] = []
  roots.reserveCapacity(length)
  for index in 0..<(length / 2) {
    // An eighth of a turn at most, so that both functions are as near as can be, and mirrored exactly.
    let isMirrored = 4 * index > length
    let folded = isMirrored ? length / 2 - index : index
    let isSwapped = 8 * folded > length
    let angle = 2 * Double.pi * Double(isSwapped ? length / 4 - folded : folded) / Double(length)
    let (c, s) = (cosine(angle), sine(angle))
    let (re, im) = isSwapped ? (s, c) : (c, s)
    roots.append(isMirrored ? -re : re)
    roots.append(im)
  }
  return roots
}

/// Transforms all slices.
///
/// - Parameters:
///   - roots: what ``fourierRoots(length:)`` gives for the larger of height and width.
///   - line: `lineCount` numbers for own use.
///   - grid: `gridCount` numbers for own use.
///   - output: pairs of real and imaginary parts, `[slices, height, columns]`.
package func realFourierTransform(
  _ parameters: FourierParameters, input: Span<Float>, roots: Span<Double>, line: inout MutableSpan<Double>,
  grid: inout MutableSpan<Double>, output: inout MutableSpan<Float>
) {
  let columns = parameters.columns
  for slice in 0..<parameters.slices {
    for row in 0..<parameters.height {
      let isGiven = row < parameters.inputHeight
      for column in 0..<parameters.width {
        let isInside = isGiven && column < parameters.inputWidth
        let source = (slice * parameters.inputHeight + row) * parameters.inputWidth + column
        line[2 * column] = isInside ? Double(input[source]) : 0
        line[2 * column + 1] = 0
      }
      if isGiven { fourierTransform(&line, length: parameters.width, roots: roots) }
      for index in 0..<(2 * columns) { grid[row * 2 * columns + index] = line[index] }
    }
    if parameters.height > 1 {
      for column in 0..<columns {
        for row in 0..<parameters.height {
          line[2 * row] = grid[2 * (row * columns + column)]
          line[2 * row + 1] = grid[2 * (row * columns + column) + 1]
        }
        fourierTransform(&line, length: parameters.height, roots: roots)
        for row in 0..<parameters.height {
          grid[2 * (row * columns + column)] = line[2 * row]
          grid[2 * (row * columns + column) + 1] = line[2 * row + 1]
        }
      }
    }
    let target = slice * parameters.gridCount
    for index in 0..<parameters.gridCount { output[target + index] = Float(grid[index]) }
  }
}

/// The transform of the first `length` complex numbers of a line, in place: Cooley and Tukey's, in halves.
private func fourierTransform(_ line: inout MutableSpan<Double>, length: Int, roots: Span<Double>) {
  // Every number goes where its index's bits say when they are read backwards.
  var mirrored = 0
  for index in 0..<length {
    if index < mirrored {
      for part in 0..<2 {
        let kept = line[2 * index + part]
        line[2 * index + part] = line[2 * mirrored + part]
        line[2 * mirrored + part] = kept
      }
    }
    var bit = length / 2
    while bit > 0, mirrored & bit != 0 {
      mirrored ^= bit
      bit /= 2
    }
    mirrored |= bit
  }
  var half = 1
  while half < length {
    // The table's roots are those of a whole turn of `roots.count` numbers.
    let rootStep = roots.count / (2 * half)
    for start in stride(from: 0, to: length, by: 2 * half) {
      for index in 0..<half {
        let re = roots[2 * index * rootStep]
        let im = -roots[2 * index * rootStep + 1]
        let even = 2 * (start + index)
        let odd = even + 2 * half
        let turnedRe = line[odd] * re - line[odd + 1] * im
        let turnedIm = line[odd] * im + line[odd + 1] * re
        line[odd] = line[even] - turnedRe
        line[odd + 1] = line[even + 1] - turnedIm
        line[even] += turnedRe
        line[even + 1] += turnedIm
      }
    }
    half *= 2
  }
}

/// A floating-point type that complex numbers are made of.
package protocol ComplexPartElement: BinaryFloatingPoint & BitwiseCopyable & Sendable {
  /// The length of the arrow to `(self, other)`.
  func hypotenuse(_ other: Self) -> Self
}

extension Float: ComplexPartElement {
  @inline(__always)
  package func hypotenuse(_ other: Float) -> Float {
    if isInfinite || other.isInfinite { return .infinity }
    // Squares are exact in double precision and cannot overflow there.
    return Float((Double(self) * Double(self) + Double(other) * Double(other)).squareRoot())
  }
}

extension Double: ComplexPartElement {
  @inline(__always)
  package func hypotenuse(_ other: Double) -> Double {
    if isInfinite || other.isInfinite { return .infinity }
    let large = Swift.max(magnitude, other.magnitude)
    guard large > 0 else { return isNaN || other.isNaN ? .nan : 0 }
    // Scaled by a power of two so that squares neither overflow nor vanish.
    let scale = large >= 0x1p500 ? 0x1p-600 : large <= 0x1p-500 ? 0x1p600 : 1
    let (x, y) = (self * scale, other * scale)
    return (x * x + y * y).squareRoot() / scale
  }
}

/// What is taken from complex numbers.
package enum ComplexPart: Sendable {
  case real
  case imaginary
  case magnitude
}

/// One number of each complex one.
@specialized(where Element == Float)
@specialized(where Element == Double)
package func complexPartReference<Element: ComplexPartElement>(
  _ part: ComplexPart, input: Span<Element>, output: inout MutableSpan<Element>
) {
  for index in output.indices {
    let re = input[2 * index]
    let im = input[2 * index + 1]
    output[index] =
      switch part {
      case .real: re
      case .imaginary: im
      case .magnitude: re.hypotenuse(im)
      }
  }
}
