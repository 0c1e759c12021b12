import Testing

@testable import TinyTensor

/// Sizes around those of vectors: 1, one less and one more than 8, 16 and 64, and primes.
@Suite("Kernels of elements equal the reference")
struct ElementKernelTests {
  private static let counts = [1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 257, 1031, 20011]

  @Test(
    "pairs of bytes", arguments: [BuiltinOperator.add, .sub, .mul, .squaredDifference], [ElementType.int8, .uint8])
  func pairs(code: BuiltinOperator, type: ElementType) throws {
    if code == .squaredDifference, type == .uint8 { return }
    var numbers = TestNumbers(seed: 11)
    var shapes: [(lhs: [Int], rhs: [Int], output: [Int])] = Self.counts.map { ([$0], [$0], [$0]) }
    shapes += [
      ([5, 3], [3], [5, 3]), ([3], [400, 3], [400, 3]), ([67, 17], [67, 1], [67, 17]), ([1, 17], [9, 1], [9, 17]),
      ([33], [1], [33]), ([1], [1], [1]), ([4, 1, 5], [1, 3, 5], [4, 3, 5]), ([2, 3, 1, 7], [3, 4, 1], [2, 3, 4, 7]),
      ([2, 600], [600], [2, 600]), ([3, 2, 16], [2, 1], [3, 2, 16]), ([20011], [20011], [20011]),
      ([20011], [1], [20011]), ([7001, 3], [3], [7001, 3]), ([1, 17], [1201, 1], [1201, 17]),
    ]
    for shape in shapes {
      for round in 0..<6 {
        // Round 0 has equal scales; the others have either operand's scale larger.
        let scales = [numbers.float(0.01...1), numbers.float(0.01...1), numbers.float(0.5...3)]
        let model = TestModel.elementwise(
          code, type, [shape.lhs, shape.rhs], output: shape.output,
          scales: round == 0 ? [0.5, 0.5, 0.5] : scales,
          zeroPoints: (0..<3).map { _ in numbers.zeroPoint(type) },
          options: code == .add ? Options.add(activation: Int8(numbers.next() % 4)) : nil)
        try model.expectAgreement(
          [numbers.bytes(shape.lhs.reduce(1, *)), numbers.bytes(shape.rhs.reduce(1, *))], "\(shape) \(scales)")
      }
    }
  }

  @Test("larger and smaller bytes", arguments: [BuiltinOperator.maximum, .minimum], [ElementType.int8, .uint8])
  func extremes(code: BuiltinOperator, type: ElementType) throws {
    var numbers = TestNumbers(seed: 12)
    var shapes: [(lhs: [Int], rhs: [Int], output: [Int])] = Self.counts.map { ([$0], [$0], [$0]) }
    shapes += [
      ([400, 3], [3], [400, 3]), ([67, 17], [67, 1], [67, 17]), ([33], [1], [33]), ([1], [130], [130]),
      ([4, 1, 5], [1, 3, 5], [4, 3, 5]), ([2, 600], [600], [2, 600]), ([3, 2, 16], [2, 1], [3, 2, 16]),
      ([256, 1], [1, 256], [256, 256]),
    ]
    for shape in shapes {
      let (left, right) = (shape.lhs.reduce(1, *), shape.rhs.reduce(1, *))
      let model = TestModel.elementwise(
        code, type, [shape.lhs, shape.rhs], output: shape.output, scales: [0.5, 0.5, 0.5], zeroPoints: [3, 3, 3])
      let isAll = left == 256 && right == 256
      let all = (0..<256).map { UInt8(truncatingIfNeeded: $0) }
      try model.expectAgreement(isAll ? [all, all] : [numbers.bytes(left), numbers.bytes(right)], "\(shape)")
      for set in KernelSet.vectorSets {
        let loaded = try Model(bytes: model.bytes, device: .cpu(CPUOptions(kernels: set)))
        #expect(loaded.operators[0].kernel.hasSuffix(set.rawValue), "\(set) has no kernel: \(shape)")
      }
    }
  }

  @Test("a constant of the file as an operand", arguments: [1, 3, 64])
  func constants(count: Int) throws {
    var numbers = TestNumbers(seed: 5)
    var model = TestModel()
    let source = model.input([50, count], .int8, scale: 0.5, zeroPoint: -3)
    let constant = model.constant(
      "constant", [count], .int8, signed(numbers.bytes(count)), scales: [0.25], zeroPoints: [7])
    let target = model.output([50, count], .int8, scale: 0.7)
    model.add(.sub, [source, constant], [target])
    try model.expectAgreement([numbers.bytes(50 * count)], "\(count)")
  }

  @Test("tables of bytes", arguments: counts, [ElementType.int8, .uint8])
  func tables(count: Int, type: ElementType) throws {
    var numbers = TestNumbers(seed: 2)
    let logistic = TestModel.unary(
      .logistic, type, input: [count], output: [count], inputScale: 0.1, outputScale: 1 / 256,
      outputZeroPoint: type == .int8 ? -128 : 0)
    try logistic.expectAgreement([numbers.bytes(count)], "LOGISTIC")
    let relu = TestModel.unary(.relu6, type, input: [count], output: [count], outputScale: 0.3, outputZeroPoint: 5)
    try relu.expectAgreement([numbers.bytes(count)], "RELU6")
  }

  @Test("concatenation with another scale", arguments: [1, 3, 17, 64])
  func concatenation(width: Int) throws {
    var numbers = TestNumbers(seed: 9)
    var model = TestModel()
    let first = model.input("first", [5, width], .uint8, scale: 0.5, zeroPoint: 10)
    let second = model.input("second", [5, 3], .uint8, scale: 0.3, zeroPoint: 100)
    let target = model.output([5, width + 3], .uint8, scale: 0.4, zeroPoint: 50)
    model.add(.concatenation, [first, second], [target], options: Options.concatenation(axis: 1))
    try model.expectAgreement([numbers.bytes(5 * width), numbers.bytes(15)], "\(width)")
  }

  @Test("softmax", arguments: [1, 2, 10, 255, 256, 257, 1001, 5000], [ElementType.int8, .uint8])
  func softmax(depth: Int, type: ElementType) throws {
    var numbers = TestNumbers(seed: UInt64(depth))
    for scale in [Float(0.003), 0.1, 1, 15] {
      var model = TestModel()
      let source = model.input([3, depth], type, scale: scale)
      let target = model.output([3, depth], type, scale: 1 / 256, zeroPoint: type == .int8 ? -128 : 0)
      model.add(.softmax, [source], [target], options: Options.softmax(beta: 1))
      try model.expectAgreement([numbers.bytes(3 * depth)], "scale \(scale)")
      try model.expectAgreement([[UInt8](repeating: 0x80, count: 3 * depth)], "equal elements, scale \(scale)")
    }
  }

  @Test("real numbers to bytes and back", arguments: [ElementType.int8, .uint8])
  func realNumbers(type: ElementType) throws {
    var numbers = TestNumbers(seed: 4)
    var values: [Float] = [
      0, -0.0, 0.5, -0.5, 1.5, -1.5, 0.49999997, -0.49999997, 126.5, 127.5, -128.5, -129, 1e10, -1e10, .infinity,
      -.infinity, .nan, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
    ]
    for _ in 0..<1000 { values.append(numbers.float(-400...400)) }
    for _ in 0..<200 { values.append(Float(Int(numbers.next() % 600)) * 0.5 - 150) }
    for scale in [Float(1), 0.5, 0.1, 3] {
      for zeroPoint in [Int64(0), 100, type == .int8 ? -128 : 255] {
        var quantize = TestModel()
        let source = quantize.input([values.count], .float32)
        let target = quantize.output([values.count], type, scale: scale, zeroPoint: zeroPoint)
        quantize.add(.quantize, [source], [target])
        try quantize.expectAgreement([bytes(values)], "scale \(scale), zero point \(zeroPoint)")
        var dequantize = TestModel()
        let stored = dequantize.input([259], type, scale: scale, zeroPoint: zeroPoint)
        let real = dequantize.output([259], .float32)
        dequantize.add(.dequantize, [stored], [real])
        try dequantize.expectAgreement([(0..<259).map { UInt8(truncatingIfNeeded: $0) }], "scale \(scale)")
      }
    }
    var cast = TestModel()
    let stored = cast.input([259], type)
    let real = cast.output([259], .float32)
    cast.add(.cast, [stored], [real])
    try cast.expectAgreement([(0..<259).map { UInt8(truncatingIfNeeded: $0) }], "CAST")
  }

  @Test("fully connected layers", arguments: [1, 2, 5, 6, 7, 13], [1, 3, 4, 63, 64, 65])
  func fullyConnected(rows: Int, depth: Int) throws {
    var numbers = TestNumbers(seed: UInt64(rows * depth))
    for units in [1, 15, 16, 17, 63, 64, 65, 67] {
      for type in [ElementType.int8, .uint8] {
        // Sums over 128 hit halves exactly.
        let isExact = units % 2 == 1
        var model = TestModel()
        let source = model.input([rows, depth], type, scale: 0.5, zeroPoint: numbers.zeroPoint(type))
        let weights = model.constant(
          "weights", [units, depth], type, numbers.bytes(units * depth), scales: [isExact ? 1 : 0.02],
          zeroPoints: [type == .int8 ? 0 : numbers.zeroPoint(type)])
        let bias = model.constant(
          "bias", [units], .int32, (0..<units).map { _ in Int32(truncatingIfNeeded: numbers.next()) % 5000 })
        let target = model.output(
          [rows, units], type, scale: isExact ? 64 : numbers.float(0.3...4), zeroPoint: numbers.zeroPoint(type))
        model.add(
          .fullyConnected, [source, weights, bias], [target],
          options: Options.fullyConnected(activation: Int8(numbers.next() % 4)))
        let input = numbers.bytes(rows * depth)
        try model.expectAgreement([input], "\(units) units of \(type)")
        var options = ModelOptions()
        options.fullyConnectedArithmetic = .micro
        try model.expectAgreement([input], options: options, "\(units) units of \(type), in fixed point")
      }
    }
  }

  @Test("fully connected layers of real numbers with 8-bit weights", arguments: [1, 3], [1, 5, 64, 67])
  func hybrid(rows: Int, depth: Int) throws {
    var numbers = TestNumbers(seed: UInt64(rows * depth))
    for units in [1, 16, 17, 65] {
      for isAsymmetric in [false, true] {
        var model = TestModel()
        let source = model.input([rows, depth], .float32)
        let weights = model.constant(
          "weights", [units, depth], .int8, signed(numbers.bytes(units * depth)), scales: [0.02])
        let target = model.output([rows, units], .float32)
        model.add(
          .fullyConnected, [source, weights, -1], [target],
          options: (8, FlatTable([0: .int8(1), 3: .bool(isAsymmetric)])))
        try model.expectAgreement(
          [bytes((0..<(rows * depth)).map { _ in numbers.float(-3...5) })], "\(units) units, \(isAsymmetric)")
      }
    }
  }
}
