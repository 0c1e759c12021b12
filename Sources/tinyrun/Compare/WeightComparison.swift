import TinyTensor

/// A constant of the model under test and what it was quantized from, in its twin.
struct ComparedWeights {
  let operation: Int
  let operatorName: String
  let name: String
  let shape: [Int]
  /// How many scales it has.
  let scales: Int
  let step: Double?
  var statistics = ComparisonStatistics()
}

/// Constants that operators of two models read at the same place.
struct WeightComparison {
  private let model: Model
  private let twin: Model
  /// What the twin's operators that widen numbers read, by what they write: weights of half precision stand before one.
  private let sources: [Int: Int]

  init(_ model: Model, _ twin: Model) {
    self.model = model
    self.twin = twin
    var sources: [Int: Int] = [:]
    for operation in twin.operators where operation.name == "DEQUANTIZE" {
      if let output = operation.outputs.first, let input = operation.inputs.first { sources[output] = input }
    }
    self.sources = sources
  }

  /// Compares the quantized constants of operators with the twin's.
  ///
  /// - Parameter operators: operators that do the same work in both.
  /// - Complexity: O(bytes of the constants).
  func compare(_ operators: [(tested: Int, twin: Int)]) -> [ComparedWeights] {
    var found: [ComparedWeights] = []
    for pair in operators {
      let operation = model.operators[pair.tested]
      let other = twin.operators[pair.twin]
      for (tensor, counterpart) in zip(operation.inputs, other.inputs) {
        guard let constant = Constant(tensor, of: model),
          let reference = Constant(sources[counterpart] ?? counterpart, of: twin),
          constant.numbers.isQuantized, constant.description.shape == reference.description.shape,
          let bytes = constant.bytes(model), let referenceBytes = reference.bytes(twin)
        else { continue }
        var row = ComparedWeights(
          operation: pair.tested, operatorName: operation.name, name: constant.description.name,
          shape: constant.description.shape, scales: constant.description.quantization?.scales.count ?? 0,
          step: constant.numbers.step)
        // Sound: bytes have no padding and no invalid patterns.
        let isAdded = row.statistics.add(
          unsafe bytes.span.bytes, constant.numbers, unsafe referenceBytes.span.bytes, reference.numbers,
          isSame: false, tolerance: nil, run: 0)
        if isAdded { found.append(row) }
      }
    }
    return found
  }
}

/// A tensor whose numbers are in the model's file.
struct Constant {
  let description: ModelFile.Tensor
  let numbers: TensorNumbers

  /// - Returns: `nil` for a tensor that is none, or whose numbers cannot be read as they lie there.
  init?(_ tensor: Int, of model: Model) {
    let subgraph = model.signature?.subgraph ?? 0
    guard model.file.subgraphs.indices.contains(subgraph),
      model.file.subgraphs[subgraph].tensors.indices.contains(tensor)
    else { return nil }
    let description = model.file.subgraphs[subgraph].tensors[tensor]
    guard description.sparsity == nil, description.externalBuffer == 0,
      model.file.buffers.indices.contains(description.buffer),
      let byteCount = model.file.buffers[description.buffer].range?.count
    else { return nil }
    var count = 1
    for size in description.shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { return nil }
      count = product
    }
    numbers = TensorNumbers(
      description.elementType, shape: description.shape, count: count, byteCount: byteCount, description.quantization)
    guard !numbers.isOpaque, numbers.count == count else { return nil }
    self.description = description
  }

  /// The bytes, in an array of their own.
  func bytes(_ model: Model) -> [UInt8]? {
    let file = model.file
    guard let bytes = file.bufferBytes(description.buffer) else { return nil }
    return [UInt8](copying: bytes)
  }
}

/// Channels of weights with one scale for all, of which some use few of its steps.
struct NarrowChannels {
  let operation: Int
  let operatorName: String
  let channels: Int
  /// Channels that reach less than ``fewSteps`` from 0.
  let narrow: Int

  /// With 16 steps on each side of 0, what 5 bits hold.
  static let fewSteps = 16.0

  /// The axis of channels, by operator.
  private static let axes = ["CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0]

  /// All operators of a model at least a quarter of whose channels are narrow.
  static func find(_ model: Model) -> [NarrowChannels] {
    model.operators.enumerated().compactMap { index, operation in
      guard let axis = axes[operation.name], operation.inputs.count > 1,
        let constant = Constant(operation.inputs[1], of: model), let zeroPoint = constant.numbers.zeroPoint,
        constant.numbers.limits != nil, constant.description.shape.indices.contains(axis),
        let bytes = constant.bytes(model)
      else { return nil }
      let reach = Self.reach(constant, axis, bytes, zeroPoint)
      let narrow = reach.count { $0 < fewSteps }
      guard reach.count >= 4, narrow * 4 >= reach.count, narrow < reach.count else { return nil }
      return NarrowChannels(
        operation: index, operatorName: operation.name, channels: reach.count, narrow: narrow)
    }
  }

  /// How many steps the stored numbers of each channel reach from 0.
  private static func reach(_ constant: Constant, _ axis: Int, _ bytes: [UInt8], _ zeroPoint: Double) -> [Double] {
    let shape = constant.description.shape
    let inner = TensorNumbers.inner(shape, axis: axis, count: constant.numbers.count)
    var reach = [Double](repeating: 0, count: constant.numbers.count == 0 ? 0 : shape[axis])
    // Sound: bytes have no padding and no invalid patterns.
    constant.numbers.forEach(unsafe bytes.span.bytes) { index, number in
      let channel = index / inner % shape[axis]
      reach[channel] = max(reach[channel], abs(number - zeroPoint))
    }
    return reach
  }
}
