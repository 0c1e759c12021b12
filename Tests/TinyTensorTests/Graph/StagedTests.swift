import Testing

@testable import TinyTensor

/// Expected values are worked by hand; `Fixtures/cases-shapes` has more, of the reference's.
@Suite("Shapes that a run decides")
struct StagedTests {
  /// The places of a mask's true elements, and the elements of a table there, doubled.
  private func selection() -> TestModel {
    var test = TestModel()
    let mask = test.input("mask", [4], .bool)
    let table = test.input("table", [4], .int32)
    let places = test.tensor("places", [1, 1], .int64)
    let picked = test.tensor("picked", [1], .int32)
    let doubled = test.output("doubled", [1], .int32)
    for (tensor, signature) in [(places, [-1, 1]), (picked, [-1]), (doubled, [-1])] as [(Int32, [Int32])] {
      test.tensors[Int(tensor)].shapeSignature = signature
    }
    test.add(.where, [mask], [places])
    test.add(.gatherND, [table, places], [picked])
    test.add(.add, [picked, picked], [doubled], options: Options.add())
    return test
  }

  @Test("the shape of an output is a bound before a run, and what the run decided after it")
  func trueShapes() throws {
    let model = try Model(bytes: selection().bytes)
    let output = try model.output("doubled")
    #expect(model.hasStages && model.outputs[0].isBound && model.outputs[0].shape == [4])
    var session = try model.makeSession()
    #expect(try session.shape(of: output) == [4])
    try session.setInput(model.input("table"), bytes: bytes([Int32(1), 2, 3, 4]).span)
    for (mask, wanted): ([UInt8], [Int32]) in [
      ([0, 1, 0, 1], [4, 8]), ([0, 0, 0, 0], []), ([1, 1, 1, 1], [2, 4, 6, 8]), ([0, 1, 0, 0], [4]),
    ] {
      try session.setInput(model.input("mask"), bytes: mask.span)
      try session.run()
      #expect(try session.shape(of: output) == [wanted.count])
      #expect(try integers(session.outputArray(output)) == wanted)
      #expect(try session.realOutput(output) == wanted.map { Float($0) })
    }
    session.reset()
    #expect(try session.shape(of: output) == [4])
  }

  @Test("what outgrows the file's shape takes a limited number of bytes, or as many as its bound")
  func grownTensors() throws {
    var test = TestModel()
    let input = test.input("input", [2, 2], .uint8)
    let paddings = test.input("paddings", [2, 2], .int32)
    let output = test.output("output", [3, 3], .uint8)
    test.add(.pad, [input, paddings], [output])
    func run(_ rows: Int32, _ options: ModelOptions = ModelOptions()) throws -> [Int] {
      let model = try Model(bytes: test.bytes, options: options)
      var session = try model.makeSession()
      try session.setInput(model.input("paddings"), bytes: bytes([0, rows, 0, 0] as [Int32]).span)
      try session.run()
      return try session.shape(of: model.output("output"))
    }
    var options = ModelOptions()
    options.limits.grownBytes = 1000
    #expect(try run(498, options) == [500, 2])
    let error = #expect(throws: SessionError.self) { try run(499, options) }
    #expect(error?.code == .tooLarge && error?.operatorIndex == 0)
    #expect(error?.message.contains("--bound") == true)
    options.bounds = ["output": [600, 2]]
    #expect(try run(499, options) == [501, 2])
    #expect(throws: SessionError.self) { try run(1 << 28) }
  }

  @Test("a bound of a tensor that is not there is refused")
  func unknownBounds() {
    var options = ModelOptions()
    options.bounds = ["picked": [4], "peaked": [4]]
    let error = selection().loadError(options: options)
    #expect(error?.code == .unknownName && error?.tensorName == "peaked")
    options.bounds["peaked"] = nil
    #expect(selection().loadError(options: options) == nil)
  }

  private func range() -> TestModel {
    var test = TestModel()
    let start = test.constant("start", [], .int32, [Int32(0)])
    let limit = test.input("limit", [], .int32)
    let step = test.constant("step", [], .int32, [Int32(1)])
    let numbers = test.tensor("numbers", [1], .int32)
    let sums = test.output("sums", [1], .int32)
    test.tensors[Int(numbers)].shapeSignature = [-1]
    test.tensors[Int(sums)].shapeSignature = [-1]
    test.add(.range, [start, limit, step], [numbers])
    test.add(.add, [numbers, numbers], [sums], options: Options.add())
    return test
  }

  @Test("where nothing bounds a shape the model is refused, and says how to give a bound")
  func bounds() throws {
    let error = range().loadError()
    #expect(error?.message.contains("--bound numbers=SHAPE") == true, "\(error?.message ?? "")")
    #expect(error?.operatorIndex == 0)
    var options = ModelOptions()
    options.bounds = ["numbers": [3]]
    #expect(try range().run([bytes([Int32(3)])], options: options) == [bytes([Int32(0), 2, 4])])
    #expect(throws: SessionError.self) { try range().run([bytes([Int32(4)])], options: options) }
    options.bounds = ["numbers": [1 << 30]]
    #expect(range().loadError(options: options)?.code == .tooLarge)
  }

  @Test("errors in a run name the operator of the graph, and the session runs again")
  func errors() throws {
    var test = TestModel()
    let input = test.input([4], .int32)
    let begin = test.input("begin", [1], .int32)
    let size = test.input("size", [1], .int32)
    let sum = test.tensor("sum", [4], .int32)
    let output = test.output([4], .int32)
    test.add(.add, [input, input], [sum], options: Options.add())
    test.add(.slice, [sum, begin, size], [output])
    let model = try Model(bytes: test.bytes)
    var session = try model.makeSession()
    try session.setInput(model.input(at: 0), bytes: bytes([Int32(1), 2, 3, 4]).span)
    try session.setInput(model.input(at: 1), bytes: bytes([Int32(2)]).span)
    try session.setInput(model.input(at: 2), bytes: bytes([Int32(3)]).span)
    do throws(SessionError) {
      try session.run()
      Issue.record("a slice outside its input")
    } catch {
      #expect(error.operatorIndex == 1 && error.code == .invalidData)
      #expect(error.message.hasPrefix("operator 1 (SLICE): its slice of 3 elements from 2 on"))
    }
    try session.setInput(model.input(at: 2), bytes: bytes([Int32(-1)]).span)
    try session.run()
    #expect(try integers(session.outputArray(model.output(at: 0))) == [Int32(6), 8])
  }

  @Test("a slice of a fixed size whose place arrives decides no shape; a place outside ends the run")
  func movingSlice() throws {
    var test = TestModel()
    let input = test.input([2, 3], .int8)
    let begin = test.input("begin", [2], .int32)
    let size = test.constant("size", [2], .int32, [Int32(1), 2])
    let output = test.output([1, 2], .int8)
    test.add(.slice, [input, begin, size], [output])
    #expect(try !Model(bytes: test.bytes).hasStages)
    #expect(try test.run([[1, 2, 3, 4, 5, 6], bytes([Int32(1), 1])]) == [[5, 6]])
    for place: [Int32] in [[0, 2], [2, 0], [-1, 0], [0, .max], [.min, 0]] {
      #expect(throws: SessionError.self) { try test.run([[1, 2, 3, 4, 5, 6], bytes(place)]) }
    }
  }

  @Test("UNIQUE lists values as they come, and where they are")
  func unique() throws {
    var test = TestModel()
    let input = test.input([5], .int8)
    let values = test.output("values", [1], .int8)
    let places = test.output("places", [5], .int32)
    test.tensors[Int(values)].shapeSignature = [-1]
    test.add(.unique, [input], [values, places], options: (80, FlatTable([0: .int8(2)])))
    #expect(try test.run([[7, 7, 250, 7, 0]]) == [[7, 250, 0], bytes([Int32(0), 0, 1, 0, 2])])
    test.tensors[Int(input)].shape = [1, 5]
    #expect(test.loadError()?.code == .invalidOperator)
  }

  @Test("texts, handles and lists have messages of their own")
  func types() {
    for (type, words) in [(ElementType.string, "texts"), (.variant, "lists of tensors")] {
      var test = TestModel()
      let input = test.input([2], type)
      let output = test.output([2], type)
      test.add(.reverseV2, [input, input], [output])
      #expect(test.loadError()?.message.contains(words) == true, "\(test.loadError()?.message ?? "")")
    }
  }

  @Test("a constant that is read where it lies needs no limit; what is allocated does")
  func largeConstants() throws {
    var test = TestModel()
    let table = test.constant("table", [100, 2], .int32, (0..<200).map { Int32($0) })
    let place = test.input([1], .int32)
    let output = test.output([1, 2], .int32)
    test.add(.gather, [table, place], [output], options: (23, FlatTable([:])))
    var options = ModelOptions()
    options.limits.tensorBytes = 64
    #expect(try test.run([bytes([Int32(99)])], options: options) == [bytes([Int32(198), 199])])
    options.limits.tensorBytes = 4
    #expect(test.loadError(options: options)?.code == .tooLarge)
  }
}
