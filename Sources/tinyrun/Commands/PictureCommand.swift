import ImageFiles
import TinyTensor

/// What commands that run models on pictures have in common: a model, its labels and mapping, and a session.
final class PictureCommand {
  /// Options of all of them.
  static let options = Models.options.union(["--labels", "--mapping"])
  /// Options without a value, of all of them.
  static let flags = Models.flags.union(["--json", "--quiet"])

  let path: String
  let model: Model
  let description: ModelDescription
  let input: PictureInput
  let mapping: PictureMapping
  private let names: [String]
  private let isJSON: Bool
  private let labelsPath: String?
  private var session: Session
  private var pictures = PictureFiles()
  private var results: [JSON] = []

  /// Loads the model that a command line names first.
  ///
  /// - Parameters:
  ///   - arguments: the command line.
  ///   - command: the command's name, for errors.
  init(_ arguments: Arguments, command: String) throws {
    guard let path = arguments.positional.first, arguments.positional.count > 1 else {
      throw Failure(.usage, "\(command) needs a model file and pictures")
    }
    let asked = try MappingName.mapping(named: arguments.value("--mapping"))
    self.path = path
    model = try Models.load(path, try Models.Choices(arguments))
    description = try ModelDescription(model.file, path: path)
    input = try PictureInput(model, path: path, command: command)
    mapping =
      asked.map { PictureMapping(.named($0), "as --mapping asks") } ?? description.mapping(for: model.inputs[0])
    names = Array(arguments.positional.dropFirst())
    isJSON = arguments.has("--json")
    labelsPath = arguments.value("--labels")
    if asked == nil, !arguments.has("--quiet") {
      Terminal.printError("mapping \(mapping.name): \(mapping.reason); --mapping takes another one")
    }
    session = try model.makeSession()
  }

  /// The labels that were asked for, or else those that the model has for one of its outputs.
  func labels(ofOutput index: Int) throws -> Labels? {
    try labelsPath.map { try Labels(path: $0) } ?? description.labels(ofOutput: index)
  }

  /// A picture, and how long the model took for it.
  struct Run {
    let name: String
    let picture: Picture
    let microseconds: Double
  }

  /// What a picture's outputs are printed as: lines for people, members of an object for programs.
  typealias Report = (lines: [String], members: [(String, JSON)])

  /// Runs the model on each picture.
  ///
  /// - Parameter report: says what came of it, from the outputs of the session.
  func run(_ report: (Run, borrowing Session) throws -> Report) throws {
    let clock = ContinuousClock()
    for name in names {
      let picture = try pictures.read(name)
      try mapping.set(try input.pixels(of: picture, name: name), as: model.input(at: 0), of: &session)
      let start = clock.now
      try session.run()
      let run = Run(name: name, picture: picture, microseconds: Text.microseconds(clock.now - start))
      let (lines, members) = try report(run, session)
      if isJSON {
        results.append(
          .object([("picture", .string(name)), ("microseconds", .real(run.microseconds))] + members))
      } else {
        try Terminal.print(lines.joined(separator: "\n"))
      }
    }
    guard isJSON else { return }
    try Terminal.print(
      JSON.object([
        ("schema", .number(1)), ("model", .string(path)), ("mapping", .string(mapping.name)),
        ("pictures", .array(results)),
      ]).text)
  }
}
