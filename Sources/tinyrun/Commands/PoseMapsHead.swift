import TinyTensor
import TinyTensorKernels

/// The maps at the end of a PoseNet without a decoder, and how people are found in them.
///
/// There are maps of scores, [1, h, w, 17], and of offsets, [1, h, w, 34], and where several people can be told apart,
/// of displacements between joints: [1, h, w, 64], forward ones first, or two of [1, h, w, 32]. Offsets and
/// displacements are pixels of the input, y of all before x of all.
struct PoseMapsHead {
  private let heat: Output
  private let offsets: Output
  private let displacements: [Output]
  /// Whether the first map has scores from 0 to 1; else it has them before the logistic function.
  private let hasScores: Bool
  private let parameters: PoseDecoderParameters

  private static let joints = PoseDecoderParameters.keypoints
  /// Channels of displacements in one direction: y and x of each edge.
  private static let depth = 2 * PoseDecoderParameters.edges
  /// The most people that are told apart.
  private static let mostPeople = 20
  /// Joints of two people are that many pixels of the input apart.
  private static let radius: Float = 10

  /// What was found, as PosenetDecoderOp gives it.
  struct Found {
    /// y and x of each joint, in pixels of the input.
    let points: [Float]
    let jointScores: [Float]
    let scores: [Float]
    let count: Float
  }

  /// - Parameters:
  ///   - model: the model.
  ///   - input: its input.
  ///   - least: the least score of a person that is looked for.
  /// - Returns: `nil` when the model's outputs are not such maps.
  init?(_ model: Model, _ input: PictureInput, least: Float) throws {
    func maps(_ channels: Int) -> [Int] {
      model.outputs.indices.filter { index in
        let shape = model.outputs[index].shape
        return shape.count == 4 && shape[0] == 1 && shape[1] > 0 && shape[2] > 0 && shape[3] == channels
      }
    }
    let (heat, offsets) = (maps(Self.joints), maps(2 * Self.joints))
    guard heat.count == 1, offsets.count == 1 else { return nil }
    let (both, single) = (maps(2 * Self.depth), maps(Self.depth))
    guard both.count <= 1, both.isEmpty ? [0, 2].contains(single.count) : single.isEmpty else { return nil }
    let displacements = both + Self.ordered(single, model)
    let sides = model.outputs[heat[0]].shape[1...2]
    guard (offsets + displacements).allSatisfy({ model.outputs[$0].shape[1...2] == sides }) else { return nil }
    let (height, width) = (sides[1], sides[2])
    guard let stride = Self.stride(input.height, height), stride == Self.stride(input.width, width) else { return nil }
    self.heat = try model.output(at: heat[0])
    self.offsets = try model.output(at: offsets[0])
    self.displacements = try displacements.map { try model.output(at: $0) }
    hasScores = Self.hasScores(model, model.outputs[heat[0]].tensor)
    parameters = PoseDecoderParameters(
      height: height, width: width, maximumPoses: Self.mostPeople, scoreThreshold: least, radius: Self.radius,
      stride: stride)
  }

  /// Two outputs of displacements, the forward one first: as their names say, or else in their order.
  private static func ordered(_ outputs: [Int], _ model: Model) -> [Int] {
    func isBackward(_ index: Int) -> Bool {
      let output = model.outputs[index]
      let names = [output.name, model.tensors[output.tensor].name].map { $0.lowercased() }
      return names.contains { $0.contains("bwd") || $0.contains("backward") }
    }
    guard outputs.count == 2, isBackward(outputs[0]), !isBackward(outputs[1]) else { return outputs }
    return outputs.reversed()
  }

  /// Pixels of the input from one cell of a map to the next; `nil` where there is no such number.
  ///
  /// The first and the last cell stand for the first and the last pixel, or else cells divide the input.
  private static func stride(_ pixels: Int, _ cells: Int) -> Int? {
    guard cells <= pixels else { return nil }
    if cells > 1, (pixels - 1) % (cells - 1) == 0 { return (pixels - 1) / (cells - 1) }
    return (pixels + cells - 1) / cells
  }

  /// Whether a tensor can have nothing but scores from 0 to 1: as its scale says, or since LOGISTIC has made it.
  private static func hasScores(_ model: Model, _ tensor: Int) -> Bool {
    var tensor = tensor
    // Each step goes to an earlier operator.
    for step in model.operators.reversed() where step.outputs.contains(tensor) {
      if step.name == "LOGISTIC" { return true }
      if let range = range(model.tensors[tensor]) { return range.lowerBound > -0.01 && range.upperBound < 1.01 }
      guard ["DEQUANTIZE", "QUANTIZE", "RESHAPE"].contains(step.name), let input = step.inputs.first,
        model.tensors.indices.contains(input)
      else { return false }
      tensor = input
    }
    return range(model.tensors[tensor]).map { $0.lowerBound > -0.01 && $0.upperBound < 1.01 } ?? false
  }

  /// The real values that a quantized tensor can hold.
  private static func range(_ info: TensorInfo) -> ClosedRange<Float>? {
    let stored: ClosedRange<Int64>
    switch info.elementType {
    case .int8: stored = -128...127
    case .uint8: stored = 0...255
    case .int16: stored = -32768...32767
    default: return nil
    }
    guard let low = info.quantization?.real(stored.lowerBound), let high = info.quantization?.real(stored.upperBound),
      low <= high
    else { return nil }
    return low...high
  }

  /// The people in the maps of a run.
  func people(in session: borrowing Session) throws -> Found {
    var heat = try session.realOutput(heat)
    if hasScores { heat = heat.map(Self.logit) }
    let cell = 1 / parameters.stride
    let short = try session.realOutput(offsets).map { $0 * cell }
    guard !displacements.isEmpty else { return single(heat, short) }
    let parts = try displacements.map { try session.realOutput($0) }
    var middle: [Float] = []
    middle.reserveCapacity(2 * Self.depth * parameters.height * parameters.width)
    for place in 0..<(parameters.height * parameters.width) {
      for part in parts {
        let depth = 2 * Self.depth / parts.count
        for channel in 0..<depth { middle.append(part[place * depth + channel] * cell) }
      }
    }
    return several(heat, short, middle)
  }

  /// What the logistic function makes a score of; finite for scores of 0 and 1.
  private static func logit(_ score: Float) -> Float {
    let score = Double(min(max(score, 1e-6), 1 - 1e-6))
    return Float(logarithm(score / (1 - score)))
  }

  /// One person, whose joints are where the maps have their largest scores.
  private func single(_ heat: [Float], _ short: [Float]) -> Found {
    var (points, scores): ([Float], [Float]) = ([], [])
    for joint in 0..<Self.joints {
      var best = 0
      for place in 1..<max(1, parameters.height * parameters.width)
      where heat[place * Self.joints + joint] > heat[best * Self.joints + joint] {
        best = place
      }
      let (row, column) = best.quotientAndRemainder(dividingBy: parameters.width)
      let start = 2 * Self.joints * best + joint
      points.append((Float(row) + short[start]) * parameters.stride)
      points.append((Float(column) + short[start + Self.joints]) * parameters.stride)
      scores.append(Float(1 / (1 + exponential(-Double(heat[best * Self.joints + joint])))))
    }
    return Found(
      points: points, jointScores: scores, scores: [scores.reduce(0, +) / Float(Self.joints)], count: 1)
  }

  /// Several people, by the decoder of PosenetDecoderOp.
  private func several(_ heat: [Float], _ short: [Float], _ middle: [Float]) -> Found {
    let poses = parameters.maximumPoses
    func zeros(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }
    var roots = [KeypointCandidate](repeating: KeypointCandidate(), count: parameters.maximumRoots)
    var skeleton = [KeypointCandidate](repeating: KeypointCandidate(), count: PoseScratch.skeletonSize)
    var (ownPoints, ownJointScores, ownScores) = (
      zeros(2 * poses * Self.joints), zeros(poses * Self.joints), zeros(2 * poses)
    )
    var order = [Int32](repeating: 0, count: 2 * poses)
    var orderScratch = order
    var scratch = PoseScratch(
      roots: roots.mutableSpan, skeleton: skeleton.mutableSpan, points: ownPoints.mutableSpan,
      keypointScores: ownJointScores.mutableSpan, poseScores: ownScores.mutableSpan, order: order.mutableSpan,
      orderScratch: orderScratch.mutableSpan)
    var (points, jointScores, scores, count) = (
      zeros(2 * poses * Self.joints), zeros(poses * Self.joints), zeros(poses), zeros(1)
    )
    var output = Poses(
      points: points.mutableSpan, keypointScores: jointScores.mutableSpan, poseScores: scores.mutableSpan,
      count: count.mutableSpan)
    decodePoses(
      parameters, PoseMaps(heat: heat.span, short: short.span, middle: middle.span), scratch: &scratch,
      output: &output)
    return Found(points: points, jointScores: jointScores, scores: scores, count: count[0])
  }
}
