@testable import TinyTensor

extension TestModel {
  /// A tensor that keeps its elements from run to run.
  mutating func state(_ name: String, _ shape: [Int], _ type: ElementType = .float32, scale: Float? = nil) -> Int32 {
    let index = tensor(name, shape, type, scale: scale)
    tensors[Int(index)].isVariable = true
    return index
  }

  /// Weights of any type: integers that stand for themselves times a scale, or the same numbers as float32.
  mutating func weights(_ name: String, _ shape: [Int], _ type: ElementType, _ stored: [Int8], scale: Float) -> Int32 {
    type == .float32
      ? constant(name, shape, stored.map { Float($0) * scale })
      : constant(name, shape, type, stored, scales: [scale])
  }

  /// The error's code after a change of an operator's input, or of what is said of it.
  func code(changing place: Int, _ change: (inout Tensor) -> Void) -> ModelError.Code? {
    var model = self
    change(&model.tensors[Int(model.operators[0].inputs[place])])
    return model.loadError()?.code
  }

  /// The error's code after a change of the operator.
  func code(_ change: (inout Operator) -> Void) -> ModelError.Code? {
    var model = self
    change(&model.operators[0])
    return model.loadError()?.code
  }

  /// Runs one session on several inputs, one after the other; gives the bytes of an output of each run.
  func runs(_ inputs: [[[UInt8]]], output: Int = 0) throws -> [[UInt8]] {
    let model = try Model(bytes: bytes)
    var session = try model.makeSession()
    return try inputs.map { tensors in
      for (index, bytes) in tensors.enumerated() {
        try session.setInput(model.input(at: index), bytes: bytes.span)
      }
      try session.run()
      return try session.outputArray(model.output(at: output))
    }
  }

  /// RNN, or UNIDIRECTIONAL_SEQUENCE_RNN of one step, with two inputs and one unit: weights 1 and 0.5, recurrent weight
  /// 0.5, bias 1, no activation.
  static func rnn(_ type: ElementType, isSequence: Bool = false, isAsymmetric: Bool = false) -> TestModel {
    var model = TestModel()
    let rows = isSequence ? [1, 1] : [1]
    let inputs = [
      model.input(rows + [2], .float32), model.weights("weights", [1, 2], type, [2, 1], scale: 0.5),
      model.weights("recurrent", [1, 1], type, [2], scale: 0.25), model.constant("bias", [1], [1]),
      model.state("state", [1, 1]),
    ]
    let output = model.output(rows + [1], .float32)
    model.add(
      isSequence ? .unidirectionalSequenceRNN : .rnn, inputs, [output],
      options: isSequence
        ? (31, FlatTable([0: .bool(false), 1: .int8(0), 2: .bool(isAsymmetric)]))
        : (7, FlatTable([0: .int8(0), 1: .bool(isAsymmetric)])))
    return model
  }

  /// SVDF with two inputs, one unit and two steps of memory: weights 1 and 0.5, weights in time 1 and 2, bias 1.
  static func svdf(_ type: ElementType, isAsymmetric: Bool = false, activation: Int8 = 0) -> TestModel {
    var model = TestModel()
    let inputs = [
      model.input([1, 2], .float32), model.weights("features", [1, 2], type, [2, 1], scale: 0.5),
      model.weights("time", [1, 2], type, [4, 8], scale: 0.25), model.constant("bias", [1], [1]),
      model.state("state", [1, 2]),
    ]
    let output = model.output([1, 1], .float32)
    model.add(
      .svdf, inputs, [output],
      options: (6, FlatTable([0: .int32(1), 1: .int8(activation), 2: .bool(isAsymmetric)])))
    return model
  }

  /// A layer with gates, one input and one cell, whose weights are all 0: LSTM or the sequence operator of one step.
  /// The cell gate's bias is 100, others are 0.
  static func lstm(_ type: ElementType, isSequence: Bool = false, kernel: Int8 = 0) -> TestModel {
    var model = TestModel()
    let rows = isSequence ? [1, 1] : [1]
    var inputs = [model.input(rows + [1], .float32)]
    for index in 0..<8 { inputs.append(model.weights("weights \(index)", [1, 1], type, [0], scale: 1)) }
    inputs += [-1, -1, -1]
    for gate in 0..<4 { inputs.append(model.constant("bias \(gate)", [1], [gate == 2 ? 100 : 0])) }
    inputs += [-1, -1, model.state("state", [1, 1]), model.state("cell state", [1, 1])]
    let output = model.output(rows + [1], .float32)
    model.add(
      isSequence ? .unidirectionalSequenceLSTM : .lstm, inputs, [output],
      options: isSequence ? (71, FlatTable([0: .int8(4)])) : (14, FlatTable([0: .int8(4), 3: .int8(kernel)])))
    return model
  }

  /// LSTM of the kernel type BASIC with one input and one cell, without weights: the cell gate's sum is that of a number
  /// above 7, others are 0.
  static func cell(_ type: ElementType) -> TestModel {
    var model = TestModel()
    let isFloat = type == .float32
    let stateType: ElementType = isFloat ? .float32 : .int16
    let unit: Float? = isFloat ? nil : 1 / 128
    let inputs = [
      model.input([1, 1], type, scale: unit, zeroPoint: 128),
      model.state("last activation", [1, 1], type, scale: unit),
      isFloat
        ? model.constant("weights", [4, 2], [Float](repeating: 0, count: 8))
        : model.constant("weights", [4, 2], .uint8, [UInt8](repeating: 9, count: 8), scales: [0.5], zeroPoints: [9]),
      isFloat
        ? model.constant("bias", [4], [0, 100, 0, 0])
        : model.constant("bias", [4], .int32, [Int32(0), 99999, 0, 0], scales: [0x1p-12]),
      model.state("last state", [1, 1], stateType, scale: isFloat ? nil : 0x1p-11),
    ]
    let outputs = [
      model.output("activation", [1, 1], type, scale: unit, zeroPoint: 128),
      model.output("state", [1, 1], stateType, scale: isFloat ? nil : 0x1p-11),
      model.output("joined", [1, 2], type, scale: unit, zeroPoint: 128),
      model.output("sums", [1, 4], stateType, scale: isFloat ? nil : 0x1p-12),
    ]
    model.add(.lstm, inputs, outputs, options: (14, FlatTable([3: .int8(1)])))
    return model
  }

  /// BIDIRECTIONAL_SEQUENCE_LSTM of one step with two inputs of one number and one cell in each direction. The weights
  /// of the cell gates are 100, all others 0; those of the auxiliary input are left out unless the layers are linked.
  static func bidirectional(_ type: ElementType, isLinked: Bool) -> TestModel {
    var model = TestModel()
    var inputs = [model.input("input", [1, 1, 1], .float32)]
    func matrix(_ name: String, _ value: Int8) -> Int32 {
      model.weights(name, [1, 1], type, [value], scale: 1)
    }
    for direction in 0..<2 {
      for gate in 0..<4 { inputs.append(matrix("W \(direction) \(gate)", gate == 2 && !isLinked ? 100 : 0)) }
      for gate in 0..<4 { inputs.append(matrix("R \(direction) \(gate)", 0)) }
      inputs += [-1, -1, -1]
      for gate in 0..<4 { inputs.append(model.constant("b \(direction) \(gate)", [1], [0])) }
      inputs += [-1, -1]
    }
    for index in 0..<4 { inputs.append(model.state("state \(index)", [1, 1])) }
    inputs.append(model.input("auxiliary", [1, 1, 1], .float32))
    for index in 0..<8 { inputs.append(isLinked ? matrix("A \(index)", index % 4 == 2 ? 100 : 0) : -1) }
    let outputs = [model.output("forward", [1, 1, 1], .float32), model.output("backward", [1, 1, 1], .float32)]
    model.add(.bidirectionalSequenceLSTM, inputs, outputs, options: (69, FlatTable([0: .int8(4)])))
    return model
  }
}
