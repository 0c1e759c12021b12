import Testing

@testable import TinyTensor

@Suite("Custom operators of a program")
struct CustomOperatorTests {
  /// Adds the first byte of its options to every element, and counts elements in scratch memory.
  private static let adder = CustomOperator(name: "Adder") { node throws(ModelError) in
    guard let input = node.inputs[0], input.elementType == .int8, let amount = node.options.first else {
      throw ModelError(customOperator: "Adder takes int8 and an amount")
    }
    return CustomOperator.Plan(outputShapes: [input.shape], scratchByteCount: 8) { memory throws(SessionError) in
      let values = try memory.input(0, as: Int8.self)
      var results = try memory.output(0, as: Int8.self)
      var scratch = try memory.scratch()
      scratch.storeBytes(of: Int64(values.count), toByteOffset: 0, as: Int64.self)
      for index in values.indices {
        guard values[index] < 100 else { throw SessionError(customOperator: "an element is 100 or more") }
        results[index] = values[index] &+ Int8(bitPattern: amount)
      }
    }
  }

  private func model() -> TestModel {
    var test = TestModel()
    let input = test.input([3], .int8, scale: 1)
    let output = test.output([3], .int8, scale: 1)
    test.add(.custom, [input], [output])
    test.operators[0].customName = "Adder"
    test.operators[0].customOptions = [5]
    return test
  }

  @Test("a program's operator runs where the model names it")
  func runs() throws {
    let options = ModelOptions(customOperators: [Self.adder])
    #expect(try model().run([[1, 2, 3]], options: options) == [[6, 7, 8]])
    #expect(model().loadError()?.code == .unsupportedOperator)
  }

  @Test("its refusals reach the caller, with the operator's name")
  func refusals() throws {
    let options = ModelOptions(customOperators: [Self.adder])
    var test = model()
    test.operators[0].customOptions = nil
    let error = try #require(test.loadError(options: options))
    #expect(error.code == .invalidOperator)
    #expect(error.message == "operator 0 (Adder): Adder takes int8 and an amount")
    #expect(throws: SessionError.self) { try model().run([[1, 100, 3]], options: options) }
  }

  @Test("wrong shapes, types and places end in errors")
  func mistakes() throws {
    func options(
      _ shapes: [[Int]], _ run: @escaping @Sendable (borrowing CustomOperator.Memory) throws(SessionError) -> Void
    ) -> ModelOptions {
      ModelOptions(customOperators: [
        CustomOperator(name: "Adder") { _ throws(ModelError) in
          CustomOperator.Plan(outputShapes: shapes, run: run)
        }
      ])
    }
    #expect(model().loadError(options: options([]) { _ in })?.code == .invalidOperator)
    #expect(model().loadError(options: options([[-1]]) { _ in })?.code == .invalidOperator)
    #expect(model().loadError(options: options([[1 << 40]]) { _ in })?.code == .invalidOperator)
    #expect(throws: SessionError.self) {
      try model().run(
        [[1, 2, 3]],
        options: options([[3]]) { memory throws(SessionError) in
          _ = try memory.input(0, as: Float.self)
        })
    }
    #expect(throws: SessionError.self) {
      try model().run(
        [[1, 2, 3]],
        options: options([[3]]) { memory throws(SessionError) in
          _ = try memory.output(1, as: Int8.self)
        })
    }
    #expect(throws: SessionError.self) {
      try model().run(
        [[1, 2, 3]],
        options: options([[3]]) { memory throws(SessionError) in
          _ = try memory.scratch()
        })
    }
  }
}
