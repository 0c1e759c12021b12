/// The types of FlexBuffers values; the raw values are those of the wire format.
public enum FlexKind: UInt8, Sendable, Hashable, CaseIterable {
  /// No value.
  case null = 0
  /// A signed integer.
  case int = 1
  /// An unsigned integer.
  case uint = 2
  /// A floating-point number of 4 or 8 bytes.
  case float = 3
  /// A string that ends with its first zero byte.
  case key = 4
  /// A string with its size stored before it.
  case string = 5
  /// A signed integer that stands elsewhere, so that its parent can be narrow.
  case indirectInt = 6
  /// An unsigned integer that stands elsewhere.
  case indirectUInt = 7
  /// A floating-point number that stands elsewhere.
  case indirectFloat = 8
  /// Values with keys.
  case map = 9
  /// Values, each of its own type.
  case vector = 10
  /// Signed integers of one width.
  case intVector = 11
  /// Unsigned integers of one width.
  case uintVector = 12
  /// Floating-point numbers of one width.
  case floatVector = 13
  /// Keys.
  case keyVector = 14
  /// Strings whose sizes cannot be found, because nothing says how wide they are; they are read as keys. Deprecated.
  case stringVector = 15
  /// Two signed integers, without a count before them.
  case int2 = 16
  /// Two unsigned integers.
  case uint2 = 17
  /// Two floating-point numbers.
  case float2 = 18
  /// Three signed integers.
  case int3 = 19
  /// Three unsigned integers.
  case uint3 = 20
  /// Three floating-point numbers.
  case float3 = 21
  /// Four signed integers.
  case int4 = 22
  /// Four unsigned integers.
  case uint4 = 23
  /// Four floating-point numbers.
  case float4 = 24
  /// Bytes.
  case blob = 25
  /// A truth value.
  case bool = 26
  /// Truth values of one width.
  case boolVector = 36
}

extension FlexKind {
  /// What a vector of one kind holds.
  enum Elements {
    /// Elements with a type byte each, behind the last of them.
    case mixed
    /// Elements of one kind, with their count before them.
    case typed(FlexKind)
    /// A fixed number of elements of one kind.
    case fixed(FlexKind, count: Int)
  }

  /// How the elements are stored, or `nil` for a kind that has none.
  var elements: Elements? {
    switch self {
    case .map, .vector: .mixed
    case .intVector: .typed(.int)
    case .uintVector: .typed(.uint)
    case .floatVector: .typed(.float)
    case .keyVector, .stringVector: .typed(.key)
    case .boolVector: .typed(.bool)
    case .int2: .fixed(.int, count: 2)
    case .uint2: .fixed(.uint, count: 2)
    case .float2: .fixed(.float, count: 2)
    case .int3: .fixed(.int, count: 3)
    case .uint3: .fixed(.uint, count: 3)
    case .float3: .fixed(.float, count: 3)
    case .int4: .fixed(.int, count: 4)
    case .uint4: .fixed(.uint, count: 4)
    case .float4: .fixed(.float, count: 4)
    case .null, .int, .uint, .float, .key, .string, .indirectInt, .indirectUInt, .indirectFloat, .blob, .bool: nil
    }
  }

  /// What it is called in messages.
  var name: StaticString {
    switch self {
    case .null: "null"
    case .int, .indirectInt: "a signed integer"
    case .uint, .indirectUInt: "an unsigned integer"
    case .float, .indirectFloat: "a floating-point number"
    case .key: "a key"
    case .string: "a string"
    case .map: "a map"
    case .vector: "a vector"
    case .intVector, .uintVector, .floatVector, .keyVector, .stringVector, .boolVector: "a typed vector"
    case .int2, .uint2, .float2, .int3, .uint3, .float3, .int4, .uint4, .float4: "a fixed vector"
    case .blob: "a blob"
    case .bool: "a truth value"
    }
  }
}
