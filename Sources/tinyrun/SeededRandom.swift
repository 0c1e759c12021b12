import TinyTensor

/// Numbers that a seed determines, the same on every machine: SplitMix64.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Random bytes for a tensor: every bit pattern for integers, numbers from -1 to 1 for floats, 0 and 1 for truth
  /// values.
  mutating func bytes(for info: TensorInfo) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(info.byteCount + 8)
    while bytes.count < info.byteCount {
      let number = next()
      switch info.elementType {
      case .float32:
        let value = Float(number >> 40) / Float(1 << 23) - 1
        append(UInt64(value.bitPattern), 4, to: &bytes)
      case .float64:
        append((Double(number >> 11) / Double(1 << 52) - 1).bitPattern, 8, to: &bytes)
      case .bool:
        bytes.append(UInt8(number & 1))
      default:
        append(number, 8, to: &bytes)
      }
    }
    bytes.removeLast(bytes.count - info.byteCount)
    return bytes
  }

  private func append(_ number: UInt64, _ count: Int, to bytes: inout [UInt8]) {
    for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * index))) }
  }
}
