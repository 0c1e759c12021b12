import AllocationCounter
import Testing

@testable import TinyTensor

/// Layers with a state that are small enough to compute by hand.
@Suite("Recurrent layers")
struct RecurrentTests {
  private static let types: [ElementType] = [.float32, .int8, .uint8]

  private func close(_ given: [[UInt8]], _ expected: [Float]) -> Bool {
    let numbers = given.flatMap { floats($0) }
    return numbers.count == expected.count
      && zip(numbers, expected).allSatisfy { ($0 - $1).magnitude <= 1e-6 + 1e-5 * $1.magnitude }
  }

  @Test("RNN: input times weights, state times recurrent weights, bias", arguments: types, [false, true])
  func rnn(type: ElementType, isSequence: Bool) throws {
    // Quantized with the scale 1, the input stays as it is. 127 - 32 + 1; then 96 / 2 more.
    let input = [bytes([Float(127), -64])]
    let model = TestModel.rnn(type, isSequence: isSequence)
    #expect(close(try model.runs([input, input]), [96, 144]))
    #expect(
      try Model(bytes: model.bytes).operators[0].kernel
        == (type == .float32 ? "rnn.f32.reference" : "rnn.f32i8.reference"))
  }

  @Test("RNN: an input from 0 to 255 needs a zero point to be exact")
  func asymmetric() throws {
    let input = [bytes([Float(255), 1])]
    // 255 + 0.5 + 1. Around 0, the scale is 255 / 127, and 1 is quantized to 0.
    for isSequence in [false, true] {
      let model = { TestModel.rnn(.int8, isSequence: isSequence, isAsymmetric: $0) }
      #expect(close(try model(true).runs([input]), [256.5]))
      #expect(close(try model(false).runs([input]), [256]))
    }
  }

  @Test("SVDF: the last two features times weights in time", arguments: types)
  func svdf(type: ElementType) throws {
    // The feature is 127 - 32. 2 * 95 + 1; then 95 more.
    let input = [bytes([Float(127), -64])]
    #expect(close(try TestModel.svdf(type).runs([input, input]), [191, 286]))
    let second = [bytes([Float(255), 1])]
    let features: [Float] = type == .float32 ? [255.5, 255.5] : [255.5, 255]
    #expect(close(try TestModel.svdf(type, isAsymmetric: true).runs([second]), [2 * features[0] + 1]))
    #expect(close(try TestModel.svdf(type, isAsymmetric: false).runs([second]), [2 * features[1] + 1]))
    // The hyperbolic tangent of 2 * 0.25 + 1 is 0.905148.
    #expect(close(try TestModel.svdf(type, activation: 4).runs([[bytes([Float(0.25), 0])]]), [0.90514827]))
  }

  @Test("LSTM: one step of UNIDIRECTIONAL_SEQUENCE_LSTM", arguments: types)
  func lstm(type: ElementType) throws {
    // Gates are a half, the update is 1: the cell is 0.5, then 0.75; the output half its hyperbolic tangent.
    let input = [bytes([Float(3)])]
    let given = try TestModel.lstm(type).runs([input, input])
    #expect(close(given, [0.23105858, 0.31757446]))
    #expect(try TestModel.lstm(type, isSequence: true).runs([input, input]) == given)
  }

  @Test("LSTM of the kernel type BASIC in float32")
  func cell() throws {
    let model = TestModel.cell(.float32)
    let inputs = [[bytes([Float(3)])], [bytes([Float(-4)])]]
    #expect(close(try model.runs(inputs), [0.23105858, 0.31757446]))
    #expect(close(try model.runs(inputs, output: 1), [0.5, 0.75]))
    #expect(close(try model.runs(inputs, output: 2), [3, 0, -4, 0.23105858]))
    #expect(close(try model.runs(inputs, output: 3), [0, 100, 0, 0, 0, 100, 0, 0]))
  }

  @Test("LSTM of the kernel type BASIC in uint8")
  func quantizedCell() throws {
    let model = TestModel.cell(.uint8)
    let inputs: [[[UInt8]]] = [[[200]], [[3]]]
    // 128 more than 128 times the real output, 29.6 and 40.6.
    #expect(try model.runs(inputs) == [[158], [169]])
    #expect(try model.runs(inputs, output: 1).map { integers($0, as: Int16.self) } == [[1024], [1536]])
    // The variable of uint8 begins as zero bytes, not as the number 0.
    #expect(try model.runs(inputs, output: 2) == [[200, 0], [3, 158]])
    #expect(try model.runs(inputs, output: 3).map { integers($0, as: Int16.self) }[1] == [0, 32767, 0, 0])
  }

  @Test("BIDIRECTIONAL_SEQUENCE_LSTM: two inputs for both layers, or one for each", arguments: types)
  func auxiliary(type: ElementType) throws {
    let (zero, one) = (bytes([Float(0)]), bytes([Float(1)]))
    func outputs(_ isLinked: Bool, _ inputs: [[UInt8]]) throws -> [Float] {
      try TestModel.bidirectional(type, isLinked: isLinked).run(inputs).flatMap { floats($0) }
    }
    let full = try outputs(true, [zero, one])
    #expect(close([bytes(full)], [0.23105858, 0.23105858]))
    #expect(try outputs(true, [one, zero]) == [0, 0])
    #expect(try outputs(false, [zero, one]) == [0, full[0]])
    #expect(try outputs(false, [one, zero]) == [full[0], 0])
  }

  @Test("a run allocates nothing", .enabled(if: tinytensor_counts_allocations() == 1))
  func allocations() throws {
    var models = [TestModel.cell(.float32), .cell(.uint8)]
    for type in Self.types {
      models += [.rnn(type, isAsymmetric: true), .rnn(type, isSequence: true), .svdf(type, isAsymmetric: true)]
      models += [.lstm(type), .bidirectional(type, isLinked: true), .bidirectional(type, isLinked: false)]
    }
    for test in models {
      let model = try Model(bytes: test.bytes)
      var session = try model.makeSession()
      // What the language's runtime makes once is made by the first run.
      try session.run()
      let before = tinytensor_allocation_count()
      try session.run()
      #expect(tinytensor_allocation_count() == before, "\(model.operators[0].kernel)")
    }
  }
}
