/// Where the fields are, in bytes, of those C structures of TensorFlow Lite that libedgetpu reads and writes; on systems
/// with 64-bit pointers.
///
/// Source: `offsetof` over the headers of TensorFlow 2.5 to 2.20 and of LiteRT to August 2026, in which they are equal.
/// What grew meanwhile are the ends of structures, which nobody reaches here.
enum HostLayout {
  /// `TfLiteContext`.
  enum Context {
    static let tensorCount = 0
    static let getExecutionPlan = 8
    static let tensors = 16
    static let implementation = 24
    static let resizeTensor = 32
    static let reportError = 40
    static let getNodeAndRegistration = 56
    static let replaceNodeSubsets = 64
    static let threadCount = 72
    static let getExternalContext = 80
    static let setExternalContext = 88
    /// More than any version has (200); the rest is zero.
    static let byteCount = 256
  }

  /// `TfLiteTensor`.
  enum Tensor {
    static let type = 0
    static let data = 8
    static let sizes = 16
    static let scale = 24
    static let zeroPoint = 28
    static let allocationType = 32
    static let byteCount = 40
    static let name = 56
    static let bufferHandle = 72
    static let isVariable = 77
    /// From one tensor to the next.
    static let stride = 112
  }

  /// `TfLiteNode`.
  enum Node {
    static let inputs = 0
    static let outputs = 8
    static let intermediates = 16
    static let temporaries = 24
    static let userData = 32
    static let customOptions = 48
    static let customOptionsByteCount = 56
    static let delegate = 64
    /// More than any version has (80); the rest is zero.
    static let byteCount = 96
  }

  /// `TfLiteRegistration`.
  enum Registration {
    static let initialize = 0
    static let free = 8
    static let prepare = 16
    static let invoke = 24
    static let builtinCode = 40
    static let customName = 48
    static let version = 56
    /// More than any version has (88); the rest is zero.
    static let byteCount = 96
  }

  /// `TfLiteDelegate`.
  enum Delegate {
    static let prepare = 8
  }

  /// `TfLiteDelegateParams`.
  enum DelegateParameters {
    static let delegate = 0
    static let nodes = 8
    static let inputs = 16
    static let outputs = 24
    static let byteCount = 32
  }

  /// `TfLiteIntArray`: a count, then as many integers of 32 bits.
  enum IntArray {
    static let count = 0
    static let elements = 4
    static let elementStride = 4
  }

  /// `edgetpu_device`: a type, then a pointer to a path.
  enum Device {
    static let type = 0
    static let path = 8
    static let stride = 16
  }

  /// `edgetpu_option`: a name, then a value.
  enum Option {
    static let name = 0
    static let value = 8
    static let stride = 16
  }
}

extension HostLayout {
  /// `TfLiteStatus`.
  enum Status {
    static let ok: Int32 = 0
    static let error: Int32 = 1
  }

  /// `kTfLiteBuiltinCustom`.
  static let customOperator: Int32 = 32
  /// `kTfLiteEdgeTpuContext`.
  static let edgeTPUContext: Int32 = 2
  /// `kTfLiteArenaRw`.
  static let arenaAllocation: Int32 = 2
  /// `kTfLiteNullBufferHandle`: the tensor's bytes are in memory.
  static let noBufferHandle: Int32 = -1

  /// Types by their number in `TfLiteType`, which counts otherwise than the schema; those that executables have.
  private static let types: [(number: Int32, type: ElementType)] = [
    (1, .float32), (2, .int32), (3, .uint8), (4, .int64), (7, .int16), (9, .int8), (10, .float16),
  ]

  /// `TfLiteType`; `nil` for types that no executable has.
  static func type(_ elementType: ElementType) -> Int32? {
    types.first { $0.type == elementType }?.number
  }

  /// The bytes of so many elements of a `TfLiteType`; `nil` for types that no executable has, and beyond the largest
  /// `Int`.
  static func byteCount(of count: Int, type: Int32) -> Int? {
    types.first { $0.number == type }?.type.byteCount(of: count)
  }
}
