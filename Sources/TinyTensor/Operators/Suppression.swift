import FlatbufferReader
import TinyTensorKernels

/// NON_MAX_SUPPRESSION_V4 and V5: the best boxes of those that overlap. The count of places is constant; places that
/// are not used hold zeros.
struct Suppression: Sendable {
  let isSoft: Bool
  /// Boxes, and how many of them may be selected.
  let candidates: Int
  let places: Int
  let boxes: ReadSlot
  let scores: ReadSlot
  let overlap: ReadSlot
  let threshold: ReadSlot
  /// Of V5 only, like the output of scores; V4 has scratch memory for these.
  let sigma: ReadSlot?
  let selected: WriteSlot
  let selectedScores: WriteSlot
  let count: WriteSlot
  let heap: WriteSlot
  let currentScores: WriteSlot
  let compared: WriteSlot
}

extension Suppression {
  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, isSoft: false)
  }

  static func translateSoft(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try translate(&graph, isSoft: true)
  }

  private static func translate(_ graph: inout GraphBuilder, isSoft: Bool) throws(ModelError) -> Operation? {
    let inputCount = isSoft ? 6 : 5
    try graph.requireOperands(inputs: inputCount...inputCount, outputs: isSoft ? 3 : 2)
    let boxes = try graph.input(0, .float32)
    let scores = try graph.input(1, .float32)
    let places = try graph.constantInteger(graph.input(2, .int32), what: "the count of boxes to select")
    guard boxes.shape.rank == 2, boxes.shape[1] == 4, scores.shape.array == [boxes.shape[0]] else {
      throw graph.error(
        .invalidOperator, "it has boxes \(boxes.shape) and scores \(scores.shape) instead of [n,4] and [n]")
    }
    guard places >= 0 else { throw graph.error(.invalidOperator, "it selects \(places) boxes") }
    var numbers: [Operand] = []
    for index in 3..<inputCount {
      let number = try graph.input(index, .float32)
      guard number.shape.count == 1 else {
        throw graph.error(.invalidOperator, "\(number.name) has \(number.shape.count) elements instead of 1")
      }
      numbers.append(number)
    }
    _ = try graph.outputType(0, .int32)
    if isSoft { _ = try graph.outputType(1, .float32) }
    let countOutput = isSoft ? 2 : 1
    _ = try graph.outputType(countOutput, .int32)
    let shape = try graph.outputShape([places])
    let candidates = boxes.shape[0]
    return try graph.operation(
      Operation.suppression,
      Suppression(
        isSoft: isSoft, candidates: candidates, places: places, boxes: try graph.bind(boxes),
        scores: try graph.bind(scores), overlap: try graph.bind(numbers[0]), threshold: try graph.bind(numbers[1]),
        sigma: isSoft ? try graph.bind(numbers[2]) : nil, selected: try graph.bindOutput(0, shape: shape),
        selectedScores: isSoft
          ? try graph.bindOutput(1, shape: shape) : try graph.bindScratch(count: places, of: Float.self),
        count: try graph.bindOutput(countOutput, shape: .scalar),
        heap: try graph.bindScratch(count: candidates, of: Int32.self),
        currentScores: try graph.bindScratch(count: candidates, of: Float.self),
        compared: try graph.bindScratch(count: candidates, of: Int32.self)))
  }

  func run(_ memory: OperatorMemory) throws(SessionError) {
    let threshold = memory.read(threshold, as: Float.self)[0]
    let overlap = memory.read(overlap, as: Float.self)[0]
    var decay: Float = 0
    if let sigma { decay = memory.read(sigma, as: Float.self)[0] }
    guard !(decay < 0) else {
      throw SessionError(.invalidData, "a suppression of boxes is asked for the negative sigma \(decay)")
    }
    var selected = memory.write(selected, as: Int32.self)
    var selectedScores = memory.write(selectedScores, as: Float.self)
    var suppression = NonMaxSuppression(
      boxes: memory.read(boxes), initialScores: memory.read(scores), threshold: threshold, heap: memory.write(heap),
      scores: memory.write(currentScores), compared: memory.write(compared))
    let found = suppression.select(
      overlap: overlap, threshold: threshold, sigma: decay, selected: &selected, selectedScores: &selectedScores)
    for index in found..<selected.count {
      selected[index] = 0
      selectedScores[index] = 0
    }
    var count = memory.write(count, as: Int32.self)
    count[0] = Int32(truncatingIfNeeded: found)
  }

  var facts: OperatorFacts {
    OperatorFacts(
      kernel: isSoft ? "non_max_suppression.soft.reference" : "non_max_suppression.reference",
      furtherSteps: OperatorFacts.product(DetectionPostProcess.comparisonSteps, candidates, places))
  }
}
