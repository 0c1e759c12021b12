import Testing

@testable import TinyTensor

/// Layers with a state, made wrong in one place or given unusual numbers.
@Suite("Recurrent layers that are wrong are refused")
struct RecurrentRefusalTests {
  /// Places among the inputs of a long short-term memory.
  private enum Place {
    static let outputWeights = 4
    static let outputRecurrentWeights = 8
    static let inputPeephole = 9
    static let inputBias = 12
    static let projection = 16
    static let state = 18
    static let cellState = 19
  }

  /// Two batch rows, three steps of two numbers, three cells.
  private func lstm(_ weights: ElementType, activation: Int8 = 4, clip: Float = 0) -> TestModel {
    var model = TestModel()
    var inputs = [model.input([2, 3, 2], .float32)]
    func matrix(_ name: String, _ shape: [Int]) -> Int32 {
      let count = shape.reduce(1, *)
      return weights == .float32
        ? model.constant(name, shape, .float32, [UInt32](repeating: Float(0.5).bitPattern, count: count))
        : model.constant(name, shape, weights, [Int8](repeating: 64, count: count), scales: [1 / 128])
    }
    for gate in 0..<4 { inputs.append(matrix("W \(gate)", [3, 2])) }
    for gate in 0..<4 { inputs.append(matrix("R \(gate)", [3, 3])) }
    for gate in 0..<3 { inputs.append(matrix("P \(gate)", [3])) }
    for gate in 0..<4 { inputs.append(model.constant("b \(gate)", [3], .float32, [UInt32](repeating: 0, count: 3))) }
    inputs += [-1, -1]
    for name in ["state", "cell state"] {
      inputs.append(model.tensor(name, [2, 3], .float32))
      model.tensors[Int(inputs.last ?? 0)].isVariable = true
    }
    let output = model.output([2, 3, 3], .float32)
    model.add(
      .unidirectionalSequenceLSTM, inputs, [output],
      options: (71, FlatTable([0: .int8(activation), 1: .float(clip)])))
    return model
  }

  /// The error for a layer with integer weights after a change of it, and the same for real weights.
  private func codes(_ change: (inout TestModel) -> Void) -> [ModelError.Code?] {
    [ElementType.int8, .float32].map { type in
      var model = lstm(type)
      change(&model)
      return model.loadError()?.code
    }
  }

  /// The tensor that is an input.
  private func change(
    _ model: inout TestModel, _ place: Int, _ change: (inout TestModel.Tensor) -> Void
  ) {
    change(&model.tensors[Int(model.operators[0].inputs[place])])
  }

  @Test("UNIDIRECTIONAL_SEQUENCE_LSTM: sizes, parts and states")
  func lstmParts() {
    let wrong: [ModelError.Code?] = [.invalidOperator, .invalidOperator]
    #expect(codes { _ in } == [nil, nil])
    #expect(codes { $0.operators[0].inputs.removeLast() } == wrong)
    #expect(codes { $0.operators[0].inputs += [-1, -1, -1, -1, -1] } == wrong)
    #expect(codes { change(&$0, 0) { $0.shape = [6, 2] } } == wrong)
    #expect(codes { change(&$0, 0) { $0.shape = [0, 3, 2] } } == wrong)
    #expect(codes { change(&$0, Place.state) { $0.shape = [3, 2] } } == wrong)
    #expect(codes { change(&$0, Place.state) { $0.shape = [2, 2] } } == wrong)
    #expect(codes { change(&$0, Place.state) { $0.isVariable = false } }.allSatisfy { $0 != nil })
    #expect(codes { change(&$0, Place.cellState) { $0.shape = [1, 3] } } == wrong)
    #expect(codes { change(&$0, Place.outputWeights) { $0.shape = [2, 3] } } == wrong)
    #expect(codes { change(&$0, Place.outputRecurrentWeights) { $0.shape = [9, 1] } } == wrong)
    #expect(codes { change(&$0, Place.inputPeephole) { $0.shape = [1, 3] } } == wrong)
    #expect(codes { change(&$0, Place.inputBias) { $0.shape = [3, 1] } } == wrong)
    #expect(codes { $0.operators[0].inputs[Place.inputBias] = -1 } == wrong)
    #expect(codes { $0.operators[0].inputs[Place.outputWeights] = -1 } == wrong)
    #expect(codes { $0.operators[0].inputs[Place.projection] = $0.operators[0].inputs[1] } == wrong)
    #expect(codes { $0.tensors[Int($0.outputs[0])].type = .int8 } == wrong)
  }

  @Test("UNIDIRECTIONAL_SEQUENCE_LSTM: options")
  func lstmOptions() {
    #expect(codes { $0.operators[0].options = nil }.allSatisfy { $0 != nil })
    for type in [ElementType.int8, .float32] {
      for activation in [Int8(0), 1, 2, 3, 4] { #expect(lstm(type, activation: activation).loadError() == nil) }
      #expect(lstm(type, activation: 5).loadError()?.code == .invalidOperator)
      #expect(lstm(type, clip: -1).loadError()?.code == .invalidOperator)
      #expect(lstm(type, clip: .nan).loadError()?.code == .invalidOperator)
    }
  }

  @Test("UNIDIRECTIONAL_SEQUENCE_LSTM: weights of one type, each with one scale")
  func lstmWeights() {
    func code(_ type: ElementType, _ place: Int, _ edit: (inout TestModel.Tensor) -> Void) -> ModelError.Code? {
      var model = lstm(type)
      change(&model, place, edit)
      return model.loadError()?.code
    }
    #expect(lstm(.uint8).loadError() == nil)
    #expect(code(.int8, Place.outputWeights) { $0.type = .uint8 } == .invalidOperator)
    #expect(code(.int8, Place.outputRecurrentWeights) { $0.type = .uint8 } == .invalidOperator)
    for place in [1, Place.outputWeights, Place.outputRecurrentWeights, Place.inputPeephole] {
      #expect(code(.int8, place) { $0.scales = nil } == .invalidOperator)
      #expect(code(.int8, place) { ($0.scales, $0.zeroPoints) = ([1, 1], [0, 0]) } == .invalidOperator)
      #expect(code(.int8, place) { $0.scales = [.nan] } == .invalidOperator)
    }
  }

  @Test("UNIDIRECTIONAL_SEQUENCE_LSTM: weights called uint8 are int8, and no number of the input ends the process")
  func lstmNumbers() throws {
    func output(_ type: ElementType, _ value: Float) throws -> [UInt8] {
      let model = try Model(bytes: lstm(type).bytes)
      var session = try model.makeSession()
      let input = [UInt32](repeating: value.bitPattern, count: 12).flatMap { pattern in
        (0..<4).map { UInt8(truncatingIfNeeded: pattern >> UInt32(8 * $0)) }
      }
      try session.setInput(model.input(at: 0), bytes: input.span)
      try session.run()
      return try session.outputArray(model.output(at: 0))
    }
    for value in [Float(0), 1, -2.5, .greatestFiniteMagnitude] {
      #expect(try output(.uint8, value) == output(.int8, value))
    }
    for value in [Float.infinity, -.infinity, .nan] {
      for type in [ElementType.int8, .float32] { #expect(try output(type, value).count == 72) }
    }
  }

  @Test("RNN and SVDF: sizes and states")
  func others() {
    func code(_ model: TestModel, _ place: Int, _ edit: (inout TestModel.Tensor) -> Void) -> ModelError.Code? {
      var model = model
      change(&model, place, edit)
      return model.loadError()?.code
    }
    func reals(_ model: inout TestModel, _ name: String, _ shape: [Int]) -> Int32 {
      model.constant(name, shape, .float32, [UInt32](repeating: 0, count: shape.reduce(1, *)))
    }
    var layer = TestModel()
    var inputs = [layer.input([2, 4], .float32)]
    inputs += [reals(&layer, "W", [3, 4]), reals(&layer, "R", [3, 3]), reals(&layer, "b", [3])]
    inputs.append(layer.tensor("state", [2, 3], .float32))
    layer.tensors[4].isVariable = true
    layer.add(.rnn, inputs, [layer.output([2, 3], .float32)], options: (7, FlatTable([0: .int8(4)])))
    #expect(layer.loadError() == nil)
    for place in 0..<5 {
      #expect(code(layer, place) { $0.shape[0] += 1 } != nil, "input \(place)")
      #expect(code(layer, place) { $0.type = .int32 } == .invalidOperator, "input \(place)")
    }
    #expect(code(layer, 4) { $0.isVariable = false } != nil)

    var filter = TestModel()
    inputs = [filter.input([2, 4], .float32)]
    inputs += [reals(&filter, "features", [6, 4]), reals(&filter, "time", [6, 5]), reals(&filter, "b", [3])]
    inputs.append(filter.tensor("state", [2, 30], .float32))
    filter.tensors[4].isVariable = true
    filter.add(
      .svdf, inputs, [filter.output([2, 3], .float32)], options: (6, FlatTable([0: .int32(2), 1: .int8(1)])))
    #expect(filter.loadError() == nil)
    for place in 0..<5 {
      #expect(code(filter, place) { $0.shape[0] += 1 } != nil, "input \(place)")
      #expect(code(filter, place) { $0.type = .int32 } == .invalidOperator, "input \(place)")
    }
    #expect(code(filter, 4) { $0.isVariable = false } != nil)
    filter.operators[0].options = (6, FlatTable([0: .int32(4)]))
    #expect(filter.loadError()?.code == .invalidOperator)
    filter.operators[0].options = (6, FlatTable([0: .int32(0)]))
    #expect(filter.loadError()?.code == .invalidOperator)
  }
}
