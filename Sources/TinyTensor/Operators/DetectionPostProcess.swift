import FlatbufferReader
import TinyTensorKernels

/// TFLite_Detection_PostProcess: the end of SSD detectors.
struct DetectionPostProcess: Sendable {
  let parameters: DetectionParameters
  let encodings: RealInput
  let scores: RealInput
  let anchors: RealInput
  let corners: WriteSlot
  let boxScores: WriteSlot
  let kept: WriteSlot
  let sorted: WriteSlot
  let results: WriteSlot
  let resultScores: WriteSlot
  /// Boxes, classes, scores, count.
  let firstOutput: WriteSlot
}

extension DetectionPostProcess {
  private struct Options {
    var maximumDetections = 0
    var classesPerDetection = 0
    var detectionsPerClass = 100
    var usesRegularSuppression = false
    var scoreThreshold: Float = 0
    var overlapThreshold: Float = 0
    var classes = 0
    var scales = SIMD4<Float>(repeating: 0)

    init(_ bytes: RawSpan) throws(ReadError) {
      var budget = ReadBudget(ReadLimits(forByteCount: bytes.byteCount))
      let map = try FlexValue(root: bytes, &budget).map(&budget)
      maximumDetections = try Self.int(map, "max_detections", &budget) ?? 0
      classesPerDetection = try Self.int(map, "max_classes_per_detection", &budget) ?? 0
      detectionsPerClass = try Self.int(map, "detections_per_class", &budget) ?? 100
      if let value = try map.value(forKey: "use_regular_nms", &budget), value.kind != .null {
        usesRegularSuppression = try value.bool()
      }
      scoreThreshold = try Self.real(map, "nms_score_threshold", &budget)
      overlapThreshold = try Self.real(map, "nms_iou_threshold", &budget)
      classes = try Self.int(map, "num_classes", &budget) ?? 0
      scales[0] = try Self.real(map, "y_scale", &budget)
      scales[1] = try Self.real(map, "x_scale", &budget)
      scales[2] = try Self.real(map, "h_scale", &budget)
      scales[3] = try Self.real(map, "w_scale", &budget)
    }

    private static func int(
      _ map: borrowing FlexMap, _ key: String, _ budget: inout ReadBudget
    ) throws(ReadError) -> Int? {
      guard let value = try map.value(forKey: key, &budget), value.kind != .null else { return nil }
      return Int(try value.int(Int32.self))
    }

    private static func real(
      _ map: borrowing FlexMap, _ key: String, _ budget: inout ReadBudget
    ) throws(ReadError) -> Float {
      guard let value = try map.value(forKey: key, &budget) else { return 0 }
      return Float(try value.double())
    }
  }

  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    try graph.requireOperands(inputs: 3...3, outputs: 4)
    let options = try graph.customOptions { (bytes) throws(ReadError) in try Options(bytes) }
    let encodings = try graph.input(0, .float32, .uint8, .int8)
    let scores = try graph.input(1, .float32, .uint8, .int8)
    let anchors = try graph.input(2, .float32, .uint8, .int8)
    guard encodings.shape.rank == 3, encodings.shape[0] == 1, encodings.shape[2] >= 4, scores.shape.rank == 3,
      scores.shape[0] == 1, scores.shape[1] == encodings.shape[1], anchors.shape.rank == 2,
      anchors.shape[0] == encodings.shape[1], anchors.shape[1] == 4, encodings.shape.count > 0
    else {
      throw graph.error(
        .invalidOperator,
        "its inputs \(encodings.shape), \(scores.shape) and \(anchors.shape) are not [1,boxes,4], [1,boxes,classes] "
          + "and [boxes,4]")
    }
    let largest = 1 << 20
    func check(_ value: Int, _ name: String) throws(ModelError) {
      guard value > 0, value < largest else {
        throw graph.error(.invalidOperator, "its option \(name) is \(value)")
      }
    }
    try check(options.maximumDetections, "max_detections")
    try check(options.classesPerDetection, "max_classes_per_detection")
    try check(options.detectionsPerClass, "detections_per_class")
    try check(options.classes, "num_classes")
    guard scores.shape[2] == options.classes || scores.shape[2] == options.classes + 1 else {
      throw graph.error(
        .invalidOperator, "it has \(scores.shape[2]) columns of scores for \(options.classes) classes")
    }
    guard options.overlapThreshold > 0, options.overlapThreshold <= 1, !options.scoreThreshold.isNaN else {
      throw graph.error(.invalidOperator, "its thresholds are not between 0 and 1")
    }
    for axis in 0..<4 where !(options.scales[axis] > 0 && options.scales[axis].isFinite) {
      throw graph.error(.invalidOperator, "its scales are not positive finite numbers")
    }
    for index in 0..<4 { _ = try graph.outputType(index, .float32) }
    let parameters = DetectionParameters(
      boxes: encodings.shape[1], boxStride: encodings.shape[2], classes: options.classes,
      scoreColumns: scores.shape[2], maximumDetections: options.maximumDetections,
      classesPerDetection: options.classesPerDetection, detectionsPerClass: options.detectionsPerClass,
      usesRegularSuppression: options.usesRegularSuppression, scoreThreshold: options.scoreThreshold,
      overlapThreshold: options.overlapThreshold, scales: options.scales)
    // Both are below 2^20, so their product fits 41 bits; the limits for tensors refuse what is too large.
    let rows = Int(clamping: Int64(options.maximumDetections) * Int64(options.classesPerDetection))
    guard let boxesShape = Shape([1, rows, 4]), let rowsShape = Shape([1, rows]), let one = Shape([1]) else {
      throw graph.error(.tooLarge, "it gives \(rows) rows of detections")
    }
    let capacity = 2 * (options.maximumDetections + options.detectionsPerClass)
    let boxes = parameters.boxes
    guard boxes < largest * 64 else { throw graph.error(.tooLarge, "it has \(boxes) boxes") }
    let inputs = [
      try graph.bindReal(encodings), try graph.bindReal(scores), try graph.bindReal(anchors),
    ]
    let corners = try graph.bindScratch(count: 4 * boxes, of: Float.self)
    let boxScores = try graph.bindScratch(count: boxes, of: Float.self)
    let kept = try graph.bindScratch(count: 2 * boxes, of: Int32.self)
    let sorted = try graph.bindScratch(count: boxes, of: Int32.self)
    let results = try graph.bindScratch(count: max(options.classes, capacity), of: Int32.self)
    let resultScores = try graph.bindScratch(count: capacity, of: Float.self)
    let firstOutput = try graph.bindOutput(0, shape: boxesShape)
    _ = try graph.bindOutput(1, shape: rowsShape)
    _ = try graph.bindOutput(2, shape: rowsShape)
    _ = try graph.bindOutput(3, shape: one)
    return try graph.operation(
      Operation.detectionPostProcess,
      DetectionPostProcess(
        parameters: parameters, encodings: inputs[0], scores: inputs[1], anchors: inputs[2], corners: corners,
        boxScores: boxScores, kept: kept, sorted: sorted, results: results, resultScores: resultScores,
        firstOutput: firstOutput))
  }
}

extension DetectionPostProcess {
  func run(_ memory: OperatorMemory) throws(SessionError) {
    encodings.convert(memory)
    scores.convert(memory)
    anchors.convert(memory)
    var scratch = DetectionScratch(
      corners: memory.write(corners), scores: memory.write(boxScores), kept: memory.write(kept),
      sorted: memory.write(sorted), results: memory.write(results), resultScores: memory.write(resultScores))
    var output = Detections(
      boxes: memory.write(firstOutput), classes: memory.write(WriteSlot(index: firstOutput.index + 1)),
      scores: memory.write(WriteSlot(index: firstOutput.index + 2)),
      count: memory.write(WriteSlot(index: firstOutput.index + 3)))
    let isValid = postProcessDetections(
      parameters, encodings: memory.read(encodings.realSlot), scores: memory.read(scores.realSlot),
      anchors: memory.read(anchors.realSlot), scratch: &scratch, output: &output)
    guard isValid else {
      throw SessionError(.invalidData, "TFLite_Detection_PostProcess was given a box that ends before it begins")
    }
  }

  var facts: OperatorFacts {
    // Each box is compared with those that were selected before: for every class, or once.
    let comparisons =
      parameters.usesRegularSuppression
      ? OperatorFacts.product(parameters.classes, parameters.boxes, parameters.detectionsPerClass)
      : OperatorFacts.product(parameters.boxes, parameters.maximumDetections)
    return OperatorFacts(
      kernel: parameters.usesRegularSuppression ? "detection.regular.reference" : "detection.fast.reference",
      furtherSteps: OperatorFacts.product(Self.comparisonSteps, comparisons))
  }

  /// Elementary steps of a comparison of two boxes.
  static let comparisonSteps = 8
}
