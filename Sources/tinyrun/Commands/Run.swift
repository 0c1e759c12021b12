import TinyTensor

/// `tinyrun run`: runs a model on files, or on random data.
enum Run {
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(
      words, options: Models.options.union(["--output-prefix", "--dump-tensors", "--seed"]),
      flags: Models.flags.union(["--quiet"]))
    guard let path = arguments.positional.first else { throw Failure(.usage, "run needs a model file") }
    let seed = try arguments.integer("--seed", default: 1)
    let model = try Models.load(path, try Models.Choices(arguments))
    let files = Array(arguments.positional.dropFirst())
    guard files.count(where: { $0 == "-" }) <= 1 else { throw Failure(.usage, "standard input, -, can be read once") }
    let count = model.inputs.count
    guard files.isEmpty || (count > 0 && files.count.isMultiple(of: count)) else {
      throw Failure(.usage, "\(files.count) files are not a whole number of runs of a model with \(count) inputs")
    }
    if files.isEmpty, count > 0, !arguments.has("--quiet") {
      let zeros = IndexInputs.of(model).sorted().map { Text.printable(model.inputs[$0].name) }
      let rest = zeros.isEmpty ? "" : "; zeros for indices: \(Text.shortened(zeros.joined(separator: ", "), 200))"
      Terminal.printError("no input files: running on random data, seed \(seed)\(rest)")
    }
    var random = SeededRandom(seed: UInt64(seed))
    let randomInputs = files.isEmpty ? random.inputs(of: model) : []
    var session = try model.makeSession()
    for run in 0..<(files.isEmpty ? 1 : files.count / count) {
      for (index, info) in model.inputs.enumerated() {
        let bytes =
          files.isEmpty
          ? randomInputs[index] : try TensorFile.read(files[run * count + index], for: info)
        try session.setInput(model.input(at: index), bytes: bytes.span)
      }
      if let folder = arguments.value("--dump-tensors") {
        var dump = TensorDump(model: model, folder: run == 0 ? folder : folder + "/run\(run)")
        try session.run(observer: &dump)
        for (index, info) in model.outputs.enumerated() {
          dump.keepOutput(info.tensor, try session.outputArray(try model.output(at: index)))
        }
        try dump.write()
      } else {
        try session.run()
      }
      try report(model, session, run, prefix: arguments.value("--output-prefix"))
    }
  }

  /// Writes outputs to files, or prints what they hold.
  private static func report(_ model: Model, _ session: borrowing Session, _ run: Int, prefix: String?) throws {
    for (index, info) in model.outputs.enumerated() {
      let output = try model.output(at: index)
      if let prefix {
        try Files.write(
          try session.outputArray(output), to: "\(prefix)\(index)\(run == 0 ? "" : "-run\(run)").bin")
        continue
      }
      if run > 0, index == 0 { try Terminal.print("run \(run)") }
      let name = Text.printable(info.name, 200)
      try Terminal.print("\(name)  \(info.elementType) \(Text.shape(try session.shape(of: output)))")
      if let summary = try? Text.summary(of: output, session) {
        try Terminal.print("  " + summary)
      } else {
        try Terminal.print("  \(try session.outputArray(output).count) bytes")
      }
    }
  }
}

/// Keeps every tensor of a run as it was right after it was written, and writes them to a folder.
private struct TensorDump: RunObserver {
  private let model: Model
  private let folder: String
  private var tensors: [Int: [UInt8]] = [:]

  init(model: Model, folder: String) {
    self.model = model
    self.folder = folder
  }

  mutating func willRun(_ event: OperatorEvent) {}

  mutating func didRun(_ event: OperatorEvent, _ reader: borrowing TensorReader) {
    if tensors.isEmpty {
      for input in model.inputs { keep(input.tensor, reader) }
      keepViews(reader)
    }
    for tensor in model.operators[event.index].outputs { keep(tensor, reader) }
    keepViews(reader)
  }

  private mutating func keep(_ tensor: Int, _ reader: borrowing TensorReader) {
    if let bytes = reader.array(tensor) { tensors[tensor] = bytes }
  }

  /// Keeps an output that no operator wrote, as in a model of views alone, which runs nothing that could be observed.
  mutating func keepOutput(_ tensor: Int, _ bytes: [UInt8]) {
    if tensors[tensor] == nil { tensors[tensor] = bytes }
  }

  /// Views hold what the tensor that they view holds, and run nothing of their own.
  private mutating func keepViews(_ reader: borrowing TensorReader) {
    for view in model.operators where view.isView {
      guard let source = view.inputs.first, tensors[source] != nil else { continue }
      for tensor in view.outputs where tensors[tensor] == nil { keep(tensor, reader) }
    }
  }

  /// Writes one file a tensor, and `tensors.json` that says what they are.
  func write() throws {
    try Files.makeFolder(folder)
    var list: [JSON] = []
    for (tensor, bytes) in tensors.sorted(by: { $0.key < $1.key }) {
      let info = model.tensors[tensor]
      let name = "\(tensor).bin"
      try Files.write(bytes, to: "\(folder)/\(name)")
      list.append(
        .object([
          ("tensor", .number(tensor)), ("name", .string(info.name)), ("type", .string(info.elementType.name)),
          ("shape", .array(info.shape.map { .number($0) })), ("file", .string(name)),
        ]))
    }
    try Files.write(Array(JSON.array(list).text.utf8) + [10], to: "\(folder)/tensors.json")
  }
}
