import Testing

@testable import TinyTensor

@Suite("Operators that move data")
struct MovementTests {
  @Test("PAD surrounds the data with what stands for 0")
  func pad() throws {
    var test = TestModel()
    let input = test.input([2, 2], .int8, scale: 1, zeroPoint: 9)
    let paddings = test.constant("paddings", [2, 2], .int32, [Int32(1), 0, 0, 2])
    let output = test.output([3, 4], .int8, scale: 1, zeroPoint: 9)
    test.add(.pad, [input, paddings], [output])
    #expect(try test.run([[1, 2, 3, 4]]) == [[9, 9, 9, 9, 1, 2, 9, 9, 3, 4, 9, 9]])
  }

  @Test("PAD works on elements of any whole width")
  func padWide() throws {
    var test = TestModel()
    let input = test.input([2], .int32)
    let paddings = test.constant("paddings", [1, 2], .int64, [Int64(1), 1])
    let output = test.output([4], .int32)
    test.add(.pad, [input, paddings], [output])
    #expect(
      try test.run([[1, 2, 3, 4, 5, 6, 7, 8]]) == [[0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0]])
  }

  private func concatenation(
    _ shapes: [[Int]], axis: Int32, output: [Int], type: ElementType = .int8, quantizations: [(Float, Int64)]? = nil
  ) -> TestModel {
    var test = TestModel()
    var inputs: [Int32] = []
    for (index, shape) in shapes.enumerated() {
      let quantization = quantizations?[index] ?? (1, 0)
      inputs.append(test.input("\(index)", shape, type, scale: quantization.0, zeroPoint: quantization.1))
    }
    let result = test.output(output, type, scale: 1, zeroPoint: 0)
    test.add(.concatenation, inputs, [result], options: Options.concatenation(axis: axis))
    return test
  }

  @Test("CONCATENATION along each axis, counted from either end")
  func concatenate() throws {
    let rows = concatenation([[1, 2], [2, 2]], axis: 0, output: [3, 2])
    #expect(try rows.run([[1, 2], [3, 4, 5, 6]]) == [[1, 2, 3, 4, 5, 6]])
    let columns = concatenation([[2, 1], [2, 2]], axis: -1, output: [2, 3])
    #expect(try columns.run([[1, 2], [3, 4, 5, 6]]) == [[1, 3, 4, 2, 5, 6]])
  }

  @Test("uint8 inputs of other scales are translated")
  func concatenateMixed() throws {
    let test = concatenation(
      [[2], [2]], axis: 0, output: [4], type: .uint8, quantizations: [(1, 0), (0.5, 10)])
    // (30 - 10) / 2 = 10; (15 - 10) / 2 = 2.5 -> 3.
    #expect(try test.run([[7, 8], [30, 15]]) == [[7, 8, 10, 3]])
  }

  @Test("RESHAPE and SQUEEZE are views: no step, no memory of their own")
  func views() throws {
    var test = TestModel()
    let input = test.input([1, 2, 3], .int8, scale: 1)
    let squeezed = test.tensor("squeezed", [2, 3], .int8, scale: 1)
    let shape = test.constant("shape", [2], .int32, [Int32(3), -1])
    let reshaped = test.tensor("reshaped", [3, 2], .int8, scale: 1)
    let output = test.output([3, 2], .int8, scale: 1)
    test.add(.squeeze, [input], [squeezed], options: Options.squeeze([0]))
    test.add(.reshape, [squeezed, shape], [reshaped], options: Options.reshape([99]))
    test.add(.relu, [reshaped], [output])
    let model = try Model(bytes: test.bytes)
    #expect(model.operators.map(\.isView) == [true, true, false])
    #expect(model.plan.steps.count == 1)
    #expect(model.arenaEntries.count == 2)
    #expect(model.tensors[Int(reshaped)].shape == [3, 2])
    #expect(try test.run([bits([1, -2, 3, -4, 5, -6])]) == [[1, 0, 3, 0, 5, 0]])
  }

  @Test("SQUEEZE takes negative axes, and all of size 1 without a list")
  func squeeze() throws {
    func shape(_ axes: [Int32]) throws -> [Int] {
      let test = TestModel.unary(.squeeze, input: [1, 2, 1, 3], output: [6], options: Options.squeeze(axes))
      return try Model(bytes: test.bytes).outputs[0].shape
    }
    #expect(try shape([]) == [2, 3])
    #expect(try shape([0]) == [2, 1, 3])
    #expect(try shape([-2]) == [1, 2, 3])
  }

  @Test("outputs that view an input or a constant can be read")
  func passThrough() throws {
    var test = TestModel()
    let input = test.input([4], .int8, scale: 1)
    let constant = test.constant("constant", [2, 2], .int8, [Int8(5), 6, 7, 8], scales: [1])
    let first = test.output([2, 2], .int8, scale: 1)
    let second = test.output("second", [4], .int8, scale: 1)
    test.add(.reshape, [input], [first], options: Options.reshape([2, 2]))
    test.add(.reshape, [constant], [second], options: Options.reshape([4]))
    test.outputs.append(input)
    #expect(try test.run([[1, 2, 3, 4]]) == [[1, 2, 3, 4], [5, 6, 7, 8], [1, 2, 3, 4]])
  }

  @Test("a RESHAPE of a variable is a copy")
  func variable() throws {
    var test = TestModel()
    let state = test.tensor("state", [4], .int8, scale: 1, zeroPoint: 3)
    test.tensors[Int(state)].isVariable = true
    let output = test.output([2, 2], .int8, scale: 1)
    test.add(.reshape, [state], [output], options: Options.reshape([2, 2]))
    let model = try Model(bytes: test.bytes)
    #expect(!model.operators[0].isView)
    // A variable begins as the real value 0.
    #expect(try test.run([]) == [[3, 3, 3, 3]])
  }
}
