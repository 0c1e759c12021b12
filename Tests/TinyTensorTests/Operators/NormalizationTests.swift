import Foundation
import Testing

@testable import TinyTensor

@Suite("Reductions, normalizations and sums of all types")
struct NormalizationTests {
  @Test("MEAN and SUM of quantized elements, int16 too")
  func quantizedSums() throws {
    // Differences 1 2 3 / 5 7 9 times 0.5 over 0.25: sums 12, 42.
    for type in [ElementType.int8, .uint8] {
      let test = TestModel.reduction(
        .sum, type, [2, 3], axes: [1], output: [2], scales: (0.5, 0.25), zeroPoints: (1, 3))
      #expect(try test.run([[2, 3, 4, 6, 8, 10]]) == [[15, 45]])
    }
    let sum = TestModel.reduction(.sum, .int16, [2, 3], axes: [0], output: [3], scales: (0.5, 0.25))
    #expect(try sum.compute([[100, -200, 30_000, 50, -100, 1]] as [[Int16]]) == [300, -600, 32767] as [Int16])
    // 4.5 -> 5, -4.5 -> -4: the high product rounds ties up.
    let mean = TestModel.reduction(.mean, .int16, [2, 2], axes: [-1], output: [2, 1], keepsAxes: true, scales: (1, 1))
    #expect(try mean.compute([[4, 5, -4, -5]] as [[Int16]]) == [5, -4] as [Int16])
  }

  @Test("MEAN of integers truncates; SUM and REDUCE_PROD wrap")
  func integers() throws {
    let data: [[Int32]] = [[1, -7, 2, 4, 2, -2]]
    func reduce(_ code: BuiltinOperator) -> TestModel {
      .reduction(code, .int32, [3, 2], axes: [0], output: [2])
    }
    #expect(try reduce(.mean).compute(data) == [1, -1] as [Int32])
    #expect(try reduce(.sum).compute(data) == [5, -5] as [Int32])
    #expect(try reduce(.reduceProd).compute(data) == [4, 56] as [Int32])
    #expect(try reduce(.reduceMax).compute(data) == [2, 4] as [Int32])
    #expect(try reduce(.reduceMin).compute(data) == [1, -7] as [Int32])
    // The sum of int32 elements has 64 bits.
    #expect(try reduce(.mean).compute([[.max, .min, .max, .min, .max, .min]] as [[Int32]]) == [.max, .min] as [Int32])
    let wide = TestModel.reduction(.sum, .int64, [2], axes: [0], output: [])
    #expect(try wide.compute([[.max, 1]] as [[Int64]]) == [.min] as [Int64])
  }

  @Test("reductions of float32, of no elements too")
  func floats() throws {
    let data: [[Float]] = [[1, -7, 2, 4, 2, -2]]
    for (code, expected) in [
      (BuiltinOperator.mean, [Float(-2), 2]), (.sum, [-4, 4]), (.reduceProd, [-14, -16]), (.reduceMax, [2, 4]),
      (.reduceMin, [-7, -2]),
    ] {
      let test = TestModel.reduction(code, .float32, [2, 3], axes: [1], output: [2])
      let given: [Float] = try test.compute(data)
      let exact = code == .mean ? [Float(-4) / 3, Float(4) / 3] : expected
      #expect(given == exact, "\(code)")
    }
    let empty = TestModel.reduction(.sum, .float32, [2, 0], axes: [1], output: [2])
    #expect(try empty.compute([[Float]()]) == [0, 0] as [Float])
    let product = TestModel.reduction(.reduceProd, .float32, [0], axes: [0], output: [])
    #expect(try product.compute([[Float]()]) == [1] as [Float])
  }

  @Test("REDUCE_MAX and REDUCE_MIN of stored elements, REDUCE_ANY and REDUCE_ALL of truth values")
  func extremes() throws {
    let largest = TestModel.reduction(.reduceMax, .int8, [2, 2], axes: [0], output: [2], scales: (0.1, 0.1))
    #expect(try largest.compute([[-128, 5, 3, -7]] as [[Int8]]) == [3, 5] as [Int8])
    let smallest = TestModel.reduction(.reduceMin, .uint8, [2, 2], axes: [0, 1], output: [], scales: (0.1, 0.1))
    #expect(try smallest.compute([[9, 5, 3, 255]] as [[UInt8]]) == [3] as [UInt8])
    let any = TestModel.reduction(.reduceAny, .bool, [2, 2], axes: [1], output: [2])
    #expect(try any.run([[0, 0, 0, 7]]) == [[0, 1]])
    let all = TestModel.reduction(.reduceAll, .bool, [2, 2], axes: [1], output: [2])
    #expect(try all.run([[1, 1, 0, 1]]) == [[1, 0]])
  }

  @Test("REDUCE_PROD of quantized elements scales after each factor")
  func quantizedProduct() throws {
    // 0.5 over the square root of 0.25 is 1: (4 * 0.5) * (6 * 0.5) = 6 over 0.25 = 24.
    let test = TestModel.reduction(.reduceProd, .int8, [2, 2], axes: [1], output: [2], scales: (0.5, 0.25))
    #expect(try test.compute([[4, 6, -3, 5]] as [[Int8]]) == [24, -15] as [Int8])
  }

  @Test("SOFTMAX and LOG_SOFTMAX of float32 and int16")
  func softmax() throws {
    let options = Options.softmax(beta: 0.5)
    let float = TestModel.elementwise(.softmax, .float32, [[2, 3]], output: [2, 3], options: options)
    let values: [Float] = [1, 3, 2, 1000, 1000, -1000]
    let given: [Float] = try float.compute([values])
    let exponentials = [exp(-1.0), 1, exp(-0.5)]
    for index in 0..<3 {
      #expect((Double(given[index]) - exponentials[index] / exponentials.reduce(0, +)).magnitude < 1e-6)
    }
    #expect(given[3...] == [0.5, 0.5, 0])
    let logarithm = TestModel.elementwise(.logSoftmax, .float32, [[3]], output: [3])
    let logarithms: [Float] = try logarithm.compute([[1, 3, 2]] as [[Float]])
    for (index, value) in [1.0, 3, 2].enumerated() {
      let expected = value - 3 - log(exp(-2.0) + 1 + exp(-1.0))
      #expect((Double(logarithms[index]) - expected).magnitude < 1e-6)
    }
    let wide = TestModel.elementwise(
      .softmax, .int16, [[1, 3]], output: [1, 3], scales: [1 / 32768], options: Options.softmax())
    var scaled = wide
    scaled.tensors[0].scales = [0.001]
    let stored: [Int16] = try scaled.compute([[1000, 3000, 2000]] as [[Int16]])
    let sum = exp(-2.0) + 1 + exp(-1.0)
    for (index, difference) in [-2.0, 0, -1].enumerated() {
      #expect((Double(stored[index]) - 32768 * exp(difference) / sum).magnitude <= 8)
    }
  }

  @Test("LOG_SOFTMAX of bytes is within a step of the real function", arguments: [ElementType.int8, .uint8])
  func byteLogSoftmax(type: ElementType) throws {
    var test = TestModel.elementwise(.logSoftmax, type, [[2, 4]], output: [2, 4], scales: [1 / 16])
    test.tensors[0].scales = [0.1]
    test.tensors[1].zeroPoints = [type == .int8 ? 127 : 255]
    let input: [UInt8] = [0, 10, 20, 100, 7, 7, 7, 7]
    let output = try test.run([input])[0]
    for row in 0..<2 {
      let sum = (0..<4).reduce(0.0) { $0 + exp(0.1 * Double(input[4 * row + $1])) }
      for index in (4 * row)..<(4 * row + 4) {
        let stored = type == .int8 ? Double(Int8(bitPattern: output[index])) - 127 : Double(output[index]) - 255
        #expect((stored / 16 - (0.1 * Double(input[index]) - log(sum))).magnitude <= 0.0626)
      }
    }
  }

  @Test("L2_NORMALIZATION")
  func l2() throws {
    let float = TestModel.elementwise(.l2Normalization, .float32, [[2, 2]], output: [2, 2])
    #expect(try float.compute([[3, 4, 0, 0]] as [[Float]]) == [0.6, 0.8, 0, 0] as [Float])
    // 0.6 and 0.8 times 128: 76.8, 102.4.
    var byte = TestModel.elementwise(.l2Normalization, .int8, [[1, 2]], output: [1, 2], scales: [1 / 128])
    byte.tensors[0].zeroPoints = [10]
    #expect(try byte.compute([[13, 14]] as [[Int8]]) == [77, 102] as [Int8])
    var unsigned = TestModel.elementwise(.l2Normalization, .uint8, [[1, 2]], output: [1, 2], scales: [1 / 128])
    unsigned.tensors[0].zeroPoints = [10]
    unsigned.tensors[1].zeroPoints = [128]
    #expect(try unsigned.compute([[13, 6]] as [[UInt8]]) == [205, 26] as [UInt8])
  }

  @Test("LOCAL_RESPONSE_NORMALIZATION sees the channels before and behind, but not the last")
  func localResponse() throws {
    let options = (
      type: UInt8(13), table: FlatTable([0: .int32(1), 1: .float(1), 2: .float(1), 3: .float(1)])
    )
    let test = TestModel.elementwise(
      .localResponseNormalization, .float32, [[1, 1, 1, 3]], output: [1, 1, 1, 3], options: options)
    // 1 / (1 + 1), 2 / (1 + 1 + 4), 3 / (1 + 4 + 9).
    let given: [Float] = try test.compute([[1, 2, 3]] as [[Float]])
    for (value, expected) in zip(given, [0.5, 2.0 / 6, 3.0 / 14]) {
      #expect((Double(value) - expected).magnitude < 1e-6)
    }
  }

  @Test("CUMSUM along each axis, exclusive and reversed")
  func cumulativeSum() throws {
    func test(_ axis: Int32, _ isExclusive: Bool, _ isReversed: Bool) throws -> [Int32] {
      var test = TestModel()
      let input = test.input([2, 3], .int32)
      let list = test.constant("axis", [], .int32, [axis])
      let output = test.output([2, 3], .int32)
      test.add(
        .cumsum, [input, list], [output], options: (102, FlatTable([0: .bool(isExclusive), 1: .bool(isReversed)])))
      return try test.compute([[1, 2, 3, 4, 5, 6]] as [[Int32]])
    }
    #expect(try test(1, false, false) == [1, 3, 6, 4, 9, 15])
    #expect(try test(-2, false, false) == [1, 2, 3, 5, 7, 9])
    #expect(try test(1, true, false) == [0, 1, 3, 0, 4, 9])
    #expect(try test(1, true, true) == [5, 3, 0, 11, 6, 0])
  }
}
