import Testing

@testable import TinyTensor

/// Layers of int8 with int16 cells and every part, made wrong in one place.
@Suite("LSTM layers of int8 that are wrong are refused")
struct QuantizedLSTMRefusalTests {
  /// Places among the inputs.
  private enum Place {
    static let inputWeights = 1
    static let inputRecurrentWeights = 5
    static let inputPeephole = 9
    static let forgetPeephole = 10
    static let outputPeephole = 11
    static let inputBias = 12
    static let projection = 16
    static let projectionBias = 17
    static let state = 18
    static let cellState = 19
    static let normalizations = 20..<24
  }

  private static let hidden = 4

  /// Two batch rows, three steps of two numbers, three cells, two outputs.
  private func layer(activation: Int8 = 4, cellClip: Float = 0, projectionClip: Float = 0) -> TestModel {
    var model = TestModel()
    var inputs = [model.input([2, 3, 2], .int8, scale: 0.02, zeroPoint: 3)]
    func constant(_ name: String, _ shape: [Int], _ type: ElementType) -> Int32 {
      let count = shape.reduce(1, *)
      switch type {
      case .int8: return model.constant(name, shape, type, [Int8](repeating: 9, count: count), scales: [0.01])
      case .int16: return model.constant(name, shape, type, [Int16](repeating: 999, count: count), scales: [0.0001])
      default: return model.constant(name, shape, type, [Int32](repeating: 99, count: count))
      }
    }
    for gate in 0..<4 { inputs.append(constant("W \(gate)", [3, 2], .int8)) }
    for gate in 0..<4 { inputs.append(constant("R \(gate)", [3, 2], .int8)) }
    for gate in 0..<3 { inputs.append(constant("P \(gate)", [3], .int16)) }
    for gate in 0..<4 { inputs.append(constant("b \(gate)", [3], .int32)) }
    inputs += [constant("projection", [2, 3], .int8), constant("projection bias", [2], .int32)]
    inputs.append(model.tensor("state", [2, 2], .int8, scale: 0.01, zeroPoint: -5))
    inputs.append(model.tensor("cell state", [2, 3], .int16, scale: 0x1p-11))
    for state in inputs.suffix(2) { model.tensors[Int(state)].isVariable = true }
    for gate in 0..<4 { inputs.append(constant("N \(gate)", [3], .int16)) }
    let output = model.output([2, 3, 2], .int8, scale: 0.01, zeroPoint: -5)
    model.add(
      .unidirectionalSequenceLSTM, inputs, [output],
      options: (71, FlatTable([0: .int8(activation), 1: .float(cellClip), 2: .float(projectionClip)])))
    for gate in 0..<4 {
      model.operators[0].intermediates.append(model.tensor("sums \(gate)", [], .int16, scale: 0.0003))
    }
    model.operators[0].intermediates.append(model.tensor("hidden", [], .int8, scale: 0.01, zeroPoint: 7))
    return model
  }

  /// The error for a layer after a change of it.
  private func code(_ change: (inout TestModel) -> Void) -> ModelError.Code? {
    var model = layer()
    change(&model)
    return model.loadError()?.code
  }

  /// The error after a change of the tensor that is an input.
  private func code(_ place: Int, _ change: (inout TestModel.Tensor) -> Void) -> ModelError.Code? {
    code { change(&$0.tensors[Int($0.operators[0].inputs[place])]) }
  }

  /// The error when inputs are left out.
  private func code(without places: Int...) -> ModelError.Code? {
    code { model in for place in places { model.operators[0].inputs[place] = -1 } }
  }

  @Test("each input has its shape and its type")
  func inputs() {
    #expect(code { _ in } == nil)
    for place in 0..<24 {
      #expect(code(place) { $0.shape.append(1) } != nil, "input \(place)")
      #expect(code(place) { $0.shape[0] += 1 } != nil, "input \(place)")
      #expect(code(place) { $0.type = .float32 } != nil, "input \(place)")
    }
    for place in Place.normalizations {
      #expect(code(place) { $0.shape = [1, 3] } == .invalidOperator, "input \(place)")
      #expect(code(place) { $0.type = .int8 } == .invalidOperator, "input \(place)")
    }
    #expect(code(Place.inputPeephole) { $0.type = .int8 } == .invalidOperator)
    #expect(code(Place.inputBias) { $0.shape = [3, 1] } == .invalidOperator)
    #expect(code(Place.projection) { $0.shape = [3, 2] } == .invalidOperator)
    #expect(code(Place.projectionBias) { $0.shape = [3] } == .invalidOperator)
    #expect(code(Place.state) { $0.shape = [4] } == .invalidOperator)
    #expect(code(Place.cellState) { $0.isVariable = false } != nil)
    #expect(code { $0.tensors[Int($0.outputs[0])].type = .int16 } == .invalidOperator)
  }

  @Test("parts are there whole or not at all")
  func parts() {
    let norms = Array(Place.normalizations)
    #expect(code(without: Place.inputPeephole, Place.forgetPeephole, Place.outputPeephole) == nil)
    for place in Place.inputPeephole...Place.outputPeephole { #expect(code(without: place) == .invalidOperator) }
    #expect(code(without: norms[0], norms[1], norms[2], norms[3]) == nil)
    for place in norms { #expect(code(without: place) == .invalidOperator) }
    #expect(code(without: Place.projectionBias) == nil)
    #expect(code(without: Place.projection) == .invalidOperator)
    // Two outputs of three cells.
    #expect(code(without: Place.projection, Place.projectionBias) == .invalidOperator)
    let coupled = [Place.inputWeights, Place.inputRecurrentWeights, Place.inputBias, norms[0]]
    #expect(code(without: coupled[0], coupled[1], coupled[2], coupled[3]) == nil)
    #expect(code(without: coupled[0], coupled[1], coupled[2], coupled[3], Place.inputPeephole) == nil)
    for kept in coupled {
      #expect(
        code { model in
          for place in coupled where place != kept { model.operators[0].inputs[place] = -1 }
        } == .invalidOperator, "input \(kept)")
    }
    for place in [2, 3, 4, 6, 7, 8, 13, 14, 15] { #expect(code(without: place) == .invalidOperator) }
  }

  @Test("peepholes need as many cells as outputs")
  func widePeepholes() {
    func widen(_ model: inout TestModel) {
      func reshape(_ place: Int, _ shape: [Int32]) {
        let tensor = Int(model.operators[0].inputs[place])
        model.tensors[tensor].shape = shape
        if model.tensors[tensor].data != nil { model.tensors[tensor].data = [UInt8](repeating: 1, count: 64) }
      }
      for place in 5..<9 { reshape(place, [3, 4]) }
      reshape(Place.projection, [4, 3])
      reshape(Place.projectionBias, [4])
      reshape(Place.state, [2, 4])
    }
    #expect(code { widen(&$0) } == .unsupportedOperator)
    #expect(
      code { model in
        widen(&model)
        for place in Place.inputPeephole...Place.outputPeephole { model.operators[0].inputs[place] = -1 }
      } == nil)
  }

  @Test("intermediate tensors: five, of which normalization and hidden values need the quantization")
  func intermediates() {
    #expect(code { $0.operators[0].intermediates = [] } == .invalidOperator)
    #expect(code { $0.operators[0].intermediates.removeLast() } == .invalidOperator)
    for index in 0..<5 {
      func change(_ edit: (inout TestModel.Tensor) -> Void) -> ModelError.Code? {
        code { edit(&$0.tensors[Int($0.operators[0].intermediates[index])]) }
      }
      #expect(change { $0.scales = nil } == .invalidOperator, "intermediate \(index)")
      #expect(change { $0.scales = [0] } == .invalidOperator, "intermediate \(index)")
      #expect(change { $0.scales = [.nan] } == .invalidOperator, "intermediate \(index)")
    }
    // Without normalization the first four say nothing.
    #expect(
      code { model in
        for place in Place.normalizations { model.operators[0].inputs[place] = -1 }
        for index in 0..<Self.hidden { model.tensors[Int(model.operators[0].intermediates[index])].scales = nil }
      } == nil)
  }

  @Test("twelve intermediate tensors are another form, and the error says so")
  func otherForm() {
    var model = layer()
    model.operators[0].intermediates = [Int32](repeating: model.operators[0].intermediates[0], count: 12)
    let error = model.loadError()
    #expect(error?.code == .unsupportedOperator)
    #expect(error?.message.contains("UNIDIRECTIONAL_SEQUENCE_LSTM") == true)
    #expect(error?.message.contains("int8 sums") == true)
  }

  @Test("weights are symmetric with one scale, and no ratio of scales is beyond 32 bits")
  func quantization() {
    for place in [1, 4, 5, 8, 9, 10, 11, 16, 20, 21, 22, 23] {
      #expect(code(place) { $0.scales = nil } == .invalidOperator, "input \(place)")
      #expect(code(place) { $0.scales = [-1] } == .invalidOperator, "input \(place)")
      #expect(code(place) { $0.zeroPoints = [1] } == .invalidOperator, "input \(place)")
      #expect(code(place) { ($0.scales, $0.zeroPoints) = ([1, 1], [0, 0]) } == .invalidOperator, "input \(place)")
      #expect(code(place) { $0.scales = [.greatestFiniteMagnitude] } == .invalidOperator, "input \(place)")
    }
    #expect(code(20) { $0.scales = [0x1p16] } == nil)
    #expect(code(20) { $0.scales = [0x1p17] } == .invalidOperator)
    for scale in [Float(0x1p-15), 0x1p-8, 0.001] {
      #expect(code(Place.cellState) { $0.scales = [scale] } == .invalidOperator)
    }
    #expect(code(Place.state) { $0.scales = [.leastNormalMagnitude] } == .invalidOperator)
  }

  @Test("options: TANH, and clips from 0 on")
  func options() {
    for activation in [Int8(0), 1, 2, 3, 5] {
      #expect(layer(activation: activation).loadError()?.code == .unsupportedOperator)
    }
    for clip in [Float(-1), .nan] {
      #expect(layer(cellClip: clip).loadError()?.code == .invalidOperator)
      #expect(layer(projectionClip: clip).loadError()?.code == .invalidOperator)
    }
    #expect(layer(cellClip: .infinity, projectionClip: .infinity).loadError() == nil)
    var model = layer(projectionClip: 1)
    model.tensors[Int(model.outputs[0])].scales = nil
    #expect(model.loadError()?.code == .invalidOperator)
  }
}
