import Testing
import TinyTensor

@testable import tinyrun

@Suite("The page's histograms of constants")
struct WeightHistogramTests {
  private func histogram(
    _ bytes: [UInt8], _ type: ElementType, shape: [Int] = [], _ quantization: Quantization? = nil, budget: Int = 1 << 20
  ) -> WeightHistogram? {
    var budget = budget
    return unsafe WeightHistogram(
      bytes.span.bytes, type: type, shape: shape, quantization: quantization, budget: &budget)
  }

  private func bytes(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) } }
  }

  @Test("bytes: each value has its bin where there are few, the bins hold all values")
  func small() throws {
    let stored: [Int8] = [-3, -3, 0, 2, 2, 2]
    let found = try #require(
      histogram(stored.map { UInt8(bitPattern: $0) }, .int8, Quantization(scale: 0.5, zeroPoint: -1)))
    #expect(found.bins == [2, 0, 0, 1, 0, 3])
    #expect(found.start == -3 && found.step == 1)
    #expect(found.smallest == -3 && found.largest == 2)
    #expect(found.realSmallest == -1 && found.realLargest == 1.5)
    // Of -3, 0 and 2 none stands for 0: -1 does.
    #expect(found.zeroCount == 0 && found.count == 6 && found.sampleCount == 6)
  }

  @Test("all bytes: 64 bins of four values each")
  func whole() throws {
    let all = (0...255).map { UInt8($0) }
    for type in [ElementType.int8, .uint8] {
      let found = try #require(histogram(all, type))
      #expect(found.bins == [Int](repeating: 4, count: 64))
      #expect(found.step == 4 && found.largest - found.smallest == 255)
    }
  }

  @Test("scales along an axis give each slice its own meaning")
  func channels() throws {
    // Two channels of two values, the channels along the last axis.
    let found = try #require(histogram([1, 1, 2, 2], .int8, shape: [2, 2], Self.quantization([1, 10], axis: 1)))
    #expect(found.realSmallest == 1 && found.realLargest == 20)
    // Along the first axis the slices are 1, 1 and 2, 2.
    let other = try #require(histogram([1, 1, 2, 2], .int8, shape: [2, 2], Self.quantization([10, 1], axis: 0)))
    #expect(other.realSmallest == 2 && other.realLargest == 10)
    // An axis that the tensor does not have.
    #expect(histogram([1, 2], .int8, shape: [2], Self.quantization([1, 2], axis: 9)) != nil)
  }

  private static func quantization(_ scales: [Float], axis: Int) -> Quantization {
    var quantization = Quantization(scale: 1, zeroPoint: 0)
    quantization.scales = scales
    quantization.axis = axis
    return quantization
  }

  @Test("real numbers: what is not finite is counted apart, equal ones lie in one bin")
  func reals() throws {
    let found = try #require(histogram(bytes([0, 1, -1, .nan, .infinity, 0.5]), .float32))
    #expect(found.notFiniteCount == 2 && found.zeroCount == 1)
    #expect(found.smallest == -1 && found.largest == 1 && found.bins.reduce(0, +) == 4 && found.bins.count == 64)
    let equal = try #require(histogram(bytes([3, 3, 3]), .float32))
    #expect(equal.bins[0] == 3)
    let wide = try #require(histogram(bytes([-.greatestFiniteMagnitude, .greatestFiniteMagnitude]), .float32))
    #expect(wide.bins.first == 1 && wide.bins.last == 1)
    #expect(histogram(bytes([.nan, .infinity]), .float32) == nil)
  }

  @Test(
    "types of all sizes",
    arguments: [
      (ElementType.int4, [0x8F], -8.0, -1.0), (.uint4, [0x8F], 8, 15), (.int2, [0b1110_0100], -2, 1),
      (.int16, [0, 0x80, 0xFF, 0x7F], -32768, 32767), (.uint16, [0, 0x80, 0xFF, 0x7F], 32767, 32768),
      (.int32, [0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0], -1, 1),
      (.int64, [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], -2, -2),
      (.float16, [0x00, 0xC0, 0x01, 0x00], -2, 0x1p-24), (.bfloat16, [0x80, 0x3F, 0x00, 0xBF], -0.5, 1),
      (.float64, [0, 0, 0, 0, 0, 0, 0xF8, 0xBF], -1.5, -1.5), (.bool, [0, 1], 0, 1),
    ] as [(ElementType, [UInt8], Double, Double)])
  func types(_ type: ElementType, _ data: [UInt8], _ smallest: Double, _ largest: Double) throws {
    let found = try #require(histogram(data, type))
    #expect(found.smallest == smallest && found.largest == largest)
    #expect(found.bins.reduce(0, +) == found.count)
  }

  @Test("nothing is counted where there is nothing to count")
  func none() {
    #expect(histogram([], .int8) == nil)
    #expect(histogram([1, 2, 3], .float32) == nil)
    #expect(histogram([1], .string) == nil)
    #expect(histogram([1], ElementType(rawValue: -1)) == nil)
    #expect(histogram([1], .int8, budget: 0) == nil)
  }

  @Test("of a large constant a part is looked at, whatever the order of its values")
  func large() throws {
    let count = 3 * WeightHistogram.mostSamples
    // A pattern whose length divides the distance of samples.
    let data = (0..<count).map { UInt8($0 % 3 * 100) }
    var budget = 1 << 30
    let counted = unsafe WeightHistogram(
      data.span.bytes, type: .uint8, shape: [], quantization: nil, budget: &budget)
    let found = try #require(counted)
    #expect(found.count == count && found.sampleCount == WeightHistogram.mostSamples)
    #expect(budget == 1 << 30 - WeightHistogram.mostSamples)
    for share in found.bins where share > 0 {
      #expect(abs(Double(share) / Double(found.sampleCount) - 1 / 3) < 0.05)
    }
    #expect(found.bins.count { $0 > 0 } == 3)
  }

  @Test("SHA-256 as its standard's examples have it")
  func digest() {
    // The digests of nothing, of "abc", and of a message of two blocks.
    #expect(SHA256([]).base64 == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    #expect(SHA256("abc".utf8).base64 == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
    let long = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
    #expect(SHA256(long.utf8).base64 == "JI1qYdIGOLjlwCaTDD5gOaM85Flk/yFn9uzt1BnbBsE=")
  }
}
