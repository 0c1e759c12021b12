import TinyTensor

/// The inputs of the runs that are compared: files, pictures, a folder of tensors, or random numbers.
struct ComparisonInputs {
  private enum Source {
    case random(seed: UInt64)
    case files([String])
    case pictures([String], PictureInput, PictureMapping)
    case folders([ExpectedFolder])
  }

  /// How many runs there are.
  let runs: Int
  private let source: Source
  private var pictures = PictureFiles()

  /// Understands which inputs a command line asks for.
  ///
  /// - Parameters:
  ///   - arguments: the command line.
  ///   - model: the model under test.
  ///   - path: its file.
  ///   - folders: expected tensors of each run, where these are what is compared with.
  init(_ arguments: Arguments, _ model: Model, path: String, folders: [ExpectedFolder]) throws {
    let names = Array(arguments.positional.dropFirst())
    let count = model.inputs.count
    guard names.isEmpty || arguments.value("--runs") == nil, names.isEmpty || arguments.value("--seed") == nil else {
      throw Failure(.usage, "--runs and --seed are for random inputs, not for files")
    }
    if arguments.has("--images") {
      guard !names.isEmpty else { throw Failure(.usage, "--images needs pictures behind the model") }
      let input = try PictureInput(
        model, path: path, command: "compare --images", hasSides: arguments.value("--shape") != nil)
      let mapping =
        try MappingName.asked(arguments)
        ?? ModelDescription(model.file, path: path).mapping(for: model.inputs[0], channels: input.channels)
      guard [1, input.channels].contains(mapping.mapping.channels) else {
        throw Failure(.usage, "--mean and --deviation have other counts than the model's pictures have channels")
      }
      source = .pictures(names, input, mapping)
      runs = names.count
      return
    }
    for option in MappingName.options.sorted() where arguments.value(option) != nil {
      throw Failure(.usage, "\(option) is for --images")
    }
    if !names.isEmpty {
      guard count > 0, names.count.isMultiple(of: count) else {
        throw Failure(.usage, "\(names.count) files are not a whole number of runs of a model with \(count) inputs")
      }
      source = .files(names)
      runs = names.count / count
      return
    }
    let inputs = Set(model.inputs.map(\.tensor))
    if !folders.isEmpty, count > 0, folders.allSatisfy({ $0.tensors.isSuperset(of: inputs) }),
      arguments.value("--runs") == nil, arguments.value("--seed") == nil
    {
      source = .folders(folders)
      runs = folders.count
      return
    }
    source = .random(seed: UInt64(try arguments.integer("--seed", default: 1)))
    runs = try arguments.integer("--runs", default: max(1, folders.count), in: 1...1_000_000)
  }

  /// Whether they are nobody's data.
  var areRandom: Bool {
    if case .random = source { true } else { false }
  }

  /// What they are, for people.
  var text: String {
    switch source {
    case .random(let seed):
      runs == 1 ? "random data, seed \(seed)" : "random data, seeds \(seed) to \(seed &+ UInt64(runs - 1))"
    case .files(let names): "\(Text.plural(names.count, "file"))"
    case .pictures(let names, _, let mapping): "\(Text.plural(names.count, "picture")), mapping \(mapping.name)"
    case .folders: "the folder's inputs"
    }
  }

  /// What can be told of a float input that the model quantizes first: numbers beyond would only be clipped.
  private static func quantizedRange(of input: TensorInfo, in model: Model) -> ClosedRange<Float>? {
    guard input.elementType == .float32 else { return nil }
    let readers = model.operators.filter { $0.inputs.contains(input.tensor) }
    guard readers.count == 1, readers[0].name == "QUANTIZE", let output = readers[0].outputs.first else { return nil }
    let numbers = TensorNumbers(model.tensors[output])
    guard let limits = numbers.limits, numbers.step != nil else { return nil }
    let least = Float(numbers.real(limits.lowerBound, at: 0))
    let most = Float(numbers.real(limits.upperBound, at: 0))
    return least.isFinite && most.isFinite && (most - least).isFinite ? least...most : nil
  }

  /// Sets the inputs of a run.
  ///
  /// - Parameters:
  ///   - run: the run's number.
  ///   - session: a session of the model under test.
  mutating func set(_ run: Int, of session: inout Session) throws {
    let model = session.model
    switch source {
    case .random(let seed):
      var random = SeededRandom(seed: seed &+ UInt64(run))
      let indices = IndexInputs.of(model)
      for (index, info) in model.inputs.enumerated() {
        if let range = Self.quantizedRange(of: info, in: model) {
          let real = (0..<info.count).map { _ in Float.random(in: range, using: &random) }
          try session.setInput(model.input(at: index), real: real.span)
        } else {
          var bytes = random.bytes(for: info)
          if indices.contains(index) { bytes = [UInt8](repeating: 0, count: bytes.count) }
          try session.setInput(model.input(at: index), bytes: bytes.span)
        }
      }
    case .files(let names):
      for (index, info) in model.inputs.enumerated() {
        let bytes = try TensorFile.read(names[run * model.inputs.count + index], for: info)
        try session.setInput(model.input(at: index), bytes: bytes.span)
      }
    case .pictures(let names, let input, let mapping):
      let picture = try pictures.read(names[run])
      let (pixels, _) = try input.pixels(of: picture, name: names[run], fit: .stretch)
      try mapping.set(pixels, planeCount: input.planeCount, as: model.input(at: 0), of: &session)
    case .folders(let folders):
      for (index, info) in model.inputs.enumerated() {
        guard let bytes = try folders[run].bytes(model.tensors[info.tensor]) else { continue }
        try session.setInput(model.input(at: index), bytes: bytes.span)
      }
    }
  }
}

/// Gives a second model the inputs that the first one has, as real numbers where they are stored differently.
struct TwinInputs {
  /// An input of each model: indices in their lists.
  private struct Pair {
    let tested: Int
    let twin: Int
  }

  private let pairs: [Pair]

  /// Pairs inputs of equal names, or else those at equal places.
  ///
  /// - Parameters:
  ///   - model: the model under test.
  ///   - twin: the other one.
  ///   - path: the other one's file, for errors.
  init(_ model: Model, _ twin: Model, path: String) throws {
    guard model.inputs.count == twin.inputs.count else {
      throw Failure(
        .refused,
        "\(path) has \(Text.plural(twin.inputs.count, "input")), the model \(model.inputs.count): they are no twins")
    }
    // Inputs of one model have tensors of their own.
    let places = Dictionary(
      twin.inputs.enumerated().map { ($1.tensor, $0) }, uniquingKeysWith: { first, _ in first })
    var pairs: [Pair] = []
    for (index, other) in TensorNames.sorted(twin.inputs, like: model.inputs).enumerated() {
      let info = model.inputs[index]
      guard info.count == other.count else {
        throw Failure(
          .refused,
          "input \(info.name) has shape \(Text.shape(info.shape)), in \(path) \(Text.shape(other.shape)); give both the "
            + "same with --shape")
      }
      pairs.append(Pair(tested: index, twin: places[other.tensor] ?? index))
    }
    self.pairs = pairs
  }

  /// Tensors of inputs that hold the same numbers.
  func tensors(_ model: Model, _ twin: Model) -> [(tested: Int, twin: Int)] {
    pairs.map { (model.inputs[$0.tested].tensor, twin.inputs[$0.twin].tensor) }
  }

  /// Gives a session of the twin the inputs of one of the model under test, whose own are rounded to what the twin can
  /// store where only the twin's are quantized.
  func copy(_ session: inout Session, to other: inout Session) throws {
    for pair in pairs {
      let input = try session.model.input(at: pair.tested)
      let twinInput = try other.model.input(at: pair.twin)
      let info = session.model.inputs[pair.tested]
      let twinInfo = other.model.inputs[pair.twin]
      let bytes = try session.inputArray(at: pair.tested)
      if info.elementType == twinInfo.elementType,
        TensorNumbers(info).scaling == TensorNumbers(twinInfo).scaling
      {
        try other.setInput(twinInput, bytes: bytes.span)
        continue
      }
      let numbers = TensorNumbers(info)
      let twinNumbers = TensorNumbers(twinInfo)
      guard !numbers.isOpaque, !twinNumbers.isOpaque else {
        throw Failure(
          .refused,
          "input \(info.name) is \(info.elementType), its twin \(twinInfo.elementType): there is no way from one to the "
            + "other")
      }
      let real = numbers.real(bytes)
      try other.setInput(twinInput, real: real.span)
      if !numbers.isQuantized, twinNumbers.isQuantized {
        let rounded = twinNumbers.real(try other.inputArray(at: pair.twin))
        try session.setInput(input, real: rounded.span)
      }
    }
  }
}
