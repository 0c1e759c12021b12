/// Decodes several people's poses from the maps of a PoseNet (PosenetDecoderOp).
///
/// The method is that of PersonLab (Papandreou and others, 2018): local maxima of the heat maps, by falling score, are
/// roots; from a root the skeleton is followed edge by edge along mid-range offsets, each step refined by short-range
/// offsets; a person's score is the mean of its keypoints that no better person holds.
package struct PoseDecoderParameters: BitwiseCopyable, Sendable, Hashable {
  package var height: Int
  package var width: Int
  package var maximumPoses: Int
  /// From 0 to 1.
  package var scoreThreshold: Float
  /// The threshold before the logistic function.
  package var logitThreshold: Float
  /// In cells of the maps.
  package var squaredRadius: Float
  /// Pixels a cell.
  package var stride: Float

  /// - Parameters:
  ///   - height, width: cells of the maps, at least 1.
  ///   - maximumPoses: at least 1.
  ///   - scoreThreshold: from 0 to 1.
  ///   - radius: in pixels.
  ///   - stride: pixels a cell, at least 1.
  package init(
    height: Int, width: Int, maximumPoses: Int, scoreThreshold: Float, radius: Float, stride: Int
  ) {
    self.height = height
    self.width = width
    self.maximumPoses = maximumPoses
    self.scoreThreshold = scoreThreshold
    // The constant keeps a threshold of 0 from a division by it.
    logitThreshold = Float(-logarithm(1 / (Double(scoreThreshold) + 1e-6) - 1))
    self.stride = Float(stride)
    let cells = radius / Float(stride)
    squaredRadius = cells * cells
  }

  package static let keypoints = 17
  package static let edges = 16

  /// Roots that the maps may hold.
  package var maximumRoots: Int { height * width * Self.keypoints }
  /// Entries of the queue of one skeleton: its root and both ends of every edge.
  static let skeletonQueue = 1 + 2 * edges
}

/// A place in the maps, with what it is a candidate for.
package struct KeypointCandidate: BitwiseCopyable, Sendable {
  var y: Float
  var x: Float
  var score: Float
  var keypoint: Int32

  package init() {
    y = 0
    x = 0
    score = 0
    keypoint = 0
  }

  init(y: Float, x: Float, score: Float, keypoint: Int) {
    self.y = y
    self.x = x
    self.score = score
    self.keypoint = Int32(truncatingIfNeeded: keypoint)
  }
}

/// Memory for one run.
package struct PoseScratch: ~Copyable, ~Escapable {
  /// `maximumRoots` candidates.
  package var roots: MutableSpan<KeypointCandidate>
  /// ``skeletonSize`` candidates.
  package var skeleton: MutableSpan<KeypointCandidate>
  /// `maximumPoses * 17 * 2`: y and x of each keypoint.
  package var points: MutableSpan<Float>
  /// `maximumPoses * 17`.
  package var keypointScores: MutableSpan<Float>
  /// `2 * maximumPoses`.
  package var poseScores: MutableSpan<Float>
  /// `2 * maximumPoses`.
  package var order: MutableSpan<Int32>
  package var orderScratch: MutableSpan<Int32>

  /// Candidates that one skeleton needs room for.
  package static var skeletonSize: Int { PoseDecoderParameters.skeletonQueue }

  @_lifetime(
    copy roots, copy skeleton, copy points, copy keypointScores, copy poseScores, copy order, copy orderScratch)
  package init(
    roots: consuming MutableSpan<KeypointCandidate>, skeleton: consuming MutableSpan<KeypointCandidate>,
    points: consuming MutableSpan<Float>, keypointScores: consuming MutableSpan<Float>,
    poseScores: consuming MutableSpan<Float>, order: consuming MutableSpan<Int32>,
    orderScratch: consuming MutableSpan<Int32>
  ) {
    self.roots = roots
    self.skeleton = skeleton
    self.points = points
    self.keypointScores = keypointScores
    self.poseScores = poseScores
    self.order = order
    self.orderScratch = orderScratch
  }
}

/// The four outputs.
package struct Poses: ~Copyable, ~Escapable {
  /// `maximumPoses * 17 * 2`: y and x in pixels.
  package var points: MutableSpan<Float>
  package var keypointScores: MutableSpan<Float>
  package var poseScores: MutableSpan<Float>
  package var count: MutableSpan<Float>

  @_lifetime(copy points, copy keypointScores, copy poseScores, copy count)
  package init(
    points: consuming MutableSpan<Float>, keypointScores: consuming MutableSpan<Float>,
    poseScores: consuming MutableSpan<Float>, count: consuming MutableSpan<Float>
  ) {
    self.points = points
    self.keypointScores = keypointScores
    self.poseScores = poseScores
    self.count = count
  }
}

/// The maps that a network gives, `[height, width, channels]` each.
package struct PoseMaps: ~Escapable {
  /// 17 channels, before the logistic function.
  package let heat: Span<Float>
  /// 34 channels, in cells: y of all keypoints, then x.
  package let short: Span<Float>
  /// 64 channels, in cells: forward y, forward x, backward y, backward x of the 16 edges.
  package let middle: Span<Float>

  @_lifetime(copy heat, copy short, copy middle)
  package init(heat: Span<Float>, short: Span<Float>, middle: Span<Float>) {
    self.heat = heat
    self.short = short
    self.middle = middle
  }
}

/// Parent and child of the edges, forward ones first: nose, eyes, ears, shoulders, elbows, wrists, hips, knees and ankles
/// are keypoints 0 to 16, left before right.
private func edge(_ index: Int) -> (from: Int, to: Int) {
  let forward: (Int, Int) =
    switch index % PoseDecoderParameters.edges {
    case 0: (0, 1)
    case 1: (1, 3)
    case 2: (0, 2)
    case 3: (2, 4)
    case 4: (0, 5)
    case 5: (5, 7)
    case 6: (7, 9)
    case 7: (5, 11)
    case 8: (11, 13)
    case 9: (13, 15)
    case 10: (0, 6)
    case 11: (6, 8)
    case 12: (8, 10)
    case 13: (6, 12)
    case 14: (12, 14)
    default: (14, 16)
    }
  return index < PoseDecoderParameters.edges ? forward : (forward.1, forward.0)
}

/// Decodes poses; rows of the outputs from the count on are 0.
package func decodePoses(
  _ parameters: PoseDecoderParameters, _ maps: borrowing PoseMaps, scratch: inout PoseScratch,
  output: inout Poses
) {
  let keypoints = PoseDecoderParameters.keypoints
  var roots = CandidateQueue()
  findRoots(parameters, maps, &roots, &scratch.roots)
  var count = 0
  while count < parameters.maximumPoses, let root = roots.pop(&scratch.roots) {
    if isTaken(root, count, parameters, scratch) { continue }
    followSkeleton(from: root, pose: count, parameters, maps, &scratch)
    var sum: Float = 0
    for keypoint in 0..<keypoints {
      let logit = scratch.keypointScores[count * keypoints + keypoint]
      let score = Float(1 / (1 + exponential(-Double(logit))))
      scratch.keypointScores[count * keypoints + keypoint] = score
      sum += score
    }
    let mean = sum / Float(keypoints)
    if mean >= parameters.scoreThreshold {
      scratch.poseScores[count] = mean
      count += 1
    }
  }
  rescore(parameters, count, &scratch)
  write(parameters, count, &scratch, &output)
}

/// Local maxima of the heat maps above the threshold, moved by their short-range offsets.
private func findRoots(
  _ parameters: PoseDecoderParameters, _ maps: borrowing PoseMaps, _ queue: inout CandidateQueue,
  _ candidates: inout MutableSpan<KeypointCandidate>
) {
  let keypoints = PoseDecoderParameters.keypoints
  for y in 0..<parameters.height {
    for x in 0..<parameters.width {
      let cell = y * parameters.width + x
      for keypoint in 0..<keypoints {
        let score = maps.heat[cell * keypoints + keypoint]
        guard score >= parameters.logitThreshold else { continue }
        var isLargest = true
        for nearY in max(y - 1, 0)..<min(y + 2, parameters.height) {
          for nearX in max(x - 1, 0)..<min(x + 2, parameters.width)
          where maps.heat[(nearY * parameters.width + nearX) * keypoints + keypoint] > score {
            isLargest = false
          }
        }
        guard isLargest else { continue }
        let moved = parameters.inside(
          Float(y) + maps.short[cell * 2 * keypoints + keypoint],
          Float(x) + maps.short[cell * 2 * keypoints + keypoints + keypoint])
        queue.push(
          KeypointCandidate(y: moved.y, x: moved.x, score: score, keypoint: keypoint), &candidates)
      }
    }
  }
}

/// Whether a person that has been found holds this keypoint nearby.
private func isTaken(
  _ candidate: KeypointCandidate, _ count: Int, _ parameters: PoseDecoderParameters,
  _ scratch: borrowing PoseScratch
) -> Bool {
  for pose in 0..<count {
    let place = 2 * (pose * PoseDecoderParameters.keypoints + Int(candidate.keypoint))
    let dy = scratch.points[place] - candidate.y
    let dx = scratch.points[place + 1] - candidate.x
    if dy * dy + dx * dx <= parameters.squaredRadius { return true }
  }
  return false
}

/// Finds a person's keypoints, the surest first, beginning with the root.
private func followSkeleton(
  from root: KeypointCandidate, pose: Int, _ parameters: PoseDecoderParameters, _ maps: borrowing PoseMaps,
  _ scratch: inout PoseScratch
) {
  let keypoints = PoseDecoderParameters.keypoints
  let edges = PoseDecoderParameters.edges
  let first = pose * keypoints
  for keypoint in 0..<keypoints {
    scratch.points[2 * (first + keypoint)] = -1
    scratch.points[2 * (first + keypoint) + 1] = -1
    scratch.keypointScores[first + keypoint] = -1e5
  }
  // One bit a keypoint that has its place.
  var found: UInt32 = 0
  var queue = CandidateQueue()
  var start = root
  start.score = parameters.sample(
    maps.heat, keypoints, channel: Int(root.keypoint), y: root.y, x: root.x)
  queue.push(start, &scratch.skeleton)
  while let current = queue.pop(&scratch.skeleton) {
    let keypoint = Int(current.keypoint)
    if found & (1 << UInt32(keypoint)) != 0 { continue }
    found |= 1 << UInt32(keypoint)
    scratch.points[2 * (first + keypoint)] = current.y
    scratch.points[2 * (first + keypoint) + 1] = current.x
    scratch.keypointScores[first + keypoint] = current.score
    for index in 0..<(2 * edges) {
      let (from, to) = edge(index)
      if from != keypoint || found & (1 << UInt32(to)) != 0 { continue }
      // Backward edges lie 16 channels further, between them the forward x. The original leaves the first one out.
      let channel = index > edges ? index + edges : index
      var place = parameters.inside(
        current.y + parameters.sample(maps.middle, 4 * edges, channel: channel, y: current.y, x: current.x),
        current.x + parameters.sample(maps.middle, 4 * edges, channel: channel + edges, y: current.y, x: current.x))
      for _ in 0..<5 {
        let dy = parameters.sample(maps.short, 2 * keypoints, channel: to, y: place.y, x: place.x)
        let dx = parameters.sample(maps.short, 2 * keypoints, channel: keypoints + to, y: place.y, x: place.x)
        place = parameters.inside(place.y + dy, place.x + dx)
      }
      let score = parameters.sample(maps.heat, keypoints, channel: to, y: place.y, x: place.x)
      queue.push(KeypointCandidate(y: place.y, x: place.x, score: score, keypoint: to), &scratch.skeleton)
    }
  }
}

/// Takes from each person's score the keypoints that a better person holds nearby.
private func rescore(_ parameters: PoseDecoderParameters, _ count: Int, _ scratch: inout PoseScratch) {
  let keypoints = PoseDecoderParameters.keypoints
  for pose in 0..<count { scratch.order[pose] = Int32(truncatingIfNeeded: pose) }
  sortDescending(&scratch.order, scratch: &scratch.orderScratch, count: count, by: scratch.poseScores)
  for position in 0..<count {
    let pose = Int(scratch.order[position])
    var sum: Float = 0
    for keypoint in 0..<keypoints {
      let place = 2 * (pose * keypoints + keypoint)
      var isHeld = false
      for better in 0..<position {
        let other = 2 * (Int(scratch.order[better]) * keypoints + keypoint)
        let dy = scratch.points[other] - scratch.points[place]
        let dx = scratch.points[other + 1] - scratch.points[place + 1]
        if dy * dy + dx * dx <= parameters.squaredRadius { isHeld = true }
      }
      if !isHeld { sum += scratch.keypointScores[pose * keypoints + keypoint] }
    }
    // The old scores are needed no more once their order is known.
    scratch.poseScores[pose] = sum / Float(keypoints)
  }
  for pose in 0..<count { scratch.order[pose] = Int32(truncatingIfNeeded: pose) }
  sortDescending(&scratch.order, scratch: &scratch.orderScratch, count: count, by: scratch.poseScores)
}

private func write(
  _ parameters: PoseDecoderParameters, _ count: Int, _ scratch: inout PoseScratch, _ output: inout Poses
) {
  let keypoints = PoseDecoderParameters.keypoints
  for index in 0..<output.points.count { output.points[index] = 0 }
  for index in 0..<output.keypointScores.count { output.keypointScores[index] = 0 }
  for index in 0..<output.poseScores.count { output.poseScores[index] = 0 }
  var written = 0
  for position in 0..<count {
    let pose = Int(scratch.order[position])
    if scratch.poseScores[pose] < parameters.scoreThreshold { break }
    for index in 0..<(2 * keypoints) {
      output.points[written * 2 * keypoints + index] =
        scratch.points[pose * 2 * keypoints + index] * parameters.stride
    }
    for keypoint in 0..<keypoints {
      output.keypointScores[written * keypoints + keypoint] = scratch.keypointScores[pose * keypoints + keypoint]
    }
    output.poseScores[written] = scratch.poseScores[pose]
    written += 1
  }
  output.count[0] = Float(written)
}

extension PoseDecoderParameters {
  private var size: PoseMapSize { PoseMapSize(height: height, width: width) }

  fileprivate func inside(_ y: Float, _ x: Float) -> (y: Float, x: Float) { size.inside(y, x) }

  fileprivate func sample(_ map: Span<Float>, _ channels: Int, channel: Int, y: Float, x: Float) -> Float {
    size.sample(map, channels, channel: channel, y: y, x: x)
  }
}

/// A queue whose largest score comes first; equal scores come in the order of the C++ library's `priority_queue`.
private struct CandidateQueue {
  private(set) var count = 0

  mutating func push(_ candidate: KeypointCandidate, _ storage: inout MutableSpan<KeypointCandidate>) {
    place(candidate, at: count, top: 0, &storage)
    count += 1
  }

  mutating func pop(_ storage: inout MutableSpan<KeypointCandidate>) -> KeypointCandidate? {
    guard count > 0 else { return nil }
    let largest = storage[0]
    count -= 1
    let last = storage[count]
    // The hole at the root goes down along the larger children, then the last entry goes up from there.
    var hole = 0
    var child = 0
    while child < (count - 1) / 2 {
      child = 2 * (child + 1)
      if storage[child].score < storage[child - 1].score { child -= 1 }
      storage[hole] = storage[child]
      hole = child
    }
    if count % 2 == 0, count >= 2, child == (count - 2) / 2 {
      child = 2 * child + 1
      storage[hole] = storage[child]
      hole = child
    }
    if count > 0 { place(last, at: hole, top: 0, &storage) }
    return largest
  }

  private func place(
    _ candidate: KeypointCandidate, at hole: Int, top: Int, _ storage: inout MutableSpan<KeypointCandidate>
  ) {
    var hole = hole
    while hole > top {
      let parent = (hole - 1) / 2
      guard storage[parent].score < candidate.score else { break }
      storage[hole] = storage[parent]
      hole = parent
    }
    storage[hole] = candidate
  }
}
