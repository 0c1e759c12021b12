/// Kinds of operators that a page has a colour for.
enum OperatorFamily: String, CaseIterable {
  case convolution
  case depthwise
  case dense
  case pooling
  case activation
  case arithmetic
  case comparison
  case movement
  case recurrent
  case conversion
  case control
  case custom
  case edgeTPU = "edgetpu"

  var title: String {
    switch self {
    case .convolution: "convolution"
    case .depthwise: "depthwise convolution"
    case .dense: "matrices"
    case .pooling: "pooling, sums"
    case .activation: "activation"
    case .arithmetic: "arithmetic"
    case .comparison: "comparison"
    case .movement: "shape, movement"
    case .recurrent: "recurrent"
    case .conversion: "conversion"
    case .control: "control"
    case .custom: "custom, other"
    case .edgeTPU: "compiled for the Edge TPU"
    }
  }

  /// The family of an operator of the schema's name.
  init(_ name: String, isCompiled: Bool) {
    self = isCompiled ? .edgeTPU : Self.byName[name] ?? .custom
  }

  private static let byName: [String: OperatorFamily] = {
    let names: [(OperatorFamily, String)] = [
      (.convolution, "CONV_2D TRANSPOSE_CONV CONV_3D CONV_3D_TRANSPOSE"), (.depthwise, "DEPTHWISE_CONV_2D"),
      (.dense, "FULLY_CONNECTED BATCH_MATMUL EMBEDDING_LOOKUP EMBEDDING_LOOKUP_SPARSE"),
      (
        .pooling,
        """
        AVERAGE_POOL_2D MAX_POOL_2D L2_POOL_2D MEAN SUM REDUCE_PROD REDUCE_MAX REDUCE_MIN REDUCE_ANY REDUCE_ALL CUMSUM \
        REDUCE_WINDOW STABLEHLO_REDUCE_WINDOW SEGMENT_SUM UNSORTED_SEGMENT_SUM UNSORTED_SEGMENT_PROD \
        UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_MIN
        """
      ),
      (
        .activation,
        """
        RELU RELU6 RELU_N1_TO_1 RELU_0_TO_1 LEAKY_RELU PRELU ELU GELU HARD_SWISH LOGISTIC TANH SOFTMAX LOG_SOFTMAX \
        L2_NORMALIZATION LOCAL_RESPONSE_NORMALIZATION
        """
      ),
      (
        .arithmetic,
        """
        ADD SUB MUL DIV ADD_N FLOOR_DIV FLOOR_MOD POW MAXIMUM MINIMUM SQUARED_DIFFERENCE ABS NEG SQUARE SQRT RSQRT EXP \
        LOG SIN COS FLOOR CEIL ROUND SIGN ATAN2 BITWISE_XOR RIGHT_SHIFT RFFT2D COMPLEX_ABS REAL IMAG \
        STABLEHLO_ADD STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_MINIMUM
        """
      ),
      (
        .comparison,
        """
        EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL LOGICAL_AND LOGICAL_OR LOGICAL_NOT SELECT SELECT_V2 WHERE \
        ARG_MAX ARG_MIN TOPK_V2 NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 UNIQUE
        """
      ),
      (
        .movement,
        """
        RESHAPE SQUEEZE EXPAND_DIMS TRANSPOSE CONCATENATION SPLIT SPLIT_V PACK UNPACK PAD PADV2 MIRROR_PAD SLICE \
        STRIDED_SLICE GATHER GATHER_ND SCATTER_ND TILE BROADCAST_TO BROADCAST_ARGS REVERSE_V2 REVERSE_SEQUENCE \
        SPACE_TO_BATCH_ND BATCH_TO_SPACE_ND SPACE_TO_DEPTH DEPTH_TO_SPACE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR \
        SHAPE RANK FILL RANGE ZEROS_LIKE ONE_HOT MATRIX_DIAG MATRIX_SET_DIAG SPARSE_TO_DENSE DYNAMIC_UPDATE_SLICE DILATE \
        STABLEHLO_PAD STABLEHLO_GATHER RANDOM_UNIFORM RANDOM_STANDARD_NORMAL MULTINOMIAL
        """
      ),
      (
        .recurrent,
        """
        LSTM RNN SVDF UNIDIRECTIONAL_SEQUENCE_LSTM BIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_RNN \
        BIDIRECTIONAL_SEQUENCE_RNN
        """
      ),
      (.conversion, "QUANTIZE DEQUANTIZE CAST FAKE_QUANT DENSIFY BITCAST BUCKETIZE"),
      (
        .control,
        """
        IF WHILE CALL CALL_ONCE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT \
        HASHTABLE_SIZE STABLEHLO_COMPOSITE
        """
      ),
    ]
    var families: [String: OperatorFamily] = [:]
    for (family, list) in names { for name in list.split(separator: " ") { families[String(name)] = family } }
    return families
  }()
}
