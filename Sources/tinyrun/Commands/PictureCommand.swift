import ImageFiles
import TinyTensor

/// What commands that run models on pictures have in common: a model, its labels and mapping, a session, and the files
/// that are written.
final class PictureCommand {
  /// Options of all of them.
  static let options = Models.options.union(["--labels", "--fit", "--output"]).union(MappingName.options)
  /// Options without a value, of all of them.
  static let flags = Models.flags.union(["--json", "--quiet"])

  let path: String
  let model: Model
  let description: ModelDescription
  let input: PictureInput
  let mapping: PictureMapping
  private let fit: PictureFit
  private let names: [String]
  private let isJSON: Bool
  private let isQuiet: Bool
  private let labelsPath: String?
  private let drawings: PictureOutputs?
  private let masks: PictureOutputs?
  private var session: Session
  private var pictures = PictureFiles()
  private var results: [JSON] = []
  /// Pictures that could not be read, or whose files could not be written.
  private var failures = 0

  /// Loads the model that a command line names first.
  ///
  /// - Parameters:
  ///   - arguments: the command line.
  ///   - command: the command's name, for errors.
  init(_ arguments: Arguments, command: String) throws {
    guard let path = arguments.positional.first, arguments.positional.count > 1 else {
      throw Failure(.usage, "\(command) needs a model file and pictures")
    }
    let asked = try MappingName.asked(arguments)
    fit = try arguments.value("--fit").map { try PictureFit(named: $0) } ?? .stretch
    self.path = path
    let names = try PictureFiles.names(Array(arguments.positional.dropFirst()))
    func outputs(_ option: String) throws -> PictureOutputs? {
      try arguments.value(option).map { try PictureOutputs($0, option: option, for: names) }
    }
    drawings = try outputs("--output")
    masks = try outputs("--mask")
    guard Set(drawings?.paths ?? []).isDisjoint(with: masks?.paths ?? []) else {
      throw Failure(.usage, "--output and --mask name the same files; give one of them another name")
    }
    self.names = names
    isJSON = arguments.has("--json")
    isQuiet = arguments.has("--quiet")
    let file = try Models.open(path)
    let choices = try Models.Choices(arguments)
    var options = choices.options
    if options.inputShapes.isEmpty, let free = FreeSides(file, signature: options.signature) {
      // All that the model is loaded for are pictures: the first one's sides are as good as any.
      let (name, first) = try pictures.first(of: names)
      options.inputShapes[free.name] = free.shape(height: first.height, width: first.width)
      if !isQuiet {
        let option = free.option(height: first.height, width: first.width)
        Terminal.printError("sides of the input are free: taking those of \(name); --shape \(option) takes others")
      }
    }
    model = try Models.load(file, path, choices.device(for: file), options)
    description = try ModelDescription(model.file, path: path)
    input = try PictureInput(model, path: path, command: command, hasSides: !options.inputShapes.isEmpty)
    mapping = try asked ?? description.mapping(for: model.inputs[0], channels: input.channels)
    guard [1, input.channels].contains(mapping.mapping.channels) else {
      throw Failure(
        .usage,
        "--mean and --deviation have \(mapping.mapping.channels) numbers; the model's pictures have "
          + Text.plural(input.channels, "channel"))
    }
    labelsPath = arguments.value("--labels")
    if asked == nil, !isQuiet {
      Terminal.printError("mapping \(mapping.name): \(mapping.reason); --mapping takes another one")
    }
    session = try model.makeSession()
  }

  /// The labels that were asked for, or else those that the model has for one of its outputs.
  ///
  /// - Parameters:
  ///   - index: the output.
  ///   - count: how many classes it has, where that is known. Other counts of labels are reported: lists with and
  ///     without a class for the background are taken for each other easily.
  func labels(ofOutput index: Int, count: Int? = nil) throws -> Labels? {
    guard let labelsPath else { return try description.labels(ofOutput: index) }
    let labels = try Labels(path: labelsPath)
    if let count, labels.count != count, !isQuiet {
      let names = Text.plural(labels.count, "label")
      Terminal.printError("\(labelsPath) has \(names), the model \(count) classes: they may be those of another model")
    }
    return labels
  }

  /// A picture, where it lay in the input, and how long the model took for it.
  struct Run {
    let name: String
    let picture: Picture
    let placement: Placement
    let microseconds: Double
  }

  /// What came of a picture.
  struct Report {
    /// For people.
    var lines: [String]
    /// Members of an object, for programs.
    var members: [(String, JSON)]
    /// Draws what was found on the picture.
    var draw: (inout Drawing) -> Void
    /// The classes of its pixels as a grey picture, where there are some.
    var mask: (() throws -> Picture)?
  }

  /// The most pictures that are run without a progress bar.
  private static let mostWithoutBar = 3

  /// Runs the model on each picture, prints what came of it, and writes the files that were asked for.
  ///
  /// Where there are several pictures, one that cannot be read is reported, and the others go on.
  ///
  /// - Parameter report: says what came of a picture, from the outputs of the session.
  /// - Throws: ``Failure``, after the last picture if it is about pictures alone.
  func run(_ report: (Run, borrowing Session) throws -> Report) throws {
    let clock = ContinuousClock()
    let start = clock.now
    var bar = ProgressBar(total: names.count, quiet: isQuiet || names.count <= Self.mostWithoutBar)
    defer { bar.finish() }
    bar.update(0)
    let isAlone = names.count == 1
    for index in names.indices {
      var failure: Failure?
      do {
        let (run, report) = try look(at: names[index], report)
        if isJSON {
          results.append(
            .object([("picture", .string(run.name)), ("microseconds", .real(run.microseconds))] + report.members))
        } else {
          bar.makeRoom()
          try Terminal.print(report.lines.joined(separator: "\n"))
        }
        failure = write(report, of: run, index)
        // What was found is printed, whether it could be drawn or not.
        if failure != nil, isAlone, isJSON { try printDocument() }
      } catch let reason as PictureFailure {
        failure = reason.failure
        results.append(.object([("picture", .string(names[index])), ("error", .string(reason.failure.message))]))
      }
      if let failure {
        // A device that is gone is gone for all pictures.
        guard !isAlone, failure.status == .refused else { throw failure }
        failures += 1
        bar.makeRoom()
        Terminal.printFailure(failure.message)
      }
      bar.update(index + 1)
    }
    bar.makeRoom()
    if isJSON { try printDocument() }
    if !isAlone, !isQuiet {
      let seconds = Text.microseconds(clock.now - start) * 1e-6
      let done = names.count - failures
      let rate = Text.rate(Double(done) / seconds)
      Terminal.printError("\(Text.plural(done, "picture")) in \(Text.fixed(seconds, 2)) s, \(rate) pictures/s")
    }
    guard failures == 0 else {
      throw Failure(.refused, "\(failures) of \(names.count) pictures failed; the lines above say why")
    }
  }
}

/// A failure that is about one picture.
private struct PictureFailure: Error {
  let failure: Failure
}

extension PictureCommand {
  /// Runs the model on a picture.
  ///
  /// - Throws: ``PictureFailure``.
  private func look(
    at name: String, _ report: (Run, borrowing Session) throws -> Report
  ) throws -> (Run, Report) {
    do {
      let picture = try pictures.read(name)
      let (pixels, placement) = try input.pixels(of: picture, name: name, fit: fit)
      try mapping.set(pixels, planeCount: input.planeCount, as: model.input(at: 0), of: &session)
      let clock = ContinuousClock()
      let start = clock.now
      try session.run()
      let run = Run(
        name: name, picture: picture, placement: placement, microseconds: Text.microseconds(clock.now - start))
      return (run, try report(run, session))
    } catch {
      throw PictureFailure(failure: Failure(error).about(name))
    }
  }

  /// Writes the files that were asked for; returns what went wrong first.
  private func write(_ report: Report, of run: Run, _ index: Int) -> Failure? {
    var failure: Failure?
    func write(_ outputs: PictureOutputs?, _ picture: () throws -> Picture) {
      guard let outputs else { return }
      do {
        try Files.write(try picture().png(), to: outputs.paths[index])
      } catch {
        failure = failure ?? Failure(error)
      }
    }
    if let mask = report.mask { write(masks, mask) }
    write(drawings) {
      var drawing = Drawing(run.picture)
      report.draw(&drawing)
      return drawing.picture
    }
    return failure
  }

  private func printDocument() throws {
    try Terminal.print(
      JSON.object([
        ("schema", .number(1)), ("model", .string(path)), ("mapping", .string(mapping.name)),
        ("fit", .string(fit.rawValue)), ("pictures", .array(results)),
      ]).text)
  }

  /// Why a model's outputs are refused.
  ///
  /// - Parameter wanted: what the command wants of a model.
  func refusal(_ wanted: String) -> Failure {
    let most = 8
    var found = model.outputs.prefix(most).map { output in
      "\(Text.shortened(output.name, 40)) \(output.elementType) \(Text.shape(output.shape))"
    }
    if model.outputs.count > most { found.append("\(model.outputs.count - most) more") }
    return Failure(
      .refused, "\(path): \(wanted); its outputs are \(found.isEmpty ? "none" : found.joined(separator: ", "))")
  }
}
