import Testing

@testable import TinyTensorKernels

/// Layer normalization of sums of 16 bits, by hand.
@Suite("LSTM in integers")
struct QuantizedLSTMTests {
  private func normalize(
    _ sums: [Int16], _ coefficients: [Int16], _ bias: [Int32], factor: Double, leastVariance: Int32 = 1
  ) -> [Int16] {
    // One sum on either side must stay.
    var all = [77] + sums + [88]
    var span = all.mutableSpan
    normalizeReference(
      &span, 1..<(1 + sums.count), coefficients: coefficients.span, bias: bias.span,
      factor: QuantizedMultiplier(factor), leastVariance: leastVariance)
    #expect(all.first == 77 && all.last == 88)
    return Array(all.dropFirst().dropLast())
  }

  @Test("normalized sums times coefficients, plus bias, half away from zero")
  func normalization() {
    // Mean -2, variance 16: the sums become -1, 1, -1, 1, which is 1024 in steps of 2^-10. Times coefficients, with bias:
    // -1000, 2000.5, -3.5 and -4.5 - 1/1024, rounded to -1000, 2001, -4 and -5; then times 4.
    let sums: [Int16] = [-6, 2, -6, 2]
    let coefficients: [Int16] = [1000, 2000, 3, -5]
    let bias: [Int32] = [0, 512, -512, 511]
    #expect(normalize(sums, coefficients, bias, factor: 4) == [-4000, 8004, -16, -20])
    // Times 32: 2001 and -1000 leave 16 bits.
    #expect(normalize(sums, coefficients, bias, factor: 32) == [-32000, 32767, -128, -160])
    #expect(normalize(sums, [2000, 2000, 3, -5], bias, factor: 32) == [-32768, 32767, -128, -160])
  }

  @Test("equal sums leave the bias")
  func equalSums() {
    #expect(normalize([500, 500], [3, 9], [2048, -1024], factor: 1) == [2, -1])
    #expect(normalize([-7], [3], [1024], factor: 2) == [2])
  }

  @Test("three sums close together have no variance, so the least one counts")
  func leastVariance() {
    // 2^20 / 3 is taken as 349525: 3002001 * 349525 - 1024341^2 < 0. The mean is 1024341 in steps of 2^-10, so that
    // the differences are -341, -341 and 683; with a variance of 10000 they are a hundredth of that.
    let sums: [Int16] = [1000, 1000, 1001]
    let coefficients: [Int16] = [1024, 1024, 1024]
    #expect(normalize(sums, coefficients, [0, 0, 0], factor: 1) == [-341, -341, 683])
    #expect(normalize(sums, coefficients, [0, 0, 0], factor: 1, leastVariance: 10000) == [-3, -3, 7])
  }

  @Test("peepholes begin anew after as many cells as there are outputs")
  func peepholes() {
    func order(isTimeMajor: Bool, batch: Int, outputs: Int) -> [Int?] {
      let none = QuantizedLSTMFactors()
      let parameters = QuantizedLSTMParameters(
        batches: 2, steps: 1, inputSize: 1, cells: 3, outputSize: outputs, isTimeMajor: isTimeMajor,
        factors: LSTMGates(input: none, forget: none, cell: none, output: none), cellScaleLog2: -11, cellClip: 0,
        hiddenFactor: QuantizedMultiplier(0), hiddenOffset: 0, projectionFactor: QuantizedMultiplier(0),
        projectionOffset: 0, projectionClip: 0)
      let order = PeepholeOrder(parameters, batch: batch)
      return (0..<3).map { order.index($0) }
    }
    for batch in 0..<2 {
      #expect(order(isTimeMajor: false, batch: batch, outputs: 3) == [0, 1, 2])
      #expect(order(isTimeMajor: true, batch: batch, outputs: 3) == [0, 1, 2])
      #expect(order(isTimeMajor: false, batch: batch, outputs: 2) == [0, 1, nil])
    }
    #expect(order(isTimeMajor: true, batch: 0, outputs: 2) == [0, 1, 0])
    #expect(order(isTimeMajor: true, batch: 1, outputs: 2) == [1, nil, nil])
  }
}
