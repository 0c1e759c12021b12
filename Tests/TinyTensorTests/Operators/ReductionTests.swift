import Foundation
import Testing

@testable import TinyTensor

@Suite("Pools, softmax and mean")
struct ReductionTests {
  @Test("average pools round half away from zero and leave padding out")
  func averagePool() throws {
    let test = TestModel.unary(
      .averagePool2D, input: [1, 3, 3, 1], output: [1, 2, 2, 1], options: Options.pool(stride: 2))
    // Windows: 1 2 4 5 -> 3; 3 6 -> 4.5 -> 5; 7 8 -> 7.5 -> 8; 9.
    #expect(try test.run([[1, 2, 3, 4, 5, 6, 7, 8, 9]]) == [[3, 5, 8, 9]])
    // -1.5 -> -2; and two thirds -> 1 of four: -3 / 4 -> -1.
    let negative = TestModel.unary(
      .averagePool2D, input: [1, 1, 2, 1], output: [1, 1, 1, 1],
      options: Options.pool(padding: 1, width: 2, height: 1))
    #expect(signed(try negative.run([bits([-1, -2])])[0]) == [-2])
    #expect(signed(try negative.run([bits([0, 1])])[0]) == [1])
  }

  @Test("max pools take the largest element, per channel, and clamp to the activation")
  func maxPool() throws {
    let test = TestModel.unary(
      .maxPool2D, .uint8, input: [1, 2, 2, 2], output: [1, 1, 1, 2], inputScale: 1, outputScale: 1,
      options: Options.pool(padding: 1))
    #expect(try test.run([[1, 200, 9, 7, 3, 100, 4, 255]]) == [[9, 255]])
    let clamped = TestModel.unary(
      .maxPool2D, .uint8, input: [1, 2, 2, 2], output: [1, 1, 1, 2], inputScale: 1, outputScale: 1,
      options: Options.pool(padding: 1, activation: 3))
    #expect(try clamped.run([[1, 200, 9, 7, 3, 100, 4, 255]]) == [[6, 6]])
  }

  @Test("SOFTMAX is within one step of the real function", arguments: [ElementType.int8, .uint8])
  func softmax(type: ElementType) throws {
    let zeroPoint: Int64 = type == .int8 ? -128 : 0
    let test = TestModel.unary(
      .softmax, type, input: [2, 5], output: [2, 5], inputScale: 0.1, inputZeroPoint: 0, outputScale: 1 / 256,
      outputZeroPoint: zeroPoint, options: Options.softmax(beta: 0.5))
    let input: [UInt8] = [0, 10, 20, 30, 40, 7, 7, 7, 7, 7]
    let output = try test.run([input])[0]
    for row in 0..<2 {
      let exponentials = (0..<5).map { exp(0.5 * 0.1 * Double(input[5 * row + $0])) }
      let sum = exponentials.reduce(0, +)
      for index in 0..<5 {
        let stored = type == .int8 ? Int(Int8(bitPattern: output[5 * row + index])) + 128 : Int(output[5 * row + index])
        #expect(abs(Double(stored) - 256 * exponentials[index] / sum) <= 1)
      }
    }
    // Equal elements share exactly: 256 / 5 = 51.2.
    #expect(Set(output[5...]).count == 1)
  }

  @Test("SOFTMAX of a lone element and of far differences")
  func softmaxExtremes() throws {
    let lone = TestModel.unary(
      .softmax, input: [1, 1], output: [1, 1], outputScale: 1 / 256, outputZeroPoint: -128, options: Options.softmax())
    #expect(signed(try lone.run([bits([-77])])[0]) == [127])
    let far = TestModel.unary(
      .softmax, input: [1, 3], output: [1, 3], inputScale: 1, outputScale: 1 / 256, outputZeroPoint: -128,
      options: Options.softmax())
    #expect(signed(try far.run([bits([-128, 127, -128])])[0]) == [-128, 127, -128])
  }

  @Test("MEAN over axes, kept or removed, named from either end")
  func mean() throws {
    func test(_ axes: [Int32], keepsAxes: Bool, output: [Int]) -> TestModel {
      var test = TestModel()
      let input = test.input([2, 3], .int8, scale: 0.5, zeroPoint: 1)
      let list = test.constant("axes", [axes.count], .int32, axes)
      let result = test.output(output, .int8, scale: 0.5, zeroPoint: 3)
      test.add(.mean, [input, list], [result], options: Options.reduce(keepsAxes: keepsAxes))
      return test
    }
    let data: [UInt8] = [2, 3, 4, 6, 8, 10]
    // Differences 1 2 3 / 5 7 9: rows 2, 7; columns 3, 4.5 -> 5 (half away from zero), 6; all 4.5 -> 5. Plus 3.
    #expect(try test([1], keepsAxes: false, output: [2]).run([data]) == [[5, 10]])
    #expect(try test([-2], keepsAxes: true, output: [1, 3]).run([data]) == [[6, 8, 9]])
    #expect(try test([0, 1, 0], keepsAxes: false, output: []).run([data]) == [[8]])
    #expect(try test([], keepsAxes: false, output: [2, 3]).run([data]) == [[4, 5, 6, 8, 10, 12]])
    #expect(try Model(bytes: test([-2], keepsAxes: true, output: [9]).bytes).outputs[0].shape == [1, 3])
  }
}
