/// The type of a tensor's elements.
///
/// Every number that a file may hold is a value, so that a model with newer types can still be inspected.
public struct ElementType: RawRepresentable, Sendable, Hashable {
  /// The type's number in the schema (`TensorType`).
  public var rawValue: Int8

  /// A type by its number in the schema.
  public init(rawValue: Int8) { self.rawValue = rawValue }

  /// 32-bit IEEE 754 numbers.
  public static let float32 = ElementType(rawValue: 0)
  /// 16-bit IEEE 754 numbers.
  public static let float16 = ElementType(rawValue: 1)
  /// Signed 32-bit integers.
  public static let int32 = ElementType(rawValue: 2)
  /// Unsigned bytes.
  public static let uint8 = ElementType(rawValue: 3)
  /// Signed 64-bit integers.
  public static let int64 = ElementType(rawValue: 4)
  /// Strings, packed with their offsets.
  public static let string = ElementType(rawValue: 5)
  /// Truth values, a byte each.
  public static let bool = ElementType(rawValue: 6)
  /// Signed 16-bit integers.
  public static let int16 = ElementType(rawValue: 7)
  /// Pairs of 32-bit IEEE 754 numbers.
  public static let complex64 = ElementType(rawValue: 8)
  /// Signed bytes.
  public static let int8 = ElementType(rawValue: 9)
  /// 64-bit IEEE 754 numbers.
  public static let float64 = ElementType(rawValue: 10)
  /// Pairs of 64-bit IEEE 754 numbers.
  public static let complex128 = ElementType(rawValue: 11)
  /// Unsigned 64-bit integers.
  public static let uint64 = ElementType(rawValue: 12)
  /// Handles of variables and tables.
  public static let resource = ElementType(rawValue: 13)
  /// Values of run-time type.
  public static let variant = ElementType(rawValue: 14)
  /// Unsigned 32-bit integers.
  public static let uint32 = ElementType(rawValue: 15)
  /// Unsigned 16-bit integers.
  public static let uint16 = ElementType(rawValue: 16)
  /// Signed 4-bit integers, two a byte.
  public static let int4 = ElementType(rawValue: 17)
  /// 16-bit numbers with the exponent range of 32-bit ones.
  public static let bfloat16 = ElementType(rawValue: 18)
  /// Signed 2-bit integers, four a byte.
  public static let int2 = ElementType(rawValue: 19)
  /// Unsigned 4-bit integers, two a byte.
  public static let uint4 = ElementType(rawValue: 20)
  /// 8-bit numbers with 4 exponent and 3 fraction bits, finite only.
  public static let float8E4M3FN = ElementType(rawValue: 21)
  /// 8-bit numbers with 5 exponent and 2 fraction bits.
  public static let float8E5M2 = ElementType(rawValue: 22)

  private static let names: [StaticString] = [
    "float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8", "float64",
    "complex128", "uint64", "resource", "variant", "uint32", "uint16", "int4", "bfloat16", "int2", "uint4",
    "float8_e4m3fn", "float8_e5m2",
  ]

  /// Bits an element by number; 0 where the size is not fixed.
  private static let bitWidths: [Int] = [
    32, 16, 32, 8, 64, 0, 8, 16, 64, 8, 64, 128, 64, 0, 0, 32, 16, 4, 16, 2, 4, 8, 8,
  ]

  /// Whether the schema, as this library knows it, has the type.
  public var isKnown: Bool { rawValue >= 0 && Int(rawValue) < Self.names.count }

  /// The type's name in lower case, or `unknown(n)`.
  public var name: String {
    isKnown ? Self.names[Int(rawValue)].description : "unknown(\(rawValue))"
  }

  /// Why tensors of a type without a fixed size cannot be used.
  var whyUnsupported: String {
    switch self {
    case .string: "whose elements have no fixed size: texts are not supported, pass numbers in their place"
    case .resource: "a handle, which operators for variables alone take; tables of keys are not supported"
    case .variant: "as lists of tensors have it, which are not supported; convert the model with fixed shapes"
    default: isKnown ? "which has no fixed size" : "which this version does not know"
    }
  }

  /// Bits an element, or `nil` for types without a fixed size.
  public var bitWidth: Int? {
    guard isKnown else { return nil }
    let width = Self.bitWidths[Int(rawValue)]
    return width == 0 ? nil : width
  }

  /// Bytes that `count` elements take, the last byte padded; `nil` for types without a fixed size and for counts whose
  /// size does not fit.
  ///
  /// - Parameter count: how many elements; not negative.
  public func byteCount(of count: Int) -> Int? {
    guard let width = bitWidth else { return nil }
    let (bits, overflow) = count.multipliedReportingOverflow(by: width)
    guard !overflow, bits >= 0, bits <= Int.max - 7 else { return nil }
    return (bits + 7) / 8
  }
}

extension ElementType: CustomStringConvertible {
  /// The type's name.
  public var description: String { name }
}

/// A Swift type whose values tensors store as they are.
public protocol TensorScalar: BitwiseCopyable, Sendable {
  /// The element type of tensors that store it.
  static var elementType: ElementType { get }
}

extension Float: TensorScalar {
  /// The element type of tensors that store it.
  public static var elementType: ElementType { .float32 }
}
extension Double: TensorScalar {
  /// The element type of tensors that store it.
  public static var elementType: ElementType { .float64 }
}
extension Int8: TensorScalar {
  /// The element type of tensors that store it.
  public static var elementType: ElementType { .int8 }
}
extension UInt8: TensorScalar {
  /// The element type of tensors that store it.
  public static var elementType: ElementType { .uint8 }
}
extension Int16: TensorScalar {
  /// The element type of tensors that store it.
  public static var elementType: ElementType { .int16 }
}
extension UInt16: TensorScalar {
  /// The element type of tensors that store it.
  public static var elementType: ElementType { .uint16 }
}
extension Int32: TensorScalar {
  /// The element type of tensors that store it.
  public static var elementType: ElementType { .int32 }
}
extension UInt32: TensorScalar {
  /// The element type of tensors that store it.
  public static var elementType: ElementType { .uint32 }
}
extension Int64: TensorScalar {
  /// The element type of tensors that store it.
  public static var elementType: ElementType { .int64 }
}
extension UInt64: TensorScalar {
  /// The element type of tensors that store it.
  public static var elementType: ElementType { .uint64 }
}
