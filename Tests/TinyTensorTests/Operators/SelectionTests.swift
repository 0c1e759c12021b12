import Testing

@testable import TinyTensor

@Suite("Operators that pick, order and convert elements")
struct SelectionTests {
  private func words(_ elements: [Int32]) -> [UInt8] {
    elements.flatMap { element in (0..<4).map { UInt8(truncatingIfNeeded: element >> Int32(8 * $0)) } }
  }

  private func reals(_ elements: [Float]) -> [UInt8] { words(elements.map { Int32(bitPattern: $0.bitPattern) }) }

  private func gather(
    input: [Int], indices: [Int], output: [Int], axis: Int32 = 0, batches: Int32 = 0
  ) -> TestModel {
    var test = TestModel()
    let source = test.input(input, .int8, scale: 1)
    let positions = test.input("indices", indices, .int32)
    let result = test.output(output, .int8, scale: 1)
    test.add(
      .gather, [source, positions], [result], options: (23, FlatTable([0: .int32(axis), 1: .int32(batches)])))
    return test
  }

  @Test("GATHER picks slices along any axis")
  func gather() throws {
    let rows = gather(input: [2, 3], indices: [3], output: [3, 3])
    #expect(try rows.run([[1, 2, 3, 4, 5, 6], words([1, 0, 1])]) == [[4, 5, 6, 1, 2, 3, 4, 5, 6]])
    let columns = gather(input: [2, 3], indices: [2], output: [2, 2], axis: -1)
    #expect(try columns.run([[1, 2, 3, 4, 5, 6], words([2, 0])]) == [[3, 1, 6, 4]])
    // Each row with indices of its own.
    let batches = gather(input: [2, 3], indices: [2, 1], output: [2, 1], axis: 1, batches: 1)
    #expect(try batches.run([[1, 2, 3, 4, 5, 6], words([2, 0])]) == [[3, 4]])
    let scalar = gather(input: [3], indices: [], output: [])
    #expect(try scalar.run([[1, 2, 3], words([1])]) == [[2]])
  }

  @Test("an index out of range that arrives in a run is refused", arguments: [-1, 2, Int32.max, .min])
  func badIndex(index: Int32) throws {
    let test = gather(input: [2, 3], indices: [1], output: [1, 3])
    #expect(throws: SessionError.self) { try test.run([[1, 2, 3, 4, 5, 6], words([index])]) }
  }

  @Test("GATHER_ND picks slices by coordinates; a place outside is refused")
  func gatherCoordinates() throws {
    var test = TestModel()
    let input = test.input([2, 3], .int8)
    let indices = test.input("indices", [2, 2], .int32)
    let output = test.output([2], .int8)
    test.add(.gatherND, [input, indices], [output])
    #expect(try test.run([[1, 2, 3, 4, 5, 6], words([1, 0, 0, 2])]) == [[4, 3]])
    #expect(throws: SessionError.self) { try test.run([[1, 2, 3, 4, 5, 6], words([1, 0, 0, 3])]) }
  }

  @Test("SCATTER_ND adds up what falls on one place; a place outside is refused")
  func scatter() throws {
    var test = TestModel()
    let indices = test.input("indices", [3, 1], .int32)
    let updates = test.input("updates", [3, 2], .int32)
    let shape = test.constant("shape", [2], .int32, [Int32(3), 2])
    let output = test.output([3, 2], .int32)
    test.add(.scatterND, [indices, updates, shape], [output])
    #expect(try test.run([words([2, 0, 2]), words([1, 2, 3, 4, 5, 6])]) == [words([3, 4, 0, 0, 6, 8])])
    #expect(throws: SessionError.self) { try test.run([words([2, 0, 3]), words([1, 2, 3, 4, 5, 6])]) }
  }

  @Test("SPARSE_TO_DENSE puts values at their places")
  func sparse() throws {
    var test = TestModel()
    let indices = test.input("indices", [2, 2], .int32)
    let shape = test.constant("shape", [2], .int32, [Int32(2), 2])
    let values = test.input("values", [2], .int8)
    let filler = test.constant("default", [], .int8, [Int8(9)])
    let output = test.output([2, 2], .int8)
    test.add(.sparseToDense, [indices, shape, values, filler], [output])
    #expect(try test.run([words([0, 1, 1, 0]), [3, 4]]) == [[9, 3, 4, 9]])
    #expect(throws: SessionError.self) { try test.run([words([0, 1, 2, 0]), [3, 4]]) }
  }

  @Test("SEGMENT_SUM adds up rows of one number")
  func segments() throws {
    var test = TestModel()
    let input = test.input([3, 1], .int32)
    let numbers = test.constant("numbers", [3], .int32, [Int32(0), 2, 2])
    let output = test.output([3, 1], .int32)
    test.add(.segmentSum, [input, numbers], [output])
    #expect(try test.run([words([1, 2, 3])]) == [words([1, 0, 5])])
  }

  @Test("EMBEDDING_LOOKUP takes rows of a table")
  func embedding() throws {
    var test = TestModel()
    let indices = test.input("indices", [2], .int32)
    let table = test.constant("table", [3, 2], .int8, [Int8(1), 2, 3, 4, 5, 6])
    let output = test.output([2, 2], .int8)
    test.add(.embeddingLookup, [indices, table], [output])
    #expect(try test.run([words([2, 0])]) == [[5, 6, 1, 2]])
    #expect(throws: SessionError.self) { try test.run([words([3, 0])]) }
  }

  @Test("ONE_HOT leaves out indices outside its depth")
  func oneHot() throws {
    var test = TestModel()
    let indices = test.input("indices", [3], .int32)
    let depth = test.constant("depth", [], .int32, [Int32(2)])
    let on = test.constant("on", [], .int8, [Int8(1)])
    let off = test.constant("off", [], .int8, [Int8(0)])
    let output = test.output([3, 2], .int8)
    test.add(.oneHot, [indices, depth, on, off], [output], options: (61, FlatTable([0: .int32(-1)])))
    #expect(try test.run([words([1, -1, 0])]) == [[0, 1, 0, 0, 1, 0]])
  }

  @Test("SELECT_V2 broadcasts; SELECT takes a condition a row")
  func select() throws {
    func test(_ code: BuiltinOperator, condition: [Int], rhs: [Int]) -> TestModel {
      var test = TestModel()
      let flags = test.input("condition", condition, .bool)
      let first = test.input("left", [2, 2], .int8, scale: 1)
      let second = test.input("right", rhs, .int8, scale: 1)
      let output = test.output([2, 2], .int8, scale: 1)
      test.add(code, [flags, first, second], [output])
      return test
    }
    let broadcast = test(.selectV2, condition: [2], rhs: [2, 1])
    #expect(try broadcast.run([[1, 0], [1, 2, 3, 4], [8, 9]]) == [[1, 8, 3, 9]])
    let rows = test(.select, condition: [2], rhs: [2, 2])
    #expect(try rows.run([[1, 0], [1, 2, 3, 4], [6, 7, 8, 9]]) == [[1, 2, 8, 9]])
    let scalar = test(.select, condition: [], rhs: [2, 2])
    #expect(try scalar.run([[0], [1, 2, 3, 4], [6, 7, 8, 9]]) == [[6, 7, 8, 9]])
  }

  @Test("ARG_MAX and ARG_MIN give the first of equal elements")
  func extremum() throws {
    func test(_ code: BuiltinOperator, options: UInt8, axis: Int32, output: [Int]) -> TestModel {
      var test = TestModel()
      let input = test.input([2, 3], .int8, scale: 1)
      let along = test.constant("axis", [], .int32, [axis])
      let result = test.output(output, .int32)
      test.add(code, [input, along], [result], options: (options, FlatTable([0: .int8(2)])))
      return test
    }
    let input = bits([5, -7, 5, -7, 0, -7])
    #expect(try test(.argMax, options: 40, axis: 1, output: [2]).run([input]) == [words([0, 1])])
    #expect(try test(.argMin, options: 57, axis: -1, output: [2]).run([input]) == [words([1, 0])])
    #expect(try test(.argMax, options: 40, axis: 0, output: [3]).run([input]) == [words([0, 1, 0])])
  }

  @Test("TOPK_V2 sorts by value, then by position")
  func top() throws {
    var test = TestModel()
    let input = test.input([2, 5], .int8, scale: 1)
    let count = test.constant("count", [], .int32, [Int32(3)])
    let values = test.output("values", [2, 3], .int8, scale: 1)
    let positions = test.output("positions", [2, 3], .int32)
    test.add(.topKV2, [input, count], [values, positions])
    #expect(
      try test.run([bits([1, 3, 2, 3, -9, -1, -1, -1, -1, -2])])
        == [bits([3, 3, 2, -1, -1, -1]), words([1, 3, 2, 0, 1, 2])])
  }

  @Test("TOPK_V2 gives a whole sorted row, and positions for values without an order")
  func topAll() throws {
    var test = TestModel()
    let input = test.input([4], .float32)
    let count = test.constant("count", [], .int32, [Int32(4)])
    let values = test.output("values", [4], .float32)
    let positions = test.output("positions", [4], .int32)
    test.add(.topKV2, [input, count], [values, positions])
    #expect(try test.run([reals([1, 4, 2, 3])]) == [reals([4, 3, 2, 1]), words([1, 3, 2, 0])])
    let outputs = try test.run([reals([.nan, 4, .nan, 3])])
    #expect(outputs[1].count == 16)
  }

  /// The boxes [0,0,2,2], [0,0,2,1.5] and [5,5,6,6]: the first two share 3/4 of their union.
  private func suppression(_ code: BuiltinOperator, places: Int32, sigma: Float?) -> TestModel {
    var test = TestModel()
    let boxes = test.input("boxes", [3, 4], .float32)
    let scores = test.input("scores", [3], .float32)
    func number(_ name: String, _ value: Float) -> Int32 {
      test.constant(name, [], .float32, [value.bitPattern])
    }
    var inputs = [
      boxes, scores, test.constant("places", [], .int32, [places]), number("overlap", 0.8), number("threshold", 0.25),
    ]
    if sigma == nil { inputs[3] = number("smaller overlap", 0.7) }
    if let sigma { inputs.append(number("sigma", sigma)) }
    var outputs = [test.output("selected", [1], .int32)]
    if sigma != nil { outputs.append(test.output("selected scores", [1], .float32)) }
    outputs.append(test.output("count", [], .int32))
    test.add(code, inputs, outputs)
    return test
  }

  private var boxes: [UInt8] { reals([0, 0, 2, 2, 0, 0, 2, 1.5, 5, 5, 6, 6]) }

  @Test("NON_MAX_SUPPRESSION_V4 drops what overlaps a better box, and zeroes places that are left")
  func suppression() throws {
    let test = suppression(.nonMaxSuppressionV4, places: 3, sigma: nil)
    #expect(try test.run([boxes, reals([0.5, 0.75, 1])]) == [words([2, 1, 0]), words([2])])
    #expect(try test.run([boxes, reals([0.125, 0.25, .nan])]) == [words([0, 0, 0]), words([0])])
    let none = suppression(.nonMaxSuppressionV4, places: 0, sigma: nil)
    #expect(try none.run([boxes, reals([0.5, 0.75, 1])]) == [[], words([0])])
    #expect(suppression(.nonMaxSuppressionV4, places: -1, sigma: nil).loadError()?.code == .invalidOperator)
  }

  @Test("NON_MAX_SUPPRESSION_V5 lowers the score of what overlaps a better box")
  func softSuppression() throws {
    let outputs = try suppression(.nonMaxSuppressionV5, places: 3, sigma: 0.5).run([boxes, reals([0.5, 0.75, 1])])
    #expect(outputs[0] == words([2, 1, 0]))
    // 0.5 * exp(-0.75^2) = 0.2849, above the threshold.
    #expect(outputs[1][0..<8] == reals([1, 0.75])[...])
    #expect(outputs[2] == words([3]))
    #expect(throws: SessionError.self) {
      try suppression(.nonMaxSuppressionV5, places: 3, sigma: -1).run([boxes, reals([0.5, 0.75, 1])])
    }
  }

  private func cast(_ from: ElementType, _ to: ElementType, count: Int) -> TestModel {
    var test = TestModel()
    let input = test.input([count], from)
    let output = test.output([count], to)
    test.add(.cast, [input], [output])
    return test
  }

  @Test("CAST truncates and saturates real numbers; not a number is the largest integer, as in the reference")
  func castReal() throws {
    let input = reals([1.9, -1.9, 300, -300, .infinity, -.infinity, .nan])
    #expect(try cast(.float32, .int8, count: 7).run([input]) == [bits([1, -1, 127, -128, 127, -128, 127])])
    #expect(try cast(.float32, .uint8, count: 7).run([input]) == [[1, 0, 255, 0, 255, 0, 255]])
    #expect(
      try cast(.float32, .int32, count: 7).run([input]) == [words([1, -1, 300, -300, .max, .min, .max])])
    #expect(try cast(.float32, .bool, count: 3).run([reals([0, -0.0, .nan])]) == [[0, 0, 1]])
  }

  @Test("CAST keeps the lowest bits of integers")
  func castInteger() throws {
    #expect(try cast(.int32, .int8, count: 3).run([words([200, -1, 256])]) == [bits([-56, -1, 0])])
    #expect(try cast(.uint8, .int32, count: 2).run([[200, 1]]) == [words([200, 1])])
    #expect(try cast(.int8, .float32, count: 2).run([bits([-3, 4])]) == [reals([-3, 4])])
    #expect(try cast(.bool, .int32, count: 3).run([[0, 1, 7]]) == [words([0, 1, 1])])
    // 2^24 + 1 is between two single-precision numbers; the even one is below.
    #expect(try cast(.int32, .float32, count: 1).run([words([16_777_217])]) == [reals([16_777_216])])
  }

  @Test("CAST works on more elements than it converts at a time")
  func castLong() throws {
    let input = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
    #expect(try cast(.uint8, .int32, count: 1000).run([input]) == [words(input.map { Int32($0) })])
  }

  private func binary(
    _ code: BuiltinOperator, _ type: ElementType, lhs: [Int], rhs: [Int], output: [Int]
  ) -> TestModel {
    var test = TestModel()
    let left = test.input("left", lhs, type)
    let right = test.input("right", rhs, type)
    let result = test.output(output, type)
    test.add(code, [left, right], [result])
    return test
  }

  @Test("BITWISE_XOR, RIGHT_SHIFT and logical operators broadcast")
  func bitwise() throws {
    #expect(
      try binary(.bitwiseXor, .uint8, lhs: [2, 2], rhs: [2], output: [2, 2]).run([[1, 2, 3, 4], [255, 2]])
        == [[254, 0, 252, 6]])
    let shift = binary(.rightShift, .int8, lhs: [4], rhs: [4], output: [4])
    #expect(try shift.run([bits([-8, 8, -8, 8]), bits([1, 2, 99, -1])]) == [bits([-4, 2, -1, 8])])
    #expect(try binary(.logicalAnd, .bool, lhs: [2], rhs: [1], output: [2]).run([[0, 1], [1]]) == [[0, 1]])
    #expect(try binary(.logicalOr, .bool, lhs: [2], rhs: [2], output: [2]).run([[0, 1], [0, 0]]) == [[0, 1]])
    #expect(try TestModel.unary(.logicalNot, .bool, input: [2], output: [2]).run([[0, 1]]) == [[1, 0]])
  }

  @Test("FLOOR_DIV and FLOOR_MOD round down; a division by 0 is refused")
  func floorDivision() throws {
    let divide = binary(.floorDiv, .int32, lhs: [4], rhs: [4], output: [4])
    // The quotient 2^31 wraps.
    #expect(try divide.run([words([7, -7, -8, .min]), words([2, 2, -3, -1])]) == [words([3, -4, 2, .min])])
    #expect(throws: SessionError.self) { try divide.run([words([1, 1, 1, 1]), words([1, 0, 1, 1])]) }
    let modulo = binary(.floorMod, .int32, lhs: [4], rhs: [4], output: [4])
    #expect(try modulo.run([words([7, -7, 7, .min]), words([2, 2, -2, -1])]) == [words([1, 1, -1, 0])])
    let real = binary(.floorMod, .float32, lhs: [3], rhs: [3], output: [3])
    #expect(try real.run([reals([5.5, -5.5, 1e30]), reals([2, 2, 3])])[0].prefix(8) == reals([1.5, 0.5])[...])
    let quotient = binary(.floorDiv, .float32, lhs: [2], rhs: [2], output: [2])
    // In double precision 40 / 0.8 is just below 50, since the nearest single-precision number to 0.8 is above it.
    #expect(try quotient.run([reals([40, -0.5]), reals([0.8, 1])]) == [reals([49, -1])])
  }
}
