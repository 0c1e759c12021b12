/// Which pixels belong to which person, from the long-range offsets of a PoseNet (PosenetDecoderOp's masks).
///
/// From every cell the offsets lead to where each of its person's keypoints would be; they are followed three times. The
/// person whose keypoints are nearest to these places, by the sum of squares, has the cell.
package struct PoseMaskParameters: BitwiseCopyable, Sendable, Hashable {
  package var height: Int
  package var width: Int
  /// Pixels a cell.
  package var stride: Float

  package init(height: Int, width: Int, stride: Int) {
    self.height = height
    self.width = width
    self.stride = Float(stride)
  }
}

/// Marks each cell in its person's mask: 1 there, 0 elsewhere. Without people all masks are 0.
///
/// - Parameters:
///   - long: `[height, width, 34]` offsets in cells: y of all keypoints, then x.
///   - points: y and x of each person's 17 keypoints, in pixels.
///   - count: how many people there are.
///   - masks: `[people, height, width]`.
package func maskPosesReference(
  _ parameters: PoseMaskParameters, long: Span<Float>, points: Span<Float>, count: Int, masks: inout MutableSpan<Float>
) {
  for index in masks.indices { masks[index] = 0 }
  guard count > 0 else { return }
  let keypoints = PoseDecoderParameters.keypoints
  let cells = PoseMapSize(height: parameters.height, width: parameters.width)
  // Where a cell's keypoints are: y and x.
  var places = InlineArray<34, Float>(repeating: 0)
  for row in 0..<parameters.height {
    for column in 0..<parameters.width {
      for keypoint in 0..<keypoints {
        var place = (y: Float(row), x: Float(column))
        for _ in 0..<3 {
          let dy = cells.sample(long, 2 * keypoints, channel: keypoint, y: place.y, x: place.x)
          let dx = cells.sample(long, 2 * keypoints, channel: keypoints + keypoint, y: place.y, x: place.x)
          place = cells.inside(place.y + dy, place.x + dx)
        }
        places[2 * keypoint] = place.y * parameters.stride
        places[2 * keypoint + 1] = place.x * parameters.stride
      }
      var nearest = 0
      var least: Float = 0
      for person in 0..<count {
        var distance: Float = 0
        for keypoint in 0..<keypoints {
          let dy = points[2 * (person * keypoints + keypoint)] - places[2 * keypoint]
          let dx = points[2 * (person * keypoints + keypoint) + 1] - places[2 * keypoint + 1]
          distance += dy * dy + dx * dx
        }
        if person == 0 || distance < least {
          nearest = person
          least = distance
        }
      }
      masks[(nearest * parameters.height + row) * parameters.width + column] = 1
    }
  }
}

/// The cells of a map.
struct PoseMapSize {
  let height: Int
  let width: Int
}

extension PoseMapSize {
  /// A place moved to the nearest one inside the maps; not a number becomes 0.
  func inside(_ y: Float, _ x: Float) -> (y: Float, x: Float) {
    (min(max(y.isNaN ? 0 : y, 0), Float(height - 1)), min(max(x.isNaN ? 0 : x, 0), Float(width - 1)))
  }

  /// A map's value between cells, by linear interpolation.
  ///
  /// Requires that the place is inside the maps.
  func sample(_ map: Span<Float>, _ channels: Int, channel: Int, y: Float, x: Float) -> Float {
    let top = Int(y)
    let left = Int(x)
    let bottom = Float(top) < y ? top + 1 : top
    let right = Float(left) < x ? left + 1 : left
    let fy = y - Float(top)
    let fx = x - Float(left)
    func value(_ row: Int, _ column: Int) -> Float { map[(row * width + column) * channels + channel] }
    return (1 - fy) * ((1 - fx) * value(top, left) + fx * value(top, right))
      + fy * ((1 - fx) * value(bottom, left) + fx * value(bottom, right))
  }
}
