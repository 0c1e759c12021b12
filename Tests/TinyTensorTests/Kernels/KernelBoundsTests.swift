import KernelInterface
import Testing

@testable import TinyTensor

/// Memory with marks around it, which kernels must not touch.
private struct GuardedMemory {
  private static let margin = 128
  private static let mark: UInt8 = 0xA5
  private let memory: AlignedMemory
  private let count: Int

  init(_ count: Int) throws {
    self.count = count
    memory = try #require(AlignedMemory(byteCount: count + 2 * Self.margin))
    for index in 0..<(count + 2 * Self.margin) {
      unsafe memory.base.storeBytes(of: Self.mark, toByteOffset: index, as: UInt8.self)
    }
  }

  var base: UnsafeMutableRawPointer { unsafe memory.base + Self.margin }

  /// The places, counted from the first byte, of bytes that differ from the marks.
  var touched: [Int] {
    (0..<(count + 2 * Self.margin)).filter {
      unsafe memory.base.load(fromByteOffset: $0, as: UInt8.self) != Self.mark
    }.map { $0 - Self.margin }
  }

  /// Whether bytes outside a range were written.
  func isTouched(outside range: Range<Int>) -> Bool { touched.contains { !range.contains($0) } }
}

@Suite("Kernels write their part of the output alone")
struct KernelBoundsTests {
  private static let counts = [1, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 130]

  private let bytes = OutputBytes(zeroPoint: 3, minimum: -128, maximum: 127, isUnsigned: false)
  private let half = FixedFactor(multiplier: 1 << 30, shift: 0)

  /// Input memory of zeros, with room to read on.
  private func input(_ count: Int) throws -> AlignedMemory { try #require(AlignedMemory(byteCount: count)) }

  @Test("elements", arguments: InstructionSet.available, counts)
  func elements(set: InstructionSet, count: Int) throws {
    let source = try input(8 * count + 256)
    let pairs = try GuardedMemory(count)
    let numbers = PairNumbers(
      kind: .add, isUnsigned: false, lhsZeroPoint: 0, rhsZeroPoint: 0, leftShift: 20, lhsFactor: half,
      rhsFactor: half, outputFactor: FixedFactor(multiplier: 1 << 30, shift: -18), output: bytes)
    unsafe set.pairs(
      PairTask(
        numbers: numbers, lhs: source.base, rhs: source.base, output: pairs.base, rows: 1, count: count, lhsStep: 0,
        rhsStep: 0, repeatsLhs: false, repeatsRhs: true))
    #expect(pairs.touched == Array(0..<count))

    let sums = try GuardedMemory(2 * count)
    var linear = numbers
    linear.kind = .linear
    linear.linear = LinearSum(highWeights: 0x1000_1000, lowWeights: 0, highTerm: 1 << 20, lowTerm: 0, shift: 21)
    unsafe set.pairs(
      PairTask(
        numbers: linear, lhs: source.base, rhs: source.base, output: sums.base, rows: 2, count: count, lhsStep: count,
        rhsStep: 0, repeatsLhs: false, repeatsRhs: true))
    #expect(sums.touched == Array(0..<(2 * count)))

    let table = try GuardedMemory(count)
    unsafe set.lookUp(LookUpTask(table: source.base, input: source.base, output: table.base, count: count))
    #expect(table.touched == Array(0..<count))

    let quantized = try GuardedMemory(count)
    unsafe set.quantize(
      QuantizeTask(
        input: UnsafePointer(source.base.assumingMemoryBound(to: Float.self)), output: quantized.base, count: count,
        scale: 1, zeroPoint: 0, isUnsigned: false))
    #expect(quantized.touched == Array(0..<count))

    let dynamic = try GuardedMemory(count)
    unsafe set.quantize(
      DynamicQuantizeTask(
        input: UnsafePointer(source.base.assumingMemoryBound(to: Float.self)),
        output: dynamic.base.assumingMemoryBound(to: Int8.self), count: count, factor: 1, offset: 0, lowest: -128))
    #expect(dynamic.touched == Array(0..<count))

    let real = try GuardedMemory(4 * count)
    unsafe set.dequantize(
      DequantizeTask(
        input: source.base, output: real.base.assumingMemoryBound(to: Float.self), count: count, scale: 1,
        zeroPoint: 0, isUnsigned: false))
    #expect(real.touched == Array(0..<(4 * count)))

    let softmax = try GuardedMemory(2 * count)
    unsafe source.base.storeBytes(of: Int32.max, as: Int32.self)
    unsafe set.softmax(
      SoftmaxTask(
        exponentials: UnsafePointer(source.base.assumingMemoryBound(to: Int32.self)), input: source.base + 4,
        output: softmax.base, depth: count, firstRow: 1, endRow: 2, isUnsigned: true))
    #expect(softmax.touched == Array(count..<(2 * count)))
  }

  @Test("sums", arguments: InstructionSet.available, counts)
  func sums(set: InstructionSet, channels: Int) throws {
    let source = try input(16 * channels + 256)
    let scaled = try GuardedMemory(2 * channels)
    unsafe set.scaleSums(
      SumScalingTask(
        sums: UnsafePointer(source.base.assumingMemoryBound(to: Int32.self)),
        factors: UnsafePointer(source.base.assumingMemoryBound(to: Double.self)), output: scaled.base, rows: 2,
        channels: channels, zeroPoint: 0, minimum: -128, maximum: 127))
    #expect(scaled.touched == Array(0..<(2 * channels)))

    for isWhole in [false, true] {
      let weightSums = unsafe isWhole ? UnsafePointer(source.base.assumingMemoryBound(to: Int32.self)) : nil
      let real = try GuardedMemory(3 * 4 * channels)
      unsafe set.scaleSums(
        RealScalingTask(
          sums: real.base + 4 * channels, weightSums: weightSums,
          factors: UnsafePointer(source.base.assumingMemoryBound(to: Float.self)),
          bias: UnsafePointer(source.base.assumingMemoryBound(to: Float.self)), rows: 1, channels: channels,
          inputScale: 1, inputZeroPoint: 3, isFactorFirst: isWhole, minimum: 1000, maximum: 1000))
      #expect(real.touched == Array((4 * channels)..<(8 * channels)))
    }

    let mean = try GuardedMemory(3 * channels)
    unsafe set.mean(
      MeanTask(
        input: source.base, output: mean.base, reduced: 2, inner: channels, firstOuter: 1, endOuter: 2,
        isUnsigned: false, offset: 0, factor: half, bytes: bytes))
    #expect(mean.touched == Array(channels..<(2 * channels)))
  }

  @Test("rows of images", arguments: InstructionSet.available, counts)
  func images(set: InstructionSet, channels: Int) throws {
    let source = try input(4 * 4 * channels + 256)
    let row = 4 * channels
    for (isMaximum, kernel) in [(true, 3), (false, 3), (false, 2), (false, 20)] {
      let pool = try GuardedMemory(4 * row)
      unsafe set.pool(
        PoolTask(
          layer: PoolLayer(
            channels: channels, inputHeight: 4, inputWidth: 4, outputHeight: 4, outputWidth: 4, kernelHeight: kernel,
            kernelWidth: kernel, strideHeight: 1, strideWidth: 1, paddingTop: kernel / 2, paddingLeft: kernel / 2,
            isMaximum: isMaximum, isUnsigned: false, minimum: -128, maximum: 127),
          input: source.base, output: pool.base, firstRow: 1, endRow: 3))
      #expect(pool.touched == Array(row..<(3 * row)))
    }
    let places = [Neighbours](repeating: Neighbours(first: 0, second: 1, distance: 0), count: 4)
    let image = try GuardedMemory(4 * row)
    unsafe places.withUnsafeBufferPointer { places in
      guard let places = places.baseAddress else { return }
      unsafe set.interpolate(
        InterpolationTask(
          rows: places, columns: places, input: source.base, output: image.base, inputHeight: 4, inputWidth: 4,
          outputHeight: 4, outputWidth: 4, channels: channels, isUnsigned: false, firstRow: 1, endRow: 3))
    }
    #expect(image.touched == Array(row..<(3 * row)))

    let positions = try GuardedMemory(4 * 2 * channels)
    unsafe set.extremum(
      ExtremumTask(
        input: source.base, output: positions.base, size: 3, inner: channels, firstRow: 0, endRow: 1, flip: 0x80,
        isWide: false))
    #expect(positions.touched == Array(0..<(4 * channels)))
  }

  @Test("real numbers", arguments: InstructionSet.available, counts)
  func reals(set: InstructionSet, count: Int) throws {
    let source = try input(4 * 16 * count + 256)
    let numbers = unsafe UnsafePointer(source.base.assumingMemoryBound(to: Float.self))
    func target(_ memory: GuardedMemory) -> UnsafeMutablePointer<Float> {
      unsafe memory.base.assumingMemoryBound(to: Float.self)
    }
    let pairs = try GuardedMemory(8 * count)
    unsafe set.realPairs(
      RealPairTask(
        kind: .add, lhs: numbers, rhs: numbers, output: target(pairs), rows: 2, count: count, lhsStep: count,
        rhsStep: 0, repeatsLhs: false, repeatsRhs: true, minimum: -1, maximum: 1))
    #expect(pairs.touched == Array(0..<(8 * count)))

    let function = try GuardedMemory(4 * count)
    unsafe set.realFunction(
      RealFunctionTask(
        function: .square, lower: 0, upper: 0, factor: 0, input: numbers, output: target(function), count: count))
    #expect(function.touched == Array(0..<(4 * count)))

    let columns = try GuardedMemory(4 * 2 * count)
    unsafe set.realReduction(
      RealReductionTask(
        reduction: .sum, input: numbers, output: target(columns), reduced: 3, inner: count, divisor: 1, firstOuter: 1,
        endOuter: 2, firstColumn: 0, endColumn: count))
    #expect(columns.touched == Array((4 * count)..<(8 * count)))

    let rows = try GuardedMemory(4 * count)
    unsafe set.realReduction(
      RealReductionTask(
        reduction: .maximum, input: numbers, output: target(rows), reduced: 3, inner: 1, divisor: 1, firstOuter: 0,
        endOuter: count, firstColumn: 0, endColumn: 1))
    #expect(rows.touched == Array(0..<(4 * count)))

    let row = 4 * 3 * count
    let pool = try GuardedMemory(3 * row)
    unsafe set.realPool(
      RealPoolTask(
        kind: .average,
        sizes: WindowSizes(
          inputHeight: 3, inputWidth: 3, inputStep: count, outputHeight: 3, outputWidth: 3, outputStep: count,
          kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1,
          paddingTop: 1, paddingLeft: 1, depth: 1, channels: count, isDepthwise: true),
        input: numbers, output: target(pool), minimum: -1, maximum: 1, firstRow: 1, endRow: 2))
    #expect(pool.touched == Array(row..<(2 * row)))
  }
}
