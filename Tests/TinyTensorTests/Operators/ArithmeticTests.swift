import Testing

@testable import TinyTensor

@Suite("Arithmetic and comparisons of all types")
struct ArithmeticTests {
  private let sumOptions: [BuiltinOperator: UInt8] = [.add: 11, .sub: 28, .mul: 21, .div: 29]

  private func pair(
    _ code: BuiltinOperator, _ type: ElementType, _ count: Int, outputType: ElementType? = nil,
    scales: [Float]? = nil, zeroPoints: [Int64]? = nil, activation: Int8 = 0, shifts: Bool? = nil
  ) -> TestModel {
    var options: (type: UInt8, table: FlatTable)?
    if let table = sumOptions[code] {
      var fields = FlatTable([0: .int8(activation)])
      if let shifts { fields[1] = .bool(shifts) }
      options = (table, fields)
    }
    return .elementwise(
      code, type, [[count], [count]], output: [count], outputType: outputType, scales: scales, zeroPoints: zeroPoints,
      options: options)
  }

  @Test("ADD and SUB of int16 by fixed point")
  func wideSums() throws {
    // 1000 * 0.3 +- 500 * 0.1 = 350, 250; over 0.2 is 1750, 1250. -32768 * 0.3 - 500 * 0.1 saturates? -9880 / 0.2 =
    // -49401.
    let add = pair(.add, .int16, 2, scales: [0.3, 0.1, 0.2])
    #expect(try add.compute([[1000, -32768], [500, -500]] as [[Int16]]) == [1750, -32768] as [Int16])
    let subtract = pair(.sub, .int16, 2, scales: [0.3, 0.1, 0.2])
    #expect(try subtract.compute([[1000, -32768], [500, -500]] as [[Int16]]) == [1250, -32768] as [Int16])
  }

  @Test("ADD and SUB of int16 whose scales are powers of two are shifted, half away from zero, and saturate")
  func shiftedSums() throws {
    // The right operand is a quarter as coarse: 6 / 4 = 1.5 -> 2, -6 / 4 -> -2.
    let scales: [Float] = [0.5, 0.125, 0.5]
    let data: [[Int16]] = [[10, 10, 32767, -32768], [6, -6, 400, 400]]
    #expect(try pair(.add, .int16, 4, scales: scales).compute(data) == [12, 8, 32767, -32668] as [Int16])
    #expect(try pair(.sub, .int16, 4, scales: scales).compute(data) == [8, 12, 32667, -32768] as [Int16])
    // With the option off the general path takes them: 10 + 1.5 = 11.5 -> 12.
    #expect(
      try pair(.add, .int16, 4, scales: scales, shifts: false).compute(data) == [12, 9, 32767, -32668] as [Int16])
    // RELU6 over 0.5 is 12.
    #expect(
      try pair(.sub, .int16, 4, scales: scales, activation: 3).compute(data) == [8, 12, 12, 0] as [Int16])
  }

  @Test("SUB saturates where the output's scale is far smaller than its inputs'")
  func fineDifference() throws {
    let test = pair(.sub, .int8, 3, scales: [0.5, 0.5, 1e-7])
    #expect(try test.compute([[100, -100, 5], [-100, 100, 5]] as [[Int8]]) == [127, -128, 0] as [Int8])
  }

  @Test("MUL of int16, SQUARED_DIFFERENCE of int8")
  func products() throws {
    // 1000 * 0.01 * -2000 * 0.02 = -400 over 0.05 = -8000.
    let multiply = pair(.mul, .int16, 1, scales: [0.01, 0.02, 0.05])
    #expect(try multiply.compute([[1000], [-2000]] as [[Int16]]) == [-8000] as [Int16])
    // (10 * 0.5 - 4 * 0.25)^2 = 16 over 0.25 = 64, less 100; (-3 * 0.5 + 1)^2 = 0.25 -> 1.
    let square = pair(.squaredDifference, .int8, 2, scales: [0.5, 0.25, 0.25], zeroPoints: [0, 0, -100])
    #expect(try square.compute([[10, -3], [4, -4]] as [[Int8]]) == [-36, -99] as [Int8])
  }

  @Test("float32: activations clamp, infinities become the largest numbers, not a number stays")
  func floats() throws {
    let data: [[Float]] = [[1.5, -2, .infinity, .nan], [2, -3, 1, 1]]
    let sums: [Float] = try pair(.add, .float32, 4).compute(data)
    #expect(sums[0...1] == [3.5, -5] && sums[2] == .greatestFiniteMagnitude && sums[3].isNaN)
    let clamped: [Float] = try pair(.mul, .float32, 4, activation: 3).compute(data)
    #expect(clamped[0...2] == [3, 6, 6] && clamped[3].isNaN)
    let differences: [Float] = try pair(.sub, .float32, 4, activation: 2).compute(data)
    #expect(differences[0...2] == [-0.5, 1, 1])
    #expect(
      try pair(.div, .float32, 2).compute([[1, -1], [0, 4]] as [[Float]]) == [.greatestFiniteMagnitude, -0.25]
        as [Float])
    #expect(try pair(.squaredDifference, .float32, 1).compute([[1], [-2]] as [[Float]]) == [9] as [Float])
    #expect(
      try pair(.pow, .float32, 3).compute([[2, 4, -8], [10, 0.5, 3]] as [[Float]]) == [1024, 2, -512] as [Float])
    #expect(
      try pair(.atan2, .float32, 2).compute([[0, 1], [-1, 0]] as [[Float]]) == [3.1415927, 1.5707964] as [Float])
    // Where one is not a number the second operand is taken.
    #expect(
      try pair(.maximum, .float32, 3).compute([[1, .nan, 3], [2, 5, -3]] as [[Float]]) == [2, 5, 3] as [Float])
    #expect(
      try pair(.minimum, .float32, 3).compute([[1, .nan, 3], [2, 5, -3]] as [[Float]]) == [1, 5, -3] as [Float])
  }

  @Test("int32 and int64 wrap; activations clamp")
  func integers() throws {
    let data: [[Int32]] = [[.max, .min, 7], [1, -1, -2]]
    #expect(try pair(.add, .int32, 3).compute(data) == [.min, .max, 5] as [Int32])
    #expect(try pair(.sub, .int32, 3, activation: 3).compute(data) == [6, 0, 6] as [Int32])
    #expect(try pair(.mul, .int32, 3).compute(data) == [.max, .min, -14] as [Int32])
    #expect(try pair(.squaredDifference, .int32, 3).compute(data) == [4, 1, 81] as [Int32])
    #expect(try pair(.maximum, .int64, 1).compute([[Int64.min], [5]]) == [5] as [Int64])
    #expect(try pair(.mul, .int64, 1).compute([[Int64.max], [2]]) == [-2] as [Int64])
  }

  @Test("DIV of int32 truncates and wraps, and refuses 0; POW refuses negative exponents")
  func integerDivision() throws {
    let divide = pair(.div, .int32, 4)
    #expect(try divide.compute([[7, -7, .min, 7], [2, 2, -1, -2]] as [[Int32]]) == [3, -3, .min, -3] as [Int32])
    #expect(try divide.runError([[1, 1, 1, 1], [1, 1, 0, 1]] as [[Int32]])?.code == .invalidData)
    let power = pair(.pow, .int32, 4)
    #expect(try power.compute([[3, -2, 0, 2], [4, 3, 0, 40]] as [[Int32]]) == [81, -8, 1, 0] as [Int32])
    #expect(try power.runError([[1, 1, 1, 1], [1, 1, -1, 1]] as [[Int32]])?.code == .invalidData)
  }

  @Test("DIV of uint8 by the fixed-point reciprocal")
  func quotient() throws {
    // (100 - 10) * 0.5 / ((40 - 20) * 0.5) = 4.5 over 0.25 = 18; plus 3. -10 / -10 = 1 over 0.25 = 4. 0 / x is 1 in the
    // reference, whose shift by more than 31 adds 1.
    let test = pair(.div, .uint8, 3, scales: [0.5, 0.5, 0.25], zeroPoints: [10, 20, 3])
    #expect(try test.compute([[100, 10, 0], [40, 90, 10]] as [[UInt8]]) == [21, 4, 7] as [UInt8])
    #expect(try test.runError([[100, 10, 0], [40, 20, 10]] as [[UInt8]])?.code == .invalidData)
  }

  @Test("PRELU multiplies by the slope below 0")
  func prelu() throws {
    let float = TestModel.elementwise(.prelu, .float32, [[2, 2], [2]], output: [2, 2])
    #expect(try float.compute([[-1, -1, 2, 0], [0.5, 3]] as [[Float]]) == [-0.5, -3, 2, 0] as [Float])
    // -4 * 0.5 = -2 times 10 * 0.1 = 1 is -2; over 0.25 = -8. 4 * 0.5 over 0.25 = 8.
    let byte = pair(.prelu, .int8, 2, scales: [0.5, 0.1, 0.25])
    #expect(try byte.compute([[-4, 4], [10, 10]] as [[Int8]]) == [-8, 8] as [Int8])
  }

  @Test("MAXIMUM and MINIMUM of stored elements")
  func extremes() throws {
    let scales: [Float] = [0.1, 0.1, 0.1]
    #expect(
      try pair(.maximum, .uint8, 2, scales: scales).compute([[1, 200], [255, 3]] as [[UInt8]]) == [255, 200] as [UInt8])
    #expect(
      try pair(.minimum, .int8, 2, scales: scales).compute([[1, -5], [-128, 3]] as [[Int8]]) == [-128, -5] as [Int8])
    #expect(try pair(.minimum, .int16, 1).compute([[300], [-300]] as [[Int16]]) == [-300] as [Int16])
  }

  @Test("comparisons of numbers")
  func comparisons() throws {
    let data: [[Float]] = [[1, 2, 3, .nan], [2, 2, 2, .nan]]
    let expected: [BuiltinOperator: [UInt8]] = [
      .equal: [0, 1, 0, 0], .notEqual: [1, 0, 1, 1], .less: [1, 0, 0, 0], .lessEqual: [1, 1, 0, 0],
      .greater: [0, 0, 1, 0], .greaterEqual: [0, 1, 1, 0],
    ]
    for (code, expected) in expected {
      #expect(try pair(code, .float32, 4, outputType: .bool).compute(data) == expected, "\(code)")
      #expect(
        try pair(code, .int64, 3, outputType: .bool).compute([[-1, 0, 1], [0, 0, 0]] as [[Int64]])
          == Array(expected[..<3]), "\(code)")
    }
    #expect(
      try pair(.equal, .bool, 2, outputType: .bool).compute([[0, 1], [1, 1]] as [[UInt8]]) == [0, 1] as [UInt8])
  }

  @Test("comparisons of quantized elements bring both to one scale")
  func quantizedComparisons() throws {
    // 4 * 0.5 = 2 and (10 - 2) * 0.25 = 2; 4 * 0.5 and (9 - 2) * 0.25 = 1.75.
    let equal = pair(.equal, .int8, 2, outputType: .bool, scales: [0.5, 0.25], zeroPoints: [0, 2])
    #expect(try equal.compute([[4, 4], [10, 9]] as [[Int8]]) == [1, 0] as [UInt8])
    let greater = pair(.greater, .uint8, 2, outputType: .bool, scales: [0.5, 0.25], zeroPoints: [0, 2])
    #expect(try greater.compute([[4, 4], [10, 9]] as [[UInt8]]) == [0, 1] as [UInt8])
    // The reference orders int16 as stored: 4 is less than 10 whatever the scales.
    let wide = pair(.less, .int16, 2, outputType: .bool, scales: [0.5, 0.01])
    #expect(try wide.compute([[4, 4], [10, 3]] as [[Int16]]) == [1, 0] as [UInt8])
  }

  @Test("ADD_N sums all its inputs")
  func sumOfTensors() throws {
    let test = TestModel.elementwise(.addN, .int32, [[2], [2], [2]], output: [2])
    #expect(try test.compute([[1, .max], [10, 1], [100, 0]] as [[Int32]]) == [111, .min] as [Int32])
    let lone = TestModel.elementwise(.addN, .float32, [[2]], output: [2])
    #expect(try lone.compute([[1.5, -2]] as [[Float]]) == [1.5, -2] as [Float])
  }
}
