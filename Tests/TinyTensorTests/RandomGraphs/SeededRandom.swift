@testable import TinyTensor

/// Numbers that follow from a seed: SplitMix64.
struct SeededRandom {
  private var state: UInt64
  /// Whether elements take few values only, which compress well.
  private let isCoarse: Bool

  init(_ seed: UInt64, isCoarse: Bool = false) {
    state = seed
    self.isCoarse = isCoarse
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// A number from 0 up to, not including, `count`.
  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

  mutating func integer(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  mutating func shuffle<Element>(_ elements: inout [Element]) {
    for index in stride(from: elements.count - 1, to: 0, by: -1) { elements.swapAt(index, below(index + 1)) }
  }

  /// A multiple of 1/64 in a range.
  mutating func number(_ low: Double, _ high: Double) -> Float {
    let steps = isCoarse ? 16 : 64
    let step = max(high - low, 0) / Double(steps)
    return Float(((low + step * Double(below(steps + 1))) * 64).rounded() / 64)
  }

  /// Bytes of elements of a type: integers of every value, or in a range where one is given; numbers in a range.
  mutating func bytes(_ type: ElementType, count: Int, in range: ClosedRange<Double>?) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 4)
    for _ in 0..<count {
      switch type {
      case .bool: bytes.append(UInt8(below(2)))
      case .float32:
        let bounds = range ?? -4...4
        append(number(bounds.lowerBound, bounds.upperBound).bitPattern, to: &bytes)
      default:
        let value = range.map { Int($0.lowerBound) + below(Int($0.upperBound) - Int($0.lowerBound) + 1) }
        switch type {
        case .int16: append(Int16(truncatingIfNeeded: value ?? pattern(0xffff)), to: &bytes)
        case .int32: append(Int32(value ?? below(201) - 100), to: &bytes)
        case .int64: append(Int64(value ?? below(201) - 100), to: &bytes)
        default: bytes.append(UInt8(truncatingIfNeeded: value ?? pattern(0xff)))
        }
      }
    }
    return bytes
  }

  /// Bits of a whole number from 0 to `largest`, a multiple of 15.
  private mutating func pattern(_ largest: Int) -> Int {
    isCoarse ? below(16) * (largest / 15) : below(largest + 1)
  }

  private func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
    for index in 0..<(Number.bitWidth / 8) { bytes.append(UInt8(truncatingIfNeeded: number >> Number(8 * index))) }
  }
}
