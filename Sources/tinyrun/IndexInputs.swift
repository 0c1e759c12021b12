import TinyTensor

/// Inputs whose numbers are indices, counts or sizes somewhere in a model: random ones would be refused in the run.
enum IndexInputs {
  /// What operators read as indices, by their places among the operator's inputs.
  private static let places: [String: [Int]] = [
    "GATHER": [1], "GATHER_ND": [1], "EMBEDDING_LOOKUP": [0], "SCATTER_ND": [0, 2], "SPARSE_TO_DENSE": [0, 1],
    "SEGMENT_SUM": [1], "UNSORTED_SEGMENT_SUM": [1, 2], "UNSORTED_SEGMENT_MAX": [1, 2],
    "UNSORTED_SEGMENT_MIN": [1, 2], "UNSORTED_SEGMENT_PROD": [1, 2], "SLICE": [1, 2], "STRIDED_SLICE": [1, 2],
    "DYNAMIC_UPDATE_SLICE": [2], "REVERSE_SEQUENCE": [1], "TOPK_V2": [1],
    "RESHAPE": [1], "FILL": [0], "TILE": [1], "BROADCAST_TO": [1], "RANGE": [0, 1], "ONE_HOT": [1], "EXPAND_DIMS": [1],
    "PAD": [1], "PADV2": [1], "MIRROR_PAD": [1], "NON_MAX_SUPPRESSION_V4": [2], "NON_MAX_SUPPRESSION_V5": [2],
  ]
  /// Operators whose graphs may read any of their inputs so.
  private static let callers: Set<String> = ["CALL", "IF", "WHILE"]

  /// The indices in the model's list of inputs.
  ///
  /// - Complexity: O(tensors that operators read and write).
  static func of(_ model: Model) -> Set<Int> {
    func isWhole(_ tensor: Int) -> Bool {
      guard model.tensors.indices.contains(tensor) else { return false }
      let info = model.tensors[tensor]
      return [.int32, .int64, .int16, .uint32, .uint64].contains(info.elementType) && info.quantization == nil
    }
    // From the end: what an index is computed of is one, too.
    var wanted: Set<Int> = []
    for step in model.operators.reversed() {
      if callers.contains(step.name) || step.outputs.contains(where: wanted.contains) {
        wanted.formUnion(step.inputs.filter(isWhole))
      } else if let places = places[step.name] {
        wanted.formUnion(places.filter { $0 < step.inputs.count }.map { step.inputs[$0] }.filter(isWhole))
      }
    }
    return Set(model.inputs.indices.filter { wanted.contains(model.inputs[$0].tensor) })
  }
}

extension SeededRandom {
  /// Random bytes for all inputs of a model; zeros for those that are indices.
  mutating func inputs(of model: Model) -> [[UInt8]] {
    let indices = IndexInputs.of(model)
    return model.inputs.enumerated().map { index, info in
      let bytes = bytes(for: info)
      return indices.contains(index) ? [UInt8](repeating: 0, count: bytes.count) : bytes
    }
  }
}
