import Testing

@testable import TinyTensor

/// Layers of `RecurrentModels.swift`, made wrong in one place.
@Suite("Recurrent layers of two number types that are wrong are refused")
struct RecurrentHybridRefusalTests {
  private static let types: [ElementType] = [.float32, .int8]

  @Test("RNN and SVDF: sizes, types and scales", arguments: types)
  func plain(type: ElementType) {
    let other: ElementType = type == .int8 ? .float32 : .int8
    for model in [TestModel.rnn(type), .rnn(type, isSequence: true), .svdf(type)] {
      #expect(model.loadError() == nil)
      for place in 0..<5 {
        #expect(model.code(changing: place) { $0.shape[0] += 1 } != nil, "input \(place)")
        #expect(model.code(changing: place) { $0.shape.append(1) } != nil || place == 3, "input \(place)")
        #expect(model.code(changing: place) { $0.type = .int16 } == .invalidOperator, "input \(place)")
      }
      // One matrix of the other type.
      for place in [1, 2] {
        #expect(model.code(changing: place) { $0.type = other } != nil, "input \(place)")
        guard type == .int8 else { continue }
        #expect(model.code(changing: place) { $0.type = .uint8 } == .invalidOperator, "input \(place)")
        #expect(model.code(changing: place) { $0.scales = nil } == .invalidOperator, "input \(place)")
        #expect(model.code(changing: place) { $0.scales = [.infinity] } == .invalidOperator, "input \(place)")
        #expect(model.code(changing: place) { $0.zeroPoints = [1] } == .invalidOperator, "input \(place)")
      }
      #expect(model.code(changing: 4) { $0.isVariable = false } != nil)
      #expect(model.code { $0.inputs.removeLast() } == .invalidOperator)
      #expect(model.code { $0.inputs[1] = -1 } == .invalidOperator)
      #expect(model.code { $0.options = nil } == .invalidOperator)
    }
    #expect(TestModel.svdf(type, activation: 4).loadError() == nil)
    #expect(TestModel.svdf(type, activation: 5).loadError()?.code == .invalidOperator)
  }

  @Test("SVDF: integer weights in time must be constant")
  func timeWeights() {
    var model = TestModel.svdf(.int8)
    let input = model.input("time", [1, 2], .int8, scale: 1)
    model.operators[0].inputs[2] = input
    #expect(model.loadError()?.code == .invalidOperator)
  }

  @Test("LSTM: sizes, parts and options", arguments: types)
  func lstm(type: ElementType) {
    let model = TestModel.lstm(type)
    #expect(model.loadError() == nil)
    #expect(TestModel.lstm(type, kernel: 2).loadError()?.code == .invalidOperator)
    // The other kernel type has five inputs.
    #expect(TestModel.lstm(type, kernel: 1).loadError()?.code == .invalidOperator)
    for place in [0, 1, 8, 12, 18, 19] {
      #expect(model.code(changing: place) { $0.shape = [1, 1, 1] } == .invalidOperator, "input \(place)")
      #expect(model.code(changing: place) { $0.type = .int16 } == .invalidOperator, "input \(place)")
      // Without input 1, the input gate is coupled to the forget gate.
      #expect(model.code { $0.inputs[place] = -1 } == (place == 1 ? nil : .invalidOperator), "input \(place)")
    }
    #expect(model.code { $0.inputs.removeLast() } == .invalidOperator)
    #expect(model.code { $0.options = (14, FlatTable([0: .int8(6)])) } == .invalidOperator)
    #expect(model.code { $0.options = (14, FlatTable([0: .int8(4), 1: .float(-1)])) } == .invalidOperator)
    #expect(model.code { $0.options = (14, FlatTable([0: .int8(4), 2: .float(.nan)])) } == .invalidOperator)
    #expect(model.code { $0.options = (71, FlatTable()) } == .invalidOperator)
    #expect(model.code { $0.options = nil } == .invalidOperator)
    #expect(model.code(changing: 18) { $0.isVariable = false } != nil)
    #expect(model.code { $0.version = 5 } == .unsupportedOperator)
    for rank in [1, 3] {
      #expect(model.code(changing: 0) { $0.shape = [Int32](repeating: 1, count: rank) } == .invalidOperator)
    }
  }

  @Test("LSTM of the kernel type BASIC: sizes, types and scales", arguments: [ElementType.float32, .uint8])
  func cell(type: ElementType) {
    let model = TestModel.cell(type)
    #expect(model.loadError() == nil)
    for place in 0..<5 {
      #expect(model.code(changing: place) { $0.shape[0] += 1 } != nil, "input \(place)")
      #expect(model.code(changing: place) { $0.shape.append(1) } == .invalidOperator, "input \(place)")
      #expect(model.code(changing: place) { $0.type = .int8 } == .invalidOperator, "input \(place)")
      #expect(model.code { $0.inputs[place] = -1 } == .invalidOperator, "input \(place)")
    }
    #expect(model.code(changing: 0) { $0.shape = [1, 0] } == .invalidOperator)
    for place in [1, 4] { #expect(model.code(changing: place) { $0.isVariable = false } != nil, "input \(place)") }
    for index in model.outputs.indices {
      var changed = model
      changed.tensors[Int(model.outputs[index])].type = .int8
      #expect(changed.loadError()?.code == .invalidOperator, "output \(index)")
    }
    #expect(model.code { $0.inputs.append($0.inputs[0]) } == .invalidOperator)
    #expect(model.code { $0.outputs.removeLast() } == .invalidOperator)
    guard type == .uint8 else { return }
    for place in [2, 3] {
      #expect(model.code(changing: place) { $0.scales = nil } == .invalidOperator, "input \(place)")
      #expect(model.code(changing: place) { $0.scales = [0] } == .invalidOperator, "input \(place)")
    }
    #expect(model.code(changing: 2) { $0.zeroPoints = [256] } == .invalidOperator)
    #expect(model.code(changing: 3) { $0.scales = [.greatestFiniteMagnitude] } == .invalidOperator)
    var changed = model
    changed.tensors[Int(model.outputs[1])].scales = [0x1p-12]
    #expect(changed.loadError()?.code == .unsupportedOperator)
    changed.tensors[Int(model.outputs[1])].scales = nil
    #expect(changed.loadError()?.code == .invalidOperator)
  }

  @Test("BIDIRECTIONAL_SEQUENCE_LSTM: an auxiliary input and its weights", arguments: types)
  func auxiliary(type: ElementType) {
    let separate = TestModel.bidirectional(type, isLinked: false)
    let linked = TestModel.bidirectional(type, isLinked: true)
    let auxiliary = 39
    for model in [separate, linked] {
      #expect(model.loadError() == nil)
      for shape: [Int32] in [[1, 1], [2, 1, 1], [1, 2, 1], [1, 1, 2], [1, 1, 0]] {
        #expect(model.code(changing: auxiliary) { $0.shape = shape } == .invalidOperator, "\(shape)")
      }
      #expect(model.code(changing: auxiliary) { $0.type = .int8 } == .invalidOperator)
    }
    // Without its weights or without itself.
    #expect(separate.code { $0.inputs[auxiliary] = -1 } == nil)
    #expect(linked.code { $0.inputs[auxiliary] = -1 } == .invalidOperator)
    for place in 40..<48 {
      #expect(linked.code { $0.inputs[place] = -1 } == .invalidOperator, "input \(place)")
      #expect(linked.code(changing: place) { $0.shape = [1, 1, 1] } == .invalidOperator, "input \(place)")
      #expect(linked.code(changing: place) { $0.type = .int16 } == .invalidOperator, "input \(place)")
    }
  }

  @Test("no number of the input ends the process")
  func numbers() throws {
    for value in [Float.infinity, -.infinity, .nan, .greatestFiniteMagnitude] {
      for type in Self.types {
        for isAsymmetric in [false, true] {
          let pair = [bytes([value, 1])]
          #expect(try TestModel.rnn(type, isAsymmetric: isAsymmetric).runs([pair, pair]).count == 2)
          #expect(try TestModel.svdf(type, isAsymmetric: isAsymmetric).runs([pair, pair]).count == 2)
        }
        let one = [bytes([value])]
        #expect(try TestModel.lstm(type).runs([one, one]).count == 2)
        #expect(try TestModel.bidirectional(type, isLinked: true).run(one + one).count == 2)
      }
      #expect(try TestModel.cell(.float32).runs([[bytes([value])]]).count == 1)
    }
  }
}
