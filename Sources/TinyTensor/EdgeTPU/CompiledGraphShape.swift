/// The operators of a graph as libedgetpu gets to see them: those that were compiled for the Edge TPU with what they
/// carry, and that there are others.
struct CompiledGraphShape: Sendable, Hashable {
  struct Node: Sendable, Hashable {
    /// Tensors of the graph; of other operators they are of no interest.
    var inputs: [Int]
    var outputs: [Int]
    /// A custom operator's name.
    var customName: String?
    /// Where a custom operator's options lie.
    var options: Range<Int>?

    /// Whether it was compiled for the Edge TPU.
    var isCompiled: Bool { customName == compiledOperatorName }
  }

  var tensorCount: Int
  var nodes: [Node]
}

/// A tensor of a compiled operator as libedgetpu gets to see it.
struct CompiledTensor: Sendable, Hashable {
  /// `TfLiteType`.
  var type: Int32
  var sizes: [Int]
  var byteCount: Int
  var scale: Float
  var zeroPoint: Int32
  /// Whether the device writes a new state over it.
  var isVariable: Bool
}

/// What a compiled operator's inputs and outputs are, in the order of its executable's layers.
struct CompiledOperands: Sendable, Hashable {
  var inputs: [CompiledTensor]
  var outputs: [CompiledTensor]
}

/// The name by which models refer to operators that were compiled for the Edge TPU.
let compiledOperatorName = "edgetpu-custom-op"

extension ModelFile.OperatorCode {
  /// Whether it was compiled for the Edge TPU.
  public var isCompiledForEdgeTPU: Bool { builtin == .custom && customName == compiledOperatorName }
}

extension ModelFile {
  /// Whether it has operators that were compiled for the Edge TPU, and cannot run without one.
  public var isCompiledForEdgeTPU: Bool {
    subgraphs.contains { graph in
      graph.operators.contains { code(of: $0)?.isCompiledForEdgeTPU == true }
    }
  }
}

extension CompiledGraphShape {
  /// The graph of a model.
  ///
  /// - Parameters:
  ///   - subgraph: the graph, whose indices have been checked.
  ///   - codes: the file's operator codes.
  init(_ subgraph: ModelFile.Subgraph, _ codes: [ModelFile.OperatorCode]) {
    tensorCount = subgraph.tensors.count
    nodes = subgraph.operators.map { node in
      let code = codes[node.codeIndex]
      return Node(
        inputs: node.inputs, outputs: node.outputs, customName: code.builtin == .custom ? code.customName ?? "" : nil,
        options: code.builtin == .custom ? node.customOptions : nil)
    }
  }
}
