import TinyTensor

/// A model's operators and the tensors between them, as far as they can be compared with another model's.
struct ComparableGraph {
  /// An operator, and the activation behind it where that is one of its own: converters join both in one model and not
  /// in another.
  struct Unit {
    /// The operator.
    let operation: Int
    /// What it writes, in place of its only output the activation's where there is one.
    let outputs: [Int]
    /// Its only output, where an activation follows.
    let inner: Int?
    /// Its type, and the shapes that it writes.
    let key: String
  }

  let model: Model
  let schedule: TensorSchedule
  /// The operator that writes each tensor.
  let producers: [Int?]
  let units: [Unit]

  private static let activations: Set<String> = ["RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1"]
  private static let conversions: Set<String> = ["QUANTIZE", "DEQUANTIZE"]

  init(_ model: Model) {
    self.model = model
    schedule = TensorSchedule(model)
    var producers = [Int?](repeating: nil, count: model.tensors.count)
    var readers = [Int](repeating: 0, count: model.tensors.count)
    var reader = [Int?](repeating: nil, count: model.tensors.count)
    for (index, operation) in model.operators.enumerated() {
      for tensor in operation.outputs { producers[tensor] = index }
      for tensor in operation.inputs where tensor >= 0 {
        readers[tensor] += 1
        reader[tensor] = index
      }
    }
    for output in model.outputs { readers[output.tensor] += 1 }
    self.producers = producers

    var isJoined = [Bool](repeating: false, count: model.operators.count)
    var units: [Unit] = []
    for (index, operation) in model.operators.enumerated() {
      guard !isJoined[index], !Self.conversions.contains(operation.name), !operation.outputs.isEmpty,
        !Self.isConstant(operation)
      else { continue }
      var outputs = operation.outputs
      var inner: Int?
      if outputs.count == 1, readers[outputs[0]] == 1, let next = reader[outputs[0]], next > index,
        Self.activations.contains(model.operators[next].name), model.operators[next].outputs.count == 1
      {
        isJoined[next] = true
        inner = outputs[0]
        outputs = model.operators[next].outputs
      }
      let shapes = outputs.map { Text.shape(model.tensors[$0].shape) }.joined(separator: " ")
      units.append(Unit(operation: index, outputs: outputs, inner: inner, key: "\(operation.name) \(shapes)"))
    }
    self.units = units
  }

  /// Whether all that an operator writes is known before a run.
  private static func isConstant(_ operation: OperatorInfo) -> Bool {
    operation.isFolded && operation.foldedInto == nil
  }

  /// Tensors that operators write in a run, in the order in which they can be read.
  var activations: [Int] {
    var found: [Int] = []
    for (index, operation) in model.operators.enumerated() {
      for tensor in operation.outputs where producers[tensor] == index {
        if let time = schedule.times[tensor], time >= 0 { found.append(tensor) }
      }
    }
    return found
  }

  /// The input and output of an operator that only changes how numbers are stored.
  func conversion(_ operation: OperatorInfo) -> (input: Int, output: Int)? {
    guard Self.conversions.contains(operation.name), let input = operation.inputs.first, input >= 0,
      let output = operation.outputs.first
    else { return nil }
    return (input, output)
  }
}
