import AllocationCounter
import Foundation
import Testing

@testable import TinyTensor

@Suite("Sessions")
struct SessionTests {
  private static let models = [
    "mnist_cnn_int8", "mnist_cnn_uint8", "mnist_cnn_float_io_int8", "mnist_mlp_int8", "mnist_dscnn_int8",
  ]

  private func load(_ name: String) throws -> Model {
    try Model(path: Fixtures.folder.appendingPathComponent("models/\(name).tflite").path)
  }

  private func image(_ index: Int) -> [UInt8] {
    (0..<784).map { UInt8(truncatingIfNeeded: ($0 * 7 + index * 31) ^ ($0 >> 3)) }
  }

  @Test(
    "a run and setting its inputs allocate nothing", .enabled(if: tinytensor_counts_allocations() == 1),
    arguments: models)
  func allocations(name: String) throws {
    let model = try load(name)
    let input = try model.input("image")
    let output = try model.output("scores")
    let pixels = image(1)
    var session = try model.makeSession()
    var scores = [Float](repeating: 0, count: 10)
    var real = [Float](repeating: 0.25, count: 784)
    real[5] = 1
    // The first round may make what the language's runtime makes once.
    for round in 0..<2 {
      let before = tinytensor_allocation_count()
      try session.setInput(input, pixels: pixels.span)
      try session.setInput(input, real: real.span)
      for _ in 0..<10 { try session.run() }
      var span = scores.mutableSpan
      try session.copyOutput(output, real: &span)
      session.reset()
      let count = tinytensor_allocation_count() - before
      if round == 1 { #expect(count == 0) }
    }
  }

  @Test("the counter of allocations counts", .enabled(if: tinytensor_counts_allocations() == 1))
  func counterCounts() {
    let before = tinytensor_allocation_count()
    var array = [Int](repeating: 0, count: 1000)
    array.append(1)
    #expect(tinytensor_allocation_count() > before)
    #expect(array.count == 1001)
  }

  @Test("two sessions on two threads give the bytes of one", arguments: models)
  func threads(name: String) async throws {
    let model = try load(name)
    let count = 40
    @Sendable func outputs() throws -> [[UInt8]] {
      var session = try model.makeSession()
      var outputs: [[UInt8]] = []
      for index in 0..<count {
        try session.setInput(model.input("image"), pixels: image(index).span)
        try session.run()
        outputs.append(try session.outputArray(model.output("scores")))
      }
      return outputs
    }
    let alone = try outputs()
    let together = try await withThrowingTaskGroup(of: [[UInt8]].self) { group in
      for _ in 0..<2 { group.addTask { try outputs() } }
      var results: [[[UInt8]]] = []
      for try await result in group { results.append(result) }
      return results
    }
    #expect(together == [alone, alone])
  }

  @Test("an output's real values can be copied part by part")
  func partsOfOutputs() throws {
    let model = try load("mnist_cnn_int8")
    var session = try model.makeSession()
    try session.setInput(model.input("image"), pixels: image(3).span)
    try session.run()
    let output = try model.output("scores")
    let all = try session.realOutput(output)
    var parts: [Float] = []
    for range in [0..<4, 4..<4, 4..<9, 9..<10] {
      var part = [Float](repeating: -1, count: range.count)
      var room = part.mutableSpan
      try session.copyOutput(output, elements: range, real: &room)
      parts += part
    }
    #expect(parts == all && Set(all).count > 1)
    for (range, count) in [(8..<11, 3), (-1..<2, 3), (0..<3, 2), (0..<3, 4)] {
      var part = [Float](repeating: 0, count: count)
      var room = part.mutableSpan
      var code: SessionError.Code?
      do throws(SessionError) {
        try session.copyOutput(output, elements: range, real: &room)
      } catch {
        code = error.code
      }
      #expect(code == .countMismatch)
    }
  }

  @Test("inputs keep their values from run to run")
  func inputsAreKept() throws {
    let model = try load("mnist_cnn_int8")
    var session = try model.makeSession()
    try session.setInput(model.input("image"), pixels: image(3).span)
    try session.run()
    let first = try session.outputArray(model.output("scores"))
    for _ in 0..<3 { try session.run() }
    #expect(try session.outputArray(model.output("scores")) == first)
  }

  @Test("a new session and a reset one hold the real value 0 in their inputs")
  func reset() throws {
    let model = try load("mnist_cnn_int8")
    let input = try model.input("image")
    var session = try model.makeSession()
    func isClear(_ session: inout Session) throws -> Bool {
      let elements = try session.mutableInput(input, as: Int8.self)
      for index in 0..<elements.count where elements[index] != -128 { return false }
      return elements.count == 784
    }
    #expect(try isClear(&session))
    try session.setInput(input, pixels: image(3).span)
    #expect(try !isClear(&session))
    session.reset()
    #expect(try isClear(&session))
  }

  @Test("an observer sees every tensor and changes nothing", arguments: models)
  func observer(name: String) throws {
    struct Keeper: RunObserver {
      var model: Model
      var order: [Int] = []
      var last: [UInt8] = []
      mutating func willRun(_ event: OperatorEvent) { order.append(event.index) }
      mutating func didRun(_ event: OperatorEvent, _ tensors: borrowing TensorReader) {
        for tensor in model.operators[event.index].outputs { last = tensors.array(tensor) ?? [] }
      }
    }
    let model = try load(name)
    var session = try model.makeSession()
    try session.setInput(model.input("image"), pixels: image(3).span)
    try session.run()
    let plain = try session.outputArray(model.output("scores"))
    var keeper = Keeper(model: model)
    try session.run(observer: &keeper)
    #expect(try session.outputArray(model.output("scores")) == plain)
    #expect(keeper.last == plain)
    let running = model.operators.indices.filter { index in
      let info = model.operators[index]
      return !info.isView && !info.isFolded && !info.isInPlace
    }
    #expect(keeper.order == running)
  }

  @Test("the three doors agree: stored bytes, real values, pixels")
  func doors() throws {
    let model = try load("mnist_cnn_uint8")
    let input = try model.input("image")
    let output = try model.output("scores")
    let pixels = image(9)
    var session = try model.makeSession()
    try session.setInput(input, pixels: pixels.span)
    try session.run()
    let byPixels = try session.outputArray(output)
    try session.setInput(input, bytes: pixels.span)
    try session.run()
    #expect(try session.outputArray(output) == byPixels)
    let real = pixels.map { Float($0) / 255 }
    try session.setInput(input, real: real.span)
    try session.run()
    #expect(try session.outputArray(output) == byPixels)
    let stored = try session.output(output, as: UInt8.self)
    let scores = try session.realOutput(output)
    for index in stored.indices { #expect(scores[index] == Float(stored[index]) / 256) }
    #expect(stored.argmax() == scores.span.argmax())
  }

  @Test("a request that cannot be met says why and changes nothing")
  func errors() throws {
    let model = try load("mnist_cnn_int8")
    let other = try load("mnist_cnn_int8")
    let input = try model.input("image")
    let output = try model.output("scores")
    var session = try model.makeSession()
    func code(_ body: () throws -> Void) -> SessionError? {
      do {
        try body()
        return nil
      } catch {
        return error as? SessionError
      }
    }
    let short = [UInt8](repeating: 0, count: 783)
    #expect(code { try session.setInput(input, pixels: short.span) }?.code == .countMismatch)
    #expect(code { try session.setInput(input, bytes: short.span) }?.code == .countMismatch)
    #expect(code { try session.setInput(input, real: [Float(0)].span) }?.code == .countMismatch)
    #expect(code { _ = try session.mutableInput(input, as: Float.self) }?.code == .elementTypeMismatch)
    #expect(code { _ = try session.output(output, as: UInt8.self) }?.code == .elementTypeMismatch)
    let foreign = try other.input("image")
    #expect(code { try session.setInput(foreign, pixels: image(0).span) }?.code == .wrongModel)
    #expect(
      code { try session.setInput(input, pixels: short.span) }?.message
        == "tensor \"image\" [1,28,28,1] takes 784 pixels; there are 783")
    #expect(throws: ModelError.self) { try model.input("img") }
    do {
      _ = try model.input("img")
    } catch {
      #expect(error.code == .unknownName)
      #expect(error.message == "no input named \"img\"; this model has \"image\"")
    }
  }

  @Test("pixel mappings are exact for any scale and zero point")
  func mappings() throws {
    var test = TestModel()
    let input = test.input([1, 256], .int8, scale: 1 / 127.5, zeroPoint: -1)
    let output = test.output([1, 256], .int8, scale: 1 / 127.5, zeroPoint: -1)
    test.add(.reshape, [input], [output], options: Options.reshape([1, 256]))
    let model = try Model(bytes: test.bytes)
    var session = try model.makeSession()
    let bytes = (0...255).map { UInt8($0) }
    for mapping in PixelMapping.allCases {
      try session.setInput(model.input(at: 0), pixels: bytes.span, mapping: mapping)
      try session.run()
      let stored = try session.output(model.output(at: 0), as: Int8.self)
      for index in 0..<256 {
        let quotient = (mapping.real(UInt8(index)) / Float(1 / 127.5)).rounded(.toNearestOrAwayFromZero)
        #expect(stored[index] == Int8(clamping: Int(quotient) - 1))
      }
    }
  }

  @Test("means and deviations map the pixels of each channel")
  func normalizedPixels() throws {
    func model(_ type: ElementType, scale: Float?, zeroPoint: Int64 = 0) throws -> Model {
      var test = TestModel()
      let input = test.input([1, 1, 2, 3], type, scale: scale, zeroPoint: zeroPoint)
      let output = test.output([1, 6], type, scale: scale, zeroPoint: zeroPoint)
      test.add(.reshape, [input], [output], options: Options.reshape([1, 6]))
      return try Model(bytes: test.bytes)
    }
    func stored(_ model: Model, _ mapping: PixelMapping) throws -> [UInt8] {
      var session = try model.makeSession()
      let pixels: [UInt8] = [0, 128, 255, 10, 20, 30]
      try session.setInput(model.input(at: 0), pixels: pixels.span, mapping: mapping)
      try session.run()
      return try session.outputArray(model.output(at: 0))
    }
    let colours = try #require(PixelMapping(means: [100, 0, 50], deviations: [50, 2, 10]))
    #expect(colours.channels == 3 && colours.real(30, channel: 2) == -2)
    #expect(floats(try stored(model(.float32, scale: nil), colours)) == [-2, 64, 20.5, -1.8, 10, -2])
    // Stored: real / 0.5 + 3, half away from zero, clamped.
    #expect(
      signed(try stored(model(.int8, scale: 0.5, zeroPoint: 3), colours)) == [-1, 127, 44, -1, 23, -1])
    #expect(
      integers(try stored(model(.int16, scale: 0.5), colours), as: Int16.self) == [-4, 128, 41, -4, 20, -4])
    // One for all; without a scale, integers are themselves.
    let grey = try #require(PixelMapping(means: [128], deviations: [1]))
    #expect(signed(try stored(model(.int8, scale: nil), grey)) == [-128, 0, 127, -118, -108, -98])
    let mixed = try #require(PixelMapping(means: [0, 128, 0], deviations: [1]))
    #expect(try stored(model(.uint8, scale: 1), mixed) == [0, 0, 255, 10, 0, 30])
    for (means, deviations) in [
      ([], []), ([1], []), ([0], [0]), ([1, 2], [1, 2, 3]), ([.nan], [1]), ([0], [.infinity]),
    ] as [([Float], [Float])] {
      #expect(PixelMapping(means: means, deviations: deviations) == nil)
    }
    let two = try #require(PixelMapping(means: [1, 2], deviations: [1]))
    #expect(throws: SessionError.self) { try stored(try model(.uint8, scale: 1), two) }
  }

  @Test("a model's shape can be chosen when it is loaded")
  func shapes() throws {
    var test = TestModel()
    let input = test.input("image", [1, 2, 2, 1], .int8, scale: 0.5)
    test.tensors[0].shapeSignature = [-1, -1, -1, 1]
    let middle = test.tensor("middle", [1, 1, 1, 1], .int8, scale: 0.5)
    let axes = test.constant("axes", [2], .int32, [Int32(1), 2])
    test.add(.maxPool2D, [input], [middle], options: Options.pool(stride: 2))
    let output = test.output([1, 1], .int8, scale: 0.5)
    test.add(.mean, [middle, axes], [output], options: Options.reduce(keepsAxes: false))
    let model = try Model(bytes: test.bytes, options: ModelOptions(inputShapes: ["image": [3, 4, 6, 1]]))
    #expect(model.inputs[0].shape == [3, 4, 6, 1])
    #expect(model.outputs[0].shape == [3, 1])
    #expect(model.tensors[Int(middle)].shape == [3, 2, 3, 1])
    var session = try model.makeSession()
    try session.setInput(model.input("image"), bytes: [UInt8](repeating: 3, count: 72).span)
    try session.run()
    #expect(try session.outputArray(model.output(at: 0)) == [3, 3, 3])

    #expect(test.loadError(options: ModelOptions(inputShapes: ["picture": [1]]))?.code == .unknownName)
    #expect(test.loadError(options: ModelOptions(inputShapes: ["image": [1, 2]]))?.code == .invalidGraph)
    #expect(test.loadError(options: ModelOptions(inputShapes: ["image": [1, -2, 2, 1]]))?.code == .invalidGraph)
    #expect(test.loadError(options: ModelOptions(inputShapes: ["image": [1, 0, 2, 1]]))?.code == .invalidOperator)
    #expect(
      test.loadError(options: ModelOptions(inputShapes: ["image": [1, 1 << 20, 1 << 20, 1]]))?.code == .tooLarge)
  }

  @Test("signatures name inputs and outputs, in their own order")
  func signatures() throws {
    var test = TestModel()
    let left = test.input("a", [2], .int8, scale: 1)
    let right = test.input("b", [2], .int8, scale: 0.5)
    let output = test.output("c", [2], .int8, scale: 1)
    test.add(.add, [left, right], [output], options: Options.add())
    test.signatures = [
      FlatTable([
        0: .tables([
          FlatTable([0: .string("second"), 1: .uint32(UInt32(right))]),
          FlatTable([0: .string("first"), 1: .uint32(UInt32(left))]),
        ]),
        1: .tables([FlatTable([0: .string("sum"), 1: .uint32(UInt32(output))])]),
        2: .string("serving_default"),
      ])
    ]
    let model = try Model(bytes: test.bytes)
    #expect(model.inputs.map(\.name) == ["second", "first"])
    #expect(model.inputs.map { $0.quantization?.scale } == [0.5, 1])
    #expect(model.outputs.map(\.name) == ["sum"])
    #expect(try model.input("a") == model.input("first"))
    #expect(test.loadError(options: ModelOptions(signature: "other"))?.code == .unknownName)
  }
}
