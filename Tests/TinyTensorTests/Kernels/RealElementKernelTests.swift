import KernelInterface
import Testing

@testable import TinyTensor

/// Operators on elements of float32, pools and reductions: every set of kernels gives the reference's bits, also of
/// infinities, zeros with a sign, subnormal numbers and what is not a number.
@Suite("Kernels of float32 elements equal the reference")
struct RealElementKernelTests {
  private static let counts = [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 257, 1031]

  private static let special: [Float] = [
    0, -0.0, 1, -1, 3, -3, 6, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNormalMagnitude,
    .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0.1,
  ]

  /// Numbers of which a fifth are special ones.
  ///
  /// What is not a number has the bits that the processor gives it: where two of them meet, IEEE 754 leaves open whose
  /// bits come out.
  private func floats(_ count: Int, _ numbers: inout TestNumbers) -> [UInt8] {
    let infinity = Float.greatestFiniteMagnitude * numbers.float(2...3)
    return bytes(
      (0..<count).map { _ in
        guard numbers.next() % 5 == 0 else { return numbers.float(-8...8) }
        let special = Self.special[Int(numbers.next() % UInt64(Self.special.count))]
        return special.isNaN ? infinity - infinity : special
      })
  }

  private func finite(_ count: Int, _ numbers: inout TestNumbers) -> [UInt8] {
    bytes((0..<count).map { _ in numbers.float(-8...8) })
  }

  /// Expects agreement, and that the fastest set has a kernel for the model's only operator.
  private func compare(_ model: TestModel, _ inputs: [[UInt8]], _ comment: String) throws {
    try model.expectAgreement(inputs, "\(comment)")
    for set in KernelSet.vectorSets {
      let loaded = try Model(bytes: model.bytes, device: .cpu(CPUOptions(kernels: set)))
      #expect(loaded.operators[0].kernel.hasSuffix(set.rawValue), "\(set) has no kernel: \(comment)")
    }
  }

  @Test(
    "pairs",
    arguments: [BuiltinOperator.add, .sub, .mul, .div, .maximum, .minimum, .squaredDifference, .prelu])
  func pairs(code: BuiltinOperator) throws {
    var numbers = TestNumbers(seed: 3)
    var shapes: [(lhs: [Int], rhs: [Int], output: [Int])] = Self.counts.map { ([$0], [$0], [$0]) }
    for count in Self.counts {
      shapes += [
        ([count], [1], [count]), ([3, count], [count], [3, count]), ([3, count], [3, 1], [3, count]),
        ([2, 3, count], [3, 1], [2, 3, count]),
      ]
      if code != .prelu { shapes += [([1], [count], [count]), ([1, count], [4, 1], [4, count])] }
    }
    shapes += [
      ([2, 3, 4, 5], [2, 1, 4, 1], [2, 3, 4, 5]), ([40000], [40000], [40000]), ([700, 33], [33], [700, 33]),
    ]
    for (index, shape) in shapes.enumerated() {
      let options: [BuiltinOperator: UInt8] = [.add: 11, .sub: 28, .mul: 21, .div: 29]
      let activation = Int8(index % 4)
      let model = TestModel.elementwise(
        code, .float32, [shape.lhs, shape.rhs], output: shape.output,
        options: options[code].map { ($0, FlatTable([0: .int8(activation)])) })
      let (left, right) = (shape.lhs.reduce(1, *), shape.rhs.reduce(1, *))
      try compare(model, [floats(left, &numbers), finite(right, &numbers)], "\(shape), special numbers on the left")
      try compare(model, [finite(left, &numbers), floats(right, &numbers)], "\(shape), special numbers on the right")
    }
  }

  @Test("every pair of special numbers", arguments: [BuiltinOperator.add, .sub, .mul, .div, .maximum, .minimum])
  func specialPairs(code: BuiltinOperator) throws {
    let count = Self.special.count
    let model = TestModel.elementwise(code, .float32, [[count, 1], [1, count]], output: [count, count])
    try compare(model, [bytes(Self.special), bytes(Self.special)], "rows and columns")
    let flat = TestModel.elementwise(code, .float32, [[count * count], [count * count]], output: [count * count])
    try compare(
      flat,
      [
        bytes((0..<(count * count)).map { Self.special[$0 / count] }),
        bytes((0..<(count * count)).map { Self.special[$0 % count] }),
      ], "flat")
  }

  @Test("a constant of the file as an operand", arguments: [1, 3, 64])
  func constants(count: Int) throws {
    var numbers = TestNumbers(seed: 5)
    var model = TestModel()
    let source = model.input([50, count], .float32)
    let constant = model.constant(
      "constant", [count], .float32, (0..<count).map { _ in numbers.float(-2...2).bitPattern })
    let target = model.output([50, count], .float32)
    model.add(.mul, [source, constant], [target])
    try compare(model, [floats(50 * count, &numbers)], "\(count)")
  }

  @Test(
    "functions",
    arguments: [
      BuiltinOperator.relu, .relu6, .reluN1To1, .relu0To1, .leakyRelu, .hardSwish, .abs, .neg, .square, .sqrt, .rsqrt,
    ])
  func functions(code: BuiltinOperator) throws {
    var numbers = TestNumbers(seed: 4)
    for count in Self.counts + [20011] {
      var model = TestModel()
      let source = model.input([count], .float32)
      let target = model.output([count], .float32)
      model.add(code, [source], [target], options: code == .leakyRelu ? (75, FlatTable([0: .float(0.3)])) : nil)
      try compare(model, [floats(count, &numbers)], "\(count)")
      try compare(model, [bytes((0..<count).map { Self.special[$0 % Self.special.count] })], "\(count), special")
    }
  }

  @Test("pools", arguments: [BuiltinOperator.averagePool2D, .maxPool2D, .l2Pool2D])
  func pools(code: BuiltinOperator) throws {
    var numbers = TestNumbers(seed: 6)
    for (round, channels) in [1, 3, 15, 16, 17, 33, 64].enumerated() {
      for (height, width, kernelHeight, kernelWidth, stride) in [
        (1, 1, 1, 1, 1), (5, 7, 3, 2, 1), (6, 5, 2, 3, 2), (7, 7, 7, 7, 1), (4, 9, 1, 4, 3), (9, 31, 3, 3, 1),
      ] {
        for isSame in [true, false] {
          func size(_ input: Int, _ kernel: Int) -> Int {
            isSame ? (input + stride - 1) / stride : (input - kernel) / stride + 1
          }
          let batches = 1 + round % 2
          var model = TestModel()
          let source = model.input([batches, height, width, channels], .float32)
          let target = model.output(
            [batches, size(height, kernelHeight), size(width, kernelWidth), channels], .float32)
          model.add(
            code, [source], [target],
            options: Options.pool(
              padding: isSame ? 0 : 1, stride: Int32(stride), width: Int32(kernelWidth), height: Int32(kernelHeight),
              activation: Int8(round % 4)))
          let count = batches * height * width * channels
          try compare(model, [finite(count, &numbers)], "\(channels) channels, \(height) x \(width)")
          try compare(model, [floats(count, &numbers)], "\(channels) channels, \(height) x \(width), special")
        }
      }
    }
  }

  @Test("reductions", arguments: [BuiltinOperator.mean, .sum, .reduceProd, .reduceMax, .reduceMin])
  func reductions(code: BuiltinOperator) throws {
    var numbers = TestNumbers(seed: 7)
    for (input, axes, output) in [
      ([1, 7, 7, 64], [1, 2], [1, 64]), ([2, 5, 3, 17], [1, 2], [2, 17]), ([3, 4, 130], [1], [3, 130]),
      ([9, 31], [1], [9]), ([4, 1], [1], [4]), ([1031], [0], [1]), ([6, 5, 7], [2], [6, 5]), ([13, 3], [0], [3]),
      ([1, 112, 30, 65], [1, 2], [1, 65]), ([400, 50], [1], [400]), ([2, 3, 1, 4], [2], [2, 3, 4]),
    ] as [([Int], [Int32], [Int])] {
      let model = TestModel.reduction(code, .float32, input, axes: axes, output: output, keepsAxes: output == [1])
      let count = input.reduce(1, *)
      try compare(model, [finite(count, &numbers)], "\(input) over \(axes)")
      try compare(model, [floats(count, &numbers)], "\(input) over \(axes), special")
    }
    // Axes that are no neighbours are left to the reference.
    let apart = TestModel.reduction(code, .float32, [3, 4, 5], axes: [0, 2], output: [4])
    try apart.expectAgreement([finite(60, &numbers)], "axes apart")
    let loaded = try Model(bytes: apart.bytes)
    #expect(loaded.operators[0].kernel.hasSuffix("reference"))
  }
}
