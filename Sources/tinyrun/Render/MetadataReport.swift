import TinyTensor

/// What `inspect` says of a model's metadata and of the files behind it.
struct MetadataReport {
  private let metadata: Result<ModelMetadata?, ModelError>
  private let files: Result<[AttachedFile], ModelError>

  init(_ file: ModelFile) {
    do throws(ModelError) {
      metadata = .success(try file.modelMetadata())
    } catch {
      metadata = .failure(error)
    }
    do throws(ModelError) {
      files = .success(try file.attachedFiles())
    } catch {
      files = .failure(error)
    }
  }

  // MARK: Text

  /// How many files are listed.
  private static let mostFiles = 20

  var lines: [String] {
    var lines: [String] = []
    switch metadata {
    case .failure(let error): lines.append("described as  ? (\(Text.printable(error.message)))")
    case .success(nil): break
    case .success(let metadata?): lines += Self.lines(metadata)
    }
    switch files {
    case .failure(let error): lines.append("files behind it  ? (\(Text.printable(error.message)))")
    case .success(let files):
      for file in files.prefix(Self.mostFiles) {
        let size = Text.bytes(file.byteCount) + (file.isCompressed ? ", compressed" : "")
        lines.append("file behind it  \(Self.plain(file.name, 60)) \(size)")
      }
      if files.count > Self.mostFiles { lines.append("\(files.count - Self.mostFiles) more files behind it") }
    }
    return lines
  }

  private static func lines(_ metadata: ModelMetadata) -> [String] {
    var lines = [
      "described as  "
        + [plain(metadata.name, 60), plain(metadata.version, 20)].filter { !$0.isEmpty }.joined(separator: "  ")
    ]
    func add(_ what: String, _ text: String) {
      if !text.isEmpty { lines.append("  \(what)  \(plain(text, 200))") }
    }
    add("by", metadata.author)
    add("licence", metadata.license)
    add("what", metadata.description)
    for (index, tensor) in metadata.inputs.enumerated() { lines.append("  in \(index)  \(line(tensor))") }
    for (index, tensor) in metadata.outputs.enumerated() { lines.append("  out \(index)  \(line(tensor))") }
    return lines
  }

  private static func line(_ tensor: ModelMetadata.Tensor) -> String {
    var parts = [plain(tensor.name, 30)]
    switch tensor.content {
    case .unknown: break
    case .feature: parts.append("numbers")
    case .image(.rgb): parts.append("a picture, red green blue")
    case .image(.grayscale): parts.append("a picture, grey")
    case .image(.unknown): parts.append("a picture")
    case .boundingBoxes: parts.append("boxes")
    case .audio: parts.append("sound")
    }
    if let mapping = tensor.normalization.flatMap({ PictureMapping($0) }) { parts.append("pixel " + mapping.name) }
    if let threshold = tensor.scoreThreshold { parts.append("scores from \(Text.significant(threshold, 4))") }
    for file in tensor.files { parts.append("\(kind(file.kind)) \(plain(file.name, 40))") }
    if !tensor.description.isEmpty { parts.append("\"\(plain(tensor.description, 80))\"") }
    return parts.joined(separator: "  ")
  }

  private static func kind(_ kind: ModelMetadata.Kind) -> String {
    switch kind {
    case .unknown: "file"
    case .descriptions: "descriptions"
    case .axisLabels: "labels"
    case .valueLabels: "labels of values"
    case .scoreCalibration: "calibration"
    case .vocabulary: "vocabulary"
    }
  }

  private static func plain(_ text: String, _ width: Int) -> String { Text.printable(text, width) }

  // MARK: JSON

  /// `null` where a model says nothing of itself.
  var json: JSON {
    guard case .success(let metadata?) = metadata else { return .null }
    return .object([
      ("name", .string(metadata.name)), ("description", .string(metadata.description)),
      ("version", .string(metadata.version)), ("author", .string(metadata.author)),
      ("license", .string(metadata.license)), ("inputs", .array(metadata.inputs.map(Self.json))),
      ("outputs", .array(metadata.outputs.map(Self.json))), ("files", .array(metadata.files.map(Self.json))),
    ])
  }

  var filesJSON: JSON {
    guard case .success(let files) = files else { return .array([]) }
    return .array(
      files.map { file in
        .object([
          ("name", .string(file.name)), ("bytes", .number(file.byteCount)), ("compressed", .bool(file.isCompressed)),
        ])
      })
  }

  private static func json(_ tensor: ModelMetadata.Tensor) -> JSON {
    func reals(_ values: [Float]) -> JSON { .array(values.map { .real($0) }) }
    let normalization = tensor.normalization.map { normalization in
      JSON.object([("mean", reals(normalization.means)), ("std", reals(normalization.deviations))])
    }
    return .object([
      ("name", .string(tensor.name)), ("description", .string(tensor.description)),
      ("normalization", normalization ?? .null),
      ("score_threshold", tensor.scoreThreshold.map { .real($0) } ?? .null), ("min", reals(tensor.minima)),
      ("max", reals(tensor.maxima)), ("files", .array(tensor.files.map(json))),
    ])
  }

  private static func json(_ file: ModelMetadata.File) -> JSON {
    .object([
      ("name", .string(file.name)), ("description", .string(file.description)), ("kind", .string(kind(file.kind))),
      ("locale", .string(file.locale)),
    ])
  }
}
