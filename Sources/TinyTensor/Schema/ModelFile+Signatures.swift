// A signature names tensors of its graph, in an order of its own. Programs that edit a file often forget its signatures,
// which then name tensors that are no longer the graph's inputs and outputs.

extension ModelFile {
  /// The signature that a model runs where no other one is asked for: `serving_default`, or the only one, if it fits its
  /// graph; `nil` where the first graph's own inputs and outputs are taken, in the graph's order.
  public var defaultSignature: Signature? {
    guard let signature = namedDefault, misfit(of: signature) == nil else { return nil }
    return signature
  }

  /// The signature that is the default by its name, or for being the only one, whether it fits or not.
  var namedDefault: Signature? {
    signatures.first { $0.key == "serving_default" } ?? (signatures.count == 1 ? signatures[0] : nil)
  }

  /// For each signature what makes it stale: how it does not fit the inputs and outputs of its graph. `nil` where it fits,
  /// and where it leads outside the file, which is an error and not a matter of age.
  ///
  /// - Complexity: O(inputs and outputs of all graphs and signatures).
  public var misfits: [String?] {
    var fit = SignatureFit(self)
    return signatures.map { fit.misfit(of: $0) }
  }

  func misfit(of signature: Signature) -> String? {
    var fit = SignatureFit(self)
    return fit.misfit(of: signature)
  }
}

/// Compares signatures with their graphs, each of which it looks at once.
struct SignatureFit {
  private let file: ModelFile
  /// Tensors that are inputs and outputs, by graph.
  private var places: [Int: (inputs: Set<Int>, outputs: Set<Int>)] = [:]

  init(_ file: ModelFile) { self.file = file }

  mutating func misfit(of signature: ModelFile.Signature) -> String? {
    inputMisfit(of: signature) ?? outputMisfit(of: signature)
  }

  /// How the inputs that a signature names are not its graph's: such a signature cannot be run.
  mutating func inputMisfit(of signature: ModelFile.Signature) -> String? {
    guard let known = places(of: signature)?.inputs else { return nil }
    var named: Set<Int> = []
    for input in signature.inputs {
      guard known.contains(input.tensor) else {
        return
          "its input \"\(input.name)\" is tensor \(input.tensor), which is no input of subgraph \(signature.subgraph)"
      }
      guard named.insert(input.tensor).inserted else {
        return "it names input \(input.tensor) of subgraph \(signature.subgraph) twice"
      }
    }
    if named.count == known.count { return nil }
    let missing = file.subgraphs[signature.subgraph].inputs.first { !named.contains($0) } ?? 0
    return "it leaves out input \(missing) of subgraph \(signature.subgraph)"
  }

  /// How the outputs that a signature names are not its graph's, where that has any.
  private mutating func outputMisfit(of signature: ModelFile.Signature) -> String? {
    guard let known = places(of: signature)?.outputs, !known.isEmpty else { return nil }
    if signature.outputs.isEmpty {
      return "it names none of the outputs of subgraph \(signature.subgraph)"
    }
    for output in signature.outputs where !known.contains(output.tensor) {
      return
        "its output \"\(output.name)\" is tensor \(output.tensor), which is no output of subgraph \(signature.subgraph)"
    }
    return nil
  }

  /// Inputs and outputs of a signature's graph; `nil` where it, or a tensor that the signature names, does not exist.
  private mutating func places(of signature: ModelFile.Signature) -> (inputs: Set<Int>, outputs: Set<Int>)? {
    guard file.subgraphs.indices.contains(signature.subgraph) else { return nil }
    let graph = file.subgraphs[signature.subgraph]
    for tensor in signature.inputs + signature.outputs where !graph.tensors.indices.contains(tensor.tensor) {
      return nil
    }
    if let known = places[signature.subgraph] { return known }
    let found = (inputs: Set(graph.inputs), outputs: Set(graph.outputs))
    places[signature.subgraph] = found
    return found
  }
}

/// Where a run enters a file: a subgraph, and its inputs and outputs by name.
struct EntryPoint {
  /// `nil` for the graph's own inputs and outputs.
  let signature: ModelFile.Signature?
  let subgraph: Int
  let inputs: [ModelFile.NamedTensor]
  let outputs: [ModelFile.NamedTensor]

  init(_ file: ModelFile, _ options: ModelOptions) throws(ModelError) {
    guard !file.subgraphs.isEmpty else { throw ModelError(.invalidGraph, "the model has no subgraph") }
    let named = try Self.named(file, options.signature)
    if let named, !file.subgraphs.indices.contains(named.subgraph) {
      throw ModelError(
        .invalidGraph, "signature \(named.key) refers to subgraph \(named.subgraph) of \(file.subgraphs.count)")
    }
    guard let named, options.signature != nil || file.misfit(of: named) == nil else {
      // As LiteRT's interpreter, which runs a file without looking at its signatures.
      signature = nil
      subgraph = 0
      let graph = file.subgraphs[0]
      let names = named.flatMap { $0.subgraph == 0 ? $0 : nil }
      inputs = Self.places(graph.inputs, graph, names?.inputs ?? [])
      outputs = Self.places(graph.outputs, graph, names?.outputs ?? [])
      return
    }
    var fit = SignatureFit(file)
    if let misfit = fit.inputMisfit(of: named) {
      throw ModelError(
        .invalidGraph,
        "signature \(named.key) is stale: \(misfit); leave it out to run the subgraph's own inputs and outputs")
    }
    signature = named
    subgraph = named.subgraph
    inputs = named.inputs
    let graph = file.subgraphs[named.subgraph]
    outputs = named.outputs.isEmpty ? Self.places(graph.outputs, graph, []) : named.outputs
  }

  /// The signature that is asked for, or the one that is the default by its name.
  private static func named(_ file: ModelFile, _ key: String?) throws(ModelError) -> ModelFile.Signature? {
    guard let key else { return file.namedDefault }
    if let signature = file.signatures.first(where: { $0.key == key }) { return signature }
    var keys = ""
    for signature in file.signatures { keys += (keys.isEmpty ? "" : ", ") + "\"\(signature.key)\"" }
    throw ModelError(
      .unknownName, "no signature named \"\(key)\"; this model has \(keys.isEmpty ? "none" : keys)")
  }

  /// Tensors of a graph, in its own order: under the names that a signature has for them, or else under their own.
  private static func places(
    _ tensors: [Int], _ graph: ModelFile.Subgraph, _ names: [ModelFile.NamedTensor]
  ) -> [ModelFile.NamedTensor] {
    var known: [Int: String] = [:]
    for place in names where known[place.tensor] == nil { known[place.tensor] = place.name }
    return tensors.map { tensor in
      .init(
        name: known[tensor] ?? (graph.tensors.indices.contains(tensor) ? graph.tensors[tensor].name : ""),
        tensor: tensor)
    }
  }

  /// Inputs with the shapes that the options give them.
  func shapedInputs(
    _ options: ModelOptions, _ graph: ModelFile.Subgraph
  ) throws(ModelError) -> [GraphInput] {
    var unused = options.inputShapes
    var shaped: [GraphInput] = []
    for input in inputs {
      let own = graph.tensors[input.tensor].name
      let shape = unused[input.name] ?? unused[own]
      unused[input.name] = nil
      unused[own] = nil
      shaped.append(GraphInput(tensor: input.tensor, shape: shape))
    }
    for name in unused.keys.sorted() {
      throw ModelError(.unknownName, "a shape is given for input \"\(name)\", which the model does not have")
    }
    return shaped
  }
}
