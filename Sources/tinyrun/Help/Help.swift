import TinyTensor

/// What a command's help says.
struct Help: Sendable {
  /// What the command does, in a few words.
  let summary: String
  /// How it is called, without the tool's name.
  let usage: String
  /// What it does with what it is given.
  let description: String
  /// Its own options, each with what it means.
  let options: [(String, String)]
  /// Options that the command has in common with others.
  var shared = SharedOptions.none
  /// A command line that works.
  let example: String

  /// Options that several commands have.
  enum SharedOptions {
    case none
    /// How models run.
    case execution
    /// How models run, and how they are loaded.
    case models
    /// How models are loaded, of the command that chooses all kernels in turn.
    case kernels

    fileprivate var table: [(String, String)] {
      switch self {
      case .none: []
      case .execution: Help.executionOptions
      case .models: Help.executionOptions + Help.modelOptions
      case .kernels: [Help.fixedPoint] + Help.modelOptions
      }
    }
  }
}

extension Help {
  fileprivate static let executionOptions = [
    (
      "--device D",
      "cpu, edgetpu[:N], edgetpu:usb[:N], edgetpu:pci[:N]; unless given, what the model is compiled for"
    ),
    ("--isolate", "drive the Edge TPU in a process of its own, whose end is an error and not the end of tinyrun"),
    ("--performance P", "the Edge TPU's clock: low, medium, high or max; the highest unless given"),
    ("--threads N", "threads that work on one run, 1 to \(Models.mostThreads); 1 unless given"),
    ("--kernels NAME", "\(KernelSet.allCases.map(\.rawValue).joined(separator: ", ")); the fastest unless given"),
    fixedPoint,
  ]
  fileprivate static let fixedPoint = (
    "--fixed-point", "scale the sums of FULLY_CONNECTED in fixed point, as tflite-micro does"
  )
  fileprivate static let modelOptions = [
    ("--signature KEY", "the signature to run; serving_default or the only one unless given"),
    ("--shape NAME=SIZES", "an input's shape in place of the file's: image=1,224,224,3; several with semicolons"),
    ("--bound NAME=SIZES", "the largest shape of a tensor whose shape a run decides: boxes=100,4; several with ;"),
  ]

  static let exitStatuses = """
    Exit status: 0 all is well, 1 a check failed or a comparison found differences, 2 the command line is wrong, 3 a model
    or file was refused, 4 the device is not available. Results go to standard output, everything else to standard error.
    """

  /// All options that the command has, those that it shares among them.
  var allOptions: [OptionHelp] { OptionHelp.list(options + shared.table) }

  /// What the tool does, in a few words.
  static let tool = "looks at TensorFlow Lite models and runs them"

  /// What `tinyrun --help` prints.
  static var overview: String {
    let commands = table(Command.all.map { ($0.name, $0.help.summary) })
    return """
      tinyrun \(Version.current): \(tool).

      \(head("usage:")) tinyrun COMMAND ...
             tinyrun MODEL           the same as tinyrun inspect MODEL
             tinyrun help COMMAND    options and an example; also tinyrun COMMAND --help
             tinyrun --version

      \(head("commands:"))
      \(commands)

      \(exitStatuses)
      """
  }

  /// What `tinyrun help COMMAND` prints.
  static func text(for name: String) throws -> String {
    guard let command = Command.named(name) else { throw Failure.unknownCommand(name) }
    let help = command.help
    return """
      \(head("tinyrun \(name)")): \(help.summary)

      \(head("usage:")) tinyrun \(help.usage)

      \(help.description)

      \(help.optionTable)\(head("example:"))
        \(help.example)

      \(exitStatuses)
      """
  }

  /// The head and the table of all options, and an empty line; nothing where there are none.
  private var optionTable: String {
    let options = options + shared.table
    return options.isEmpty ? "" : "\(Self.head("options:"))\n\(Self.table(options))\n\n"
  }

  /// A head, bold where a person reads it.
  private static func head(_ text: String) -> String {
    TerminalStyle.bold.applied(to: text, if: TerminalStyle.isOn(.output))
  }

  private static func table(_ entries: [(String, String)]) -> String {
    let width = entries.map(\.0.count).max() ?? 0
    return entries.map { "  \(Text.padded($0.0, width))  \($0.1)" }.joined(separator: "\n")
  }
}
