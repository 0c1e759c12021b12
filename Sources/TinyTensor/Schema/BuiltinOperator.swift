/// An operator of the schema, by number.
///
/// Every number that a file may hold is a value, so that a model with newer operators can still be inspected.
public struct BuiltinOperator: RawRepresentable, Sendable, Hashable {
  /// The operator's number in the schema.
  public var rawValue: Int32

  /// An operator by its number in the schema.
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// Whether the schema, as this library knows it, has the operator.
  public var isKnown: Bool { rawValue >= 0 && Int(rawValue) < Self.names.count }

  /// The operator's name in the schema, or `UNKNOWN(n)`.
  public var name: String {
    isKnown ? Self.names[Int(rawValue)].description : "UNKNOWN(\(rawValue))"
  }

  /// All operators of the schema, in the order of their numbers.
  public static var all: [BuiltinOperator] {
    names.indices.map { BuiltinOperator(rawValue: Int32($0)) }
  }
}

extension BuiltinOperator: CustomStringConvertible {
  /// The operator's name.
  public var description: String { name }
}

extension BuiltinOperator {
  static let add = BuiltinOperator(rawValue: 0)
  static let averagePool2D = BuiltinOperator(rawValue: 1)
  static let concatenation = BuiltinOperator(rawValue: 2)
  static let conv2D = BuiltinOperator(rawValue: 3)
  static let depthwiseConv2D = BuiltinOperator(rawValue: 4)
  static let depthToSpace = BuiltinOperator(rawValue: 5)
  static let dequantize = BuiltinOperator(rawValue: 6)
  static let embeddingLookup = BuiltinOperator(rawValue: 7)
  static let floor = BuiltinOperator(rawValue: 8)
  static let fullyConnected = BuiltinOperator(rawValue: 9)
  static let l2Normalization = BuiltinOperator(rawValue: 11)
  static let l2Pool2D = BuiltinOperator(rawValue: 12)
  static let localResponseNormalization = BuiltinOperator(rawValue: 13)
  static let logistic = BuiltinOperator(rawValue: 14)
  static let lstm = BuiltinOperator(rawValue: 16)
  static let maxPool2D = BuiltinOperator(rawValue: 17)
  static let mul = BuiltinOperator(rawValue: 18)
  static let relu = BuiltinOperator(rawValue: 19)
  static let reluN1To1 = BuiltinOperator(rawValue: 20)
  static let relu6 = BuiltinOperator(rawValue: 21)
  static let reshape = BuiltinOperator(rawValue: 22)
  static let resizeBilinear = BuiltinOperator(rawValue: 23)
  static let rnn = BuiltinOperator(rawValue: 24)
  static let softmax = BuiltinOperator(rawValue: 25)
  static let spaceToDepth = BuiltinOperator(rawValue: 26)
  static let svdf = BuiltinOperator(rawValue: 27)
  static let tanh = BuiltinOperator(rawValue: 28)
  static let call = BuiltinOperator(rawValue: 31)
  static let custom = BuiltinOperator(rawValue: 32)
  static let pad = BuiltinOperator(rawValue: 34)
  static let unidirectionalSequenceRNN = BuiltinOperator(rawValue: 35)
  static let gather = BuiltinOperator(rawValue: 36)
  static let batchToSpaceND = BuiltinOperator(rawValue: 37)
  static let spaceToBatchND = BuiltinOperator(rawValue: 38)
  static let transpose = BuiltinOperator(rawValue: 39)
  static let mean = BuiltinOperator(rawValue: 40)
  static let sub = BuiltinOperator(rawValue: 41)
  static let div = BuiltinOperator(rawValue: 42)
  static let squeeze = BuiltinOperator(rawValue: 43)
  static let unidirectionalSequenceLSTM = BuiltinOperator(rawValue: 44)
  static let stridedSlice = BuiltinOperator(rawValue: 45)
  static let bidirectionalSequenceRNN = BuiltinOperator(rawValue: 46)
  static let exp = BuiltinOperator(rawValue: 47)
  static let topKV2 = BuiltinOperator(rawValue: 48)
  static let split = BuiltinOperator(rawValue: 49)
  static let logSoftmax = BuiltinOperator(rawValue: 50)
  static let bidirectionalSequenceLSTM = BuiltinOperator(rawValue: 52)
  static let cast = BuiltinOperator(rawValue: 53)
  static let prelu = BuiltinOperator(rawValue: 54)
  static let maximum = BuiltinOperator(rawValue: 55)
  static let argMax = BuiltinOperator(rawValue: 56)
  static let minimum = BuiltinOperator(rawValue: 57)
  static let less = BuiltinOperator(rawValue: 58)
  static let neg = BuiltinOperator(rawValue: 59)
  static let padV2 = BuiltinOperator(rawValue: 60)
  static let greater = BuiltinOperator(rawValue: 61)
  static let greaterEqual = BuiltinOperator(rawValue: 62)
  static let lessEqual = BuiltinOperator(rawValue: 63)
  static let select = BuiltinOperator(rawValue: 64)
  static let slice = BuiltinOperator(rawValue: 65)
  static let sin = BuiltinOperator(rawValue: 66)
  static let transposeConv = BuiltinOperator(rawValue: 67)
  static let sparseToDense = BuiltinOperator(rawValue: 68)
  static let tile = BuiltinOperator(rawValue: 69)
  static let expandDims = BuiltinOperator(rawValue: 70)
  static let equal = BuiltinOperator(rawValue: 71)
  static let notEqual = BuiltinOperator(rawValue: 72)
  static let log = BuiltinOperator(rawValue: 73)
  static let sum = BuiltinOperator(rawValue: 74)
  static let sqrt = BuiltinOperator(rawValue: 75)
  static let rsqrt = BuiltinOperator(rawValue: 76)
  static let shape = BuiltinOperator(rawValue: 77)
  static let pow = BuiltinOperator(rawValue: 78)
  static let argMin = BuiltinOperator(rawValue: 79)
  static let fakeQuant = BuiltinOperator(rawValue: 80)
  static let reduceProd = BuiltinOperator(rawValue: 81)
  static let reduceMax = BuiltinOperator(rawValue: 82)
  static let pack = BuiltinOperator(rawValue: 83)
  static let logicalOr = BuiltinOperator(rawValue: 84)
  static let oneHot = BuiltinOperator(rawValue: 85)
  static let logicalAnd = BuiltinOperator(rawValue: 86)
  static let logicalNot = BuiltinOperator(rawValue: 87)
  static let unpack = BuiltinOperator(rawValue: 88)
  static let reduceMin = BuiltinOperator(rawValue: 89)
  static let floorDiv = BuiltinOperator(rawValue: 90)
  static let reduceAny = BuiltinOperator(rawValue: 91)
  static let square = BuiltinOperator(rawValue: 92)
  static let zerosLike = BuiltinOperator(rawValue: 93)
  static let fill = BuiltinOperator(rawValue: 94)
  static let floorMod = BuiltinOperator(rawValue: 95)
  static let range = BuiltinOperator(rawValue: 96)
  static let resizeNearestNeighbor = BuiltinOperator(rawValue: 97)
  static let leakyRelu = BuiltinOperator(rawValue: 98)
  static let squaredDifference = BuiltinOperator(rawValue: 99)
  static let mirrorPad = BuiltinOperator(rawValue: 100)
  static let abs = BuiltinOperator(rawValue: 101)
  static let splitV = BuiltinOperator(rawValue: 102)
  static let ceil = BuiltinOperator(rawValue: 104)
  static let unique = BuiltinOperator(rawValue: 103)
  static let reverseV2 = BuiltinOperator(rawValue: 105)
  static let addN = BuiltinOperator(rawValue: 106)
  static let gatherND = BuiltinOperator(rawValue: 107)
  static let cos = BuiltinOperator(rawValue: 108)
  static let `where` = BuiltinOperator(rawValue: 109)
  static let rank = BuiltinOperator(rawValue: 110)
  static let elu = BuiltinOperator(rawValue: 111)
  static let reverseSequence = BuiltinOperator(rawValue: 112)
  static let matrixDiag = BuiltinOperator(rawValue: 113)
  static let quantize = BuiltinOperator(rawValue: 114)
  static let matrixSetDiag = BuiltinOperator(rawValue: 115)
  static let round = BuiltinOperator(rawValue: 116)
  static let hardSwish = BuiltinOperator(rawValue: 117)
  static let `if` = BuiltinOperator(rawValue: 118)
  static let `while` = BuiltinOperator(rawValue: 119)
  static let nonMaxSuppressionV4 = BuiltinOperator(rawValue: 120)
  static let nonMaxSuppressionV5 = BuiltinOperator(rawValue: 121)
  static let scatterND = BuiltinOperator(rawValue: 122)
  static let selectV2 = BuiltinOperator(rawValue: 123)
  static let densify = BuiltinOperator(rawValue: 124)
  static let segmentSum = BuiltinOperator(rawValue: 125)
  static let batchMatMul = BuiltinOperator(rawValue: 126)
  static let cumsum = BuiltinOperator(rawValue: 128)
  static let callOnce = BuiltinOperator(rawValue: 129)
  static let broadcastTo = BuiltinOperator(rawValue: 130)
  static let rfft2D = BuiltinOperator(rawValue: 131)
  static let conv3D = BuiltinOperator(rawValue: 132)
  static let imag = BuiltinOperator(rawValue: 133)
  static let real = BuiltinOperator(rawValue: 134)
  static let complexAbs = BuiltinOperator(rawValue: 135)
  static let reduceAll = BuiltinOperator(rawValue: 140)
  static let conv3DTranspose = BuiltinOperator(rawValue: 141)
  static let varHandle = BuiltinOperator(rawValue: 142)
  static let readVariable = BuiltinOperator(rawValue: 143)
  static let assignVariable = BuiltinOperator(rawValue: 144)
  static let broadcastArgs = BuiltinOperator(rawValue: 145)
  static let randomStandardNormal = BuiltinOperator(rawValue: 146)
  static let bucketize = BuiltinOperator(rawValue: 147)
  static let randomUniform = BuiltinOperator(rawValue: 148)
  static let multinomial = BuiltinOperator(rawValue: 149)
  static let gelu = BuiltinOperator(rawValue: 150)
  static let dynamicUpdateSlice = BuiltinOperator(rawValue: 151)
  static let relu0To1 = BuiltinOperator(rawValue: 152)
  static let unsortedSegmentProd = BuiltinOperator(rawValue: 153)
  static let unsortedSegmentMax = BuiltinOperator(rawValue: 154)
  static let unsortedSegmentSum = BuiltinOperator(rawValue: 155)
  static let atan2 = BuiltinOperator(rawValue: 156)
  static let unsortedSegmentMin = BuiltinOperator(rawValue: 157)
  static let sign = BuiltinOperator(rawValue: 158)
  static let bitcast = BuiltinOperator(rawValue: 159)
  static let bitwiseXor = BuiltinOperator(rawValue: 160)
  static let rightShift = BuiltinOperator(rawValue: 161)
  static let stablehloAdd = BuiltinOperator(rawValue: 163)
  static let stablehloMultiply = BuiltinOperator(rawValue: 165)
  static let stablehloMaximum = BuiltinOperator(rawValue: 166)
  static let stablehloMinimum = BuiltinOperator(rawValue: 181)
  static let stablehloPad = BuiltinOperator(rawValue: 195)
  static let stablehloReduceWindow = BuiltinOperator(rawValue: 198)
  static let stablehloGather = BuiltinOperator(rawValue: 201)
  static let dilate = BuiltinOperator(rawValue: 203)
  static let reduceWindow = BuiltinOperator(rawValue: 205)
  static let stablehloComposite = BuiltinOperator(rawValue: 206)

  private static let names: [StaticString] = [
    "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEPTH_TO_SPACE", "DEQUANTIZE",
    "EMBEDDING_LOOKUP", "FLOOR", "FULLY_CONNECTED", "HASHTABLE_LOOKUP", "L2_NORMALIZATION", "L2_POOL_2D",
    "LOCAL_RESPONSE_NORMALIZATION", "LOGISTIC", "LSH_PROJECTION", "LSTM", "MAX_POOL_2D", "MUL", "RELU",
    "RELU_N1_TO_1", "RELU6", "RESHAPE", "RESIZE_BILINEAR", "RNN", "SOFTMAX", "SPACE_TO_DEPTH", "SVDF", "TANH",
    "CONCAT_EMBEDDINGS", "SKIP_GRAM", "CALL", "CUSTOM", "EMBEDDING_LOOKUP_SPARSE", "PAD",
    "UNIDIRECTIONAL_SEQUENCE_RNN", "GATHER", "BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND", "TRANSPOSE", "MEAN", "SUB",
    "DIV", "SQUEEZE", "UNIDIRECTIONAL_SEQUENCE_LSTM", "STRIDED_SLICE", "BIDIRECTIONAL_SEQUENCE_RNN", "EXP", "TOPK_V2",
    "SPLIT", "LOG_SOFTMAX", "DELEGATE", "BIDIRECTIONAL_SEQUENCE_LSTM", "CAST", "PRELU", "MAXIMUM", "ARG_MAX",
    "MINIMUM", "LESS", "NEG", "PADV2", "GREATER", "GREATER_EQUAL", "LESS_EQUAL", "SELECT", "SLICE", "SIN",
    "TRANSPOSE_CONV", "SPARSE_TO_DENSE", "TILE", "EXPAND_DIMS", "EQUAL", "NOT_EQUAL", "LOG", "SUM", "SQRT", "RSQRT",
    "SHAPE", "POW", "ARG_MIN", "FAKE_QUANT", "REDUCE_PROD", "REDUCE_MAX", "PACK", "LOGICAL_OR", "ONE_HOT",
    "LOGICAL_AND", "LOGICAL_NOT", "UNPACK", "REDUCE_MIN", "FLOOR_DIV", "REDUCE_ANY", "SQUARE", "ZEROS_LIKE", "FILL",
    "FLOOR_MOD", "RANGE", "RESIZE_NEAREST_NEIGHBOR", "LEAKY_RELU", "SQUARED_DIFFERENCE", "MIRROR_PAD", "ABS",
    "SPLIT_V", "UNIQUE", "CEIL", "REVERSE_V2", "ADD_N", "GATHER_ND", "COS", "WHERE", "RANK", "ELU",
    "REVERSE_SEQUENCE", "MATRIX_DIAG", "QUANTIZE", "MATRIX_SET_DIAG", "ROUND", "HARD_SWISH", "IF", "WHILE",
    "NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5", "SCATTER_ND", "SELECT_V2", "DENSIFY", "SEGMENT_SUM",
    "BATCH_MATMUL", "PLACEHOLDER_FOR_GREATER_OP_CODES", "CUMSUM", "CALL_ONCE", "BROADCAST_TO", "RFFT2D", "CONV_3D",
    "IMAG", "REAL", "COMPLEX_ABS", "HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_SIZE", "REDUCE_ALL",
    "CONV_3D_TRANSPOSE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "BROADCAST_ARGS", "RANDOM_STANDARD_NORMAL",
    "BUCKETIZE", "RANDOM_UNIFORM", "MULTINOMIAL", "GELU", "DYNAMIC_UPDATE_SLICE", "RELU_0_TO_1",
    "UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_SUM", "ATAN2", "UNSORTED_SEGMENT_MIN", "SIGN",
    "BITCAST", "BITWISE_XOR", "RIGHT_SHIFT", "STABLEHLO_LOGISTIC", "STABLEHLO_ADD", "STABLEHLO_DIVIDE",
    "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM", "STABLEHLO_RESHAPE", "STABLEHLO_CLAMP", "STABLEHLO_CONCATENATE",
    "STABLEHLO_BROADCAST_IN_DIM", "STABLEHLO_CONVOLUTION", "STABLEHLO_SLICE", "STABLEHLO_CUSTOM_CALL",
    "STABLEHLO_REDUCE", "STABLEHLO_ABS", "STABLEHLO_AND", "STABLEHLO_COSINE", "STABLEHLO_EXPONENTIAL",
    "STABLEHLO_FLOOR", "STABLEHLO_LOG", "STABLEHLO_MINIMUM", "STABLEHLO_NEGATE", "STABLEHLO_OR", "STABLEHLO_POWER",
    "STABLEHLO_REMAINDER", "STABLEHLO_RSQRT", "STABLEHLO_SELECT", "STABLEHLO_SUBTRACT", "STABLEHLO_TANH",
    "STABLEHLO_SCATTER", "STABLEHLO_COMPARE", "STABLEHLO_CONVERT", "STABLEHLO_DYNAMIC_SLICE",
    "STABLEHLO_DYNAMIC_UPDATE_SLICE", "STABLEHLO_PAD", "STABLEHLO_IOTA", "STABLEHLO_DOT_GENERAL",
    "STABLEHLO_REDUCE_WINDOW", "STABLEHLO_SORT", "STABLEHLO_WHILE", "STABLEHLO_GATHER", "STABLEHLO_TRANSPOSE",
    "DILATE", "STABLEHLO_RNG_BIT_GENERATOR", "REDUCE_WINDOW", "STABLEHLO_COMPOSITE", "STABLEHLO_SHIFT_LEFT",
    "STABLEHLO_CBRT", "STABLEHLO_CASE",
  ]
}
