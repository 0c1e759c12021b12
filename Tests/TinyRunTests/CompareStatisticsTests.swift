import Testing
import TinyTensor

@testable import tinyrun

@Suite("Statistics of a comparison")
struct CompareStatisticsTests {
  private func numbers(_ type: ElementType, _ shape: [Int], _ quantization: Quantization? = nil) throws -> TensorNumbers
  {
    let count = shape.reduce(1, *)
    let byteCount = try #require(type.byteCount(of: count))
    return TensorNumbers(type, shape: shape, count: count, byteCount: byteCount, quantization)
  }

  private func bytes(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
  }

  private func bytes(_ values: [Int8]) -> [UInt8] { values.map { UInt8(bitPattern: $0) } }

  private func compare(
    _ tested: [UInt8], _ layout: TensorNumbers, _ reference: [UInt8], _ other: TensorNumbers, isSame: Bool = false,
    tolerance: ComparisonStatistics.Tolerance? = nil
  ) -> ComparisonStatistics {
    var statistics = ComparisonStatistics()
    #expect(
      unsafe statistics.add(
        tested.span.bytes, layout, reference.span.bytes, other, isSame: isSame, tolerance: tolerance, run: 0))
    return statistics
  }

  private func isClose(_ value: Double?, _ expected: Double) -> Bool {
    value.map { abs($0 - expected) <= 1e-9 * max(1, abs(expected)) } ?? false
  }

  @Test("all figures are those that were computed by hand")
  func figures() throws {
    // Stored 0, 3, 127, -128 around -1 in halves: 0.5, 2, 64, -63.5. Differences 0, -0.25, -6, 0.
    let tested = try numbers(.int8, [2, 2], Quantization(scale: 0.5, zeroPoint: -1))
    let statistics = try compare(
      bytes([0, 3, 127, -128] as [Int8]), tested, bytes([0.5, 2.25, 70, -63.5] as [Float]), numbers(.float32, [2, 2]))
    #expect(statistics.count == 4 && statistics.differing == 2 && statistics.runs == 1)
    let first = try #require(statistics.first)
    #expect(first.index == 1 && tested.coordinates(first.index) == [0, 1])
    #expect(first.stored.tested == 3 && first.real.tested == 2 && first.real.reference == 2.25)
    #expect(statistics.largest?.index == 2 && statistics.largestDifference == 6)
    #expect(isClose(statistics.bias, -1.5625) && isClose(statistics.biasInSteps, -3.125))
    // The squares sum to 36.0625, those of the signal to 8937.5625.
    #expect(isClose(statistics.rootMeanSquare, 9.015625.squareRoot()))
    #expect(isClose(statistics.rootMeanSquareInSteps, 36.0625.squareRoot()))
    #expect(isClose(statistics.signalToNoise, 23.941632613230603))
    #expect(isClose(statistics.cosine, 8517 / (8937.5625 * 8132.5).squareRoot()))
    // Both ends occur; 70 is more than half a step beyond 64.
    #expect(statistics.atLimits == 2 && statistics.clipped == 1)
    #expect(statistics.usedShare(tested.limits) == 1)
    #expect(statistics.referenceRange?.least == -63.5 && statistics.referenceRange?.most == 70)
  }

  @Test("an end of the range that stands for 0 is no sign of a range that is too small")
  func activation() throws {
    let tested = try numbers(.int8, [3], Quantization(scale: 1, zeroPoint: -128))
    let statistics = try compare(
      bytes([-128, -128, -28] as [Int8]), tested, bytes([0, 0.2, 100] as [Float]), numbers(.float32, [3]))
    #expect(statistics.atLimits == 0 && statistics.clipped == 0)
    #expect(isClose(statistics.usedShare(tested.limits), 100.0 / 255))
  }

  @Test("equal tensors have infinite ratios, zeros among them, and noise without a signal the least")
  func extremes() throws {
    let layout = try numbers(.float32, [2])
    let equal = compare(bytes([1, -2] as [Float]), layout, bytes([1, -2] as [Float]), layout, isSame: true)
    #expect(equal.signalToNoise == .infinity && equal.cosine == 1 && equal.isEqual && equal.largest == nil)
    let zeros = compare(bytes([0, 0] as [Float]), layout, bytes([0, 0] as [Float]), layout, isSame: true)
    #expect(zeros.signalToNoise == .infinity && zeros.cosine == 1)
    let noise = compare(bytes([1, 0] as [Float]), layout, bytes([0, 0] as [Float]), layout, isSame: true)
    #expect(noise.signalToNoise == -.infinity && noise.cosine == 0 && noise.differing == 1)
    let empty = try compare([], numbers(.float32, [0]), [], numbers(.float32, [0]), isSame: true)
    #expect(empty.signalToNoise == nil && empty.cosine == nil && empty.isEqual && empty.bias == nil)
  }

  @Test("infinities and what is no number are counted and leave the figures alone")
  func notFinite() throws {
    let layout = try numbers(.float32, [5])
    let tested: [Float] = [.nan, .infinity, 1, .nan, 2]
    let reference: [Float] = [.nan, .infinity, 1, 3, -.infinity]
    let statistics = compare(bytes(tested), layout, bytes(reference), layout, isSame: true)
    #expect(statistics.notFinite == (3, 3) && statistics.notFinitePairs == 2)
    #expect(statistics.differing == 2 && statistics.first?.index == 3)
    #expect(statistics.signalToNoise == .infinity && statistics.bias == 0)
    // A NaN of another pattern is a NaN.
    let patterns = compare(
      bytes([Float(bitPattern: 0x7FC0_0001)]), try numbers(.float32, [1]), bytes([-Float.nan]),
      try numbers(.float32, [1]), isSame: true)
    #expect(patterns.isEqual)
  }

  @Test("bytes decide where both store alike: zeros of both signs, and integers beyond double precision")
  func exactness() throws {
    let layout = try numbers(.float32, [1])
    #expect(compare(bytes([-0.0 as Float]), layout, bytes([0 as Float]), layout, isSame: true).differing == 1)
    let tolerant = compare(
      bytes([-0.0 as Float]), layout, bytes([0 as Float]), layout, isSame: true, tolerance: .init())
    #expect(tolerant.isEqual)
    let wide = try numbers(.int64, [1])
    let large = compare([1, 0, 0, 0, 0, 0, 0, 64], wide, [0, 0, 0, 0, 0, 0, 0, 64], wide, isSame: true)
    #expect(large.differing == 1 && large.largestDifference == 0)
  }

  @Test("tolerances are an absolute part and one of the expected number, together")
  func tolerances() throws {
    let layout = try numbers(.float32, [2])
    func differing(_ absolute: Double, _ relative: Double) -> Int {
      compare(
        bytes([10.5, 0.25] as [Float]), layout, bytes([10, 0] as [Float]), layout, isSame: true,
        tolerance: .init(absolute: absolute, relative: relative)
      ).differing
    }
    #expect(differing(0, 0) == 2 && differing(0.25, 0) == 1 && differing(0, 0.05) == 1)
    #expect(differing(0.25, 0.025) == 0 && differing(0.5, 0) == 0)
  }

  @Test("sums go on over runs, and keep the first run's first difference")
  func runs() throws {
    let layout = try numbers(.float32, [2])
    var statistics = ComparisonStatistics()
    for (run, values) in [[1, 1], [1, 3], [5, 1]].enumerated() {
      let tested = bytes(values.map { Float($0) })
      let reference = bytes([1, 1] as [Float])
      #expect(
        unsafe statistics.add(
          tested.span.bytes, layout, reference.span.bytes, layout, isSame: true, tolerance: nil, run: run))
    }
    #expect(statistics.runs == 3 && statistics.count == 6 && statistics.differing == 2)
    #expect(statistics.first?.run == 1 && statistics.first?.index == 1)
    #expect(statistics.largest?.run == 2 && statistics.largestDifference == 4)
    #expect(isClose(statistics.signalToNoise, 10 * -0.5228787452803376))
  }

  @Test("bytes that are too few or too many are not looked at")
  func sizes() throws {
    let layout = try numbers(.float32, [2])
    var statistics = ComparisonStatistics()
    for count in [0, 4, 7, 12] {
      let short = [UInt8](repeating: 0, count: count)
      let whole = [UInt8](repeating: 0, count: 8)
      #expect(
        unsafe !statistics.add(
          short.span.bytes, layout, whole.span.bytes, layout, isSame: true, tolerance: nil, run: 0))
      #expect(
        unsafe !statistics.add(
          whole.span.bytes, layout, short.span.bytes, layout, isSame: true, tolerance: nil, run: 0))
    }
    #expect(statistics.runs == 0 && statistics.count == 0)
  }

  @Test("elements of every type are read as the numbers that they store")
  func types() throws {
    func stored(_ type: ElementType, _ count: Int, _ bytes: [UInt8]) throws -> [Double] {
      let layout = try numbers(type, [count])
      var found: [Double] = []
      unsafe layout.forEach(bytes.span.bytes) { found.append($1) }
      return found
    }
    #expect(try stored(.int4, 3, [0x8F, 0x07]) == [-1, -8, 7])
    #expect(try stored(.uint4, 2, [0x8F]) == [15, 8])
    #expect(try stored(.int2, 5, [0b10_01_11_00, 1]) == [0, -1, 1, -2, 1])
    #expect(
      try stored(.float16, 5, [0, 0x3C, 0, 0xC0, 1, 0, 0, 0x7C, 0xFF, 0x7B]) == [1, -2, 0x1p-24, .infinity, 65504])
    #expect(try stored(.bfloat16, 1, [0x80, 0x3F]) == [1])
    #expect(try stored(.int16, 1, [0, 0x80]) == [-32768] && stored(.uint16, 1, [0, 0x80]) == [32768])
    #expect(try stored(.int32, 1, [255, 255, 255, 255]) == [-1])
    #expect(try stored(.uint32, 1, [255, 255, 255, 255]) == [4_294_967_295])
    #expect(try stored(.bool, 2, [1, 0]) == [1, 0])
  }

  @Test("each channel has its own scale, where there are as many")
  func channels() throws {
    let layout = try #require(try Self.channelModel())
    #expect(layout.isQuantized && layout.step == nil)
    let shape = layout.shape
    let inner = shape[1...].reduce(1, *)
    #expect(layout.step(at: 0) != layout.step(at: inner))
    #expect(layout.real(3, at: inner) == 3 * layout.step(at: inner))
  }

  /// The weights of a convolution with a scale for each channel.
  private static func channelModel() throws -> TensorNumbers? {
    let model = try Model(path: Fixtures.model)
    let weights = model.operators[0].inputs[1]
    return Constant(weights, of: model)?.numbers
  }
}

@Suite("Weights of one scale")
struct NarrowChannelTests {
  @Test("channels that use few steps of their common scale are counted")
  func narrow() throws {
    var bytes = try Fixtures.bytes("models/mnist_cnn_uint8.tflite")
    let model = try Model(bytes: bytes)
    #expect(NarrowChannels.find(model).allSatisfy { $0.operation != 1 })
    // The second operator is a depthwise convolution whose channels run fastest.
    let weights = model.tensors[model.operators[1].inputs[1]]
    let zeroPoint = try #require(weights.quantization?.zeroPoint)
    let buffer = model.file.subgraphs[0].tensors[weights.tensor].buffer
    let range = try #require(model.file.buffers[buffer].range)
    let channels = try #require(weights.shape.last)
    for index in 0..<range.count where index % channels < channels / 2 {
      bytes[range.lowerBound + index] = UInt8(clamping: zeroPoint + Int64(index % 7))
    }
    let found = try #require(NarrowChannels.find(try Model(bytes: bytes)).first { $0.operation == 1 })
    #expect(found.operatorName == "DEPTHWISE_CONV_2D" && found.channels == channels && found.narrow == channels / 2)
    // Weights with a scale for each channel are never meant.
    #expect(NarrowChannels.find(try Model(path: Fixtures.model)).isEmpty)
  }
}

@Suite("Matching of two models")
struct CompareMatchingTests {
  @Test("names are equal without what converters add to them")
  func names() {
    #expect(TensorNames.key("a/Relu;a/Conv1", level: 0) == "a/Relu;a/Conv1")
    #expect(TensorNames.key("Identity_int8", level: 1) == TensorNames.key("Identity", level: 1))
    #expect(TensorNames.key("a_int8;b_quantized", level: 1) == "a;b")
    #expect(TensorNames.key("b;a", level: 2) == TensorNames.key("a;b", level: 2))
    #expect(TensorNames.key("a;x1", level: 3) == TensorNames.key("a;x", level: 3))
    #expect(TensorNames.key("tfl.quantize", level: 0) == nil && TensorNames.key("", level: 0) == nil)
    #expect(TensorNames.key("_int8", level: 1) == "_int8" && TensorNames.key(";;", level: 3) == nil)
    #expect(TensorNames.short("a/Relu;b") == "a/Relu" && TensorNames.short(";b") == ";b")
  }

  @Test("operators are aligned along the longest order that both have")
  func alignment() {
    func pairs(_ one: String, _ other: String) -> [String] {
      let one = Array(one)
      let other = Array(other)
      return OperatorAlignment.pairs(one.count, other.count) { one[$0] == other[$1] ? 1 : 0 }.map {
        "\(one[$0.0])\($0.0)\($0.1)"
      }
    }
    #expect(pairs("abcd", "abcd") == ["a00", "b11", "c22", "d33"])
    #expect(pairs("abcd", "xbyd") == ["b11", "d33"])
    #expect(pairs("ab", "xaxxb") == ["a01", "b14"])
    #expect(pairs("", "abc").isEmpty && pairs("abc", "").isEmpty)
    // What counts more is taken, though less could be paired.
    let weighted = OperatorAlignment.pairs(2, 2) { $0 == 1 && $1 == 0 ? 5 : $0 == $1 ? 1 : 0 }
    #expect(weighted.count == 1 && weighted[0] == (1, 0))
    #expect(OperatorAlignment.isFeasible(4000, 4000))
    #expect(!OperatorAlignment.isFeasible(65536, 65536) && !OperatorAlignment.isFeasible(Int.max - 1, 3))
  }
}
