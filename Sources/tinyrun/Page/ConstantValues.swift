import TinyTensor

/// Reads single elements of a constant's bytes as numbers.
struct ConstantValues {
  /// How the bytes of an element become a number.
  private enum Layout {
    case signed(bits: Int)
    case unsigned(bits: Int)
    case float16
    case bfloat16
    case float32
    case float64
  }

  private let layout: Layout
  private let bitWidth: Int
  /// Whether values are whole numbers.
  let isInteger: Bool

  /// `nil` for types whose elements are not numbers of a fixed size.
  init?(_ type: ElementType) {
    guard let width = type.bitWidth else { return nil }
    bitWidth = width
    switch type {
    case .int2, .int4, .int8, .int16, .int32, .int64: layout = .signed(bits: width)
    case .uint4, .uint8, .uint16, .uint32, .uint64, .bool: layout = .unsigned(bits: width)
    case .float16: layout = .float16
    case .bfloat16: layout = .bfloat16
    case .float32: layout = .float32
    case .float64: layout = .float64
    default: return nil
    }
    isInteger =
      switch layout {
      case .signed, .unsigned: true
      default: false
      }
  }

  /// How many elements so many bytes can hold.
  func count(inBytes byteCount: Int) -> Int { bitWidth < 8 ? byteCount * (8 / bitWidth) : byteCount / (bitWidth / 8) }

  /// The element at an index below the count of the bytes; those of fewer than 8 bits begin in a byte's low bits.
  func value(_ index: Int, in bytes: borrowing RawSpan) -> Double {
    var bits: UInt64 = 0
    if bitWidth < 8 {
      let share = 8 / bitWidth
      bits = UInt64(bytes.byte(index / share) >> UInt8(index % share * bitWidth)) & (1 << UInt64(bitWidth) - 1)
    } else {
      let size = bitWidth / 8
      for byte in 0..<size { bits |= UInt64(bytes.byte(index * size + byte)) << UInt64(8 * byte) }
    }
    switch layout {
    case .signed(let width): return Double(Int64(bitPattern: bits << UInt64(64 - width)) >> Int64(64 - width))
    case .unsigned: return Double(bits)
    case .float16: return Self.half(UInt16(truncatingIfNeeded: bits))
    case .bfloat16: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits) << 16))
    case .float32: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    case .float64: return Double(bitPattern: bits)
    }
  }

  /// A number of 16 bits, by IEEE 754's binary16; not every processor that Swift knows has `Float16`.
  private static func half(_ bits: UInt16) -> Double {
    let sign: Double = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Double(bits & 0x3FF)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
    }
  }
}

extension RawSpan {
  /// A byte, checked.
  fileprivate func byte(_ index: Int) -> UInt8 {
    precondition(index >= 0 && index < byteCount, "index outside the constant")
    // Sound: the index is inside, and every byte is a value.
    return unsafe unsafeLoad(fromByteOffset: index, as: UInt8.self)
  }
}
