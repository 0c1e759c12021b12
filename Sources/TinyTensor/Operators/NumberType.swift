/// The types of tensors of plain numbers, for operators that have a kernel for each.
enum NumberType: Sendable, Hashable {
  case float32
  case int32
  case int64

  /// `nil` for other types.
  init?(_ type: ElementType) {
    switch type {
    case .float32: self = .float32
    case .int32: self = .int32
    case .int64: self = .int64
    default: return nil
    }
  }
}

/// The names of an operator's kernels by element type; empty where it has none.
struct KernelNames: Sendable {
  var float32: StaticString = ""
  var int32: StaticString = ""
  var int64: StaticString = ""
  var int8: StaticString = ""
  var uint8: StaticString = ""
  var int16: StaticString = ""
  var bool: StaticString = ""

  subscript(type: ElementType) -> StaticString {
    switch type {
    case .float32: float32
    case .int32: int32
    case .int64: int64
    case .int8: int8
    case .uint8: uint8
    case .int16: int16
    case .bool: bool
    default: ""
    }
  }

  /// The types that have a kernel.
  var types: [ElementType] {
    var types: [ElementType] = [.float32, .int32, .int64, .int8, .uint8, .int16, .bool]
    types.removeAll { self[$0].utf8CodeUnitCount == 0 }
    return types
  }
}
