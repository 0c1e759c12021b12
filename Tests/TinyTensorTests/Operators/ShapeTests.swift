import Testing

@testable import TinyTensor

@Suite("Operators on shapes")
struct ShapeTests {
  private func words(_ elements: [Int32]) -> [UInt8] {
    elements.flatMap { element in (0..<4).map { UInt8(truncatingIfNeeded: element >> Int32(8 * $0)) } }
  }

  @Test("SHAPE, STRIDED_SLICE and PACK before a RESHAPE are constants: nothing is left to run")
  func chain() throws {
    var test = TestModel()
    let input = test.input([2, 3, 4], .int8, scale: 1)
    let shape = test.tensor("shape", [3], .int32)
    let begin = test.constant("begin", [1], .int32, [Int32(0)])
    let end = test.constant("end", [1], .int32, [Int32(1)])
    let stride = test.constant("stride", [1], .int32, [Int32(1)])
    let rows = test.tensor("rows", [], .int32)
    let rest = test.constant("rest", [], .int32, [Int32(-1)])
    let packed = test.tensor("packed", [2], .int32)
    let output = test.output([2, 12], .int8, scale: 1)
    test.add(.shape, [input], [shape], options: (55, FlatTable([0: .int8(2)])))
    test.add(
      .stridedSlice, [shape, begin, end, stride], [rows], options: (32, FlatTable([4: .int32(1)])))
    test.add(.pack, [rows, rest], [packed], options: (59, FlatTable([0: .int32(2), 1: .int32(0)])))
    test.add(.reshape, [input, packed], [output], options: Options.reshape([]))
    let model = try Model(bytes: test.bytes)
    #expect(model.plan.steps.isEmpty)
    #expect(model.outputs[0].shape == [2, 12])
    let bytes = (0..<24).map { UInt8($0) }
    #expect(try test.run([bytes]) == [bytes])
  }

  /// One operator on constants, beside an input that has nothing to do with it.
  private func folded(
    _ code: BuiltinOperator, _ type: ElementType, _ output: [Int], options: (type: UInt8, table: FlatTable)? = nil,
    _ constants: (inout TestModel) -> [Int32]
  ) -> TestModel {
    var test = TestModel()
    _ = test.input([1], .int8, scale: 1)
    let inputs = constants(&test)
    let result = test.output(output, type)
    test.add(code, inputs, [result], options: options)
    return test
  }

  @Test("RANK, ZEROS_LIKE and SHAPE read no elements")
  func unread() throws {
    func test(_ code: BuiltinOperator, _ type: ElementType, output: [Int]) throws -> [[UInt8]] {
      var test = TestModel()
      let input = test.input([1, 2], .int32)
      let result = test.output(output, type)
      test.add(code, [input], [result])
      #expect(try Model(bytes: test.bytes).plan.steps.isEmpty)
      return try test.run([words([8, 9])])
    }
    #expect(try test(.rank, .int32, output: []) == [words([2])])
    #expect(try test(.zerosLike, .int32, output: [1, 2]) == [words([0, 0])])
    #expect(try test(.shape, .int64, output: [2]) == [words([1, 0, 2, 0])])
  }

  @Test("RANGE counts up and down")
  func range() throws {
    func range(_ start: Int32, _ limit: Int32, _ step: Int32) throws -> [[UInt8]] {
      try folded(.range, .int32, [1]) {
        [
          $0.constant("start", [], .int32, [start]), $0.constant("limit", [], .int32, [limit]),
          $0.constant("step", [], .int32, [step]),
        ]
      }.run([[0]])
    }
    #expect(try range(1, 6, 2) == [words([1, 3, 5])])
    #expect(try range(3, -1, -2) == [words([3, 1])])
    #expect(try range(3, 3, 1) == [[]])
  }

  @Test("FILL repeats a value; BROADCAST_ARGS joins shapes; WHERE lists places")
  func constants() throws {
    let fill = folded(.fill, .int16, [2, 2]) {
      [$0.constant("shape", [2], .int32, [Int32(2), 2]), $0.constant("value", [], .int16, [Int16(258)])]
    }
    #expect(try fill.run([[0]]) == [[2, 1, 2, 1, 2, 1, 2, 1]])
    let shapes = folded(.broadcastArgs, .int32, [2]) {
      [$0.constant("left", [1], .int32, [Int32(3)]), $0.constant("right", [2], .int32, [Int32(2), 1])]
    }
    #expect(try shapes.run([[0]]) == [words([2, 3])])
    let places = folded(.where, .int64, [2, 2]) {
      [$0.constant("condition", [2, 2], .bool, [UInt8(0), 1, 1, 0])]
    }
    #expect(try places.run([[0]]) == [words([0, 0, 1, 0, 1, 0, 0, 0])])
    #expect(try Model(bytes: places.bytes).outputs[0].shape == [2, 2])
  }
}
