/// Boxes that are left when those which overlap a better one are dropped, and Bodla et al., "Soft-NMS: improving object
/// detection with one line of code" (2017), which lowers their scores instead.
///
/// Candidates stand in a binary heap, the best on top. Where scores are equal, the heap's order decides, which is
/// therefore that of the C++ library the reference is built with: the hole that the best one leaves sinks to the
/// bottom, and the last candidate rises from there.
package struct NonMaxSuppression: ~Copyable, ~Escapable {
  /// Corners of boxes, four numbers each: y, x, y, x.
  private let boxes: Span<Float>
  /// Numbers of candidates in heap order.
  private var heap: MutableSpan<Int32>
  private var heapCount = 0
  /// Current scores, by box.
  private var scores: MutableSpan<Float>
  /// How many selected boxes each candidate has been compared with, by box.
  private var compared: MutableSpan<Int32>

  /// Candidates are boxes whose score is above a threshold.
  ///
  /// Requires that all spans but `boxes` have an element for each box.
  @_lifetime(copy boxes, copy heap, copy scores, copy compared)
  package init(
    boxes: Span<Float>, initialScores: Span<Float>, threshold: Float, heap: consuming MutableSpan<Int32>,
    scores: consuming MutableSpan<Float>, compared: consuming MutableSpan<Int32>
  ) {
    self.boxes = boxes
    self.heap = heap
    self.scores = scores
    self.compared = compared
    for box in initialScores.indices where initialScores[box] > threshold {
      self.scores[box] = initialScores[box]
      self.compared[box] = 0
      push(Int32(truncatingIfNeeded: box))
    }
  }

  /// Selects boxes into the front of `selected`, with their scores at that time; returns how many.
  @_lifetime(self: copy self)
  package mutating func select(
    overlap: Float, threshold: Float, sigma: Float, selected: inout MutableSpan<Int32>,
    selectedScores: inout MutableSpan<Float>
  ) -> Int {
    let wanted = min(heapCount, selected.count)
    let scale: Float = sigma > 0 ? -0.5 / sigma : 0
    var count = 0
    while count < wanted, heapCount > 0 {
      let candidate = pop()
      let box = Int(candidate)
      let original = scores[box]
      var isDropped = false
      var other = count - 1
      while other >= Int(compared[box]) {
        let shared = sharedPart(box, Int(selected[other]))
        if shared >= overlap {
          isDropped = true
          break
        }
        if sigma > 0 { scores[box] *= Float(exponential(Double(scale * shared * shared))) }
        if scores[box] <= threshold { break }
        other -= 1
      }
      compared[box] = Int32(truncatingIfNeeded: count)
      if isDropped { continue }
      if scores[box] == original {
        selected[count] = candidate
        selectedScores[count] = original
        count += 1
      }
      // A selected box goes back, too: it then meets itself among the selected ones.
      if scores[box] > threshold { push(candidate) }
    }
    return count
  }

  /// Intersection over union of two boxes, whose corners may come in any order.
  private func sharedPart(_ first: Int, _ second: Int) -> Float {
    func smaller(_ lhs: Float, _ rhs: Float) -> Float { rhs < lhs ? rhs : lhs }
    func larger(_ lhs: Float, _ rhs: Float) -> Float { lhs < rhs ? rhs : lhs }
    func bounds(_ box: Int, _ axis: Int) -> (low: Float, high: Float) {
      let (one, other) = (boxes[4 * box + axis], boxes[4 * box + axis + 2])
      return (smaller(one, other), larger(one, other))
    }
    let (firstY, firstX) = (bounds(first, 0), bounds(first, 1))
    let (secondY, secondX) = (bounds(second, 0), bounds(second, 1))
    let firstArea = (firstY.high - firstY.low) * (firstX.high - firstX.low)
    let secondArea = (secondY.high - secondY.low) * (secondX.high - secondX.low)
    if firstArea <= 0 || secondArea <= 0 { return 0 }
    let height = smaller(firstY.high, secondY.high) - larger(firstY.low, secondY.low)
    let width = smaller(firstX.high, secondX.high) - larger(firstX.low, secondX.low)
    let intersection = larger(height, 0) * larger(width, 0)
    let union = firstArea + secondArea - intersection
    return union == 0 ? 0 : intersection / union
  }

  private func isWorse(_ lhs: Int32, _ rhs: Int32) -> Bool { scores[Int(lhs)] < scores[Int(rhs)] }

  /// Lets a candidate rise from a hole.
  @_lifetime(self: copy self)
  private mutating func rise(_ candidate: Int32, from hole: Int) {
    var hole = hole
    while hole > 0 {
      let parent = (hole - 1) / 2
      if !isWorse(heap[parent], candidate) { break }
      heap[hole] = heap[parent]
      hole = parent
    }
    heap[hole] = candidate
  }

  @_lifetime(self: copy self)
  private mutating func push(_ candidate: Int32) {
    heapCount += 1
    rise(candidate, from: heapCount - 1)
  }

  /// Takes the best candidate out.
  @_lifetime(self: copy self)
  private mutating func pop() -> Int32 {
    let best = heap[0]
    heapCount -= 1
    let last = heap[heapCount]
    var hole = 0
    while 2 * hole + 1 < heapCount {
      var child = 2 * hole + 1
      if child + 1 < heapCount, isChosen(child + 1, over: child) { child += 1 }
      heap[hole] = heap[child]
      hole = child
    }
    if heapCount > 0 { rise(last, from: hole) }
    return best
  }

  /// Whether the second child of two takes a hole.
  private func isChosen(_ second: Int, over first: Int) -> Bool { !isWorse(heap[second], heap[first]) }
}
