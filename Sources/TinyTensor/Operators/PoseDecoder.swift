import FlatbufferReader
import TinyTensorKernels

/// PosenetDecoderOp: the end of the PoseNet and BodyPix models of the Coral world.
///
/// With a fourth input, the long-range offsets, it also gives a mask for each person. Its outputs are float32, whatever
/// type the file gives them, as in libcoral.
struct PoseDecoder: Sendable {
  let parameters: PoseDecoderParameters
  let heat: RealInput
  let short: RealInput
  let middle: RealInput
  let roots: WriteSlot
  let skeleton: WriteSlot
  let points: WriteSlot
  let keypointScores: WriteSlot
  let poseScores: WriteSlot
  let order: WriteSlot
  let orderScratch: WriteSlot
  /// Points, keypoint scores, pose scores, count; masks, if there are any.
  let firstOutput: WriteSlot
  let masks: Masks?

  struct Masks: Sendable {
    let parameters: PoseMaskParameters
    let long: RealInput
  }
}

extension PoseDecoder {
  private struct Options {
    var maximumPoses = 0
    var scoreThreshold: Float = 0
    var stride = 0
    var radius: Float = 0

    init(_ bytes: RawSpan) throws(ReadError) {
      var budget = ReadBudget(ReadLimits(forByteCount: bytes.byteCount))
      let map = try FlexValue(root: bytes, &budget).map(&budget)
      if let value = try map.value(forKey: "max_detections", &budget) { maximumPoses = Int(try value.int(Int32.self)) }
      if let value = try map.value(forKey: "score_threshold", &budget) { scoreThreshold = Float(try value.double()) }
      if let value = try map.value(forKey: "stride", &budget) { stride = Int(try value.int(Int32.self)) }
      if let value = try map.value(forKey: "nms_radius", &budget) { radius = Float(try value.double()) }
    }
  }

  static func translate(_ graph: inout GraphBuilder) throws(ModelError) -> Operation? {
    let hasMasks = graph.node.inputs.count == 4
    try graph.requireOperands(inputs: 3...4, outputs: hasMasks ? 5 : 4)
    let options = try graph.customOptions { (bytes) throws(ReadError) in try Options(bytes) }
    let heat = try graph.input(0, .float32, .uint8)
    let short = try graph.input(1, .float32, .uint8)
    let middle = try graph.input(2, .float32, .uint8)
    let keypoints = PoseDecoderParameters.keypoints
    for (map, channels) in [(heat, keypoints), (short, 2 * keypoints), (middle, 4 * PoseDecoderParameters.edges)] {
      guard map.shape.rank == 4, map.shape.count > 0, map.shape[0] == 1, map.shape[1] == heat.shape[1],
        map.shape[2] == heat.shape[2], map.shape[3] == channels
      else {
        throw graph.error(
          .invalidOperator, "\(map.name) has the shape \(map.shape), not [1,height,width,\(channels)]")
      }
    }
    guard options.maximumPoses > 0, options.maximumPoses < 1 << 16, options.stride > 0, options.stride < 1 << 16,
      options.scoreThreshold >= 0, options.scoreThreshold <= 1, options.radius >= 0, options.radius.isFinite
    else {
      throw graph.error(.invalidOperator, "its options are out of range")
    }
    for index in graph.node.outputs.indices { graph.retypeOutput(index, .float32) }
    let poses = options.maximumPoses
    let parameters = PoseDecoderParameters(
      height: heat.shape[1], width: heat.shape[2], maximumPoses: poses, scoreThreshold: options.scoreThreshold,
      radius: options.radius, stride: options.stride)
    guard let pointShape = Shape([1, poses, keypoints, 2]), let keypointShape = Shape([1, poses, keypoints]),
      let poseShape = Shape([1, poses]), let countShape = Shape([1])
    else { throw graph.error(.tooLarge, "it gives \(poses) poses") }
    // Offsets come in pixels and are turned into cells.
    let cell = 1 / Float(options.stride)
    let inputs = [
      try graph.bindReal(heat), try graph.bindReal(short, extraScale: cell),
      try graph.bindReal(middle, extraScale: cell),
    ]
    let masks = hasMasks ? try masks(&graph, stride: options.stride) : nil
    let roots = try graph.bindScratch(count: parameters.maximumRoots, of: KeypointCandidate.self)
    let skeleton = try graph.bindScratch(count: PoseScratch.skeletonSize, of: KeypointCandidate.self)
    let points = try graph.bindScratch(count: poses * keypoints * 2, of: Float.self)
    let keypointScores = try graph.bindScratch(count: poses * keypoints, of: Float.self)
    let poseScores = try graph.bindScratch(count: 2 * poses, of: Float.self)
    let order = try graph.bindScratch(count: 2 * poses, of: Int32.self)
    let orderScratch = try graph.bindScratch(count: 2 * poses, of: Int32.self)
    let firstOutput = try graph.bindOutput(0, shape: pointShape)
    _ = try graph.bindOutput(1, shape: keypointShape)
    _ = try graph.bindOutput(2, shape: poseShape)
    _ = try graph.bindOutput(3, shape: countShape)
    if let masks {
      _ = try graph.bindOutput(
        4, shape: graph.outputShape([1, poses, masks.parameters.height, masks.parameters.width]))
    }
    return try graph.operation(
      Operation.poseDecoder,
      PoseDecoder(
        parameters: parameters, heat: inputs[0], short: inputs[1], middle: inputs[2], roots: roots,
        skeleton: skeleton, points: points, keypointScores: keypointScores, poseScores: poseScores, order: order,
        orderScratch: orderScratch, firstOutput: firstOutput, masks: masks))
  }

  /// The offsets' map may be of another size than the others.
  private static func masks(_ graph: inout GraphBuilder, stride: Int) throws(ModelError) -> Masks {
    let long = try graph.input(3, .float32, .uint8)
    let channels = 2 * PoseDecoderParameters.keypoints
    guard long.shape.rank == 4, long.shape.count > 0, long.shape[0] == 1, long.shape[3] == channels else {
      throw graph.error(
        .invalidOperator, "\(long.name) has the shape \(long.shape), not [1,height,width,\(channels)]")
    }
    return Masks(
      parameters: PoseMaskParameters(height: long.shape[1], width: long.shape[2], stride: stride),
      long: try graph.bindReal(long, extraScale: 1 / Float(stride)))
  }
}

extension PoseDecoder {
  func run(_ memory: OperatorMemory) {
    heat.convert(memory)
    short.convert(memory)
    middle.convert(memory)
    let maps = PoseMaps(
      heat: memory.read(heat.realSlot), short: memory.read(short.realSlot), middle: memory.read(middle.realSlot))
    var scratch = PoseScratch(
      roots: memory.write(roots), skeleton: memory.write(skeleton), points: memory.write(points),
      keypointScores: memory.write(keypointScores), poseScores: memory.write(poseScores),
      order: memory.write(order), orderScratch: memory.write(orderScratch))
    var output = Poses(
      points: memory.write(firstOutput), keypointScores: memory.write(WriteSlot(index: firstOutput.index + 1)),
      poseScores: memory.write(WriteSlot(index: firstOutput.index + 2)),
      count: memory.write(WriteSlot(index: firstOutput.index + 3)))
    decodePoses(parameters, maps, scratch: &scratch, output: &output)
    guard let masks else { return }
    masks.long.convert(memory)
    var marks = memory.write(WriteSlot(index: firstOutput.index + 4), as: Float.self)
    maskPosesReference(
      masks.parameters, long: memory.read(masks.long.realSlot),
      points: memory.read(ReadSlot(index: firstOutput.index)),
      count: Int(memory.read(ReadSlot(index: firstOutput.index + 3), as: Float.self)[0]), masks: &marks)
  }

  var facts: OperatorFacts { OperatorFacts(kernel: "posedecoder.reference") }
}
