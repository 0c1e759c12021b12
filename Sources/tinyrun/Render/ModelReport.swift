import TinyTensor

/// What `inspect` says of a model: the file's facts, and those of the model that was made of it, if it can run.
///
/// Indices come from the file and may lead outside: whatever they lead to is optional here.
struct ModelReport {
  let path: String
  let file: ModelFile
  /// The model, or `nil` if it cannot run.
  let model: Model?
  /// Why it cannot run.
  let refusal: ModelError?
  /// The subgraph that the model runs, or would run.
  let mainSubgraph: Int
  private let externalBytes: [Int: Int]
  /// All entry points: the file's signatures, and the first subgraph's own one where none of them is the default, which
  /// is what runs then.
  let entries: [Entry]
  /// What is said of nodes for the Edge TPU, for each subgraph.
  let edgeTPU: [EdgeTPUReport]

  init(path: String, file: ModelFile, model: Model?, refusal: ModelError?) {
    self.path = path
    self.file = file
    self.model = model
    self.refusal = refusal
    externalBytes = Dictionary(
      file.externalBuffers.map { ($0.id, Int(clamping: $0.length)) }, uniquingKeysWith: { first, _ in first })
    if let model {
      mainSubgraph = model.signature?.subgraph ?? 0
    } else {
      mainSubgraph = file.defaultSignature?.subgraph ?? 0
    }
    edgeTPU = EdgeTPUReport.all(of: file)
    let misfits = file.misfits
    var entries = file.signatures.enumerated().map { index, signature in
      Entry(
        key: signature.key, subgraph: signature.subgraph, inputs: signature.inputs.map { Place($0) },
        outputs: signature.outputs.map { Place($0) }, misfit: misfits[index])
    }
    if file.defaultSignature == nil, let own = Self.own(file, model) { entries.append(own) }
    self.entries = entries
  }

  // MARK: Tensors

  func tensor(_ index: Int, _ subgraph: Int) -> ModelFile.Tensor? {
    guard file.subgraphs.indices.contains(subgraph), file.subgraphs[subgraph].tensors.indices.contains(index) else {
      return nil
    }
    return file.subgraphs[subgraph].tensors[index]
  }

  /// A tensor's shape in a run, or the file's where the model cannot run.
  func shape(_ index: Int, _ subgraph: Int) -> [Int]? {
    if subgraph == mainSubgraph, let model, model.tensors.indices.contains(index) { return model.tensors[index].shape }
    return tensor(index, subgraph)?.shape
  }

  /// Whether a tensor's shape is a bound, and a run decides.
  func isBound(_ index: Int, _ subgraph: Int) -> Bool {
    guard subgraph == mainSubgraph, let model, model.tensors.indices.contains(index) else { return false }
    return model.tensors[index].isBound
  }

  /// Bytes of constant data that a tensor has, in the file or beside it; 0 for tensors without.
  func constantBytes(_ tensor: ModelFile.Tensor) -> Int {
    if tensor.externalBuffer != 0 { return externalBytes[tensor.externalBuffer] ?? 0 }
    return bufferBytes(tensor.buffer) ?? 0
  }

  /// Bytes of a buffer, or `nil` if there is no such buffer.
  func bufferBytes(_ index: Int) -> Int? {
    file.buffers.indices.contains(index) ? file.buffers[index].range?.count ?? 0 : nil
  }

  /// Bytes of all buffers in the file that tensors refer to, each counted once.
  var parameterBytes: Int {
    var seen = Set<Int>()
    var sum = 0
    for subgraph in file.subgraphs {
      for tensor in subgraph.tensors where tensor.externalBuffer == 0 && seen.insert(tensor.buffer).inserted {
        sum += bufferBytes(tensor.buffer) ?? 0
      }
    }
    return sum
  }

  /// What a tensor is: `constant`, `variable`, `sparse`, or nothing of these.
  static func kinds(_ tensor: ModelFile.Tensor, _ constantBytes: Int) -> [String] {
    var kinds: [String] = []
    if tensor.isVariable { kinds.append("variable") } else if constantBytes > 0 { kinds.append("constant") }
    if tensor.sparsity != nil { kinds.append("sparse") }
    return kinds
  }

  // MARK: Operators

  /// An operator of a subgraph.
  struct Operator {
    let index: Int
    let name: String
    /// The version of its definition, or `nil` if the file does not say which operator it is.
    let version: Int?
    let node: ModelFile.Operator
    /// Bytes of constants that it reads.
    let weightBytes: Int
    /// What runs it, if the model can run.
    let info: OperatorInfo?
    /// `view`, the kernel, or why there is none: `unsupported`, `refused`, `edgetpu`, or `-` where that is not known.
    let kernel: String

    var customOptionBytes: Int? { node.customOptions?.count }
  }

  func operators(_ subgraph: Int) -> [Operator] {
    file.subgraphs[subgraph].operators.indices.map { self.operator($0, subgraph) }
  }

  /// An operator of a subgraph; both indices lie in the file.
  func `operator`(_ index: Int, _ subgraph: Int) -> Operator {
    let node = file.subgraphs[subgraph].operators[index]
    let isMain = subgraph == mainSubgraph
    let info = isMain ? model?.operators[index] : nil
    let weights = node.inputs.reduce(0) { sum, input in
      let bytes = tensor(input, subgraph).map(constantBytes) ?? 0
      return sum.addingReportingOverflow(bytes).partialValue
    }
    let kernel: String
    if let info {
      let isOnCPU = info.device.description == Device.cpu.description
      kernel = info.isView || isOnCPU ? info.kernel : info.device.description
    } else if file.code(of: node)?.isCompiledForEdgeTPU == true {
      kernel = "edgetpu"
    } else if file.code(of: node)?.isSupported == false {
      kernel = "unsupported"
    } else {
      kernel = isMain && refusal?.operatorIndex == index ? "refused" : "-"
    }
    return Operator(
      index: index, name: file.code(of: node) == nil ? "?" : file.name(of: node),
      version: file.code(of: node)?.version, node: node, weightBytes: weights, info: info, kernel: kernel)
  }

  private static func isCustom(_ code: ModelFile.OperatorCode) -> Bool { code.builtin.name == "CUSTOM" }

  /// How often each custom operator occurs, and the bytes of all its options, by name.
  var customOperators: [(name: String, count: Int, bytes: Int)] {
    var found: [String: (count: Int, bytes: Int)] = [:]
    for subgraph in file.subgraphs {
      for node in subgraph.operators {
        guard let code = file.code(of: node), Self.isCustom(code) else { continue }
        found[code.name, default: (0, 0)].count += 1
        found[code.name, default: (0, 0)].bytes += node.customOptions?.count ?? 0
      }
    }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value.count, $0.value.bytes) }
  }

  // MARK: Inputs and outputs

  /// An entry point, by a signature or by a subgraph's own lists.
  struct Entry {
    /// The signature's name, or `nil` for the subgraph's own inputs and outputs.
    let key: String?
    let subgraph: Int
    let inputs: [Place]
    let outputs: [Place]
    /// How a signature does not fit its subgraph; `nil` where it fits.
    var misfit: String?
  }

  /// A tensor that the caller sets or reads, under its name in the signature.
  struct Place {
    let name: String
    let tensor: Int

    init(_ named: ModelFile.NamedTensor) {
      name = named.name
      tensor = named.tensor
    }

    init(name: String, tensor: Int) {
      self.name = name
      self.tensor = tensor
    }
  }

  /// The first subgraph's own entry point.
  private static func own(_ file: ModelFile, _ model: Model?) -> Entry? {
    // The model has the names under which they are looked up.
    if let model, model.signature == nil {
      func place(_ info: TensorInfo) -> Place { Place(name: info.name, tensor: info.tensor) }
      return Entry(key: nil, subgraph: 0, inputs: model.inputs.map(place), outputs: model.outputs.map(place))
    }
    guard let graph = file.subgraphs.first else { return nil }
    func place(_ index: Int) -> Place {
      Place(name: graph.tensors.indices.contains(index) ? graph.tensors[index].name : "?", tensor: index)
    }
    return Entry(key: nil, subgraph: 0, inputs: graph.inputs.map(place), outputs: graph.outputs.map(place))
  }

  /// The entry point that runs, or would run.
  var mainEntry: Entry? {
    let key = model == nil ? file.defaultSignature?.key : model?.signature?.key
    return entries.first { $0.key == key && $0.subgraph == mainSubgraph }
      ?? entries.first { $0.subgraph == mainSubgraph }
  }

  /// What a person reads above an entry point, before its name: which it is, and why it is not taken.
  func title(of entry: Entry) -> String {
    if entry.key != nil { return "signature" }
    return file.signatures.isEmpty ? "no signature" : "no default signature: subgraph 0 as it is"
  }

  // MARK: Memory

  /// Bytes that the arena would have if nothing in it shared memory.
  var bytesWithoutReuse: Int { model?.arenaEntries.reduce(0) { $0 + $1.byteCount } ?? 0 }
}
