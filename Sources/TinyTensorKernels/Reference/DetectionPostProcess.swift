/// What the decoding of boxes and the suppression of overlapping ones need beside their operands.
package struct DetectionParameters: BitwiseCopyable, Sendable, Hashable {
  package var boxes: Int
  /// Numbers an encoded box; the first four are used.
  package var boxStride: Int
  package var classes: Int
  /// Columns of the scores: the classes, behind a column for the background if there is one more.
  package var scoreColumns: Int
  package var maximumDetections: Int
  package var classesPerDetection: Int
  package var detectionsPerClass: Int
  package var usesRegularSuppression: Bool
  package var scoreThreshold: Float
  package var overlapThreshold: Float
  /// Divisors of the encoded centre and size: y, x, height, width.
  package var scales: SIMD4<Float>

  package init(
    boxes: Int, boxStride: Int, classes: Int, scoreColumns: Int, maximumDetections: Int, classesPerDetection: Int,
    detectionsPerClass: Int, usesRegularSuppression: Bool, scoreThreshold: Float, overlapThreshold: Float,
    scales: SIMD4<Float>
  ) {
    self.boxes = boxes
    self.boxStride = boxStride
    self.classes = classes
    self.scoreColumns = scoreColumns
    self.maximumDetections = maximumDetections
    self.classesPerDetection = classesPerDetection
    self.detectionsPerClass = detectionsPerClass
    self.usesRegularSuppression = usesRegularSuppression
    self.scoreThreshold = scoreThreshold
    self.overlapThreshold = overlapThreshold
    self.scales = scales
  }

  /// Rows of the outputs.
  package var rows: Int { maximumDetections * classesPerDetection }

  var firstColumn: Int { scoreColumns - classes }
  /// Detections that one class contributes at the most.
  var perClass: Int { min(detectionsPerClass, maximumDetections) }
}

/// Memory for one run.
package struct DetectionScratch: ~Copyable, ~Escapable {
  /// `4 * boxes` corners: ymin, xmin, ymax, xmax.
  package var corners: MutableSpan<Float>
  /// `boxes` scores.
  package var scores: MutableSpan<Float>
  /// `2 * boxes` indices.
  package var kept: MutableSpan<Int32>
  /// `boxes` indices.
  package var sorted: MutableSpan<Int32>
  /// The larger of `classes` and `2 * (maximumDetections + detectionsPerClass)`.
  package var results: MutableSpan<Int32>
  /// `2 * (maximumDetections + detectionsPerClass)` scores.
  package var resultScores: MutableSpan<Float>

  @_lifetime(copy corners, copy scores, copy kept, copy sorted, copy results, copy resultScores)
  package init(
    corners: consuming MutableSpan<Float>, scores: consuming MutableSpan<Float>,
    kept: consuming MutableSpan<Int32>, sorted: consuming MutableSpan<Int32>,
    results: consuming MutableSpan<Int32>, resultScores: consuming MutableSpan<Float>
  ) {
    self.corners = corners
    self.scores = scores
    self.kept = kept
    self.sorted = sorted
    self.results = results
    self.resultScores = resultScores
  }
}

/// The four outputs.
package struct Detections: ~Copyable, ~Escapable {
  /// `4 * rows` corners: ymin, xmin, ymax, xmax.
  package var boxes: MutableSpan<Float>
  package var classes: MutableSpan<Float>
  package var scores: MutableSpan<Float>
  package var count: MutableSpan<Float>

  @_lifetime(copy boxes, copy classes, copy scores, copy count)
  package init(
    boxes: consuming MutableSpan<Float>, classes: consuming MutableSpan<Float>,
    scores: consuming MutableSpan<Float>, count: consuming MutableSpan<Float>
  ) {
    self.boxes = boxes
    self.classes = classes
    self.scores = scores
    self.count = count
  }
}

/// Decodes boxes around anchors and keeps the best ones that do not overlap (TFLite_Detection_PostProcess).
///
/// - Parameters:
///   - encodings: `boxes` times `boxStride`: centre y, centre x, height, width and more.
///   - scores: `boxes` times `scoreColumns`.
///   - anchors: `boxes` times 4: centre y, centre x, height, width.
/// - Returns: `false` if a box ends before it begins, which the reference refuses.
///
/// Suppression of all classes together counts boxes, each of which has `classesPerDetection` rows: as many of them are
/// filled as there are classes. Suppression by class counts rows. All other rows are 0; the reference leaves them as
/// they are.
package func postProcessDetections(
  _ parameters: DetectionParameters, encodings: Span<Float>, scores: Span<Float>, anchors: Span<Float>,
  scratch: inout DetectionScratch, output: inout Detections
) -> Bool {
  guard decodeBoxes(parameters, encodings: encodings, anchors: anchors, corners: &scratch.corners) else {
    return false
  }
  for index in 0..<output.boxes.count { output.boxes[index] = 0 }
  for index in 0..<output.classes.count { output.classes[index] = 0 }
  for index in 0..<output.scores.count { output.scores[index] = 0 }
  if parameters.usesRegularSuppression {
    suppressByClass(parameters, scores: scores, scratch: &scratch, output: &output)
  } else {
    suppressTogether(parameters, scores: scores, scratch: &scratch, output: &output)
  }
  return true
}

/// Centre and size to corners: in double precision, each rounded once.
private func decodeBoxes(
  _ parameters: DetectionParameters, encodings: Span<Float>, anchors: Span<Float>,
  corners: inout MutableSpan<Float>
) -> Bool {
  for box in 0..<parameters.boxes {
    let code = box * parameters.boxStride
    let anchor = 4 * box
    func centre(_ axis: Int) -> Float {
      Float(
        Double(encodings[code + axis]) / Double(parameters.scales[axis]) * Double(anchors[anchor + 2 + axis])
          + Double(anchors[anchor + axis]))
    }
    func half(_ axis: Int) -> Float {
      Float(
        0.5 * exponential(Double(encodings[code + 2 + axis]) / Double(parameters.scales[2 + axis]))
          * Double(anchors[anchor + 2 + axis]))
    }
    let y = centre(0)
    let x = centre(1)
    let halfHeight = half(0)
    let halfWidth = half(1)
    corners[4 * box] = y - halfHeight
    corners[4 * box + 1] = x - halfWidth
    corners[4 * box + 2] = y + halfHeight
    corners[4 * box + 3] = x + halfWidth
    if corners[4 * box] > corners[4 * box + 2] || corners[4 * box + 1] > corners[4 * box + 3] { return false }
  }
  return true
}

/// The part of two boxes' union that they share; 0 if either has no area.
private func overlap(_ corners: borrowing MutableSpan<Float>, _ one: Int, _ other: Int) -> Float {
  let a = 4 * one
  let b = 4 * other
  let areaA = (corners[a + 2] - corners[a]) * (corners[a + 3] - corners[a + 1])
  let areaB = (corners[b + 2] - corners[b]) * (corners[b + 3] - corners[b + 1])
  if areaA <= 0 || areaB <= 0 { return 0 }
  let height = max(min(corners[a + 2], corners[b + 2]) - max(corners[a], corners[b]), 0)
  let width = max(min(corners[a + 3], corners[b + 3]) - max(corners[a + 1], corners[b + 1]), 0)
  let shared = height * width
  return shared / (areaA + areaB - shared)
}

/// Picks boxes by falling score and drops those that overlap with a picked one too much.
///
/// Scores are in `scratch.scores`; the picked boxes are left in front of `scratch.kept`.
///
/// - Returns: how many were picked, at most `limit`.
private func suppress(_ parameters: DetectionParameters, limit: Int, scratch: inout DetectionScratch) -> Int {
  var count = 0
  for box in 0..<parameters.boxes where scratch.scores[box] >= parameters.scoreThreshold {
    scratch.kept[count] = Int32(truncatingIfNeeded: box)
    count += 1
  }
  sortDescending(&scratch.kept, scratch: &scratch.sorted, count: count, by: scratch.scores)
  // Dropped boxes become -1; picked ones move to the front, behind which everything has been looked at.
  var picked = 0
  for candidate in 0..<count {
    if picked >= limit { break }
    let box = scratch.kept[candidate]
    if box < 0 { continue }
    for other in (candidate + 1)..<max(count, candidate + 1) where scratch.kept[other] >= 0 {
      if overlap(scratch.corners, Int(box), Int(scratch.kept[other])) > parameters.overlapThreshold {
        scratch.kept[other] = -1
      }
    }
    scratch.kept[picked] = box
    picked += 1
  }
  return picked
}

/// One suppression for all classes, by each box's best score ("fast").
private func suppressTogether(
  _ parameters: DetectionParameters, scores: Span<Float>, scratch: inout DetectionScratch,
  output: inout Detections
) {
  for box in 0..<parameters.boxes {
    let start = box * parameters.scoreColumns + parameters.firstColumn
    var best = scores[start]
    for column in 1..<max(parameters.classes, 1) { best = max(best, scores[start + column]) }
    scratch.scores[box] = best
  }
  let picked = suppress(parameters, limit: parameters.maximumDetections, scratch: &scratch)
  let categories = min(parameters.classesPerDetection, parameters.classes)
  for detection in 0..<picked {
    let box = Int(scratch.kept[detection])
    let start = box * parameters.scoreColumns + parameters.firstColumn
    selectLargest(categories, of: scores, start: start, count: parameters.classes, indices: &scratch.results)
    for category in 0..<categories {
      let row = detection * parameters.classesPerDetection + category
      let classIndex = Int(scratch.results[category])
      write(box: box, classIndex: classIndex, score: scores[start + classIndex], row: row, scratch, &output)
    }
  }
  output.count[0] = Float(picked)
}

/// A suppression for each class, the best detections of all classes together ("regular").
private func suppressByClass(
  _ parameters: DetectionParameters, scores: Span<Float>, scratch: inout DetectionScratch,
  output: inout Detections
) {
  let capacity = parameters.maximumDetections + parameters.detectionsPerClass
  // Results hold `box * scoreColumns + column`, by falling score, in front of one half; the other half is for merging.
  var count = 0
  for classIndex in 0..<parameters.classes {
    let column = parameters.firstColumn + classIndex
    for box in 0..<parameters.boxes {
      scratch.scores[box] = scores[box * parameters.scoreColumns + column]
    }
    let picked = suppress(parameters, limit: parameters.perClass, scratch: &scratch)
    // Of equal scores the older class comes first.
    var older = 0
    var newer = 0
    for position in 0..<(count + picked) {
      let newerScore = newer < picked ? scratch.scores[Int(scratch.kept[newer])] : 0
      let takesNewer = newer < picked && (older >= count || newerScore > scratch.resultScores[older])
      if takesNewer {
        scratch.results[capacity + position] =
          Int32(truncatingIfNeeded: Int(scratch.kept[newer]) * parameters.scoreColumns + column)
        scratch.resultScores[capacity + position] = newerScore
        newer += 1
      } else {
        scratch.results[capacity + position] = scratch.results[older]
        scratch.resultScores[capacity + position] = scratch.resultScores[older]
        older += 1
      }
    }
    count = min(count + picked, parameters.maximumDetections)
    for position in 0..<count {
      scratch.results[position] = scratch.results[capacity + position]
      scratch.resultScores[position] = scratch.resultScores[capacity + position]
    }
  }
  for row in 0..<count {
    let place = Int(scratch.results[row])
    write(
      box: place / parameters.scoreColumns, classIndex: place % parameters.scoreColumns - parameters.firstColumn,
      score: scratch.resultScores[row], row: row, scratch, &output)
  }
  output.count[0] = Float(count)
}

private func write(
  box: Int, classIndex: Int, score: Float, row: Int, _ scratch: borrowing DetectionScratch,
  _ output: inout Detections
) {
  for corner in 0..<4 { output.boxes[4 * row + corner] = scratch.corners[4 * box + corner] }
  output.classes[row] = Float(classIndex)
  output.scores[row] = score
}
