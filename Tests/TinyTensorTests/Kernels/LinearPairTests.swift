import KernelInterface
import Testing
import TinyTensorKernels

@testable import TinyTensor

/// Sums and differences of bytes by one weighted sum: for every pair of bytes, since a search decides by its own count of
/// the doubtful ones whether there is such a sum.
@Suite("Sums of bytes equal the reference for all pairs")
struct LinearPairTests {
  /// All pairs of bytes: the first operand's in order, the second one's for each of them.
  private static let allPairs: [[UInt8]] = [
    (0..<65536).map { UInt8(truncatingIfNeeded: $0 >> 8) }, (0..<65536).map { UInt8(truncatingIfNeeded: $0) },
  ]

  /// Scales of the operands and of the output. Of some, many sums are ties; of (0.3, 0.1, 0.2) no weighted sum has the
  /// reference's roundings; others have weights at the ends of their range.
  private static let scales: [[Float]] = [
    [1, 1, 1], [1, 1, 2], [1, 1, 4], [0.5, 0.5, 0.25], [1, 0.5, 1.5], [0.5, 1, 0.75], [1, 3, 7], [0.3, 0.1, 0.2],
    [0.1, 0.3, 0.2], [0.01, 0.02, 0.03], [1, 0.001, 1], [1e-6, 1, 1], [1, 1, 300], [1, 1e-9, 1], [16, 1, 1.1],
    [200, 1, 200], [0.007, 3, 0.02], [0.023528, 0.019607, 0.031], [1, 1, 7.99], [1.999, 2.001, 1],
  ]

  private func model(
    _ code: BuiltinOperator, _ type: ElementType, _ scales: [Float], _ zeroPoints: [Int64], activation: Int8 = 0
  ) -> TestModel {
    TestModel.elementwise(
      code, type, [[65536], [65536]], output: [65536], scales: scales, zeroPoints: zeroPoints,
      options: code == .add ? Options.add(activation: activation) : nil)
  }

  @Test("chosen scales", arguments: [BuiltinOperator.add, .sub], [ElementType.int8, .uint8])
  func chosen(code: BuiltinOperator, type: ElementType) throws {
    let range = storedRange(of: type)
    let (lowest, highest) = (Int64(range.lowerBound), Int64(range.upperBound))
    let middle = (lowest + highest + 1) / 2
    let zeroPoints = [[middle, middle, middle], [lowest, highest, lowest], [highest, lowest, middle + 5]]
    for (index, scales) in Self.scales.enumerated() {
      for zeroPoints in zeroPoints {
        try model(code, type, scales, zeroPoints, activation: Int8(index % 4))
          .expectAgreement(Self.allPairs, "\(scales), zero points \(zeroPoints)")
      }
    }
  }

  @Test("scales by chance", arguments: [BuiltinOperator.add, .sub], [ElementType.int8, .uint8])
  func random(code: BuiltinOperator, type: ElementType) throws {
    var numbers = TestNumbers(seed: 31)
    for _ in 0..<60 {
      let (left, right) = (numbers.float(0.001...0.2), numbers.float(0.001...0.2))
      let scales = [left, right, (left + right) * numbers.float(0.3...1.5)]
      let zeroPoints = (0..<3).map { _ in numbers.zeroPoint(type) }
      try model(code, type, scales, zeroPoints).expectAgreement(Self.allPairs, "\(scales), \(zeroPoints)")
    }
  }

  /// The factors of a sum of int8 tensors without zero points.
  private func parameters(_ scales: [Float]) -> QuantizedArithmeticParameters {
    let common = Double(2 * max(scales[0], scales[1]))
    return QuantizedArithmeticParameters(
      broadcast: Broadcast(rank: 1, sizes: SIMD8(repeating: 1), lhsStrides: .one, rhsStrides: .one), lhsZeroPoint: 0,
      rhsZeroPoint: 0, lhsFactor: QuantizedMultiplier(Double(scales[0]) / common),
      rhsFactor: QuantizedMultiplier(Double(scales[1]) / common),
      outputFactor: QuantizedMultiplier(common / Double(Float(1 << 20) * scales[2])), leftShift: 20,
      output: OutputStage(zeroPoint: 0, minimum: -128, maximum: 127))
  }

  @Test("most scales have a weighted sum, and those of which none is exact have none")
  func search() {
    func found(_ scales: [Float]) -> LinearSum? {
      LinearSumSearch(parameters(scales), isDifference: false, isUnsigned: false)?.sum()
    }
    #expect(found([0.3, 0.1, 0.2]) == nil)
    #expect(found([1, 1, 0.001]) == nil)
    #expect(found([1, 1, 2]) != nil)
    #expect(found([0.023528, 0.019607, 0.031]) != nil)
    var numbers = TestNumbers(seed: 8)
    var count = 0
    for _ in 0..<100 where found([numbers.float(0.01...1), numbers.float(0.01...1), numbers.float(0.2...3)]) != nil {
      count += 1
    }
    #expect(count >= 90)
  }

  @Test("rows, repeated operands and edges", arguments: [ElementType.int8, .uint8])
  func rows(type: ElementType) throws {
    var numbers = TestNumbers(seed: 77)
    var shapes: [(lhs: [Int], rhs: [Int], output: [Int])] = []
    for count in [1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 191, 1031] {
      shapes += [
        ([count], [count], [count]), ([3, count], [3, 1], [3, count]), ([1, count], [5, 1], [5, count]),
        ([2, 3, count], [3, 1], [2, 3, count]), ([4, count], [count], [4, count]), ([count], [1], [count]),
      ]
    }
    for shape in shapes {
      for code in [BuiltinOperator.add, .sub] {
        let model = TestModel.elementwise(
          code, type, [shape.lhs, shape.rhs], output: shape.output, scales: [0.04, 0.03, 0.05],
          zeroPoints: (0..<3).map { _ in numbers.zeroPoint(type) })
        try model.expectAgreement(
          [numbers.bytes(shape.lhs.reduce(1, *)), numbers.bytes(shape.rhs.reduce(1, *))], "\(shape)")
        try model.expectAgreement(
          [[UInt8](repeating: 0x80, count: shape.lhs.reduce(1, *)), numbers.bytes(shape.rhs.reduce(1, *))], "\(shape)")
      }
    }
  }
}
