/// How a picture gets another size.
public enum ResizeMethod: Sendable, Hashable, CaseIterable {
  /// Where an axis grows, linear interpolation; where it shrinks, the average of the old pixels under each new one,
  /// weighted by a triangle that reaches to the neighbours' centres.
  case bilinear
  /// The average of the old pixels under each new one, each as a whole.
  case area
  /// The old pixel under each new one's centre.
  case nearest
}

extension Picture {
  /// The picture in another size, each axis by itself, without regard to its proportions.
  ///
  /// A picture that has the size already stays as it is. Where there is alpha, colours are averaged by their opacity,
  /// but for ``ResizeMethod/nearest``.
  ///
  /// - Parameters:
  ///   - newWidth: positive.
  ///   - newHeight: positive.
  ///   - method: how.
  public func resized(width newWidth: Int, height newHeight: Int, method: ResizeMethod = .bilinear) -> Picture {
    precondition(newWidth > 0 && newHeight > 0)
    if newWidth == width, newHeight == height { return self }
    if method == .nearest { return nearest(newWidth, newHeight) }
    let columns = AxisWeights(from: width, to: newWidth, method)
    let rows = AxisWeights(from: height, to: newHeight, method)
    let source = hasAlpha ? multipliedByAlpha() : pixels
    // Sums are rounded to bytes between the passes, so their order shows. It is that of Pillow 13: rows come first where
    // they become fewer by more than twice as much as columns do.
    let isVerticalFirst = newHeight < height && height - newHeight > 2 * (width - newWidth)
    var result: [UInt8]
    if newWidth == width {
      result = Self.vertical(source, rowLength: width * channels, rows, firstRow: 0)
    } else if newHeight == height {
      result = Self.horizontal(source, width, channels, columns, 0..<height)
    } else if isVerticalFirst {
      let middle = Self.vertical(source, rowLength: width * channels, rows, firstRow: 0)
      result = Self.horizontal(middle, width, channels, columns, 0..<newHeight)
    } else {
      // Only the rows that the second pass reads.
      let needed = rows.firstPlace..<rows.endPlace
      let middle = Self.horizontal(source, width, channels, columns, needed)
      result = Self.vertical(middle, rowLength: newWidth * channels, rows, firstRow: needed.lowerBound)
    }
    if hasAlpha { Self.divideByAlpha(&result, channels: channels) }
    return Picture(width: newWidth, height: newHeight, channels: channels, pixels: result)
  }

  // MARK: Passes

  private static func horizontal(
    _ source: [UInt8], _ width: Int, _ channels: Int, _ columns: AxisWeights, _ rows: Range<Int>
  ) -> [UInt8] {
    switch channels {
    case 1: horizontal(source, width, columns, rows, channels: 1)
    case 2: horizontal(source, width, columns, rows, channels: 2)
    case 3: horizontal(source, width, columns, rows, channels: 3)
    default: horizontal(source, width, columns, rows, channels: 4)
    }
  }

  /// Makes rows of the new width out of some of the old ones.
  @inline(__always)
  private static func horizontal(
    _ source: [UInt8], _ width: Int, _ columns: AxisWeights, _ rows: Range<Int>, channels: Int
  ) -> [UInt8] {
    let newWidth = columns.places.count
    let count = rows.count * newWidth * channels
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { result, initialized in
      // Sound: rows lie inside the picture, and taps inside a row (AxisWeights); the result has `count` bytes, all of
      // which are written in order.
      unsafe source.withUnsafeBufferPointer { source in
        unsafe columns.weights.withUnsafeBufferPointer { weights in
          var place = 0
          for row in rows {
            let start = row * width * channels
            for taps in columns.places {
              // |sum| <= 255 * 2^22 + the rounding of each weight: below 2^31.
              var (first, second, third, fourth) = (
                AxisWeights.half, AxisWeights.half, AxisWeights.half, AxisWeights.half
              )
              var from = start &+ taps.place &* channels
              for tap in taps.weights {
                let weight = unsafe weights[tap]
                unsafe first &+= Int32(source[from]) &* weight
                if channels > 1 { unsafe second &+= Int32(source[from &+ 1]) &* weight }
                if channels > 2 { unsafe third &+= Int32(source[from &+ 2]) &* weight }
                if channels > 3 { unsafe fourth &+= Int32(source[from &+ 3]) &* weight }
                from &+= channels
              }
              unsafe result[place] = AxisWeights.byte(first)
              if channels > 1 { unsafe result[place &+ 1] = AxisWeights.byte(second) }
              if channels > 2 { unsafe result[place &+ 2] = AxisWeights.byte(third) }
              if channels > 3 { unsafe result[place &+ 3] = AxisWeights.byte(fourth) }
              place &+= channels
            }
          }
        }
      }
      initialized = count
    }
  }

  /// Makes new rows out of old ones, which begin with the given row of the picture.
  private static func vertical(_ source: [UInt8], rowLength: Int, _ rows: AxisWeights, firstRow: Int) -> [UInt8] {
    let count = rows.places.count * rowLength
    var sums = [Int32](repeating: 0, count: rowLength)
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { result, initialized in
      // Sound: taps lie between the first and the last row that any new row needs, which the source begins and ends
      // with; the result has `count` bytes, all of which are written.
      unsafe source.withUnsafeBufferPointer { source in
        unsafe sums.withUnsafeMutableBufferPointer { sums in
          for (row, taps) in rows.places.enumerated() {
            for index in 0..<rowLength { unsafe sums[index] = AxisWeights.half }
            var from = (taps.place - firstRow) * rowLength
            for tap in taps.weights {
              let weight = rows.weights[tap]
              for index in 0..<rowLength { unsafe sums[index] &+= Int32(source[from &+ index]) &* weight }
              from += rowLength
            }
            let start = row * rowLength
            for index in 0..<rowLength { unsafe result[start &+ index] = AxisWeights.byte(sums[index]) }
          }
        }
      }
      initialized = count
    }
  }

  private func nearest(_ newWidth: Int, _ newHeight: Int) -> Picture {
    let columns = Self.nearestPlaces(from: width, to: newWidth)
    var result: [UInt8] = []
    result.reserveCapacity(newWidth * newHeight * channels)
    for row in Self.nearestPlaces(from: height, to: newHeight) {
      let start = row * width * channels
      for column in columns {
        let from = start + column * channels
        for channel in 0..<channels { result.append(pixels[from + channel]) }
      }
    }
    return Picture(width: newWidth, height: newHeight, channels: channels, pixels: result)
  }

  /// The old place under the centre of each new one. Centres are summed up step by step, so that they round as
  /// Pillow's do.
  private static func nearestPlaces(from old: Int, to new: Int) -> [Int] {
    let step = Double(old) / Double(new)
    var centre = step * 0.5
    return (0..<new).map { _ in
      defer { centre += step }
      return min(Int(centre), old - 1)
    }
  }

  // MARK: Alpha

  /// The pixels with their colours multiplied by their alpha, rounded.
  private func multipliedByAlpha() -> [UInt8] {
    var result = pixels
    for start in stride(from: 0, to: result.count, by: channels) {
      let alpha = Int(result[start + channels - 1])
      for index in start..<(start + channels - 1) {
        let product = Int(result[index]) * alpha + 128
        result[index] = UInt8((product >> 8 + product) >> 8)
      }
    }
    return result
  }

  /// Undoes the multiplication, rounding down; what is transparent keeps its bytes.
  private static func divideByAlpha(_ pixels: inout [UInt8], channels: Int) {
    for start in stride(from: 0, to: pixels.count, by: channels) {
      let alpha = Int(pixels[start + channels - 1])
      if alpha == 0 || alpha == 255 { continue }
      for index in start..<(start + channels - 1) { pixels[index] = UInt8(min(255 * Int(pixels[index]) / alpha, 255)) }
    }
  }
}

/// Which old places, with which weights, make each new place along one axis.
///
/// Weights are fixed-point numbers with 22 bits behind the point, computed and rounded as Pillow does.
struct AxisWeights {
  struct Taps {
    /// The old place that the first weight is for; the others follow.
    var place: Int
    /// Indices of the weights. Never so many that they lead out of the old places.
    var weights: Range<Int>
  }

  private(set) var places: [Taps] = []
  private(set) var weights: [Int32] = []
  /// The first old place that any new one needs, and the one behind the last.
  private(set) var firstPlace = 0
  private(set) var endPlace = 0

  static let half: Int32 = 1 << 21

  /// A sum of weighted bytes, which began with ``half``, as a byte.
  @inline(__always)
  static func byte(_ sum: Int32) -> UInt8 { UInt8(truncatingIfNeeded: min(max(sum >> 22, 0), 255)) }

  /// Requires positive sizes, and `.bilinear` or `.area`.
  init(from old: Int, to new: Int, _ method: ResizeMethod) {
    let scale = Double(old) / Double(new)
    let reach = max(scale, 1)
    let support = method == .area ? reach * 0.5 : reach
    places.reserveCapacity(new)
    var raw: [Double] = []
    for place in 0..<new {
      let centre = (Double(place) + 0.5) * scale
      let low = max(0, Int(centre - support + 0.5))
      let high = min(old, Int(centre + support + 0.5))
      raw.removeAll(keepingCapacity: true)
      var sum = 0.0
      for index in low..<max(low, high) {
        let distance = (Double(index) - centre + 0.5) * (1 / reach)
        let weight = method == .area ? (distance > -0.5 && distance <= 0.5 ? 1 : 0) : max(0, 1 - abs(distance))
        raw.append(weight)
        sum += weight
      }
      let start = weights.count
      for weight in raw { weights.append(Int32(0.5 + (sum == 0 ? weight : weight / sum) * Double(1 << 22))) }
      places.append(Taps(place: low, weights: start..<weights.count))
    }
    firstPlace = places.first?.place ?? 0
    endPlace = places.last.map { $0.place + $0.weights.count } ?? 0
  }
}
