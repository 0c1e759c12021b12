import TinyTensor

/// How a tensor's bytes are numbers: what is stored, and which real numbers that stands for.
///
/// Tensors of types that hold no numbers are taken for their bytes.
struct TensorNumbers {
  let elementType: ElementType
  /// Sizes along the axes, of which the last one runs fastest.
  let shape: [Int]
  let count: Int
  /// Bytes of an element, or 0 where elements share bytes.
  let elementByteCount: Int
  /// The smallest and the largest number that can be stored, where elements are quantized in few bits.
  let limits: ClosedRange<Double>?

  private let bitWidth: Int
  private let scales: [Double]
  private let zeroPoints: [Double]
  /// Elements that lie together and have one scale.
  private let run: Int
  /// Whether what is stored stands for numbers in a way that is not known here.
  let isOpaque: Bool

  private static let numericTypes: Set<ElementType> = [
    .float32, .float16, .bfloat16, .float64, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64, .bool,
    .int4, .uint4, .int2,
  ]

  /// Limits of the types that activations and weights are quantized to.
  private static let quantizedLimits: [ElementType: ClosedRange<Double>] = [
    .int8: -128...127, .uint8: 0...255, .int16: -32768...32767, .uint16: 0...65535, .int4: -8...7, .uint4: 0...15,
    .int2: -2...1,
  ]

  /// - Parameters:
  ///   - elementType: the type of its elements.
  ///   - shape: its sizes, whose product is `count`.
  ///   - count: how many elements it has.
  ///   - byteCount: how many bytes it has.
  ///   - quantization: how stored numbers stand for real ones.
  init(_ elementType: ElementType, shape: [Int], count: Int, byteCount: Int, _ quantization: Quantization?) {
    guard Self.numericTypes.contains(elementType), elementType.byteCount(of: count) == byteCount,
      let bitWidth = elementType.bitWidth
    else {
      self.elementType = .uint8
      self.shape = [byteCount]
      self.count = byteCount
      self.bitWidth = 8
      elementByteCount = 1
      limits = nil
      scales = []
      zeroPoints = []
      run = 1
      isOpaque = true
      return
    }
    self.elementType = elementType
    self.shape = shape
    self.count = count
    self.bitWidth = bitWidth
    elementByteCount = bitWidth / 8
    let layout = Self.scales(quantization, shape: shape, count: count)
    scales = layout?.scales ?? []
    zeroPoints = layout?.zeroPoints ?? []
    run = layout?.run ?? 1
    isOpaque = layout == nil && quantization?.isPresent == true
    limits = scales.isEmpty ? nil : Self.quantizedLimits[elementType]
  }

  init(_ info: TensorInfo) {
    self.init(info.elementType, shape: info.shape, count: info.count, byteCount: info.byteCount, info.quantization)
  }

  /// Scales that can be counted with, or `nil`: positive, finite, one for all elements or one for each slice of an axis.
  private static func scales(
    _ quantization: Quantization?, shape: [Int], count elementCount: Int
  ) -> (scales: [Double], zeroPoints: [Double], run: Int)? {
    guard let quantization, quantization.details == nil, !quantization.scales.isEmpty,
      quantization.scales.allSatisfy({ $0 > 0 && $0.isFinite })
    else { return nil }
    let count = quantization.scales.count
    var zeroPoints = quantization.zeroPoints.map { Double($0) }
    if zeroPoints.count != count { zeroPoints = [Double](repeating: zeroPoints.first ?? 0, count: count) }
    let scales = quantization.scales.map { Double($0) }
    if count == 1 { return (scales, zeroPoints, 1) }
    guard shape.indices.contains(quantization.axis), shape[quantization.axis] == count else { return nil }
    return (scales, zeroPoints, inner(shape, axis: quantization.axis, count: elementCount))
  }

  /// How many elements lie together at one place along an axis; 1 for a tensor without elements.
  static func inner(_ shape: [Int], axis: Int, count: Int) -> Int {
    // Where there are elements, every product of sizes is at most their count.
    count == 0 ? 1 : shape[(axis + 1)...].reduce(1, *)
  }

  /// Whether stored numbers stand for others.
  var isQuantized: Bool { !scales.isEmpty }

  /// Scales and zero points: two tensors of one type store numbers alike if these are the same.
  var scaling: [Double] { scales + zeroPoints }

  /// The distance of neighbouring stored numbers, where it is one for all.
  var step: Double? { scales.count == 1 ? scales[0] : nil }

  /// The stored number that stands for 0, where it is one for all.
  var zeroPoint: Double? { scales.count == 1 ? zeroPoints[0] : nil }

  /// The distance of neighbouring stored numbers around an element; not a number without quantization.
  func step(at index: Int) -> Double {
    scales.isEmpty ? .nan : scales.count == 1 ? scales[0] : scales[index / run % scales.count]
  }

  /// The real number that an element stands for.
  func real(_ stored: Double, at index: Int) -> Double {
    if scales.isEmpty { return stored }
    let channel = scales.count == 1 ? 0 : index / run % scales.count
    return scales[channel] * (stored - zeroPoints[channel])
  }

  /// An element's place along each axis.
  func coordinates(_ index: Int) -> [Int] {
    var rest = index
    var places: [Int] = []
    for size in shape.reversed() {
      places.append(rest % max(size, 1))
      rest /= max(size, 1)
    }
    return places.reversed()
  }

  /// Reads stored numbers. Those of 64 bits are rounded to double precision.
  ///
  /// - Parameters:
  ///   - range: which elements; inside the tensor.
  ///   - bytes: the whole tensor's, at least as many as its elements take.
  ///   - numbers: gets as many as the range has.
  func read(_ range: Range<Int>, of bytes: RawSpan, into numbers: inout [Double]) {
    switch elementType {
    case .float32: read(range, bytes, Float.self, &numbers) { Double($0) }
    case .float64: read(range, bytes, Double.self, &numbers) { $0 }
    case .float16: read(range, bytes, UInt16.self, &numbers, Self.half)
    case .bfloat16: read(range, bytes, UInt16.self, &numbers) { Double(Float(bitPattern: UInt32($0) << 16)) }
    case .int8: read(range, bytes, Int8.self, &numbers) { Double($0) }
    case .int16: read(range, bytes, Int16.self, &numbers) { Double($0) }
    case .uint16: read(range, bytes, UInt16.self, &numbers) { Double($0) }
    case .int32: read(range, bytes, Int32.self, &numbers) { Double($0) }
    case .uint32: read(range, bytes, UInt32.self, &numbers) { Double($0) }
    case .int64: read(range, bytes, Int64.self, &numbers) { Double($0) }
    case .uint64: read(range, bytes, UInt64.self, &numbers) { Double($0) }
    case .int4, .uint4, .int2: readBits(range, bytes, &numbers)
    default: read(range, bytes, UInt8.self, &numbers) { Double($0) }
    }
  }

  @inline(__always)
  private func read<Stored: BitwiseCopyable>(
    _ range: Range<Int>, _ bytes: RawSpan, _: Stored.Type, _ numbers: inout [Double], _ number: (Stored) -> Double
  ) {
    var place = 0
    for index in range {
      // Sound: every pattern of bytes is a value of these types, and the place is checked.
      let stored = unsafe bytes.unsafeLoadUnaligned(
        fromByteOffset: index * MemoryLayout<Stored>.stride, as: Stored.self)
      numbers[place] = number(stored)
      place += 1
    }
  }

  /// Elements that share bytes, the lowest bits first.
  private func readBits(_ range: Range<Int>, _ bytes: RawSpan, _ numbers: inout [Double]) {
    let perByte = 8 / bitWidth
    let isSigned = elementType != .uint4
    for (place, index) in range.enumerated() {
      // Sound: every byte is a value, and the place is checked.
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: index / perByte, as: UInt8.self)
      let bits = Int(byte) >> (index % perByte * bitWidth) & (1 << bitWidth - 1)
      numbers[place] = Double(isSigned && bits >> (bitWidth - 1) == 1 ? bits - 1 << bitWidth : bits)
    }
  }

  /// A number of half precision; the compiler has no such type on every processor.
  private static func half(_ pattern: UInt16) -> Double {
    let sign: Double = pattern >> 15 == 0 ? 1 : -1
    let exponent = Int(pattern >> 10 & 31)
    let fraction = Double(pattern & 1023)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
    }
  }
}

extension TensorNumbers {
  /// Elements that are read at once.
  static let chunk = 2048

  /// Goes through a whole tensor's stored numbers.
  ///
  /// - Parameters:
  ///   - bytes: the tensor's, at least as many as its elements take.
  ///   - body: takes an element's index and what is stored.
  func forEach(_ bytes: RawSpan, _ body: (Int, Double) -> Void) {
    var numbers = [Double](repeating: 0, count: min(Self.chunk, count))
    var start = 0
    while start < count {
      let range = start..<min(start + Self.chunk, count)
      read(range, of: bytes, into: &numbers)
      for index in range { body(index, numbers[index - start]) }
      start = range.upperBound
    }
  }

  /// Real numbers of a whole tensor, in single precision.
  func real(_ bytes: [UInt8]) -> [Float] {
    var real: [Float] = []
    real.reserveCapacity(count)
    // Sound: bytes have no padding and no invalid patterns.
    forEach(unsafe bytes.span.bytes) { real.append(Float(self.real($1, at: $0))) }
    return real
  }
}
